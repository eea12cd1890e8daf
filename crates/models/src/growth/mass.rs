//! How much a snapshot weighs.

use crate::ModelError;
use chreode_core::{Populations, Snapshot};
use ndarray::Array1;
use serde::{Deserialize, Serialize};

/// The masses of the snapshots, relative to the first: what growth is learnt from.
///
/// In a settings file: `mass = "counts"`, `"equal"`, `"weights"`, or a list with one mass a time, e.g. the counts of a
/// cell counter.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(untagged, expecting = "mass must be counts, equal, weights, or a list with one mass a time")]
pub enum Mass {
    /// By a rule.
    By(MassRule),
    /// These totals, one a time, above 0.
    Given(Vec<f64>),
}

/// A rule for the mass of a snapshot.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum MassRule {
    /// The number of cells: right where each time measured the same share of its culture.
    #[default]
    Counts,
    /// The same at all times: no growth in all, but cells may still exchange mass.
    Equal,
    /// The sum of the cells' weights, which the data must have.
    Weights,
}

impl Default for Mass {
    fn default() -> Self {
        Self::By(MassRule::Counts)
    }
}

impl Mass {
    /// The same for the populations at `times` without the one at `time`: a list with one mass a time loses that one.
    #[must_use]
    pub fn without(self, times: &[f64], time: f64) -> Self {
        match self {
            Self::Given(totals) if totals.len() == times.len() => {
                let kept = totals.into_iter().zip(times).filter(|(_, at)| **at != time);
                Self::Given(kept.map(|(total, _)| total).collect())
            }
            other => other,
        }
    }

    /// The mass of every cell of every snapshot, so that the first snapshot's sum to 1.
    ///
    /// # Errors
    /// [`ModelError::Data`] where there are no weights and they are asked for, or not as many masses as times;
    /// [`ModelError::Parameter`] for a mass that is not above 0.
    pub fn of(&self, populations: &Populations, model: &'static str) -> Result<Vec<Array1<f64>>, ModelError> {
        let snapshots = populations.snapshots();
        let totals = match self {
            Self::Given(totals) => {
                if totals.len() != snapshots.len() {
                    let needs = format!(
                        "one mass a time where {} are given for {} times",
                        totals.len(),
                        snapshots.len()
                    );
                    return Err(ModelError::Data { model: model.into(), needs });
                }
                if let Some(&value) = totals.iter().find(|m| !(m.is_finite() && **m > 0.0)) {
                    return Err(ModelError::Parameter { name: "mass", value, rule: "above 0 at every time" });
                }
                totals.clone()
            }
            Self::By(MassRule::Counts) => snapshots.iter().map(|s| s.len() as f64).collect(),
            Self::By(MassRule::Equal) => vec![1.0; snapshots.len()],
            Self::By(MassRule::Weights) => {
                let total = |s: &Snapshot| -> Result<f64, ModelError> {
                    let weights = s.weights.as_ref().ok_or_else(|| ModelError::Data {
                        model: model.into(),
                        needs: format!(
                            "a weight of each cell, as mass = \"weights\" asks for, and time {} has none; name a column with --weight",
                            s.time
                        ),
                    })?;
                    Ok(weights.iter().map(|&w| f64::from(w)).sum())
                };
                snapshots.iter().map(total).collect::<Result<_, _>>()?
            }
        };
        let first = totals[0];
        let share = |(s, total): (&Snapshot, f64)| s.probabilities() * (total / first);
        Ok(snapshots.iter().zip(totals).map(share).collect())
    }
}
