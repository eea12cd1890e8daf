//! Populations of cells measured at a few times.

use crate::CoreError;
use ndarray::{Array1, Array2, ArrayView2};

/// The cells measured at one time: an empirical measure, not a set of trajectories.
#[derive(Clone, Debug, PartialEq)]
pub struct Snapshot {
    /// The time, in the user's units.
    pub time: f64,
    /// One cell a row, one feature a column.
    pub points: Array2<f32>,
    /// One weight a cell, not necessarily summing to 1; `None` for equal weights.
    pub weights: Option<Array1<f32>>,
}

impl Snapshot {
    /// Equally weighted cells at `time`.
    pub fn new(time: f64, points: Array2<f32>) -> Self {
        Self { time, points, weights: None }
    }

    /// The number of cells.
    pub fn len(&self) -> usize {
        self.points.nrows()
    }

    /// Whether there are no cells.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The weights, normalised to sum to 1, in `f64`.
    pub fn probabilities(&self) -> Array1<f64> {
        match &self.weights {
            None => Array1::from_elem(self.len(), 1.0 / self.len() as f64),
            Some(w) => {
                let w = w.mapv(f64::from);
                let total = w.sum();
                w / total
            }
        }
    }

    fn check(&self, features: usize) -> Result<(), CoreError> {
        let time = self.time;
        if self.is_empty() {
            return Err(CoreError::EmptySnapshot { time });
        }
        if self.points.ncols() != features {
            return Err(CoreError::FeatureCount { time, expected: features, found: self.points.ncols() });
        }
        if let Some(((row, column), &value)) = self.points.indexed_iter().find(|(_, v)| !v.is_finite()) {
            return Err(CoreError::NotFinite { time, row, column, value });
        }
        let Some(weights) = &self.weights else { return Ok(()) };
        if weights.len() != self.len() {
            return Err(CoreError::WeightCount { time, cells: self.len(), weights: weights.len() });
        }
        if let Some((row, &value)) = weights.indexed_iter().find(|(_, w)| !w.is_finite() || **w < 0.0) {
            return Err(CoreError::BadWeight { time, row, value });
        }
        if weights.iter().all(|&w| w == 0.0) {
            return Err(CoreError::BadWeight { time, row: 0, value: 0.0 });
        }
        Ok(())
    }
}

/// Snapshots ordered in time, in one coordinate system, with finite entries.
///
/// Validity is established once, in [`new`](Self::new); whoever holds a `Populations` need not check.
#[derive(Clone, Debug, PartialEq)]
pub struct Populations {
    snapshots: Vec<Snapshot>,
    features: Vec<String>,
}

impl Populations {
    /// Snapshots in increasing order of time, and a name for each feature.
    ///
    /// # Errors
    /// What is wrong, where: no snapshot, an empty one, times that do not increase, a different
    /// number of features, an entry or a weight that is not finite, a negative weight.
    pub fn new(snapshots: Vec<Snapshot>, features: Vec<String>) -> Result<Self, CoreError> {
        if snapshots.is_empty() {
            return Err(CoreError::NoSnapshots);
        }
        for (index, snapshot) in snapshots.iter().enumerate() {
            if !snapshot.time.is_finite() {
                return Err(CoreError::TimeNotFinite { index, time: snapshot.time });
            }
            snapshot.check(features.len())?;
        }
        if let Some(pair) = snapshots.windows(2).find(|pair| pair[1].time <= pair[0].time) {
            return Err(CoreError::TimesNotIncreasing { time: pair[0].time, next: pair[1].time });
        }
        Ok(Self { snapshots, features })
    }

    /// The snapshots, in order.
    pub fn snapshots(&self) -> &[Snapshot] {
        &self.snapshots
    }

    /// The names of the features.
    pub fn features(&self) -> &[String] {
        &self.features
    }

    /// The number of features.
    pub fn dims(&self) -> usize {
        self.features.len()
    }

    /// The number of cells at all times together.
    pub fn cells(&self) -> usize {
        self.snapshots.iter().map(Snapshot::len).sum()
    }

    /// The times, increasing.
    pub fn times(&self) -> Vec<f64> {
        self.snapshots.iter().map(|s| s.time).collect()
    }

    /// The snapshot at exactly `time`.
    ///
    /// # Errors
    /// [`CoreError::NoSuchTime`], with the times there are.
    pub fn at(&self, time: f64) -> Result<&Snapshot, CoreError> {
        self.snapshots
            .iter()
            .find(|s| s.time == time)
            .ok_or_else(|| CoreError::NoSuchTime { time, times: self.times() })
    }

    /// Consecutive snapshots.
    pub fn intervals(&self) -> impl Iterator<Item = (&Snapshot, &Snapshot)> + '_ {
        self.snapshots.windows(2).map(|pair| (&pair[0], &pair[1]))
    }

    /// Takes an inner time out: what remains to train on, and what to predict.
    ///
    /// # Errors
    /// [`CoreError::NoSuchTime`], or [`CoreError::HeldOutEnd`] for the first and last time.
    pub fn hold_out(&self, time: f64) -> Result<(Self, Snapshot), CoreError> {
        let held = self.at(time)?.clone();
        let times = self.times();
        let inner = times.get(1..times.len() - 1).unwrap_or_default();
        if !inner.contains(&time) {
            return Err(CoreError::HeldOutEnd { time, inner: inner.to_vec() });
        }
        let rest = self.snapshots.iter().filter(|s| s.time != time).cloned().collect();
        Ok((Self { snapshots: rest, features: self.features.clone() }, held))
    }

    /// The points at `index`, as a view.
    pub fn points(&self, index: usize) -> ArrayView2<'_, f32> {
        self.snapshots[index].points.view()
    }
}
