//! A trained neural controlled differential equation.

use super::batch::Places;
use super::config::CdeConfig;
use super::control::Control;
use super::objective::CdeNets;
use crate::series::forecaster::check;
use crate::series::latent::cross_entropy;
use crate::series::{Forecaster, Individual, Predicted, Series};
use crate::{Data, ModelError, Space};
use chreode_core::Seed;
use ndarray::s;
use rayon::prelude::*;

/// Individuals solved together; no result depends on it.
const GROUP: usize = 64;

/// A neural controlled differential equation, trained.
#[derive(Debug)]
pub struct NeuralCde {
    pub(super) nets: CdeNets,
    pub(super) config: CdeConfig,
    pub(super) space: Space,
}

impl Forecaster for NeuralCde {
    fn space(&self) -> &Space {
        &self.space
    }

    fn starts_from(&self, one: &Individual) -> bool {
        one.times.len() > 1
    }

    fn predict(
        &self,
        given: &Series,
        times: &[Vec<f64>],
        _draws: usize,
        _seed: Seed,
    ) -> Result<Vec<Predicted>, ModelError> {
        check(&self.space, given, times)?;
        let inside = given.inside(&self.space.frame)?;
        let starts: Vec<usize> = (0..given.len()).step_by(GROUP).collect();
        let groups = starts.into_par_iter().map(|start| {
            let end = (start + GROUP).min(given.len());
            let some: Vec<&Individual> = inside.individuals()[start..end].iter().collect();
            let control = Control::new(&some, self.space.clock, self.config.path)?;
            let tau = |t: &f64| self.space.clock.network(*t);
            let asked: Vec<Vec<f64>> =
                times[start..end].iter().map(|times| times.iter().map(tau).collect()).collect();
            let places = Places::before(&control, &asked);
            let (x, odds) = self.nets.predict(&control, &places, self.config.substeps)?;
            let mut row = 0;
            let one = |(i, times): (usize, &Vec<f64>)| {
                let mean = x.slice(s![row..row + times.len(), ..]).to_owned();
                row += times.len();
                Predicted {
                    times: times.clone(),
                    mean: self.space.frame.leave(mean),
                    spread: None,
                    label: odds.as_ref().map(|odds| (-cross_entropy(odds[[i, 0]], true).0).exp()),
                }
            };
            Ok(times[start..end].iter().enumerate().map(one).collect::<Vec<_>>())
        });
        let groups: Vec<Vec<Predicted>> = groups.collect::<Result<_, ModelError>>()?;
        Ok(groups.into_iter().flatten().collect())
    }
}
