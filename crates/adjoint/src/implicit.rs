//! The gradient of a steady state, without the way that led to it.

use crate::AdjointError;
use crate::gmres::gmres;
use chreode_core::{VectorSpace, Vjp};
use chreode_ode::SteadyState;

/// Implicit differentiation: at a steady state f(t, y*, θ) = 0 the gradient of a loss of y* is λᵀ ∂f/∂θ,
/// where (∂f/∂y)ᵀ λ = −∂L/∂y*.
///
/// The linear system is solved by GMRES with pullbacks alone, one each iteration, at most as many as the
/// state has entries in exact arithmetic. No memory of the way to the steady state is needed, and the
/// initial state has no influence. ∂f/∂y must be regular there: a family of steady states (a conserved
/// quantity) has no such gradient. The error is that of y* and of the linear solve.
///
/// S. Bai, J. Z. Kolter and V. Koltun, Deep equilibrium models, NeurIPS 2019, arXiv:1909.01377; Y. Saad and
/// M. H. Schultz, SIAM J. Sci. Stat. Comput. 7 (1986) 856-869, doi:10.1137/0907058.
///
/// ```
/// use chreode_adjoint::Implicit;
/// # use chreode_core::{Pullback, Tolerance, VectorField, Vjp};
/// use chreode_ode::{DOPRI5, ExplicitRk, Pi, Solve, Span};
/// # struct Turnover([f64; 2]);
/// # impl VectorField<[f64; 1]> for Turnover {
/// #     fn eval(&self, _t: f64, y: &[f64; 1]) -> [f64; 1] { [self.0[0] - self.0[1] * y[0]] }
/// # }
/// # impl Vjp<[f64; 1]> for Turnover {
/// #     type Params = [f64; 2];
/// #     fn vjp(&self, t: f64, y: &[f64; 1], a: &[f64; 1]) -> Pullback<[f64; 1], [f64; 2]> {
/// #         Pullback { value: self.eval(t, y), state: [-self.0[1] * a[0]], params: [a[0], -y[0] * a[0]] }
/// #     }
/// # }
///
/// // dy/dt = a - b y comes to rest at a / b.
/// let field = Turnover([3.0, 2.0]);
/// let solve = Solve::new(ExplicitRk::new(DOPRI5), Pi::new(Tolerance::both(1e-12)));
/// let span = Span { t0: 0.0, t1: 100.0 };
/// let rest = solve.steady_state(&field, span, [0.0], &Tolerance::both(1e-10))?;
/// let g = Implicit::new(1e-12).gradient(&field, &rest, &[1.0])?;
/// assert!((g[0] - 0.5).abs() < 1e-9 && (g[1] + 0.75).abs() < 1e-9);
/// # Ok::<(), chreode_adjoint::AdjointError>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Implicit {
    /// The residual of the linear system, relative to the cotangent.
    pub tolerance: f64,
    /// Pullbacks that may be spent on it; 1000 unless set.
    pub iterations: usize,
}

impl Implicit {
    /// To a relative residual of `tolerance`.
    pub const fn new(tolerance: f64) -> Self {
        Self { tolerance, iterations: 1000 }
    }

    /// With at most `n` pullbacks.
    pub const fn iterations(self, n: usize) -> Self {
        Self { iterations: n, ..self }
    }

    /// ∂L/∂θ, from the cotangent ∂L/∂y* of the steady state.
    ///
    /// # Errors
    /// When the cotangent does not fit, or the linear system is not solved to the tolerance.
    pub fn gradient<P: Vjp<Y> + ?Sized, Y: VectorSpace>(
        &self,
        problem: &P,
        rest: &SteadyState<Y>,
        cotangent: &Y,
    ) -> Result<P::Params, AdjointError> {
        let SteadyState { t, y, .. } = rest;
        crate::outputs::check(&[*t], y, std::slice::from_ref(cotangent))?;
        let minus = cotangent.zeros_like().plus(&[(-1.0, cotangent)]);
        let lambda = gmres(|v| problem.vjp(*t, y, v).state, &minus, self.tolerance, self.iterations)?;
        let params = problem.vjp(*t, y, &lambda).params;
        if params.is_finite() { Ok(params) } else { Err(AdjointError::NotFinite { t: *t }) }
    }
}
