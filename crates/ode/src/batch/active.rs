//! Rows under one field: every call sees the rows that still go on, each at its own time, and no others.

mod trial;

use super::clock::{Call, Clock};
use super::field::RowsField;
use super::plan::{First, Plan};
use super::result::RowEnd;
use super::tracker::{Next, Slots, Step, Tracker};
use crate::{SolveError, Stats};
use chreode_core::simd::Element;
use ndarray::{ArrayView2, ArrayViewMut2};
use pulp::Simd;

/// The active rows of a block, at the front of every list. Allocates when it is made, and not while
/// stepping.
pub(crate) struct Active<'e, 'r, 's, A: Element, S: Simd, F: ?Sized> {
    plan: &'e Plan<'e, 'r, A>,
    field: &'e F,
    slots: Slots<'s, A>,
    clock: Clock<S>,
    trackers: Vec<Tracker<A>>,
    rows: Vec<usize>,
    fresh: Vec<bool>,
    any_fresh: bool,
    next: Vec<Next>,
    live: usize,
    /// Whether the first stages are those at the present states.
    slopes_known: bool,
    width: usize,
    /// Times at which the field is evaluated.
    times: Vec<f64>,
    y: Vec<A>,
    z: Vec<A>,
    /// One array of states for each stage.
    k: Vec<Vec<A>>,
    spare: Vec<A>,
    /// The step of each entry's row, and what its errors are divided by.
    h: Vec<A>,
    row: [Vec<A>; 3],
}

impl<'e, 'r, 's, A: Element, S: Simd, F: RowsField<A> + ?Sized> Active<'e, 'r, 's, A, S, F> {
    #[inline(always)]
    pub(crate) fn new(simd: S, plan: &'e Plan<'e, 'r, A>, field: &'e F, slots: Slots<'s, A>) -> Self {
        let (width, stages, count) = (plan.rows.width(), plan.scheme.dense_stages(), slots.t.len());
        let states = || vec![A::default(); count * width];
        Self {
            plan,
            field,
            clock: Clock::new(simd, count.max(1), plan.pace, plan.max_steps),
            trackers: (0..count).map(|_| Tracker::new(width, plan.rows.events.len())).collect(),
            rows: Vec::with_capacity(count),
            fresh: vec![false; count],
            any_fresh: false,
            next: (0..count).map(|_| Next::On).collect(),
            live: 0,
            slopes_known: false,
            width,
            times: vec![0.0; count],
            y: states(),
            z: states(),
            k: (0..stages).map(|_| states()).collect(),
            spare: states(),
            h: states(),
            row: [vec![A::default(); width], vec![A::default(); width], vec![A::default(); width * stages]],
            slots,
        }
    }

