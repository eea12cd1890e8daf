//! The pullback of the stages of one Runge-Kutta step.
//!
//! With κᵢ the cotangent of stage kᵢ = f(t + cᵢh, gᵢ), gᵢ = y + h Σⱼ aᵢⱼ kⱼ, and a that of the new state:
//! κᵢ = h bᵢ a + h Σₗ aₗᵢ uₗ, uᵢ = κᵢᵀ ∂f/∂y, and the cotangent of y is a + Σ uᵢ. A state asked for within
//! the step adds its cotangent with the weights bᵢ(θ) of the interpolant in place of bᵢ.
//!
//! Hairer, Lubich & Wanner, Geometric Numerical Integration, VI.9; J. M. Sanz-Serna, SIAM Review 58 (2016)
//! 3-33, doi:10.1137/151002769.

use crate::record::{Record, node, row, weighty};
use crate::stages::{Workspace, combine, stage, with_terms};
use chreode_core::{Pullback, VectorSpace, Vjp};
use chreode_ode::Tableau;
use std::mem::swap;

/// Derivatives with respect to the beginning and the size of a step.
#[derive(Default)]
pub(crate) struct Rates {
    pub(crate) t: f64,
    pub(crate) h: f64,
}

/// Pulls `a`, the cotangent of h Σ bᵢ kᵢ, and `outputs`, each a θ and the cotangent of h Σ bᵢ(θ) kᵢ, back
/// through the stages of `step` from `y`. Returns the pullback of each stage; `None` for those nothing
/// depends on.
///
/// `kept` are the first stages, where they are known; none if not. Leaves the stages in the workspace, all
/// of them if there are outputs. Adds to `rates`, where given, what the step changes through its stages.
#[allow(clippy::too_many_arguments, reason = "a step has so many parts")]
pub(crate) fn pull_stages<P: Vjp<Y> + ?Sized, Y: VectorSpace>(
    problem: &P,
    tableau: &Tableau,
    step: &Record,
    y: &Y,
    a: &Y,
    outputs: &[(f64, &Y)],
    kept: &[Y],
    workspace: &mut Workspace<Y>,
    mut rates: Option<&mut Rates>,
) -> Vec<Option<Pullback<Y, P::Params>>> {
    let dense = !outputs.is_empty();
    let count = if dense { tableau.dense_stages() } else { weighty(tableau) };
    let Workspace { k, scratch, kappa } = workspace;
    for (known, k) in kept.iter().zip(k.iter_mut()) {
        known.plus_into(&[], k);
    }
    // Without outputs the value of the last stage comes with its pullback.
    for i in kept.len()..if dense { count } else { count - 1 } {
        stage(tableau, problem, step, y, i, k, scratch);
    }
    let mut pulled: Vec<Option<Pullback<Y, P::Params>>> = (0..count).map(|_| None).collect();
    for i in (0..count).rev() {
        if !stage_cotangent(tableau, step.h, i, a, outputs, &pulled, kappa) {
            continue;
        }
        combine(y, step.h, row(tableau, i), &k[..i], scratch);
        let t = step.time(tableau, i);
        let mut back = problem.vjp(t, scratch, kappa);
        if let Some(rates) = &mut rates {
            let by_t = problem.vjp_time(t, scratch, kappa);
            rates.t += by_t;
            rates.h += node(tableau, i) * by_t;
            rates.h += sum_dot(row(tableau, i).iter().copied(), &k[..i], &back.state, scratch);
        }
        if i + 1 == count && !dense {
            swap(&mut k[i], &mut back.value);
        }
        pulled[i] = Some(back);
    }
    pulled
}

/// Works out κᵢ; `false` if nothing depends on stage `i`.
fn stage_cotangent<Y: VectorSpace, G>(
    tableau: &Tableau,
    h: f64,
    i: usize,
    a: &Y,
    outputs: &[(f64, &Y)],
    pulled: &[Option<Pullback<Y, G>>],
    kappa: &mut Y,
) -> bool {
    let mut terms = Vec::with_capacity(1 + outputs.len() + pulled.len());
    let mut term = |weight: f64, x| {
        if weight != 0.0 {
            terms.push((h * weight, x));
        }
    };
    term(tableau.coefficients().b.get(i).copied().unwrap_or(0.0), a);
    for (theta, cotangent) in outputs {
        term(tableau.weight(i, *theta), cotangent);
    }
    for (l, back) in pulled.iter().enumerate().skip(i + 1) {
        if let Some(back) = back {
            term(row(tableau, l)[i], &back.state);
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
