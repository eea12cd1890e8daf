//! An event put together from closures.

use super::{Action, Direction, Event};

/// g(t, y) passes zero: by default in either direction, and the solve ends there.
///
/// ```
/// use chreode_ode::{Action, Direction, When};
///
/// // Every time the first entry falls below zero it is turned around.
/// let bounce = When::new(|_t: f64, y: &[f64; 2]| y[0])
///     .going(Direction::Down)
///     .then(|_t: f64, y: &[f64; 2]| Action::Reset([0.0, -y[1]]));
/// ```
#[derive(Clone, Copy, Debug)]
pub struct When<G, A = Halt> {
    value: G,
    direction: Direction,
    action: A,
    samples: usize,
}

/// The action that ends the solve.
#[derive(Clone, Copy, Debug)]
pub struct Halt;

impl<G> When<G> {
    /// Stops where `value` passes zero.
    pub const fn new(value: G) -> Self {
        Self { value, direction: Direction::Either, action: Halt, samples: 4 }
    }
}

impl<G, A> When<G, A> {
    /// Counts only passages in this direction.
    pub fn going(self, direction: Direction) -> Self {
        Self { direction, ..self }
    }

    /// Looks at the ends of `samples` parts of each step, 4 unless set; 0 counts as 1.
    pub fn samples(self, samples: usize) -> Self {
        Self { samples, ..self }
    }

    /// Does this, an `FnMut(f64, &Y) -> Action<Y>`, instead of what it did.
    pub fn then<B>(self, action: B) -> When<G, B> {
        When { value: self.value, direction: self.direction, action, samples: self.samples }
    }
}

impl<Y, G: Fn(f64, &Y) -> f64> Event<Y> for When<G, Halt> {
    fn value(&self, t: f64, y: &Y) -> f64 {
        (self.value)(t, y)
    }

    fn direction(&self) -> Direction {
        self.direction
    }

    fn samples(&self) -> usize {
        self.samples
    }
}

impl<Y, G: Fn(f64, &Y) -> f64, A: FnMut(f64, &Y) -> Action<Y>> Event<Y> for When<G, A> {
    fn value(&self, t: f64, y: &Y) -> f64 {
        (self.value)(t, y)
    }

    fn direction(&self) -> Direction {
        self.direction
    }

    fn occurred(&mut self, t: f64, y: &Y) -> Action<Y> {
        (self.action)(t, y)
    }

    fn samples(&self) -> usize {
        self.samples
    }
}
