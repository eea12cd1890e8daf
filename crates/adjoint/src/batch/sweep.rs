//! Rows on the way back, the n-th step of all that have one at a time.
//!
//! Rows lie in the order of their numbers of steps, those with the most first, so that the rows with an n-th step
//! are always the first ones. The pullback of a step is that of [`pull_stages`](crate::pull_stages), with a step
//! size for each row.

use super::block::Failures;
use super::field::{RowsPull, RowsVjp};
use super::gradient::{BatchCotangents, Part};
use super::rates::Rates;
use super::scratch::{Scratch, add, add_row};
use super::tape::{BatchTape, RowTape};
use crate::binomial::best_spacing;
use crate::record::{node, row, weighty};
use crate::{AdjointError, Times};
use chreode_ode::Element;
use ndarray::{ArrayView2, ArrayViewMut2};
use std::ops::Range;

/// The states of the rows before one of their steps.
enum States<A> {
    /// In the tape, before this step.
    Kept(usize),
    /// Worked out again.
    Made(Vec<A>),
}

/// The state of the way back of some rows.
pub(super) struct Sweep<'s, A: Element, F: RowsVjp<A> + ?Sized> {
    pub(super) field: &'s F,
    pub(super) tape: &'s BatchTape<A>,
    pub(super) cotangents: &'s BatchCotangents<A>,
    /// The rows, by their places: as they are given, and by their numbers of steps.
    given: Vec<usize>,
    pub(super) order: Vec<usize>,
    counts: Vec<usize>,
    /// Outputs of each row that lie before the way already gone.
    pub(super) left: Vec<usize>,
    /// Cotangents of the states before the step pulled back last.
    pub(super) a: Vec<A>,
    shared: Vec<A>,
    own: Vec<A>,
    pub(super) rates: Option<Rates>,
    /// Cotangents, at fixed times, of the states at which events ended rows; empty before their last steps.
    pub(super) crossed: Vec<Vec<A>>,
}

impl<'s, A: Element, F: RowsVjp<A> + ?Sized> Sweep<'s, A, F> {
    pub(super) fn new(
        field: &'s F,
        tape: &'s BatchTape<A>,
        cotangents: &'s BatchCotangents<A>,
        rows: &[usize],
        times: Times,
    ) -> Self {
        let mut order = rows.to_vec();
        order.sort_by_key(|row| std::cmp::Reverse(tape.rows[*row].steps()));
        let counts: Vec<_> = order.iter().map(|row| tape.rows[*row].steps()).collect();
        let left = order.iter().map(|row| tape.rows[*row].reached).collect();
        let rates = (times == Times::Differentiated).then(|| Rates::new(&order, tape));
        let n = order.len();
        Self {
            field,
            tape,
            cotangents,
            given: rows.to_vec(),
            counts,
            left,
            a: vec![A::zero(); n * tape.width],
            shared: vec![A::zero(); field.shared()],
            own: vec![A::zero(); n * field.own()],
            rates,
            crossed: vec![Vec::new(); n],
            order,
        }
    }

