//! A network as the field of a batch.

use super::field::{RowsPull, RowsVjp};
use chreode_core::{Network, Real};
use chreode_ode::NetworkRows;
use ndarray::{ArrayView2, ArrayViewMut2};

/// The parameters of the network are those that all rows share.
impl<N: Network + ?Sized> RowsVjp<N::Scalar> for NetworkRows<'_, N> {
    type Memory = (N::Memory, Vec<N::Scalar>);

    fn shared(&self) -> usize {
        self.network().parameter_count()
    }

    fn forward(
        &self,
        _rows: &[usize],
        t: &[f64],
        y: ArrayView2<'_, N::Scalar>,
        dy: ArrayViewMut2<'_, N::Scalar>,
        (memory, times): &mut Self::Memory,
    ) {
        times.clear();
        times.extend(t.iter().map(|&t| N::Scalar::from_f64(t)));
        self.network().forward(times, y, dy, memory);
    }

    fn pull(
        &self,
        a: ArrayView2<'_, N::Scalar>,
        pull: RowsPull<'_, N::Scalar>,
        (memory, _): &mut Self::Memory,
    ) {
        self.network().pullback(a, Some(pull.state), Some(pull.shared), memory);
    }
}
