//! Staying where cells are.

use crate::{ModelError, error::require};
use ndarray::{Array2, ArrayView2};
use serde::{Deserialize, Serialize};

/// The density regulariser of TrajectoryNet and MIOFlow: what a carried cell pays for each of its nearest measured cells
/// that is farther than it may be.
///
/// `Σ_ℓ max(0, d_ℓ(x) − h)` over the `neighbours` least distances d_ℓ from x to the cells. Tong et al., *TrajectoryNet*, ICML
/// 2020, arXiv:2002.04461, section 4.2; Huguet et al., *MIOFlow*, NeurIPS 2022, arXiv:2206.14928, eq. 9.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Crowd {
    /// What it counts.
    pub weight: f64,
    /// Nearest cells.
    pub neighbours: usize,
    /// h, the distance that is free, in network coordinates.
    pub free: f64,
}

impl Default for Crowd {
    fn default() -> Self {
        Self { weight: 1.0, neighbours: 5, free: 0.1 }
    }
}

impl Crowd {
    /// Checks every number.
    pub(crate) fn check(&self) -> Result<(), ModelError> {
        require("crowd.weight", self.weight, self.weight >= 0.0, "a number of 0 or more")?;
        require("crowd.neighbours", self.neighbours as f64, self.neighbours > 0, "1 or more")?;
        require("crowd.free", self.free, self.free >= 0.0, "a number of 0 or more")
    }

    /// The mean over the rows of `x`, times the weight; adds its gradient to `by_x`.
    pub(crate) fn pay(&self, x: &Array2<f32>, cells: ArrayView2<'_, f32>, by_x: &mut Array2<f32>) -> f64 {
        if self.weight == 0.0 {
            return 0.0;
        }
        let each = self.weight / x.nrows() as f64;
        let mut sum = 0.0;
        let mut near: Vec<(f64, usize)> = Vec::new();
        for (x, mut by) in x.rows().into_iter().zip(by_x.rows_mut()) {
            near.clear();
            near.extend(cells.rows().into_iter().enumerate().map(|(j, cell)| {
                (x.iter().zip(cell).map(|(x, c)| f64::from(x - c).powi(2)).sum::<f64>(), j)
            }));
            let k = self.neighbours.min(near.len());
            if k < near.len() {
                near.select_nth_unstable_by(k, |a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1)));
            }
            near[..k].sort_unstable_by(|a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1)));
            for &(square, j) in &near[..k] {
                let distance = square.sqrt();
                if distance > self.free {
                    sum += each * (distance - self.free);
                    let slope = (each / distance) as f32;
                    for ((by, x), c) in by.iter_mut().zip(x).zip(cells.row(j)) {
                        *by += slope * (x - c);
                    }
                }
            }
        }
        sum
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::array;

    #[test]
    fn only_cells_that_are_too_far_are_paid_for() {
        let crowd = Crowd { weight: 2.0, neighbours: 2, free: 1.0 };
        let (x, cells) = (array![[0.0_f32, 0.0], [3.0, 0.0]], array![[0.5_f32, 0.0], [0.0, 4.0], [9.0, 0.0]]);
        let mut by = Array2::zeros((2, 2));
        let paid = crowd.pay(&x, cells.view(), &mut by);
        // The first row is near one cell and 3 too far from the next; the second is 1.5 and 4 too far.
        assert!((paid - (3.0 + 1.5 + 4.0)).abs() < 1e-6, "{paid}");
        assert_eq!(by.row(0), array![0.0, -1.0]);
        assert!((by[[1, 0]] - (1.0 + 0.6)).abs() < 1e-6 && (by[[1, 1]] + 0.8).abs() < 1e-6, "{by}");
    }
}
