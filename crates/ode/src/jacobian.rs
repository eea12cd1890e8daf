//! What an implicit method asks of a problem: the matrix ∂f/∂y, the vector ∂f/∂t, and a mass matrix.

mod colouring;
mod difference;
mod dual;
mod forward;
mod given;
mod known;
mod scalar;

pub use difference::DifferenceWorkspace;
pub use dual::Dual;
pub use forward::{Formula, Forward, ForwardWorkspace};
pub use given::WithJacobian;
pub use known::{Autonomous, Known, WithMass, WithStructure};
pub use scalar::Scalar;

use crate::{Matrix, Structure};
use chreode_core::{Coordinates, VectorField};

/// A problem M y′ = f(t, y) with a Jacobian.
///
/// | to get one | from | evaluations a Jacobian costs |
/// |---|---|---|
/// | [`WithJacobian`] | a field and its Jacobian, both by hand | none |
/// | [`Forward`] | a [`Formula`], written once for any scalar | a pass for every 8 colours |
/// | [`FiniteDifference`](chreode_core::FiniteDifference) | any field | one a colour |
///
/// A dense Jacobian has as many colours as columns, a band `lower + upper + 1`; [`Known`] tells what else is known of
/// the problem: its [structure](Known::banded), its [mass matrix](Known::mass), that it is
/// [autonomous](Known::autonomous).
pub trait Jacobian<Y: Coordinates>: VectorField<Y> {
    /// Memory that [`jacobian`](Self::jacobian) uses from call to call.
    type Workspace;

    /// Memory for Jacobians like `like` at states like `y`.
    fn workspace(&self, y: &Y, like: &Matrix) -> Self::Workspace;

    /// Fills `out`, given as zeros, with `∂f/∂y` at `(t, y)`, where `slope = f(t, y)`; returns the
    /// evaluations spent.
    fn jacobian(&self, t: f64, y: &Y, slope: &Y, out: &mut Matrix, workspace: &mut Self::Workspace) -> usize;

    /// Sets `out = ∂f/∂t` at `(t, y)`, where `slope = f(t, y)`; returns the evaluations spent. By a
    /// forward difference unless overridden. Rosenbrock methods ask for it.
    fn time_derivative(
        &self,
        t: f64,
        y: &Y,
        slope: &Y,
        out: &mut Y,
        _workspace: &mut Self::Workspace,
    ) -> usize {
        let ahead = t + f64::EPSILON.sqrt() * t.abs().max(1e-3);
        self.eval_into(ahead, y, out);
        let scale = 1.0 / (ahead - t);
        let difference = out.plus(&[(-1.0, slope)]);
        Y::sum_into(&[(scale, &difference)], out);
        1
    }

    /// Where the entries of `∂f/∂y` lie.
    fn structure(&self) -> Structure {
        Structure::Dense
    }

    /// M in M y′ = f(t, y), when it is not the identity. It may be singular.
    fn mass(&self) -> Option<&Matrix> {
        None
    }
}
