//! Jacobians written by hand.

use super::Jacobian;
use crate::Matrix;
use chreode_core::{Coordinates, VectorField};

/// A field with a Jacobian by the user, a closure that fills a [`Matrix`] of zeros.
///
/// ```
/// use chreode_ode::{Matrix, WithJacobian};
///
/// let mu = 1000.0;
/// let problem = WithJacobian {
///     field: move |_t: f64, y: &[f64; 2]| [y[1], mu * (1.0 - y[0] * y[0]) * y[1] - y[0]],
///     jacobian: move |_t: f64, y: &[f64; 2], out: &mut Matrix| {
///         out.set_rows(&[[0.0, 1.0], [-2.0 * mu * y[0] * y[1] - 1.0, mu * (1.0 - y[0] * y[0])]]);
///     },
/// };
/// # let _ = problem;
/// ```
#[derive(Clone, Copy, Debug)]
pub struct WithJacobian<F, J> {
    /// f.
    pub field: F,
    /// `(t, y, out)`: sets the entries of ∂f/∂y that are not zero.
    pub jacobian: J,
}

impl<Y, F: VectorField<Y>, J> VectorField<Y> for WithJacobian<F, J> {
    #[inline]
    fn eval(&self, t: f64, y: &Y) -> Y {
        self.field.eval(t, y)
    }

    #[inline]
    fn eval_into(&self, t: f64, y: &Y, dy: &mut Y) {
        self.field.eval_into(t, y, dy);
    }
}

impl<Y: Coordinates, F: VectorField<Y>, J: Fn(f64, &Y, &mut Matrix)> Jacobian<Y> for WithJacobian<F, J> {
    type Workspace = ();

    fn workspace(&self, _y: &Y, _like: &Matrix) {}

    #[inline]
    fn jacobian(&self, t: f64, y: &Y, _slope: &Y, out: &mut Matrix, _workspace: &mut ()) -> usize {
        (self.jacobian)(t, y, out);
        0
    }
}
