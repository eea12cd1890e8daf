//! The cost of the static form of Wasserstein-Fisher-Rao.

use crate::{CostFunction, SquaredEuclidean};
use std::f64::consts::{FRAC_PI_2, FRAC_PI_4};

/// `-log cos²(min(|x - y|/(2δ), π/2))`; +∞ from the distance πδ on.
///
/// Made by [`WassersteinFisherRao::cost`](crate::WassersteinFisherRao::cost).
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ConeCost {
    pub(super) delta: f64,
}

impl ConeCost {
    /// The cost at a distance.
    pub fn at(&self, distance: f64) -> f64 {
        let angle = distance / (2.0 * self.delta);
        if angle >= FRAC_PI_2 {
            f64::INFINITY
        } else if angle < FRAC_PI_4 {
            // cos² = 1 - sin², which keeps small costs exact.
            let sine = angle.sin();
            -(-sine * sine).ln_1p()
        } else {
            -2.0 * angle.cos().ln()
        }
    }
}

impl CostFunction for ConeCost {
    fn cost(&self, x: &[f64], y: &[f64]) -> f64 {
        self.at(SquaredEuclidean.cost(x, y).sqrt())
    }

    fn row(&self, x: &[f64], columns: &[&[f64]], out: &mut [f64]) {
        SquaredEuclidean.row(x, columns, out);
        out.iter_mut().for_each(|c| *c = self.at(c.sqrt()));
    }
}
