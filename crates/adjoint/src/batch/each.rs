//! Fields of one row at a time.

use super::field::{BatchField, RowsPull, RowsVjp};
use chreode_core::Real;
use chreode_ode::{Batch, BatchError, BatchSolve, Element, Rows, RowsField};
use ndarray::{Array2, ArrayView2, ArrayViewMut2};
use rayon::prelude::*;

/// Rows that take the way back in one task, for any number of threads.
pub(crate) const BLOCK: usize = 64;

/// A field of one row, with its pullback.
pub trait RowVjp<A>: Sync {
    /// The number of parameters that all rows share.
    fn shared(&self) -> usize {
        0
    }

    /// The number of parameters that each row has for itself.
    fn own(&self) -> usize {
        0
    }

    /// `dy = f(t, y)` of row `row`.
    fn eval(&self, row: usize, t: f64, y: &[A], dy: &mut [A]);

    /// Adds the pullback of the cotangent `a` to the parts of `pull`.
    fn vjp(&self, row: usize, t: f64, y: &[A], a: &[A], pull: RowPull<'_, A>);
}

/// Where a pullback of one row is added.
pub struct RowPull<'p, A> {
    /// `+= aᵀ ∂f/∂y`
    pub state: &'p mut [A],
    /// `+= aᵀ ∂f/∂θ`
    pub shared: &'p mut [A],
    /// `+= aᵀ ∂f/∂θᵢ`
    pub own: &'p mut [A],
}

/// A [`RowVjp`], row after row; blocks of rows on the threads of the current rayon pool.
#[derive(Clone, Copy, Debug)]
pub struct Each<'f, F>(pub &'f F);

impl<A: Element, F: RowVjp<A>> BatchField<A> for Each<'_, F> {
    type Rows<'f>
        = RowByRow<'f, F>
    where
        Self: 'f,
        A: 'f;

    fn solve(&self, solve: &BatchSolve<'_>, rows: &Rows<'_, A>) -> Result<Batch<A>, BatchError> {
        solve.each(&|row, t, y: &[A], dy: &mut [A]| self.0.eval(row, t, y, dy), rows)
    }

    fn block(&self) -> usize {
        BLOCK
    }

    fn visit<'f, T: Send, R: Send>(
        &'f self,
        _own: Option<ArrayView2<'f, A>>,
        blocks: Vec<T>,
        visit: impl Fn(&RowByRow<'f, F>, T) -> R + Sync,
    ) -> Vec<R> {
        blocks.into_par_iter().map(|block| visit(&RowByRow(self.0), block)).collect()
    }
}

/// A [`RowVjp`] as the field of a block of rows.
#[derive(Clone, Copy, Debug)]
pub struct RowByRow<'f, F>(pub &'f F);

impl<A: Real, F: RowVjp<A>> RowsField<A> for RowByRow<'_, F> {
    fn eval(&self, rows: &[usize], t: &[f64], y: ArrayView2<'_, A>, mut dy: ArrayViewMut2<'_, A>) {
        let mut value = vec![A::zero(); dy.ncols()];
        for (i, (row, t)) in rows.iter().zip(t).enumerate() {
            let y = y.row(i);
            self.0.eval(*row, *t, y.as_slice().expect("rows are contiguous"), &mut value);
            dy.row_mut(i).iter_mut().zip(&value).for_each(|(to, from)| *to = *from);
        }
    }
}

impl<A: Real, F: RowVjp<A>> RowsVjp<A> for RowByRow<'_, F> {
    type Memory = (Vec<usize>, Vec<f64>, Array2<A>);

    fn shared(&self) -> usize {
        self.0.shared()
    }

    fn own(&self) -> usize {
        self.0.own()
    }

    fn forward(
        &self,
        rows: &[usize],
        t: &[f64],
        y: ArrayView2<'_, A>,
        dy: ArrayViewMut2<'_, A>,
        memory: &mut Self::Memory,
    ) {
        remember(rows, t, y, memory);
        self.eval(rows, t, y, dy);
    }

    fn pull(&self, a: ArrayView2<'_, A>, mut pull: RowsPull<'_, A>, (rows, t, y): &mut Self::Memory) {
        pull.state.fill(A::zero());
        pull.own.fill(A::zero());
        pull.shared.fill(A::zero());
        for (i, (row, t)) in rows.iter().zip(t.iter()).enumerate() {
            let (mut state, mut own) = (pull.state.row_mut(i), pull.own.row_mut(i));
            let row_pull = RowPull {
                state: state.as_slice_mut().expect("rows are contiguous"),
                shared: pull.shared,
                own: own.as_slice_mut().expect("rows are contiguous"),
            };
            let (y, a) = (y.row(i), a.row(i));
            let [y, a] = [&y, &a].map(|row| row.as_slice().expect("rows are contiguous"));
            self.0.vjp(*row, *t, y, a, row_pull);
        }
    }
}

/// Keeps the arguments of a call.
pub(crate) fn remember<A: Real>(
    rows: &[usize],
    t: &[f64],
    y: ArrayView2<'_, A>,
    (kept_rows, kept_t, kept_y): &mut (Vec<usize>, Vec<f64>, Array2<A>),
) {
    kept_rows.clear();
    kept_rows.extend_from_slice(rows);
    kept_t.clear();
    kept_t.extend_from_slice(t);
    if kept_y.dim() == y.dim() {
        kept_y.assign(&y);
    } else {
        *kept_y = y.to_owned();
    }
}
