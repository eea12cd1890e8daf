//! Rows in lanes: every lane steps one row at its own time with its own step, and takes the next row when
//! that one has ended.

use super::clock::{Call, Clock};
use super::lane::Lane;
use super::pack::Pack;
use super::plan::{First, Plan};
use super::result::RowEnd;
use super::stages::{combine, error};
use super::tracker::{Next, Slots, Step, Tracker};
use crate::{SolveError, Stats};
use chreode_core::simd::Element;
use pulp::Simd;

/// What is stepped: a field for lanes, or one for a single row.
pub(crate) trait Rhs<A: Element, S: Simd, const M: usize> {
    /// Sets `dy = f(t, y)` for the rows that lie in the lanes.
    fn eval(
        &mut self,
        rows: &[usize],
        t: Pack<A, S, M>,
        y: &[Pack<A, S, M>],
        p: &[Pack<A, S, M>],
        dy: &mut [Pack<A, S, M>],
    );
}

/// Whether the first stages are those at the present states.
#[derive(Clone, Copy, PartialEq)]
enum Slopes {
    Known,
    Due,
}

/// Some rows, and the lanes they pass through. Allocates when it is made, and not while stepping.
pub(crate) struct Engine<'e, 'r, 's, A: Element, S: Simd, const M: usize, R> {
    plan: &'e Plan<'e, 'r, A>,
    rhs: &'e mut R,
    slots: Slots<'s, A>,
    /// The rows that are still to come.
    queue: std::ops::Range<usize>,
    clock: Clock<S>,
    trackers: Vec<Tracker<A>>,
    /// The rows in the lanes.
    rows: Vec<usize>,
    /// 1 in the column of a lane whose row has no slope yet, else 0.
    fresh: Vec<Pack<f64, S, 1>>,
    any_fresh: bool,
    next: Vec<Next>,
    live: usize,
    slopes: Slopes,
    width: usize,
    y: Vec<Pack<A, S, M>>,
    z: Vec<Pack<A, S, M>>,
    p: Vec<Pack<A, S, M>>,
    k: Vec<Pack<A, S, M>>,
    spare: Vec<Pack<A, S, M>>,
    rtol: Pack<A, S, M>,
    atol: Pack<A, S, M>,
    /// One row, gathered: its state, its new state, its stages.
    row: [Vec<A>; 3],
    simd: S,
}

impl<'e, 'r, 's, A: Element, S: Simd, const M: usize, R: Rhs<A, S, M>> Engine<'e, 'r, 's, A, S, M, R> {
    const LANES: usize = Pack::<A, S, M>::WIDTH;

    #[inline(always)]
    pub(crate) fn new(simd: S, plan: &'e Plan<'e, 'r, A>, rhs: &'e mut R, slots: Slots<'s, A>) -> Self {
        let lanes = Self::LANES;
        let (width, stages) = (plan.rows.width(), plan.scheme.dense_stages());
        let parameters = plan.rows.parameters.as_ref().map_or(0, |p| p.ncols());
        let zero = Pack::splat(simd, 0.0);
        let queue = slots.first..slots.first + slots.t.len();
        Self {
            plan,
            rhs,
            slots,
            queue,
            clock: Clock::new(simd, lanes, plan.pace, plan.max_steps),
            trackers: (0..lanes).map(|_| Tracker::new(width, plan.rows.events.len())).collect(),
            rows: vec![0; lanes],
            fresh: vec![Pack::splat(simd, 0.0); lanes.div_ceil(Pack::<f64, S, 1>::WIDTH)],
            any_fresh: false,
            next: (0..lanes).map(|_| Next::On).collect(),
            live: 0,
            slopes: Slopes::Due,
            width,
            y: vec![zero; width],
            z: vec![zero; width],
            p: vec![zero; parameters],
            k: vec![zero; width * stages],
            spare: vec![zero; width],
            rtol: Pack::splat(simd, 0.0),
            atol: Pack::splat(simd, 1.0),
            row: [vec![A::default(); width], vec![A::default(); width], vec![A::default(); width * stages]],
            simd,
        }
    }

