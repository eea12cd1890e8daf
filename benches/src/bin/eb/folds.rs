//! Training and scoring.

use crate::HEAP;
use crate::rows::{Member, Rows, Side};
use anyhow::{Context, Result};
use chreode_benches::Cost;
use chreode_core::{Populations, Seed, Snapshot};
use chreode_models::{Dataset, Frame, ModelConfig, Pool, Sampler};
use chreode_ot::{Order, wasserstein};
use ndarray::{Array1, Array2, Axis, concatenate};
use rand_distr::{Distribution, StandardNormal};
use std::borrow::Cow;
use std::io::Write;
use std::ops::ControlFlow;

/// How much is done.
pub(crate) struct Experiment {
    pub(crate) populations: Populations,
    /// Whether the coordinates are the networks' as they are.
    pub(crate) whitened: bool,
    pub(crate) seeds: Vec<u64>,
    pub(crate) inner: bool,
    /// Starts of each cell: one is the cell itself, more are normal draws around it.
    pub(crate) draws: usize,
    pub(crate) threads: usize,
}

/// The width of starts around a cell: the noise that the paths of the models have.
const JITTER: f32 = 0.1;

/// One question: the cells at `time`, of what is left without the times `out`.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Fold {
    pub(crate) out: Vec<f64>,
    pub(crate) time: f64,
}

/// W1 of every fold, seed by seed, and what training cost.
#[derive(Clone, Debug, Default)]
pub(crate) struct Scores {
    pub(crate) folds: Vec<Fold>,
    pub(crate) w1: Vec<Vec<f64>>,
    pub(crate) costs: Vec<Cost>,
}

/// What a trained model predicts of a fold from either side, and what its training cost.
struct Predicted {
    sides: [Snapshot; 2],
    cost: Cost,
}

impl Experiment {
    fn inner_times(&self) -> Vec<f64> {
        let times = self.populations.times();
        times[1..times.len() - 1].to_vec()
    }

    /// The other inner times than `held`, each as a question without `held`.
    fn nested(&self, held: f64) -> Vec<Fold> {
        let others = self.inner_times().into_iter().filter(|&time| time != held);
        others.map(|time| Fold { out: vec![held, time], time }).collect()
    }

    /// The questions: each inner time, or, of each fold, the other inner times.
    pub(crate) fn folds(&self) -> Vec<Fold> {
        let inner = self.inner_times().into_iter();
        match self.inner {
            false => inner.map(|time| Fold { out: vec![time], time }).collect(),
            true => inner.flat_map(|held| self.nested(held)).collect(),
        }
    }

    /// For each time left out the row that scores best, with the first seed, on the other inner times; then every
    /// fold with every seed, by the rows chosen.
    pub(crate) fn choose(&self, rows: &Rows) -> Result<(Vec<String>, Scores)> {
        let (mut names, mut chosen) = (Vec::new(), Scores::default());
        chosen.w1 = vec![Vec::new(); self.seeds.len()];
        for held in self.inner_times() {
            let all: Vec<usize> = (0..rows.rows.len()).collect();
            let mut sums = vec![0.0; all.len()];
            for fold in self.nested(held) {
                let (w1, _) = self.fold(rows, &all, &fold, self.seeds[0])?;
                sums.iter_mut().zip(w1).for_each(|(sum, w1)| *sum += w1);
            }
            let best = all.into_iter().min_by(|&i, &j| sums[i].total_cmp(&sums[j]));
            let best = best.context("there is no model to choose from")?;
            let fold = Fold { out: vec![held], time: held };
            for (scores, &seed) in chosen.w1.iter_mut().zip(&self.seeds) {
                let (w1, costs) = self.fold(rows, &[best], &fold, seed)?;
                scores.push(w1[0]);
                chosen.costs.push(costs[0]);
            }
            names.push(rows.rows[best].0.clone());
            chosen.folds.push(fold);
        }
        Ok((names, chosen))
    }

    /// Every row on every fold with every seed.
    pub(crate) fn run(&self, rows: &Rows) -> Result<Vec<Scores>> {
        let which: Vec<usize> = (0..rows.rows.len()).collect();
        let empty = Scores { folds: self.folds(), w1: vec![Vec::new(); self.seeds.len()], costs: Vec::new() };
        let mut scores = vec![empty; which.len()];
        for (k, &seed) in self.seeds.iter().enumerate() {
            for fold in self.folds() {
                let (w1, costs) = self.fold(rows, &which, &fold, seed)?;
                for (score, (w1, cost)) in scores.iter_mut().zip(w1.into_iter().zip(costs)) {
                    score.w1[k].push(w1);
                    score.costs.push(cost);
                }
            }
        }
        Ok(scores)
    }

