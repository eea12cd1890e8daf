//! A trained neural ODE on series.

use super::batch::{Start, can_start, no_start};
use super::config::NeuralOdeConfig;
use super::objective::{PathNets, solver};
use crate::series::forecaster::check;
use crate::series::picks::Picks;
use crate::series::{Forecaster, Individual, Predicted, Series};
use crate::{Data, ModelError, Net, NetMemory, Space};
use chreode_core::{NetworkField, Seed};
use ndarray::Array2;
use rayon::prelude::*;

/// Individuals solved together; fixed, so that no result depends on the number of threads.
const GROUP: usize = 64;

/// A neural ODE on series, trained.
///
/// It predicts from the first measurement of an individual (the first two, for the second order), forwards and backwards
/// in time; later measurements change nothing.
#[derive(Debug)]
pub struct NeuralOde {
    pub(super) nets: PathNets,
    pub(super) config: NeuralOdeConfig,
    pub(super) space: Space,
}

impl NeuralOde {
    /// The field, in the network's coordinates and time.
    pub fn field(&self) -> &Net {
        &self.nets.field
    }

    /// A group: the features at each time since the start, one row a time.
    fn group(&self, some: &[&Individual], since: &[Vec<f64>]) -> Result<Array2<f32>, ModelError> {
        let starts: Vec<(&Individual, usize)> = some.iter().map(|one| (*one, 0)).collect();
        let start = Start::new(&starts, self.space.clock, self.config.order);
        let y0 = self.nets.start(&start, &mut NetMemory::default());
        let (solve, field) = (solver(self.config.tolerance()), NetworkField::new(&self.nets.field));
        // Forwards for what comes after the start, backwards for what came before.
        let part = |ahead: bool| -> Vec<Vec<f64>> {
            let chosen =
                |times: &Vec<f64>| times.iter().filter(|t| (**t >= 0.0) == ahead).map(|t| t.abs()).collect();
            since.iter().map(chosen).collect()
        };
        let mut parts = Vec::new();
        for (ahead, sign) in [(true, 1.0), (false, -1.0)] {
            let picks = Picks::new(&part(ahead));
            let grid: Vec<f64> = picks.grid.iter().map(|t| sign * t).collect();
            let states = solve.at(&field, y0.clone(), &grid)?;
            parts.push(picks.gather(&states, self.nets.features));
        }
        let mut rows = [0, 0];
        let mut all = Array2::zeros((since.iter().map(Vec::len).sum(), self.nets.features));
        for (mut row, &t) in all.rows_mut().into_iter().zip(since.iter().flatten()) {
            let part = usize::from(t < 0.0);
            row.assign(&parts[part].row(rows[part]));
            rows[part] += 1;
        }
        Ok(all)
    }
}

impl Forecaster for NeuralOde {
    fn space(&self) -> &Space {
        &self.space
    }

    fn starts_from(&self, one: &Individual) -> bool {
        can_start(one, 0, self.config.starts())
    }

    fn predict(
        &self,
        given: &Series,
        times: &[Vec<f64>],
        _draws: usize,
        _seed: Seed,
    ) -> Result<Vec<Predicted>, ModelError> {
        check(&self.space, given, times)?;
        if let Some(one) = given.individuals().iter().find(|one| !self.starts_from(one)) {
            return Err(no_start(one, given.features(), &self.config).into());
        }
        let inside = given.inside(&self.space.frame)?;
        let starts: Vec<usize> = (0..given.len()).step_by(GROUP).collect();
        let groups = starts.into_par_iter().map(|start| {
            let end = (start + GROUP).min(given.len());
            let some: Vec<&Individual> = inside.individuals()[start..end].iter().collect();
            let since = |(one, times): (&&Individual, &Vec<f64>)| {
                times.iter().map(|t| (t - one.times[0]) / self.space.clock.unit).collect()
            };
            let since: Vec<Vec<f64>> = some.iter().zip(&times[start..end]).map(since).collect();
            let all = self.group(&some, &since)?;
            let mut row = 0;
            let one = |times: &Vec<f64>| {
                let mean = all.slice(ndarray::s![row..row + times.len(), ..]).to_owned();
                row += times.len();
                Predicted {
                    times: times.clone(),
                    mean: self.space.frame.leave(mean),
                    spread: None,
                    label: None,
                }
            };
            Ok(times[start..end].iter().map(one).collect::<Vec<_>>())
        });
        let groups: Vec<Vec<Predicted>> = groups.collect::<Result<_, ModelError>>()?;
        Ok(groups.into_iter().flatten().collect())
    }
}
