//! Exact gradients of the steps of a stochastic solve, with as many states in memory as said.

use super::diffusion::DiffusionVjp;
use super::methods::{PathwiseMethod, SdeWay};
use super::{SdeAdjoint, SdeGradient};
use crate::binomial::{advances_between, best_spacing};
use crate::discrete::thin;
use crate::outputs::{add, begin, check};
use crate::record::Record;
use crate::sweep::sweep;
use crate::{AdjointError, Discrete};
use chreode_core::{Norm, VectorSpace, Vjp};
use chreode_ode::{Solve, SolveError, StepControl, Stepper};
use chreode_sde::{BrownianPath, Sde};

/// The steps of a stochastic solve and some of its states.
#[derive(Clone, Debug)]
pub struct SdeTape<S> {
    pub(super) times: Vec<f64>,
    pub(super) steps: Vec<Record>,
    states: Vec<S>,
    spacing: usize,
    checkpoints: usize,
}

impl<S> SdeTape<S> {
    /// Steps taken.
    pub fn steps(&self) -> usize {
        self.steps.len()
    }

    /// Steps that the way back will take again; 0 where all states are stored.
    pub fn advances(&self) -> usize {
        advances_between(self.steps.len(), self.checkpoints, self.spacing)
    }
}

/// Stochastic solves: at most as many states as `checkpoints` says, and 32 bytes a step. What is not stored is
/// taken again from the same path, to the bits of the way forward for one-step methods. Times are constants.
impl<F, G, W, C, Y, S, K> SdeAdjoint<F, G, W, C, Y, S, K> for Discrete
where
    F: Vjp<Y>,
    Y: VectorSpace,
    W: BrownianPath,
    G: DiffusionVjp<Y, Noise = W::Noise>,
    S: PathwiseMethod<F, G, W, C, Y>,
    K: StepControl<Norm: Norm<S::State>> + Clone,
{
    type Tape = SdeTape<S::State>;

    fn sde_forward(
        &self,
        solve: &Solve<S, K>,
        sde: &Sde<F, G, W, C>,
        y0: Y,
        times: &[f64],
    ) -> Result<(Vec<Y>, SdeTape<S::State>), AdjointError> {
        if self.checkpoints == 0 {
            return Err(AdjointError::NoCheckpoints);
        }
        let (mut states, mut spacing) = (Vec::new(), 1);
        let (ys, steps) = record(solve, sde, y0, times, |n, state| {
            if n % spacing == 0 && states.len() == self.checkpoints {
                thin(&mut states, 2);
                spacing *= 2;
            }
            if n % spacing == 0 {
                states.push(state.duplicate());
            }
        })?;
        let best = best_spacing(steps.len(), self.checkpoints);
        thin(&mut states, best / spacing);
        let checkpoints = self.checkpoints;
        Ok((ys.0, SdeTape { times: times.to_vec(), steps, states, spacing: best, checkpoints }))
    }

    fn sde_backward(
        &self,
        solve: &Solve<S, K>,
        sde: &Sde<F, G, W, C>,
        tape: &SdeTape<S::State>,
        cotangents: &[Y],
    ) -> Result<SdeGradient<Y, F::Params, G::Params>, AdjointError> {
        let SdeTape { times, steps, states, spacing, checkpoints } = tape;
        let carried = solve.stepper.carried();
        let mut pull = Pull::new(&solve.stepper, sde, &states[0], times, cotangents)?;
        sweep(
            steps.len(),
            *checkpoints,
            (*spacing, states),
            |from, state, to| {
                let mut now = state.duplicate();
                let mut memory =
                    carried.init(sde, steps[from].t, &now).expect("a step from here was taken before");
                for step in &steps[from..to] {
                    carried
                        .propose(sde, step.t, step.h, &now, &mut memory)
                        .expect("this step was taken before");
                    carried.commit(&mut now, &mut memory);
                }
                now
            },
            |n, state| {
                let from = if n == 0 { times[0] } else { steps[n - 1].to };
                pull.step(&steps[n], from, state)
            },
        )?;
        pull.finish()
    }
}

/// The states at times, with the last of all that is carried; and the steps.
type Recorded<Y, S> = ((Vec<Y>, S), Vec<Record>);

