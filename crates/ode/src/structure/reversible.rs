//! Steps that can be taken back.

use crate::{StepError, Stepper};

/// A stepper whose steps have an inverse in closed form, so that a trajectory is recovered from its end
/// without having been stored: what exact gradients with O(1) memory need.
///
/// The step is a one-to-one map of the state and an auxiliary state z that the memory holds. The
/// inverse is exact in real numbers; in floating-point numbers the state is recovered to rounding, and
/// each method says how rounding grows on the way back.
///
/// ```
/// use chreode_core::VectorField;
/// use chreode_ode::{RK4, Reversible, ReversibleRk, StepError};
///
/// fn there_and_back<P, S>(method: &S, field: &P, mut y: [f64; 2]) -> Result<[f64; 2], StepError>
/// where
///     P: VectorField<[f64; 2]>,
///     S: Reversible<P, [f64; 2]>,
/// {
///     let (h, steps) = (0.01, 500);
///     let mut memory = method.init(field, 0.0, &y)?;
///     for i in 0..steps {
///         method.propose(field, f64::from(i) * h, h, &y, &mut memory)?;
///         method.commit(&mut y, &mut memory);
///     }
///     for i in (0..steps).rev() {
///         method.retrace(field, f64::from(i) * h, h, &mut y, &mut memory)?;
///     }
///     Ok(y)
/// }
///
/// let pendulum = |_t: f64, y: &[f64; 2]| [y[1], -y[0].sin()];
/// let y = there_and_back(&ReversibleRk::new(RK4), &pendulum, [1.0, 0.0])?;
/// assert!((y[0] - 1.0).abs() < 1e-12 && y[1].abs() < 1e-12);
/// # Ok::<(), StepError>(())
/// ```
///
/// A gradient is taken as follows: keep the times of the accepted steps and, at the end, the state and
/// z ([`Paired`](crate::Paired) makes z part of the state of a [`Solve`](crate::Solve)); then for each
/// step from the last to the first, [`retrace`](Self::retrace), which gives the state and z before
/// the step, and pull the cotangents of both back through the step from there.
/// `tests/suite/structure/gradient.rs` writes this out for [`ReversibleRk`](crate::ReversibleRk).
pub trait Reversible<P: ?Sized, Y>: Stepper<P, Y> {
    /// What a step carries besides the state; `()` for nothing.
    type Auxiliary;

    /// z that belongs to the current state.
    fn auxiliary<'m>(&self, memory: &'m Self::Memory) -> &'m Self::Auxiliary;

    /// z that belongs to the state last proposed.
    fn proposed_auxiliary<'m>(&self, memory: &'m Self::Memory) -> &'m Self::Auxiliary;

    /// Memory that goes on, or back, from `(y, z)` at `t`.
    ///
    /// # Errors
    /// When the problem cannot be started there.
    fn resume(
        &self,
        problem: &P,
        t: f64,
        y: &Y,
        auxiliary: &Self::Auxiliary,
    ) -> Result<Self::Memory, StepError>;

    /// Undoes the step from `t` to `t + h`, and returns the evaluations spent.
    ///
    /// `y` and `memory` belong to the end of that step, committed, retraced or resumed there; they
    /// become what they were at `t`. `t` and `h` are those given to `propose`.
    ///
    /// # Errors
    /// When the step cannot be computed. A result that is not finite is no error.
    fn retrace(
        &self,
        problem: &P,
        t: f64,
        h: f64,
        y: &mut Y,
        memory: &mut Self::Memory,
    ) -> Result<usize, StepError>;
}
