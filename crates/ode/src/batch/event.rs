//! Zero crossings, looked for in every row by itself.

use std::fmt;

/// In which direction an event's function must cross zero, in the direction of the solve.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Crossing {
    /// Either way.
    #[default]
    Either,
    /// From below zero.
    Rising,
    /// From above zero.
    Falling,
}

impl Crossing {
    /// Whether going from `before` to `after` crosses. A function that starts at zero has not crossed.
    #[inline]
    pub(crate) fn seen(self, before: f64, after: f64) -> bool {
        let rises = before < 0.0 && after >= 0.0;
        let falls = before > 0.0 && after <= 0.0;
        match self {
            Self::Either => rises || falls,
            Self::Rising => rises,
            Self::Falling => falls,
        }
    }
}

/// What a row does at an event.
pub enum Then<'a, A> {
    /// It ends there, with [`RowEnd::Event`](crate::RowEnd::Event).
    Stop,
    /// It goes on; time and state are kept.
    Record,
    /// Time and state are kept, the function changes the state (row, time, state), and the row goes on
    /// from there with a new first step.
    Reset(&'a (dyn Fn(usize, f64, &mut [A]) + Sync)),
}

/// An event of every row: a zero of `when(row, t, y)` along its solution.
///
/// Looked for in accepted steps only, by its sign at the ends of `pieces` equal parts of a step, and found
/// on the interpolant to the rounding of time. An even number of crossings within one part is missed. A
/// function that is zero at the start of a row, or right after its own event, has not crossed: it must
/// first leave zero.
pub struct RowEvent<'a, A> {
    /// The function: row, time, state.
    pub when: &'a (dyn Fn(usize, f64, &[A]) -> f64 + Sync),
    /// Which crossings count.
    pub crossing: Crossing,
    /// What then.
    pub then: Then<'a, A>,
    /// Parts of a step that are looked at by themselves, at least 1.
    pub pieces: usize,
}

impl<'a, A> RowEvent<'a, A> {
    /// Ends a row at any zero of `when`.
    pub fn stop(when: &'a (dyn Fn(usize, f64, &[A]) -> f64 + Sync)) -> Self {
        Self { when, crossing: Crossing::Either, then: Then::Stop, pieces: 1 }
    }

    /// Keeps time and state of every zero of `when`.
    pub fn record(when: &'a (dyn Fn(usize, f64, &[A]) -> f64 + Sync)) -> Self {
        Self { then: Then::Record, ..Self::stop(when) }
    }

    /// Changes the state by `reset` at every zero of `when`.
    pub fn reset(
        when: &'a (dyn Fn(usize, f64, &[A]) -> f64 + Sync),
        reset: &'a (dyn Fn(usize, f64, &mut [A]) + Sync),
    ) -> Self {
        Self { then: Then::Reset(reset), ..Self::stop(when) }
    }

    /// Counts only crossings in this direction.
    pub fn crossing(self, crossing: Crossing) -> Self {
        Self { crossing, ..self }
    }

    /// Looks at each of `n` parts of a step.
    pub fn pieces(self, n: usize) -> Self {
        Self { pieces: n, ..self }
    }
}

impl<A> fmt::Debug for RowEvent<'_, A> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let then = match self.then {
            Then::Stop => "stop",
            Then::Record => "record",
            Then::Reset(_) => "reset",
        };
        f.debug_struct("RowEvent")
            .field("crossing", &self.crossing)
            .field("then", &then)
            .finish_non_exhaustive()
    }
}

/// The zero of a function that changes sign between `a` and `b`, from the side of `b`: the Illinois form
/// of regula falsi, with a bisection wherever that is slow.
///
/// M. Dowell & P. Jarratt, BIT 11 (1971) 168-174, doi:10.1007/BF01934364.
pub(crate) fn zero(
    mut a: f64,
    mut fa: f64,
    mut b: f64,
    mut fb: f64,
    width: f64,
    mut f: impl FnMut(f64) -> f64,
) -> f64 {
    let sign = fb.signum();
    for turn in 0..200 {
        if fb == 0.0 || (b - a).abs() <= width {
            break;
        }
        let secant = b - fb * (b - a) / (fb - fa);
        let middle = 0.5 * (a + b);
        let inside = secant > a.min(b) && secant < a.max(b);
        let x = if turn % 3 == 2 || !inside { middle } else { secant };
        let fx = f(x);
        if fx == 0.0 || fx.signum() == sign {
            (b, fb) = (x, fx);
            fa *= 0.5;
        } else if fx.is_nan() {
            // Nothing is known beyond: stay on the side where the function is a number.
            break;
        } else {
            (a, fa) = (x, fx);
            fb *= if fb.abs() > f64::MIN_POSITIVE { 0.5 } else { 1.0 };
        }
    }
    b
}
