//! What a method under test is given, and what it owes.

use crate::ModelError;
use chreode_core::{Populations, Seed, Snapshot};

/// One question of the protocol: where are the cells of [`source`](Self::source) at
/// [`time`](Self::time)? The cells measured at that time are nowhere in it.
#[derive(Clone, Copy, Debug)]
pub struct Fold<'a> {
    /// All snapshots but the held-out one.
    pub training: &'a Populations,
    /// The real cells at the time before the held-out one; one of [`training`](Self::training).
    pub source: &'a Snapshot,
    /// The held-out time.
    pub time: f64,
    /// The run's seed. All folds of a run have the same one, as in the publications.
    pub seed: Seed,
}

/// A method that trains on a fold and answers its question.
///
/// Closures are forecasts:
///
/// ```
/// use chreode_models::{Fold, Forecast, ModelError};
/// use chreode_core::Snapshot;
///
/// fn is_forecast(_: &impl Forecast) {}
/// let stay = |fold: &Fold<'_>| Ok::<_, ModelError>(Snapshot::new(fold.time, fold.source.points.clone()));
/// is_forecast(&stay);
/// ```
pub trait Forecast {
    /// The predicted cells at the held-out time; weights say how mass has grown or shrunk.
    ///
    /// # Errors
    /// Whatever keeps the method from an answer.
    fn forecast(&self, fold: &Fold<'_>) -> Result<Snapshot, ModelError>;
}

impl<F: Fn(&Fold<'_>) -> Result<Snapshot, ModelError>> Forecast for F {
    fn forecast(&self, fold: &Fold<'_>) -> Result<Snapshot, ModelError> {
        self(fold)
    }
}
