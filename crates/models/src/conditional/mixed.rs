//! The motion of cells that are each under their own condition.

use super::Conditional;
use crate::conditions::expect_known;
use crate::{Condition, ConditionError, Dynamics, ModelError, Sampler, Space};
use chreode_core::{Seed, Snapshot};
use ndarray::{Array2, ArrayView2, Axis};

/// The motion of some cells, each under its own condition: row `i` of whatever it is asked for is cell `i`.
pub struct Mixed<'m> {
    /// A motion, and the rows that it moves.
    parts: Vec<(Box<dyn Dynamics + 'm>, Vec<usize>)>,
    rows: usize,
}

impl<'m> Mixed<'m> {
    /// The motion under `model` of cells under the conditions `known[of[i]]`, with weight `guidance`. Conditions that no
    /// cell is under need not be known to the model.
    ///
    /// # Errors
    /// No cell, [`ConditionError::Number`] for a number that is none of `known`, or as [`Conditional::under`].
    pub fn new(
        model: &'m dyn Conditional,
        known: &[Condition],
        of: &[usize],
        guidance: f64,
    ) -> Result<Self, ModelError> {
        crate::error::require("the number of cells", of.len() as f64, !of.is_empty(), "at least 1")?;
        expect_known(of.iter().copied(), known.len())?;
        let mut parts = Vec::new();
        for (number, condition) in known.iter().enumerate() {
            let rows: Vec<usize> = (0..of.len()).filter(|&i| of[i] == number).collect();
            if !rows.is_empty() {
                parts.push((model.under(Some(condition), guidance)?, rows));
            }
        }
        Ok(Self { parts, rows: of.len() })
    }

    /// Whether there are as many rows as cells.
    fn check(&self, found: usize) -> Result<(), ModelError> {
        if found == self.rows {
            Ok(())
        } else {
            Err(ConditionError::Rows { expected: self.rows, found }.into())
        }
    }
}

impl Dynamics for Mixed<'_> {
    fn space(&self) -> &Space {
        self.parts[0].0.space()
    }

    fn evolve(
        &self,
        cells: &Snapshot,
        times: &[f64],
        sampler: &Sampler,
        seed: Seed,
    ) -> Result<Vec<Snapshot>, ModelError> {
        self.check(cells.len())?;
        let mut states: Vec<Snapshot> =
            times.iter().map(|&time| Snapshot { time, ..cells.clone() }).collect();
        for (model, rows) in &self.parts {
            let some = Snapshot {
                time: cells.time,
                points: cells.points.select(Axis(0), rows),
                weights: cells.weights.as_ref().map(|w| w.select(Axis(0), rows)),
            };
            for (all, part) in states.iter_mut().zip(model.evolve(&some, times, sampler, seed)?) {
                for (i, &row) in rows.iter().enumerate() {
                    all.points.row_mut(row).assign(&part.points.row(i));
                    if let (Some(all), Some(part)) = (&mut all.weights, &part.weights) {
                        all[row] = part[i];
                    }
                }
            }
        }
        Ok(states)
    }

    fn velocity(&self, t: f64, points: ArrayView2<'_, f32>) -> Result<Array2<f32>, ModelError> {
        self.check(points.nrows())?;
        let mut all = Array2::zeros(points.raw_dim());
        for (model, rows) in &self.parts {
            let part = model.velocity(t, points.select(Axis(0), rows).view())?;
            for (&row, v) in rows.iter().zip(part.rows()) {
                all.row_mut(row).assign(&v);
            }
        }
        Ok(all)
    }
}
