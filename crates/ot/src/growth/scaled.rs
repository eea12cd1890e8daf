//! Costs divided by one number.

use crate::simplex::check;
use crate::{Geometry, OtError};
use std::ops::Range;

/// The costs of another geometry, divided by a number: ε and λ then mean the same for every data set.
#[derive(Clone, Copy, Debug)]
pub struct ScaledGeometry<'g, G: ?Sized> {
    geometry: &'g G,
    scale: f64,
}

impl<'g, G: Geometry + ?Sized> ScaledGeometry<'g, G> {
    /// The costs divided by `scale`.
    ///
    /// # Errors
    /// A scale that is not positive and finite.
    pub fn new(geometry: &'g G, scale: f64) -> Result<Self, OtError> {
        if scale > 0.0 && scale.is_finite() {
            return Ok(Self { geometry, scale });
        }
        let (name, range) = ("the scale of the costs", "positive and finite");
        Err(OtError::BadParameter { name, value: scale, range })
    }

    /// The costs divided by their median (of all n m; the mean of the two in the middle of an even number).
    ///
    /// Holds all costs for a moment.
    ///
    /// # Errors
    /// A cost that is NaN or −∞, or a median that is not positive and finite.
    pub fn median(geometry: &'g G) -> Result<Self, OtError> {
        check(geometry)?;
        let (n, m) = geometry.shape();
        let (mut all, mut buffer) = (Vec::with_capacity(n * m), Vec::new());
        for row in 0..n {
            all.extend_from_slice(geometry.costs(row, 0..m, &mut buffer));
        }
        if all.is_empty() {
            return Err(OtError::Empty { side: if n == 0 { "source" } else { "target" } });
        }
        let half = all.len() / 2;
        let even = all.len().is_multiple_of(2);
        let (below, &mut middle, _) = all.select_nth_unstable_by(half, f64::total_cmp);
        let lower = if even { below.iter().copied().fold(f64::NEG_INFINITY, f64::max) } else { middle };
        Self::new(geometry, 0.5 * (lower + middle))
    }

    /// The costs divided by their mean.
    ///
    /// # Errors
    /// A cost that is NaN or −∞, or a mean that is not positive and finite.
    pub fn mean(geometry: &'g G) -> Result<Self, OtError> {
        check(geometry)?;
        let (n, m) = geometry.shape();
        let mut buffer = Vec::new();
        let sum: f64 = (0..n).map(|row| geometry.costs(row, 0..m, &mut buffer).iter().sum::<f64>()).sum();
        Self::new(geometry, sum / (n * m) as f64)
    }

    /// The number by which the costs are divided.
    pub fn scale(&self) -> f64 {
        self.scale
    }
}

impl<G: Geometry + ?Sized> Geometry for ScaledGeometry<'_, G> {
    fn shape(&self) -> (usize, usize) {
        self.geometry.shape()
    }

    fn costs<'s>(&'s self, row: usize, columns: Range<usize>, buffer: &'s mut Vec<f64>) -> &'s [f64] {
        let mut inner = Vec::new();
        let costs = self.geometry.costs(row, columns, &mut inner);
        buffer.clear();
        buffer.extend(costs.iter().map(|c| c / self.scale));
        buffer
    }

    fn cost(&self, row: usize, column: usize) -> f64 {
        self.geometry.cost(row, column) / self.scale
    }
}
