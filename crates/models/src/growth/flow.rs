//! A trained flow with growth.

use crate::{Dynamics, ModelError, Sampler, Space};
use chreode_core::{Network, NetworkField, Seed, Snapshot, VectorField};
use ndarray::{Array1, Array2, ArrayView2, Axis, concatenate, s};
use rayon::prelude::*;

/// Rows integrated together; fixed, so that an adaptive solve does not depend on the thread count.
const ROWS: usize = 512;

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
        self.space.frame.check(points)?;
        let taus: Vec<f64> = times.iter().map(|&t| self.space.clock.network(t)).collect();
        let inside = self.space.frame.enter(points);
        let width = inside.ncols();
        let groups: Vec<_> = (0..inside.nrows()).step_by(ROWS).collect();
        let moved: Vec<Vec<Array2<f32>>> = groups
            .into_par_iter()
            .map(|start| {
                let rows = inside.slice(s![start..(start + ROWS).min(inside.nrows()), ..]);
                let mut state = Array2::zeros((rows.nrows(), width + 1));
                state.slice_mut(s![.., ..width]).assign(&rows);
                let field = Augmented {
                    velocity: NetworkField::new(&self.velocity),
                    growth: NetworkField::new(&self.growth),
                };
                sampler.trajectory(&field, state, &taus)
            })
            .collect::<Result<_, _>>()?;
        let mut states = (0..times.len())
            .map(|k| {
                let parts: Vec<_> = moved.iter().map(|group| group[k].view()).collect();
                let all = concatenate(Axis(0), &parts).unwrap_or_else(|_| Array2::zeros((0, width + 1)));
                let places = self.space.frame.leave(all.slice(s![.., ..width]).to_owned());
                let logarithms = all.column(width);
                let factors = logarithms.mapv(f32::exp);
                if let Some(row) = factors.iter().position(|factor| !factor.is_finite()) {
                    return Err(ModelError::Mass { row, time: times[k], logarithm: logarithms[row] });
                }
                Ok((places, factors))
            })
            .collect::<Result<Vec<_>, _>>()?;
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
        self.space.frame.check(points)?;
        let inside = self.space.frame.enter(points);
        let v = NetworkField::new(&self.velocity).eval(self.space.clock.network(t), &inside);
        Ok(self.space.frame.leave_velocity(v, self.space.clock.unit))
    }

    fn growth(&self, t: f64, points: ArrayView2<'_, f32>) -> Result<Option<Array1<f32>>, ModelError> {
        self.space.frame.check(points)?;
        let inside = self.space.frame.enter(points);
        let g = NetworkField::new(&self.growth).eval(self.space.clock.network(t), &inside);
        Ok(Some(g.column(0).mapv(|g| (f64::from(g) / self.space.clock.unit) as f32)))
    }
}
