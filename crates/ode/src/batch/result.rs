//! What a batch comes to: one result a row.

use super::log::RowSteps;
use crate::{SolveError, Stats};
use ndarray::{Array2, ArrayView1, ArrayView2};

/// How a row ended.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum RowEnd {
    /// At the end of its span.
    Reached,
    /// The batch was told to stop when the row had come to `t`.
    Stopped {
        /// The last time reached.
        t: f64,
    },
    /// At an event that ends it.
    Event {
        /// The number of the event.
        event: usize,
        /// When.
        t: f64,
    },
    /// It could not go on; no other row is touched.
    Failed(SolveError),
}

impl RowEnd {
    /// The error, if it failed.
    pub fn error(&self) -> Option<&SolveError> {
        match self {
            Self::Failed(error) => Some(error),
            _ => None,
        }
    }
}

/// An event that happened.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Hit<'b, A> {
    /// In which row.
    pub row: usize,
    /// The number of the event.
    pub event: usize,
    /// When.
    pub t: f64,
    /// The state there, before any reset.
    pub y: ArrayView1<'b, A>,
}

/// The results of a batch. All lists have one entry a row.
#[derive(Clone, Debug, PartialEq)]
#[must_use]
pub struct Batch<A> {
    /// The last states: those at `t`.
    pub y: Array2<A>,
    /// The last times reached.
    pub t: Vec<f64>,
    /// How the rows ended.
    pub ends: Vec<RowEnd>,
    /// What they cost; evaluations are those that a row needed by itself.
    pub stats: Vec<Stats>,
    pub(crate) saved: Saved<A>,
    pub(crate) hits: Hits<A>,
    /// One a row, or none.
    pub(crate) log: Vec<RowSteps<A>>,
}

/// States at save times, row after row.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Saved<A> {
    pub(crate) states: Vec<A>,
    /// Where a row begins, in states; one entry more than rows.
    pub(crate) starts: Vec<usize>,
    /// States that a row came to.
    pub(crate) counts: Vec<usize>,
}

/// Events, row after row, in each row in the order in which they happened.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Hits<A> {
    /// Row, event, time.
    pub(crate) at: Vec<(usize, usize, f64)>,
    pub(crate) states: Vec<A>,
}

impl<A> Batch<A> {
    /// The states of row `i` at its save times, in their order: as many as it came to.
    ///
    /// # Panics
    /// If there is no such row.
    pub fn saved(&self, i: usize) -> ArrayView2<'_, A> {
        let width = self.y.ncols();
        let (start, count) = (self.saved.starts[i], self.saved.counts[i]);
        let states = &self.saved.states[start * width..(start + count) * width];
        ArrayView2::from_shape((count, width), states).expect("whole states")
    }

    /// All events, by row and in each row by time.
    pub fn hits(&self) -> impl Iterator<Item = Hit<'_, A>> {
        let width = self.y.ncols();
        self.hits.at.iter().enumerate().map(move |(k, &(row, event, t))| {
            let y = ArrayView1::from(&self.hits.states[k * width..(k + 1) * width]);
            Hit { row, event, t, y }
        })
    }

    /// The rows that failed, each with its error.
    pub fn failures(&self) -> impl Iterator<Item = (usize, &SolveError)> {
        self.ends.iter().enumerate().filter_map(|(i, end)| end.error().map(|error| (i, error)))
    }

    /// The cost of all rows together.
    pub fn total(&self) -> Stats {
        self.stats.iter().fold(Stats::default(), |sum, row| Stats {
            accepted: sum.accepted + row.accepted,
            rejected: sum.rejected + row.rejected,
            evals: sum.evals + row.evals,
        })
    }
}
