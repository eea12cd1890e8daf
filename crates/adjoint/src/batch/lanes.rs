//! Fields written for lanes.

use super::each::{BLOCK, remember};
use super::field::{BatchField, RowsPull, RowsVjp};
use chreode_core::Real;
use chreode_ode::{Batch, BatchError, BatchSolve, Element, Lane, LaneField, Rows, RowsField};
use ndarray::{Array2, ArrayView2, ArrayViewMut2};
use rayon::prelude::*;

/// A [`LaneField`] with its pullback. Its parameters are those of each row; where rows have the same ones, the
/// gradient is the sum over rows.
pub trait LaneVjp: LaneField {
    /// Sets `state = aᵀ ∂f/∂y` and `own = aᵀ ∂f/∂p`.
    fn vjp<L: Lane>(&self, t: L, y: &[L], p: &[L], a: &[L], state: &mut [L], own: &mut [L]);
}

/// A [`LaneVjp`]: several rows in each register on the way forward, one row at a time on the way back, in `f64`;
/// blocks of rows on the threads of the current rayon pool.
#[derive(Clone, Copy, Debug)]
pub struct InLanes<'f, F>(pub &'f F);

impl<A: Element, F: LaneVjp> BatchField<A> for InLanes<'_, F> {
    type Rows<'f>
        = LaneByLane<'f, F, A>
    where
        Self: 'f,
        A: 'f;

    fn solve(&self, solve: &BatchSolve<'_>, rows: &Rows<'_, A>) -> Result<Batch<A>, BatchError> {
        solve.lanes(self.0, rows)
    }

    fn block(&self) -> usize {
        BLOCK
    }

    fn visit<'f, T: Send, R: Send>(
        &'f self,
        own: Option<ArrayView2<'f, A>>,
        blocks: Vec<T>,
        visit: impl Fn(&LaneByLane<'f, F, A>, T) -> R + Sync,
    ) -> Vec<R> {
        blocks.into_par_iter().map(|block| visit(&LaneByLane { field: self.0, own }, block)).collect()
    }
}

/// A [`LaneVjp`] as the field of a block of rows.
pub struct LaneByLane<'f, F, A> {
    field: &'f F,
    own: Option<ArrayView2<'f, A>>,
}

impl<F, A: Real> LaneByLane<'_, F, A> {
    /// The parameters of row `row`, into `p`.
    fn parameters(&self, row: usize, p: &mut [f64]) {
        if let Some(own) = &self.own {
            p.iter_mut().zip(own.row(row)).for_each(|(to, from)| *to = (*from).to_f64());
        }
    }

    fn count(&self) -> usize {
        self.own.as_ref().map_or(0, |own| own.ncols())
    }
}

/// A row of `array` in `f64`.
fn read<A: Real>(array: &ArrayView2<'_, A>, i: usize, to: &mut [f64]) {
    to.iter_mut().zip(array.row(i)).for_each(|(to, from)| *to = (*from).to_f64());
}

fn write<A: Real>(from: &[f64], array: &mut ArrayViewMut2<'_, A>, i: usize) {
    array.row_mut(i).iter_mut().zip(from).for_each(|(to, from)| *to = A::from_f64(*from));
}

impl<F: LaneField, A: Real> RowsField<A> for LaneByLane<'_, F, A> {
    fn eval(&self, rows: &[usize], t: &[f64], y: ArrayView2<'_, A>, mut dy: ArrayViewMut2<'_, A>) {
        let (mut state, mut value) = (vec![0.0; y.ncols()], vec![0.0; y.ncols()]);
        let mut p = vec![0.0; self.count()];
        for (i, (row, t)) in rows.iter().zip(t).enumerate() {
            self.parameters(*row, &mut p);
            read(&y, i, &mut state);
            self.field.eval(*t, &state, &p, &mut value);
            write(&value, &mut dy, i);
        }
    }
}

impl<F: LaneVjp, A: Real> RowsVjp<A> for LaneByLane<'_, F, A> {
    type Memory = (Vec<usize>, Vec<f64>, Array2<A>);

    fn shared(&self) -> usize {
        0
    }

    fn own(&self) -> usize {
        self.count()
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
        let width = y.ncols();
        let [mut at, mut cotangent, mut state] = [(); 3].map(|()| vec![0.0; width]);
        let [mut p, mut own] = [(); 2].map(|()| vec![0.0; self.count()]);
        for (i, (row, t)) in rows.iter().zip(t.iter()).enumerate() {
            self.parameters(*row, &mut p);
            read(&y.view(), i, &mut at);
            read(&a, i, &mut cotangent);
            self.field.vjp(*t, &at, &p, &cotangent, &mut state, &mut own);
            write(&state, &mut pull.state, i);
            write(&own, &mut pull.own, i);
        }
    }
}
