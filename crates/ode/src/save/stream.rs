//! Rows handed on as they are made.

use super::grid::Grid;
use super::{Save, Segment};
use crate::{Dense, SolveError, Span};
use chreode_core::VectorSpace;
use std::ops::ControlFlow;

/// Hands each row, at every step or at given times, to a function as soon as it is known, and keeps nothing:
/// to write to a file, a channel or a plot while the solve runs. `Break` ends the solve with
/// [`End::Stopped`](crate::End::Stopped).
///
/// ```
/// use chreode_ode::{ExplicitRk, Fixed, RK4, Solve, Span, Stream};
/// use std::{io::Write, ops::ControlFlow};
///
/// let decay = |_t: f64, y: &[f64; 1]| [-y[0]];
/// let (mut file, mut failure) = (Vec::new(), None);
/// let mut save = Stream::at(&[0.0, 0.5, 1.0], |t: f64, y: &[f64; 1]| match writeln!(file, "{t},{}", y[0]) {
///     Ok(()) => ControlFlow::Continue(()),
///     Err(error) => {
///         failure = Some(error);
///         ControlFlow::Break(())
///     }
/// });
/// let solve = Solve::new(ExplicitRk::new(RK4), Fixed::steps(100));
/// let report = solve.run(&decay, Span { t0: 0.0, t1: 1.0 }, [1.0], &mut save)?;
/// assert!(failure.is_none() && file.starts_with(b"0,1\n0.5,0.60653"));
/// # assert_eq!(report.stats.accepted, 100);
/// # Ok::<(), chreode_ode::SolveError>(())
/// ```
#[derive(Clone, Debug)]
pub struct Stream<'t, F> {
    row: F,
    grid: Grid<'t>,
    /// Whether the row at the start, or one behind a reset, asked to stop.
    flow: ControlFlow<()>,
}

impl<'t, F> Stream<'t, F> {
    /// Calls `row`, an `FnMut(f64, &Y) -> ControlFlow<()>`, at the start, after every step, and behind
    /// every reset.
    pub const fn steps(row: F) -> Self {
        Self { row, grid: Grid::Steps, flow: ControlFlow::Continue(()) }
    }

    /// Calls `row` at `times`, sorted in the direction of the solve and within its span.
    pub const fn at(times: &'t [f64], row: F) -> Self {
        Self { row, grid: Grid::at(times), flow: ControlFlow::Continue(()) }
    }
}

impl<Y: VectorSpace, D: Dense<Y>, F: FnMut(f64, &Y) -> ControlFlow<()>> Save<Y, D> for Stream<'_, F> {
    fn start(&mut self, span: Span, y0: &Y) -> Result<(), SolveError> {
        self.flow = self.grid.start(span, y0, &mut self.row)?;
        Ok(())
    }

    fn segment(&mut self, segment: &Segment<'_, Y, D>) -> ControlFlow<()> {
        self.flow?;
        self.grid.segment(segment, &mut self.row)
    }

    fn reset(&mut self, t: f64, _before: &Y, after: &Y) {
        if self.flow.is_continue() {
            self.flow = self.grid.reset(t, after, &mut self.row);
        }
    }
}
