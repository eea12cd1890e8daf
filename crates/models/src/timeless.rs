//! Networks that are maps of rows: encoders, decoders, cells.

use chreode_core::Network;
use ndarray::{Array2, ArrayView2, ArrayViewMut2};

/// `network` of rows, which has no use for a time.
pub(crate) fn timeless<N: Network>(
    network: &N,
    x: ArrayView2<'_, N::Scalar>,
    memory: &mut N::Memory,
) -> Array2<N::Scalar> {
    let mut out = Array2::zeros((x.nrows(), network.width().1));
    timeless_into(network, x, out.view_mut(), memory);
    out
}

/// The same where it is wanted.
pub(crate) fn timeless_into<N: Network>(
    network: &N,
    x: ArrayView2<'_, N::Scalar>,
    out: ArrayViewMut2<'_, N::Scalar>,
    memory: &mut N::Memory,
) {
    network.forward(&vec![N::Scalar::default(); x.nrows()], x, out, memory);
}
