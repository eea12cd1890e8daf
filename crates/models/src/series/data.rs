//! Individuals measured at irregular times.

use super::SeriesError;
use crate::{Clock, Data, Frame, ModelError, Needs, Space};
use ndarray::Array2;

/// One individual: what was measured of it, and when.
#[derive(Clone, Debug, PartialEq)]
pub struct Individual {
    /// Its name.
    pub id: String,
    /// When it was measured, increasing.
    pub times: Vec<f64>,
    /// One row a time, one column a feature; NaN where a feature was not measured.
    pub values: Array2<f32>,
    /// A yes or no about the whole individual, where it is known.
    pub label: Option<bool>,
}

impl Individual {
    /// Whether feature `j` was measured at the `i`-th time.
    pub fn measured(&self, i: usize, j: usize) -> bool {
        !self.values[[i, j]].is_nan()
    }

    /// Measured values, all features together.
    pub fn measurements(&self) -> usize {
        self.values.iter().filter(|x| !x.is_nan()).count()
    }

    /// The same with only the times that `keep` says.
    #[must_use]
    pub fn keep(&self, keep: impl Fn(usize) -> bool) -> Self {
        let rows: Vec<usize> = (0..self.times.len()).filter(|&i| keep(i)).collect();
        Self {
            id: self.id.clone(),
            times: rows.iter().map(|&i| self.times[i]).collect(),
            values: self.values.select(ndarray::Axis(0), &rows),
            label: self.label,
        }
    }
}

/// Many individuals with the same features.
#[derive(Clone, Debug, PartialEq)]
pub struct Series {
    individuals: Vec<Individual>,
    features: Vec<String>,
}

impl Series {
    /// Checked individuals. One without times is allowed: nothing was observed of it.
    ///
    /// # Errors
    /// [`SeriesError`]: no individual or no feature, other numbers of columns, times that do not increase, values that
    /// are infinite.
    pub fn new(individuals: Vec<Individual>, features: Vec<String>) -> Result<Self, SeriesError> {
        if individuals.is_empty() || features.is_empty() {
            return Err(SeriesError::Empty { individuals: individuals.len(), features: features.len() });
        }
        for one in &individuals {
            let id = || one.id.clone();
            let (rows, found) = one.values.dim();
            if found != features.len() {
                return Err(SeriesError::Columns { id: id(), expected: features.len(), found });
            }
            if rows != one.times.len() {
                return Err(SeriesError::Rows { id: id(), times: one.times.len(), rows });
            }
            let ordered = one.times.windows(2).all(|pair| pair[0] < pair[1]);
            if !ordered || one.times.iter().any(|t| !t.is_finite()) {
                return Err(SeriesError::Times { id: id() });
            }
            if let Some(((i, j), value)) = one.values.indexed_iter().find(|(_, x)| x.is_infinite()) {
                let (time, feature) = (one.times[i], features[j].clone());
                return Err(SeriesError::Value { id: id(), time, feature, value: *value });
            }
        }
        Ok(Self { individuals, features })
    }

    /// The individuals.
    pub fn individuals(&self) -> &[Individual] {
        &self.individuals
    }

    /// The features' names.
    pub fn features(&self) -> &[String] {
        &self.features
    }

    /// How many individuals there are.
    pub fn len(&self) -> usize {
        self.individuals.len()
    }

    /// Never: a series has an individual.
    pub fn is_empty(&self) -> bool {
        self.individuals.is_empty()
    }

    /// Measured values, all individuals together.
    pub fn measurements(&self) -> usize {
        self.individuals.iter().map(Individual::measurements).sum()
    }

    /// Individuals whose label is known.
    pub fn labelled(&self) -> usize {
        self.individuals.iter().filter(|one| one.label.is_some()).count()
    }

    /// The first and the last time of all individuals, where there is one.
    pub fn span(&self) -> Option<(f64, f64)> {
        let firsts = self.individuals.iter().filter_map(|one| one.times.first());
        let lasts = self.individuals.iter().filter_map(|one| one.times.last());
        let first = firsts.copied().reduce(f64::min)?;
        Some((first, lasts.copied().reduce(f64::max)?))
    }

