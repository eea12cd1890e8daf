//! Training and scoring.

use crate::HEAP;
use crate::published::Set;
use anyhow::Result;
use chreode_benches::Cost;
use chreode_core::{Populations, Seed, Snapshot};
use chreode_models::{
    Card, Dataset, Dynamics, Frame, ModelConfig, PairScore, Planar, Pool, Sampler, normalised_path_energy,
    push_forward,
};
use chreode_ot::{Order, wasserstein};
use ndarray::Array2;
use rayon::prelude::*;
use serde::Serialize;
use std::ops::ControlFlow;

/// The first seed of the publication.
pub(crate) const FIRST_SEED: u64 = 42;
/// Euler steps from 0 to 1, with or without noise.
const EULER: usize = 100;

/// How much is done.
pub(crate) struct Experiment {
    pub(crate) seeds: u64,
    /// The first of them.
    pub(crate) first: u64,
    pub(crate) steps: u64,
    /// Points of each set, to train on and again to test on.
    pub(crate) count: usize,
    pub(crate) points: Points,
    pub(crate) threads: usize,
    /// Diffusion of \[SF\]²M.
    pub(crate) sigma: f64,
    pub(crate) methods: Vec<Method>,
}

/// When points are drawn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Points {
    /// Once for all seeds of training, with the first of them.
    Once,
    /// For each.
    Each,
}

/// The points of a set, and what every method is measured by.
struct Drawn {
    seed: Seed,
    train: Populations,
    test: Populations,
    /// W₂ between the test points of source and target.
    least: f64,
    floor: f64,
}

/// The models of the table that are retrained.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, clap::ValueEnum)]
pub(crate) enum Method {
    /// From noise.
    #[serde(rename = "FM")]
    #[value(name = "fm")]
    Noise,
    /// Rectified once.
    #[serde(rename = "RF")]
    #[value(name = "rf")]
    Rectified,
    /// Independent pairs.
    #[serde(rename = "I-CFM")]
    #[value(name = "i-cfm")]
    Independent,
    /// Brownian bridges between entropic pairs.
    #[serde(rename = "SB-CFM")]
    #[value(name = "sb-cfm")]
    Schroedinger,
    /// Pairs of exact minibatch plans.
    #[serde(rename = "OT-CFM")]
    #[value(name = "ot-cfm")]
    Exact,
    /// Brownian bridges between exact pairs, with a score.
    #[serde(rename = "[SF]2M-Exact")]
    #[value(name = "sf2m")]
    Score,
}

impl Method {
    /// In the order of the rows.
    pub(crate) const ALL: [Self; 6] =
        [Self::Noise, Self::Rectified, Self::Independent, Self::Schroedinger, Self::Exact, Self::Score];

    /// As in the publication, and as in the list of models.
    pub(crate) fn names(self) -> (&'static str, &'static str) {
        match self {
            Self::Noise => ("FM", "fm"),
            Self::Rectified => ("RF", "rf"),
            Self::Independent => ("I-CFM", "i-cfm"),
            Self::Schroedinger => ("SB-CFM", "sb-cfm"),
            Self::Exact => ("OT-CFM", "ot-cfm"),
            Self::Score => ("[SF]2M-Exact", "sf2m"),
        }
    }

    /// Whether it can learn `set`: flow matching from noise needs noise to begin with.
    pub(crate) fn suits(self, set: &Set) -> bool {
        self != Self::Noise || set.source == Planar::Normal
    }
}

/// One seed of one set.
pub(crate) struct Run {
    /// A score for each method that suits the set.
    pub(crate) scores: Vec<(Method, PairScore)>,
    /// W₂ of the motion with noise, where a model has one; the scores are those of the flow.
    pub(crate) noisy: Vec<Option<f64>>,
    /// What training cost, likewise.
    pub(crate) costs: Vec<Cost>,
    /// W₂ between the target's test points and as many others of the same law: what a perfect model scores.
    pub(crate) floor: f64,
}

