//! What one row does at the end of a step that counts: events, then save times, then its end.

use super::event::{Then, zero};
use super::log::RowSteps;
use super::result::{Hits, RowEnd};
use super::rows::Rows;
use super::scheme::Scheme;
use crate::{SolveError, Stats};
use chreode_core::simd::Element;

/// The places in which the results of some rows are put.
pub(crate) struct Slots<'s, A> {
    /// The first of these rows.
    pub(crate) first: usize,
    pub(crate) y: &'s mut [A],
    pub(crate) t: &'s mut [f64],
    pub(crate) ends: &'s mut [RowEnd],
    pub(crate) stats: &'s mut [Stats],
    pub(crate) saved: &'s mut [A],
    /// Where the states of each of these rows begin, counted from the start of `saved`.
    pub(crate) starts: &'s [usize],
    pub(crate) counts: &'s mut [usize],
    pub(crate) hits: Hits<A>,
    /// One a row, or none.
    pub(crate) log: &'s mut [RowSteps<A>],
}

/// A step of one row, gathered.
pub(crate) struct Step<'s, A> {
    pub(crate) t0: f64,
    pub(crate) t1: f64,
    pub(crate) y0: &'s [A],
    pub(crate) y1: &'s [A],
    /// Stage after stage.
    pub(crate) k: &'s [A],
}

/// What becomes of a row after a step.
#[derive(Debug, PartialEq)]
pub(crate) enum Next {
    /// It goes on.
    On,
    /// It has ended at this time, in the tracker's state.
    Done(RowEnd, f64),
    /// It goes on from this time and the tracker's state.
    From(f64),
}

/// One row under way.
pub(crate) struct Tracker<A> {
    pub(crate) row: usize,
    /// States saved so far.
    saved: usize,
    /// The event functions at the start of the step.
    before: Vec<f64>,
    /// Evaluations beyond those of its steps.
    pub(crate) extra: usize,
    /// A state of this row.
    pub(crate) state: Vec<A>,
    ahead: Vec<A>,
}

impl<A: Element> Tracker<A> {
    pub(crate) fn new(width: usize, events: usize) -> Self {
        let state = vec![A::default(); width];
        Self { row: 0, saved: 0, before: vec![0.0; events], extra: 0, ahead: state.clone(), state }
    }

    /// Starts on `row`; what cannot start, or need not, has ended already.
    pub(crate) fn start(
        &mut self,
        row: usize,
        rows: &Rows<'_, A>,
        slots: &mut Slots<'_, A>,
    ) -> Result<(), RowEnd> {
        let span = *rows.spans.of(row);
        (self.row, self.saved, self.extra) = (row, 0, 0);
        for (state, y) in self.state.iter_mut().zip(rows.y0.row(row)) {
            *state = *y;
        }
        rows.check_row(row).map_err(RowEnd::Failed)?;
        while rows.times.of(row).get(self.saved) == Some(&span.t0) {
            self.save(slots, Source::State);
        }
        self.look(rows, span.t0);
        if span.t0 == span.t1 { Err(RowEnd::Reached) } else { Ok(()) }
    }

    /// The event functions at `state`.
    fn look(&mut self, rows: &Rows<'_, A>, t: f64) {
        for (before, event) in self.before.iter_mut().zip(&rows.events) {
            *before = (event.when)(self.row, t, &self.state);
        }
    }

    /// Sets the state.
    pub(crate) fn set_state(&mut self, state: impl Iterator<Item = A>) {
        self.state.iter_mut().zip(state).for_each(|(to, from)| *to = from);
    }

    /// When the row is next to be looked at.
    pub(crate) fn due(&self, rows: &Rows<'_, A>) -> f64 {
        rows.times.of(self.row).get(self.saved).copied().unwrap_or(rows.spans.of(self.row).t1)
    }

    /// Whether the whole step is needed, and not only its end.
    pub(crate) fn needs_stages(&self, rows: &Rows<'_, A>, t1: f64, y1: &[A]) -> bool {
        let direction = rows.spans.of(self.row).direction();
        let due = rows.times.of(self.row).get(self.saved).is_some_and(|time| (time - t1) * direction < 0.0);
        due || rows.events.iter().zip(&self.before).any(|(event, before)| {
            event.pieces > 1 || event.crossing.seen(*before, (event.when)(self.row, t1, y1))
        })
    }

    /// Works off an accepted step of which only the end matters.
    pub(crate) fn accept_end(
        &mut self,
        t1: f64,
        y1: &[A],
        rows: &Rows<'_, A>,
        slots: &mut Slots<'_, A>,
    ) -> Next {
        self.state.copy_from_slice(y1);
        self.look(rows, t1);
        while rows.times.of(self.row).get(self.saved) == Some(&t1) {
            self.save(slots, Source::State);
        }
        if t1 == rows.spans.of(self.row).t1 { Next::Done(RowEnd::Reached, t1) } else { Next::On }
    }

    /// Works off an accepted step.
    pub(crate) fn accept(
        &mut self,
        step: &Step<'_, A>,
        rows: &Rows<'_, A>,
        scheme: &Scheme<A>,
        slots: &mut Slots<'_, A>,
    ) -> Next {
        let pieces = rows.events.iter().map(|event| event.pieces.max(1)).max().unwrap_or(0);
        for piece in 1..=pieces {
            let from = (piece - 1) as f64 / pieces as f64;
            let to = piece as f64 / pieces as f64;
            if let Some(next) = self.piece(from, to, step, rows, scheme, slots) {
                return next;
            }
        }
        if let Err(t) = self.save_until(step.t1, step, rows, scheme, slots) {
            return self.not_finite(step, t);
        }
        let t1 = rows.spans.of(self.row).t1;
        if step.t1 == t1 {
            self.state.copy_from_slice(step.y1);
            return Next::Done(RowEnd::Reached, t1);
        }
        Next::On
    }