    /// W1 and the cost of training of the rows `which`, every model trained once.
    fn fold(&self, rows: &Rows, which: &[usize], fold: &Fold, seed: u64) -> Result<(Vec<f64>, Vec<Cost>)> {
        let mut training = self.populations.clone();
        for &time in &fold.out {
            training = training.hold_out(time)?.0;
        }
        let snapshots = training.snapshots();
        let before =
            snapshots.iter().rfind(|s| s.time < fold.time).context("an inner time has one before")?;
        let after = snapshots.iter().find(|s| s.time > fold.time).context("an inner time has one after")?;
        let way = (fold.time - before.time) / (after.time - before.time);
        let truth = self.populations.at(fold.time)?;
        let mut predicted: Vec<Option<Predicted>> = rows.models.iter().map(|_| None).collect();
        let (mut w1, mut costs) = (Vec::new(), Vec::new());
        for (name, members) in which.iter().map(|&row| &rows.rows[row]) {
            for &Member { model, .. } in members {
                if predicted[model].is_none() {
                    let ends = [before, after];
                    predicted[model] =
                        Some(self.predict(&rows.models[model].1, &training, ends, fold.time, seed)?);
                }
            }
            let (mut parts, mut spent) = (Vec::new(), Cost::default());
            for &Member { model, side } in members {
                let Predicted { sides: [from_before, from_after], cost } =
                    predicted[model].as_ref().context("it was predicted above")?;
                match side {
                    Side::Before => parts.push((Cow::Borrowed(from_before), 1.0)),
                    Side::After => parts.push((Cow::Borrowed(from_after), 1.0)),
                    Side::Both => {
                        parts.push((Cow::Borrowed(from_before), 1.0 - way));
                        parts.push((Cow::Borrowed(from_after), way));
                    }
                    Side::Halves => {
                        for (part, share) in [(from_before, 1.0 - way), (from_after, way)] {
                            let count = (share * before.len() as f64).round() as usize;
                            parts.push((Cow::Owned(thinned(part, count, Seed(seed))), share));
                        }
                    }
                }
                spent = spent.then(*cost);
            }
            let found = together(&parts)?;
            let weights = found.weights.as_ref().map(|w| w.view());
            let score =
                wasserstein(found.points.view(), truth.points.view(), weights, None, Order::One)?.value;
            writeln!(
                std::io::stderr(),
                "{seed} {:?} {} {name} {score:.4} {:.1} s",
                fold.out,
                fold.time,
                spent.seconds
            )?;
            w1.push(score);
            costs.push(spent);
        }
        Ok((w1, costs))
    }

    /// The model trained, and what it moves from both ends to `time`.
    fn predict(
        &self,
        config: &ModelConfig,
        training: &Populations,
        ends: [&Snapshot; 2],
        time: f64,
        seed: u64,
    ) -> Result<Predicted> {
        let frame = match self.whitened {
            true => Frame::identity(training.features().to_vec()),
            false => Frame::isotropic(training)?,
        };
        let mut config = config.clone();
        config.fit_mut().seed = seed;
        let (model, cost) = Cost::of(&HEAP, || {
            let mut run = config.start(&Dataset::Populations(training.clone()), frame)?;
            run.train(Pool::with_threads(self.threads), &mut |_| ControlFlow::Continue(()))?;
            Ok(run.finish().dynamics()?)
        })?;
        let push = |from: &Snapshot| -> Result<Snapshot> {
            let cells = self.started(from, Seed(seed));
            let states = model.evolve(&cells, &[cells.time, time], &Sampler::published(), Seed(seed))?;
            states.into_iter().nth(1).context("a state at each time")
        };
        Ok(Predicted { sides: [push(ends[0])?, push(ends[1])?], cost })
    }

    /// The cells to push.
    fn started(&self, cells: &Snapshot, seed: Seed) -> Snapshot {
        if self.draws == 1 {
            return cells.clone();
        }
        let scale = if self.whitened { JITTER } else { 0.0 };
        let mut rng = seed.stream("starts", 0);
        let points = Array2::from_shape_fn((cells.len() * self.draws, cells.points.ncols()), |(i, j)| {
            let noise: f32 = StandardNormal.sample(&mut rng);
            cells.points[[i / self.draws, j]] + scale * noise
        });
        Snapshot::new(cells.time, points)
    }
}

/// `count` cells of `part` at random, or all of fewer.
fn thinned(part: &Snapshot, count: usize, seed: Seed) -> Snapshot {
    let rng = &mut seed.stream("halves", 0);
    let kept = rand::seq::index::sample(rng, part.len(), count.min(part.len())).into_vec();
    let weights = part.weights.as_ref().map(|weights| weights.select(Axis(0), &kept));
    Snapshot { weights, ..Snapshot::new(part.time, part.points.select(Axis(0), &kept)) }
}

/// One population of several, each with its share of the mass.
fn together(parts: &[(Cow<'_, Snapshot>, f64)]) -> Result<Snapshot> {
    if let [(one, _)] = parts {
        return Ok(one.clone().into_owned());
    }
    let points: Vec<_> = parts.iter().map(|(part, _)| part.points.view()).collect();
    let weights = parts.iter().flat_map(|(part, share)| (part.probabilities() * *share).to_vec());
    let weights: Array1<f32> = weights.map(|w| w as f32).collect();
    Ok(Snapshot { weights: Some(weights), ..Snapshot::new(parts[0].0.time, concatenate(Axis(0), &points)?) })
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::array;

    #[test]
    fn a_mixture_has_the_shares_of_its_parts_whatever_their_own_mass() {
        let one = Snapshot::new(1.0, array![[0.0], [1.0]]);
        let other =
            Snapshot { weights: Some(array![30.0, 10.0]), ..Snapshot::new(1.0, array![[2.0], [3.0]]) };
        let all = together(&[(Cow::Borrowed(&one), 0.5), (Cow::Borrowed(&other), 0.5)]).unwrap();
        assert_eq!(all.points, array![[0.0], [1.0], [2.0], [3.0]]);
        assert_eq!(all.weights, Some(array![0.25, 0.25, 0.375, 0.125]));
    }

    #[test]
    fn halves_are_cells_of_their_side_each_once() {
        let side = Snapshot::new(1.0, Array2::from_shape_fn((10, 1), |(i, _)| i as f32));
        let half = thinned(&side, 5, Seed(1));
        let mut found: Vec<f32> = half.points.iter().copied().collect();
        found.sort_by(f32::total_cmp);
        found.dedup();
        assert_eq!(found.len(), 5, "{found:?}");
        assert_eq!(thinned(&side, 99, Seed(1)).len(), 10);
    }
}
