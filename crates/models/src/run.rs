//! A training run of any model.

use crate::checkpoint::FORMAT;
use crate::{
    Checkpoint, Data, Device, Frame, Header, Made, MemoryPlan, ModelConfig, ModelError, Objective, Pool,
    Progress, Recipe, Space, Trained, Trainer,
};
use std::collections::BTreeMap;
use std::ops::ControlFlow;

/// The run of a model: its data, its settings and its state.
pub struct Run<R: Recipe> {
    data: R::Data,
    recipe: R,
    space: Space,
    trainer: Trainer<R::Objective>,
    made: Made,
}

impl<R: Recipe> Run<R> {
    /// A run at step 0, on data in the coordinates of the file; `frame` is where the networks live.
    ///
    /// # Errors
    /// Settings out of range, data that the model cannot learn from, a frame of other dimensions.
    pub fn new(data: &R::Data, frame: Frame, recipe: R) -> Result<Self, ModelError> {
        recipe.fit().check()?;
        recipe.check()?;
        let space = data.space(frame)?;
        if space.times.len() < recipe.least_times() {
            return Err(ModelError::TooFewTimes { times: space.times });
        }
        let data = data.inside(&space.frame)?;
        let mut objective = recipe.objective(&space)?;
        recipe.prepare(&mut objective, &data)?;
        let stages = recipe.stages(&objective)?;
        let trainer = Trainer::new(objective, stages)?;
        let made = Made::default();
        recipe.batches_with(&data, &space, &made)?;
        Ok(Self { data, recipe, space, trainer, made })
    }

    /// Continues the run of `checkpoint` on the same data, towards `steps` updates in its last stage.
    ///
    /// # Errors
    /// As [`new`](Self::new); and [`ModelError::Checkpoint`] when it is of another model, or the data have other
    /// times or dimensions than those trained on.
    pub fn resume(data: &R::Data, checkpoint: &Checkpoint, steps: u64) -> Result<Self, ModelError> {
        let Header { config, space, step, .. } = &checkpoint.header;
        if data.times() != space.times {
            let found = data.times();
            let reason = format!("it was trained on times {:?}, and the data has {found:?}", space.times);
            return Err(ModelError::Checkpoint { reason });
        }
        if data.space(space.frame.clone())?.conditions != space.conditions {
            let reason = "it was trained under other conditions than the data has".into();
            return Err(ModelError::Checkpoint { reason });
        }
        let mut recipe: R = of(config)?;
        recipe.fit_mut().steps = steps;
        let mut run = Self::new(data, space.frame.clone(), recipe)?;
        checkpoint.fits(&run.trainer.objective().layout())?;
        let moments = (&checkpoint.first_moment[..], &checkpoint.second_moment[..]);
        run.trainer.resume(*step, &checkpoint.parameters, &checkpoint.model, moments)?;
        Ok(run)
    }

    /// The settings.
    pub fn config(&self) -> &R {
        &self.recipe
    }

    /// Steps done.
    pub fn steps(&self) -> u64 {
        self.trainer.steps()
    }

    /// Steps of all stages.
    pub fn last_step(&self) -> u64 {
        self.trainer.last_step()
    }

    /// The number of parameters.
    pub fn parameter_count(&self) -> usize {
        self.trainer.parameters().len()
    }

    /// What training takes in memory, with the threads of `pool`; to know what its solves keep, it solves once a stage.
    ///
    /// # Errors
    /// A batch that cannot be made, or a failed solve.
    pub fn memory(&self, pool: Pool) -> Result<MemoryPlan, ModelError> {
        let shape = (self.space.frame.dims(), self.space.times.len());
        Ok(MemoryPlan::of(&self.data, shape, &self.trainer, self.recipe.fit(), (self.solve_bytes()?, pool)))
    }

    /// The most that the solves of a step keep, of the first step of every stage with new networks.
    fn solve_bytes(&self) -> Result<usize, ModelError> {
        let mut objective = self.recipe.objective(&self.space)?;
        self.recipe.prepare(&mut objective, &self.data)?;
        let batches = self.recipe.batches_with(&self.data, &self.space, &self.made)?;
        let mut gradient = vec![0.0; objective.parameter_count()];
        let (mut step, mut most) = (0, 0);
        for (k, stage) in self.recipe.stages(&objective)?.iter().enumerate() {
            objective.loss(k, &batches.batch(step)?, &mut gradient)?;
            most = objective.solve_bytes().max(most);
            step += stage.steps;
        }
        Ok(most)
    }

