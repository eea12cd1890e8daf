//! A trained flow with its density.

use super::BaseDensity;
use super::field::Packed;
use crate::{Dynamics, Flow, ModelError, Sampler, Space};
use chreode_core::{NetworkJvp, Seed, Snapshot};
use ndarray::{Array1, Array2, ArrayView2, Axis, s};
use rayon::prelude::*;

/// Rows integrated together; fixed, so that an adaptive solve does not depend on the thread count.
const ROWS: usize = 256;

/// A flow from a base distribution, in the user's times and coordinates.
#[derive(Clone, Debug)]
pub struct DensityFlow<N> {
    /// The velocity.
    pub flow: Flow<N>,
    /// The distribution at the beginning, in network coordinates.
    pub base: BaseDensity,
    /// Network time of the beginning.
    pub start: f64,
}

impl<N: NetworkJvp<Scalar = f32> + Send + Sync> DensityFlow<N> {
    /// The log-density of every row at time `t`, with the exact divergence, in the user's coordinates.
    ///
    /// # Errors
    /// A different number of columns, or a failed solve.
    pub fn log_density(
        &self,
        t: f64,
        points: ArrayView2<'_, f32>,
        sampler: &Sampler,
    ) -> Result<Array1<f64>, ModelError> {
        let Space { frame, clock, .. } = &self.flow.space;
        frame.check(points)?;
        let inside = frame.enter(points);
        let (rows, width) = inside.dim();
        let times = [clock.network(t), self.start];
        let groups: Vec<_> = (0..rows).step_by(ROWS).collect();
        let parts: Vec<Array1<f64>> = groups
            .into_par_iter()
            .map(|first| {
                let some = inside.slice(s![first..(first + ROWS).min(rows), ..]);
                let mut state = Array2::zeros((some.nrows(), width + 1));
                state.slice_mut(s![.., ..width]).assign(&some);
                let field = Packed::new(&self.flow.network, some.nrows());
                let end = sampler.trajectory(&field, state, &times)?.pop().unwrap_or_default();
                let (base, _) = self.base.log_density(end.slice(s![.., ..width]).as_standard_layout().view());
                Ok(base + end.column(width).mapv(f64::from))
            })
            .collect::<Result<_, ModelError>>()?;
        let volume: f64 = frame.scale.iter().map(|scale| scale.ln()).sum();
        let parts: Vec<_> = parts.iter().map(|part| part.view()).collect();
        let all = ndarray::concatenate(Axis(0), &parts).unwrap_or_else(|_| Array1::zeros(0));
        Ok(all - volume)
    }

    /// `n` draws of the distribution at time `t`, in the user's coordinates.
    ///
    /// # Errors
    /// A failed solve.
    pub fn sample(&self, n: usize, t: f64, sampler: &Sampler, seed: Seed) -> Result<Array2<f32>, ModelError> {
        let Space { frame, clock, .. } = &self.flow.space;
        let base = frame.leave(self.base.sample(n, seed));
        let begin = clock.origin + self.start * clock.unit;
        Ok(self.flow.push(base.view(), &[begin, t], sampler)?.pop().unwrap_or(base))
    }
}

impl<N: NetworkJvp<Scalar = f32> + Send + Sync> Dynamics for DensityFlow<N> {
    fn space(&self) -> &Space {
        &self.flow.space
    }

    fn evolve(
        &self,
        cells: &Snapshot,
        times: &[f64],
        sampler: &Sampler,
        seed: Seed,
    ) -> Result<Vec<Snapshot>, ModelError> {
        self.flow.evolve(cells, times, sampler, seed)
    }

    fn velocity(&self, t: f64, points: ArrayView2<'_, f32>) -> Result<Array2<f32>, ModelError> {
        self.flow.velocity(t, points)
    }

    fn log_density(
        &self,
        t: f64,
        points: ArrayView2<'_, f32>,
        sampler: &Sampler,
    ) -> Result<Option<Array1<f64>>, ModelError> {
        self.log_density(t, points, sampler).map(Some)
    }
}
