//! The adjoint equation, solved together with the state backwards in time.

use crate::backwards::{Outputs, backwards};
use crate::{Adjoint, AdjointError, Gradient};
use chreode_core::{Norm, Passenger, VectorField, VectorSpace, Vjp};
use chreode_ode::{Solve, Span, StepControl, Stepper};

/// State, adjoint and parameter gradient of a [`Backsolve`]; the last rides along and counts in no error.
pub type Augmented<Y, G> = ((Y, Y), Passenger<G>);

/// The adjoint equation a′ = −aᵀ ∂f/∂y, g′ = −aᵀ ∂f/∂θ, solved from t₁ to t₀ together with y′ = f, with a
/// method and a tolerance of its own.
///
/// Memory does not grow with the number of steps, and any method may make the forward solve, stiff ones
/// included. The price: the gradient is that of the exact solution, so its error is that of both solves,
/// and y is *reconstructed* backwards, which multiplies errors wherever the forward problem forgets its
/// past: on dissipative or chaotic problems over long times the gradient is wrong however small the
/// tolerance, which nothing here can see. [`Interpolating`](crate::Interpolating) reconstructs nothing,
/// [`Discrete`](crate::Discrete) is exact for the steps taken. y begins anew from the forward state at each
/// output.
///
/// g counts in no error norm (it is a [`Passenger`]), so that many parameters do not make the steps short.
///
/// The backward solve should be the tighter one. One pullback a stage.
///
/// R. T. Q. Chen, Y. Rubanova, J. Bettencourt and D. Duvenaud, Neural ordinary differential equations,
/// NeurIPS 2018, arXiv:1806.07366; P. Kidger, R. T. Q. Chen and T. Lyons, "Hey, that's not an ODE": faster
/// ODE adjoints via seminorms, ICML 2021, arXiv:2009.09457.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Backsolve<S, C> {
    /// What solves the adjoint equation: an explicit method.
    pub solve: Solve<S, C>,
}

impl<S, C> Backsolve<S, C> {
    /// Solves the adjoint equation with `solve`.
    pub const fn new(solve: Solve<S, C>) -> Self {
        Self { solve }
    }
}

/// What a [`Backsolve`] remembers: the states that were asked for.
#[derive(Clone, Debug)]
pub struct BacksolveTape<Y>(Outputs<Y>);

/// The right-hand side of the three parts.
struct Joint<'p, P: ?Sized>(&'p P);

impl<P: Vjp<Y> + ?Sized, Y: VectorSpace> VectorField<Augmented<Y, P::Params>> for Joint<'_, P> {
    fn eval(&self, t: f64, state: &Augmented<Y, P::Params>) -> Augmented<Y, P::Params> {
        let (y, a) = &state.0;
        let back = self.0.vjp(t, y, a);
        let minus = |x: &Y| x.zeros_like().plus(&[(-1.0, x)]);
        let params = back.params.zeros_like().plus(&[(-1.0, &back.params)]);
        ((back.value, minus(&back.state)), Passenger(params))
    }

    fn eval_into(&self, t: f64, state: &Augmented<Y, P::Params>, slope: &mut Augmented<Y, P::Params>) {
        let (y, a) = &state.0;
        let back = self.0.vjp(t, y, a);
        slope.0.0 = back.value;
        Y::sum_into(&[(-1.0, &back.state)], &mut slope.0.1);
        P::Params::sum_into(&[(-1.0, &back.params)], &mut slope.1.0);
    }
}

impl<P, Y, S, C, S2, C2> Adjoint<P, Y, S, C> for Backsolve<S2, C2>
where
    P: Vjp<Y> + ?Sized,
    Y: VectorSpace,
    S: Stepper<P, Y>,
    C: StepControl<Norm: Norm<Y>>,
    S2: for<'f> Stepper<dyn VectorField<Augmented<Y, P::Params>> + 'f, Augmented<Y, P::Params>>,
    C2: StepControl<Norm: Norm<Augmented<Y, P::Params>>>,
{
    type Tape = BacksolveTape<Y>;

    fn forward(
        &self,
        solve: &Solve<S, C>,
        problem: &P,
        y0: Y,
        times: &[f64],
    ) -> Result<(Vec<Y>, BacksolveTape<Y>), AdjointError> {
        let ys = solve.at(problem, y0, times)?;
        let tape = BacksolveTape(Outputs::new(times, &ys));
        Ok((ys, tape))
    }

    fn backward(
        &self,
        _solve: &Solve<S, C>,
        problem: &P,
        tape: &BacksolveTape<Y>,
        cotangents: &[Y],
    ) -> Result<Gradient<Y, P::Params>, AdjointError> {
        let Outputs { times, ys } = &tape.0;
        let field: &dyn VectorField<Augmented<Y, P::Params>> = &Joint(problem);
        backwards(problem, times, ys, cotangents, |i, a, params| {
            let span = Span { t0: times[i], t1: times[i - 1] };
            let start = ((ys[i].duplicate(), a), Passenger(params));
            let ((_, a), Passenger(params)) = self.solve.end(field, span, start)?;
            Ok((a, params))
        })
    }
}
