//! What a trained model of populations answers.

use crate::{
    ConditionError, Conditional, ConditionalFlow, Filter, Forecaster, LatentSeries, ModelError, NeuralCde,
    NeuralOde, Sampler, Space,
};
use chreode_core::{Seed, Snapshot};
use ndarray::{Array1, Array2, ArrayView2};

/// The motion of cells, in the user's coordinates and units of time.
pub trait Dynamics: Send + Sync {
    /// The coordinates and the clock it was trained in.
    fn space(&self) -> &Space;

    /// Moves `cells`, which are at `times[0]`, to each of `times`: one snapshot a time, rows in the order given.
    ///
    /// A model of growth multiplies the weights; one of noise draws its paths from `seed`. The result does not depend
    /// on the number of threads.
    ///
    /// # Errors
    /// Other dimensions, times in a direction in which the model does not run, or a failed solve.
    fn evolve(
        &self,
        cells: &Snapshot,
        times: &[f64],
        sampler: &Sampler,
        seed: Seed,
    ) -> Result<Vec<Snapshot>, ModelError>;

    /// The velocity of every row at time `t`, in the user's coordinates per unit of the user's time.
    ///
    /// # Errors
    /// A different number of columns.
    fn velocity(&self, t: f64, points: ArrayView2<'_, f32>) -> Result<Array2<f32>, ModelError>;

    /// The growth rate `d log m/dt` of every row at time `t`, per unit of the user's time; `None` for a model without one:
    /// its masses stay, or change at the measured times alone, as those of [`RescaledFlow`](crate::RescaledFlow).
    ///
    /// # Errors
    /// A different number of columns.
    fn growth(&self, _t: f64, _points: ArrayView2<'_, f32>) -> Result<Option<Array1<f32>>, ModelError> {
        Ok(None)
    }

    /// The log-density of every row at time `t`, in the user's coordinates; `None` for a model without a base
    /// distribution.
    ///
    /// # Errors
    /// A different number of columns, or a failed solve.
    fn log_density(
        &self,
        _t: f64,
        _points: ArrayView2<'_, f32>,
        _sampler: &Sampler,
    ) -> Result<Option<Array1<f64>>, ModelError> {
        Ok(None)
    }
}

impl<D: Dynamics + ?Sized> Dynamics for &D {
    fn space(&self) -> &Space {
        (**self).space()
    }

    fn evolve(
        &self,
        cells: &Snapshot,
        times: &[f64],
        sampler: &Sampler,
        seed: Seed,
    ) -> Result<Vec<Snapshot>, ModelError> {
        (**self).evolve(cells, times, sampler, seed)
    }

    fn velocity(&self, t: f64, points: ArrayView2<'_, f32>) -> Result<Array2<f32>, ModelError> {
        (**self).velocity(t, points)
    }

    fn growth(&self, t: f64, points: ArrayView2<'_, f32>) -> Result<Option<Array1<f32>>, ModelError> {
        (**self).growth(t, points)
    }

    fn log_density(
        &self,
        t: f64,
        points: ArrayView2<'_, f32>,
        sampler: &Sampler,
    ) -> Result<Option<Array1<f64>>, ModelError> {
        (**self).log_density(t, points, sampler)
    }
}

/// A trained model, by what it answers.
#[non_exhaustive]
pub enum Trained {
    /// The motion of populations of cells.
    Dynamics(Box<dyn Dynamics>),
    /// What individuals will do.
    Series(Box<dyn Forecaster>),
    /// The motion of populations of cells under conditions.
    Conditional(Box<dyn Conditional>),
}

impl Trained {
    /// The motion of populations.
    ///
    /// # Errors
    /// [`ModelError::Data`] for a model of something else.
    pub fn dynamics(self) -> Result<Box<dyn Dynamics>, ModelError> {
        match self {
            Self::Dynamics(dynamics) => Ok(dynamics),
            Self::Conditional(model) => {
                Err(ConditionError::Unnamed { known: model.conditions().known() }.into())
            }
            Self::Series(_) => Err(ModelError::Data {
                model: "a model of time series".into(),
                needs: "individuals measured in time (--series COLUMN), not snapshots of cells".into(),
            }),
        }
    }

    /// What individuals will do.
    ///
    /// # Errors
    /// [`ModelError::Data`] for a model of something else.
    pub fn forecaster(self) -> Result<Box<dyn Forecaster>, ModelError> {
        match self {
            Self::Series(forecaster) => Ok(forecaster),
            Self::Dynamics(_) | Self::Conditional(_) => Err(ModelError::Data {
                model: "a model of populations".into(),
                needs: "snapshots of cells, not individuals measured in time".into(),
            }),
        }
    }
}

impl From<ConditionalFlow> for Trained {
    fn from(model: ConditionalFlow) -> Self {
        Self::Conditional(Box::new(model))
    }
}

impl<D: Dynamics + 'static> From<D> for Trained {
    fn from(dynamics: D) -> Self {
        Self::Dynamics(Box::new(dynamics))
    }
}

/// A forecaster is a trained model; `From` for all of them would meet that for all dynamics.
macro_rules! forecasters {
    ($($model:ty),*) => {
        $(impl From<$model> for Trained {
            fn from(model: $model) -> Self {
                Self::Series(Box::new(model))
            }
        })*
    };
}

forecasters!(Filter, LatentSeries, NeuralCde, NeuralOde);
