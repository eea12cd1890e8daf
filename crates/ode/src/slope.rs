//! The derivative of dense output.

use crate::{Chord, Dense, Interpolant, Tableau};
use chreode_core::VectorSpace;

/// An interpolant that can be differentiated, exactly: for a Runge-Kutta step the derivative of its
/// polynomial, one order below the interpolant itself.
pub trait DenseSlope<Y>: Dense<Y> {
    /// dy/dt of the interpolant at `t`, a time within the step.
    fn slope(&self, t: f64) -> Y;
}

impl<Y: VectorSpace> DenseSlope<Y> for Chord<Y> {
    fn slope(&self, _t: f64) -> Y {
        let rate = 1.0 / self.h;
        self.y0.zeros_like().plus(&[(-rate, &self.y0), (rate, &self.y1)])
    }
}

impl Tableau {
    /// The derivative dbᵢ/dθ of [`weight`](Self::weight), so that dy/dt = Σ bᵢ′(θ) kᵢ.
    pub fn weight_slope(&self, i: usize, theta: f64) -> f64 {
        let b = self.coefficients().b.get(i).copied().unwrap_or(0.0);
        let first = f64::from(u8::from(i == 0));
        let last = f64::from(u8::from(i + usize::from(self.fsal()) == self.stages()));
        let (bump, turn) = (theta * (1.0 - theta), 1.0 - 2.0 * theta);
        let hermite = 6.0 * b * bump + first * (turn * (1.0 - theta) - bump) - last * (turn * theta + bump);
        match self.coefficients().interpolant {
            Interpolant::Quadratic => 2.0 * b * theta + first * turn,
            Interpolant::Hermite => hermite,
            Interpolant::Quartic(d) => hermite + 2.0 * bump * turn * d[i],
            Interpolant::Extended { d, .. } => {
                let (value, rate) = horner(d[i], theta);
                hermite + 2.0 * bump * turn * value + bump * bump * rate
            }
            Interpolant::Polynomial(p) => {
                let (value, rate) = horner(p[i], theta);
                value + theta * rate
            }
        }
    }

    /// dy/dt at θ, over the stages `k`, those of the interpolant included.
    pub(crate) fn slope<Y: VectorSpace>(&self, theta: f64, k: &[Y]) -> Y {
        let terms: Vec<_> = k.iter().enumerate().map(|(i, k)| (self.weight_slope(i, theta), k)).collect();
        k[0].zeros_like().plus(&terms)
    }
}

/// `Σ pⱼ θʲ` and its derivative.
fn horner(p: &[f64], theta: f64) -> (f64, f64) {
    p.iter().rev().fold((0.0, 0.0), |(value, rate), p| (value * theta + p, rate * theta + value))
}