/// Solves, and shows `keep` the number of each step and what it begins from.
pub(super) fn record<F, G, W, C, Y, S, K>(
    solve: &Solve<S, K>,
    sde: &Sde<F, G, W, C>,
    y0: Y,
    times: &[f64],
    mut keep: impl FnMut(usize, &S::State),
) -> Result<Recorded<Y, S::State>, AdjointError>
where
    F: Vjp<Y>,
    Y: VectorSpace,
    W: BrownianPath,
    G: DiffusionVjp<Y, Noise = W::Noise>,
    S: PathwiseMethod<F, G, W, C, Y>,
    K: StepControl<Norm: Norm<S::State>> + Clone,
{
    let (span, mut ys) = begin(times, &y0)?;
    let carried = Solve {
        stepper: solve.stepper.carried(),
        control: solve.control.clone(),
        max_steps: solve.max_steps,
    };
    let start = S::start(y0);
    // The first state is kept even where there is no step.
    keep(0, &start);
    let (direction, mut steps) = (span.direction(), Vec::new());
    let mut driver = carried.start(sde, span, start)?;
    while let Some(step) = driver.step()? {
        if !steps.is_empty() {
            keep(steps.len(), step.y0);
        }
        let (t, h) = step.taken();
        while let Some(&at) = times.get(ys.len()).filter(|at| (**at - step.t1) * direction <= 0.0) {
            let state = step.at(at);
            let y = S::y(&state);
            if !y.is_finite() {
                let entry = y.first_not_finite();
                return Err(SolveError::NotFinite { t: at, stage: None, entry }.into());
            }
            ys.push(y.duplicate());
        }
        steps.push(Record { t, h, first: t, to: step.t1 });
    }
    let end = driver.y().duplicate();
    Ok(((ys, end), steps))
}

/// The state of the way back.
pub(super) struct Pull<'p, F, G, W, C, Y, S>
where
    F: Vjp<Y>,
    Y: VectorSpace,
    W: BrownianPath,
    G: DiffusionVjp<Y, Noise = W::Noise>,
    S: PathwiseMethod<F, G, W, C, Y>,
{
    method: &'p S,
    sde: &'p Sde<F, G, W, C>,
    times: &'p [f64],
    cotangents: &'p [Y],
    way: SdeWay<S::State, F::Params, G::Params, W>,
    left: usize,
}

impl<'p, F, G, W, C, Y, S> Pull<'p, F, G, W, C, Y, S>
where
    F: Vjp<Y>,
    Y: VectorSpace,
    W: BrownianPath,
    G: DiffusionVjp<Y, Noise = W::Noise>,
    S: PathwiseMethod<F, G, W, C, Y>,
{
    /// Before the last step; `state` is any.
    pub(super) fn new(
        method: &'p S,
        sde: &'p Sde<F, G, W, C>,
        state: &S::State,
        times: &'p [f64],
        cotangents: &'p [Y],
    ) -> Result<Self, AdjointError> {
        let y = S::y(state);
        check(times, y, cotangents)?;
        let (noise, zero) = (sde.path.shape(), y.zeros_like());
        let way = SdeWay {
            a: state.zeros_like(),
            drift: sde.drift.vjp(times[0], y, &zero).params.zeros_like(),
            diffusion: sde.diffusion.product_vjp(times[0], y, &noise, &zero).1.zeros_like(),
            w: noise.clone(),
            area: noise,
            cursor: sde.path.cursor(),
        };
        Ok(Self { method, sde, times, cotangents, way, left: times.len() })
    }

    /// Pulls back `step`, which begins at `from` in `before`; between its ends a state is on their chord.
    pub(super) fn step(&mut self, step: &Record, from: f64, before: &S::State) -> Result<(), AdjointError> {
        let direction = (step.to - from).signum();
        let mut early = Vec::new();
        while self.left > 1 && (self.times[self.left - 1] - from) * direction > 0.0 {
            self.left -= 1;
            let (t, cotangent) = (self.times[self.left], &self.cotangents[self.left]);
            let theta = if t == step.to { 1.0 } else { (t - step.t) / step.h };
            let a = S::y_mut(&mut self.way.a);
            *a = a.plus(&[(theta, cotangent)]);
            if theta != 1.0 {
                early.push((1.0 - theta, cotangent));
            }
        }
        self.method.pull(self.sde, (step.t, step.h), before, &mut self.way)?;
        let a = S::y_mut(&mut self.way.a);
        if !early.is_empty() {
            *a = a.plus(&early);
        }
        if self.way.a.is_finite() { Ok(()) } else { Err(AdjointError::NotFinite { t: from }) }
    }

    /// The gradient, when all steps are pulled back.
    pub(super) fn finish(self) -> Result<SdeGradient<Y, F::Params, G::Params>, AdjointError> {
        let SdeWay { a, drift, diffusion, .. } = self.way;
        let mut y0 = S::finish(a);
        for cotangent in &self.cotangents[..self.left] {
            add(&mut y0, cotangent);
        }
        if y0.is_finite() && drift.is_finite() && diffusion.is_finite() {
            Ok(SdeGradient { y0, drift, diffusion })
        } else {
            Err(AdjointError::NotFinite { t: self.times[0] })
        }
    }
}
