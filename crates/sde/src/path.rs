//! What drives an equation: a path that can be asked for its increments.

use crate::Noise;
use chreode_ode::{Span, StepError};

/// A Brownian path, fixed once and for all: the same interval has the same increment, however often and
/// in whatever order it is asked for. So a rejected step, a finer solve and a solve that runs backwards
/// all see one path.
pub trait BrownianPath {
    /// The increments.
    type Noise: Noise;
    /// What makes the next query cheap; changes no bit of any answer.
    type Cursor;

    /// Where the path is known.
    fn span(&self) -> Span;

    /// Some noise of the path's shape.
    fn shape(&self) -> Self::Noise;

    /// A cursor for one sequence of queries.
    fn cursor(&self) -> Self::Cursor;

    /// `w = W(t1) − W(t0)`; `t1` may lie before `t0`.
    ///
    /// # Errors
    /// [`StepError::OutsidePath`] when the interval leaves the span.
    fn increment_into(
        &self,
        t0: f64,
        t1: f64,
        cursor: &mut Self::Cursor,
        w: &mut Self::Noise,
    ) -> Result<(), StepError>;

    /// `W(t1) − W(t0)`, with a cursor of its own.
    ///
    /// # Errors
    /// As [`increment_into`](Self::increment_into).
    fn increment(&self, t0: f64, t1: f64) -> Result<Self::Noise, StepError> {
        let mut w = self.shape();
        self.increment_into(t0, t1, &mut self.cursor(), &mut w)?;
        Ok(w)
    }
}

/// A Brownian path that also knows its space-time Lévy area,
/// H = 1/h ∫ (W(t) − W(t₀) − (t − t₀)/h · w) dt over an interval of length h with increment w:
/// the mean distance of the path from its chord. H is independent of w, with variance h/12.
pub trait LevyPath: BrownianPath {
    /// `w = W(t1) − W(t0)` and `area = H` over the same interval; H is the same in both directions.
    ///
    /// # Errors
    /// As [`increment_into`](BrownianPath::increment_into).
    fn area_into(
        &self,
        t0: f64,
        t1: f64,
        cursor: &mut Self::Cursor,
        w: &mut Self::Noise,
        area: &mut Self::Noise,
    ) -> Result<(), StepError>;

    /// The increment and the area, with a cursor of their own.
    ///
    /// # Errors
    /// As [`increment_into`](BrownianPath::increment_into).
    fn area(&self, t0: f64, t1: f64) -> Result<(Self::Noise, Self::Noise), StepError> {
        let (mut w, mut area) = (self.shape(), self.shape());
        self.area_into(t0, t1, &mut self.cursor(), &mut w, &mut area)?;
        Ok((w, area))
    }
}

impl<P: BrownianPath> BrownianPath for &P {
    type Noise = P::Noise;
    type Cursor = P::Cursor;

    fn span(&self) -> Span {
        (**self).span()
    }

    fn shape(&self) -> P::Noise {
        (**self).shape()
    }

    fn cursor(&self) -> P::Cursor {
        (**self).cursor()
    }

    fn increment_into(
        &self,
        t0: f64,
        t1: f64,
        cursor: &mut P::Cursor,
        w: &mut P::Noise,
    ) -> Result<(), StepError> {
        (**self).increment_into(t0, t1, cursor, w)
    }
}

impl<P: LevyPath> LevyPath for &P {
    fn area_into(
        &self,
        t0: f64,
        t1: f64,
        cursor: &mut P::Cursor,
        w: &mut P::Noise,
        area: &mut P::Noise,
    ) -> Result<(), StepError> {
        (**self).area_into(t0, t1, cursor, w, area)
    }
}
