//! States within steps: at save times, and where an event ended a row, whose time moves with the solution.

use super::block::Failures;
use super::field::RowsVjp;
use super::scratch::{Scratch, add_row, dot};
use super::sweep::Sweep;
use crate::AdjointError;
use chreode_core::Real;
use chreode_ode::Element;
use ndarray::ArrayView1;

/// What the way back must know of the event that ended a row: the derivatives of its function g and of the loss, to be
/// filled in beside the cotangent of the last state.
///
/// The time t* of the event moves with the solution: dt* = −(∂g/∂y · dy) / (∂g/∂t + ∂g/∂y · ẏ), with ẏ the slope of
/// the interpolant on which the event was found, so that the gradient is exact for the numbers that the solve returns.
///
/// R. T. Q. Chen, B. Amos and M. Nickel, Learning neural event functions for ordinary differential
/// equations, ICLR 2021, arXiv:2011.03902.
#[derive(Clone, Debug, PartialEq)]
pub struct RowCrossing<A> {
    /// The number of the event.
    pub event: usize,
    /// When it was.
    pub t: f64,
    /// ∂g/∂t there; zero unless filled in.
    pub by_t: f64,
    /// ∂g/∂y there; zero unless filled in.
    pub by_y: Vec<A>,
    /// ∂L/∂t*, of the time itself; zero unless filled in.
    pub time: f64,
}

impl<A: Real> RowCrossing<A> {
    pub(super) fn new(event: usize, t: f64, width: usize) -> Self {
        Self { event, t, by_t: 0.0, by_y: vec![A::zero(); width], time: 0.0 }
    }
}

/// A save time within a step: the place of its row, its number, and θ; or the event that ended the row there.
#[derive(Clone, Copy)]
pub(super) struct Inner {
    pub(super) place: usize,
    pub(super) save: Option<usize>,
    pub(super) theta: f64,
}

impl<A: Element, F: RowsVjp<A> + ?Sized> Sweep<'_, A, F> {
    /// The save times within the steps number `m`.
    pub(super) fn take_inner(&mut self, m: usize, n: usize) -> Vec<Inner> {
        let mut inner = Vec::new();
        for place in 0..n {
            let tape = self.row(place);
            let (t0, t1) = tape.log.ends[m];
            let direction = (t1 - t0).signum();
            if let Some(t) = self.event(place, m) {
                inner.push(Inner { place, save: None, theta: (t - t0) / (t1 - t0) });
            }
            while let Some(save) = self.left[place].checked_sub(1)
                && (tape.saves[save] - t0) * direction > 0.0
            {
                inner.push(Inner { place, save: Some(save), theta: (tape.saves[save] - t0) / (t1 - t0) });
                self.left[place] = save;
            }
        }
        inner
    }

    /// The cotangent of a state within a step.
    pub(super) fn cotangent(&self, at: &Inner) -> ArrayView1<'_, A> {
        match at.save {
            Some(save) => self.cotangents.saved[self.order[at.place]].row(save),
            None => ArrayView1::from(&self.crossed[at.place][..]),
        }
    }

    /// Whether an event ended the row at `place` in its step `m`; its time then.
    pub(super) fn event(&self, place: usize, m: usize) -> Option<f64> {
        let tape = self.row(place);
        tape.event.filter(|_| m + 1 == tape.steps()).map(|(_, t)| t)
    }

    /// Works out the cotangents, at fixed times, of the states at which events ended rows, whose stages are known.
    pub(super) fn cross(&mut self, inner: &[Inner], scratch: &Scratch<A, F>) -> Result<(), Failures> {
        let (width, tableau) = (self.tape.width, self.tape.tableau);
        let mut bad = Failures::new();
        for &Inner { place, theta, .. } in inner.iter().filter(|inner| inner.save.is_none()) {
            let number = self.order[place];
            let Some(crossing) = &self.cotangents.events[number] else { continue };
            let end = self.cotangents.end.row(number);
            let slope = |a: &[A]| {
                let weights = (0..tableau.dense_stages()).map(|j| tableau.weight_slope(j, theta));
                dot(weights.zip(&scratch.k), place, a.iter().copied(), width)
            };
            let rate = crossing.by_t + slope(&crossing.by_y);
            let mut fixed = end.to_vec();
            let of_g = -(slope(&fixed) + crossing.time) / rate;
            add_row(&mut fixed, of_g, crossing.by_y.iter().copied());
            if !of_g.is_finite() || !fixed.iter().all(|x| x.is_finite()) {
                bad.push((number, AdjointError::RowGrazes { t: crossing.t }));
            }
            self.crossed[place] = fixed;
        }
        if bad.is_empty() { Ok(()) } else { Err(bad) }
    }
}
