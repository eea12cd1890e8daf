//! What MIOFlow minimises.

use super::MioBatch;
use crate::crowd::Crowd;
use crate::growth::meeting::Meeting;
use crate::growth::pushed::{ENERGY, Push, Pushed, nothing};
use crate::timeless::timeless;
use crate::{ModelError, Objective, Parts};
use chreode_core::{Network, ParameterView};
use chreode_ot::Order;
use ndarray::{Array1, Array2};
use std::ops::Range;

/// The stage in which neighbouring snapshots are joined; the autoencoder is before it, all snapshots are after.
const LOCAL: usize = 1;

/// Three losses, one a stage:
///
/// 0. of the autoencoder (φ, ψ), `Σᵢⱼ (|φ(xᵢ) − φ(xⱼ)| − dᵢⱼ)² / Σᵢⱼ dᵢⱼ² + r mean |ψ(φ(x)) − x|²`, with geodesic distances d;
/// 1. of the latent velocity, `Σₖ W₂²(ẑₖ, φ(Xₖ)) + λ_e ∫ |v|² dt + λ_d Σₖ crowd(ẑₖ)`, where ẑₖ are the cells of the snapshot
///    before, carried on to time k;
/// 2. the same, where ẑₖ are the cells of the first snapshot, carried through all times.
///
/// Gradients of the plans by the envelope theorem, and through the solve by the adjoint of its steps.
pub struct ManifoldFitting<N: Network<Scalar = f32>> {
    /// φ.
    pub encoder: N,
    /// ψ.
    pub decoder: N,
    /// v(t, z).
    pub velocity: N,
    pub(super) reconstruction: f64,
    pub(super) energy: f64,
    pub(super) crowd: Crowd,
    pub(super) push: Push<N, N>,
    /// Network time of every snapshot.
    pub(super) times: Vec<f64>,
    pub(super) parts: Parts,
    pub(super) memory: [N::Memory; 2],
}

impl<N: Network<Scalar = f32>> ManifoldFitting<N> {
    /// The parameters of the autoencoder, and those of the velocity.
    pub(super) fn ranges(&self) -> [Range<usize>; 2] {
        [self.parts.range(0).start..self.parts.range(1).end, self.parts.range(2)]
    }

    fn encode(&mut self, cells: &Array2<f32>, distances: &Array2<f32>, gradient: &mut [f32]) -> f64 {
        let z = timeless(&self.encoder, cells.view(), &mut self.memory[0]);
        let mut back = timeless(&self.decoder, z.view(), &mut self.memory[1]);
        let square: f64 = distances.iter().filter(|d| d.is_finite()).map(|d| f64::from(*d).powi(2)).sum();
        let mut by_z = Array2::zeros(z.raw_dim());
        let mut stress = 0.0;
        for ((i, j), &wanted) in distances.indexed_iter().filter(|((i, j), d)| i != j && d.is_finite()) {
            let apart = &z.row(i) - &z.row(j);
            let found = apart.dot(&apart).sqrt();
            let miss = f64::from(found - wanted);
            stress += miss * miss / square;
            if found > 0.0 {
                // The pair is met twice, as (i, j) and as (j, i).
                by_z.row_mut(i).scaled_add((4.0 * miss / square) as f32 / found, &apart);
            }
        }
        let each = self.reconstruction / back.len() as f64;
        let mut lost = 0.0;
        for (b, x) in back.iter_mut().zip(cells) {
            let miss = f64::from(*b - x);
            lost += each * miss * miss;
            *b = (2.0 * each * miss) as f32;
        }
        let loss = stress + lost;
        if loss.is_finite() {
            let mut through = Array2::zeros(z.raw_dim());
            let to = &mut gradient[self.parts.range(1)];
            self.decoder.pullback(back.view(), Some(through.view_mut()), Some(to), &mut self.memory[1]);
            by_z += &through;
            let to = &mut gradient[self.parts.range(0)];
            self.encoder.pullback(by_z.view(), None, Some(to), &mut self.memory[0]);
        }
        loss
    }

    /// The loss of carrying `cells[0]` through the others, with its gradient added.
    fn carry(&self, cells: &[Array2<f32>], times: &[f64], gradient: &mut [f32]) -> Result<f64, ModelError> {
        let (first, later) = cells.split_first().expect("a batch has cells of two times at least");
        let equal = Array1::ones(first.nrows());
        let (loss, params) = self.push.fit((&self.velocity, None), first.clone(), times, |ys| {
            let mut cotangents = nothing(ys);
            let mut sum = 0.0;
            for ((y, to), cells) in ys.iter().zip(&mut cotangents).skip(1).zip(later) {
                let (distance, found) =
                    Meeting { cells: cells.view(), order: Order::Two }.distance(y, &equal)?;
                *to = found;
                sum += distance + self.crowd.pay(&y.0, cells.view(), &mut to.0);
            }
            sum += self.spent(ys, &mut cotangents);
            Ok((sum, cotangents))
        })?;
        gradient.iter_mut().zip(&params).for_each(|(to, from)| *to += *from);
        Ok(loss)
    }

    /// The mean energy of the paths.
    fn spent(&self, ys: &[Pushed], cotangents: &mut [Pushed]) -> f64 {
        let (Some((_, q)), Some((_, by))) = (ys.last(), cotangents.last_mut()) else { return 0.0 };
        let each = self.energy / q.nrows() as f64;
        by.column_mut(ENERGY).fill(each as f32);
        each * q.column(ENERGY).iter().map(|&e| f64::from(e)).sum::<f64>()
    }
}

impl<N: Network<Scalar = f32>> Objective for ManifoldFitting<N> {
    type Batch = MioBatch;

    fn layout(&self) -> Vec<ParameterView> {
        self.parts.layout()
    }

    fn read_parameters(&self, flat: &mut [f32]) {
        for (k, network) in [&self.encoder, &self.decoder, &self.velocity].into_iter().enumerate() {
            network.read_parameters(&mut flat[self.parts.range(k)]);
        }
    }

    fn write_parameters(&mut self, flat: &[f32]) {
        for (k, network) in [&mut self.encoder, &mut self.decoder, &mut self.velocity].into_iter().enumerate()
        {
            network.write_parameters(&flat[self.parts.range(k)]);
        }
    }

    fn loss(&mut self, stage: usize, batch: &MioBatch, gradient: &mut [f32]) -> Result<f64, ModelError> {
        gradient.fill(0.0);
        let cells = match batch {
            MioBatch::Encode { cells, distances } => return Ok(self.encode(cells, distances, gradient)),
            MioBatch::Carry(cells) => cells,
        };
        let inside: Vec<_> =
            cells.iter().map(|x| timeless(&self.encoder, x.view(), &mut self.memory[0])).collect();
        let to = &mut gradient[self.parts.range(2)];
        if stage > LOCAL {
            return self.carry(&inside, &self.times, to);
        }
        let pairs = inside.windows(2).zip(self.times.windows(2));
        pairs.map(|(pair, times)| self.carry(pair, times, to)).sum()
    }

    fn solve_bytes(&self) -> usize {
        self.push.solve_bytes()
    }
}
