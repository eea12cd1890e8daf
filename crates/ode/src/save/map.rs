//! A function of the solution, instead of the solution.

use super::grid::Grid;
use super::{Save, Segment};
use crate::{Dense, SolveError, Span};
use chreode_core::VectorSpace;
use std::ops::ControlFlow;

/// Keeps `f(t, y)` at every step or at given times: an energy, a few entries, a summary of a large state that
/// would not fit in memory as often.
///
/// ```
/// use chreode_core::Tolerance;
/// use chreode_ode::{ExplicitRk, Map, Pi, Solve, Span, TSIT5};
///
/// let pendulum = |_t: f64, y: &[f64; 2]| [y[1], -y[0].sin()];
/// let energy = |_t: f64, y: &[f64; 2]| 0.5 * y[1] * y[1] - y[0].cos();
/// let times = [0.0, 5.0, 10.0];
/// let mut save = Map::at(&times, energy);
/// let solve = Solve::new(ExplicitRk::new(TSIT5), Pi::new(Tolerance::both(1e-9)));
/// let report = solve.run(&pendulum, Span { t0: 0.0, t1: 10.0 }, [1.0, 0.0], &mut save)?;
/// assert!(save.values.iter().all(|e| (e - save.values[0]).abs() < 1e-6));
/// # assert!(report.stats.rejected < 9);
/// # Ok::<(), chreode_ode::SolveError>(())
/// ```
#[derive(Clone, Debug)]
pub struct Map<'t, F, T> {
    /// The times so far.
    pub times: Vec<f64>,
    /// `f` at each.
    pub values: Vec<T>,
    f: F,
    grid: Grid<'t>,
}

impl<'t, F, T> Map<'t, F, T> {
    /// `f`, an `FnMut(f64, &Y) -> T`, at the start, after every step, and behind every reset.
    pub const fn steps(f: F) -> Self {
        Self { times: Vec::new(), values: Vec::new(), f, grid: Grid::Steps }
    }

    /// `f` at `times`, sorted in the direction of the solve and within its span.
    pub const fn at(times: &'t [f64], f: F) -> Self {
        Self { times: Vec::new(), values: Vec::new(), f, grid: Grid::at(times) }
    }

    /// The grid, and what to do with each of its states.
    fn parts<Y>(&mut self) -> (&mut Grid<'t>, impl FnMut(f64, &Y) -> ControlFlow<()>)
    where
        F: FnMut(f64, &Y) -> T,
    {
        let Self { times, values, f, grid } = self;
        let keep = |t: f64, y: &Y| {
            times.push(t);
            values.push(f(t, y));
            ControlFlow::Continue(())
        };
        (grid, keep)
    }
}

impl<Y: VectorSpace, D: Dense<Y>, T, F: FnMut(f64, &Y) -> T> Save<Y, D> for Map<'_, F, T> {
    fn start(&mut self, span: Span, y0: &Y) -> Result<(), SolveError> {
        self.times.clear();
        self.values.clear();
        let (grid, keep) = self.parts();
        grid.start(span, y0, keep).map(|_| ())
    }

    fn segment(&mut self, segment: &Segment<'_, Y, D>) -> ControlFlow<()> {
        let (grid, keep) = self.parts();
        grid.segment(segment, keep)
    }

    fn reset(&mut self, t: f64, _before: &Y, after: &Y) {
        let (grid, keep) = self.parts();
        let _ = grid.reset(t, after, keep);
    }
}
