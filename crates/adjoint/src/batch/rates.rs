//! What the states of a batch say of their times: the rules of [`Pull`](crate::pull), row by row.

use super::crossing::Inner;
use super::field::RowsVjp;
use super::scratch::{Scratch, add, dot};
use super::sweep::{Sweep, view, view_mut};
use super::tape::BatchTape;
use crate::record::{node, row, weighty};
use chreode_ode::Element;
use std::ops::Range;

/// Derivatives with respect to times, by the places of rows.
pub(super) struct Rates {
    /// ∂L/∂t₀ and ∂L/∂t₁.
    pub(super) spans: Vec<[f64; 2]>,
    /// ∂L/∂t of the save times.
    pub(super) saves: Vec<Vec<f64>>,
    /// With respect to the beginning and the size of the step under way.
    step: Vec<[f64; 2]>,
}

impl Rates {
    pub(super) fn new<A>(order: &[usize], tape: &BatchTape<A>) -> Self {
        let zeros = vec![[0.0; 2]; order.len()];
        let saves = order.iter().map(|row| vec![0.0; tape.rows[*row].saves.len()]).collect();
        Self { spans: zeros.clone(), saves, step: zeros }
    }
}

impl<A: Element, F: RowsVjp<A> + ?Sized> Sweep<'_, A, F> {
    /// What stage `i` of step `m` says of the beginning and the size of the step, for the rows at `outer`.
    pub(super) fn stage_rates(
        &mut self,
        m: usize,
        i: usize,
        outer: Range<usize>,
        y: &[A],
        scratch: &mut Scratch<A, F>,
    ) {
        if self.rates.is_none() || outer.is_empty() {
            return;
        }
        let (width, tableau) = (self.tape.width, self.tape.tableau);
        self.still().place(m, outer.end, y, i, scratch);
        let Scratch { k, u, at, kappa, t, .. } = &*scratch;
        let of = outer.start * width..outer.end * width;
        let mut by_t = vec![0.0; outer.len()];
        let (at, a) = (view(&at[of.clone()], outer.len(), width), view(&kappa[of], outer.len(), width));
        self.field.pull_time(&self.order[outer.clone()], &t[outer.clone()], at, a, &mut by_t);
        let Some(rates) = &mut self.rates else { return };
        for (place, by_t) in outer.zip(by_t) {
            let terms = row(&tableau, i).iter().copied().zip(&k[..i]);
            let pulled = u[i][place * width..][..width].iter().copied();
            rates.step[place][0] += by_t;
            rates.step[place][1] += node(&tableau, i) * by_t + dot(terms, place, pulled, width);
        }
    }

    /// What step `m` says of times, when its stages are pulled back, and before the cotangents are: `last` are
    /// the rows that end with it, `ends` their save times at the end, `inner` those within.
    #[allow(clippy::too_many_arguments, reason = "a step has so many parts")]
    pub(super) fn step_rates(
        &mut self,
        m: usize,
        outer: Range<usize>,
        last: Range<usize>,
        ends: &[(usize, Range<usize>)],
        inner: &[Inner],
        y: &[A],
        scratch: &mut Scratch<A, F>,
    ) {
        let (width, tableau) = (self.tape.width, self.tape.tableau);
        let slopes_at_end = self.slopes_at_end(m, ends, y, scratch);
        let Some(mut rates) = self.rates.take() else { return };
        let k = &scratch.k;
        for place in outer {
            let weights = tableau.coefficients().b[..weighty(&tableau)].iter().copied();
            let a = self.a[place * width..][..width].iter().copied();
            rates.step[place][1] += dot(weights.zip(k), place, a, width);
        }
        let stages = 0..tableau.dense_stages();
        for at in inner {
            let (Inner { place, save, theta }, cotangent) = (*at, self.cotangent(at));
            let along = |weight: &dyn Fn(usize) -> f64| {
                dot(stages.clone().map(|j| (weight(j), &k[j])), place, cotangent.iter().copied(), width)
            };
            let slope = along(&|j| tableau.weight_slope(j, theta));
            if let Some(save) = save {
                rates.saves[place][save] += slope;
            }
            rates.step[place][0] -= slope;
            rates.step[place][1] += along(&|j| tableau.weight(j, theta)) - theta * slope;
        }
        for place in last {
            // The step in which an event ended the row ends with the span, or does not know of it.
            let tape = self.row(place);
            if self.event(place, m).is_none() || tape.log.ends[m].1 == tape.span.t1 {
                rates.spans[place][1] += rates.step[place][1];
            }
        }
        for ((place, saves), slope) in ends.iter().zip(slopes_at_end.chunks(width.max(1))) {
            for save in saves.clone() {
                let cotangent = self.cotangents.saved[self.order[*place]].row(save);
                let rate: f64 = slope.iter().zip(cotangent).map(|(s, c)| (*s).to_f64() * (*c).to_f64()).sum();
                rates.saves[*place][save] += rate;
                rates.spans[*place][1] -= rate;
            }
        }
        for place in 0..y.len() / width.max(1) {
            let (tape, number) = (self.row(place), self.order[place]);
            let from = tape.log.ends[m].0;
            let mut total = 0.0;
            for save in (0..self.left[place]).rev().take_while(|save| tape.saves[*save] == from) {
                let cotangent = self.cotangents.saved[number].row(save);
                let rate = dot([(1.0, &k[0])], place, cotangent.iter().copied(), width);
                rates.saves[place][save] += rate;
                total += rate;
            }
            if m == 0 {
                rates.spans[place][0] += rates.step[place][0] - rates.step[place][1] - total;
            }
            rates.step[place] = [0.0; 2];
        }
        self.rates = Some(rates);
    }

    /// f(t₁, y₁) of the rows with save times at their very ends, one after the other.
    fn slopes_at_end(
        &self,
        m: usize,
        ends: &[(usize, Range<usize>)],
        y: &[A],
        scratch: &Scratch<A, F>,
    ) -> Vec<A> {
        if self.rates.is_none() || ends.is_empty() {
            return Vec::new();
        }
        let (width, tableau) = (self.tape.width, self.tape.tableau);
        let n = y.len() / width.max(1);
        let mut y1 = y.to_vec();
        let weights = tableau.coefficients().b[..weighty(&tableau)].iter().copied();
        add(&mut y1, &scratch.h[..n], width, weights.zip(&scratch.k));
        let rows: Vec<_> = ends.iter().map(|(place, _)| self.order[*place]).collect();
        let times: Vec<_> = ends.iter().map(|(place, _)| self.row(*place).log.ends[m].1).collect();
        let at: Vec<A> = ends.iter().flat_map(|(p, _)| y1[p * width..][..width].iter().copied()).collect();
        let mut slopes = vec![A::zero(); at.len()];
        let into = view_mut(&mut slopes, rows.len(), width);
        self.field.eval(&rows, &times, view(&at, rows.len(), width), into);
        slopes
    }

    /// The times of rows without a step: they move their states along the field.
    pub(super) fn still_rates(&mut self, _scratch: &mut Scratch<A, F>) {
        let width = self.tape.width;
        let rest = self.order.iter().position(|row| self.tape.rows[*row].steps() == 0);
        let (Some(first), Some(rates)) = (rest, &mut self.rates) else { return };
        let rows = &self.order[first..];
        let times: Vec<_> = rows.iter().map(|row| self.tape.rows[*row].span.t0).collect();
        let y0: Vec<A> = rows.iter().flat_map(|row| self.tape.rows[*row].y0.iter().copied()).collect();
        let mut slopes = vec![A::zero(); y0.len()];
        let into = view_mut(&mut slopes, rows.len(), width);
        self.field.eval(rows, &times, view(&y0, rows.len(), width), into);
        for (i, number) in rows.iter().enumerate() {
            let slope = slopes[i * width..][..width].to_vec();
            let along = |c: ndarray::ArrayView1<'_, A>| dot([(1.0, &slope)], 0, c.iter().copied(), width);
            let end = along(self.cotangents.end.row(*number));
            let saves: Vec<f64> = self.cotangents.saved[*number].rows().into_iter().map(along).collect();
            rates.spans[first + i] = [-end - saves.iter().sum::<f64>(), end];
            rates.saves[first + i] = saves;
        }
    }
}
