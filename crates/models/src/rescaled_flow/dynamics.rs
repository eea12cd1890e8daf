//! A trained flow with the weights of its cells.

use crate::{Dynamics, Flow, ModelError, Sampler, Space};
use chreode_core::{Network, NetworkField, Seed, Snapshot, VectorField};
use ndarray::{Array1, Array2, ArrayView2};

/// A velocity field, and the logarithms of η and ξ at the measured times.
#[derive(Clone, Debug)]
pub struct RescaledFlow<N> {
    /// The flow, with its coordinates and its clock.
    pub flow: Flow<N>,
    /// `(log η, log ξ)` of a cell at a measured time, in the network's coordinates and time.
    pub rescaling: N,
}

impl<N: Network<Scalar = f32> + Sync> RescaledFlow<N> {
    /// `(log η, log ξ)` of every row at the measured time `t`.
    ///
    /// # Errors
    /// A different number of columns.
    pub fn logarithms(&self, t: f64, points: ArrayView2<'_, f32>) -> Result<Array2<f32>, ModelError> {
        let space = &self.flow.space;
        space.frame.check(points)?;
        Ok(NetworkField::new(&self.rescaling).eval(space.clock.network(t), &space.frame.enter(points)))
    }
}

/// The times asked for and the measured ones between them, in order, with the place of each of the former.
fn stops(times: &[f64], measured: &[f64]) -> (Vec<f64>, Vec<usize>) {
    let (mut all, mut asked) = (Vec::new(), Vec::new());
    for &time in times {
        if let Some(&last) = all.last() {
            let mut between: Vec<f64> = measured
                .iter()
                .copied()
                .filter(|&m| m > f64::min(last, time) && m < f64::max(last, time))
                .collect();
            if time < last {
                between.reverse();
            }
            all.extend(between);
        }
        asked.push(all.len());
        all.push(time);
    }
    (all, asked)
}

impl<N: Network<Scalar = f32> + Send + Sync> Dynamics for RescaledFlow<N> {
    fn space(&self) -> &Space {
        &self.flow.space
    }

    /// Cells that stay at one time keep their weight; backwards every factor is undone.
    fn evolve(
        &self,
        cells: &Snapshot,
        times: &[f64],
        sampler: &Sampler,
        _seed: Seed,
    ) -> Result<Vec<Snapshot>, ModelError> {
        let measured = &self.flow.space.times;
        let (all, asked) = stops(times, measured);
        let states = self.flow.push(cells.points.view(), &all, sampler)?;
        let mut weight = cells.weights.clone().unwrap_or_else(|| Array1::ones(cells.len()));
        let mut weights = vec![weight.clone()];
        let inner = |t: f64, column: usize| {
            let end = if column == 0 { measured.last() } else { measured.first() };
            measured.contains(&t) && Some(&t) != end
        };
        for (k, pair) in all.windows(2).enumerate() {
            let forwards = pair[1] > pair[0];
            // Forwards η on leaving and 1/ξ on arriving; backwards ξ on leaving and 1/η on arriving.
            for (at, column, sign) in [(k, usize::from(!forwards), 1.0), (k + 1, usize::from(forwards), -1.0)]
            {
                if pair[0] != pair[1] && inner(all[at], column) {
                    let logarithms = self.logarithms(all[at], states[at].view())?;
                    weight
                        .iter_mut()
                        .zip(logarithms.column(column))
                        .for_each(|(w, f)| *w *= (sign * f).exp());
                }
            }
            weights.push(weight.clone());
        }
        let at = |(&k, &time): (&usize, &f64)| Snapshot {
            time,
            points: states[k].clone(),
            weights: Some(weights[k].clone()),
        };
        Ok(asked.iter().zip(times).map(at).collect())
    }

    fn velocity(&self, t: f64, points: ArrayView2<'_, f32>) -> Result<Array2<f32>, ModelError> {
        self.flow.velocity(t, points)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn measured_times_are_stops_in_both_directions() {
        let measured = [0.0, 1.0, 2.0];
        assert_eq!(stops(&[0.0, 2.0], &measured), (vec![0.0, 1.0, 2.0], vec![0, 2]));
        assert_eq!(stops(&[1.5, 0.5], &measured), (vec![1.5, 1.0, 0.5], vec![0, 2]));
        assert_eq!(stops(&[0.5, 0.5, 3.0], &measured), (vec![0.5, 0.5, 1.0, 2.0, 3.0], vec![0, 1, 4]));
    }
}
