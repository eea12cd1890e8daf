//! Semidiscrete transport: from a sampler to weighted points.

mod cell;
mod laplacian;
mod plan;
mod polygon;
mod power;

pub use plan::{SemidiscretePlan, ValueInterval};
pub use power::{PowerDiagram, power_transport};

use crate::divergence::contiguous;
use crate::weights::Weights;
use crate::{CostFunction, OtError, PointCloud};
use chreode_core::{Real, Seed, Stream};
use ndarray::{Array1, ArrayView1, ArrayView2};
use plan::Cells;
use rayon::prelude::*;

/// Transport from a measure that can be sampled to weighted points `y_j`, through its dual:
/// maximise `E h(X, v)` with `h(x, v) = Σ_j b_j v_j + min_j (c(x, y_j) − v_j)`, or with the soft minimum
/// `−ε log Σ_j b_j exp((v_j − c(x, y_j))/ε)` where ε is positive.
///
/// Averaged stochastic gradient ascent: the gradient of a sample is `b_j` minus the share of it that goes to
/// `y_j`; steps `step/√k`, and the potential returned is the mean of the iterates of the last half of the
/// way. A. Genevay et al., NeurIPS 2016, arXiv 1605.08527, algorithm 2; B. T. Polyak and A. B. Juditsky, SIAM
/// J. Control Optim. 30, 1992. The error falls as one over the square root of the samples drawn, so this is
/// for a few digits; how many, the [interval](SemidiscretePlan::value) and the
/// [residual](SemidiscretePlan::masses) say.
///
/// Sample `k` is drawn from a stream of its own, of the seed and of `k`: the same bits for any number of
/// threads.
///
/// ```
/// use chreode_core::Seed;
/// use chreode_ot::{Semidiscrete, SquaredEuclidean};
/// use ndarray::array;
/// use rand::RngExt;
///
/// // The unit interval to two points: the border between their cells is where 30% of the mass lies to the left.
/// let uniform = |rng: &mut chreode_core::Stream, x: &mut [f64]| x[0] = rng.random();
/// let y = array![[0.0], [1.0]];
/// let solver = Semidiscrete::new(2000, 64, 1.0, Seed(1));
/// let plan = solver.solve(&uniform, &SquaredEuclidean, y.view(), Some(array![0.3, 0.7].view()))?;
/// assert_eq!(plan.assign(array![[0.2], [0.4]].view())?, [0, 1]);
/// # Ok::<(), chreode_ot::OtError>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Semidiscrete {
    /// Steps of the ascent.
    pub iterations: usize,
    /// Samples a step.
    pub batch: usize,
    /// The size of the first step, in units of the cost over a share of mass: about the spread of the costs.
    /// Step `k` is `step/√k` times the gradient divided by the weights' mean.
    pub step: f64,
    /// ε, in units of the cost; zero for transport without entropy.
    pub epsilon: f64,
    /// Where the samples come from.
    pub seed: Seed,
}

impl Semidiscrete {
    /// Without entropy.
    pub fn new(iterations: usize, batch: usize, step: f64, seed: Seed) -> Self {
        Self { iterations, batch, step, epsilon: 0.0, seed }
    }

    /// The potential of the points `y` with weights `b` (`None`: equal), for a source that `sampler` draws
    /// from: it writes one point.
    ///
    /// # Errors
    /// No point, a coordinate that is not finite, bad weights, settings out of their range, a sampler that
    /// writes a number that is not finite, or a cost that is NaN or −∞ (a sample with only infinite costs has
    /// no target).
    pub fn solve<'s, T: Real, C: CostFunction, S: Fn(&mut Stream, &mut [f64]) + Sync>(
        &self,
        sampler: &'s S,
        cost: &'s C,
        y: ArrayView2<'_, T>,
        b: Option<ArrayView1<'_, T>>,
    ) -> Result<SemidiscretePlan<'s, C, S>, OtError> {
        self.check()?;
        PointCloud::new(y, y, cost).map_err(|error| match error {
            OtError::Empty { .. } => OtError::Empty { side: "target" },
            OtError::BadPoint { row, column, value, .. } => {
                OtError::BadPoint { side: "target", row, column, value }
            }
            other => other,
        })?;
        let b = Weights::new("target", "the target weights", b, y.nrows())?.shares;
        let m = y.nrows();
        let targets = contiguous(y);
        let cells = Cells { sampler, cost, columns: contiguous(targets.t()), b, epsilon: self.epsilon };
        let mut v = Array1::<f64>::zeros(m);
        let mut mean = Array1::<f64>::zeros(m);
        let half = self.iterations / 2;
        for k in 0..self.iterations {
            let first = (k * self.batch) as u64;
            let gradient = self.gradient(&cells, &v, first)?;
            v.scaled_add(self.step * m as f64 / ((k + 1) as f64).sqrt(), &gradient);
            if k >= half {
                let share = 1.0 / (k - half + 1) as f64;
                mean.zip_mut_with(&v, |mean, v| *mean += share * (v - *mean));
            }
        }
        // Defined up to a constant: Σ b_j v_j = 0.
        let centre = cells.b.dot(&mean);
        mean -= centre;
        Ok(SemidiscretePlan::new(cells, mean, self.seed))
    }

    /// `b − E (shares of a sample)` over one batch, in blocks of a fixed number of samples added in order.
    fn gradient<C: CostFunction, S: Fn(&mut Stream, &mut [f64]) + Sync>(
        &self,
        cells: &Cells<'_, C, S>,
        v: &Array1<f64>,
        first: u64,
    ) -> Result<Array1<f64>, OtError> {
        const BLOCK: usize = 32;
        let parts: Vec<Result<Array1<f64>, OtError>> = (0..self.batch.div_ceil(BLOCK))
            .into_par_iter()
            .map(|block| {
                let (mut shares, mut x) = (Vec::new(), vec![0.0; cells.columns.nrows()]);
                let mut sum = Array1::zeros(v.len());
                for k in block * BLOCK..((block + 1) * BLOCK).min(self.batch) {
                    cells.draw(self.seed, "semidiscrete ascent", first + k as u64, &mut x)?;
                    cells.shares(&x, v, &mut shares)?;
                    sum += &ArrayView1::from(&shares);
                }
                Ok(sum)
            })
            .collect();
        let mut gradient = cells.b.clone();
        for part in parts {
            gradient.scaled_add(-1.0 / self.batch as f64, &part?);
        }
        Ok(gradient)
    }

    fn check(&self) -> Result<(), OtError> {
        for (name, size) in [("the number of iterations", self.iterations), ("the batch", self.batch)] {
            if size == 0 {
                return Err(OtError::BadParameter { name, value: 0.0, range: "at least 1" });
            }
        }
        if !(self.step > 0.0 && self.step.is_finite()) {
            return Err(OtError::BadParameter {
                name: "the step",
                value: self.step,
                range: "positive and finite",
            });
        }
        if !(self.epsilon >= 0.0 && self.epsilon.is_finite()) {
            let range = "zero or positive, and finite";
            return Err(OtError::BadParameter { name: "epsilon", value: self.epsilon, range });
        }
        Ok(())
    }
}
