//! A method chosen by how much memory there is.

use crate::record::{Record, weighty};
use crate::{Adjoint, AdjointError, Discrete, DiscreteTape, Gradient, Times};
use chreode_core::{Norm, VectorSpace, Vjp};
use chreode_ode::{ExplicitRk, Solve, StepControl};
use std::fmt;

/// Bytes of an entry of a state, whatever its type: an upper bound.
const ENTRY: usize = 8;

/// The exact gradient within a budget of memory: all states stored where they fit, binomial checkpoints
/// where they do not. Never a method that is not exact.
///
/// `memory` is for stored states; what else is needed does not grow with the number of steps, but for 32
/// bytes each, and [`Plan`] tells it. [`plan`](Self::plan) says before a run what it will take;
/// [`AutoTape::plan`] says it between the two phases, at no cost.
///
/// ```
/// use chreode_adjoint::{Adjoint, Auto};
/// # use chreode_core::{Pullback, VectorField, Vjp};
/// use chreode_ode::{DOPRI5, ExplicitRk, Fixed, Solve};
/// # struct Decay;
/// # impl VectorField<[f64; 1]> for Decay {
/// #     fn eval(&self, _t: f64, y: &[f64; 1]) -> [f64; 1] { [-y[0]] }
/// # }
/// # impl Vjp<[f64; 1]> for Decay {
/// #     type Params = [f64; 0];
/// #     fn vjp(&self, t: f64, y: &[f64; 1], a: &[f64; 1]) -> Pullback<[f64; 1], [f64; 0]> {
/// #         Pullback { value: self.eval(t, y), state: [-a[0]], params: [] }
/// #     }
/// # }
///
/// let solve = Solve::new(ExplicitRk::new(DOPRI5), Fixed::steps(1000));
/// let auto = Auto { memory: 800 };
/// let plan = auto.plan(&solve, &Decay, [1.0], &[0.0, 1.0])?;
/// assert_eq!((plan.steps, plan.states, plan.advances), (1000, 100, 937));
/// let (_, g) = auto.gradient(&solve, &Decay, [1.0], &[0.0, 1.0], |_| vec![[0.0], [1.0]])?;
/// assert!((g.y0[0] - (-1f64).exp()).abs() < 1e-12);
/// # Ok::<(), chreode_adjoint::AdjointError>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Auto {
    /// Bytes for stored states, of 8 an entry.
    pub memory: usize,
}

/// What a gradient will take.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Plan {
    /// Steps of the solve.
    pub steps: usize,
    /// States kept.
    pub states: usize,
    /// Steps taken again on the way back.
    pub advances: usize,
    /// Bytes of the states and steps kept, of 8 an entry.
    pub tape: usize,
    /// Bytes of scratch space beside them, at most, without what the field itself needs.
    pub scratch: usize,
    /// Evaluations of the field on the way back, at most.
    pub evals: usize,
    /// Pullbacks, at most.
    pub pulls: usize,
}

impl fmt::Display for Plan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { steps, states, advances, tape, scratch, evals, pulls } = self;
        match advances {
            0 => write!(f, "discrete, {states} states and stages of {steps} steps stored")?,
            _ => {
                write!(f, "discrete, {states} checkpoints for {steps} steps, {advances} of them taken again")?
            }
        }
        write!(f, ": {tape} bytes and {scratch} of scratch space, {evals} evaluations, {pulls} pullbacks")
    }
}

impl Auto {
    /// The discrete method for states like `y`.
    fn discrete<Y: VectorSpace>(&self, y: &Y) -> Result<Discrete, AdjointError> {
        let state = ENTRY * y.entries();
        match self.memory.checked_div(state) {
            None => Ok(Discrete::stored()),
            Some(0) => Err(AdjointError::Memory { memory: self.memory, state }),
            Some(n) => Ok(Discrete::checkpoints(n)),
        }
    }

    /// What the gradient will take; costs a solve, in which nothing is stored.
    ///
    /// # Errors
    /// Those of the solve, and [`AdjointError::Memory`].
    pub fn plan<P, Y, C>(
        &self,
        solve: &Solve<ExplicitRk, C>,
        problem: &P,
        y0: Y,
        times: &[f64],
    ) -> Result<Plan, AdjointError>
    where
        P: Vjp<Y> + ?Sized,
        Y: VectorSpace,
        C: StepControl<Norm: Norm<Y>> + Clone,
    {
        let discrete = self.discrete(&y0)?;
        let params =
            problem.vjp(times.first().copied().unwrap_or(0.0), &y0, &y0.zeros_like()).params.entries();
        let entries = y0.entries();
        let (_, tape) = Discrete::checkpoints(1).forward(solve, problem, y0, times)?;
        Ok(predict(&tape, &discrete, entries, params))
    }
}

/// A tape, and what the way back over it takes.
#[derive(Clone, Debug)]
pub struct AutoTape<Y> {
    tape: DiscreteTape<Y>,
    discrete: Discrete,
    plan: Plan,
}

impl<Y> AutoTape<Y> {
    /// What was chosen, and what the way back will take.
    pub fn plan(&self) -> &Plan {
        &self.plan
    }
}

/// The costs of the way back of `discrete` over the steps of `tape`.
fn predict<Y>(tape: &DiscreteTape<Y>, discrete: &Discrete, entries: usize, params: usize) -> Plan {
    let n = tape.steps();
    let tableau = &tape.tableau;
    let (w, all) = (weighty(tableau), tableau.dense_stages());
    let dense = tape.dense_steps().min(n);
    let (states, advances, known) = tape.planned(discrete.checkpoints);
    // Times: two evaluations a stage of the first and the last step, one an output at its end, one at t₁.
    let by_time = match discrete.times {
        Times::Differentiated => 2 * all * n.min(2) + 1,
        Times::Constant => 0,
    };
    let most = if dense > 0 { all } else { w };
    Plan {
        steps: n,
        states,
        advances,
        tape: ENTRY * entries * states + size_of::<Record>() * n,
        scratch: ENTRY * ((2 * all + 10 + 2 * most) * entries + (most + 2) * params),
        evals: (w - 1).saturating_sub(known) * (n - dense) + (all - known) * dense + w * advances + by_time,
        pulls: w * (n - dense) + all * dense,
    }
}

impl<P, Y, C> Adjoint<P, Y, ExplicitRk, C> for Auto
where
    P: Vjp<Y> + ?Sized,
    Y: VectorSpace,
    C: StepControl<Norm: Norm<Y>> + Clone,
{
    type Tape = AutoTape<Y>;

    fn forward(
        &self,
        solve: &Solve<ExplicitRk, C>,
        problem: &P,
        y0: Y,
        times: &[f64],
    ) -> Result<(Vec<Y>, AutoTape<Y>), AdjointError> {
        let discrete = self.discrete(&y0)?;
        let params =
            problem.vjp(times.first().copied().unwrap_or(0.0), &y0, &y0.zeros_like()).params.entries();
        let entries = y0.entries();
        let (ys, tape) = discrete.forward(solve, problem, y0, times)?;
        let plan = predict(&tape, &discrete, entries, params);
        Ok((ys, AutoTape { tape, discrete, plan }))
    }

    fn backward(
        &self,
        solve: &Solve<ExplicitRk, C>,
        problem: &P,
        tape: &AutoTape<Y>,
        cotangents: &[Y],
    ) -> Result<Gradient<Y, P::Params>, AdjointError> {
        tape.discrete.backward(solve, problem, &tape.tape, cotangents)
    }
}
