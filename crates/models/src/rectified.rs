//! Rectified flow with reflow.
//!
//! A first flow is regressed along straight lines between random pairs. It moves cells by curved ways, but it pairs each
//! cell `x₀` of a snapshot with one place `Φ(x₀)` in the next; a second flow is regressed along straight lines between
//! these pairs, whose cost is no larger for any convex cost, and its ways are straighter:
//!
//! `L₂(θ) = E |v_θ(τ, (1 − s) x₀ + s Φ(x₀)) − (Φ(x₀) − x₀)/L|²`.
//!
//! Liu, Gong and Liu, *Flow straight and fast: learning to generate and transfer data with rectified flow*, ICLR 2023,
//! arXiv:2209.03003, algorithm 1: the 2-rectified flow. The pairs are made anew for every step, not once for all.

use crate::error::require;
use crate::{
    Batch, BatchSource, Batches, Couples, Coupling, Fit, Flow, Minibatches, ModelError, Net, Objective,
    Pairing, Parts, Path, Recipe, Regression, Sampling, Space, Stage, Straight,
};
use chreode_core::{Network, ParameterView, Populations, Seed};
use chreode_nn::MlpConfig;
use chreode_ode::{ExplicitRk, Fixed, RK4, Solve, Span};
use ndarray::{Array2, Axis};
use serde::{Deserialize, Serialize};
use std::ops::Range;

/// Settings of rectified flow.
///
/// | name | default | range |
/// |---|---|---|
/// | `coupling` | `independent` | `independent`, `exact`: the pairs of the first flow |
/// | `sigma` | 0 | ≥ 0; noise of both paths |
/// | `solve_steps` | 8 | ≥ 1; Runge-Kutta steps of the first flow across an interval, when it pairs |
/// | `first_steps` | 10 000 | ≥ 1; updates of the first flow, before those of `fit` |
/// | `fit` | | the settings of training, see [`Fit`] |
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct RectifiedConfig {
    /// The pairs of the first flow.
    pub coupling: Coupling,
    /// Noise of both paths.
    pub sigma: f64,
    /// Steps of the first flow across an interval.
    pub solve_steps: usize,
    /// Updates of the first flow.
    pub first_steps: u64,
    /// The settings of training.
    pub fit: Fit,
}

impl Default for RectifiedConfig {
    fn default() -> Self {
        let (coupling, fit) = (Coupling::Independent, Fit::default());
        Self { coupling, sigma: 0.0, solve_steps: 8, first_steps: fit.steps, fit }
    }
}

/// Rows to regress the first flow on, and where the second begins.
#[derive(Clone, Debug, PartialEq)]
pub struct ReflowBatch {
    /// Times, points and velocities of straight lines between pairs.
    pub flow: Batch,
    /// The earlier cell of each pair.
    pub x0: Array2<f32>,
    /// The network time at which a row's interval begins, its length, and the fraction of the way.
    pub moments: Vec<[f32; 3]>,
    /// Noise for the path.
    pub noise: Array2<f32>,
}

/// Straight lines between pairs, with their beginnings.
struct ReflowMatcher<'p> {
    couples: Couples<'p, Box<dyn Pairing>>,
    path: Straight,
}

impl BatchSource for ReflowMatcher<'_> {
    type Batch = ReflowBatch;

    fn batch(&self, index: u64) -> Result<ReflowBatch, ModelError> {
        let (rows, width) = (self.couples.rows(), self.couples.minibatches().populations().dims());
        let mut flow = Batch::empty(rows, width);
        let (mut x0, mut noise) = (Vec::with_capacity(rows * width), Vec::with_capacity(rows * width));
        let mut moments = Vec::with_capacity(rows);
        self.couples.each(index, |moment| {
            let (x, u) = flow.push(moment.time);
            let length = moment.ends.length;
            self.path.at(moment.s, moment.ends, x, u);
            u.iter_mut().for_each(|u| *u /= length);
            x0.extend_from_slice(moment.ends.x0);
            noise.extend_from_slice(moment.ends.noise);
            moments.push([moment.time - moment.s * length, length, moment.s]);
        })?;
        let array = |values| Array2::from_shape_vec((rows, width), values).expect("a row a pair");
        Ok(ReflowBatch { flow, x0: array(x0), moments, noise: array(noise) })
    }
}

/// In stage 0 the regression of the first network on lines between pairs, in stage 1 that of the second on lines from
/// cells to where the first takes them.
pub struct Reflow<N: Network<Scalar = f32>> {
    networks: [Regression<N>; 2],
    sigma: f32,
    solve_steps: usize,
    parts: Parts,
}

impl<N: Network<Scalar = f32>> Reflow<N> {
    /// The losses of two networks of one shape.
    pub fn new(first: N, second: N, sigma: f32, solve_steps: usize) -> Self {
        let parts = Parts::default().with("first", &first).with("second", &second);
        Self { networks: [first, second].map(Regression::new), sigma, solve_steps, parts }
    }

    /// The second network.
    pub fn into_second(self) -> N {
        let [_, second] = self.networks;
        second.network
    }

