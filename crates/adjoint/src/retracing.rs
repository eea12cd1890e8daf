//! Exact gradients without stored states, for methods that can be run back.

mod heun;
mod runge_kutta;

use crate::backwards::Outputs;
use crate::outputs::{add, begin, check};
use crate::record::Record;
use crate::{Adjoint, AdjointError, Gradient};
use chreode_core::{Norm, Passenger, VectorSpace, Vjp};
use chreode_ode::{Paired, Reversible, Solve, SolveError, StepControl};

/// Backpropagation through every step of a [`Reversible`] method, whose states are recovered from the last
/// one.
///
/// Exact as [`Discrete`](crate::Discrete) is, with the same constants: the gradient is that of the steps,
/// to the rounding of the way back, of which each method says how it grows. Memory is that of a few states
/// and 32 bytes a step. With [`ReversibleHeun`](chreode_ode::ReversibleHeun) a step costs one evaluation
/// and one pullback on the way back; with [`ReversibleRk`](chreode_ode::ReversibleRk) of w stages that
/// carry weight 2 w pullbacks and 4 w − 2 evaluations. States between steps are differentiated exactly too.
///
/// Times move their states along the field, ∂L/∂tᵢ = ∂L/∂yᵢ f(tᵢ, yᵢ), and ∂L/∂t₀ = −∂L/∂y₀ f(t₀, y₀) but
/// for the first state's own cotangent: to the accuracy of the method, not exactly as for `Discrete`.
///
/// P. Kidger, J. Foster, X. Li and T. Lyons, Efficient and accurate gradients for neural SDEs, NeurIPS
/// 2021, arXiv:2105.13493; S. McCallum and J. Foster, 2024, arXiv:2410.11648.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Retracing;

/// A reversible method whose steps can be pulled back: what [`Retracing`] asks for.
pub trait Retraced<P: Vjp<Y> + ?Sized, Y: VectorSpace>: Reversible<P, Y, Auxiliary = Y> {
    /// Brings the cotangents from the end of `step` to its beginning.
    fn pull(&self, problem: &P, step: &RetracedStep<'_, Y>, way: &mut Way<Y, P::Params>);

    /// Pulls back what is carried of the slope at z, where the next step does not go on from it: at the
    /// start, and where the field jumps.
    fn settle(&self, _problem: &P, _z: &Y, _way: &mut Way<Y, P::Params>) {}
}

/// A step that was undone.
pub struct RetracedStep<'a, Y> {
    /// Where its stages begin.
    pub t: f64,
    /// Its size.
    pub h: f64,
    /// y and z before.
    pub before: [&'a Y; 2],
    /// y and z after.
    pub after: [&'a Y; 2],
    /// The states within it: θ of each, and its cotangent.
    pub outputs: &'a [(f64, &'a Y)],
}

/// Cotangents on the way back.
pub struct Way<Y, G> {
    /// Of the state.
    pub y: Y,
    /// Of z.
    pub z: Y,
    /// A time, and the cotangent of f at this time and z, not yet pulled back.
    pub slope: Option<(f64, Y)>,
    /// Of the parameters.
    pub params: G,
}

/// The steps of a solve and its last state.
#[derive(Clone, Debug)]
pub struct RetracingTape<Y> {
    outputs: Outputs<Y>,
    steps: Vec<Record>,
    end: (Y, Y),
}

