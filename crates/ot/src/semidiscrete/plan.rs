//! The semidiscrete plan: which point a sample goes to, what it costs, and how sure that is.

use crate::divergence::{contiguous, soft_minimum, weighted};
use crate::sinkhorn::exp;
use crate::{CostFunction, OtError};
use chreode_core::{Real, Seed, Stream};
use ndarray::{Array1, Array2, ArrayView1, ArrayView2};
use rayon::prelude::*;
use std::fmt;

/// The cells of the target points, and the sampler.
#[derive(Clone)]
pub(super) struct Cells<'s, C, S> {
    pub(super) sampler: &'s S,
    pub(super) cost: &'s C,
    /// The target points by coordinate.
    pub(super) columns: Array2<f64>,
    pub(super) b: Array1<f64>,
    pub(super) epsilon: f64,
}

impl<C: CostFunction, S: Fn(&mut Stream, &mut [f64]) + Sync> Cells<'_, C, S> {
    /// Sample `index` of a purpose.
    pub(super) fn draw(&self, seed: Seed, purpose: &str, index: u64, x: &mut [f64]) -> Result<(), OtError> {
        (self.sampler)(&mut seed.stream(purpose, index), x);
        match x.iter().position(|v| !v.is_finite()) {
            Some(column) => {
                Err(OtError::BadPoint { side: "source", row: index as usize, column, value: x[column] })
            }
            None => Ok(()),
        }
    }
}

impl<C: CostFunction, S> Cells<'_, C, S> {
    fn costs(&self, x: &[f64], out: &mut Vec<f64>) -> Result<(), OtError> {
        let columns: Vec<&[f64]> =
            self.columns.rows().into_iter().map(|c| c.to_slice().expect("contiguous")).collect();
        out.resize(self.b.len(), 0.0);
        self.cost.row(x, &columns, out);
        match out.iter().position(|c| c.is_nan() || *c == f64::NEG_INFINITY) {
            Some(column) => Err(OtError::BadCost { row: 0, column, value: out[column] }),
            None if out.iter().all(|c| *c == f64::INFINITY) => {
                Err(OtError::Infeasible { unplaced: 1.0, row: 0 })
            }
            None => Ok(()),
        }
    }

    /// The share of a sample at `x` that goes to each point.
    pub(super) fn shares(&self, x: &[f64], v: &Array1<f64>, out: &mut Vec<f64>) -> Result<(), OtError> {
        self.costs(x, out)?;
        if self.epsilon == 0.0 {
            let cell = least(out, v).0;
            out.fill(0.0);
            out[cell] = 1.0;
            return Ok(());
        }
        let h = weighted(v.view(), self.b.view(), self.epsilon);
        let low = soft_minimum(out, &h, self.epsilon);
        if !low.is_finite() {
            return Err(OtError::Infeasible { unplaced: 1.0, row: 0 });
        }
        out.iter_mut().zip(&h).for_each(|(c, h)| *c = exp((low - (*c - h)) / self.epsilon));
        Ok(())
    }

    /// The (soft) minimum of `c(x, y_j) − v_j`, and where it is.
    fn transform(&self, x: &[f64], v: &Array1<f64>, buffer: &mut Vec<f64>) -> Result<(usize, f64), OtError> {
        self.costs(x, buffer)?;
        let (cell, low) = least(buffer, v);
        if self.epsilon == 0.0 {
            return Ok((cell, low));
        }
        let h = weighted(v.view(), self.b.view(), self.epsilon);
        Ok((cell, soft_minimum(buffer, &h, self.epsilon)))
    }
}

/// The first least `c_j − v_j`.
fn least(costs: &[f64], v: &Array1<f64>) -> (usize, f64) {
    costs.iter().zip(v).enumerate().fold(
        (0, f64::INFINITY),
        |best, (j, (c, v))| {
            if c - v < best.1 { (j, c - v) } else { best }
        },
    )
}

/// What [`Semidiscrete::solve`](crate::Semidiscrete::solve) returns.
#[derive(Clone)]
pub struct SemidiscretePlan<'s, C, S> {
    cells: Cells<'s, C, S>,
    potential: Array1<f64>,
    seed: Seed,
}

// By hand, for closures as samplers and costs.
impl<C, S> fmt::Debug for SemidiscretePlan<'_, C, S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { potential, seed, .. } = self;
        f.debug_struct("SemidiscretePlan")
            .field("potential", potential)
            .field("seed", seed)
            .finish_non_exhaustive()
    }
}

/// An estimate with its sampling error.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ValueInterval {
    /// The estimate.
    pub value: f64,
    /// Its standard error.
    pub standard_error: f64,
    /// `value − z · standard_error`.
    pub low: f64,
    /// `value + z · standard_error`.
    pub high: f64,
}

impl<'s, C: CostFunction, S: Fn(&mut Stream, &mut [f64]) + Sync> SemidiscretePlan<'s, C, S> {
    pub(super) fn new(cells: Cells<'s, C, S>, potential: Array1<f64>, seed: Seed) -> Self {
        Self { cells, potential, seed }
    }

