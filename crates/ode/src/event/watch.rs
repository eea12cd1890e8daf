//! Looks for events in each accepted step, and does what they ask for.

use super::root::{dip, root};
use super::{Action, Direction, Events};
use crate::drive::{Driver, Step};
use crate::{End, Save, SolveError, StepControl, Stepper};
use chreode_core::{Norm, VectorSpace};

/// What is remembered of each event from step to step.
pub(crate) struct Watch {
    /// Its value where the next step begins.
    start: Vec<f64>,
    /// Its sign there; 0 while it has not left zero.
    signs: Vec<f64>,
    /// `(time, value)` along the step, for one event at a time.
    nodes: Vec<(f64, f64)>,
    /// Values at the ends of the parts of the step, one part after the other.
    samples: Vec<f64>,
    passages: Vec<Passage>,
}

/// An event passed zero.
#[derive(Clone, Copy)]
struct Passage {
    t: f64,
    index: usize,
    /// The size of g within rounding of t.
    noise: f64,
}

/// Part of a step in which the slope of g at an end is looked for.
const NUDGE: f64 = 1e-3;

/// The sign of `x`, 0 for 0.
fn sign(x: f64) -> f64 {
    if x == 0.0 { 0.0 } else { x.signum() }
}

/// g of event `index`, a number.
fn value<Y, E: Events<Y> + ?Sized>(events: &E, index: usize, t: f64, y: &Y) -> Result<f64, SolveError> {
    let value = events.value(index, t, y);
    if value.is_nan() { Err(SolveError::EventNotFinite { index, t }) } else { Ok(value) }
}

impl Watch {
    /// For a solve that begins at `(t, y)`; events that are zero there wait until they have left it.
    #[inline]
    pub(crate) fn new<Y, E: Events<Y> + ?Sized>(events: &E, t: f64, y: &Y) -> Result<Self, SolveError> {
        let start = (0..events.count()).map(|i| value(events, i, t, y)).collect::<Result<Vec<_>, _>>()?;
        let signs = start.iter().map(|v| sign(*v)).collect();
        Ok(Self { start, signs, nodes: Vec::new(), samples: Vec::new(), passages: Vec::new() })
    }

    /// Shows the pending step to the events and what is left of it to the saver; cuts it where an event
    /// stops the solve (then the end is returned) or resets the state.
    pub(crate) fn pass<P, Y, S, C, O, E>(
        &mut self,
        driver: &mut Driver<'_, P, Y, S, C>,
        save: &mut O,
        events: &mut E,
    ) -> Result<Option<End>, SolveError>
    where
        P: ?Sized,
        Y: VectorSpace,
        S: Stepper<P, Y>,
        C: StepControl<Norm: Norm<Y>>,
        O: Save<Y, S::Dense>,
        E: Events<Y> + ?Sized,
    {
        self.find(&driver.latest().expect("a step was accepted"), events)?;
        let mut done = 0;
        while let Some(count) = self.group(done) {
            let group = &self.passages[done..done + count];
            let t = group[count - 1].t;
            done += count;
            let before = driver.latest().expect("a step was accepted").at(t);
            if !before.is_finite() {
                return Err(SolveError::NotFinite { t, stage: None, entry: before.first_not_finite() });
            }
            let (mut after, mut end) = (None, None);
            for &Passage { index, .. } in group {
                match events.occurred(index, t, after.as_ref().unwrap_or(&before)) {
                    Action::Continue => {}
                    Action::Reset(y) if y.is_finite() => after = Some(y),
                    Action::Reset(_) => return Err(SolveError::ResetNotFinite { index, t }),
                    Action::Stop => {
                        end = Some(End::Event { t, index });
                        break;
                    }
                }
            }
            if after.is_none() && end.is_none() {
                continue;
            }
            let flow = driver.segment(Some((t, &before)), |segment| save.segment(segment))?;
            if let Some(after) = &after {
                save.reset(t, &before, after);
            }
            let fired = done - count..done;
            driver.cut(t, after.unwrap_or(before));
            if end.is_some() {
                return Ok(end);
            }
            if flow.is_break() {
                return Ok(Some(End::Stopped { t }));
            }
            driver.restart()?;
            return self.resume(events, t, driver.y(), fired).map(|()| None);
        }
        let flow = driver.segment(None, |segment| save.segment(segment))?;
        Ok(flow.is_break().then(|| End::Stopped { t: driver.t() }))
    }

    /// How many passages from number `first` are at one time to within rounding; `None` at the end.
    fn group(&self, first: usize) -> Option<usize> {
        let t = self.passages.get(first)?.t;
        let near = |p: &&Passage| (p.t - t).abs() <= 8.0 * f64::EPSILON * t.abs();
        Some(self.passages[first..].iter().take_while(near).count())
    }

    /// Begins again at `(t, y)` after the passages `fired`. An event that fired and still is zero to
    /// within rounding waits until it has left zero.
    fn resume<Y, E: Events<Y> + ?Sized>(
        &mut self,
        events: &E,
        t: f64,
        y: &Y,
        fired: std::ops::Range<usize>,
    ) -> Result<(), SolveError> {
        for i in 0..self.start.len() {
            self.start[i] = value(events, i, t, y)?;
            self.signs[i] = sign(self.start[i]);
        }
        for passage in &self.passages[fired] {
            if self.start[passage.index].abs() <= 2.0 * passage.noise {
                self.signs[passage.index] = 0.0;
            }
        }
        Ok(())
    }

