//! Problems to run laws on.

use chreode_core::Seed;
use ndarray::{Array1, Array2};
use rand::RngExt;

/// Which masses a solver takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Masses {
    /// Any, on any numbers of points.
    Any,
    /// Equal ones on equally many points, as of an assignment.
    Equal,
}

/// Two populations with their masses.
#[derive(Clone, Debug, PartialEq)]
pub struct TransportCase {
    /// Source points, one a row.
    pub x: Array2<f64>,
    /// Target points, one a row.
    pub y: Array2<f64>,
    /// Source masses, of sum 1.
    pub a: Array1<f64>,
    /// Target masses, of sum 1.
    pub b: Array1<f64>,
}

impl TransportCase {
    /// `n` and `m` uniform points of the unit cube in `d` dimensions, the targets moved by 0.3, with random masses. For
    /// [`Masses::Equal`] there are `n` of each with masses `1/n`.
    pub fn random(masses: Masses, [n, m, d]: [usize; 3], seed: u64) -> Self {
        let m = if masses == Masses::Equal { n } else { m };
        let mut rng = Seed(seed).stream("transport case", 0);
        let mut points = |count| Array2::from_shape_simple_fn((count, d), || rng.random::<f64>());
        let (x, y) = (points(n), points(m) + 0.3);
        let mut weights = |count: usize| {
            let w = Array1::from_shape_simple_fn(count, || match masses {
                Masses::Any => 0.05 + rng.random::<f64>(),
                Masses::Equal => 1.0,
            });
            let total = w.sum();
            w / total
        };
        let (a, b) = (weights(n), weights(m));
        Self { x, y, a, b }
    }
}