    /// The same with each individual changed.
    ///
    /// # Errors
    /// As [`new`](Self::new).
    pub fn map(&self, change: impl Fn(&Individual) -> Individual) -> Result<Self, SeriesError> {
        Self::new(self.individuals.iter().map(change).collect(), self.features.clone())
    }

    /// The individuals at `indices`, in that order.
    ///
    /// # Errors
    /// As [`new`](Self::new).
    ///
    /// # Panics
    /// If there is no such individual.
    pub fn select(&self, indices: &[usize]) -> Result<Self, SeriesError> {
        Self::new(indices.iter().map(|&i| self.individuals[i].clone()).collect(), self.features.clone())
    }

    /// Each feature shifted to mean 0 and scaled to standard deviation 1 over all its measurements; a feature that
    /// never varies, or was never measured, is only shifted.
    ///
    /// # Errors
    /// Never for a checked series; the frame's constructor says so.
    pub fn standardising(&self) -> Result<Frame, ModelError> {
        self.frame_of(|values| {
            let n = values.len().max(1) as f64;
            let mean = values.iter().sum::<f64>() / n;
            let variance = values.iter().map(|x| (x - mean) * (x - mean)).sum::<f64>() / n;
            (mean, variance.sqrt())
        })
    }

    /// Each feature moved to [0, 1] over all its measurements: `(x − min) / (max − min)`.
    ///
    /// # Errors
    /// As [`standardising`](Self::standardising).
    pub fn min_max(&self) -> Result<Frame, ModelError> {
        self.frame_of(|values| {
            let low = values.iter().copied().fold(f64::INFINITY, f64::min);
            let high = values.iter().copied().fold(f64::NEG_INFINITY, f64::max);
            if values.is_empty() { (0.0, 1.0) } else { (low, high - low) }
        })
    }

    /// A frame from the measurements of each feature: their origin and their scale, 1 where that is no scale.
    fn frame_of(&self, origin_and_scale: impl Fn(&[f64]) -> (f64, f64)) -> Result<Frame, ModelError> {
        let columns = (0..self.features.len()).map(|j| {
            let column = |one: &'_ Individual| one.values.column(j).to_vec();
            let values: Vec<f64> = self.individuals.iter().flat_map(column).map(f64::from).collect();
            let values: Vec<f64> = values.into_iter().filter(|x| !x.is_nan()).collect();
            let (origin, scale) = origin_and_scale(&values);
            (origin, if scale > 0.0 { scale } else { 1.0 })
        });
        let (origins, scales) = columns.unzip();
        Frame::new(self.features.clone(), origins, scales)
    }
}

impl Data for Series {
    const NEEDS: Needs = Needs::Series;

    /// The first and the last: between them, each individual has its own.
    fn times(&self) -> Vec<f64> {
        self.span()
            .map_or(Vec::new(), |(first, last)| if first < last { vec![first, last] } else { vec![first] })
    }

    fn bytes(&self) -> usize {
        let numbers =
            |one: &Individual| size_of::<f64>() * one.times.len() + size_of::<f32>() * one.values.len();
        self.individuals.iter().map(numbers).sum()
    }

    fn inside(&self, frame: &Frame) -> Result<Self, ModelError> {
        if self.features.len() != frame.dims() {
            return Err(ModelError::Dimensions { expected: frame.dims(), found: self.features.len() });
        }
        Ok(self.map(|one| Individual { values: frame.enter(one.values.view()), ..one.clone() })?)
    }

    /// Network time runs from 0 at the first to 1 at the last measurement of all.
    fn space(&self, frame: Frame) -> Result<Space, ModelError> {
        let times = self.times();
        let &[origin, last] = &times[..] else { return Err(SeriesError::OneTime { times }.into()) };
        Ok(Space { clock: Clock { origin, unit: last - origin }, frame, times, conditions: None })
    }
}
