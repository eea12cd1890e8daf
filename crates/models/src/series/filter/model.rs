//! A trained filter.

use super::batch::{visits, way, width};
use super::config::{FilterConfig, Update};
use super::nets::FilterNets;
use crate::series::forecaster::check;
use crate::series::latent::cross_entropy;
use crate::series::walk::{Program, Tape, Visit};
use crate::series::{Forecaster, Individual, Predicted, Series};
use crate::timeless::{timeless, timeless_into};
use crate::{Clock, Data, ModelError, NetMemory, Space};
use chreode_core::{Network, Seed};
use ndarray::{Array2, Axis};
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

/// Forecasts of some individuals at network times of their own, increasing: the means, the deviations, and the labels'
/// probabilities.
struct Forecasts {
    mean: Vec<Array2<f32>>,
    deviation: Vec<Array2<f32>>,
    labels: Vec<Option<f64>>,
}

impl Filter {
    fn clock(&self) -> Clock {
        self.config.clock(self.space.clock)
    }

    fn group(&self, some: &[&Individual], taus: &[Vec<f64>]) -> Forecasts {
        let features = self.nets.features;
        let all: Vec<Vec<Visit>> = some
            .iter()
            .zip(taus)
            .map(|(one, taus)| visits(one, self.clock(), taus, false, &self.config))
            .collect();
        let program = Program::new(&all, width(features, &self.config), way(&self.config));
        let mut h = Array2::zeros((some.len(), self.nets.walk.state));
        let reads = self.nets.walk.forward(&program, &mut h, &mut Tape::default());
        let mut p = Array2::zeros((reads.nrows(), self.nets.readout.width().1));
        if p.nrows() > 0 {
            timeless_into(&self.nets.readout, reads.view(), p.view_mut(), &mut NetMemory::default());
        }
        let shape = |taus: &Vec<f64>| Array2::zeros((taus.len(), features));
        let mut mean: Vec<Array2<f32>> = taus.iter().map(shape).collect();
        let mut deviation = mean.clone();
        let mut next = vec![0; some.len()];
        for (k, read) in program.reads.iter().enumerate() {
            if all[read.row][read.visit].jump.is_some() {
                continue;
            }
            let i = next[read.row];
            next[read.row] += 1;
            for j in 0..features {
                mean[read.row][[i, j]] = p[[k, j]];
                deviation[read.row][[i, j]] = match self.config.update {
                    Update::GruOdeBayes => (-p[[k, features + j]]).exp(),
                    _ => self.config.noise as f32,
                };
            }
        }
        let mut labels = vec![None; some.len()];
        if let Some(net) = &self.nets.classifier {
            if !taus.iter().all(Vec::is_empty) {
                // The label is read at the last measurement, whatever else was asked.
                let none = vec![Vec::new(); some.len()];
                return Forecasts { labels: self.group(some, &none).labels, mean, deviation };
            }
            let odds = timeless(net, h.view(), &mut NetMemory::default());
            for (label, &odds) in labels.iter_mut().zip(&odds) {
                *label = Some((-cross_entropy(odds, true).0).exp());
            }
        }
        Forecasts { mean, deviation, labels }
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
        let sorted = |times: &Vec<f64>| {
            let mut order: Vec<usize> = (0..times.len()).collect();
            order.sort_by(|&a, &b| times[a].total_cmp(&times[b]));
            let taus = order.iter().map(|&i| self.clock().network(times[i])).collect();
            (order, taus)
        };
        let (orders, taus): (Vec<Vec<usize>>, Vec<Vec<f64>>) = times.iter().map(sorted).unzip();
        let starts: Vec<usize> = (0..given.len()).step_by(GROUP).collect();
        let groups = starts.into_par_iter().map(|start| {
            let end = (start + GROUP).min(given.len());
            let some: Vec<&Individual> = inside.individuals()[start..end].iter().collect();
            let found = self.group(&some, &taus[start..end]);
            let one = |i: usize| {
                let order = &orders[start + i];
                let mut place = vec![0; order.len()];
                order.iter().enumerate().for_each(|(k, &i)| place[i] = k);
                let mut spread = found.deviation[i].select(Axis(0), &place);
                for (mut column, &scale) in spread.columns_mut().into_iter().zip(&self.space.frame.scale) {
                    column *= scale as f32;
                }
                Predicted {
                    times: times[start + i].clone(),
                    mean: self.space.frame.leave(found.mean[i].select(Axis(0), &place)),
                    spread: Some(spread),
                    label: found.labels[i],
                }
            };
            (0..some.len()).map(one).collect::<Vec<_>>()
        });
        let groups: Vec<Vec<Predicted>> = groups.collect();
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
