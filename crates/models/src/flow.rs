//! A trained flow: a network with the coordinates and the clock it was trained in.

use crate::groups::{carried, moved, velocity};
use crate::{Dynamics, ModelError, Sampler, Space};
use chreode_core::{Network, NetworkField, Seed, Snapshot, VectorField};
use ndarray::{Array2, ArrayView2};

/// A velocity field over cells, in the user's times and coordinates.
///
/// dx/dt = v(t, x), with `x` in the coordinates of the file and `t` in its units of time. Inside, the
/// network sees standardised coordinates ([`Frame`](crate::Frame)) and network time ([`Clock`](crate::Clock)).
#[derive(Clone, Debug)]
pub struct Flow<N> {
    /// The network, with the parameters to predict with.
    pub network: N,
    /// Network coordinates and network time.
    pub space: Space,
}

impl<N: Network<Scalar = f32> + Sync> Flow<N> {
    /// Moves the rows of `points`, which are at `times[0]`, to each of `times`.
    ///
    /// One array a time, the first equal to `points`. Times may run backwards. Rows are split into
    /// fixed groups over the threads of the current pool; the result does not depend on their number.
    ///
    /// # Errors
    /// A different number of columns, or a failed solve.
    pub fn push(
        &self,
        points: ArrayView2<'_, f32>,
        times: &[f64],
        sampler: &Sampler,
    ) -> Result<Vec<Array2<f32>>, ModelError> {
        moved(&self.space, points, times, |_, rows, taus| {
            sampler.trajectory(&NetworkField::new(&self.network), rows, taus)
        })
    }

    /// The velocity of every row at time `t`, in the user's coordinates per unit of the user's time.
    ///
    /// # Errors
    /// A different number of columns.
    pub fn velocity(&self, t: f64, points: ArrayView2<'_, f32>) -> Result<Array2<f32>, ModelError> {
        velocity(&self.space, t, points, |tau, x| NetworkField::new(&self.network).eval(tau, x))
    }
}

impl<N: Network<Scalar = f32> + Send + Sync> Dynamics for Flow<N> {
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
        Ok(carried(cells, times, self.push(cells.points.view(), times, sampler)?))
    }

    fn velocity(&self, t: f64, points: ArrayView2<'_, f32>) -> Result<Array2<f32>, ModelError> {
        self.velocity(t, points)
    }
}
