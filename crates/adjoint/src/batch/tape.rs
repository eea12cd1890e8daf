//! The steps of all rows of a batch, and some of their states.

use super::crossing::RowCrossing;
use super::gradient::BatchCotangents;
use crate::binomial::{advances_between, best_spacing};
use crate::record::weighty;
use crate::{AdjointError, Plan};
use chreode_core::Real;
use chreode_ode::{Batch, RowEnd, RowSteps, Rows, Span, Tableau};
use ndarray::{Array2, ArrayView2};

/// What a batch leaves for the way back.
#[derive(Clone, Debug)]
pub struct BatchTape<A> {
    pub(super) tableau: Tableau,
    pub(super) checkpoints: usize,
    pub(super) own: Option<Array2<A>>,
    pub(super) rows: Vec<RowTape<A>>,
    pub(super) width: usize,
}

/// One row of it.
#[derive(Clone, Debug)]
pub(super) struct RowTape<A> {
    pub(super) span: Span,
    pub(super) saves: Vec<f64>,
    /// Save times that it came to.
    pub(super) reached: usize,
    /// The event that ended it, and when.
    pub(super) event: Option<(usize, f64)>,
    pub(super) y0: Vec<A>,
    pub(super) log: RowSteps<A>,
    /// Why it has no gradient.
    pub(super) error: Option<AdjointError>,
}

impl<A: Real> BatchTape<A> {
    pub(super) fn new(
        tableau: Tableau,
        rows: &Rows<'_, A>,
        batch: &mut Batch<A>,
        checkpoints: usize,
    ) -> Self {
        let logs = batch.take_steps();
        let row = |(i, log): (usize, RowSteps<A>)| RowTape {
            span: rows.span(i),
            saves: rows.saves(i).to_vec(),
            y0: rows.starts().row(i).to_vec(),
            reached: batch.saved(i).nrows(),
            event: match batch.ends[i] {
                RowEnd::Event { event, t } => Some((event, t)),
                _ => None,
            },
            error: why_not(batch, i, &log),
            log,
        };
        let all = logs.into_iter().enumerate().map(row).collect();
        let own = rows.own().map(|own| own.as_standard_layout().into_owned());
        Self { tableau, checkpoints, own, rows: all, width: rows.width() }
    }

    /// Zero cotangents of all states that the rows were asked for.
    pub fn cotangents(&self) -> BatchCotangents<A> {
        let saved = self.rows.iter().map(|row| Array2::zeros((row.saves.len(), self.width))).collect();
        let crossing = |row: &RowTape<A>| row.event.map(|(event, t)| RowCrossing::new(event, t, self.width));
        let events = self.rows.iter().map(crossing).collect();
        BatchCotangents { end: Array2::zeros((self.rows.len(), self.width)), saved, events }
    }

    /// Steps of row `i`.
    ///
    /// # Panics
    /// If there is no such row.
    pub fn steps(&self, i: usize) -> usize {
        self.rows[i].log.ends.len()
    }

    /// What the way back will take, all rows together: `steps` are those of the row with the most, `states`
    /// those kept of all rows, `advances`, `evals` and `pulls` calls of the field for many rows. `scratch` is
    /// without what the field keeps for its pullbacks.
    pub fn plan(&self) -> Plan {
        let counts = self.rows.iter().filter(|row| row.error.is_none()).map(|row| row.log.ends.len());
        let steps = counts.max().unwrap_or(0);
        let spacing = best_spacing(steps, self.checkpoints);
        let advances = advances_between(steps, self.checkpoints, spacing);
        let states: usize =
            self.rows.iter().map(|row| row.log.states.len()).sum::<usize>() / self.width.max(1);
        let (state, weighty) = (self.width * size_of::<A>(), weighty(&self.tableau));
        let all: usize = self.rows.iter().map(|row| row.log.ends.len()).sum();
        Plan {
            steps,
            states,
            advances,
            tape: states * state + 16 * all,
            scratch: self.rows.len() * state * (2 * self.tableau.dense_stages() + 6),
            evals: weighty * (steps + advances),
            pulls: weighty * steps,
        }
    }

    /// Whether cotangents have the shapes of [`cotangents`](Self::cotangents).
    pub(super) fn check(&self, cotangents: &BatchCotangents<A>) -> Result<(), AdjointError> {
        let BatchCotangents { end, saved, events } = cotangents;
        for found in [saved.len(), events.len()] {
            if found != self.rows.len() {
                return Err(AdjointError::CotangentCount { found, expected: self.rows.len() });
            }
        }
        for (index, crossing) in events.iter().enumerate() {
            let found = crossing.as_ref().map_or(self.width, |crossing| crossing.by_y.len());
            if found != self.width {
                return Err(AdjointError::CotangentSize { index, found, expected: self.width });
            }
            // An event that the row did not meet says nothing; one that it did must be there.
            if self.rows[index].event.is_some() && crossing.is_none() {
                return Err(AdjointError::CotangentSize { index, found: 0, expected: self.width });
            }
        }
        let fits = |index: usize, found: ArrayView2<'_, A>, rows: usize| {
            let (found, expected) = (found.len(), rows * self.width);
            if found == expected {
                Ok(())
            } else {
                Err(AdjointError::CotangentSize { index, found, expected })
            }
        };
        fits(0, end.view(), self.rows.len())?;
        (0..saved.len()).try_for_each(|i| fits(i, saved[i].view(), self.rows[i].saves.len()))
    }
}

impl<A: Copy> RowTape<A> {
    pub(super) fn steps(&self) -> usize {
        self.log.ends.len()
    }

    /// The state before step `n`, a multiple of the spacing.
    pub(super) fn state(&self, n: usize, width: usize) -> &[A] {
        &self.log.states[n / self.log.spacing * width..][..width]
    }
}

/// Why row `i` has no gradient.
fn why_not<A: Real>(batch: &Batch<A>, i: usize, log: &RowSteps<A>) -> Option<AdjointError> {
    let jump = log.ends.windows(2).find(|pair| pair[0].1 != pair[1].0).map(|pair| pair[1].0);
    match (&batch.ends[i], jump) {
        (RowEnd::Reached | RowEnd::Event { .. }, None) => None,
        (RowEnd::Failed(error), _) => Some(AdjointError::Solve(error.clone())),
        (RowEnd::Reached | RowEnd::Event { .. }, Some(t)) => Some(AdjointError::RowEvent { t }),
        (_, _) => Some(AdjointError::RowStopped { t: batch.t[i] }),
    }
}
