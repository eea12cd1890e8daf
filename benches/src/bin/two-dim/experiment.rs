//! Training and scoring.

use crate::published::Set;
use anyhow::Result;
use chreode_core::{NetworkField, Populations, Seed};
use chreode_models::{
    Cfm, Coupling, Fit, FlowConfig, Frame, PairScore, Planar, Pool, normalised_path_energy, push_forward,
};
use chreode_ot::{Order, wasserstein};
use ndarray::Array2;
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
    pub(crate) threads: usize,
}

/// The models of the table that are retrained.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub(crate) enum Method {
    /// Independent pairs.
    #[serde(rename = "I-CFM")]
    Independent,
    /// Pairs of exact minibatch plans.
    #[serde(rename = "OT-CFM")]
    Exact,
}

impl Method {
    /// In the order of the rows.
    pub(crate) const ALL: [Self; 2] = [Self::Independent, Self::Exact];

    /// As in the publication.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Independent => "I-CFM",
            Self::Exact => "OT-CFM",
        }
    }
}

/// One seed of one set.
pub(crate) struct Run {
    /// A score for each of [`Method::ALL`].
    pub(crate) scores: [PairScore; 2],
    /// Seconds of training, likewise.
    pub(crate) seconds: [f64; 2],
    /// W₂ between the target's test points and as many others of the same law: what no model can pass.
    pub(crate) floor: f64,
}

impl Experiment {
    /// Every seed of `set`.
    pub(crate) fn run(&self, set: &Set) -> Result<Vec<Run>> {
        (FIRST_SEED..FIRST_SEED + self.seeds).map(|seed| self.one(set, Seed(seed))).collect()
    }

    fn one(&self, set: &Set, seed: Seed) -> Result<Run> {
        let train = Planar::pair(set.source, set.target, self.points, seed.child("train"))?;
        let test = Planar::pair(set.source, set.target, self.points, seed.child("test"))?;
        let other = set.target.sample(self.points, seed.child("floor"))?;
        let [source, target] = [0, 1].map(|k| &test.snapshots()[k].points);
        let (mut flows, mut seconds) = (Vec::new(), Vec::new());
        for method in Method::ALL {
            let start = Instant::now();
            let flow = self.train(&train, method, seed)?;
            seconds.push(start.elapsed().as_secs_f64());
            flows.push(push_forward(&NetworkField::new(&flow), source, [0.0, 1.0], EULER)?);
        }
        // A solve prices arcs on all threads but pivots on one, and two at a time fill two cores; more would only take
        // more memory.
        let between = |x: &Array2<f32>| wasserstein(x.view(), target.view(), None, None, Order::Two);
        let (independent, exact) = rayon::join(|| between(&flows[0].points), || between(&flows[1].points));
        let (least, floor) = rayon::join(|| between(source), || between(&other));
        let least_w2 = least?.value;
        let score = |w2: f64, energy: f64| {
            let npe = normalised_path_energy(energy, least_w2)?;
            Ok::<_, anyhow::Error>(PairScore { w2, npe, energy, least_w2 })
        };
        let scores = [score(independent?.value, flows[0].energy)?, score(exact?.value, flows[1].energy)?];
        Ok(Run { scores, seconds: [seconds[0], seconds[1]], floor: floor?.value })
    }

    fn train(&self, train: &Populations, method: Method, seed: Seed) -> Result<chreode_nn::Mlp<f32>> {
        let config = FlowConfig {
            coupling: match method {
                Method::Independent => Coupling::Independent,
                Method::Exact => Coupling::Exact,
            },
            sigma: 0.1,
            fit: Fit {
                batch: 512.min(self.points),
                lr: 1e-3,
                weight_decay: 1e-5,
                steps: self.steps,
                seed: seed.0,
                ..Fit::default()
            },
            ..FlowConfig::default()
        };
        let frame = Frame::identity(train.features().to_vec());
        let mut run = Cfm::new(train, frame, config)?;
        run.train(Pool::with_threads(self.threads), |_| ControlFlow::Continue(()))?;
        Ok(run.finish().network)
    }
}
