//! One loop for every model: batches, losses, gradients, updates.

use crate::{BatchSource, ModelError, Objective, Pool, Stage};
use chreode_nn::{Ema, Moments, clip_norm};
use std::ops::ControlFlow;

/// Minimises an [`Objective`] in stages.
///
/// Holds everything a resumed run needs: parameters, moments, average, step. Batches are functions of
/// the step, so a run resumed at step `k` is the uninterrupted run from there on, bit for bit.
pub struct Trainer<O: Objective> {
    objective: O,
    parameters: Vec<f32>,
    stages: Vec<Stage>,
    /// The index of the stage under way, and the steps before it.
    stage: usize,
    before: u64,
    /// Of the parameters of the stage, as is the average; their step counts within it.
    moments: Moments<f32>,
    average: Option<Ema<f32>>,
    gradient: Vec<f32>,
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

impl<O: Objective> Trainer<O> {
    /// A trainer at step 0 that starts from the objective's parameters.
    ///
    /// # Errors
    /// No stage, one without steps, or one whose parameters are not there.
    pub fn new(objective: O, stages: Vec<Stage>) -> Result<Self, ModelError> {
        let count = objective.parameter_count();
        let mut parameters = vec![0.0; count];
        objective.read_parameters(&mut parameters);
        if stages.is_empty() {
            return Err(ModelError::Parameter { name: "stages", value: 0.0, rule: "at least 1" });
        }
        if stages.iter().any(|stage| stage.steps == 0) {
            return Err(ModelError::Parameter {
                name: "steps",
                value: 0.0,
                rule: "1 or more in every stage",
            });
        }
        if let Some(stage) = stages.iter().find(|s| s.parameters.end > count) {
            return Err(ModelError::Dimensions { expected: count, found: stage.parameters.end });
        }
        let mut trainer = Self {
            objective,
            parameters,
            stages,
            stage: 0,
            before: 0,
            moments: Moments::new(0),
            average: None,
            gradient: vec![0.0; count],
        };
        trainer.begin()?;
        Ok(trainer)
    }

    /// Starts the stage under way from nothing but the parameters.
    fn begin(&mut self) -> Result<(), ModelError> {
        let Stage { parameters, rule, .. } = &self.stages[self.stage];
        self.moments = Moments::new(parameters.len());
        self.average = rule.ema(&self.parameters[parameters.clone()])?;
        Ok(())
    }

    /// Continues from a stored state: the parameters, their average, and the optimiser's moments at `step`.
    ///
    /// # Errors
    /// A vector of another length.
    pub fn resume(
        &mut self,
        step: u64,
        parameters: &[f32],
        averaged: &[f32],
        (first, second): (&[f32], &[f32]),
    ) -> Result<(), ModelError> {
        let same = |expected: usize, found: usize| match expected == found {
            true => Ok(()),
            false => Err(ModelError::Dimensions { expected, found }),
        };
        same(self.parameters.len(), parameters.len())?;
        same(self.parameters.len(), averaged.len())?;
        (self.stage, self.before) = (0, 0);
        while self.stage + 1 < self.stages.len() && step >= self.before + self.stages[self.stage].steps {
            self.before += self.stages[self.stage].steps;
            self.stage += 1;
        }
        self.parameters.copy_from_slice(parameters);
        self.objective.write_parameters(parameters);
        self.begin()?;
        same(self.moments.first.len(), first.len())?;
        same(self.moments.second.len(), second.len())?;
        let within = step - self.before;
        if let Some(average) = &mut self.average {
            average.average.copy_from_slice(&averaged[self.stages[self.stage].parameters.clone()]);
            average.updates = within;
        }
        self.moments = Moments { first: first.to_vec(), second: second.to_vec(), step: within };
        Ok(())
    }

    /// Steps done.
    pub fn steps(&self) -> u64 {
        self.before + self.moments.step
    }

    /// Steps of all stages.
    pub fn last_step(&self) -> u64 {
        self.stages.iter().map(|stage| stage.steps).sum()
    }

    /// Bytes of the parameters here and in the networks, the gradient, the moments and the average.
    pub fn bytes(&self) -> usize {
        let average = self.average.as_ref().map_or(0, |ema| ema.average.len());
        let moments = self.moments.first.len() + self.moments.second.len();
        size_of::<f32>() * (2 * self.parameters.len() + self.gradient.len() + moments + average)
    }

    /// What is minimised, with the parameters being optimised.
    pub fn objective(&self) -> &O {
        &self.objective
    }

    /// The parameters being optimised.
    pub fn parameters(&self) -> &[f32] {
        &self.parameters
    }

    /// The parameters to predict with: the average, where there is one.
    pub fn averaged(&self) -> Vec<f32> {
        let mut averaged = self.parameters.clone();
        if let Some(ema) = &self.average {
            averaged[self.stages[self.stage].parameters.clone()].copy_from_slice(&ema.average);
        }
        averaged
    }

    /// The optimiser's first and second moments, of the parameters of the stage under way.
    pub fn moments(&self) -> &Moments<f32> {
        &self.moments
    }

    /// One update; returns the loss before it.
    ///
    /// # Errors
    /// [`ModelError::LossNotFinite`] when the loss is not finite, [`ModelError::GradientNotFinite`] when its gradient is
    /// not; the parameters and moments are left as they were.
    pub fn step(&mut self, batch: &O::Batch) -> Result<Progress, ModelError> {
        let step = self.steps();
        let loss = self.objective.loss(self.stage, batch, &mut self.gradient)?;
        if !loss.is_finite() {
            return Err(ModelError::LossNotFinite { step, loss });
        }
        let Stage { parameters: moved, rule, steps } = &self.stages[self.stage];
        let steps = *steps;
        let gradient = &mut self.gradient[moved.clone()];
        if let Some(index) = gradient.iter().position(|g| !g.is_finite()) {
            let (index, value) = (moved.start + index, gradient[index]);
            return Err(ModelError::GradientNotFinite { step, index, value });
        }
        if let Some(limit) = rule.clip {
            clip_norm(gradient, limit)?;
        }
        let factor = rule.schedule.factor(self.moments.step);
        let parameters = &mut self.parameters[moved.clone()];
        rule.optimiser.step(factor, &mut self.moments, parameters, gradient)?;
        if let Some(average) = &mut self.average {
            average.update(parameters)?;
        }
        let learning_rate = factor * rule.optimiser.lr;
        if self.moments.step == steps && self.stage + 1 < self.stages.len() {
            self.parameters = self.averaged();
            self.before += steps;
            self.stage += 1;
            self.begin()?;
        }
        self.objective.write_parameters(&self.parameters);
        Ok(Progress { step: step + 1, loss, learning_rate })
    }

    /// Steps until the last stage ends or `observe` breaks, with batches from `source` through `pool`.
    ///
    /// # Errors
    /// What the source or a step returns; the trainer stays at the last good step.
    pub fn run<S: BatchSource<Batch = O::Batch> + ?Sized>(
        &mut self,
        source: &S,
        pool: Pool,
        mut observe: impl FnMut(Progress) -> ControlFlow<()>,
    ) -> Result<(), ModelError> {
        pool.feed(source, self.steps()..self.last_step(), |_, batch| Ok(observe(self.step(&batch)?)))
    }

    /// The objective with the parameters to predict with.
    pub fn finish(mut self) -> O {
        let parameters = self.averaged();
        self.objective.write_parameters(&parameters);
        self.objective
    }
}
