//! A trained flow in the coordinates of an autoencoder.

use crate::groups::{carried, moved, velocity};
use crate::timeless::timeless;
use crate::{Dynamics, ModelError, Sampler, Space};
use chreode_core::{Network, NetworkField, NetworkJvp, Seed, Snapshot, VectorField};
use ndarray::{Array2, ArrayView2, Axis};

/// `x → ψ(flow(φ(x)))`: cells are encoded, carried by a velocity of the latent coordinates, and decoded.
#[derive(Clone, Debug)]
pub struct LatentFlow<N> {
    /// φ.
    pub encoder: N,
    /// ψ.
    pub decoder: N,
    /// v(t, z).
    pub velocity: N,
    /// Network coordinates and network time.
    pub space: Space,
}

impl<N: Network<Scalar = f32>> LatentFlow<N> {
    /// The latent coordinates of cells, a row each.
    ///
    /// # Errors
    /// A different number of columns.
    pub fn encode(&self, points: ArrayView2<'_, f32>) -> Result<Array2<f32>, ModelError> {
        self.space.frame.check(points)?;
        Ok(timeless(&self.encoder, self.space.frame.enter(points).view(), &mut N::Memory::default()))
    }

    /// The cells at latent coordinates.
    ///
    /// # Errors
    /// A different number of columns than the latent space has.
    pub fn decode(&self, latent: ArrayView2<'_, f32>) -> Result<Array2<f32>, ModelError> {
        let (expected, found) = (self.decoder.width().0, latent.ncols());
        if expected != found {
            return Err(ModelError::Dimensions { expected, found });
        }
        Ok(self.space.frame.leave(timeless(&self.decoder, latent, &mut N::Memory::default())))
    }
}

impl<N: NetworkJvp<Scalar = f32> + Send + Sync> Dynamics for LatentFlow<N> {
    fn space(&self) -> &Space {
        &self.space
    }

    fn evolve(
        &self,
        cells: &Snapshot,
        times: &[f64],
        sampler: &Sampler,
        _seed: Seed,
    ) -> Result<Vec<Snapshot>, ModelError> {
        let places = moved(&self.space, cells.points.view(), times, |_, rows, taus| {
            let mut memory = N::Memory::default();
            let latent = timeless(&self.encoder, rows.view(), &mut memory);
            let path = sampler.trajectory(&NetworkField::new(&self.velocity), latent, taus)?;
            Ok(path.iter().map(|z| timeless(&self.decoder, z.view(), &mut memory)).collect())
        })?;
        Ok(carried(cells, times, places))
    }

    /// `∂ψ/∂z v(t, φ(x))`.
    fn velocity(&self, t: f64, points: ArrayView2<'_, f32>) -> Result<Array2<f32>, ModelError> {
        velocity(&self.space, t, points, |tau, x| {
            let z = timeless(&self.encoder, x.view(), &mut N::Memory::default());
            let v = NetworkField::new(&self.velocity).eval(tau, &z);
            let mut memory = N::Memory::default();
            let mut along = timeless(&self.decoder, z.view(), &mut memory).insert_axis(Axis(0));
            self.decoder.tangent(v.view().insert_axis(Axis(0)), along.view_mut(), &mut memory);
            along.remove_axis(Axis(0))
        })
    }
}
