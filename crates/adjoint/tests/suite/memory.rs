//! How many states are alive at one time.

use crate::common;

use chreode_adjoint::{Adjoint, Discrete};
use chreode_core::{Pullback, Tolerance, VectorField, VectorSpace, Vjp};
use chreode_ode::DOPRI5;
use common::fixed;
use std::cell::Cell;

thread_local! {
    static ALIVE: Cell<usize> = const { Cell::new(0) };
    static MOST: Cell<usize> = const { Cell::new(0) };
}

/// A number that is counted while it lives.
struct Counted(f64);

fn counted(x: f64) -> Counted {
    ALIVE.set(ALIVE.get() + 1);
    MOST.set(MOST.get().max(ALIVE.get()));
    Counted(x)
}

impl Drop for Counted {
    fn drop(&mut self) {
        ALIVE.set(ALIVE.get() - 1);
    }
}

impl VectorSpace for Counted {
    fn plus(&self, terms: &[(f64, &Self)]) -> Self {
        counted(terms.iter().fold(self.0, |sum, (c, x)| sum + c * x.0))
    }
    fn zeros_like(&self) -> Self {
        counted(0.0)
    }
    fn dot(&self, other: &Self) -> f64 {
        self.0 * other.0
    }
    fn scaled_square_sum(&self, a: &Self, b: &Self, tolerance: Tolerance) -> (f64, usize) {
        ((self.0 / tolerance.scale(a.0, b.0)).powi(2), 1)
    }
}

/// dy/dt = −y³
struct Cubic;

impl VectorField<Counted> for Cubic {
    fn eval(&self, _t: f64, y: &Counted) -> Counted {
        counted(-y.0.powi(3))
    }
}

impl Vjp<Counted> for Cubic {
    type Params = [f64; 0];
    fn vjp(&self, t: f64, y: &Counted, a: &Counted) -> Pullback<Counted, [f64; 0]> {
        Pullback { value: self.eval(t, y), state: counted(-3.0 * y.0 * y.0 * a.0), params: [] }
    }
}

/// The most states alive at one time in a gradient, and the gradient.
fn most(adjoint: Discrete, steps: usize) -> (usize, f64) {
    assert_eq!(ALIVE.get(), 0);
    MOST.set(0);
    let times = [0.0, 5.0];
    let (_, g) = adjoint
        .gradient(&fixed(DOPRI5, steps), &Cubic, counted(1.0), &times, |_| vec![counted(0.0), counted(1.0)])
        .expect("a smooth solve");
    let y0 = g.y0.0;
    drop(g);
    assert_eq!(ALIVE.get(), 0, "nothing is left behind");
    (MOST.get(), y0)
}

#[test]
fn states_are_as_many_as_checkpoints() {
    // Two stages' worth of scratch space comes on top, whatever the number of steps and checkpoints.
    let (few, _) = most(Discrete::checkpoints(1), 20);
    for checkpoints in [1, 4, 11] {
        for steps in [20, 200, 900] {
            let (most, y0) = most(Discrete::checkpoints(checkpoints), steps);
            assert!(most < few + checkpoints, "{most} states alive with {checkpoints} checkpoints, {few}");
            // y = y₀ / √(1 + 2 y₀² t)
            assert!(
                (y0 / 11f64.powf(-1.5) - 1.0).abs() < 5e-3 * (20.0 / steps as f64).powi(4),
                "{y0}, {steps} steps"
            );
        }
    }
    let (all, _) = most(Discrete::stored(), 900);
    assert!((8 * 900..8 * 900 + few).contains(&all), "{all}");
    let (bounded, _) = most(Discrete::checkpoints(899), 900);
    assert!(bounded <= few + 898, "{bounded}");
    assert!(few < 60, "{few}");
}

#[test]
fn a_thousand_gradients_leave_nothing_behind() {
    for _ in 0..1000 {
        most(Discrete::checkpoints(3), 8);
    }
}
