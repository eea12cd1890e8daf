//! Gradients through the solve of a stochastic equation, on the path that drove it.

mod diffusion;
mod discrete;
mod methods;
mod milstein;
mod retracing;
mod reversible;
mod scheme;

pub use diffusion::{DiffusionVjp, WithVjp};
pub use discrete::SdeTape;
pub use methods::{PathwiseMethod, SdeWay};
pub use milstein::CommutativeVjp;
pub use retracing::SdeRetracingTape;
pub use scheme::{SdeScheme, StagePoint, StageTerm, Weight};

use crate::AdjointError;
use chreode_ode::Solve;
use chreode_sde::Sde;

/// The gradient of a loss L(y(t₀), …, y(tₘ)) of the states of a stochastic solve, its path held still. Times are
/// constants: a Brownian path has no derivative.
#[derive(Clone, Debug, PartialEq)]
pub struct SdeGradient<Y, F, G> {
    /// ∂L/∂y₀, shaped like the state.
    pub y0: Y,
    /// ∂L/∂θ, shaped like the parameters of the drift.
    pub drift: F,
    /// ∂L/∂θ, shaped like those of the diffusion.
    pub diffusion: G,
}

/// The states of a stochastic solve, and the gradient of a loss of them.
pub type WithSdeGradient<Y, F, G> = (Vec<Y>, SdeGradient<Y, F, G>);

/// A way to the gradient of a stochastic solve: [`Discrete`](crate::Discrete) or
/// [`Retracing`](crate::Retracing).
///
/// The gradient is pathwise and exact for the steps: that of the numbers the solve returns, with the increments
/// of the Brownian path as constants, read again from the same path on the way back. So Itô's and Stratonovich's
/// methods each have the gradient of their own steps, and no correction between the two is ever needed. Its mean
/// over paths is the gradient of the mean.
///
/// X. Li, T.-K. L. Wong, R. T. Q. Chen and D. Duvenaud, Scalable gradients for stochastic differential
/// equations, AISTATS 2020, arXiv:2001.01328; P. Kidger, J. Foster, X. Li and T. Lyons, Efficient and accurate
/// gradients for neural SDEs, NeurIPS 2021, arXiv:2105.13493.
///
/// ```
/// use chreode_adjoint::{Discrete, SdeAdjoint};
/// use chreode_core::{Pullback, Seed, VectorField, Vjp};
/// use chreode_ode::{Fixed, Solve, Span};
/// use chreode_sde::{BrownianTree, Diagonal, EulerMaruyama, Sde};
///
/// /// θ y, as drift or as diffusion.
/// struct Times(f64);
///
/// impl VectorField<[f64; 1]> for Times {
///     fn eval(&self, _t: f64, y: &[f64; 1]) -> [f64; 1] {
///         [self.0 * y[0]]
///     }
/// }
///
/// impl Vjp<[f64; 1]> for Times {
///     type Params = [f64; 1];
///     fn vjp(&self, t: f64, y: &[f64; 1], a: &[f64; 1]) -> Pullback<[f64; 1], [f64; 1]> {
///         Pullback { value: self.eval(t, y), state: [self.0 * a[0]], params: [a[0] * y[0]] }
///     }
/// }
///
/// // dy = μ y dt + σ y dW: y(1) is proportional to y(0), whatever the path.
/// let span = Span { t0: 0.0, t1: 1.0 };
/// let path = BrownianTree::new(Seed(7), span, [0.0], 1e-3)?;
/// let sde = Sde::ito(Times(0.1), Diagonal(Times(0.3)), &path);
/// let solve = Solve::new(EulerMaruyama, Fixed::steps(200));
/// let (ys, g) = Discrete::checkpoints(10).sde_gradient(&solve, &sde, [2.0], &[0.0, 1.0], |_| vec![[0.0], [1.0]])?;
/// assert!((g.y0[0] - ys[1][0] / 2.0).abs() < 1e-12);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub trait SdeAdjoint<F, G, W, C, Y, S, K>
where
    F: chreode_core::Vjp<Y>,
    Y: chreode_core::VectorSpace,
    W: chreode_sde::BrownianPath,
    G: DiffusionVjp<Y, Noise = W::Noise>,
{
    /// What the forward solve leaves for the way back.
    type Tape;

    /// The states at `times`, from `y0` at the first to the last, sorted in the direction of the solve; and
    /// the tape.
    ///
    /// # Errors
    /// Those of the solve, and settings of the adjoint that make no sense.
    fn sde_forward(
        &self,
        solve: &Solve<S, K>,
        sde: &Sde<F, G, W, C>,
        y0: Y,
        times: &[f64],
    ) -> Result<(Vec<Y>, Self::Tape), AdjointError>;

    /// The gradient, from the cotangent ∂L/∂yᵢ of each state. `solve` and `sde` are those of the forward phase.
    ///
    /// # Errors
    /// When the cotangents do not fit, or something on the way back is not finite.
    fn sde_backward(
        &self,
        solve: &Solve<S, K>,
        sde: &Sde<F, G, W, C>,
        tape: &Self::Tape,
        cotangents: &[Y],
    ) -> Result<SdeGradient<Y, F::Params, G::Params>, AdjointError>;

    /// Both phases: `loss` is given the states and returns their cotangents, one for each.
    ///
    /// # Errors
    /// Those of both.
    fn sde_gradient(
        &self,
        solve: &Solve<S, K>,
        sde: &Sde<F, G, W, C>,
        y0: Y,
        times: &[f64],
        loss: impl FnOnce(&[Y]) -> Vec<Y>,
    ) -> Result<WithSdeGradient<Y, F::Params, G::Params>, AdjointError>
    where
        Self: Sized,
    {
        let (ys, tape) = self.sde_forward(solve, sde, y0, times)?;
        let cotangents = loss(&ys);
        let gradient = self.sde_backward(solve, sde, &tape, &cotangents)?;
        Ok((ys, gradient))
    }
}
