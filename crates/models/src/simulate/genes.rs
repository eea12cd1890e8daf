//! The genes the masters drive, drawn once a simulation.

use super::toggle::hill;
use chreode_core::Seed;
use rand::RngExt;

/// What turns a downstream gene on.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Regulation {
    /// `H(x₁)`: a marker of the first fate.
    First,
    /// `H(x₂)`: a marker of the second fate.
    Second,
    /// `H(x₁) H(x₂)`: a marker of progenitors, which express both.
    Both,
    /// Always half on: tells nothing.
    Constitutive,
}

/// `dg/dt = r (base + gain · activity(x₁, x₂) − g)`.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Gene {
    regulation: Regulation,
    base: f64,
    gain: f64,
    turnover: f64,
    threshold: f64,
    hill: i32,
}

impl Gene {
    /// Gene number `index`; kinds take turns, constants are drawn.
    ///
    /// Turnover is log-uniform in `[½, 2] × turnover`, threshold uniform in `[0.3, 0.8]`, basal
    /// level uniform in `[0.05, 0.2]`, gain uniform in `[0.5, 2]`, exponent 2, 3 or 4.
    pub(super) fn draw(seed: Seed, index: usize, turnover: f64) -> Self {
        use Regulation::{Both, Constitutive, First, Second};
        let mut rng = seed.stream("genes", index as u64);
        let regulation = [First, Second, Both, First, Second, Both, Constitutive][index % 7];
        Self {
            regulation,
            turnover: turnover * 2f64.powf(rng.random_range(-1.0..1.0)),
            threshold: rng.random_range(0.3..0.8),
            base: rng.random_range(0.05..0.2),
            gain: rng.random_range(0.5..2.0),
            hill: rng.random_range(2..=4),
        }
    }

    /// What the gene gains and loses per unit of time.
    pub(super) fn rates(&self, x: [f64; 2], g: f64) -> (f64, f64) {
        let on = |v| hill(v, self.threshold, self.hill);
        let activity = match self.regulation {
            Regulation::First => on(x[0]),
            Regulation::Second => on(x[1]),
            Regulation::Both => on(x[0]) * on(x[1]),
            Regulation::Constitutive => 0.5,
        };
        (self.turnover * (self.base + self.gain * activity), self.turnover * g)
    }
}
