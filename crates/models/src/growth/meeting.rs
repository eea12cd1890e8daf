//! How far carried cells are from measured ones.

use super::pushed::{MASS, Pushed};
use crate::ModelError;
use chreode_ot::{Order, wasserstein_gradient};
use ndarray::{Array1, Array2, ArrayView2};

/// What a weighted population is to meet at a time.
pub(super) struct Meeting<'a> {
    /// Cells measured there.
    pub(super) cells: ArrayView2<'a, f32>,
    /// The order of the distance, with whose power it counts.
    pub(super) order: Order,
}

impl Meeting<'_> {
    /// `W_pᵖ` between carried cells, each with the share of `prior · exp(log m)`, and the measured ones, alike; and its
    /// cotangents by the envelope theorem: the plan in the places, its dual potentials in the shares.
    ///
    /// # Errors
    /// A transport problem without a plan, e.g. cells that are not finite.
    pub(super) fn distance(&self, (x, q): &Pushed, prior: &Array1<f32>) -> Result<(f64, Pushed), ModelError> {
        // Relative to the largest: shares are what counts, and no exponential overflows.
        let largest = q.column(MASS).fold(f32::NEG_INFINITY, |a, &b| a.max(b));
        let weights: Array1<f32> =
            prior.iter().zip(q.column(MASS)).map(|(w, m)| w * (m - largest).exp()).collect();
        let (distance, gradient, _) =
            wasserstein_gradient(x.view(), self.cells, Some(weights.view()), None, self.order)?;
        let mut by_q = Array2::zeros(q.raw_dim());
        for ((mut by, slope), weight) in by_q.rows_mut().into_iter().zip(&gradient.a).zip(&weights) {
            by[MASS] = (slope * f64::from(*weight)) as f32;
        }
        Ok((distance.cost, (gradient.x.mapv(|g| g as f32), by_q)))
    }
}