    /// Takes every row to its end.
    #[inline(always)]
    pub(crate) fn run(mut self) -> Slots<'s, A> {
        for lane in 0..Self::LANES {
            self.load(lane);
        }
        while self.live > 0 {
            // A row that cannot start makes room for another.
            while self.any_fresh {
                self.start();
            }
            if self.clock.plan() == Call::Somebody {
                self.drop_small_steps();
                continue;
            }
            self.step();
            let call = self.clock.judge();
            if call == Call::Somebody || !self.plan.rows.events.is_empty() {
                self.look();
                self.commit();
                self.follow();
            } else {
                self.commit();
            }
            if self.plan.stopped() {
                self.stop();
            }
        }
        self.slots
    }

    /// Tries a step in every lane.
    #[inline(always)]
    fn step(&mut self) {
        let (scheme, width, simd) = (&self.plan.scheme, self.width, self.simd);
        let t = Pack::from_column(simd, &self.clock.t);
        let h = Pack::from_column(simd, &self.clock.step);
        if self.slopes == Slopes::Due {
            self.rhs.eval(&self.rows, t, &self.y, &self.p, &mut self.k[..width]);
            self.slopes = Slopes::Known;
        }
        for (i, terms) in scheme.inner.iter().enumerate() {
            combine(simd, terms, h, &self.y, &self.k, &mut self.z);
            let at = h.mul_add(h.constant(scheme.c[i + 1]), t);
            let dy = &mut self.k[(i + 1) * width..(i + 2) * width];
            self.rhs.eval(&self.rows, at, &self.z, &self.p, dy);
        }
        if let Some(terms) = &scheme.last {
            combine(simd, terms, h, &self.y, &self.k, &mut self.z);
        }
        let terms = if self.plan.is_adaptive() { scheme.error.as_ref() } else { None };
        let second = scheme.second.as_ref();
        let ratio = error(simd, terms, second, h, &self.y, &self.z, &self.k, self.rtol, self.atol);
        ratio.to_column(&mut self.clock.ratio);
    }

    /// Takes the steps that count.
    #[inline(always)]
    fn commit(&mut self) {
        if !self.slots.log.is_empty() {
            self.log();
        }
        let taken = Pack::from_column(self.simd, &self.clock.taken);
        for (y, z) in self.y.iter_mut().zip(&self.z) {
            *y = z.where_positive(taken, *y);
        }
        if self.plan.scheme.fsal {
            let (first, rest) = self.k.split_at_mut((self.plan.scheme.stages - 1) * self.width);
            let last = &rest[..self.width];
            for (k, last) in first.iter_mut().zip(last) {
                *k = last.where_positive(taken, *k);
            }
        } else {
            self.slopes = Slopes::Due;
        }
        self.clock.commit();
    }

    /// Takes down the steps that count, before they are taken.
    #[cold]
    fn log(&mut self) {
        for lane in (0..Self::LANES).filter(|lane| Clock::get(&self.clock.taken, *lane) == 1.0) {
            let [t0, t1] = [&self.clock.t, &self.clock.next].map(|column| Clock::get(column, lane));
            let y = self.y.iter().map(|y| y.get(lane));
            self.slots.log[self.rows[lane] - self.slots.first].push(t0, t1, y);
        }
    }

    /// Slopes and first steps of the rows that have just been loaded or reset.
    #[inline(always)]
    fn start(&mut self) {
        let simd = self.simd;
        let fresh = Pack::from_column(simd, &self.fresh);
        let t = Pack::from_column(simd, &self.clock.t);
        self.rhs.eval(&self.rows, t, &self.y, &self.p, &mut self.spare);
        for (k, dy) in self.k.iter_mut().zip(&self.spare) {
            *k = if self.slopes == Slopes::Due { *dy } else { dy.where_positive(fresh, *k) };
        }
        self.slopes = Slopes::Known;
        let mut probes = Pack::splat(simd, 0.0);
        if self.probe(&mut probes) {
            for i in 0..self.width {
                self.z[i] = self.k[i].mul_add(probes, self.y[i]);
            }
            self.rhs.eval(&self.rows, t + probes, &self.z, &self.p, &mut self.spare);
            for i in 0..self.width {
                self.spare[i] = self.spare[i] - self.k[i];
            }
        }
        self.first_steps(&probes);
    }

    /// How far the rows without a first step look ahead; whether there are any.
    fn probe(&mut self, probes: &mut Pack<A, S, M>) -> bool {
        let mut any = false;
        for lane in 0..Self::LANES {
            if Clock::get(&self.fresh, lane) == 0.0 || !self.plan.is_adaptive() {
                continue;
            }
            let direction = Clock::get(&self.clock.direction, lane);
            if self.plan.first_step(self.rows[lane]).is_none() {
                probes.set(lane, A::from_f64(direction * self.first(lane).probe));
                any = true;
            }
        }
        any
    }

    /// The first step of the row in `lane`, as far as it is known without looking ahead.
    fn first(&self, lane: usize) -> First {
        let [t, t1] = [&self.clock.t, &self.clock.t1].map(|column| Clock::get(column, lane));
        let (size, speed) = (self.measure(lane, &self.y), self.measure(lane, &self.k[..self.width]));
        First::new((t1 - t).abs(), self.plan.scheme.power, size, speed)
    }

    /// Sets the first steps of the fresh rows, and lets those go whose field is not finite.
    fn first_steps(&mut self, probes: &Pack<A, S, M>) {
        self.any_fresh = false;
        for lane in 0..Self::LANES {
            if Clock::get(&self.fresh, lane) == 0.0 {
                continue;
            }
            Clock::set(&mut self.fresh, lane, 0.0);
            let finite = self.k[..self.width].iter().all(|k| k.get(lane).is_finite());
            self.trackers[lane].extra += usize::from(self.plan.scheme.fsal || !finite);
            if !finite {
                let t = Clock::get(&self.clock.t, lane);
                self.fail(lane, SolveError::NotFinite { t, stage: None, entry: None });
                continue;
            }
            if let Some(max_step) = self.plan.max_step() {
                let h = self.plan.first_step(self.rows[lane]).unwrap_or_else(|| {
                    let first = self.first(lane);
                    // The probe was rounded to the scalar of the rows.
                    First { probe: probes.get(lane).to_f64().abs(), ..first }
                        .step(self.measure(lane, &self.spare))
                });
                if self.plan.first_step(self.rows[lane]).is_none() {
                    self.trackers[lane].extra += 1;
                }
                Clock::set(&mut self.clock.h, lane, h.min(max_step));
            }
        }
    }

    /// The size of one row of `v` in that row's tolerance.
    fn measure(&self, lane: usize, v: &[Pack<A, S, M>]) -> f64 {
        let (rtol, atol) = (self.rtol.get(lane).to_f64(), self.atol.get(lane).to_f64());
        let square = |(v, y): (&Pack<A, S, M>, &Pack<A, S, M>)| {
            let scaled = v.get(lane).to_f64() / (atol + rtol * y.get(lane).to_f64().abs());
            scaled * scaled
        };
        let sum: f64 = v.iter().zip(&self.y).map(square).sum();
        (sum / self.width.max(1) as f64).sqrt()
    }

    /// Shows every row its step, where it has to see it: before the step is taken.
    fn look(&mut self) {
        let plan = self.plan;
        let mut prepared = plan.scheme.extra.is_empty();
        for lane in 0..Self::LANES {
            self.next[lane] = Next::On;
            if Clock::get(&self.clock.taken, lane) == 0.0 {
                continue;
            }
            let [t0, t1, due, direction] =
                [&self.clock.t, &self.clock.next, &self.clock.due, &self.clock.direction]
                    .map(|column| Clock::get(column, lane));
            if Clock::get(&self.clock.ratio, lane).is_nan() {
                self.next[lane] =
                    Next::Done(RowEnd::Failed(SolveError::NotFinite { t: t1, stage: None, entry: None }), t0);
                self.trackers[lane].set_state(self.y.iter().map(|y| y.get(lane)));
                continue;
            }
            if (due - t1) * direction > 0.0 && plan.rows.events.is_empty() {
                continue;
            }
            gather(&self.z, lane, &mut self.row[1]);
            let whole = self.trackers[lane].needs_stages(plan.rows, t1, &self.row[1]);
            if whole && !std::mem::replace(&mut prepared, true) {
                self.extra_stages();
            }
            let (tracker, [y0, y1, k]) = (&mut self.trackers[lane], &mut self.row);
            self.next[lane] = if whole {
                tracker.extra += plan.scheme.extra.len();
                gather(&self.y, lane, y0);
                gather(&self.k, lane, k);
                let step = Step { t0, t1, y0, y1, k };
                tracker.accept(&step, plan.rows, &plan.scheme, &mut self.slots)
            } else {
                tracker.accept_end(t1, y1, plan.rows, &mut self.slots)
            };
            let due = tracker.due(plan.rows);
            Clock::set(&mut self.clock.due, lane, due);
        }
    }

    /// The stages of the interpolant alone, in every lane.
    fn extra_stages(&mut self) {
        let (scheme, width, simd) = (&self.plan.scheme, self.width, self.simd);
        let t = Pack::from_column(simd, &self.clock.t);
        let h = Pack::from_column(simd, &self.clock.step);
        for (i, (c, terms)) in scheme.extra.iter().enumerate() {
            combine(simd, terms, h, &self.y, &self.k, &mut self.spare);
            let at = h.mul_add(h.constant(*c), t);
            let dy = &mut self.k[(scheme.stages + i) * width..][..width];
            self.rhs.eval(&self.rows, at, &self.spare, &self.p, dy);
        }
    }

    /// Does what the rows want after their steps were taken.
    fn follow(&mut self) {
        for lane in 0..Self::LANES {
            if Clock::get(&self.clock.live, lane) == 0.0 {
                continue;
            }
            match std::mem::replace(&mut self.next[lane], Next::On) {
                Next::Done(end, t) => self.leave(lane, end, t),
                Next::On | Next::From(_) if self.clock.spent(lane) => self.fail_spent(lane),
                Next::On => {}
                Next::From(t) => {
                    Clock::set(&mut self.clock.t, lane, t);
                    self.clock.restart(lane);
                    self.enter(lane);
                }
            }
        }
    }

    fn fail_spent(&mut self, lane: usize) {
        let [t, t1, h, accepted, rejected] =
            [&self.clock.t, &self.clock.t1, &self.clock.step, &self.clock.accepted, &self.clock.rejected]
                .map(|column| Clock::get(column, lane));
        self.fail(
            lane,
            SolveError::MaxSteps { t, t1, steps: (accepted + rejected) as usize, h, stiffness: None },
        );
    }

    /// Rows whose next step drowns in the rounding of time.
    #[cold]
    fn drop_small_steps(&mut self) {
        for lane in 0..Self::LANES {
            if Clock::get(&self.clock.live, lane) == 0.0 || !self.clock.too_small(lane) {
                continue;
            }
            let [t, next, h, ratio] = [&self.clock.t, &self.clock.next, &self.clock.step, &self.clock.ratio]
                .map(|column| Clock::get(column, lane));
            let error = match (ratio.is_nan(), self.z.iter().all(|z| z.get(lane).is_finite())) {
                (false, _) => SolveError::StepTooSmall { t, h, least: crate::drive::least_step(t) },
                (true, true) => SolveError::ErrorNotFinite { t: next },
                (true, false) => SolveError::NotFinite { t: next, stage: None, entry: None },
            };
            self.fail(lane, error);
        }
    }

    /// Ends all rows where they are.
    #[cold]
    fn stop(&mut self) {
        for lane in 0..Self::LANES {
            if Clock::get(&self.clock.live, lane) == 1.0 {
                let t = Clock::get(&self.clock.t, lane);
                self.trackers[lane].set_state(self.y.iter().map(|y| y.get(lane)));
                self.leave(lane, RowEnd::Stopped { t }, t);
            }
        }
    }

    /// Puts the next row that has somewhere to go into `lane`.
    fn load(&mut self, lane: usize) {
        let plan = self.plan;
        while let Some(row) = self.queue.next() {
            let span = *plan.rows.spans.of(row);
            let started = match self.trackers[lane].start(row, plan.rows, &mut self.slots) {
                Ok(()) if plan.stopped() => Err(RowEnd::Stopped { t: span.t0 }),
                started => started,
            };
            if let Err(end) = started {
                self.trackers[lane].finish(end, span.t0, Stats::default(), &mut self.slots);
                continue;
            }
            self.clock.load(lane, span);
            self.rows[lane] = row;
            if let Some(p) = &plan.rows.parameters {
                for (pack, p) in self.p.iter_mut().zip(p.row(row)) {
                    pack.set(lane, *p);
                }
            }
            let tolerance = plan.tolerance(row);
            self.rtol.set(lane, A::from_f64(tolerance.rtol));
            self.atol.set(lane, A::from_f64(tolerance.atol));
            self.live += 1;
            self.enter(lane);
            return;
        }
        self.clock.rest(lane);
    }

    /// The tracker's state becomes that of `lane`, as at the start of a solve.
    fn enter(&mut self, lane: usize) {
        for (pack, state) in self.y.iter_mut().zip(&self.trackers[lane].state) {
            pack.set(lane, *state);
        }
        Clock::set(&mut self.clock.due, lane, self.trackers[lane].due(self.plan.rows));
        Clock::set(&mut self.fresh, lane, 1.0);
        self.any_fresh = true;
    }

    /// The row in `lane` has ended, with the tracker's state at `t`.
    fn leave(&mut self, lane: usize, end: RowEnd, t: f64) {
        let accepted = Clock::get(&self.clock.accepted, lane) as usize;
        let rejected = Clock::get(&self.clock.rejected, lane) as usize;
        let tracker = &self.trackers[lane];
        let evals = self.plan.evals(accepted, rejected) + tracker.extra;
        tracker.finish(end, t, Stats { accepted, rejected, evals }, &mut self.slots);
        Clock::set(&mut self.fresh, lane, 0.0);
        self.live -= 1;
        self.load(lane);
    }

    /// The row in `lane` cannot go on from where it is.
    fn fail(&mut self, lane: usize, error: SolveError) {
        let t = Clock::get(&self.clock.t, lane);
        self.trackers[lane].set_state(self.y.iter().map(|y| y.get(lane)));
        self.leave(lane, RowEnd::Failed(error), t);
    }
}

/// The numbers of one lane.
fn gather<A: Element, S: Simd, const M: usize>(packs: &[Pack<A, S, M>], lane: usize, out: &mut [A]) {
    for (out, pack) in out.iter_mut().zip(packs) {
        *out = pack.get(lane);
    }
}
