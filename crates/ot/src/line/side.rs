//! The points of one side, and their order.

use crate::OtError;
use chreode_core::Real;
use ndarray::ArrayView1;
use rayon::prelude::*;

/// Points on a line, as given and sorted.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Side {
    /// As given.
    pub(super) points: Vec<f64>,
    /// `order[k]` is the index of the `k`-th point from the left; among equals the lower index first.
    pub(super) order: Vec<u32>,
    /// The points from left to right.
    pub(super) sorted: Vec<f64>,
}

impl Side {
    /// Checks and sorts; `place` moves a point to where it is compared.
    pub(super) fn new<T: Real>(
        side: &'static str,
        points: ArrayView1<'_, T>,
        place: impl Fn(f64) -> f64,
    ) -> Result<Self, OtError> {
        if points.is_empty() {
            return Err(OtError::Empty { side });
        }
        if points.len() >= u32::MAX as usize {
            let value = points.len() as f64;
            return Err(OtError::BadParameter {
                name: "the number of points",
                value,
                range: "below 2^32 - 1",
            });
        }
        if let Some((row, value)) = points.indexed_iter().find(|(_, v)| !v.is_finite()) {
            return Err(OtError::BadPoint { side, row, column: 0, value: Real::to_f64(*value) });
        }
        let points: Vec<f64> = points.iter().map(|v| place(Real::to_f64(*v))).collect();
        let order = order(&points);
        let sorted = order.iter().map(|&i| points[i as usize]).collect();
        Ok(Self { points, order, sorted })
    }

    pub(super) fn len(&self) -> usize {
        self.points.len()
    }
}

/// The indices of the points from left to right, among equals the lower first.
///
/// A total order, so that threads cannot change it. The leading bits of the position and the index share one number,
/// which sorts twice as fast as two; points that agree in those bits are sorted apart.
fn order(points: &[f64]) -> Vec<u32> {
    let mask = points.len().next_power_of_two() as u64 - 1;
    let mut keys: Vec<u64> = points.iter().zip(0..).map(|(&v, i)| key(v) & !mask | i).collect();
    if rayon::current_num_threads() == 1 {
        keys.sort_unstable();
    } else {
        keys.par_sort_unstable();
    }
    for alike in keys.chunk_by_mut(|a, b| a & !mask == b & !mask).filter(|alike| alike.len() > 1) {
        alike.sort_unstable_by_key(|k| (key(points[(k & mask) as usize]), *k));
    }
    keys.into_iter().map(|k| (k & mask) as u32).collect()
}

/// A number whose order is that of the values; both zeros are one.
fn key(value: f64) -> u64 {
    let bits = (value + 0.0).to_bits();
    if bits >> 63 == 1 { !bits } else { bits | 1 << 63 }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn points_that_agree_in_the_leading_bits_are_sorted_too() {
        let points: Vec<f64> = (0..5000).map(|i| 1e3 + f64::from(i * 7919 % 5000) * 1e-12).collect();
        let mut wanted: Vec<u32> = (0..5000).collect();
        wanted.sort_by(|&a, &b| points[a as usize].total_cmp(&points[b as usize]).then(a.cmp(&b)));
        assert_eq!(order(&points), wanted);
        assert_eq!(order(&[3.0]), [0]);
        assert_eq!(order(&[0.0, -0.0, -1.0]), [2, 0, 1]);
    }

    #[test]
    fn the_key_has_the_order_of_the_values() {
        let values = [f64::MIN, -2.5, -1.0, -1e-310, 0.0, 1e-310, 1.0, 2.5, f64::MAX];
        assert!(values.windows(2).all(|pair| key(pair[0]) < key(pair[1])));
        assert_eq!(key(-0.0), key(0.0));
    }
}
