//! The two losses: the length of paths, and the velocity along them.

use super::BentBatch;
use crate::{Batch, ModelError, Objective, Parts, Regression};
use chreode_core::{Network, NetworkJvp, ParameterView, TangentPullback};
use ndarray::{Array2, Array3, Axis};
use rayon::prelude::*;
use std::ops::Range;

/// In stage 0 the mean of `|γ̇|²_G` over rows, a function of the path's network; in stage 1 the regression of `γ̇` on
/// `γ + σ ε`, a function of the velocity's network.
pub struct BentPaths<N: Network<Scalar = f32>> {
    path: N,
    velocity: Regression<N>,
    sigma: f32,
    parts: Parts,
    memory: N::Memory,
}

/// Points and velocities of bent paths, per unit of `s`.
struct Curves {
    /// Where the path's network was asked, and in which direction: that of time.
    starts: Vec<f32>,
    direction: Array3<f32>,
    x: Array2<f32>,
    v: Array2<f32>,
}

impl<N: NetworkJvp<Scalar = f32>> BentPaths<N> {
    /// The losses of a path's network, of `[s, x₀, x₁]`, and a velocity's.
    pub fn new(path: N, velocity: N, sigma: f32) -> Self {
        let parts = Parts::default().with("path", &path).with("velocity", &velocity);
        Self { path, velocity: Regression::new(velocity), sigma, parts, memory: N::Memory::default() }
    }

    /// The network of velocities.
    pub fn into_velocity(self) -> N {
        self.velocity.network
    }

    /// Where the parameters of the path and of the velocity lie.
    pub fn ranges(&self) -> [Range<usize>; 2] {
        [self.parts.range(0), self.parts.range(1)]
    }

    /// The bent paths of a batch.
    fn curves(&mut self, batch: &BentBatch) -> Curves {
        let (rows, width) = batch.noise.dim();
        let starts: Vec<f32> = batch.interval.iter().map(|(start, _)| *start).collect();
        let mut direction = Array3::zeros((1, rows, 2 * width + 1));
        direction.index_axis_mut(Axis(2), 0).fill(1.0);
        let (mut bend, mut slope) = (Array2::zeros((rows, width)), Array3::zeros((1, rows, width)));
        self.path.forward(&starts, batch.ends.view(), bend.view_mut(), &mut self.memory);
        self.path.tangent(direction.view(), slope.view_mut(), &mut self.memory);
        let (mut x, mut v) = (bend.clone(), bend);
        for i in 0..rows {
            let s = batch.ends[[i, 0]];
            for k in 0..width {
                let (x0, x1) = (batch.ends[[i, 1 + k]], batch.ends[[i, 1 + width + k]]);
                let (phi, dot) = (x[[i, k]], slope[[0, i, k]]);
                x[[i, k]] = x0 + s * (x1 - x0) + s * (1.0 - s) * phi;
                v[[i, k]] = x1 - x0 + (1.0 - 2.0 * s) * phi + s * (1.0 - s) * dot;
            }
        }
        Curves { starts, direction, x, v }
    }

    /// The mean energy of the paths and its gradient by the path's parameters.
    fn bend(&mut self, batch: &BentBatch, gradient: &mut [f32]) -> f64 {
        let Curves { direction, x, v, .. } = self.curves(batch);
        let (rows, width) = x.dim();
        let (mut by_x, mut by_v) = (Array2::zeros((rows, width)), Array2::zeros((rows, width)));
        let each = rows / batch.metrics.len();
        let energies: Vec<f64> = by_x
            .axis_iter_mut(Axis(0))
            .into_par_iter()
            .zip(by_v.axis_iter_mut(Axis(0)))
            .enumerate()
            .map(|(i, (mut by_x, mut by_v))| {
                let (x, v) = (x.row(i), v.row(i));
                let slices = (x.as_slice(), v.as_slice(), by_x.as_slice_mut(), by_v.as_slice_mut());
                let (Some(x), Some(v), Some(by_x), Some(by_v)) = slices else {
                    unreachable!("rows are contiguous")
                };
                batch.metrics[i / each].energy(x, v, by_x, by_v)
            })
            .collect();
        let energy = energies.iter().sum::<f64>() / rows as f64;
        if energy.is_finite() {
            // By the chain rule: φ enters x by s (1 − s) and v by 1 − 2s, its slope enters v by s (1 − s).
            let (mut a, mut b) = (by_x, by_v.clone().insert_axis(Axis(0)));
            let scale = 1.0 / rows as f32;
            for i in 0..rows {
                let s = batch.ends[[i, 0]];
                for k in 0..width {
                    a[[i, k]] = scale * (s * (1.0 - s) * a[[i, k]] + (1.0 - 2.0 * s) * by_v[[i, k]]);
                    b[[0, i, k]] *= scale * s * (1.0 - s);
                }
            }
            let into = TangentPullback { params: Some(gradient), ..TangentPullback::default() };
            self.path.pullback_tangent(direction.view(), b.view(), Some(a.view()), into, &mut self.memory);
        }
        energy
    }

    /// Points and velocities to regress on.
    fn flow(&mut self, batch: &BentBatch) -> Batch {
        let Curves { starts, mut x, v: mut u, .. } = self.curves(batch);
        let mut t = starts;
        for (i, t) in t.iter_mut().enumerate() {
            let length = batch.interval[i].1;
            *t += batch.ends[[i, 0]] * length;
            u.row_mut(i).mapv_inplace(|v| v / length);
        }
        x.scaled_add(self.sigma, &batch.noise);
        Batch { t, x, u }
    }
}

impl<N: NetworkJvp<Scalar = f32>> Objective for BentPaths<N> {
    type Batch = BentBatch;

    fn layout(&self) -> Vec<ParameterView> {
        self.parts.layout()
    }

    fn read_parameters(&self, flat: &mut [f32]) {
        self.path.read_parameters(&mut flat[self.parts.range(0)]);
        self.velocity.read_parameters(&mut flat[self.parts.range(1)]);
    }

    fn write_parameters(&mut self, flat: &[f32]) {
        self.path.write_parameters(&flat[self.parts.range(0)]);
        self.velocity.write_parameters(&flat[self.parts.range(1)]);
    }

    fn loss(&mut self, stage: usize, batch: &BentBatch, gradient: &mut [f32]) -> Result<f64, ModelError> {
        let [path, velocity] = self.ranges();
        if stage == 0 {
            return Ok(self.bend(batch, &mut gradient[path]));
        }
        let rows = self.flow(batch);
        self.velocity.loss(stage, &rows, &mut gradient[velocity])
    }
}
