//! What comes out, and the one call for most days.

use crate::{Adjoint, AdjointError, Discrete};
use chreode_core::{Norm, VectorSpace, Vjp};
use chreode_ode::{ExplicitRk, Solve, StepControl};

/// The gradient of a loss L(y(t₀), …, y(tₘ)) of the states of a solve at given times.
#[derive(Clone, Debug, PartialEq)]
pub struct Gradient<Y, P> {
    /// ∂L/∂y₀, shaped like the state.
    pub y0: Y,
    /// ∂L/∂θ, shaped like the parameters of the field.
    pub params: P,
    /// ∂L/∂tᵢ, one for each time: the first is that of the initial state, the last the end of the solve.
    /// Empty where times were declared constant.
    pub times: Vec<f64>,
}

/// The states of a solve, and the gradient of a loss of them.
pub type WithGradient<Y, P> = (Vec<Y>, Gradient<Y, P>);

/// The states at `times` and the gradient of a loss of them, exact for the steps that the solve takes:
/// [`Discrete`] with its default number of checkpoints.
///
/// `loss` is given the states and returns their cotangents ∂L/∂yᵢ, one for each.
///
/// ```
/// use chreode_adjoint::gradient;
/// use chreode_core::{Pullback, Tolerance, VectorField, Vjp};
/// use chreode_ode::{DOPRI5, ExplicitRk, Pi, Solve};
///
/// /// dy/dt = k y
/// struct Growth([f64; 1]);
///
/// impl VectorField<[f64; 1]> for Growth {
///     fn eval(&self, _t: f64, y: &[f64; 1]) -> [f64; 1] {
///         [self.0[0] * y[0]]
///     }
/// }
///
/// impl Vjp<[f64; 1]> for Growth {
///     type Params = [f64; 1];
///
///     fn vjp(&self, t: f64, y: &[f64; 1], a: &[f64; 1]) -> Pullback<[f64; 1], [f64; 1]> {
///         Pullback { value: self.eval(t, y), state: [self.0[0] * a[0]], params: [y[0] * a[0]] }
///     }
/// }
///
/// let solve = Solve::new(ExplicitRk::new(DOPRI5), Pi::new(Tolerance::both(1e-10)));
/// // L = y(2)
/// let (ys, g) = gradient(&solve, &Growth([0.5]), [3.0], &[0.0, 2.0], |_| vec![[0.0], [1.0]])?;
/// let e = 1f64.exp();
/// assert!((ys[1][0] - 3.0 * e).abs() < 1e-8);
/// assert!((g.y0[0] - e).abs() < 1e-8);
/// assert!((g.params[0] - 6.0 * e).abs() < 1e-7);
/// assert!((g.times[1] - 1.5 * e).abs() < 1e-7);
/// # Ok::<(), chreode_adjoint::AdjointError>(())
/// ```
///
/// # Errors
/// See [`AdjointError`].
pub fn gradient<P, Y, C>(
    solve: &Solve<ExplicitRk, C>,
    problem: &P,
    y0: Y,
    times: &[f64],
    loss: impl FnOnce(&[Y]) -> Vec<Y>,
) -> Result<WithGradient<Y, P::Params>, AdjointError>
where
    P: Vjp<Y> + ?Sized,
    Y: VectorSpace,
    C: StepControl<Norm: Norm<Y>> + Clone,
{
    Discrete::default().gradient(solve, problem, y0, times, loss)
}
