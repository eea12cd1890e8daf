//! The pullback of the stages of one Runge-Kutta step.
//!
//! With κᵢ the cotangent of stage kᵢ = f(t + cᵢh, gᵢ), gᵢ = y + h Σⱼ aᵢⱼ kⱼ, and a that of the new state:
//! κᵢ = h bᵢ a + h Σₗ aₗᵢ uₗ, uᵢ = κᵢᵀ ∂f/∂y, and the cotangent of y is a + Σ uᵢ. A state asked for within
//! the step adds its cotangent with the weights bᵢ(θ) of the interpolant in place of bᵢ.
//!
//! Hairer, Lubich & Wanner, Geometric Numerical Integration, VI.9; J. M. Sanz-Serna, SIAM Review 58 (2016)
//! 3-33, doi:10.1137/151002769.

use crate::record::{Record, node, row, weighty};
use crate::stages::{Workspace, combine, stage_kept, with_terms};
use chreode_core::{Kept, Pulled, VectorSpace, Vjp};
use chreode_ode::Tableau;

/// Derivatives with respect to the beginning and the size of a step.
#[derive(Default)]
pub(crate) struct Rates {
    pub(crate) t: f64,
    pub(crate) h: f64,
}

/// Pulls `a`, the cotangent of h Σ bᵢ kᵢ, and `outputs`, each a θ and the cotangent of h Σ bᵢ(θ) kᵢ, back
/// through the stages of `step` from `y`. Leaves the pullback of each stage in the workspace, and says of which
/// there is one; adds what they say of the parameters to `params`.
///
/// `kept` are the first stages, where they are known; none if not. Leaves the stages in the workspace if not all
/// are known, all of them if there are outputs. `memories` are what the field kept of them; none if not. Adds to
/// `rates`, where given, what the step changes through its stages.
#[allow(clippy::too_many_arguments, reason = "a step has so many parts")]
pub(crate) fn pull_stages<P: Vjp<Y> + ?Sized, Y: VectorSpace>(
    problem: &P,
    tableau: &Tableau,
    step: &Record,
    y: &Y,
    a: &Y,
    outputs: &[(f64, &Y)],
    kept: &[Y],
    memories: &mut [Kept],
    workspace: &mut Workspace<Y>,
    params: &mut Option<P::Params>,
    mut rates: Option<&mut Rates>,
) {
    let dense = !outputs.is_empty();
    let count = if dense { tableau.dense_stages() } else { weighty(tableau) };
    let Workspace { k, scratch, kappa, u, pulled, memories: own } = workspace;
    u.resize_with(count.max(u.len()), || y.zeros_like());
    own.resize_with(count.max(own.len()), Kept::default);
    pulled.clear();
    pulled.resize(count, false);
    let known = kept.len() >= count;
    let first = if known { count } else { kept.len() };
    if !known {
        for (known, k) in kept.iter().zip(k.iter_mut()) {
            known.plus_into(&[], k);
        }
    }
    for i in 0..count {
        // What the step before left in a memory belongs to other states.
        if i < first {
            own[i].clear();
        } else if dense || i + 1 < count || !own[0].is_empty() {
            stage_kept(tableau, problem, step, y, i, k, scratch, &mut own[i]);
        } else {
            // The value of the last stage comes with its pullback, where that needs an evaluation anyway.
            own[i].clear();
        }
    }
    for i in (0..count).rev() {
        let (before, after) = u.split_at_mut(i + 1);
        if !stage_cotangent(tableau, step.h, i, a, outputs, after, pulled, kappa) {
            continue;
        }
        pulled[i] = true;
        let state = &mut before[i];
        let memory = memories.get_mut(i).filter(|memory| !memory.is_empty());
        let memory = memory.unwrap_or(&mut own[i]);
        let done = if memory.is_empty() {
            Pulled::NothingKept
        } else {
            let params = params.get_or_insert_with(|| problem.zero_params(step.t, y));
            problem.pull_kept(memory, kappa, state, params)
        };
        let stages = if known { kept } else { &k[..] };
        if done == Pulled::NothingKept || rates.is_some() {
            combine(y, step.h, row(tableau, i), &stages[..i], scratch);
        }
        let t = step.time(tableau, i);
        let value = (done == Pulled::NothingKept).then(|| {
            let back = problem.vjp(t, scratch, kappa);
            *state = back.state;
            *params = Some(match params.take() {
                Some(params) => params.plus(&[(1.0, &back.params)]),
                None => back.params,
            });
            back.value
        });
        if let Some(rates) = &mut rates {
            let by_t = problem.vjp_time(t, scratch, kappa);
            rates.t += by_t;
            rates.h += node(tableau, i) * by_t;
            rates.h += sum_dot(row(tableau, i).iter().copied(), &stages[..i], state, scratch);
        }
        if i + 1 == count
            && !dense
            && !known
            && let Some(value) = value
        {
            k[i] = value;
        }
    }
}

/// Works out κᵢ from the pullbacks of the stages after it; `false` if nothing depends on stage `i`.
#[allow(clippy::too_many_arguments, reason = "a step has so many parts")]
fn stage_cotangent<Y: VectorSpace>(
    tableau: &Tableau,
    h: f64,
    i: usize,
    a: &Y,
    outputs: &[(f64, &Y)],
    after: &[Y],
    pulled: &[bool],
    kappa: &mut Y,
) -> bool {
    let mut terms = Vec::with_capacity(1 + outputs.len() + after.len());
    let mut term = |weight: f64, x| {
        if weight != 0.0 {
            terms.push((h * weight, x));
        }
    };
    term(tableau.coefficients().b.get(i).copied().unwrap_or(0.0), a);
    for (theta, cotangent) in outputs {
        term(tableau.weight(i, *theta), cotangent);
    }
    for (l, state) in (i + 1..pulled.len()).zip(after) {
        if pulled[l] {
            term(row(tableau, l)[i], state);
        }
    }
    if !terms.is_empty() {
        Y::sum_into(&terms, kappa);
    }
    !terms.is_empty()
}

/// `⟨Σ wᵢ kᵢ, a⟩`.
pub(crate) fn sum_dot<Y: VectorSpace>(
    weights: impl IntoIterator<Item = f64>,
    k: &[Y],
    a: &Y,
    scratch: &mut Y,
) -> f64 {
    with_terms(1.0, weights, k, |terms| {
        Y::sum_into(terms, scratch);
        a.dot(scratch)
    })
}
