//! One loop for every matching model: regress a network on batches.

use crate::{Batch, BatchSource, ModelError, Pool};
use chreode_core::Network;
use chreode_nn::{AdamW, Ema, Schedule, clip_norm};
use ndarray::Array2;
use std::ops::ControlFlow;

/// Regresses `v_θ(t, x)` on targets `u`: minimises `mean |v_θ(t, x) − u|²` over rows and columns.
///
/// Holds everything a resumed run needs: parameters, moments, average, step. Batches are functions of
/// the step, so a run resumed at step `k` is the uninterrupted run from there on, bit for bit.
pub struct Trainer<N: Network<Scalar = f32>> {
    network: N,
    parameters: Vec<f32>,
    optimiser: AdamW<f32>,
    average: Option<Ema<f32>>,
    schedule: Schedule,
    clip: Option<f32>,
    step: u64,
    scratch: Scratch<N>,
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
    pub fn new(
        network: N,
        optimiser: AdamW<f32>,
        average: Option<Ema<f32>>,
        schedule: Schedule,
        clip: Option<f32>,
    ) -> Self {
        let parameters = network.parameters();
        let gradient = vec![0.0; parameters.len()];
        let scratch = Scratch { memory: N::Memory::default(), gradient, output: Array2::zeros((0, 0)) };
        Self { network, parameters, optimiser, average, schedule, clip, step: 0, scratch }
    }

    /// Continues from a stored state: the step, the parameters, their average and Adam's moments.
    ///
    /// # Errors
    /// A moment or a parameter vector of another length.
    pub fn resume(
        &mut self,
        step: u64,
        parameters: &[f32],
        averaged: &[f32],
        moments: (&[f32], &[f32]),
    ) -> Result<(), ModelError> {
        let expected = self.parameters.len();
        for found in [parameters.len(), averaged.len(), moments.0.len(), moments.1.len()] {
            if found != expected {
                return Err(ModelError::Dimensions { expected, found });
            }
        }
        self.step = step;
        self.parameters.copy_from_slice(parameters);
        self.network.write_parameters(parameters);
        self.optimiser.restore(step, moments.0, moments.1)?;
        if let Some(average) = &mut self.average {
            average.restore(step, averaged)?;
        }
        Ok(())
    }

    /// Steps done.
    pub fn steps(&self) -> u64 {
        self.step
    }

    /// The parameters being optimised.
    pub fn parameters(&self) -> &[f32] {
        &self.parameters
    }

    /// The parameters to predict with: the average if there is one.
    pub fn averaged(&self) -> &[f32] {
        self.average.as_ref().map_or(&self.parameters, Ema::average)
    }

    /// Adam's first and second moments.
    pub fn moments(&self) -> (&[f32], &[f32]) {
        (self.optimiser.first_moment(), self.optimiser.second_moment())
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
        if !loss.is_finite() {
            return Err(ModelError::LossNotFinite { step: self.step, loss });
        }
        self.network.pullback(output.view(), None, Some(gradient), memory);
        if let Some(limit) = self.clip {
            clip_norm(gradient, limit);
        }
        let learning_rate = self.schedule.at(self.step);
        self.optimiser.step(&mut self.parameters, gradient, learning_rate);
        self.network.write_parameters(&self.parameters);
        if let Some(average) = &mut self.average {
            average.update(&self.parameters);
        }
        self.step += 1;
        Ok(Progress { step: self.step, loss, learning_rate })
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
        pool.feed(source, self.step..last, |_, batch| {
            Ok(observe(self.step(&batch)?))
        })
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
