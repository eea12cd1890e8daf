//! Which end a cell comes to, with what probability, and how sure that is.
//!
//! Cells are moved by a trained model until they are absorbed: a path counts for the first terminal set that it meets, and
//! one that meets none by the end of time for the set whose centre is nearest (or is counted at the end alone, see
//! [`Ending`]). The fate of a cell is the share of its paths, over the noise of a stochastic model and over models:
//!
//! `p_k(x) = 1/(M P) Σ_m Σ_p 1[path p of model m from x ends in set k]`
//!
//! Models trained from several seeds or on resampled cells differ where the data do not decide; their spread is the
//! uncertainty of a cell's fate (Lakshminarayanan et al., NeurIPS 2017, arXiv:1612.01474). The share of the population that
//! comes to an end has an interval from a bootstrap over cells and models together.

mod terminals;

pub use terminals::{Terminal, Terminals};

use crate::{Dynamics, ModelError, Sampler, error::require};
use chreode_core::{Seed, Snapshot};
use ndarray::Array2;
use rand::RngExt;
use serde::Serialize;

/// When a path is counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ending {
    /// At the first terminal set that it meets, or at the end for the nearest.
    FirstHit,
    /// At the end, for the nearest set.
    Last,
}

/// How futures are simulated.
#[derive(Clone, Copy, Debug)]
pub struct Futures<'a> {
    /// The last time.
    pub until: f64,
    /// Moments until then at which a path may be absorbed.
    pub moments: usize,
    /// Paths a cell and model; of a model without noise one is counted, as soon as a second one is found to be the same.
    pub paths: usize,
    /// When a path is counted.
    pub ending: Ending,
    /// How a path is integrated between two moments.
    pub sampler: &'a Sampler,
    /// The seed of the paths and of the bootstrap.
    pub seed: Seed,
}

/// The share of a population that comes to an end, by the weights of its cells at the start.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct FateShare {
    /// The terminal set.
    pub label: String,
    /// The share.
    pub share: f64,
    /// Its 95 % interval, by a bootstrap over cells and models.
    pub interval: [f64; 2],
}

/// The fates of some cells.
///
/// Cells count by the weights that they start with. What a model of growth makes of their masses is left aside: a share is
/// that of the cells which come to an end, and not of their descendants there.
#[derive(Clone, Debug, PartialEq)]
pub struct Fates {
    /// The terminal sets.
    pub labels: Vec<String>,
    /// Of each model, the share of a cell's paths that come to each set: a row a cell, a column a set.
    pub by_model: Vec<Array2<f64>>,
    /// The mean over models.
    pub probabilities: Array2<f64>,
    /// The standard deviation over models (`n − 1`); absent for a single model.
    pub spread: Option<Array2<f64>>,
    /// The share of all paths that was in a terminal set at one of the moments, the first and the last included.
    pub absorbed: f64,
    /// Each cell's share of the population where it starts.
    weights: Vec<f64>,
}

impl Fates {
    /// The fates of `cells` under each of `models`.
    ///
    /// # Errors
    /// No cell, no model, no moment, no path, an end that is not after the cells' time, terminal sets in other coordinates,
    /// or a failed solve.
    pub fn of(
        models: &[&dyn Dynamics],
        cells: &Snapshot,
        terminals: &Terminals,
        futures: &Futures<'_>,
    ) -> Result<Self, ModelError> {
        let Futures { until, moments, paths, .. } = *futures;
        require("the number of cells", cells.len() as f64, !cells.is_empty(), "at least 1")?;
        require("the number of models", models.len() as f64, !models.is_empty(), "at least 1")?;
        require("the number of moments", moments as f64, moments > 0, "at least 1")?;
        require("the number of paths", paths as f64, paths > 0, "at least 1")?;
        require("until", until, until > cells.time, "after the time of the cells")?;
        let (expected, found) = (terminals.dims(), cells.points.ncols());
        if expected != found {
            return Err(ModelError::Dimensions { expected, found });
        }
        let mut absorbed = 0.0;
        let mut by_model = Vec::with_capacity(models.len());
        for (m, model) in models.iter().enumerate() {
            let seed = futures.seed.child(&format!("model {m}"));
            let (shares, hits) = ends(*model, cells, terminals, &Futures { seed, ..*futures })?;
            by_model.push(shares);
            absorbed += hits / models.len() as f64;
        }
        let (probabilities, spread) = moments_of(&by_model);
        let labels = terminals.sets().iter().map(|set| set.label.clone()).collect();
        let weights = cells.probabilities().to_vec();
        Ok(Self { labels, by_model, probabilities, spread, absorbed, weights })
    }

