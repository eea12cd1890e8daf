//! Populations whose cells have conditions.

use super::{Condition, ConditionError, Conditions, Covariate};
use crate::{Data, Frame, ModelError, Needs, Space};
use chreode_core::{Populations, Snapshot};
use ndarray::Axis;
use std::collections::BTreeSet;

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
    /// covariates of the conditions have these names. The labels are those that some cell is under.
    ///
    /// # Errors
    /// [`ConditionError`]: no condition, other numbers of conditions than cells, a number that is none of `known`,
    /// covariates that are not a number each or the same for all cells.
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
        if known.is_empty() {
            return Err(ConditionError::Empty.into());
        }
        expect_known(of.iter().flatten().copied(), known.len())?;
        let met: BTreeSet<usize> = of.iter().flatten().copied().collect();
        let labels: BTreeSet<&String> = met.into_iter().map(|k| &known[k].label).collect();
        let labels = labels.into_iter().cloned().collect();
        let unit = |name: &String| Covariate { name: name.clone(), mean: 0.0, scale: 1.0 };
        let mut conditions = Conditions { labels, covariates: covariates.iter().map(unit).collect() };
        known.iter().try_for_each(|condition| conditions.check(condition))?;
        for (j, covariate) in conditions.covariates.iter_mut().enumerate() {
            let values = || of.iter().flatten().map(|&k| known[k].covariates[j]);
            let cells = populations.cells() as f64;
            covariate.mean = values().sum::<f64>() / cells;
            covariate.scale = (values().map(|v| (v - covariate.mean).powi(2)).sum::<f64>() / cells).sqrt();
            // Compared, since the deviations from a rounded mean need not be 0.
            let value = values().next().unwrap_or(covariate.mean);
            if values().all(|v| v == value) {
                let covariate = covariate.name.clone();
                return Err(ConditionError::Constant { covariate, value }.into());
            }
        }
        Ok(Self { populations, conditions, known, of, control: None })
    }

    /// The same, where conditions start from the cells under `label`: where a condition has no cells before its first
    /// time, it has those of the control at the last time before. A control none of whose conditions has cells at two times is
    /// no condition of its own.
    ///
    /// # Errors
    /// [`ConditionError::Unknown`], and [`ConditionError::Alone`] where no condition is left.
    pub fn starting_from(self, label: &str) -> Result<Self, ModelError> {
        if !self.conditions.labels.iter().any(|known| known == label) {
            let known = self.conditions.known();
            return Err(ConditionError::Unknown { label: label.into(), known }.into());
        }
        let times = |number: usize| self.of.iter().filter(|of| of.contains(&number)).count();
        let control = self.known.iter().enumerate().filter(|(_, condition)| condition.label == label);
        let moves = control.map(|(number, _)| times(number)).any(|times| times > 1);
        let mut conditions = self.conditions.clone();
        conditions.labels.retain(|known| moves || known != label);
        if conditions.labels.is_empty() {
            return Err(ConditionError::Alone { label: label.into() }.into());
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

    /// The series of every condition; one of the control with cells at one time only has none of its own.
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

/// Whether every one of `numbers` is one of `known` conditions.
pub(crate) fn expect_known(
    numbers: impl IntoIterator<Item = usize>,
    known: usize,
) -> Result<(), ConditionError> {
    match numbers.into_iter().enumerate().find(|(_, number)| *number >= known) {
        Some((cell, number)) => Err(ConditionError::Number { cell, number, known }),
        None => Ok(()),
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
