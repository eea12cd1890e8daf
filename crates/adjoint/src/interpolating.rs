//! The adjoint equation along the dense output of the forward solve.

use crate::backwards::{Outputs, backwards};
use crate::outputs::begin;
use crate::{Adjoint, AdjointError, Gradient};
use chreode_core::{Norm, Passenger, VectorField, VectorSpace, Vjp};
use chreode_ode::{At, Dense, Solve, Span, StepControl, Stepper, Trajectory};

/// The adjoint equation a′ = −aᵀ ∂f/∂y, g′ = −aᵀ ∂f/∂θ along the *interpolated* forward solution.
///
/// Nothing is reconstructed backwards, so it is as stable as the problem itself; any method may make
/// the forward solve, stiff ones included. Memory is that of all interpolants of the forward solve (a copy of
/// the stages for each step). The gradient is that of the exact solution, to the tolerances of both
/// solves and the error of the interpolant. One pullback a stage; g counts in no error norm.
///
/// C. Rackauckas et al., Universal differential equations for scientific machine learning, 2020,
/// arXiv:2001.04385 (there: interpolating adjoint).
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Interpolating<S, C> {
    /// What solves the adjoint equation: an explicit method.
    pub solve: Solve<S, C>,
}

impl<S, C> Interpolating<S, C> {
    /// Solves the adjoint equation with `solve`.
    pub const fn new(solve: Solve<S, C>) -> Self {
        Self { solve }
    }
}

/// The solution as a function of time, and the states that were asked for.
#[derive(Clone, Debug)]
pub struct SolutionTape<Y, D> {
    pub(crate) outputs: Outputs<Y>,
    pub(crate) path: Trajectory<D>,
}

impl<Y, D: Dense<Y>> SolutionTape<Y, D> {
    /// Solves forward and keeps everything.
    pub(crate) fn record<P, S, C>(
        solve: &Solve<S, C>,
        problem: &P,
        y0: Y,
        times: &[f64],
    ) -> Result<(Vec<Y>, Self), AdjointError>
    where
        P: ?Sized,
        Y: VectorSpace,
        S: Stepper<P, Y, Dense = D>,
        C: StepControl<Norm: Norm<Y>>,
    {
        let (span, _) = begin(times, &y0)?;
        let mut save = (At::new(times), Trajectory::new());
        let _ = solve.run(problem, span, y0, &mut save)?;
        let (At { ys, .. }, path) = save;
        let outputs = Outputs::new(times, &ys);
        Ok((ys, Self { outputs, path }))
    }

    /// The solution at `t`, between the first and the last time to rounding.
    pub(crate) fn at(&self, t: f64) -> Y {
        let ends = (self.path.knots[0], *self.path.knots.last().expect("a start at least"));
        let t = t.clamp(ends.0.min(ends.1), ends.0.max(ends.1));
        self.path.at(t).expect("a time covered by the steps taken")
    }
}

/// The right-hand side of a and g.
struct Along<'p, P: ?Sized, Y, D> {
    problem: &'p P,
    tape: &'p SolutionTape<Y, D>,
}

impl<P, Y, D> VectorField<(Y, Passenger<P::Params>)> for Along<'_, P, Y, D>
where
    P: Vjp<Y> + ?Sized,
    Y: VectorSpace,
    D: Dense<Y>,
{
    fn eval(&self, t: f64, state: &(Y, Passenger<P::Params>)) -> (Y, Passenger<P::Params>) {
        let mut slope = state.zeros_like();
        self.eval_into(t, state, &mut slope);
        slope
    }

    fn eval_into(&self, t: f64, state: &(Y, Passenger<P::Params>), slope: &mut (Y, Passenger<P::Params>)) {
        let back = self.problem.vjp(t, &self.tape.at(t), &state.0);
        Y::sum_into(&[(-1.0, &back.state)], &mut slope.0);
        P::Params::sum_into(&[(-1.0, &back.params)], &mut slope.1.0);
    }
}

impl<P, Y, S, C, S2, C2> Adjoint<P, Y, S, C> for Interpolating<S2, C2>
where
    P: Vjp<Y> + ?Sized,
    Y: VectorSpace,
    S: Stepper<P, Y>,
    C: StepControl<Norm: Norm<Y>>,
    S2: for<'f> Stepper<dyn VectorField<(Y, Passenger<P::Params>)> + 'f, (Y, Passenger<P::Params>)>,
    C2: StepControl<Norm: Norm<(Y, Passenger<P::Params>)>>,
{
    type Tape = SolutionTape<Y, S::Dense>;

    fn forward(
        &self,
        solve: &Solve<S, C>,
        problem: &P,
        y0: Y,
        times: &[f64],
    ) -> Result<(Vec<Y>, Self::Tape), AdjointError> {
        SolutionTape::record(solve, problem, y0, times)
    }

    fn backward(
        &self,
        _solve: &Solve<S, C>,
        problem: &P,
        tape: &Self::Tape,
        cotangents: &[Y],
    ) -> Result<Gradient<Y, P::Params>, AdjointError> {
        let Outputs { times, ys } = &tape.outputs;
        let field: &dyn VectorField<(Y, Passenger<P::Params>)> = &Along { problem, tape };
        backwards(problem, times, ys, cotangents, |i, a, params| {
            let span = Span { t0: times[i], t1: times[i - 1] };
            let (a, Passenger(params)) = self.solve.end(field, span, (a, Passenger(params)))?;
            Ok((a, params))
        })
    }
}
