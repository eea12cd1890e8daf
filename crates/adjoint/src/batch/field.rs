//! Fields of many rows that can be pulled back, and how a batch is split among calls of them.

use chreode_core::Real;
use chreode_ode::{Batch, BatchError, BatchSolve, Element, Rows, RowsField};
use ndarray::{ArrayView2, ArrayViewMut2};
use rayon::prelude::*;

/// A [`RowsField`] that pulls the rows of a call back together.
pub trait RowsVjp<A: Real>: RowsField<A> {
    /// What a forward pass leaves for its pullback; reused from call to call.
    type Memory: Default;

    /// The number of parameters that all rows share.
    fn shared(&self) -> usize;

    /// The number of parameters that each row has for itself.
    fn own(&self) -> usize {
        0
    }

    /// `dy[i] = f(t[i], y[i])` for every row, as [`eval`](RowsField::eval) does, keeping in `memory` what
    /// [`pull`](Self::pull) needs.
    fn forward(
        &self,
        rows: &[usize],
        t: &[f64],
        y: ArrayView2<'_, A>,
        dy: ArrayViewMut2<'_, A>,
        memory: &mut Self::Memory,
    );

    /// The pullback of the forward pass that last filled `memory`, for the cotangent rows `a`.
    fn pull(&self, a: ArrayView2<'_, A>, pull: RowsPull<'_, A>, memory: &mut Self::Memory);

    /// `out[i] = a[i]ᵀ ∂f/∂t` at `(t[i], y[i])`: what gradients with respect to times ask for.
    ///
    /// By default by central differences with the step `ε = ∛(machine epsilon of A) · max(1, |t|)`.
    fn pull_time(
        &self,
        rows: &[usize],
        t: &[f64],
        y: ArrayView2<'_, A>,
        a: ArrayView2<'_, A>,
        out: &mut [f64],
    ) {
        let relative = A::epsilon().to_f64().cbrt();
        let moved = |sign: f64| t.iter().map(|t| t + sign * relative * t.abs().max(1.0)).collect::<Vec<_>>();
        let (before, after) = (moved(-1.0), moved(1.0));
        let (mut behind, mut ahead) = (y.to_owned(), y.to_owned());
        self.eval(rows, &before, y, behind.view_mut());
        self.eval(rows, &after, y, ahead.view_mut());
        for (i, out) in out.iter_mut().enumerate() {
            let change: f64 =
                (0..y.ncols()).map(|j| a[[i, j]].to_f64() * (ahead[[i, j]] - behind[[i, j]]).to_f64()).sum();
            *out = change / (after[i] - before[i]);
        }
    }
}

/// Where a pullback of rows is put; all of it is set.
pub struct RowsPull<'p, A> {
    /// `state[i] = a[i]ᵀ ∂f/∂y`
    pub state: ArrayViewMut2<'p, A>,
    /// `shared = Σᵢ a[i]ᵀ ∂f/∂θ`, summed in a fixed order
    pub shared: &'p mut [A],
    /// `own[i] = a[i]ᵀ ∂f/∂θᵢ`
    pub own: ArrayViewMut2<'p, A>,
}

/// How a batch is solved and pulled back: [`Together`], [`Blocks`], [`Each`](crate::Each) row alone, or
/// [`InLanes`](crate::InLanes).
pub trait BatchField<A: Element> {
    /// What pulls a block of rows back.
    type Rows<'f>: RowsVjp<A>
    where
        Self: 'f,
        A: 'f;

    /// The way forward.
    ///
    /// # Errors
    /// Those of the [`BatchSolve`].
    fn solve(&self, solve: &BatchSolve<'_>, rows: &Rows<'_, A>) -> Result<Batch<A>, BatchError>;

    /// Rows that take the way back together, for any number of threads.
    fn block(&self) -> usize;

    /// `visit` of each of `blocks`, in their order, with a field; `own` are the parameters of all rows.
    fn visit<'f, T: Send, R: Send>(
        &'f self,
        own: Option<ArrayView2<'f, A>>,
        blocks: Vec<T>,
        visit: impl Fn(&Self::Rows<'f>, T) -> R + Sync,
    ) -> Vec<R>;
}

/// All active rows in one call, on this thread: right where the field uses the threads itself.
#[derive(Clone, Copy, Debug)]
pub struct Together<F>(pub F);

impl<A: Element, F: RowsVjp<A>> BatchField<A> for Together<F> {
    type Rows<'f>
        = F
    where
        Self: 'f,
        A: 'f;

    fn solve(&self, solve: &BatchSolve<'_>, rows: &Rows<'_, A>) -> Result<Batch<A>, BatchError> {
        solve.rows(&self.0, rows)
    }

    fn block(&self) -> usize {
        usize::MAX
    }

    fn visit<'f, T: Send, R: Send>(
        &'f self,
        _own: Option<ArrayView2<'f, A>>,
        blocks: Vec<T>,
        visit: impl Fn(&Self::Rows<'f>, T) -> R + Sync,
    ) -> Vec<R> {
        blocks.into_iter().map(|block| visit(&self.0, block)).collect()
    }
}

/// Blocks of rows on the threads of the current rayon pool, each with a field of its own: right where the field
/// uses one thread.
#[derive(Clone, Copy, Debug)]
pub struct Blocks<N> {
    /// Makes the field of a block.
    pub new: N,
    /// Rows of a block, at least 1; the order of sums over rows depends on it.
    pub rows: usize,
}

impl<A: Element, F: RowsVjp<A>, N: Fn() -> F + Sync> BatchField<A> for Blocks<N> {
    type Rows<'f>
        = F
    where
        Self: 'f,
        A: 'f;

    fn solve(&self, solve: &BatchSolve<'_>, rows: &Rows<'_, A>) -> Result<Batch<A>, BatchError> {
        solve.row_blocks(&self.new, rows, self.rows)
    }

    fn block(&self) -> usize {
        self.rows
    }

    fn visit<'f, T: Send, R: Send>(
        &'f self,
        _own: Option<ArrayView2<'f, A>>,
        blocks: Vec<T>,
        visit: impl Fn(&Self::Rows<'f>, T) -> R + Sync,
    ) -> Vec<R> {
        blocks.into_par_iter().map(|block| visit(&(self.new)(), block)).collect()
    }
}
