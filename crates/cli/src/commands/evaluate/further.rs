//! What the scores of all cells together do not say: each condition's, and likelihoods.

use crate::cells::Cells;
use anyhow::Result;
use chreode_core::Snapshot;
use chreode_models::{Statistic, exact_w1};
use ndarray::Axis;
use serde::Serialize;

/// What a fold was answered beside its cells.
pub(super) struct Answer {
    pub(super) time: f64,
    /// The time of the cells that were moved.
    pub(super) source: f64,
    /// The moved cells, in the order of those of `source`.
    pub(super) predicted: Snapshot,
    /// Mean log-density of the held-out cells, for a model of densities.
    pub(super) nats: Option<f64>,
}

/// W₁ between the predicted and the measured cells of a condition.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct ConditionScore {
    condition: String,
    time: f64,
    w1: Statistic,
    /// The cells of the time before, unmoved.
    no_motion: f64,
}

/// Scores beside those of the protocol.
#[derive(Clone, Debug, Default, Serialize)]
pub(crate) struct Further {
    /// A row a condition and held-out time.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) conditions: Vec<ConditionScore>,
    /// Mean log-density of held-out cells, in nats, over folds and seeds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) log_density: Option<Statistic>,
}

impl Further {
    /// Of the answers to all folds, by held-out time and then by seed; `scored` are the cells as they were scored.
    pub(super) fn of(answers: &[Answer], cells: &Cells, scored: &chreode_core::Populations) -> Result<Self> {
        let nats: Option<Vec<f64>> = answers.iter().map(|a| a.nats).collect();
        let log_density = nats.filter(|nats| !nats.is_empty()).map(|nats| Statistic::of(&nats));
        let mut conditions = Vec::new();
        for runs in answers.chunk_by(|a, b| a.time == b.time) {
            let (time, source) = (runs[0].time, runs[0].source);
            let (truth, start) = (scored.at(time)?, scored.at(source)?);
            let (known, after) = cells.conditions_at(time);
            let (_, before) = cells.conditions_at(source);
            for (number, condition) in known.iter().enumerate() {
                let Some(measured) = part(truth, after, number) else { continue };
                let Some(unmoved) = part(start, before, number) else { continue };
                let moved = runs.iter().filter_map(|run| part(&run.predicted, before, number));
                let w1 = moved.map(|moved| exact_w1(&moved, &measured)).collect::<Result<Vec<_>, _>>()?;
                conditions.push(ConditionScore {
                    condition: condition.to_string(),
                    time,
                    w1: Statistic::of(&w1),
                    no_motion: exact_w1(&unmoved, &measured)?,
                });
            }
        }
        Ok(Self { conditions, log_density })
    }

    /// In words, a line each.
    pub(crate) fn lines(&self) -> Vec<String> {
        let spread = |s: &Statistic| s.sd.map_or_else(String::new, |sd| format!(" ± {sd:.4}"));
        let of = |c: &ConditionScore| {
            let (mean, no_motion) = (c.w1.mean, c.no_motion);
            format!(
                "under    {} at time {}: W1 {mean:.4}{}, no motion {no_motion:.4}",
                c.condition,
                c.time,
                spread(&c.w1)
            )
        };
        let nats = self.log_density.iter();
        let nats = nats.map(|s| format!("density  {:.4}{} nats a held-out cell", s.mean, spread(s)));
        self.conditions.iter().map(of).chain(nats).collect()
    }
}

/// The cells under condition `number`, if there are any.
fn part(cells: &Snapshot, of: &[usize], number: usize) -> Option<Snapshot> {
    let rows: Vec<usize> = (0..of.len()).filter(|&i| of[i] == number).collect();
    (!rows.is_empty()).then(|| Snapshot {
        time: cells.time,
        points: cells.points.select(Axis(0), &rows),
        weights: cells.weights.as_ref().map(|w| w.select(Axis(0), &rows)),
    })
}
