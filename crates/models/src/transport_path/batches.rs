//! Paths of minibatches.

use super::Pulled;
use crate::{Batch, BatchSource, Minibatches, ModelError, Pairing};
use ndarray::Array2;
use rand::{Rng, RngExt};
use rand_distr::{Distribution, StandardNormal};

/// Paths from the first minibatch to the last, pulled by those in between.
pub struct PathMatcher<'p, Q> {
    minibatches: Minibatches<'p>,
    pairings: [Q; 2],
    pulled: Pulled,
    rounds: usize,
    sigma: f32,
}

/// A minibatch, row by row the partners of another.
fn partners<Q: Pairing>(
    pairing: &Q,
    from: &Array2<f32>,
    to: &Array2<f32>,
    length: f64,
    rng: &mut dyn Rng,
) -> Result<Array2<f32>, ModelError> {
    let mut paired = Array2::zeros(from.raw_dim());
    for (source, target) in pairing.pair(from.view(), to.view(), length, rng)? {
        paired.row_mut(source).assign(&to.row(target));
    }
    Ok(paired)
}

impl<'p, Q: Pairing> PathMatcher<'p, Q> {
    /// Paths of `pulled` with noise `sigma`. Of the pairings, which use every cell, the first pairs the ends and the
    /// second chooses the partners in between, `rounds` times.
    pub fn new(
        minibatches: Minibatches<'p>,
        pairings: [Q; 2],
        pulled: Pulled,
        rounds: usize,
        sigma: f32,
    ) -> Self {
        Self { minibatches, pairings, pulled, rounds, sigma }
    }
}

impl<Q: Pairing> BatchSource for PathMatcher<'_, Q> {
    type Batch = Batch;

    fn batch(&self, index: u64) -> Result<Batch, ModelError> {
        let (cells, mut rng) = self.minibatches.draw(index);
        let times = self.minibatches.times();
        let (first, all) = (times[0], times[times.len() - 1] - times[0]);
        let (last, inner) = (cells.len() - 1, self.pulled.inner().len());
        let (rows, width) = cells[0].dim();
        let x0 = &cells[0];
        let x1 = partners(&self.pairings[0], x0, &cells[last], all, &mut rng)?;
        // Forces by inner time, row and coordinate; none at first, so that partners are chosen along the lines.
        let mut forces = vec![Array2::<f64>::zeros((rows, width)); inner];
        let (mut drawn, mut pull) = (vec![0.0; inner], vec![0.0; inner]);
        let gather = |forces: &[Array2<f64>], at: (usize, usize), pull: &mut [f64]| {
            pull.iter_mut().zip(forces).for_each(|(p, f)| *p = f[at]);
        };
        for _ in 0..self.rounds {
            let mut chosen = Vec::with_capacity(inner);
            for (k, &q) in self.pulled.inner().iter().enumerate() {
                let mut here = Array2::zeros((rows, width));
                for (at, x) in here.indexed_iter_mut() {
                    gather(&forces, at, &mut pull);
                    *x = self.pulled.at(q, f64::from(x0[at]), f64::from(x1[at]), &pull).0 as f32;
                }
                chosen.push(partners(&self.pairings[1], &here, &cells[k + 1], all, &mut rng)?);
            }
            for i in 0..rows {
                for j in 0..width {
                    drawn.iter_mut().zip(&chosen).for_each(|(d, c)| *d = f64::from(c[[i, j]]));
                    self.pulled.forces(f64::from(x0[[i, j]]), f64::from(x1[[i, j]]), &drawn, &mut pull);
                    forces.iter_mut().zip(&pull).for_each(|(f, p)| f[[i, j]] = *p);
                }
            }
        }
        let mut batch = Batch::empty(rows * last, width);
        for i in 0..rows {
            for pair in times.windows(2) {
                let s: f32 = rng.random();
                let time = pair[0] + f64::from(s) * (pair[1] - pair[0]);
                let (x, u) = batch.push(time as f32);
                for j in 0..width {
                    gather(&forces, (i, j), &mut pull);
                    let q = (time - first) / all;
                    let (position, velocity) =
                        self.pulled.at(q, f64::from(x0[[i, j]]), f64::from(x1[[i, j]]), &pull);
                    let noise: f32 = StandardNormal.sample(&mut rng);
                    x[j] = position as f32 + self.sigma * noise;
                    u[j] = (velocity / all) as f32;
                }
            }
        }
        Ok(batch)
    }
}
