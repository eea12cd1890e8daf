//! Fields that jump at given times.

use super::Arrival;
use super::stops::stopping;

/// A controller for a field that is discontinuous in time, at known times.
///
/// The step towards a jump ends on it, and evaluates the field only at times before: its last stage lies
/// two floats ahead. The step from a jump is a fresh start that evaluates the field only at times after:
/// its first stage lies one float behind, the slope kept from the step before is dropped, and the step
/// size is chosen anew. What the field is at the time of the jump itself never matters, in
/// either direction, and no order is lost. States at the jump are saved as usual; the solution is continuous
/// there (for jumps of the *state* see [`Action::Reset`](crate::Action::Reset)).
///
/// ```
/// use chreode_core::Tolerance;
/// use chreode_ode::{DOPRI5, ExplicitRk, Jumps, Pi, Solve, Span};
///
/// // Infusion until t = 1.
/// let dose = |t: f64, y: &[f64; 1]| [if t < 1.0 { 2.0 } else { 0.0 } - y[0]];
/// let control = Jumps::new(Pi::new(Tolerance::both(1e-9)), [1.0]);
/// let y = Solve::new(ExplicitRk::new(DOPRI5), control).end(&dose, Span { t0: 0.0, t1: 2.0 }, [0.0])?;
/// let e = (-1.0f64).exp();
/// assert!((y[0] - 2.0 * (1.0 - e) * e).abs() < 1e-8);
/// # Ok::<(), chreode_ode::SolveError>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Jumps<C> {
    /// Who chooses the steps between.
    pub control: C,
    /// The times, in any order; those outside the span of a solve do not matter to it.
    pub times: Vec<f64>,
}

impl<C> Jumps<C> {
    /// `control`, for a field that jumps at `times`.
    pub fn new(control: C, times: impl Into<Vec<f64>>) -> Self {
        Self { control, times: times.into() }
    }
}

stopping!(Jumps, Arrival::Jump, "the time of a jump");
