//! Events: what happens when a function of the solution passes zero.

mod list;
mod log;
mod root;
mod watch;
mod when;

pub use log::{Logged, Occurrence};
pub(crate) use watch::Watch;
pub use when::{Halt, When};

/// Which passages of zero count, in the direction of the solve.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Direction {
    /// From negative to positive.
    Up,
    /// From positive to negative.
    Down,
    /// Both.
    #[default]
    Either,
}

/// What becomes of the solve at an event.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Action<Y> {
    /// It goes on; the event only took note.
    Continue,
    /// It ends here, with [`End::Event`](crate::End::Event).
    Stop,
    /// It goes on from this state, the stepper restarted and the step chosen as at a start.
    Reset(Y),
}

/// A function g(t, y) whose zeros on the solution are events.
///
/// Any `Fn(f64, &Y) -> f64` is one that stops the solve; [`When`] adds a direction and an action; tuples,
/// arrays, slices and vectors of events are [`Events`].
///
/// **When it fires.** After each *accepted* step, never on a rejected one, g is taken on the interpolant at
/// the ends of [`samples`](Self::samples) equal parts of the step. Where its sign differs between two
/// neighbours, the passage is found to within rounding of t, on the far side of zero. Where its size dips
/// between neighbours of one sign, the dip is searched for two passages. So no passage is missed unless g
/// bends more than once within two parts of a step; raise `samples`, or limit the step, for a g that
/// wiggles faster than the solution. Reaching zero counts as passing it.
///
/// **At the start.** An event that is zero at t0 does not fire there: it fires when it next reaches zero
/// after having left it. A solve that begins on an event surface, such as one that goes on from where an
/// event stopped the last, would otherwise stop before its first step. Leaving zero is no passage.
/// The same holds after a reset for an event that was at zero by the last float, so that a ball on the
/// floor can leave it.
///
/// **At one time.** Events that pass zero at the same time to within rounding occur in the order of their
/// index, each seeing the state the one before has left. The first to stop ends the solve.
pub trait Event<Y> {
    /// g(t, y): any smooth function; its scale does not matter.
    fn value(&self, t: f64, y: &Y) -> f64;

    /// Which passages count.
    fn direction(&self) -> Direction {
        Direction::Either
    }

    /// What to do at `(t, y)`, where g has just passed zero.
    fn occurred(&mut self, _t: f64, _y: &Y) -> Action<Y> {
        Action::Stop
    }

    /// Parts of a step at whose ends g is looked at; 1 at least.
    fn samples(&self) -> usize {
        4
    }
}

impl<Y, F: Fn(f64, &Y) -> f64> Event<Y> for F {
    #[inline]
    fn value(&self, t: f64, y: &Y) -> f64 {
        self(t, y)
    }
}

/// Any number of events, watched together: what [`Solve::run_with`](crate::Solve::run_with) takes.
///
/// A closure, a [`When`], `()` for none; of any events tuples of up to four, arrays, slices and vectors (so
/// that one event of a type of your own is `[event]`).
pub trait Events<Y> {
    /// How many.
    fn count(&self) -> usize;

    /// g of event `index`.
    fn value(&self, index: usize, t: f64, y: &Y) -> f64;

    /// Which of its passages count.
    fn direction(&self, index: usize) -> Direction;

    /// What to do at `(t, y)`, where it occurred.
    fn occurred(&mut self, index: usize, t: f64, y: &Y) -> Action<Y>;

    /// Parts of a step at whose ends they are looked at: the most any of them asks for.
    fn samples(&self) -> usize;
}
