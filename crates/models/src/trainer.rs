//! One loop for every matching model: regress a network on batches.

use crate::{Batch, BatchSource, ModelError, Pool};
use chreode_core::Network;
use chreode_nn::{AdamW, Ema, Moments, Schedule, clip_norm};
use ndarray::Array2;
use std::ops::ControlFlow;

/// Regresses `v_θ(t, x)` on targets `u`: minimises `mean |v_θ(t, x) − u|²` over rows and columns.
///
/// Holds everything a resumed run needs: parameters, moments, average, step. Batches are functions of
/// the step, so a run resumed at step `k` is the uninterrupted run from there on, bit for bit.
pub struct Trainer<N: Network<Scalar = f32>> {
    network: N,
    parameters: Vec<f32>,
    rule: Rule,
    moments: Moments<f32>,
    average: Option<Ema<f32>>,
    scratch: Scratch<N>,
}

/// How a gradient moves the parameters.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Rule {
    /// The optimiser.
    pub optimiser: AdamW,
    /// The factor on its learning rate over time.
    pub schedule: Schedule,
    /// The largest norm of a gradient; longer ones are scaled down to it.
    pub clip: Option<f64>,
}

/// Reused from step to step.
struct Scratch<N: Network<Scalar = f32>> {
    memory: N::Memory,
    gradient: Vec<f32>,
    output: Array2<f32>,
}

/// What an observer sees after each step.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Progress {
    /// Steps done, this one included.
    pub step: u64,
    /// The batch's loss, before the update.
    pub loss: f64,
    /// The learning rate of this update.
    pub learning_rate: f64,
}

impl<N: Network<Scalar = f32>> Trainer<N> {
    /// A trainer at step 0 that starts from the network's parameters.
    pub fn new(network: N, rule: Rule, average: Option<Ema<f32>>) -> Self {
        let parameters = network.parameters();
        let moments = Moments::new(parameters.len());
        let gradient = vec![0.0; parameters.len()];
        let scratch = Scratch { memory: N::Memory::default(), gradient, output: Array2::zeros((0, 0)) };
        Self { network, parameters, rule, moments, average, scratch }
    }

    /// Continues from a stored state: the parameters, their average, and Adam's moments with the step.
    ///
    /// # Errors
    /// A vector of another length.
    pub fn resume(
        &mut self,
        parameters: &[f32],
        averaged: &[f32],
        moments: Moments<f32>,
    ) -> Result<(), ModelError> {
        let expected = self.parameters.len();
        for found in [parameters.len(), averaged.len(), moments.first.len(), moments.second.len()] {
            if found != expected {
                return Err(ModelError::Dimensions { expected, found });
            }
        }
        self.parameters.copy_from_slice(parameters);
        self.network.write_parameters(parameters);
        if let Some(average) = &mut self.average {
            average.average.copy_from_slice(averaged);
            average.updates = moments.step;
        }
        self.moments = moments;
        Ok(())
    }

    /// Steps done.
    pub fn steps(&self) -> u64 {
        self.moments.step
    }

    /// The parameters being optimised.
    pub fn parameters(&self) -> &[f32] {
        &self.parameters
    }

    /// The parameters to predict with: the average if there is one.
    pub fn averaged(&self) -> &[f32] {
        self.average.as_ref().map_or(&self.parameters, |ema| &ema.average)
    }

    /// Adam's first and second moments.
    pub fn moments(&self) -> &Moments<f32> {
        &self.moments
    }

    /// One update; returns the loss before it.
    ///
    /// # Errors
    /// [`ModelError::LossNotFinite`] when the loss is not finite; the parameters are left as they were.
    pub fn step(&mut self, batch: &Batch) -> Result<Progress, ModelError> {
        let Scratch { memory, gradient, output } = &mut self.scratch;
        if output.raw_dim() != batch.u.raw_dim() {
            *output = Array2::zeros(batch.u.raw_dim());
        }
        self.network.forward(&batch.t, batch.x.view(), output.view_mut(), memory);
        let loss = residual(output, &batch.u);
        let step = self.moments.step;
        if !loss.is_finite() {
            return Err(ModelError::LossNotFinite { step, loss });
        }
        self.network.pullback(output.view(), None, Some(gradient), memory);
        let Rule { optimiser, schedule, clip } = self.rule;
        if let Some(limit) = clip {
            clip_norm(gradient, limit)?;
        }
        let factor = schedule.factor(step);
        optimiser.step(factor, &mut self.moments, &mut self.parameters, gradient)?;
        self.network.write_parameters(&self.parameters);
        if let Some(average) = &mut self.average {
            average.update(&self.parameters)?;
        }
        Ok(Progress { step: step + 1, loss, learning_rate: factor * optimiser.lr })
    }

    /// Steps until `last` steps are done or `observe` breaks, with batches from `source` through `pool`.
    ///
    /// # Errors
    /// What the source or a step returns; the trainer stays at the last good step.
    pub fn run<S: BatchSource<Batch = Batch>>(
        &mut self,
        source: &S,
        last: u64,
        pool: Pool,
        mut observe: impl FnMut(Progress) -> ControlFlow<()>,
    ) -> Result<(), ModelError> {
        pool.feed(source, self.steps()..last, |_, batch| Ok(observe(self.step(&batch)?)))
    }

    /// The network with the parameters to predict with.
    pub fn finish(mut self) -> N {
        let parameters = self.averaged().to_vec();
        self.network.write_parameters(&parameters);
        self.network
    }
}

/// Turns predictions `v` into the loss's cotangent `2 (v − u) / size`; returns the loss, summed in `f64`.
fn residual(v: &mut Array2<f32>, u: &Array2<f32>) -> f64 {
    let size = v.len() as f64;
    let scale = (2.0 / size) as f32;
    let mut sum = 0.0;
    let v = v.as_slice_mut().expect("the trainer's own array is contiguous");
    let u = u.as_slice().expect("a batch's arrays are contiguous");
    for (v, u) in v.iter_mut().zip(u) {
        let r = *v - *u;
        sum += f64::from(r) * f64::from(r);
        *v = scale * r;
    }
    sum / size
}
