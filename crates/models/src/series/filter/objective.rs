//! What forecasts lose, and its gradient.

use super::batch::FilterBatch;
use super::bayes::Normal;
use super::config::FilterConfig;
use super::nets::FilterNets;
use crate::series::latent::{cross_entropy, walk_gradient};
use crate::series::modules::Modules;
use crate::series::walk::{Tape, add};
use crate::timeless::timeless;
use crate::{ModelError, Net, NetMemory, Objective};
use chreode_core::{Network, ParameterView};
use ndarray::Array2;
use std::collections::BTreeMap;

/// The mean over measured values of −ln p(x | what was measured before), without its constant where the noise is fixed;
/// of GRU-ODE-Bayes plus `mixing` times the mean KL divergence of the next forecast from the posterior; plus
/// `label_weight` times the cross-entropy of the labels.
pub struct FilterObjective {
    pub(super) nets: FilterNets,
    config: FilterConfig,
    walk: Tape<Net>,
    readout: NetMemory,
    classifier: NetMemory,
    flat: Vec<f32>,
}

impl FilterObjective {
    pub(super) fn new(nets: FilterNets, config: &FilterConfig) -> Self {
        Self {
            nets,
            config: config.clone(),
            walk: Tape::default(),
            readout: NetMemory::default(),
            classifier: NetMemory::default(),
            flat: Vec::new(),
        }
    }

    /// The loss of forecasts `p` of the reads; `p` becomes its cotangent.
    fn forecasts(&self, batch: &FilterBatch, p: &mut Array2<f32>) -> f64 {
        let features = self.nets.features;
        let noise = self.config.noise * self.config.noise;
        let mut loss = 0.0;
        if !self.nets.tied {
            for ((p, target), weight) in p.iter_mut().zip(&batch.targets).zip(&batch.weights) {
                let error = f64::from(*p - target);
                loss += f64::from(*weight) * 0.5 * error * error / noise;
                *p = (f64::from(*weight) * error / noise) as f32;
            }
            return loss;
        }
        let said = p.clone();
        let normal = |k: usize, j: usize| Normal {
            mean: f64::from(said[[k, j]]),
            s: f64::from(said[[k, features + j]]),
        };
        p.fill(0.0);
        let mut before = BTreeMap::new();
        for (k, read) in batch.program.reads.iter().enumerate() {
            if !read.after {
                before.insert((read.row, read.visit), k);
            }
            for j in 0..features {
                let (x, weight) = (f64::from(batch.targets[[k, j]]), f64::from(batch.weights[[k, j]]));
                if weight == 0.0 {
                    continue;
                }
                let mut put = |k: usize, slopes: [f64; 2], weight: f64| {
                    p[[k, j]] += (weight * slopes[0]) as f32;
                    p[[k, features + j]] += (weight * slopes[1]) as f32;
                };
                if read.after {
                    let first = before[&(read.row, read.visit)];
                    let (value, by_first, by_next) = normal(first, j).update(x, noise, normal(k, j));
                    let weight = weight * self.config.mixing;
                    loss += weight * value;
                    put(first, by_first, weight);
                    put(k, by_next, weight);
                } else {
                    let (value, slopes) = normal(k, j).surprise(x);
                    loss += weight * value;
                    put(k, slopes, weight);
                }
            }
        }
        loss
    }
}

impl Objective for FilterObjective {
    type Batch = FilterBatch;

    fn layout(&self) -> Vec<ParameterView> {
        self.nets.parts().layout()
    }

    fn read_parameters(&self, flat: &mut [f32]) {
        self.nets.read_all(flat);
    }

    fn write_parameters(&mut self, flat: &[f32]) {
        self.nets.write_all(flat);
    }

    fn loss(&mut self, _stage: usize, batch: &FilterBatch, gradient: &mut [f32]) -> Result<f64, ModelError> {
        let mut h = Array2::zeros((batch.rows, self.nets.walk.state));
        let reads = self.nets.walk.forward(&batch.program, &mut h, &mut self.walk);
        let mut p = timeless(&self.nets.readout, reads.view(), &mut self.readout);
        let mut loss = self.forecasts(batch, &mut p);
        if !loss.is_finite() {
            return Ok(loss);
        }
        gradient.fill(0.0);
        let nets = &self.nets;
        let parts = nets.parts();
        let walk = nets.walk.modules().len();
        let mut dreads = Array2::zeros(reads.raw_dim());
        self.flat.resize(nets.readout.parameter_count(), 0.0);
        nets.readout.pullback(p.view(), Some(dreads.view_mut()), Some(&mut self.flat), &mut self.readout);
        // The readout's own parameters, or the first of the jump, which are the same.
        let place = if nets.tied { parts.range(walk - 1) } else { parts.range(walk) };
        add(&mut gradient[place], &self.flat);
        let mut dh = Array2::zeros(h.raw_dim());
        if let Some(net) = &nets.classifier {
            let known = batch.labels.iter().flatten().count().max(1) as f64;
            let scale = self.config.label_weight / known;
            let mut odds = timeless(net, h.view(), &mut self.classifier);
            for (odds, label) in odds.iter_mut().zip(&batch.labels) {
                let (value, slope) = label.map_or((0.0, 0.0), |label| cross_entropy(*odds, label));
                loss += scale * value;
                *odds = (scale * slope) as f32;
            }
            let own = parts.range(walk + usize::from(!nets.tied));
            net.pullback(odds.view(), Some(dh.view_mut()), Some(&mut gradient[own]), &mut self.classifier);
        }
        let end = parts.range(walk - 1).end;
        let into = walk_gradient(&nets.walk, &mut gradient[..end]);
        nets.walk.pullback(&batch.program, &mut dh, &dreads, &mut self.walk, into);
        Ok(loss)
    }

    fn solve_bytes(&self) -> usize {
        self.walk.bytes()
    }
}
