//! Pairs with the metric of the times they lie between.

use crate::{BatchSource, Couples, Land, Metric, ModelError, Pairing, Rbf, Shape};
use chreode_core::{Populations, Seed, Snapshot};
use ndarray::{Array2, Axis, concatenate};
use std::sync::Arc;

/// Pairs to bend the paths of, or to regress the velocities of bent paths on.
#[derive(Clone)]
pub struct BentBatch {
    /// The network time at which a row's interval begins, and its length.
    pub interval: Vec<(f32, f32)>,
    /// The fraction `s` of the way and the two cells: `[s, x₀, x₁]`.
    pub ends: Array2<f32>,
    /// Noise for the path.
    pub noise: Array2<f32>,
    /// The metric of each interval, in order; every interval has as many rows.
    pub metrics: Vec<Arc<dyn Metric>>,
}

/// Couples and metrics.
pub struct BentMatcher<'p, Q> {
    couples: Couples<'p, Q>,
    metric: Source,
}

/// Where metrics come from.
enum Source {
    /// Anew for every step, of its minibatches.
    Land(f64, Shape),
    /// Once for all.
    Rbf(Vec<Arc<dyn Metric>>),
}

impl<'p, Q: Pairing> BentMatcher<'p, Q> {
    /// With LAND metrics of kernels of width `gamma`.
    pub fn land(couples: Couples<'p, Q>, gamma: f64, shape: Shape) -> Self {
        Self { couples, metric: Source::Land(gamma, shape) }
    }

    /// With an RBF metric of `centres` centres for each interval.
    pub fn rbf(couples: Couples<'p, Q>, centres: usize, kappa: f64, shape: Shape, seed: Seed) -> Self {
        let metrics = metrics(couples.minibatches().populations(), centres, kappa, shape, seed);
        Self::along(couples, metrics)
    }

    /// With these metrics, one an interval.
    pub(super) fn along(couples: Couples<'p, Q>, metrics: Vec<Arc<dyn Metric>>) -> Self {
        Self { couples, metric: Source::Rbf(metrics) }
    }
}

/// An RBF metric of `centres` centres for each interval.
pub(super) fn metrics(
    data: &Populations,
    centres: usize,
    kappa: f64,
    shape: Shape,
    seed: Seed,
) -> Vec<Arc<dyn Metric>> {
    let between = |(k, pair): (usize, &[Snapshot])| -> Arc<dyn Metric> {
        let cells = concatenate![Axis(0), pair[0].points, pair[1].points];
        Arc::new(Rbf::fit(cells.view(), centres, kappa, shape, seed.child(&k.to_string())))
    };
    data.snapshots().windows(2).enumerate().map(between).collect()
}

impl<Q: Pairing> BatchSource for BentMatcher<'_, Q> {
    type Batch = BentBatch;

    fn batch(&self, index: u64) -> Result<BentBatch, ModelError> {
        let (rows, width) = (self.couples.rows(), self.couples.minibatches().populations().dims());
        let metrics = match &self.metric {
            Source::Rbf(metrics) => metrics.clone(),
            Source::Land(gamma, shape) => {
                let cells = self.couples.minibatches().draw(index).0;
                let between = |pair: &[Array2<f32>]| -> Arc<dyn Metric> {
                    Arc::new(Land::new(concatenate![Axis(0), pair[0], pair[1]], *gamma, *shape))
                };
                cells.windows(2).map(between).collect()
            }
        };
        let mut interval = Vec::with_capacity(rows);
        let (mut ends, mut noise) =
            (Vec::with_capacity(rows * (2 * width + 1)), Vec::with_capacity(rows * width));
        self.couples.each(index, |moment| {
            let length = moment.ends.length;
            interval.push((moment.time - moment.s * length, length));
            ends.push(moment.s);
            ends.extend_from_slice(moment.ends.x0);
            ends.extend_from_slice(moment.ends.x1);
            noise.extend_from_slice(moment.ends.noise);
        })?;
        let array = |values, columns| Array2::from_shape_vec((rows, columns), values).expect("a row a pair");
        Ok(BentBatch { interval, ends: array(ends, 2 * width + 1), noise: array(noise, width), metrics })
    }
}
