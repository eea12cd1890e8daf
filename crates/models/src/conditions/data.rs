//! Populations whose cells have conditions.

use super::{Condition, ConditionError, Conditions, Covariate};
use crate::{Data, Frame, ModelError, Needs, Space};
use chreode_core::{Populations, Snapshot};
use ndarray::Axis;

/// Snapshots of populations, with the condition of every cell.
#[derive(Clone, Debug)]
pub struct Conditioned {
    populations: Populations,
    conditions: Conditions,
    /// The distinct conditions of the cells.
    known: Vec<Condition>,
    /// Of each snapshot, a number of [`known`](Self::known) a cell.
    of: Vec<Vec<usize>>,
    control: Option<String>,
}

impl Conditioned {
    /// Cells and the condition of each: `of` has, for each snapshot, the number of a condition of `known` a cell; the
    /// covariates of the conditions have these names.
    ///
    /// # Errors
    /// [`ConditionError`]: no condition, other numbers of conditions than cells, covariates that are not a number each or
    /// the same for all cells.
    ///
    /// # Panics
    /// If a number is not one of `known`.
    pub fn new(
        populations: Populations,
        known: Vec<Condition>,
        of: Vec<Vec<usize>>,
        covariates: &[String],
    ) -> Result<Self, ModelError> {
        for (k, snapshot) in populations.snapshots().iter().enumerate() {
            let (time, cells, labels) = (snapshot.time, snapshot.len(), of.get(k).map_or(0, Vec::len));
            if cells != labels {
                return Err(ConditionError::Labels { time, cells, labels }.into());
            }
        }
        let mut labels: Vec<String> = known.iter().map(|condition| condition.label.clone()).collect();
        labels.sort_unstable();
        labels.dedup();
        if labels.is_empty() {
            return Err(ConditionError::Empty.into());
        }
        let unit = |name: &String| Covariate { name: name.clone(), mean: 0.0, scale: 1.0 };
        let mut conditions = Conditions { labels, covariates: covariates.iter().map(unit).collect() };
        known.iter().try_for_each(|condition| conditions.check(condition))?;
        for (j, covariate) in conditions.covariates.iter_mut().enumerate() {
            let values = || of.iter().flatten().map(|&k| known[k].covariates[j]);
            let cells = populations.cells() as f64;
            covariate.mean = values().sum::<f64>() / cells;
            covariate.scale = (values().map(|v| (v - covariate.mean).powi(2)).sum::<f64>() / cells).sqrt();
            if covariate.scale == 0.0 {
                let (covariate, value) = (covariate.name.clone(), covariate.mean);
                return Err(ConditionError::Constant { covariate, value }.into());
            }
        }
        Ok(Self { populations, conditions, known, of, control: None })
    }

    /// The same, where conditions start from the cells under `label`: where a condition has no cells before its first
    /// time, it has those of the control at the last time before. A control with cells at one time only is no condition of its
    /// own.
    ///
    /// # Errors
    /// [`ConditionError::Unknown`].
    pub fn starting_from(self, label: &str) -> Result<Self, ModelError> {
        if !self.conditions.labels.iter().any(|known| known == label) {
            let known = self.conditions.known();
            return Err(ConditionError::Unknown { label: label.into(), known }.into());
        }
        let control = |k: usize| self.known[k].label == label;
        let mut conditions = self.conditions.clone();
        if self.snapshots(&control).len() < 2 {
            conditions.labels.retain(|known| known != label);
        }
        if conditions.labels.is_empty() {
            return Err(ConditionError::Empty.into());
        }
        Ok(Self { conditions, control: Some(label.into()), ..self })
    }

    /// The cells of all conditions together.
    pub fn populations(&self) -> &Populations {
        &self.populations
    }

    /// The conditions as a network sees them.
    pub fn conditions(&self) -> &Conditions {
        &self.conditions
    }

    /// The label of the control.
    pub fn control(&self) -> Option<&str> {
        self.control.as_deref()
    }

    /// The distinct conditions.
    pub fn known(&self) -> &[Condition] {
        &self.known
    }

    /// Of each snapshot, a number of [`known`](Self::known) a cell.
    pub fn numbers(&self) -> &[Vec<usize>] {
        &self.of
    }

    /// The series of every condition; a control with cells at one time only has none of its own.
    ///
    /// # Errors
    /// [`ConditionError::Once`] for a condition with one time, [`ConditionError::Few`] for one with a single cell at a
    /// time.
    pub fn series(&self) -> Result<Vec<(Condition, Populations)>, ModelError> {
        let control = |k: usize| self.control.as_ref() == Some(&self.known[k].label);
        let starts: Vec<Snapshot> = self.snapshots(&control);
        let mut all = Vec::with_capacity(self.known.len());
        for (number, condition) in self.known.iter().enumerate() {
            let mut snapshots = self.snapshots(&|k| k == number);
            let Some(first) = snapshots.first().map(|s| s.time) else { continue };
            if !control(number) {
                let start = starts.iter().rev().find(|s| s.time < first);
                snapshots.splice(0..0, start.cloned());
            } else if snapshots.len() < 2 {
                continue;
            }
            let name = condition.to_string();
            if snapshots.len() < 2 {
                return Err(ConditionError::Once { condition: name, time: first }.into());
            }
            if let Some(few) = snapshots.iter().find(|s| s.len() < 2) {
                let (time, cells) = (few.time, few.len());
                return Err(ConditionError::Few { condition: name, time, cells }.into());
            }
            all.push((condition.clone(), Populations::new(snapshots, self.populations.features().to_vec())?));
        }
        Ok(all)
    }

    /// The cells whose condition is `chosen`, at the times at which there are any.
    fn snapshots(&self, chosen: &dyn Fn(usize) -> bool) -> Vec<Snapshot> {
        let of = self.populations.snapshots().iter().zip(&self.of);
        let some = of.filter_map(|(snapshot, numbers)| {
            let rows: Vec<usize> = (0..numbers.len()).filter(|&i| chosen(numbers[i])).collect();
            (!rows.is_empty()).then(|| Snapshot {
                time: snapshot.time,
                points: snapshot.points.select(Axis(0), &rows),
                weights: snapshot.weights.as_ref().map(|w| w.select(Axis(0), &rows)),
            })
        });
        some.collect()
    }
}

impl Data for Conditioned {
    const NEEDS: Needs = Needs::Conditions;

    fn times(&self) -> Vec<f64> {
        self.populations.times()
    }

    fn bytes(&self) -> usize {
        let numbers: usize = self.of.iter().map(Vec::len).sum();
        self.populations.bytes() + size_of::<usize>() * numbers
    }

    fn inside(&self, frame: &Frame) -> Result<Self, ModelError> {
        let Self { populations, conditions, known, of, control } = self;
        Ok(Self {
            populations: populations.inside(frame)?,
            conditions: conditions.clone(),
            known: known.clone(),
            of: of.clone(),
            control: control.clone(),
        })
    }

    fn space(&self, frame: Frame) -> Result<Space, ModelError> {
        Ok(Space { conditions: Some(self.conditions.clone()), ..self.populations.space(frame)? })
    }
}
