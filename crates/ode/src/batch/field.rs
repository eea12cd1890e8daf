//! Right-hand sides of rows.

use super::lane::Lane;
use chreode_core::Network;
use ndarray::{ArrayView2, ArrayViewMut2};
use std::cell::RefCell;

/// A field of one row, written once for all lanes.
///
/// ```
/// use chreode_ode::{Lane, LaneField};
///
/// /// The Lorenz system, with ρ as the row's parameter.
/// struct Lorenz;
///
/// impl LaneField for Lorenz {
///     #[inline(always)]
///     fn eval<L: Lane>(&self, _t: L, y: &[L], p: &[L], dy: &mut [L]) {
///         dy[0] = (y[1] - y[0]) * 10.0;
///         dy[1] = y[0] * (p[0] - y[2]) - y[1];
///         dy[2] = y[0] * y[1] - y[2] * (8.0 / 3.0);
///     }
/// }
///
/// // A lane of one row is a number.
/// let mut dy = [0.0; 3];
/// Lorenz.eval(0.0, &[1.0, 2.0, 3.0], &[28.0], &mut dy);
/// assert_eq!(dy, [10.0, 23.0, -6.0]);
/// ```
pub trait LaneField: Sync {
    /// Sets `dy = f(t, y)`, with the row's parameters `p`. A lane without a row holds numbers left
    /// over from one: nothing that is done with them may panic.
    ///
    /// Mark it `#[inline(always)]`: only then is it compiled for the registers it is called with.
    fn eval<L: Lane>(&self, t: L, y: &[L], p: &[L], dy: &mut [L]);
}

/// A field of many rows, evaluated for all active rows in one call: a network, or anything else that
/// is faster on a matrix.
///
/// A row's velocity must not depend on the other rows of the call. Any
/// `Fn(&[usize], &[f64], ArrayView2<A>, ArrayViewMut2<A>)` is one.
pub trait RowsField<A> {
    /// Sets `dy[i] = f(t[i], y[i])` for every row of `y`, row i being row `rows[i]` of the batch.
    fn eval(&self, rows: &[usize], t: &[f64], y: ArrayView2<'_, A>, dy: ArrayViewMut2<'_, A>);
}

impl<A, F> RowsField<A> for F
where
    F: Fn(&[usize], &[f64], ArrayView2<'_, A>, ArrayViewMut2<'_, A>),
{
    fn eval(&self, rows: &[usize], t: &[f64], y: ArrayView2<'_, A>, dy: ArrayViewMut2<'_, A>) {
        self(rows, t, y, dy);
    }
}

/// A [`Network`] as the field of rows, each at its own time.
///
/// Holds the scratch memory of the passes. One of these belongs to one thread.
pub struct NetworkRows<'n, N: Network + ?Sized> {
    network: &'n N,
    scratch: RefCell<(N::Memory, Vec<N::Scalar>)>,
}

impl<'n, N: Network + ?Sized> NetworkRows<'n, N> {
    /// The field of `network`.
    pub fn new(network: &'n N) -> Self {
        Self { network, scratch: RefCell::new((N::Memory::default(), Vec::new())) }
    }

    /// The network.
    pub fn network(&self) -> &'n N {
        self.network
    }
}

impl<N: Network + ?Sized> RowsField<N::Scalar> for NetworkRows<'_, N> {
    fn eval(
        &self,
        _rows: &[usize],
        t: &[f64],
        y: ArrayView2<'_, N::Scalar>,
        dy: ArrayViewMut2<'_, N::Scalar>,
    ) {
        use chreode_core::Real;
        let (memory, times) = &mut *self.scratch.borrow_mut();
        times.clear();
        times.extend(t.iter().map(|&t| N::Scalar::from_f64(t)));
        self.network.velocity(times, y, dy, memory);
    }
}
