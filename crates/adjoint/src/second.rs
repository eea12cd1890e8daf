//! Hessian-vector products.

use crate::{Adjoint, AdjointError, Direction, Discrete, Gradient, Times};
use chreode_core::{Norm, Passenger, Pullback, VectorField, VectorSpace, Vjp};
use chreode_ode::{ExplicitRk, Solve, StepControl};

/// A field whose pullback can be differentiated in a direction: what second derivatives ask for.
pub trait VjpAlong<Y>: Vjp<Y> {
    /// The derivative of [`Vjp::vjp`] at `(t, y, a)`, with `a` held, as y moves along `dy` and the parameters
    /// along `dparams`: the derivatives of f, of aᵀ ∂f/∂y and of aᵀ ∂f/∂θ.
    fn vjp_along(&self, t: f64, y: &Y, a: &Y, dy: &Y, dparams: &Self::Params) -> Pullback<Y, Self::Params>;
}

/// The gradient of a loss, and its second derivative in one direction.
#[derive(Clone, Debug, PartialEq)]
pub struct Curvature<Y, G> {
    /// The gradient; times are constants.
    pub gradient: Gradient<Y, G>,
    /// The Hessian with respect to y₀ and θ, times the direction.
    pub product: Direction<Y, G>,
}

/// The states of a solve, and the curvature of a loss of them.
pub type WithCurvature<Y, G> = (Vec<Y>, Curvature<Y, G>);

/// The field with its tangent in one direction as a passenger: (f, ∂f/∂y s + ∂f/∂θ v).
struct Lifted<'p, P: ?Sized, G> {
    problem: &'p P,
    direction: &'p G,
}

impl<P: VjpAlong<Y> + ?Sized, Y: VectorSpace> VectorField<(Y, Passenger<Y>)> for Lifted<'_, P, P::Params> {
    fn eval(&self, t: f64, (y, Passenger(s)): &(Y, Passenger<Y>)) -> (Y, Passenger<Y>) {
        let along = self.problem.vjp_along(t, y, &y.zeros_like(), s, self.direction);
        (self.problem.eval(t, y), Passenger(along.value))
    }
}

impl<P: VjpAlong<Y> + ?Sized, Y: VectorSpace> Vjp<(Y, Passenger<Y>)> for Lifted<'_, P, P::Params> {
    /// Those of the field, and their direction.
    type Params = (P::Params, P::Params);

    fn vjp(
        &self,
        t: f64,
        (y, Passenger(s)): &(Y, Passenger<Y>),
        (a, Passenger(b)): &(Y, Passenger<Y>),
    ) -> Pullback<(Y, Passenger<Y>), Self::Params> {
        let first = self.problem.vjp(t, y, a);
        let second = self.problem.vjp(t, y, b);
        let along = self.problem.vjp_along(t, y, b, s, self.direction);
        Pullback {
            value: (first.value, Passenger(along.value)),
            state: (first.state.plus(&[(1.0, &along.state)]), Passenger(second.state)),
            params: (first.params.plus(&[(1.0, &along.params)]), second.params),
        }
    }
}

impl Discrete {
    /// The states at `times`, and the gradient of a loss of them with its second derivative in `direction`,
    /// exact for the steps taken.
    ///
    /// `loss` is given the states and their derivatives sᵢ in the direction, and returns the cotangents
    /// ∂L/∂yᵢ and the Σⱼ ∂²L/∂yᵢ∂yⱼ sⱼ, one of each for each time.
    ///
    /// The derivative in the direction is solved for as a passenger, which steers no step, and the solve
    /// with it is pulled back, with as many checkpoints of pairs. Newton and Gauss-Newton methods, Laplace
    /// approximations and influence functions ask for no more.
    ///
    /// B. A. Pearlmutter, Fast exact multiplication by the Hessian, Neural Computation 6 (1994) 147-160,
    /// doi:10.1162/neco.1994.6.1.147.
    ///
    /// # Errors
    /// As for a gradient.
    pub fn hessian_product<P, Y, C>(
        &self,
        solve: &Solve<ExplicitRk, C>,
        problem: &P,
        y0: Y,
        times: &[f64],
        direction: &Direction<Y, P::Params>,
        loss: impl FnOnce(&[Y], &[Y]) -> (Vec<Y>, Vec<Y>),
    ) -> Result<WithCurvature<Y, P::Params>, AdjointError>
    where
        P: VjpAlong<Y> + ?Sized,
        Y: VectorSpace,
        C: StepControl<Norm: Norm<(Y, Passenger<Y>)>> + Clone,
    {
        let lifted = Lifted { problem, direction: &direction.params };
        let constant = self.times(Times::Constant);
        let start = (y0, Passenger(direction.y0.duplicate()));
        let (pairs, tape) = constant.forward(solve, &lifted, start, times)?;
        let (ys, tangents): (Vec<Y>, Vec<Y>) = pairs.into_iter().map(|(y, Passenger(s))| (y, s)).unzip();
        let (cotangents, second) = loss(&ys, &tangents);
        for found in [cotangents.len(), second.len()] {
            if found != times.len() {
                return Err(AdjointError::CotangentCount { found, expected: times.len() });
            }
        }
        let pairs: Vec<_> = second.into_iter().zip(cotangents.into_iter().map(Passenger)).collect();
        let g = constant.backward(solve, &lifted, &tape, &pairs)?;
        let ((product_y0, Passenger(y0)), (product_params, params)) = (g.y0, g.params);
        let gradient = Gradient { y0, params, times: g.times };
        let product = Direction { y0: product_y0, params: product_params };
        Ok((ys, Curvature { gradient, product }))
    }
}