impl<P, Y, S, C> Adjoint<P, Y, S, C> for Retracing
where
    P: Vjp<Y> + ?Sized,
    Y: VectorSpace,
    S: Retraced<P, Y> + Clone,
    C: StepControl<Norm: Norm<(Y, Passenger<Y>)>> + Clone,
{
    type Tape = RetracingTape<Y>;

    fn forward(
        &self,
        solve: &Solve<S, C>,
        problem: &P,
        y0: Y,
        times: &[f64],
    ) -> Result<(Vec<Y>, RetracingTape<Y>), AdjointError> {
        let (span, mut ys) = begin(times, &y0)?;
        if !y0.is_finite() {
            return Err(
                SolveError::NotFinite { t: span.t0, stage: None, entry: y0.first_not_finite() }.into()
            );
        }
        let paired = Solve {
            stepper: Paired(solve.stepper.clone()),
            control: solve.control.clone(),
            max_steps: solve.max_steps,
        };
        let start = paired.stepper.start(problem, span.t0, y0)?;
        let mut steps = Vec::new();
        let mut driver = paired.start(problem, span, start)?;
        while let Some(step) = driver.step()? {
            let late = |t: &&f64| (**t - step.t1) * span.direction() <= 0.0;
            while let Some(&t) = times.get(ys.len()).filter(late) {
                let (y, _) = step.at(t);
                if !y.is_finite() {
                    let entry = y.first_not_finite();
                    return Err(SolveError::NotFinite { t, stage: None, entry }.into());
                }
                ys.push(y);
            }
            let (t, h) = step.taken();
            steps.push(Record { t, h, first: t, to: step.t1 });
        }
        let (y, Passenger(z)) = driver.y();
        let end = (y.duplicate(), z.duplicate());
        let outputs = Outputs::new(times, &ys);
        Ok((ys, RetracingTape { outputs, steps, end }))
    }

    fn backward(
        &self,
        solve: &Solve<S, C>,
        problem: &P,
        tape: &RetracingTape<Y>,
        cotangents: &[Y],
    ) -> Result<Gradient<Y, P::Params>, AdjointError> {
        let RetracingTape { outputs: Outputs { times, ys }, steps, end } = tape;
        let (stepper, t0) = (&solve.stepper, times[0]);
        check(times, &ys[0], cotangents)?;
        let zero = ys[0].zeros_like();
        let params = problem.vjp(t0, &ys[0], &zero).params.zeros_like();
        let mut way = Way { y: zero.duplicate(), z: zero, slope: None, params };
        let mut left = times.len();
        let mut y = end.0.duplicate();
        let resume = |n: usize, y: &Y, z: &Y| stepper.resume(problem, steps[n].t + steps[n].h, y, z);
        let mut memory = None;
        for (n, step) in steps.iter().enumerate().rev() {
            let from = if n == 0 { t0 } else { steps[n - 1].to };
            let direction = (step.to - from).signum();
            let mut jumped = match memory.take() {
                Some(memory) => memory,
                None => resume(n, &y, &end.1)?,
            };
            if steps.get(n + 1).is_some_and(|next| next.t != step.to) {
                let z = stepper.auxiliary(&jumped).duplicate();
                stepper.settle(problem, &z, &mut way);
                jumped = resume(n, &y, &z)?;
            }
            let mut outputs = Vec::new();
            while left > 1 && (times[left - 1] - from) * direction > 0.0 {
                left -= 1;
                if times[left] == step.to {
                    add(&mut way.y, &cotangents[left]);
                } else {
                    outputs.push(((times[left] - step.t) / step.h, &cotangents[left]));
                }
            }
            let after = (y.duplicate(), stepper.auxiliary(&jumped).duplicate());
            stepper.retrace(problem, step.t, step.h, &mut y, &mut jumped)?;
            let undone = RetracedStep {
                t: step.t,
                h: step.h,
                before: [&y, stepper.auxiliary(&jumped)],
                after: [&after.0, &after.1],
                outputs: &outputs,
            };
            stepper.pull(problem, &undone, &mut way);
            if !y.is_finite() || !way.y.is_finite() || !way.z.is_finite() {
                return Err(AdjointError::NotFinite { t: from });
            }
            memory = Some(jumped);
        }
        // z₀ = y₀
        stepper.settle(problem, &y, &mut way);
        let Way { y: a, z, params, .. } = way;
        let mut a = a.plus(&[(1.0, &z)]);
        for cotangent in &cotangents[1..left] {
            add(&mut a, cotangent);
        }
        let mut by_time: Vec<_> = (0..times.len())
            .map(|i| if i == 0 { 0.0 } else { problem.eval(times[i], &ys[i]).dot(&cotangents[i]) })
            .collect();
        if times.len() > 1 {
            by_time[0] = -problem.eval(t0, &ys[0]).dot(&a);
        }
        add(&mut a, &cotangents[0]);
        if a.is_finite() && params.is_finite() && by_time.iter().all(|t| t.is_finite()) {
            Ok(Gradient { y0: a, params, times: by_time })
        } else {
            Err(AdjointError::NotFinite { t: t0 })
        }
    }
}
