//! A trained flow with growth.

use crate::groups::{solved, velocity};
use crate::{Dynamics, ModelError, Sampler, Space};
use chreode_core::{Network, NetworkField, Seed, Snapshot, VectorField};
use ndarray::{Array1, Array2, ArrayView2, s};

/// A velocity field and a growth rate over cells, in the user's times and coordinates.
///
/// `dx/dt = v(t, x)` and `d log m/dt = g(t, x)`, integrated together: the logarithm of the mass is one more column of
/// the state. Inside, both networks see standardised coordinates and network time.
#[derive(Clone, Debug)]
pub struct GrowthFlow<V, G> {
    /// The network of the velocity.
    pub velocity: V,
    /// The network of the growth rate.
    pub growth: G,
    /// Network coordinates and network time.
    pub space: Space,
}

/// Places of cells, and the factor of the mass of each.
type Carried = (Array2<f32>, Array1<f32>);

/// Rows `[x, log m]` in network coordinates and time.
struct Augmented<'n, V: Network + ?Sized, G: Network + ?Sized> {
    velocity: NetworkField<'n, V>,
    growth: NetworkField<'n, G>,
}

impl<V: Network<Scalar = f32>, G: Network<Scalar = f32>> VectorField<Array2<f32>> for Augmented<'_, V, G> {
    fn eval(&self, t: f64, y: &Array2<f32>) -> Array2<f32> {
        let mut dy = Array2::zeros(y.raw_dim());
        self.eval_into(t, y, &mut dy);
        dy
    }

    fn eval_into(&self, t: f64, y: &Array2<f32>, dy: &mut Array2<f32>) {
        let width = y.ncols() - 1;
        let x = y.slice(s![.., ..width]).to_owned();
        dy.slice_mut(s![.., ..width]).assign(&self.velocity.eval(t, &x));
        dy.slice_mut(s![.., width..]).assign(&self.growth.eval(t, &x));
    }
}

impl<V: Network<Scalar = f32> + Sync, G: Network<Scalar = f32> + Sync> GrowthFlow<V, G> {
    /// Moves the rows of `points` from `times[0]` to each of `times`: their places, and the factor of each one's mass.
    ///
    /// Times may run backwards. Rows are split into fixed groups over the threads of the current pool; the result does
    /// not depend on their number.
    ///
    /// # Errors
    /// A different number of columns, a failed solve, or a mass that no number holds.
    pub fn push(
        &self,
        points: ArrayView2<'_, f32>,
        times: &[f64],
        sampler: &Sampler,
    ) -> Result<Vec<Carried>, ModelError> {
        let width = points.ncols();
        let states = solved(&self.space, points, times, width + 1, |_, rows, taus| {
            let mut state = Array2::zeros((rows.nrows(), width + 1));
            state.slice_mut(s![.., ..width]).assign(&rows);
            let field = Augmented {
                velocity: NetworkField::new(&self.velocity),
                growth: NetworkField::new(&self.growth),
            };
            sampler.trajectory(&field, state, taus)
        })?;
        let at = |(all, &time): (Array2<f32>, &f64)| {
            let places = self.space.frame.leave(all.slice(s![.., ..width]).to_owned());
            let logarithms = all.column(width);
            let factors = logarithms.mapv(f32::exp);
            match factors.iter().position(|factor| !factor.is_finite()) {
                Some(row) => Err(ModelError::Mass { row, time, logarithm: logarithms[row] }),
                None => Ok((places, factors)),
            }
        };
        let mut states = states.into_iter().zip(times).map(at).collect::<Result<Vec<_>, _>>()?;
        if let Some((first, _)) = states.first_mut() {
            // Not a round trip through the network's coordinates: the cells as they were given.
            first.assign(&points);
        }
        Ok(states)
    }
}

impl<V, G> Dynamics for GrowthFlow<V, G>
where
    V: Network<Scalar = f32> + Send + Sync,
    G: Network<Scalar = f32> + Send + Sync,
{
    fn space(&self) -> &Space {
        &self.space
    }

    /// Weights are multiplied by the growth of each cell; cells without weights start with 1 each, so that a weight is
    /// the number of descendants.
    fn evolve(
        &self,
        cells: &Snapshot,
        times: &[f64],
        sampler: &Sampler,
        _seed: Seed,
    ) -> Result<Vec<Snapshot>, ModelError> {
        let moved = self.push(cells.points.view(), times, sampler)?;
        let at = |((points, factor), &time): ((Array2<f32>, Array1<f32>), &f64)| {
            let weights = match &cells.weights {
                Some(weights) => weights * &factor,
                None => factor,
            };
            Snapshot { time, points, weights: Some(weights) }
        };
        Ok(moved.into_iter().zip(times).map(at).collect())
    }

    fn velocity(&self, t: f64, points: ArrayView2<'_, f32>) -> Result<Array2<f32>, ModelError> {
        velocity(&self.space, t, points, |tau, x| NetworkField::new(&self.velocity).eval(tau, x))
    }

    fn growth(&self, t: f64, points: ArrayView2<'_, f32>) -> Result<Option<Array1<f32>>, ModelError> {
        self.space.frame.check(points)?;
        let inside = self.space.frame.enter(points);
        let g = NetworkField::new(&self.growth).eval(self.space.clock.network(t), &inside);
        Ok(Some(g.column(0).mapv(|g| (f64::from(g) / self.space.clock.unit) as f32)))
    }
}
