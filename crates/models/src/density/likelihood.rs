//! Maximum likelihood by an adjoint.

use super::field::{FlowField, INTEGRALS, Scratch, state_bytes, unit_vectors};
use super::{Base, BaseDensity, DensityBatch, LikelihoodBatch};
use crate::objective::residual;
use crate::{Batch, Fit, ModelError, Objective, Parts, Stage};
use chreode_adjoint::{Adjoint, Discrete, Times};
use chreode_core::{NetworkJvp, ParameterView, Populations, Seed};
use chreode_ode::{ExplicitRk, Fixed, RK4, Solve};
use ndarray::{Array2, s};
use std::cell::RefCell;

/// What the integrals beside the likelihood count.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Regularisers {
    /// α, of the kinetic energy.
    pub(super) kinetic: f64,
    /// β, of the squared Jacobian.
    pub(super) jacobian: f64,
    /// γ, of the residual of the Hamilton-Jacobi-Bellman equation.
    pub(super) hjb: f64,
}

/// `L(θ) = Σᵢ wᵢ (−log p(tᵢ, xᵢ) + α ∫ |v|² dt + β ∫ |∂v/∂x|² dt + γ ∫ |∂Φ/∂t − ½ |∇Φ|²| dt)`, with
/// `log p(t, x) = log p₀(z) − ∫ tr ∂v/∂x dt` along the flow from z at the base's time to x at t.
///
/// Every row is carried back over its own span, all in one solve; the gradient is that of the steps taken. Of a batch of
/// [`DensityBatch::Matching`] the loss is the regression of the velocity instead.
pub struct Likelihood<N: NetworkJvp<Scalar = f32>> {
    /// The network of the velocity.
    pub network: N,
    /// The distribution at the flow's beginning; not learnt.
    pub base: BaseDensity,
    /// Network time of the base.
    pub start: f64,
    weights: Regularisers,
    /// Steps of RK4 a unit of network time.
    steps: usize,
    parts: Parts,
    memory: RefCell<Scratch<N::Memory>>,
    /// What the last solve kept.
    solved: usize,
}

impl<N: NetworkJvp<Scalar = f32>> Likelihood<N> {
    pub(super) fn new(
        network: N,
        (base, start): (BaseDensity, f64),
        weights: Regularisers,
        steps: usize,
    ) -> Self {
        let parts = Parts::default().with("velocity", &network);
        let memory = RefCell::default();
        Self { network, base, start, weights, steps, parts, memory, solved: 0 }
    }

    /// The distribution at the beginning, of `data`: what training does not move. Its numbers are rounded to those of a
    /// checkpoint at once, so that a run resumed before its first step is the uninterrupted one.
    pub(super) fn start_from(&mut self, base: Base, data: &Populations, seed: u64) -> Result<(), ModelError> {
        self.base = base.fit(&data.snapshots()[0], data.features(), Seed(seed))?;
        let rounded = self.base.parameters();
        self.base.set(&rounded);
        Ok(())
    }

    /// First `matching` steps of matching, then those of `fit`.
    pub(super) fn stages(&self, fit: &Fit, matching: u64) -> Result<Vec<Stage>, ModelError> {
        let parameters = self.parts.range(0);
        let mut stages = Vec::new();
        if matching > 0 {
            let parameters = parameters.clone();
            stages.push(Stage { steps: matching, parameters, rule: fit.rule(matching)? });
        }
        stages.push(fit.stage(parameters)?);
        Ok(stages)
    }

    /// The mean square error of the velocity, whose last output may be another thing.
    fn matching(&mut self, batch: &Batch, gradient: &mut [f32]) -> f64 {
        let (rows, columns) = batch.x.dim();
        let mut out = Array2::zeros((rows, self.network.width().1));
        let mut scratch = self.memory.borrow_mut();
        let memory = scratch.memory();
        self.network.forward(&batch.t, batch.x.view(), out.view_mut(), memory);
        let mut v = out.slice(s![.., ..columns]).to_owned();
        let loss = residual(&mut v, &batch.u);
        out.fill(0.0);
        out.slice_mut(s![.., ..columns]).assign(&v);
        gradient.fill(0.0);
        if loss.is_finite() {
            self.network.pullback(out.view(), None, Some(&mut gradient[self.parts.range(0)]), memory);
        }
        loss
    }