    /// Trains to the last step or until `observe` breaks; `pool` decides the threads, not the result.
    ///
    /// # Errors
    /// A loss that is not finite, or a batch that cannot be made.
    pub fn train(
        &mut self,
        pool: Pool,
        observe: impl FnMut(Progress) -> ControlFlow<()>,
    ) -> Result<(), ModelError> {
        let batches = self.recipe.batches_with(&self.data, &self.space, &self.made)?;
        self.trainer.run(&*batches, pool, observe)
    }

    /// The run as it stands, with the caller's notes.
    pub fn checkpoint(&self, notes: BTreeMap<String, String>) -> Checkpoint {
        let moments = self.trainer.moments();
        let layout = self.trainer.objective().layout();
        Checkpoint {
            header: Header {
                format: FORMAT,
                step: self.trainer.steps(),
                config: self.recipe.clone().into(),
                space: self.space.clone(),
                layout: layout.into_iter().map(|view| (view.name, view.shape)).collect(),
                notes,
            },
            model: self.trainer.averaged(),
            parameters: self.trainer.parameters().to_vec(),
            first_moment: moments.first.clone(),
            second_moment: moments.second.clone(),
        }
    }

    /// The model, with the parameters to predict with.
    pub fn finish(self) -> R::Trained {
        self.recipe.trained(self.trainer.finish(), self.space)
    }
}

impl Checkpoint {
    /// The same, to be used with its networks on `device`.
    pub fn on(mut self, device: &Device) -> Self {
        self.header.config.fit_mut().device = device.clone();
        self
    }

    /// The model to predict with, if it is of recipe `R`.
    ///
    /// # Errors
    /// [`ModelError::Checkpoint`] when it is of another model, or does not fit its networks.
    pub fn model_of<R: Recipe>(&self) -> Result<R::Trained, ModelError> {
        let recipe: R = of(&self.header.config)?;
        recipe.fit().check()?;
        recipe.check()?;
        let mut objective = recipe.objective(&self.header.space)?;
        self.fits(&objective.layout())?;
        objective.write_parameters(&self.model);
        Ok(recipe.trained(objective, self.header.space.clone()))
    }
}

/// The settings as those of `R`.
fn of<R: Recipe>(config: &ModelConfig) -> Result<R, ModelError> {
    let other = |_| ModelError::Checkpoint { reason: format!("it holds another model: {}", config.method()) };
    R::try_from(config.clone()).map_err(other)
}

/// A run whose model is known only when the program runs: the same without the type.
pub trait Training {
    /// The settings.
    fn config(&self) -> ModelConfig;
    /// Steps done.
    fn steps(&self) -> u64;
    /// Steps of all stages.
    fn last_step(&self) -> u64;
    /// The number of parameters.
    fn parameter_count(&self) -> usize;
    /// As [`Run::memory`].
    ///
    /// # Errors
    /// As [`Run::memory`].
    fn memory(&self, pool: Pool) -> Result<MemoryPlan, ModelError>;
    /// As [`Run::train`].
    ///
    /// # Errors
    /// As [`Run::train`].
    fn train(
        &mut self,
        pool: Pool,
        observe: &mut dyn FnMut(Progress) -> ControlFlow<()>,
    ) -> Result<(), ModelError>;
    /// The run as it stands, with the caller's notes.
    fn checkpoint(&self, notes: BTreeMap<String, String>) -> Checkpoint;
    /// The model, with the parameters to predict with.
    fn finish(self: Box<Self>) -> Trained;
}

impl<R: Recipe> Training for Run<R> {
    fn config(&self) -> ModelConfig {
        self.recipe.clone().into()
    }

    fn steps(&self) -> u64 {
        self.steps()
    }

    fn last_step(&self) -> u64 {
        self.last_step()
    }

    fn parameter_count(&self) -> usize {
        self.parameter_count()
    }

    fn memory(&self, pool: Pool) -> Result<MemoryPlan, ModelError> {
        self.memory(pool)
    }

    fn train(
        &mut self,
        pool: Pool,
        observe: &mut dyn FnMut(Progress) -> ControlFlow<()>,
    ) -> Result<(), ModelError> {
        self.train(pool, observe)
    }

    fn checkpoint(&self, notes: BTreeMap<String, String>) -> Checkpoint {
        self.checkpoint(notes)
    }

    fn finish(self: Box<Self>) -> Trained {
        (*self).finish().into()
    }
}