    /// Events between two fractions of a step, in the order of their times.
    fn piece(
        &mut self,
        from: f64,
        to: f64,
        step: &Step<'_, A>,
        rows: &Rows<'_, A>,
        scheme: &Scheme<A>,
        slots: &mut Slots<'_, A>,
    ) -> Option<Next> {
        let mut from = from;
        loop {
            let mut first: Option<(usize, f64)> = None;
            at(scheme, step, to, &mut self.ahead);
            for (e, event) in rows.events.iter().enumerate() {
                let after = (event.when)(self.row, time(step, to), &self.ahead);
                if !event.crossing.seen(self.before[e], after) {
                    continue;
                }
                let width = 4.0 * f64::EPSILON * step.t0.abs().max(step.t1.abs()) / (step.t1 - step.t0).abs();
                let (row, state) = (self.row, &mut self.state);
                let theta = zero(from, self.before[e], to, after, width, |theta| {
                    at(scheme, step, theta, state);
                    (event.when)(row, time(step, theta), state)
                });
                if first.is_none_or(|(_, theta1)| theta < theta1) {
                    first = Some((e, theta));
                }
            }
            let Some((e, theta)) = first else {
                at(scheme, step, to, &mut self.state);
                self.look(rows, time(step, to));
                return None;
            };
            let t = time(step, theta);
            if let Err(t) = self.save_until(t, step, rows, scheme, slots) {
                return Some(self.not_finite(step, t));
            }
            at(scheme, step, theta, &mut self.state);
            slots.hits.at.push((self.row, e, t));
            slots.hits.states.extend_from_slice(&self.state);
            match rows.events[e].then {
                Then::Stop => return Some(Next::Done(RowEnd::Event { event: e, t }, t)),
                Then::Record => {}
                Then::Reset(reset) => {
                    reset(self.row, t, &mut self.state);
                    if !self.state.iter().all(|x| x.is_finite()) {
                        return Some(Next::Done(
                            RowEnd::Failed(SolveError::NotFinite { t, stage: None, entry: None }),
                            t,
                        ));
                    }
                    self.look(rows, t);
                    self.before[e] = 0.0;
                    if t == rows.spans.of(self.row).t1 {
                        return Some(Next::Done(RowEnd::Reached, t));
                    }
                    return Some(Next::From(t));
                }
            }
            self.look(rows, t);
            self.before[e] = 0.0;
            if theta >= to {
                return None;
            }
            from = theta;
        }
    }

    /// Saves what is due until `t`; `Err` with the time of a state that is not finite.
    fn save_until(
        &mut self,
        t: f64,
        step: &Step<'_, A>,
        rows: &Rows<'_, A>,
        scheme: &Scheme<A>,
        slots: &mut Slots<'_, A>,
    ) -> Result<(), f64> {
        let direction = rows.spans.of(self.row).direction();
        while let Some(&time) = rows.times.of(self.row).get(self.saved) {
            if (time - t) * direction > 0.0 {
                break;
            }
            at(scheme, step, (time - step.t0) / (step.t1 - step.t0), &mut self.ahead);
            if time == step.t1 {
                self.ahead.copy_from_slice(step.y1);
            }
            if !self.ahead.iter().all(|x| x.is_finite()) {
                return Err(time);
            }
            self.save(slots, Source::Ahead);
        }
        Ok(())
    }

    fn save(&mut self, slots: &mut Slots<'_, A>, source: Source) {
        let state = match source {
            Source::State => &self.state,
            Source::Ahead => &self.ahead,
        };
        let i = self.row - slots.first;
        let place = (slots.starts[i] - slots.starts[0] + self.saved) * state.len();
        slots.saved[place..place + state.len()].copy_from_slice(state);
        self.saved += 1;
        slots.counts[i] = self.saved;
    }

    /// The interpolant left the numbers: the row ends where the step ends.
    fn not_finite(&mut self, step: &Step<'_, A>, t: f64) -> Next {
        self.state.copy_from_slice(step.y1);
        Next::Done(RowEnd::Failed(SolveError::NotFinite { t, stage: None, entry: None }), step.t1)
    }

    /// Writes down how the row ended, in `state` at `t`.
    pub(crate) fn finish(&self, end: RowEnd, t: f64, stats: Stats, slots: &mut Slots<'_, A>) {
        let i = self.row - slots.first;
        slots.y[i * self.state.len()..(i + 1) * self.state.len()].copy_from_slice(&self.state);
        (slots.t[i], slots.ends[i], slots.stats[i]) = (t, end, stats);
    }
}

/// Which of a tracker's states.
enum Source {
    State,
    Ahead,
}

/// The time at the fraction `theta` of a step, exactly at its ends.
fn time<A>(step: &Step<'_, A>, theta: f64) -> f64 {
    if theta >= 1.0 { step.t1 } else { step.t0 + theta * (step.t1 - step.t0) }
}

/// The state there.
fn at<A: Element>(scheme: &Scheme<A>, step: &Step<'_, A>, theta: f64, out: &mut [A]) {
    if theta >= 1.0 {
        out.copy_from_slice(step.y1);
    } else if theta <= 0.0 {
        out.copy_from_slice(step.y0);
    } else {
        scheme.interpolate(theta, step.t1 - step.t0, step.y0, step.k, out);
    }
}