    /// Takes every row to its end.
    #[inline(always)]
    pub(crate) fn run(mut self) -> Slots<'s, A> {
        self.load();
        while self.live > 0 {
            if self.any_fresh {
                self.start();
            }
            if self.clock.plan() == Call::Somebody {
                self.drop_small_steps();
                continue;
            }
            self.step();
            let call = self.clock.judge();
            let look = call == Call::Somebody || !self.plan.rows.events.is_empty();
            if look {
                self.look();
            }
            self.commit();
            self.clock.commit();
            if look {
                self.follow();
            }
            if self.plan.stopped() {
                self.stop();
            }
        }
        self.slots
    }

    /// Loads all rows that have somewhere to go.
    fn load(&mut self) {
        let plan = self.plan;
        for row in self.slots.first..self.slots.first + self.slots.t.len() {
            let (place, span) = (self.live, *plan.rows.spans.of(row));
            let started = match self.trackers[place].start(row, plan.rows, &mut self.slots) {
                Ok(()) if plan.stopped() => Err(RowEnd::Stopped { t: span.t0 }),
                started => started,
            };
            if let Err(end) = started {
                self.trackers[place].finish(end, span.t0, Stats::default(), &mut self.slots);
                continue;
            }
            self.clock.load(place, span);
            self.rows.push(row);
            self.live += 1;
            self.enter(place);
        }
    }

    /// The tracker's state becomes that of `place`, as at the start of a solve.
    fn enter(&mut self, place: usize) {
        self.y[place * self.width..(place + 1) * self.width].copy_from_slice(&self.trackers[place].state);
        Clock::set(&mut self.clock.due, place, self.trackers[place].due(self.plan.rows));
        self.fresh[place] = true;
        self.any_fresh = true;
    }

    /// Evaluates the field for the active rows at `times` and `of`, into `into`.
    fn eval(&mut self, of: Of, into: Into) {
        let (n, width) = (self.live, self.width);
        let mut values = std::mem::take(self.place(into));
        let y = match of {
            Of::State => &self.y,
            Of::Trial => &self.z,
            Of::Spare => &self.spare,
        };
        let y = ArrayView2::from_shape((n, width), &y[..n * width]).expect("whole rows");
        let dy = ArrayViewMut2::from_shape((n, width), &mut values[..n * width]).expect("whole rows");
        self.field.eval(&self.rows[..n], &self.times[..n], y, dy);
        *self.place(into) = values;
    }

    fn place(&mut self, into: Into) -> &mut Vec<A> {
        match into {
            Into::Spare => &mut self.spare,
            Into::Stage(i) => &mut self.k[i],
        }
    }

    /// Slopes and first steps of the rows that have just been loaded or reset.
    fn start(&mut self) {
        let (n, width) = (self.live, self.width);
        for (i, time) in self.times[..n].iter_mut().enumerate() {
            *time = Clock::get(&self.clock.t, i);
        }
        self.eval(Of::State, Into::Spare);
        for i in (0..n).filter(|i| self.fresh[*i] || !self.slopes_known) {
            let entries = i * width..(i + 1) * width;
            self.k[0][entries.clone()].copy_from_slice(&self.spare[entries]);
        }
        self.slopes_known = true;
        if self.probe() {
            self.eval(Of::Trial, Into::Spare);
        }
        self.first_steps();
        self.any_fresh = false;
        self.drop_bad_slopes();
    }

    /// Moves the states of the rows without a first step a little ahead, into `z`; whether there are any.
    fn probe(&mut self) -> bool {
        let (n, width, mut any) = (self.live, self.width, false);
        self.z[..n * width].copy_from_slice(&self.y[..n * width]);
        for i in 0..n {
            if !self.fresh[i] || !self.plan.is_adaptive() || self.plan.first_step(self.rows[i]).is_some() {
                continue;
            }
            let probe = self.first(i).probe * Clock::get(&self.clock.direction, i);
            self.times[i] += probe;
            for j in i * width..(i + 1) * width {
                self.z[j] += self.k[0][j] * A::from_f64(probe);
            }
            any = true;
        }
        any
    }

    /// The first step of the row at `place`, as far as it is known without looking ahead.
    fn first(&self, place: usize) -> First {
        let [t, t1] = [&self.clock.t, &self.clock.t1].map(|column| Clock::get(column, place));
        let (size, speed) = (self.measure(place, &self.y, None), self.measure(place, &self.k[0], None));
        First::new((t1 - t).abs(), self.plan.scheme.power, size, speed)
    }

    /// Sets the first steps of the fresh rows.
    fn first_steps(&mut self) {
        let Some(max_step) = self.plan.max_step() else { return };
        for i in 0..self.live {
            if !self.fresh[i] {
                continue;
            }
            let h = match self.plan.first_step(self.rows[i]) {
                Some(h) => h,
                None => {
                    self.trackers[i].extra += 1;
                    self.first(i).step(self.measure(i, &self.spare, Some(&self.k[0])))
                }
            };
            Clock::set(&mut self.clock.h, i, h.min(max_step));
        }
    }

    /// Lets the fresh rows go whose field is not finite.
    fn drop_bad_slopes(&mut self) {
        for i in (0..self.live).rev() {
            if !std::mem::replace(&mut self.fresh[i], false) {
                continue;
            }
            let finite = self.k[0][i * self.width..(i + 1) * self.width].iter().all(|k| k.is_finite());
            self.trackers[i].extra += usize::from(self.plan.scheme.fsal || !finite);
            if !finite {
                let t = Clock::get(&self.clock.t, i);
                self.fail(i, SolveError::NotFinite { t, stage: None, entry: None });
            }
        }
    }

    /// The size of a row of `v`, or of `v` minus another, in the row's tolerance.
    fn measure(&self, place: usize, v: &[A], minus: Option<&[A]>) -> f64 {
        let tolerance = self.plan.tolerance(self.rows[place]);
        let mut sum = 0.0;
        for j in place * self.width..(place + 1) * self.width {
            let y = self.y[j].to_f64().abs();
            let x = v[j].to_f64() - minus.map_or(0.0, |m| m[j].to_f64());
            let scaled = x / (tolerance.atol + tolerance.rtol * y);
            sum += scaled * scaled;
        }
        (sum / self.width.max(1) as f64).sqrt()
    }

    /// Takes the steps that count.
    fn commit(&mut self) {
        let (n, width, fsal) = (self.live, self.width, self.plan.scheme.fsal);
        if !self.slots.log.is_empty() {
            self.log();
        }
        let (first, rest) = self.k[..self.plan.scheme.stages].split_at_mut(1);
        if (0..n).all(|i| Clock::get(&self.clock.taken, i) == 1.0) {
            std::mem::swap(&mut self.y, &mut self.z);
            if let (true, Some(last)) = (fsal, rest.last_mut()) {
                std::mem::swap(&mut first[0], last);
            }
        } else {
            for i in (0..n).filter(|i| Clock::get(&self.clock.taken, *i) == 1.0) {
                let of = i * width..(i + 1) * width;
                self.y[of.clone()].copy_from_slice(&self.z[of.clone()]);
                if let (true, Some(last)) = (fsal, rest.last()) {
                    first[0][of.clone()].copy_from_slice(&last[of]);
                }
            }
        }
        self.slopes_known = fsal;
    }

    /// Takes down the steps that count, before they are taken.
    #[cold]
    fn log(&mut self) {
        for i in (0..self.live).filter(|i| Clock::get(&self.clock.taken, *i) == 1.0) {
            let [t0, t1] = [&self.clock.t, &self.clock.next].map(|column| Clock::get(column, i));
            let y = self.y[i * self.width..(i + 1) * self.width].iter().copied();
            self.slots.log[self.rows[i] - self.slots.first].push(t0, t1, y);
        }
    }

    /// Shows every row its step, where it has to see it: before the step is taken.
    fn look(&mut self) {
        let plan = self.plan;
        let mut prepared = plan.scheme.extra.is_empty();
        for i in 0..self.live {
            self.next[i] = Next::On;
            if Clock::get(&self.clock.taken, i) == 0.0 {
                continue;
            }
            let [t0, t1, due, direction] =
                [&self.clock.t, &self.clock.next, &self.clock.due, &self.clock.direction]
                    .map(|column| Clock::get(column, i));
            let of = i * self.width..(i + 1) * self.width;
            if Clock::get(&self.clock.ratio, i).is_nan() {
                self.next[i] =
                    Next::Done(RowEnd::Failed(SolveError::NotFinite { t: t1, stage: None, entry: None }), t0);
                self.trackers[i].set_state(self.y[of].iter().copied());
                continue;
            }
            if (due - t1) * direction > 0.0 && plan.rows.events.is_empty() {
                continue;
            }
            let whole = self.trackers[i].needs_stages(plan.rows, t1, &self.z[of.clone()]);
            if whole && !std::mem::replace(&mut prepared, true) {
                self.extra_stages();
            }
            let (tracker, [_, _, k]) = (&mut self.trackers[i], &mut self.row);
            let (y0, y1) = (&self.y[of.clone()], &self.z[of.clone()]);
            self.next[i] = if whole {
                tracker.extra += plan.scheme.extra.len();
                for (to, stage) in k.chunks_exact_mut(self.width.max(1)).zip(&self.k) {
                    to.copy_from_slice(&stage[of.clone()]);
                }
                tracker.accept(&Step { t0, t1, y0, y1, k }, plan.rows, &plan.scheme, &mut self.slots)
            } else {
                tracker.accept_end(t1, y1, plan.rows, &mut self.slots)
            };
            let due = tracker.due(plan.rows);
            Clock::set(&mut self.clock.due, i, due);
        }
    }

    /// Does what the rows want after their steps were taken; from the back, where rows move up from.
    fn follow(&mut self) {
        for i in (0..self.live).rev() {
            match std::mem::replace(&mut self.next[i], Next::On) {
                Next::Done(end, t) => self.leave(i, end, t),
                Next::On | Next::From(_) if self.clock.spent(i) => {
                    let [t, t1, h, accepted, rejected] = [
                        &self.clock.t,
                        &self.clock.t1,
                        &self.clock.step,
                        &self.clock.accepted,
                        &self.clock.rejected,
                    ]
                    .map(|column| Clock::get(column, i));
                    self.fail(
                        i,
                        SolveError::MaxSteps {
                            t,
                            t1,
                            steps: (accepted + rejected) as usize,
                            h,
                            stiffness: None,
                        },
                    );
                }
                Next::On => {}
                Next::From(t) => {
                    Clock::set(&mut self.clock.t, i, t);
                    self.clock.restart(i);
                    self.enter(i);
                }
            }
        }
    }

    /// Rows whose next step drowns in the rounding of time.
    #[cold]
    fn drop_small_steps(&mut self) {
        for i in (0..self.live).rev() {
            if !self.clock.too_small(i) {
                continue;
            }
            let [t, next, h, ratio] = [&self.clock.t, &self.clock.next, &self.clock.step, &self.clock.ratio]
                .map(|column| Clock::get(column, i));
            let finite = self.z[i * self.width..(i + 1) * self.width].iter().all(|z| z.is_finite());
            let error = match (ratio.is_nan(), finite) {
                (false, _) => SolveError::StepTooSmall { t, h, least: crate::drive::least_step(t) },
                (true, true) => SolveError::ErrorNotFinite { t: next },
                (true, false) => SolveError::NotFinite { t: next, stage: None, entry: None },
            };
            self.fail(i, error);
        }
    }

    /// Ends all rows where they are.
    #[cold]
    fn stop(&mut self) {
        for i in (0..self.live).rev() {
            let t = Clock::get(&self.clock.t, i);
            self.keep_state(i);
            self.leave(i, RowEnd::Stopped { t }, t);
        }
    }

    fn keep_state(&mut self, place: usize) {
        let of = place * self.width..(place + 1) * self.width;
        self.trackers[place].set_state(self.y[of].iter().copied());
    }

    /// The row at `place` cannot go on from where it is.
    fn fail(&mut self, place: usize, error: SolveError) {
        let t = Clock::get(&self.clock.t, place);
        self.keep_state(place);
        self.leave(place, RowEnd::Failed(error), t);
    }

    /// The row at `place` has ended, with the tracker's state at `t`; the last row takes its place.
    fn leave(&mut self, place: usize, end: RowEnd, t: f64) {
        let accepted = Clock::get(&self.clock.accepted, place) as usize;
        let rejected = Clock::get(&self.clock.rejected, place) as usize;
        let tracker = &self.trackers[place];
        let evals = self.plan.evals(accepted, rejected) + tracker.extra;
        tracker.finish(end, t, Stats { accepted, rejected, evals }, &mut self.slots);
        let last = self.live - 1;
        self.clock.shift(last, place);
        self.clock.rest(last);
        self.trackers.swap(place, last);
        self.rows.swap(place, last);
        self.next.swap(place, last);
        self.fresh.swap(place, last);
        self.fresh[last] = false;
        let (from, to) = (last * self.width, place * self.width);
        let moved = from..from + self.width;
        for states in [&mut self.y, &mut self.z, &mut self.spare, &mut self.k[0]] {
            states.copy_within(moved.clone(), to);
        }
        self.live = last;
    }
}

/// Which states the field is evaluated at.
enum Of {
    State,
    Trial,
    Spare,
}

/// Where its values go.
#[derive(Clone, Copy)]
enum Into {
    Spare,
    Stage(usize),
}