    /// Lists all passages of the step, by time, and leaves the state of the watch at its end.
    fn find<P, Y, S, E>(&mut self, step: &Step<'_, P, Y, S>, events: &E) -> Result<(), SolveError>
    where
        P: ?Sized,
        Y: VectorSpace,
        S: Stepper<P, Y>,
        E: Events<Y> + ?Sized,
    {
        let (count, parts) = (self.start.len(), events.samples().max(1));
        let time = |j: usize| {
            if j == parts { step.t1 } else { step.t0 + (step.t1 - step.t0) * (j as f64 / parts as f64) }
        };
        self.passages.clear();
        self.samples.clear();
        for j in 1..=parts {
            let t = time(j);
            let inner;
            let y = if j == parts {
                step.y1
            } else {
                inner = step.at(t);
                &inner
            };
            for i in 0..count {
                self.samples.push(value(events, i, t, y)?);
            }
        }
        for i in 0..count {
            let mut g = |t: f64| value(events, i, t, &step.at(t));
            self.nodes.clear();
            self.nodes.push((step.t0, self.start[i]));
            for j in 1..=parts {
                self.nodes.push((time(j), self.samples[(j - 1) * count + i]));
            }
            if self.signs[i] == 0.0 {
                self.leave_zero(i, &mut g)?;
            }
            self.insert_dips(&mut g)?;
            self.walk(i, events.direction(i), &mut g)?;
        }
        let forwards = step.t1 > step.t0;
        self.passages.sort_by(|a, b| {
            let order = if forwards { a.t.total_cmp(&b.t) } else { b.t.total_cmp(&a.t) };
            order.then(a.index.cmp(&b.index))
        });
        Ok(())
    }

    /// Event `i` begins at zero: looks a little ahead for the side on which it leaves, so that its return
    /// within the first part of the step is seen.
    fn leave_zero(
        &mut self,
        i: usize,
        g: &mut impl FnMut(f64) -> Result<f64, SolveError>,
    ) -> Result<(), SolveError> {
        let (a, b) = (self.nodes[0].0, self.nodes[1].0);
        for halvings in [24, 16, 8] {
            let t = a + (b - a) * 0.5f64.powi(halvings);
            let value = g(t)?;
            if value != 0.0 && t != a {
                self.nodes[0] = (t, value);
                self.signs[i] = sign(value);
                break;
            }
        }
        Ok(())
    }

    /// Where g dips towards zero between nodes of one sign, adds the node at which it is beyond.
    fn insert_dips(&mut self, g: &mut impl FnMut(f64) -> Result<f64, SolveError>) -> Result<(), SolveError> {
        let last = self.nodes.len() - 1;
        let mut found = Vec::new();
        for j in 0..=last {
            let (left, (t, v)) = (self.nodes[j.saturating_sub(1)], self.nodes[j]);
            let right = self.nodes[(j + 1).min(last)];
            let toward = |other: f64| other * v > 0.0 && v.abs() <= other.abs();
            let bracket = if j == 0 {
                let probe = t + NUDGE * (right.0 - t);
                (toward(right.1) && g(probe)?.abs() < v.abs()).then_some((t, right.0))
            } else if j == last {
                let probe = t + NUDGE * (left.0 - t);
                (toward(left.1) && g(probe)?.abs() < v.abs()).then_some((left.0, t))
            } else {
                (toward(left.1) && toward(right.1)).then_some((left.0, right.0))
            };
            if let Some((a, c)) = bracket {
                found.extend(dip(&mut *g, sign(v), a, c)?);
            }
        }
        if !found.is_empty() {
            let forwards = self.nodes[last].0 > self.nodes[0].0;
            self.nodes.append(&mut found);
            self.nodes.sort_by(|a, b| if forwards { a.0.total_cmp(&b.0) } else { b.0.total_cmp(&a.0) });
            self.nodes.dedup_by_key(|node| node.0);
        }
        Ok(())
    }

    /// Notes the passages between the nodes.
    fn walk(
        &mut self,
        index: usize,
        direction: Direction,
        g: &mut impl FnMut(f64) -> Result<f64, SolveError>,
    ) -> Result<(), SolveError> {
        let mut now = self.signs[index];
        for j in 1..self.nodes.len() {
            let (a, b) = (self.nodes[j - 1], self.nodes[j]);
            let next = sign(b.1);
            if now == 0.0 || next == now {
                now = if next == 0.0 { now } else { next };
                continue;
            }
            let counts = match direction {
                Direction::Up => now < 0.0,
                Direction::Down => now > 0.0,
                Direction::Either => true,
            };
            if counts {
                let (t, noise) = if next == 0.0 { (b.0, 0.0) } else { root(&mut *g, a, b)? };
                self.passages.push(Passage { t, index, noise });
            }
            now = next;
        }
        self.signs[index] = now;
        self.start[index] = self.nodes.last().expect("a step has two ends").1;
        Ok(())
    }
}