    /// The loss of rows to make likely, and its gradient.
    ///
    /// # Errors
    /// A failed solve.
    pub fn likelihood(&mut self, batch: &LikelihoodBatch, gradient: &mut [f32]) -> Result<f64, ModelError> {
        let (rows, columns) = batch.x.dim();
        let span: Vec<f32> = batch.t.iter().map(|&t| self.start as f32 - t).collect();
        let longest = span.iter().fold(0.0_f32, |longest, h| longest.max(h.abs()));
        let steps = (f64::from(longest) * self.steps as f64).ceil().max(1.0) as usize;
        let (directions, weight) = match &batch.probes {
            Some(probes) => (probes.clone(), 1.0 / probes.dim().0 as f32),
            None => (unit_vectors(rows, columns), 1.0),
        };
        let field = FlowField {
            network: &self.network,
            start: &batch.t,
            span: &span,
            directions,
            weight,
            scratch: RefCell::new(self.memory.take()),
        };
        let solve = Solve::new(ExplicitRk::new(RK4), Fixed::steps(steps));
        let adjoint = Discrete::default().times(Times::Constant);
        let y0 = (batch.x.clone(), Array2::zeros((rows, INTEGRALS)));
        let (ys, tape) = adjoint.forward(&solve, &field, y0, &[0.0, 1.0])?;
        self.solved = tape.bytes(state_bytes(rows, columns));
        let (z, q) = &ys[1];
        let (log_base, score) = self.base.log_density(z.view());
        let Regularisers { kinetic, jacobian, hjb } = self.weights;
        let factors = [-1.0, kinetic, jacobian, hjb];
        let (mut loss, mut a, mut c) = (0.0, score, q.clone());
        for (i, &w) in batch.weight.iter().enumerate() {
            loss -= w * log_base[i];
            for (k, factor) in factors.iter().enumerate() {
                loss += w * factor * f64::from(q[[i, k]]);
                c[[i, k]] = (w * factor) as f32;
            }
            a.row_mut(i).mapv_inplace(|s| (-w * f64::from(s)) as f32);
        }
        if loss.is_finite() {
            let start = (Array2::zeros((rows, columns)), Array2::zeros((rows, INTEGRALS)));
            let pulled = adjoint.backward(&solve, &field, &tape, &[start, (a, c)])?;
            let learnt = self.parts.range(0);
            gradient.fill(0.0);
            gradient[learnt].iter_mut().zip(&pulled.params).for_each(|(to, from)| *to = *from);
        }
        self.memory.replace(field.scratch.into_inner());
        Ok(loss)
    }
}

impl<N: NetworkJvp<Scalar = f32>> Objective for Likelihood<N> {
    type Batch = DensityBatch;

    fn layout(&self) -> Vec<ParameterView> {
        let mut views = self.parts.layout();
        let after = self.parts.len();
        views.extend(self.base.layout().into_iter().map(|v| ParameterView { offset: v.offset + after, ..v }));
        views
    }

    fn read_parameters(&self, flat: &mut [f32]) {
        let (network, base) = flat.split_at_mut(self.parts.len());
        self.network.read_parameters(network);
        base.copy_from_slice(&self.base.parameters());
    }

    fn write_parameters(&mut self, flat: &[f32]) {
        let (network, base) = flat.split_at(self.parts.len());
        self.network.write_parameters(network);
        self.base.set(base);
    }

    fn loss(&mut self, _stage: usize, batch: &DensityBatch, gradient: &mut [f32]) -> Result<f64, ModelError> {
        self.solved = 0;
        match batch {
            DensityBatch::Matching(batch) => Ok(self.matching(batch, gradient)),
            DensityBatch::Likelihood(batch) => self.likelihood(batch, gradient),
        }
    }

    fn solve_bytes(&self) -> usize {
        self.solved
    }
}