    /// Where the parameters of the two networks lie.
    pub fn ranges(&self) -> [Range<usize>; 2] {
        [self.parts.range(0), self.parts.range(1)]
    }

    /// Lines from cells to where the first network takes them.
    fn straightened(&self, batch: &ReflowBatch) -> Result<Batch, ModelError> {
        let network = &self.networks[0].network;
        let memory = std::cell::RefCell::new(N::Memory::default());
        // Each row on its own interval: time runs from 0 to 1 in all.
        let field = |s: f64, x: &Array2<f32>| {
            let t: Vec<f32> =
                batch.moments.iter().map(|[start, length, _]| start + s as f32 * length).collect();
            let mut v = Array2::zeros(x.raw_dim());
            network.velocity(&t, x.view(), v.view_mut(), &mut memory.borrow_mut());
            v.axis_iter_mut(Axis(0)).zip(&batch.moments).for_each(|(mut v, [_, length, _])| v *= *length);
            v
        };
        let solve = Solve::new(ExplicitRk::new(RK4), Fixed::steps(self.solve_steps));
        let x1 = solve.end(&field, Span { t0: 0.0, t1: 1.0 }, batch.x0.clone())?;
        let mut flow = Batch::empty(batch.moments.len(), batch.x0.ncols());
        let path = Straight { sigma: self.sigma };
        for (i, &[start, length, s]) in batch.moments.iter().enumerate() {
            let (x, u) = flow.push(start + s * length);
            for k in 0..x.len() {
                let step = x1[[i, k]] - batch.x0[[i, k]];
                x[k] = batch.x0[[i, k]] + s * step + path.sigma * batch.noise[[i, k]];
                u[k] = step / length;
            }
        }
        Ok(flow)
    }
}

impl<N: Network<Scalar = f32>> Objective for Reflow<N> {
    type Batch = ReflowBatch;

    fn layout(&self) -> Vec<ParameterView> {
        self.parts.layout()
    }

    fn read_parameters(&self, flat: &mut [f32]) {
        self.networks.iter().enumerate().for_each(|(k, n)| n.read_parameters(&mut flat[self.parts.range(k)]));
    }

    fn write_parameters(&mut self, flat: &[f32]) {
        let Self { networks, parts, .. } = self;
        networks.iter_mut().enumerate().for_each(|(k, n)| n.write_parameters(&flat[parts.range(k)]));
    }

    fn loss(&mut self, stage: usize, batch: &ReflowBatch, gradient: &mut [f32]) -> Result<f64, ModelError> {
        let [first, second] = self.ranges();
        if stage == 0 {
            return self.networks[0].loss(stage, &batch.flow, &mut gradient[first]);
        }
        let lines = self.straightened(batch)?;
        self.networks[1].loss(stage, &lines, &mut gradient[second])
    }
}

impl Recipe for RectifiedConfig {
    type Data = Populations;
    type Objective = Reflow<Net>;
    type Trained = Flow<Net>;

    fn fit(&self) -> &Fit {
        &self.fit
    }

    fn fit_mut(&mut self) -> &mut Fit {
        &mut self.fit
    }

    fn stage_steps(&mut self) -> Vec<(&'static str, &mut u64)> {
        vec![("first_steps", &mut self.first_steps), ("fit.steps", &mut self.fit.steps)]
    }

    fn check(&self) -> Result<(), ModelError> {
        require("sigma", self.sigma, self.sigma >= 0.0, "a number of 0 or more")?;
        require("solve_steps", self.solve_steps as f64, self.solve_steps > 0, "1 or more")?;
        require("first_steps", self.first_steps as f64, self.first_steps > 0, "1 or more")?;
        if matches!(self.coupling, Coupling::Independent | Coupling::Exact) {
            return Ok(());
        }
        Err(ModelError::Setting {
            name: "coupling",
            rule: "independent or exact for the pairs of the first flow",
        })
    }

    fn objective(&self, space: &Space) -> Result<Self::Objective, ModelError> {
        let network = |name| self.fit.network(name, MlpConfig::new(space.frame.dims()));
        Ok(Reflow::new(network("first")?, network("second")?, self.sigma as f32, self.solve_steps))
    }

    fn batches<'d>(
        &self,
        data: &'d Populations,
        _space: &Space,
    ) -> Result<Batches<'d, Self::Objective>, ModelError> {
        let pairing = self.coupling.pairing(Sampling::Permutation, 1.0, 1.0, 1.0);
        let minibatches = Minibatches::new(data, self.fit.batch, Seed(self.fit.seed))?;
        let path = Straight { sigma: self.sigma as f32 };
        Ok(Box::new(ReflowMatcher { couples: Couples::new(minibatches, pairing), path }))
    }

    fn trained(&self, objective: Self::Objective, space: Space) -> Self::Trained {
        Flow { network: objective.into_second(), space }
    }

    /// First the flow between random pairs, then the one between its own.
    fn stages(&self, objective: &Self::Objective) -> Result<Vec<Stage>, ModelError> {
        let [first, second] = objective.ranges();
        let early =
            Stage { steps: self.first_steps, parameters: first, rule: self.fit.rule(self.first_steps)? };
        Ok(vec![early, self.fit.stage(second)?])
    }
}
