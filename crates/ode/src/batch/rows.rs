//! The problems of a batch: one row each.

use super::event::RowEvent;
use crate::{BatchError, SolveError, Span};
use chreode_core::{Real, Tolerance};
use ndarray::ArrayView2;

/// A setting of the rows of a batch: one for all, or one for each.
///
/// A value, or a `Vec` of them, turns into it by `into()`.
#[derive(Clone, Debug, PartialEq)]
pub enum PerRow<T> {
    /// The same for all rows.
    Shared(T),
    /// One a row.
    Each(Vec<T>),
}

impl<T> From<T> for PerRow<T> {
    fn from(value: T) -> Self {
        Self::Shared(value)
    }
}

impl<T> From<Vec<T>> for PerRow<T> {
    fn from(values: Vec<T>) -> Self {
        Self::Each(values)
    }
}

impl<T> PerRow<T> {
    /// That of row `i`.
    ///
    /// # Panics
    /// Where there is one a row and no such row.
    #[inline]
    pub fn of(&self, i: usize) -> &T {
        match self {
            Self::Shared(value) => value,
            Self::Each(values) => &values[i],
        }
    }

    fn check(&self, what: &'static str, rows: usize) -> Result<(), BatchError> {
        match self {
            Self::Each(values) if values.len() != rows => {
                Err(BatchError::Length { what, got: values.len(), rows })
            }
            _ => Ok(()),
        }
    }
}

/// The initial value problems of a batch: row i starts at `spans[i].t0` from row i of an array, and ends
/// at `spans[i].t1`, which may lie before it.
///
/// | method | meaning | default |
/// |---|---|---|
/// | [`times`](Self::times) | when a row's state is kept, sorted in its direction | none |
/// | [`parameters`](Self::parameters) | numbers of a row that the field sees and that do not change | none |
/// | [`tolerances`](Self::tolerances) | instead of the controller's | the controller's |
/// | [`first_steps`](Self::first_steps) | instead of the controller's | the controller's |
/// | [`log`](Self::log) | the steps of each row are kept, and some of the states between them | they are not |
/// | [`event`](Self::event) | a zero crossing to look for in every row | none |
pub struct Rows<'a, A> {
    pub(crate) y0: ArrayView2<'a, A>,
    pub(crate) spans: PerRow<Span>,
    pub(crate) times: PerRow<Vec<f64>>,
    pub(crate) parameters: Option<ArrayView2<'a, A>>,
    pub(crate) tolerances: Option<PerRow<Tolerance>>,
    pub(crate) first_steps: Option<PerRow<f64>>,
    pub(crate) events: Vec<RowEvent<'a, A>>,
    /// States of each row that a log may keep; 0 for no log.
    pub(crate) log: usize,
}

impl<'a, A: Real> Rows<'a, A> {
    /// Rows `y0`, each over its span.
    pub fn new(y0: ArrayView2<'a, A>, spans: impl Into<PerRow<Span>>) -> Self {
        Self {
            y0,
            spans: spans.into(),
            times: PerRow::Shared(Vec::new()),
            parameters: None,
            tolerances: None,
            first_steps: None,
            events: Vec::new(),
            log: 0,
        }
    }

    /// Keeps each row's states at these times: `Shared` for all rows, `Each` with a list a row. They are
    /// reached by interpolation and change no step.
    pub fn times(self, times: PerRow<Vec<f64>>) -> Self {
        Self { times, ..self }
    }

    /// Row i of `parameters` belongs to row i of the states; a [`LaneField`](crate::LaneField) sees them.
    pub fn parameters(self, parameters: ArrayView2<'a, A>) -> Self {
        Self { parameters: Some(parameters), ..self }
    }

    /// Holds each row to its own tolerance.
    pub fn tolerances(self, tolerances: impl Into<PerRow<Tolerance>>) -> Self {
        Self { tolerances: Some(tolerances.into()), ..self }
    }

    /// Begins each row with a step of its own size > 0.
    pub fn first_steps(self, sizes: impl Into<PerRow<f64>>) -> Self {
        Self { first_steps: Some(sizes.into()), ..self }
    }

    /// Keeps the accepted steps of every row, 16 bytes each, and the states before every n-th of them: as
    /// many as `states` allows, at least 1, with n a power of two. [`Batch::steps`](crate::Batch::steps) has
    /// them.
    pub fn log(self, states: usize) -> Self {
        Self { log: states.max(1), ..self }
    }

    /// The span of row `i`.
    ///
    /// # Panics
    /// As [`PerRow::of`].
    pub fn span(&self, i: usize) -> Span {
        *self.spans.of(i)
    }

    /// The save times of row `i`.
    ///
    /// # Panics
    /// As [`PerRow::of`].
    pub fn saves(&self, i: usize) -> &[f64] {
        self.times.of(i)
    }

    /// The states at the start, a row each.
    pub fn starts(&self) -> ArrayView2<'a, A> {
        self.y0
    }

    /// The rows' own parameters.
    pub fn own(&self) -> Option<ArrayView2<'a, A>> {
        self.parameters
    }

    /// Looks for one more event in every row; they are numbered in this order.
    pub fn event(mut self, event: RowEvent<'a, A>) -> Self {
        self.events.push(event);
        self
    }

    /// The number of rows.
    pub fn count(&self) -> usize {
        self.y0.nrows()
    }

    /// The number of entries of a state.
    pub fn width(&self) -> usize {
        self.y0.ncols()
    }

    /// Whether every list fits the rows.
    pub(crate) fn check(&self) -> Result<(), BatchError> {
        let rows = self.count();
        self.spans.check("the list of spans", rows)?;
        self.times.check("the list of save times", rows)?;
        if let Some(tolerances) = &self.tolerances {
            tolerances.check("the list of tolerances", rows)?;
        }
        if let Some(sizes) = &self.first_steps {
            sizes.check("the list of first steps", rows)?;
        }
        match &self.parameters {
            Some(p) if p.nrows() != rows => {
                Err(BatchError::Length { what: "the array of parameters", got: p.nrows(), rows })
            }
            _ => Ok(()),
        }
    }

    /// Whether row `i` can start at all.
    pub(crate) fn check_row(&self, i: usize) -> Result<(), SolveError> {
        let Span { t0, t1 } = *self.spans.of(i);
        if !t0.is_finite() || !t1.is_finite() {
            return Err(SolveError::SpanNotFinite { t0, t1 });
        }
        if let Some(tolerances) = &self.tolerances {
            tolerances.of(i).checked()?;
        }
        if let Some(sizes) = &self.first_steps {
            let value = *sizes.of(i);
            if !value.is_finite() || value <= 0.0 {
                return Err(SolveError::BadStep { what: "the first step", value });
            }
        }
        let parameters = self.parameters.iter().flat_map(|p| p.row(i).into_iter());
        if !self.y0.row(i).iter().chain(parameters).all(|x| x.is_finite()) {
            return Err(SolveError::NotFinite { t: t0, stage: None, entry: None });
        }
        let (times, direction) = (self.times.of(i), self.spans.of(i).direction());
        // Not `<`: a time that is not a number is in no order.
        let sorted = |w: &[f64]| (w[1] - w[0]) * direction >= 0.0;
        if let Some(k) = times.windows(2).position(|w| !sorted(w)) {
            return Err(SolveError::TimesNotSorted { index: k + 1, time: times[k], next: times[k + 1] });
        }
        let inside = t0.min(t1)..=t0.max(t1);
        match times.iter().find(|time| !inside.contains(time)) {
            Some(&time) => Err(SolveError::TimeOutside { time, t0, t1 }),
            None => Ok(()),
        }
    }
}