    /// The dual value `E h(X, v)` at this potential with a normal interval of `z` standard errors (1.96 for
    /// 95 %), from `samples` that the ascent has not seen.
    ///
    /// It is a lower bound of the transport cost in expectation, whatever the potential; the bound is as
    /// tight as the cells' [masses](Self::masses) are near the weights.
    ///
    /// # Errors
    /// Fewer than two samples, or a bad sample or cost.
    pub fn value(&self, samples: usize, z: f64) -> Result<ValueInterval, OtError> {
        if samples < 2 {
            let value = samples as f64;
            return Err(OtError::BadParameter { name: "the number of samples", value, range: "at least 2" });
        }
        let constant = self.cells.b.dot(&self.potential);
        let values = self.each_sample(samples, |x, buffer| {
            self.cells.transform(x, &self.potential, buffer).map(|(_, low)| low + constant)
        })?;
        let values = Array1::from(values);
        let value = values.sum() / samples as f64;
        let standard_error = values.std(1.0) / (samples as f64).sqrt();
        Ok(ValueInterval {
            value,
            standard_error,
            low: value - z * standard_error,
            high: value + z * standard_error,
        })
    }

    /// The share of the source that goes to each point, from `samples` that the ascent has not seen. The sum
    /// of the differences from the weights is the residual of the plan; a part of it is the noise of these
    /// samples.
    ///
    /// # Errors
    /// No sample, or a bad sample or cost.
    pub fn masses(&self, samples: usize) -> Result<Array1<f64>, OtError> {
        if samples == 0 {
            return Err(OtError::BadParameter {
                name: "the number of samples",
                value: 0.0,
                range: "at least 1",
            });
        }
        let mut sum = Array1::<f64>::zeros(self.potential.len());
        // A block at a time, so that memory stays small.
        const BLOCK: usize = 4096;
        for start in (0..samples).step_by(BLOCK) {
            let rows = self.each(start..(start + BLOCK).min(samples), |x, buffer| {
                self.cells.shares(x, &self.potential, buffer).map(|()| buffer.clone())
            })?;
            rows.iter().for_each(|row| sum += &ArrayView1::from(row));
        }
        Ok(sum / samples as f64)
    }

    fn each_sample<R: Send>(
        &self,
        samples: usize,
        f: impl Fn(&[f64], &mut Vec<f64>) -> Result<R, OtError> + Sync,
    ) -> Result<Vec<R>, OtError> {
        self.each(0..samples, f)
    }

    /// A function of fresh samples, in order; the first error is that of the lowest sample.
    fn each<R: Send>(
        &self,
        samples: std::ops::Range<usize>,
        f: impl Fn(&[f64], &mut Vec<f64>) -> Result<R, OtError> + Sync,
    ) -> Result<Vec<R>, OtError> {
        let rows: Vec<Result<R, OtError>> = samples
            .into_par_iter()
            .map_init(
                || (vec![0.0; self.cells.columns.nrows()], Vec::new()),
                |(x, buffer), k| {
                    self.cells.draw(self.seed, "semidiscrete value", k as u64, x)?;
                    f(x, buffer)
                },
            )
            .collect();
        rows.into_iter().collect()
    }
}

impl<C: CostFunction, S> SemidiscretePlan<'_, C, S> {
    /// `v`, one a target point, with `Σ_j b_j v_j = 0`.
    pub fn potential(&self) -> ArrayView1<'_, f64> {
        self.potential.view()
    }

    /// The cell of each row of `x`: the `j` with the least `c(x, y_j) − v_j`, the lowest of equals. Without
    /// entropy the sample goes there; with entropy it is where most of it goes for equal weights.
    ///
    /// # Errors
    /// Points of another dimension, a coordinate that is not finite, or a bad cost.
    pub fn assign<T: Real>(&self, x: ArrayView2<'_, T>) -> Result<Vec<usize>, OtError> {
        let d = self.cells.columns.nrows();
        if x.ncols() != d {
            return Err(OtError::Dimension { source_columns: x.ncols(), target_columns: d });
        }
        let x = contiguous(x);
        if let Some(((row, column), &value)) = x.indexed_iter().find(|(_, v)| !v.is_finite()) {
            return Err(OtError::BadPoint { side: "source", row, column, value });
        }
        let mut buffer = Vec::new();
        let one = |(row, x): (usize, ArrayView1<'_, f64>)| {
            let point = x.to_slice().expect("contiguous");
            self.cells.transform(point, &self.potential, &mut buffer).map(|(cell, _)| cell).map_err(|error| {
                match error {
                    OtError::BadCost { column, value, .. } => OtError::BadCost { row, column, value },
                    OtError::Infeasible { unplaced, .. } => OtError::Infeasible { unplaced, row },
                    other => other,
                }
            })
        };
        x.rows().into_iter().enumerate().map(one).collect()
    }
}