    /// The tape of the row at `place`.
    pub(super) fn row(&self, place: usize) -> &'s RowTape<A> {
        &self.tape.rows[self.order[place]]
    }

    /// How many rows have a step number `n`.
    fn active(&self, n: usize) -> usize {
        self.counts.partition_point(|count| *count > n)
    }

    /// Takes all rows to their starts.
    pub(super) fn run(mut self) -> Result<Part<A>, Failures> {
        let steps = self.counts.first().copied().unwrap_or(0);
        let width = self.tape.width;
        let stages = self.tape.tableau.dense_stages();
        let mut again = Scratch::new(self.field, self.active(0), width, stages);
        let mut scratch = Scratch::new(self.field, self.active(0), width, stages);
        let spacing = best_spacing(steps, self.tape.checkpoints);
        let kept: Vec<_> = (0..steps).step_by(spacing).map(States::Kept).collect();
        // What is advanced reads only what does not change on the way.
        let still = Still {
            field: self.field,
            tape: self.tape,
            order: self.order.clone(),
            counts: self.counts.clone(),
        };
        crate::sweep::sweep(
            steps,
            self.tape.checkpoints,
            (spacing, &kept),
            |from, states, to| States::Made(still.advance(from, states, to, &mut again)),
            |n, states| {
                let y = still.load(n, states);
                self.step(n, &y, &mut scratch)
            },
        )?;
        self.finish(&mut scratch)
    }

    /// Pulls the cotangents back through step `m` of the rows that have one; their states before it are `y`.
    fn step(&mut self, m: usize, y: &[A], scratch: &mut Scratch<A, F>) -> Result<(), Failures> {
        let (n, width, tableau) = (self.active(m), self.tape.width, self.tape.tableau);
        let still = self.still();
        let ends = self.take_ends(m, n);
        let inner = self.take_inner(m, n);
        let dense = !inner.is_empty();
        let count = if dense { tableau.dense_stages() } else { weighty(&tableau) };
        still.forward(m, n, y, count, scratch);
        self.cross(&inner, scratch)?;
        let last = self.active(m + 1)..n;
        let outer = if m == 0 { 0..n } else { last.clone() };
        let b = tableau.coefficients().b;
        let mut pulled = vec![false; count];
        for i in (0..count).rev() {
            let Scratch { u, kappa, h, .. } = &mut *scratch;
            let kappa = &mut kappa[..n * width];
            kappa.fill(A::zero());
            let weight = b.get(i).copied().unwrap_or(0.0);
            let mut any = weight != 0.0;
            add(kappa, &h[..n], width, [(weight, &self.a)]);
            for l in (i + 1..count).filter(|l| pulled[*l] && row(&tableau, *l)[i] != 0.0) {
                add(kappa, &h[..n], width, [(row(&tableau, l)[i], &u[l])]);
                any = true;
            }
            for at in &inner {
                let (place, c) = (at.place, h[at.place] * tableau.weight(i, at.theta));
                add_row(&mut kappa[place * width..][..width], c, self.cotangent(at).iter().copied());
                any |= c != 0.0;
            }
            if any {
                pulled[i] = true;
                self.pull_stage(m, n, i, y, scratch)?;
                self.stage_rates(m, i, outer.clone(), y, scratch);
            }
        }
        self.step_rates(m, outer, last, &ends, &inner, y, scratch);
        let ones = vec![1.0; n];
        let terms = (0..count).filter(|i| pulled[*i]).map(|i| (1.0, &scratch.u[i]));
        add(&mut self.a[..n * width], &ones, width, terms);
        for at in &inner {
            let cotangent = self.cotangent(at).to_vec();
            add_row(&mut self.a[at.place * width..][..width], 1.0, cotangent);
        }
        self.check(m, n)
    }

    /// Pulls stage `i` back, and adds what it says of the parameters.
    fn pull_stage(
        &mut self,
        m: usize,
        n: usize,
        i: usize,
        y: &[A],
        scratch: &mut Scratch<A, F>,
    ) -> Result<(), Failures> {
        let (width, own) = (self.tape.width, self.field.own());
        let Scratch { u, memories, kappa, own: by_own, shared, .. } = &mut *scratch;
        let pull = RowsPull {
            state: view_mut(&mut u[i], n, width),
            shared: &mut shared[..],
            own: view_mut(by_own, n, own),
        };
        self.field.pull(view(kappa, n, width), pull, &mut memories[i]);
        if !shared.iter().all(|x| x.is_finite()) {
            return Err(self.culprits(m, n, i, y, scratch));
        }
        self.shared.iter_mut().zip(&*shared).for_each(|(to, from)| *to += *from);
        self.own.iter_mut().zip(&by_own[..n * own]).for_each(|(to, from)| *to += *from);
        Ok(())
    }

    /// The rows whose parts of a sum are not finite, or all if none is by itself.
    #[cold]
    fn culprits(&self, m: usize, n: usize, i: usize, y: &[A], scratch: &mut Scratch<A, F>) -> Failures {
        let (width, own) = (self.tape.width, self.field.own());
        let tableau = self.tape.tableau;
        let still = self.still();
        still.place(m, n, y, i, scratch);
        let Scratch { u, at, kappa, t, own: by_own, shared, .. } = scratch;
        let mut bad = Vec::new();
        let (mut value, mut memory) = (vec![A::zero(); width], F::Memory::default());
        for place in 0..n {
            let of = place * width..(place + 1) * width;
            let rows = &self.order[place..=place];
            let dy = view_mut(&mut value, 1, width);
            self.field.forward(rows, &t[place..=place], view(&at[of.clone()], 1, width), dy, &mut memory);
            let pull = RowsPull {
                state: view_mut(&mut u[i], 1, width),
                shared: &mut shared[..],
                own: view_mut(by_own, 1, own),
            };
            self.field.pull(view(&kappa[of], 1, width), pull, &mut memory);
            if !shared.iter().all(|x| x.is_finite()) {
                bad.push(place);
            }
        }
        if bad.is_empty() {
            bad = (0..n).collect();
        }
        let time = |place: usize| self.row(place).log.ends[m].0 + 0.0 * node(&tableau, i);
        bad.into_iter().map(|p| (self.order[p], AdjointError::NotFinite { t: time(p) })).collect()
    }

    /// The rows whose cotangents are no longer numbers.
    fn check(&self, m: usize, n: usize) -> Result<(), Failures> {
        let width = self.tape.width;
        let own = self.field.own();
        let finite = |x: &[A]| x.iter().all(|x| x.is_finite());
        let bad: Failures = (0..n)
            .filter(|p| !finite(&self.a[p * width..][..width]) || !finite(&self.own[p * own..][..own]))
            .map(|p| (self.order[p], AdjointError::NotFinite { t: self.row(p).log.ends[m].0 }))
            .collect();
        if bad.is_empty() { Ok(()) } else { Err(bad) }
    }

    /// Adds the cotangents of states at the ends of the steps number `m`; the save times of rows that end there.
    fn take_ends(&mut self, m: usize, n: usize) -> Vec<(usize, Range<usize>)> {
        let width = self.tape.width;
        let mut ends = Vec::new();
        for place in 0..n {
            let (tape, number) = (self.row(place), self.order[place]);
            let (t0, t1) = tape.log.ends[m];
            let a = &mut self.a[place * width..][..width];
            let end = m + 1 == self.counts[place];
            if end && tape.event.is_none() {
                add_row(a, 1.0, self.cotangents.end.row(number).iter().copied());
            }
            let saved = self.left[place];
            while let Some(save) = self.left[place].checked_sub(1)
                && tape.saves[save] == t1
                && t0 != t1
            {
                add_row(a, 1.0, self.cotangents.saved[number].row(save).iter().copied());
                self.left[place] = save;
            }
            if end && self.left[place] < saved {
                ends.push((place, self.left[place]..saved));
            }
        }
        ends
    }

    /// The gradients, when all steps are pulled back.
    fn finish(mut self, scratch: &mut Scratch<A, F>) -> Result<Part<A>, Failures> {
        let (width, own) = (self.tape.width, self.field.own());
        self.still_rates(scratch);
        for place in 0..self.order.len() {
            let number = self.order[place];
            let a = &mut self.a[place * width..][..width];
            if self.counts[place] == 0 {
                add_row(a, 1.0, self.cotangents.end.row(number).iter().copied());
            }
            for save in 0..self.left[place] {
                add_row(a, 1.0, self.cotangents.saved[number].row(save).iter().copied());
            }
        }
        let n = self.given.len();
        let mut part = Part {
            y0: vec![A::zero(); n * width],
            own: vec![A::zero(); n * own],
            spans: vec![[0.0; 2]; n],
            times: vec![Vec::new(); n],
            failures: Vec::new(),
            rows: self.given,
            shared: self.shared,
        };
        for (place, number) in self.order.iter().enumerate() {
            let to = part.rows.binary_search(number).expect("rows are given in order");
            part.y0[to * width..][..width].copy_from_slice(&self.a[place * width..][..width]);
            part.own[to * own..][..own].copy_from_slice(&self.own[place * own..][..own]);
            if let Some(rates) = &mut self.rates {
                part.spans[to] = rates.spans[place];
                part.times[to] = std::mem::take(&mut rates.saves[place]);
            }
        }
        let finite = |i: usize| part.spans[i].iter().chain(&part.times[i]).all(|t| t.is_finite());
        let bad: Failures = (0..n)
            .filter(|i| !finite(*i))
            .map(|i| (part.rows[i], AdjointError::NotFinite { t: self.tape.rows[part.rows[i]].span.t0 }))
            .collect();
        if bad.is_empty() { Ok(part) } else { Err(bad) }
    }

    /// What does not change on the way.
    pub(super) fn still(&self) -> Still<'s, A, F> {
        Still { field: self.field, tape: self.tape, order: self.order.clone(), counts: self.counts.clone() }
    }
}

