//! Gradients of batches: every row with its own time, its own steps, and its own end.

mod block;
mod crossing;
mod each;
mod field;
mod gradient;
mod lanes;
mod network;
mod rates;
mod scratch;
mod sweep;
mod tape;

pub use crossing::RowCrossing;
pub use each::{Each, RowByRow, RowPull, RowVjp};
pub use field::{BatchField, Blocks, RowsPull, RowsVjp, Together};
pub use gradient::{BatchCotangents, BatchGradient, WithBatchGradient};
pub use lanes::{InLanes, LaneByLane, LaneVjp};
pub use tape::BatchTape;

use crate::{AdjointError, Auto, Discrete, Times};
use chreode_ode::{Batch, BatchSolve, Element, Rows};

/// Batches: each row is differentiated through its own steps.
///
/// The gradient is exact for the numbers that every row's own solve returns, with its own span, save times and
/// tolerance; step sizes are constants, as for a single solve. Rows take the way back together, the n-th step of
/// all that have one at a time, so that a network pulls all of them back in one call a stage. A row that failed
/// has no gradient and says why ([`BatchGradient::failures`]); the others get the bits they would get without
/// it. Sums over rows have a fixed order: the same bits for any number of threads. A row that an event ended is
/// differentiated up to there, its time included, once the event's derivatives are filled in
/// ([`BatchCotangents::events`]).
///
/// Of each row as many states are kept as `checkpoints` says, and 16 bytes a step; steps taken again give the
/// states of the way forward to rounding.
impl Discrete {
    /// Solves the rows and keeps what the way back needs.
    ///
    /// # Errors
    /// What no row could start with, and no checkpoints; what is wrong with one row is in [`Batch::ends`].
    pub fn solve_batch<A: Element, F: BatchField<A> + ?Sized>(
        &self,
        solve: &BatchSolve<'_>,
        field: &F,
        rows: Rows<'_, A>,
    ) -> Result<(Batch<A>, BatchTape<A>), AdjointError> {
        if self.checkpoints == 0 {
            return Err(AdjointError::NoCheckpoints);
        }
        let rows = rows.log(self.checkpoints);
        let mut batch = field.solve(solve, &rows)?;
        let tape = BatchTape::new(solve.tableau, &rows, &mut batch, self.checkpoints);
        Ok((batch, tape))
    }

    /// The gradient, from the cotangents of the states that the rows were asked for.
    ///
    /// # Errors
    /// When the cotangents are not those of `tape`. What goes wrong in a row is in
    /// [`BatchGradient::failures`].
    pub fn pull_batch<A: Element, F: BatchField<A> + ?Sized>(
        &self,
        field: &F,
        tape: &BatchTape<A>,
        cotangents: &BatchCotangents<A>,
    ) -> Result<BatchGradient<A>, AdjointError> {
        tape.check(cotangents)?;
        let rows: Vec<usize> = (0..tape.rows.len()).collect();
        let blocks = rows.chunks(field.block().max(1)).map(<[_]>::to_vec).collect();
        let parts = field.visit(tape.own.as_ref().map(|own| own.view()), blocks, |field, rows| {
            block::pull(field, tape, cotangents, rows, self.times)
        });
        Ok(BatchGradient::joined(parts, tape, self.times))
    }

    /// Both phases: `loss` sees the batch and fills in the cotangents, which are zero before.
    ///
    /// ```
    /// use chreode_adjoint::{Discrete, Each, RowPull, RowVjp};
    /// use chreode_core::Tolerance;
    /// use chreode_ode::{BatchSolve, DOPRI5, Pi, Rows, Span};
    /// use ndarray::array;
    ///
    /// /// y' = −θ cᵢ y, with a rate θ that all rows share and a number cᵢ for each.
    /// struct Decay {
    ///     rate: f64,
    ///     each: [f64; 2],
    /// }
    ///
    /// impl RowVjp<f64> for Decay {
    ///     fn shared(&self) -> usize {
    ///         1
    ///     }
    ///     fn eval(&self, row: usize, _t: f64, y: &[f64], dy: &mut [f64]) {
    ///         dy[0] = -self.rate * self.each[row] * y[0];
    ///     }
    ///     fn vjp(&self, row: usize, _t: f64, y: &[f64], a: &[f64], pull: RowPull<'_, f64>) {
    ///         pull.state[0] -= self.rate * self.each[row] * a[0];
    ///         pull.shared[0] -= self.each[row] * y[0] * a[0];
    ///     }
    /// }
    ///
    /// let field = Decay { rate: 0.5, each: [1.0, 2.0] };
    /// let y0 = array![[3.0], [1.0]];
    /// let rows = Rows::new(y0.view(), vec![Span { t0: 0.0, t1: 1.0 }, Span { t0: 0.0, t1: 2.0 }]);
    /// let solve = BatchSolve::new(DOPRI5, Pi::new(Tolerance::both(1e-10)));
    /// // L = the sum of the last states
    /// let (batch, g) =
    ///     Discrete::default().batch_gradient(&solve, &Each(&field), rows, |_, a| a.end.fill(1.0))?;
    /// assert!((g.y0[[1, 0]] - (-2f64).exp()).abs() < 1e-9);
    /// let by_rate = -batch.y[[0, 0]] - 4.0 * batch.y[[1, 0]];
    /// assert!((g.shared[0] - by_rate).abs() < 1e-8);
    /// # Ok::<(), chreode_adjoint::AdjointError>(())
    /// ```
    ///
    /// # Errors
    /// Those of both.
    pub fn batch_gradient<A: Element, F: BatchField<A> + ?Sized>(
        &self,
        solve: &BatchSolve<'_>,
        field: &F,
        rows: Rows<'_, A>,
        loss: impl FnOnce(&Batch<A>, &mut BatchCotangents<A>),
    ) -> Result<WithBatchGradient<A>, AdjointError> {
        let (batch, tape) = self.solve_batch(solve, field, rows)?;
        let mut cotangents = tape.cotangents();
        loss(&batch, &mut cotangents);
        let gradient = self.pull_batch(field, &tape, &cotangents)?;
        Ok((batch, gradient))
    }
}

/// Batches: as many states of every row as the memory has room for, all rows together.
impl Auto {
    /// The method for `rows`: [`Discrete`] with as many checkpoints a row as there is memory for, at the true
    /// size of an entry. [`BatchTape::plan`] tells what it comes to, between the two phases.
    ///
    /// # Errors
    /// [`AdjointError::Memory`] when there is no room for one state of each row.
    pub fn for_batch<A: Element>(&self, rows: &Rows<'_, A>, times: Times) -> Result<Discrete, AdjointError> {
        let state = (rows.count() * rows.width() * size_of::<A>()).max(1);
        match self.memory / state {
            0 => Err(AdjointError::Memory { memory: self.memory, state }),
            checkpoints => Ok(Discrete::checkpoints(checkpoints).times(times)),
        }
    }
}
