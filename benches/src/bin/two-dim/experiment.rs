//! Training and scoring.

use crate::published::Set;
use anyhow::Result;
use chreode_core::{Populations, Seed};
use chreode_models::{
    Card, Dataset, Dynamics, Frame, ModelConfig, PairScore, Planar, Pool, normalised_path_energy,
    push_forward,
};
use chreode_ot::{Order, wasserstein};
use ndarray::Array2;
use rayon::prelude::*;
use serde::Serialize;
use std::ops::ControlFlow;
use std::time::Instant;

/// The first seed of the publication.
const FIRST_SEED: u64 = 42;
/// Euler steps from 0 to 1.
const EULER: usize = 100;

/// How much is done.
pub(crate) struct Experiment {
    pub(crate) seeds: u64,
    pub(crate) steps: u64,
    pub(crate) points: usize,
    /// The seed of the points.
    pub(crate) draw: u64,
    pub(crate) threads: usize,
    pub(crate) methods: Vec<Method>,
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
    /// Seconds of training, likewise.
    pub(crate) seconds: Vec<f64>,
    /// W₂ between the target's test points and as many others of the same law: what no model can pass.
    pub(crate) floor: f64,
}

impl Experiment {
    /// Every seed of `set`.
    pub(crate) fn run(&self, set: &Set) -> Result<Vec<Run>> {
        let draw = Seed(self.draw);
        let train = Planar::pair(set.source, set.target, self.points, draw.child("train"))?;
        let test = Planar::pair(set.source, set.target, self.points, draw.child("test"))?;
        let other = set.target.sample(self.points, draw.child("floor"))?;
        let [source, target] = [0, 1].map(|k| &test.snapshots()[k].points);
        let between = |x: &Array2<f32>| wasserstein(x.view(), target.view(), None, None, Order::Two);
        let (least, floor) = rayon::join(|| between(source), || between(&other));
        let (least, floor) = (least?.value, floor?.value);
        let seeds = (FIRST_SEED..FIRST_SEED + self.seeds).map(Seed);
        seeds.map(|seed| self.one(set, &train, &test, (least, floor), seed)).collect()
    }

    fn one(
        &self,
        set: &Set,
        train: &Populations,
        test: &Populations,
        (least_w2, floor): (f64, f64),
        seed: Seed,
    ) -> Result<Run> {
        let [source, target] = [0, 1].map(|k| &test.snapshots()[k].points);
        let (mut flows, mut seconds) = (Vec::new(), Vec::new());
        for method in self.methods.iter().copied().filter(|method| method.suits(set)) {
            let start = Instant::now();
            let flow = self.train(train, method, seed)?;
            seconds.push(start.elapsed().as_secs_f64());
            let velocity = |t: f64, x: &Array2<f32>| flow.velocity(t, x.view()).expect("two columns");
            flows.push((method, push_forward(&velocity, source, [0.0, 1.0], EULER)?));
        }
        // A solve prices arcs on all threads but pivots on one, and two at a time fill two cores; more would only take
        // more memory.
        let between = |x: &Array2<f32>| wasserstein(x.view(), target.view(), None, None, Order::Two);
        let mut scores = Vec::new();
        for pair in flows.chunks(2) {
            let found: Vec<_> = pair.par_iter().map(|(_, path)| between(&path.points)).collect();
            for ((method, path), w2) in pair.iter().zip(found) {
                let npe = normalised_path_energy(path.energy, least_w2)?;
                scores.push((*method, PairScore { w2: w2?.value, npe, energy: path.energy, least_w2 }));
            }
        }
        Ok(Run { scores, seconds, floor })
    }

    fn train(&self, train: &Populations, method: Method, seed: Seed) -> Result<Box<dyn Dynamics>> {
        let mut config = (Card::named(method.names().1)?.config)();
        if let ModelConfig::Rectified(rectified) = &mut config {
            rectified.first_steps = self.steps;
        }
        let fit = config.fit_mut();
        (fit.batch, fit.steps, fit.seed) = (512.min(self.points), self.steps, seed.0);
        let frame = Frame::identity(train.features().to_vec());
        let mut run = config.start(&Dataset::Populations(train.clone()), frame)?;
        run.train(Pool::with_threads(self.threads), &mut |_| ControlFlow::Continue(()))?;
        Ok(run.finish().dynamics()?)
    }
}
