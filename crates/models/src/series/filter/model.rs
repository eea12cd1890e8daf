//! A trained filter.

use super::batch::{Reads, visits, way, width};
use super::config::{FilterConfig, Update};
use super::nets::FilterNets;
use crate::series::forecaster::check;
use crate::series::latent::cross_entropy;
use crate::series::walk::{Program, Visit};
use crate::series::{Forecaster, Individual, Predicted, Series};
use crate::timeless::{timeless, timeless_into};
use crate::{Clock, Data, ModelError, NetMemory, Space};
use chreode_core::{Network, Seed};
use ndarray::{Array2, s};
use rayon::prelude::*;

/// Individuals followed together; no result depends on it.
const GROUP: usize = 64;

/// An ODE-RNN, a GRU-ODE-Bayes or an RNN with gaps, trained.
#[derive(Debug)]
pub struct Filter {
    pub(super) nets: FilterNets,
    pub(super) config: FilterConfig,
    pub(super) space: Space,
}

/// Forecasts of some individuals: the means and the deviations, a row a time asked for, and the labels' probabilities.
struct Forecasts {
    mean: Array2<f32>,
    deviation: Array2<f32>,
    labels: Vec<Option<f64>>,
}

impl Filter {
    fn clock(&self) -> Clock {
        self.config.clock(self.space.clock)
    }

    /// Forecasts at network times of their own.
    fn group(&self, some: &[&Individual], taus: &[Vec<f64>]) -> Result<Forecasts, ModelError> {
        let (features, state) = (self.nets.features, self.nets.walk.state);
        let (way, width) = (way(&self.config), width(features, &self.config));
        let all: Vec<Vec<Visit>> =
            some.iter().map(|one| visits(one, self.clock(), Reads::After, &self.config)).collect();
        way.check(some, &all)?;
        let program = Program::new(&all, width, way);
        let mut last = Array2::zeros((some.len(), state));
        let states = self.nets.walk.states(&program, &mut last);
        let mut places: Vec<Vec<usize>> = all.iter().map(|visits| vec![0; visits.len()]).collect();
        for (k, read) in program.reads.iter().enumerate() {
            places[read.row][read.visit] = k;
        }
        // Each time is the end of a path of its own from the measurement before it, as if the next were then.
        let (mut owners, mut starts, mut paths) = (Vec::new(), Vec::new(), Vec::new());
        for (b, &tau) in taus.iter().enumerate().flat_map(|(b, taus)| taus.iter().map(move |tau| (b, tau))) {
            let before = all[b].partition_point(|visit| visit.at < tau).checked_sub(1);
            let from = before.map_or(0.0, |k| all[b][k].at);
            owners.push(some[b]);
            starts.push(before.map(|k| places[b][k]));
            paths.push(vec![Visit { at: tau - from, ..Visit::default() }]);
        }
        way.check(&owners, &paths)?;
        let mut ends = Array2::zeros((paths.len(), state));
        for (mut end, start) in ends.rows_mut().into_iter().zip(&starts) {
            if let Some(k) = *start {
                end.assign(&states.row(k));
            }
        }
        self.nets.walk.states(&Program::new(&paths, width, way), &mut ends);
        let mut p = Array2::zeros((ends.nrows(), self.nets.readout.width().1));
        if p.nrows() > 0 {
            timeless_into(&self.nets.readout, ends.view(), p.view_mut(), &mut NetMemory::default());
        }
        let deviation = match self.config.update {
            Update::GruOdeBayes => p.slice(s![.., features..]).mapv(|s| (-s).exp()),
            Update::OdeRnn | Update::Rnn => {
                Array2::from_elem((p.nrows(), features), self.config.noise as f32)
            }
        };
        let mut labels = vec![None; some.len()];
        if let Some(net) = &self.nets.classifier {
            let odds = timeless(net, last.view(), &mut NetMemory::default());
            for (label, &odds) in labels.iter_mut().zip(&odds) {
                *label = Some((-cross_entropy(odds, true).0).exp());
            }
        }
        Ok(Forecasts { mean: p.slice(s![.., ..features]).to_owned(), deviation, labels })
    }
}

impl Forecaster for Filter {
    fn space(&self) -> &Space {
        &self.space
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
            let tau = |t: &f64| self.clock().network(*t);
            let taus: Vec<Vec<f64>> =
                times[start..end].iter().map(|times| times.iter().map(tau).collect()).collect();
            let found = self.group(&some, &taus)?;
            let mut row = 0;
            let one = |(times, label): (&Vec<f64>, Option<f64>)| {
                let rows = s![row..row + times.len(), ..];
                row += times.len();
                let mut spread = found.deviation.slice(rows).to_owned();
                for (mut column, &scale) in spread.columns_mut().into_iter().zip(&self.space.frame.scale) {
                    column *= scale as f32;
                }
                Predicted {
                    times: times.clone(),
                    mean: self.space.frame.leave(found.mean.slice(rows).to_owned()),
                    spread: Some(spread),
                    label,
                }
            };
            Ok(times[start..end].iter().zip(found.labels).map(one).collect::<Vec<_>>())
        });
        let groups: Vec<Vec<Predicted>> = groups.collect::<Result<_, ModelError>>()?;
        Ok(groups.into_iter().flatten().collect())
    }

    /// The mean of ln p(x | what of `given` was measured before), of the values of `asked`.
    fn log_likelihood(&self, given: &Series, asked: &Series, seed: Seed) -> Result<Option<f64>, ModelError> {
        let times: Vec<Vec<f64>> = asked.individuals().iter().map(|one| one.times.clone()).collect();
        let said = self.predict(given, &times, 1, seed)?;
        let (mut sum, mut values) = (0.0, 0);
        for (said, one) in said.iter().zip(asked.individuals()) {
            let Some(spread) = &said.spread else { return Ok(None) };
            for (((_, j), &x), (m, d)) in one.values.indexed_iter().zip(said.mean.iter().zip(spread)) {
                if !x.is_nan() {
                    let scale = self.space.frame.scale[j];
                    let (error, d) = (f64::from(x - m) / scale, f64::from(*d) / scale);
                    sum -= 0.5 * (error / d).powi(2) + d.ln() + 0.5 * (2.0 * std::f64::consts::PI).ln();
                    values += 1;
                }
            }
        }
        Ok((values > 0).then(|| sum / values as f64))
    }
}
