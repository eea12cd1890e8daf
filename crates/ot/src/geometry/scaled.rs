//! Costs in units of their own mean, median or largest value.

use super::Geometry;
use super::order::{Survey, median, survey};
use crate::OtError;
use std::ops::Range;

/// What one unit of a scaled cost is. Forbidden moves (`+∞`) do not count.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Unit {
    /// The mean of the costs.
    Mean,
    /// The median: of an even number, the mean of the middle two.
    Median,
    /// The largest.
    Max,
    /// This number.
    Of(f64),
}

/// A geometry with its costs divided by one number, so that ε or a threshold has a meaning that units do not change.
///
/// Solvers see the divided costs; [`unit`](Self::unit) times a scaled value is the value in the original units.
///
/// ```
/// use chreode_ot::{Geometry, Scaled, Unit};
/// use ndarray::array;
///
/// let costs = Scaled::new(array![[1.0, 2.0], [3.0, 6.0]], Unit::Mean)?;
/// assert_eq!(costs.unit(), 3.0);
/// assert_eq!(costs.cost(1, 1), 2.0);
/// # Ok::<(), chreode_ot::OtError>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Scaled<G> {
    geometry: G,
    unit: f64,
}

impl<G: Geometry> Scaled<G> {
    /// Reads all costs once (for the median six times) and keeps the geometry. Takes a reference as well.
    ///
    /// # Errors
    /// An empty side, a cost that is NaN or −∞, or a unit that is not positive and finite: all costs 0, negative on
    /// average, or all forbidden.
    pub fn new(geometry: G, unit: Unit) -> Result<Self, OtError> {
        let Survey { sum, count, largest } = survey(&geometry)?;
        let (name, value) = match unit {
            Unit::Of(value) => ("the unit of the costs", value),
            Unit::Mean => ("the mean of the allowed costs", sum / count as f64),
            Unit::Max => ("the largest of the allowed costs", largest),
            Unit::Median => ("the median of the allowed costs", median(&geometry, count)),
        };
        if value > 0.0 && value.is_finite() {
            Ok(Self { geometry, unit: value })
        } else {
            Err(OtError::BadParameter { name, value, range: "positive and finite to scale by it" })
        }
    }

    /// What the costs are divided by.
    pub fn unit(&self) -> f64 {
        self.unit
    }

    fn times_unit(&self, h: &[f64]) -> Vec<f64> {
        h.iter().map(|h| h * self.unit).collect()
    }

    /// The geometry in its original units.
    pub fn original(&self) -> &G {
        &self.geometry
    }
}

impl<G: Geometry> Geometry for Scaled<G> {
    fn shape(&self) -> (usize, usize) {
        self.geometry.shape()
    }

    fn costs<'s>(&'s self, row: usize, columns: Range<usize>, buffer: &'s mut Vec<f64>) -> &'s [f64] {
        let mut own = std::mem::take(buffer);
        let costs = self.geometry.costs(row, columns.clone(), &mut own);
        let (start, length) = (costs.as_ptr(), costs.len());
        if own.as_ptr() == start {
            own.truncate(length);
            own.iter_mut().for_each(|c| *c /= self.unit);
        } else {
            // The costs lie in the geometry's own memory.
            let mut unused = Vec::new();
            let costs = self.geometry.costs(row, columns, &mut unused);
            own.clear();
            own.extend(costs.iter().map(|c| c / self.unit));
        }
        *buffer = own;
        buffer
    }

    fn cost(&self, row: usize, column: usize) -> f64 {
        self.geometry.cost(row, column) / self.unit
    }

    fn soft_rows(&self, epsilon: f64, h: &[f64]) -> Option<Vec<f64>> {
        let f = self.geometry.soft_rows(epsilon * self.unit, &self.times_unit(h))?;
        Some(f.into_iter().map(|f| f / self.unit).collect())
    }

    fn soft_columns(&self, epsilon: f64, h: &[f64]) -> Option<Vec<f64>> {
        let g = self.geometry.soft_columns(epsilon * self.unit, &self.times_unit(h))?;
        Some(g.into_iter().map(|g| g / self.unit).collect())
    }
}
