//! What a model of the zoo consists of.

use crate::{BatchSource, Data, Fit, Made, ModelConfig, ModelError, Objective, Space, Stage, Trained};
use std::fmt::Debug;

/// The batches of an objective.
pub type Batches<'d, O> = Box<dyn BatchSource<Batch = <O as Objective>::Batch> + 'd>;

/// A model: settings that know how to make its loss, its batches and what it predicts with.
///
/// Implementing this, a model is trained, saved, resumed, listed and used like every other: by [`Run`](crate::Run),
/// and by the command line once it is in [`ModelConfig`].
pub trait Recipe: Clone + Debug + PartialEq + Into<ModelConfig> + TryFrom<ModelConfig> {
    /// What it learns from.
    type Data: Data;
    /// What it minimises.
    type Objective: Objective;
    /// What it is when it has been trained.
    type Trained: Into<Trained>;

    /// The settings of training.
    fn fit(&self) -> &Fit;

    /// The settings of training, to be changed.
    fn fit_mut(&mut self) -> &mut Fit;

    /// The updates of every stage of training by the name of their setting, in order: those of [`fit`](Self::fit) last,
    /// and 0 where a stage is left out.
    fn stage_steps(&mut self) -> Vec<(&'static str, &mut u64)> {
        vec![("fit.steps", &mut self.fit_mut().steps)]
    }

    /// Checks every number once.
    ///
    /// # Errors
    /// [`ModelError::Parameter`] with the name, the value and the range.
    fn check(&self) -> Result<(), ModelError>;

    /// The loss at step 0: new networks.
    ///
    /// # Errors
    /// What the networks refuse.
    fn objective(&self, space: &Space) -> Result<Self::Objective, ModelError>;

    /// Times that the data must have.
    fn least_times(&self) -> usize {
        2
    }

    /// Sets what the loss takes from `data`, in the coordinates of the networks, before step 0, and training does not
    /// move; by default nothing.
    ///
    /// # Errors
    /// Data that the model cannot learn from, with what it needs.
    fn prepare(&self, _objective: &mut Self::Objective, _data: &Self::Data) -> Result<(), ModelError> {
        Ok(())
    }

    /// The batches, of `data` in the coordinates of `space`.
    ///
    /// # Errors
    /// Data that the model cannot learn from, with what it needs.
    fn batches<'d>(
        &self,
        data: &'d Self::Data,
        space: &Space,
    ) -> Result<Batches<'d, Self::Objective>, ModelError>;

    /// The same batches, with what earlier calls for the same data and settings have made; by default nothing is kept.
    ///
    /// # Errors
    /// As [`batches`](Self::batches).
    fn batches_with<'d>(
        &self,
        data: &'d Self::Data,
        space: &Space,
        _made: &Made,
    ) -> Result<Batches<'d, Self::Objective>, ModelError> {
        self.batches(data, space)
    }

    /// What the objective is to predict with.
    fn trained(&self, objective: Self::Objective, space: Space) -> Self::Trained;

    /// The stages of training: by default one, which moves everything.
    ///
    /// # Errors
    /// What the optimiser refuses.
    fn stages(&self, objective: &Self::Objective) -> Result<Vec<Stage>, ModelError> {
        Ok(vec![self.fit().stage(0..objective.parameter_count())?])
    }
}