    /// The share of the population that comes to each end, with intervals of `replicates` resamples of cells and models.
    ///
    /// # Errors
    /// No replicate.
    pub fn shares(&self, replicates: usize, seed: Seed) -> Result<Vec<FateShare>, ModelError> {
        require("the number of replicates", replicates as f64, replicates > 0, "at least 1")?;
        let (n, sets) = self.probabilities.dim();
        let mut drawn = vec![Vec::with_capacity(replicates); sets];
        for replicate in 0..replicates as u64 {
            let mut rng = seed.stream("fates", replicate);
            let chosen: Vec<&Array2<f64>> = self
                .by_model
                .iter()
                .map(|_| &self.by_model[rng.random_range(0..self.by_model.len())])
                .collect();
            let mut sums = vec![0.0; sets];
            let mut total = 0.0;
            for _ in 0..n {
                let i = rng.random_range(0..n);
                total += self.weights[i];
                for (k, sum) in sums.iter_mut().enumerate() {
                    let mean = chosen.iter().map(|p| p[[i, k]]).sum::<f64>() / chosen.len() as f64;
                    *sum += self.weights[i] * mean;
                }
            }
            for (drawn, sum) in drawn.iter_mut().zip(sums) {
                drawn.push(sum / total);
            }
        }
        let of = |(k, (label, mut drawn)): (usize, (&String, Vec<f64>))| {
            drawn.sort_by(f64::total_cmp);
            let at = |q: f64| drawn.get((q * drawn.len() as f64) as usize).or(drawn.last()).copied();
            let column = self.probabilities.column(k);
            let share = column.iter().zip(&self.weights).map(|(p, w)| p * w).sum::<f64>();
            let interval = [at(0.025).unwrap_or(share), at(0.975).unwrap_or(share)];
            FateShare { label: label.clone(), share, interval }
        };
        Ok(self.labels.iter().zip(drawn).enumerate().map(of).collect())
    }
}

/// The shares of the paths of each cell that come to each set, and the share of all that was absorbed.
fn ends(
    model: &dyn Dynamics,
    cells: &Snapshot,
    terminals: &Terminals,
    futures: &Futures<'_>,
) -> Result<(Array2<f64>, f64), ModelError> {
    let Futures { until, moments, paths, ending, sampler, seed } = *futures;
    let at = |k: usize| cells.time + (until - cells.time) * k as f64 / moments as f64;
    let times: Vec<f64> = match ending {
        Ending::FirstHit => (0..=moments).map(at).collect(),
        Ending::Last => vec![cells.time, until],
    };
    let mut shares = Array2::zeros((cells.len(), terminals.sets().len()));
    let (mut hits, mut before, mut done) = (0.0, None, 0);
    for path in 0..paths {
        let states = model.evolve(cells, &times, sampler, seed.child(&format!("path {path}")))?;
        let end = &states[states.len() - 1].points;
        if before.as_ref() == Some(end) {
            // The second path is the first: the model has no noise.
            break;
        }
        for i in 0..cells.len() {
            let met = match ending {
                Ending::FirstHit => states.iter().find_map(|s| terminals.holding(s.points.row(i).iter())),
                Ending::Last => None,
            };
            hits += f64::from(u8::from(met.is_some()));
            let set = met.unwrap_or_else(|| terminals.nearest(end.row(i).iter()));
            shares[[i, set]] += 1.0;
        }
        done += 1;
        before = if path == 0 { Some(end.clone()) } else { None };
    }
    let count = f64::from(done);
    Ok((shares / count, hits / (count * cells.len() as f64)))
}

/// Mean and standard deviation over models.
fn moments_of(by_model: &[Array2<f64>]) -> (Array2<f64>, Option<Array2<f64>>) {
    let n = by_model.len() as f64;
    let mut mean = Array2::zeros(by_model[0].raw_dim());
    by_model.iter().for_each(|p| mean += p);
    mean /= n;
    let spread = (by_model.len() > 1).then(|| {
        let mut squares = Array2::zeros(mean.raw_dim());
        by_model.iter().for_each(|p| squares += &(p - &mean).mapv(|r| r * r));
        squares.mapv(|s: f64| (s / (n - 1.0)).sqrt())
    });
    (mean, spread)
}
