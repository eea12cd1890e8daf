//! What a trained model of time series answers.

use super::{Individual, Series, SeriesError};
use crate::{ModelError, Space};
use chreode_core::Seed;
use ndarray::Array2;

/// What is said of one individual.
#[derive(Clone, Debug, PartialEq)]
pub struct Predicted {
    /// The times asked for.
    pub times: Vec<f64>,
    /// The expected value of each feature at each of them.
    pub mean: Array2<f32>,
    /// Its standard deviation, of a model that knows one.
    pub spread: Option<Array2<f32>>,
    /// The probability that the label is yes, of a model that learnt labels.
    pub label: Option<f64>,
}

/// A model that, given what was measured of individuals, says what would be measured at other times; in the user's
/// units and times.
pub trait Forecaster: Send + Sync {
    /// The coordinates and the clock it was trained in.
    fn space(&self) -> &Space;

    /// The values of each individual of `given` at its own list of `times`, which need no order.
    ///
    /// A model with random latent states draws `draws` of them from `seed`: the mean and the spread are theirs. The
    /// result of an individual, whose draws are those of its name, depends neither on the number of threads nor on the
    /// other individuals, and that of a time not on the other times, beyond the tolerance of an adaptive solve.
    ///
    /// # Errors
    /// Other features, another number of lists than individuals, times that are not finite or out of reach, an individual
    /// that the model cannot start from, or a failed solve.
    fn predict(
        &self,
        given: &Series,
        times: &[Vec<f64>],
        draws: usize,
        seed: Seed,
    ) -> Result<Vec<Predicted>, ModelError>;

    /// Whether it can start from what was measured of `one`, as it asks of individuals in [`predict`](Self::predict): by
    /// default from anything.
    fn starts_from(&self, _one: &Individual) -> bool {
        true
    }

    /// How likely `asked` is to the model, per measured value, in the network's coordinates; `None` of a model without a
    /// likelihood. Of a filter it is the mean log-density of each value given what of `given` was measured before it. Of a
    /// latent-variable model it is `E_q ln p(asked | z) − KL(q ‖ prior)` with q recognised from `given`: a lower bound of
    /// ln p(asked), not of ln p(asked | given); where both are the same, the evidence lower bound.
    ///
    /// # Errors
    /// As [`predict`](Self::predict).
    fn log_likelihood(
        &self,
        _given: &Series,
        _asked: &Series,
        _seed: Seed,
    ) -> Result<Option<f64>, ModelError> {
        Ok(None)
    }
}

/// Whether `given` has the features of `space`, and `times` a list of numbers an individual.
pub(crate) fn check(space: &Space, given: &Series, times: &[Vec<f64>]) -> Result<(), ModelError> {
    let (expected, found) = (space.frame.dims(), given.features().len());
    if expected != found {
        return Err(ModelError::Dimensions { expected, found });
    }
    if given.len() != times.len() {
        return Err(SeriesError::Lists { individuals: given.len(), found: times.len() }.into());
    }
    for (one, times) in given.individuals().iter().zip(times) {
        if let Some(&time) = times.iter().find(|t| !t.is_finite()) {
            return Err(SeriesError::Asked { id: one.id.clone(), time }.into());
        }
    }
    Ok(())
}