impl Experiment {
    /// Every seed of `set`.
    pub(crate) fn run(&self, set: &Set) -> Result<Vec<Run>> {
        let mut drawn = self.draw(set, Seed(FIRST_SEED))?;
        let mut runs = Vec::new();
        for seed in (self.first..self.first + self.seeds).map(Seed) {
            if self.points == Points::Each && seed.0 != drawn.seed.0 {
                drawn = self.draw(set, seed)?;
            }
            runs.push(self.one(set, &drawn, seed)?);
        }
        Ok(runs)
    }

    fn draw(&self, set: &Set, seed: Seed) -> Result<Drawn> {
        let train = Planar::pair(set.source, set.target, self.count, seed.child("train"))?;
        let test = Planar::pair(set.source, set.target, self.count, seed.child("test"))?;
        let other = set.target.sample(self.count, seed.child("floor"))?;
        let [source, target] = [0, 1].map(|k| &test.snapshots()[k].points);
        let between = |x: &Array2<f32>| wasserstein(x.view(), target.view(), None, None, Order::Two);
        let (least, floor) = rayon::join(|| between(source), || between(&other));
        let (least, floor) = (least?.value, floor?.value);
        Ok(Drawn { seed, train, test, least, floor })
    }

    fn one(&self, set: &Set, drawn: &Drawn, seed: Seed) -> Result<Run> {
        let Drawn { train, test, least, floor, .. } = drawn;
        let [source, target] = [0, 1].map(|k| &test.snapshots()[k].points);
        let (mut flows, mut diffused, mut costs) = (Vec::new(), Vec::new(), Vec::new());
        for method in self.methods.iter().copied().filter(|method| method.suits(set)) {
            let (flow, cost) = Cost::of(&HEAP, || self.train(train, method, seed))?;
            costs.push(cost);
            let velocity = |t: f64, x: &Array2<f32>| flow.velocity(t, x.view()).expect("two columns");
            flows.push((method, push_forward(&velocity, source, [0.0, 1.0], EULER)?));
            diffused.push(match method {
                Method::Score => {
                    let states = flow.evolve(
                        &Snapshot::new(0.0, source.clone()),
                        &[0.0, 1.0],
                        &Sampler::published(),
                        seed,
                    )?;
                    states.into_iter().nth(1).map(|end| end.points)
                }
                _ => None,
            });
        }
        // A solve prices arcs on all threads but pivots on one, and two at a time fill two cores; more would only take
        // more memory.
        let between = |x: &Array2<f32>| wasserstein(x.view(), target.view(), None, None, Order::Two);
        let mut scores = Vec::new();
        for pair in flows.chunks(2) {
            let found: Vec<_> = pair.par_iter().map(|(_, path)| between(&path.points)).collect();
            for ((method, path), w2) in pair.iter().zip(found) {
                let npe = normalised_path_energy(path.energy, *least)?;
                scores
                    .push((*method, PairScore { w2: w2?.value, npe, energy: path.energy, least_w2: *least }));
            }
        }
        let noisy =
            diffused.iter().map(|ends| Ok(ends.as_ref().map(between).transpose()?.map(|w2| w2.value)));
        Ok(Run { scores, noisy: noisy.collect::<Result<_>>()?, costs, floor: *floor })
    }

    fn train(&self, train: &Populations, method: Method, seed: Seed) -> Result<Box<dyn Dynamics>> {
        let mut config = (Card::named(method.names().1)?.config)();
        if let ModelConfig::Rectified(rectified) = &mut config {
            rectified.first_steps = self.steps;
        }
        if let ModelConfig::ScoreFlow(score) = &mut config {
            score.sigma = self.sigma;
        }
        let fit = config.fit_mut();
        (fit.batch, fit.steps, fit.seed) = (512.min(self.count), self.steps, seed.0);
        let frame = Frame::identity(train.features().to_vec());
        let mut run = config.start(&Dataset::Populations(train.clone()), frame)?;
        run.train(Pool::with_threads(self.threads), &mut |_| ControlFlow::Continue(()))?;
        Ok(run.finish().dynamics()?)
    }
}
