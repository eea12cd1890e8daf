//! What a run takes in memory, before it is trained.

use crate::{Data, Fit, Objective, Pool, Trainer};
use chreode_core::{ParameterView, Populations};

/// Bytes of a run, counted before training.
///
/// Data and state are counted exactly. Batches, activations and plans are what regression on minibatches of every time takes.
/// A model that solves an equation in each step keeps the states of the solve beside: they are counted on the first batch of
/// every stage, with untrained networks. An adaptive solve may take more steps later.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MemoryPlan {
    /// The data as they were read and in the coordinates of the networks.
    pub data: usize,
    /// Parameters, gradient, the optimiser's moments and the moving average.
    pub state: usize,
    /// Times, points and velocities of the batches that wait or are under way.
    pub batches: usize,
    /// What a forward pass of a batch keeps for its pullback.
    pub activations: usize,
    /// What the solves of a step keep for its gradient.
    pub solves: usize,
    /// Costs between two minibatches in double precision, one a thread.
    pub plans: usize,
}

impl MemoryPlan {
    /// All of it.
    pub fn total(&self) -> usize {
        self.data + self.state + self.batches + self.activations + self.solves + self.plans
    }

    pub(crate) fn of<D: Data, O: Objective>(
        data: &D,
        (dims, times): (usize, usize),
        trainer: &Trainer<O>,
        fit: &Fit,
        (solves, pool): (usize, Pool),
    ) -> Self {
        let rows = fit.batch * times.saturating_sub(1).max(1);
        let number = size_of::<f32>();
        let outputs = |view: &ParameterView| if view.shape.len() == 1 { view.size() } else { 0 };
        let outputs: usize = trainer.objective().layout().iter().map(outputs).sum();
        Self {
            data: 2 * data.bytes(),
            state: trainer.bytes(),
            batches: number * rows * (1 + 2 * dims) * (pool.depth + 1),
            activations: 2 * number * rows * (2 * dims + outputs),
            solves,
            plans: size_of::<f64>() * fit.batch * fit.batch * (pool.workers + 1),
        }
    }
}

/// Bytes of the points and weights of populations.
pub(crate) fn bytes(populations: &Populations) -> usize {
    let of = populations.snapshots().iter();
    let numbers = of.map(|s| s.points.len() + s.weights.as_ref().map_or(0, |w| w.len()));
    size_of::<f32>() * numbers.sum::<usize>()
}
