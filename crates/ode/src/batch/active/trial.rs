//! A step tried by every active row: its stages, its error, and the stages of its interpolant.

use super::{Active, Into, Of};
use crate::batch::clock::Clock;
use crate::batch::field::RowsField;
use crate::batch::flat::{combine, mean_square, total};
use chreode_core::simd::Element;
use pulp::Simd;

impl<A: Element, S: Simd, F: RowsField<A> + ?Sized> Active<'_, '_, '_, A, S, F> {
    /// Tries a step of every row.
    #[inline(always)]
    pub(super) fn step(&mut self) {
        let (plan, n, width) = (self.plan, self.live, self.width);
        let scheme = &plan.scheme;
        for i in 0..n {
            let h = A::from_f64(Clock::get(&self.clock.step, i));
            self.h[i * width..(i + 1) * width].fill(h);
        }
        if !self.slopes_known {
            self.set_times(0.0);
            self.eval(Of::State, Into::Stage(0));
            self.slopes_known = true;
        }
        let end = n * width;
        for (i, terms) in scheme.inner.iter().enumerate() {
            combine(terms, &self.h[..end], &self.y[..end], &self.k, &mut self.z[..end]);
            self.set_times(scheme.c[i + 1]);
            self.eval(Of::Trial, Into::Stage(i + 1));
        }
        if let Some(terms) = &scheme.last {
            combine(terms, &self.h[..end], &self.y[..end], &self.k, &mut self.z[..end]);
        }
        let error = if plan.is_adaptive() { scheme.error.as_ref() } else { None };
        if let Some(terms) = error {
            total(terms, &self.h[..end], &self.k, &mut self.spare[..end]);
        }
        for i in 0..n {
            let of = i * width..(i + 1) * width;
            let ratio = if error.is_some() {
                let tolerance = plan.tolerance(self.rows[i]);
                let scale = (A::from_f64(tolerance.rtol), A::from_f64(tolerance.atol));
                mean_square(&self.spare[of.clone()], &self.y[of.clone()], &self.z[of], scale)
            } else {
                self.z[of].iter().fold(A::zero(), |sum, z| sum + *z * A::zero()).to_f64()
            };
            Clock::set(&mut self.clock.ratio, i, ratio);
        }
        if let (true, Some(terms)) = (error.is_some(), &scheme.second) {
            total(terms, &self.h[..end], &self.k, &mut self.spare[..end]);
            for i in 0..n {
                let of = i * width..(i + 1) * width;
                let tolerance = plan.tolerance(self.rows[i]);
                let scale = (A::from_f64(tolerance.rtol), A::from_f64(tolerance.atol));
                let size = Clock::get(&self.clock.ratio, i);
                let other = mean_square(&self.spare[of.clone()], &self.y[of.clone()], &self.z[of], scale);
                // Where there is no error at all, 0 and not 0/0.
                let both = size + 0.01 * other + 1e-30;
                Clock::set(&mut self.clock.ratio, i, size * (size / both));
            }
        }
    }

    /// The stages of the interpolant alone, of every row.
    pub(super) fn extra_stages(&mut self) {
        let (plan, end) = (self.plan, self.live * self.width);
        for (i, (c, terms)) in plan.scheme.extra.iter().enumerate() {
            combine(terms, &self.h[..end], &self.y[..end], &self.k, &mut self.spare[..end]);
            self.set_times(*c);
            self.eval(Of::Spare, Into::Stage(plan.scheme.stages + i));
        }
    }

    /// The times a fraction `c` into the steps.
    fn set_times(&mut self, c: f64) {
        for i in 0..self.live {
            let [t, next, step] =
                [&self.clock.t, &self.clock.next, &self.clock.step].map(|column| Clock::get(column, i));
            self.times[i] = if c == 1.0 { next } else { t + c * step };
        }
    }
}