/// The rows and their steps.
pub(super) struct Still<'s, A: Element, F: RowsVjp<A> + ?Sized> {
    pub(super) field: &'s F,
    pub(super) tape: &'s BatchTape<A>,
    pub(super) order: Vec<usize>,
    counts: Vec<usize>,
}

impl<A: Element, F: RowsVjp<A> + ?Sized> Still<'_, A, F> {
    /// The states before step `n` of the rows that have one.
    fn load(&self, n: usize, states: &States<A>) -> Vec<A> {
        let (width, active) = (self.tape.width, self.counts.partition_point(|count| *count > n));
        match states {
            States::Made(y) => y[..active * width].to_vec(),
            States::Kept(at) => {
                let rows = self.order[..active].iter().map(|row| &self.tape.rows[*row]);
                rows.flat_map(|row| row.state(*at, width).iter().copied()).collect()
            }
        }
    }

    /// The states before step `to`, from those before step `from`.
    fn advance(&self, from: usize, states: &States<A>, to: usize, scratch: &mut Scratch<A, F>) -> Vec<A> {
        let (width, tableau) = (self.tape.width, self.tape.tableau);
        let mut y = self.load(from, states);
        for m in from..to {
            let n = self.counts.partition_point(|count| *count > m);
            y.truncate(n * width);
            let count = weighty(&tableau);
            self.forward(m, n, &y, count, scratch);
            let terms = tableau.coefficients().b[..count].iter().copied().zip(&scratch.k);
            add(&mut y, &scratch.h[..n], width, terms);
        }
        let n = self.counts.partition_point(|count| *count > to);
        y.truncate(n * width);
        y
    }

    /// The first `count` stages of step `m` of the first `n` rows, from `y`.
    fn forward(&self, m: usize, n: usize, y: &[A], count: usize, scratch: &mut Scratch<A, F>) {
        let width = self.tape.width;
        for i in 0..count {
            self.place(m, n, y, i, scratch);
            let Scratch { k, memories, at, t, .. } = &mut *scratch;
            let dy = view_mut(&mut k[i], n, width);
            self.field.forward(&self.order[..n], &t[..n], view(at, n, width), dy, &mut memories[i]);
        }
    }

    /// Times and states at which stage `i` of step `m` is taken, and step sizes.
    pub(super) fn place(&self, m: usize, n: usize, y: &[A], i: usize, scratch: &mut Scratch<A, F>) {
        let (width, tableau) = (self.tape.width, &self.tape.tableau);
        let Scratch { k, at, t, h, .. } = scratch;
        let c = node(tableau, i);
        for (place, number) in self.order[..n].iter().enumerate() {
            let (t0, t1) = self.tape.rows[*number].log.ends[m];
            h[place] = t1 - t0;
            t[place] = if c == 1.0 { t1 } else { t0 + c * h[place] };
        }
        at[..n * width].copy_from_slice(&y[..n * width]);
        add(&mut at[..n * width], &h[..n], width, row(tableau, i).iter().copied().zip(&k[..i]));
    }
}

/// The first `n` rows.
pub(super) fn view<A>(states: &[A], n: usize, width: usize) -> ArrayView2<'_, A> {
    ArrayView2::from_shape((n, width), &states[..n * width]).expect("whole rows")
}

pub(super) fn view_mut<A>(states: &mut [A], n: usize, width: usize) -> ArrayViewMut2<'_, A> {
    ArrayViewMut2::from_shape((n, width), &mut states[..n * width]).expect("whole rows")
}
