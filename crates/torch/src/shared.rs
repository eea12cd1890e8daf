//! A network that threads may share.

use chreode_core::{Network, NetworkJvp, ParameterView, TangentPullback};
use ndarray::{ArrayView2, ArrayView3, ArrayViewMut2, ArrayViewMut3};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// A network behind a lock: libtorch has threads of its own, and tensors cannot be shared between ours.
#[derive(Debug)]
pub struct SharedNetwork<N> {
    network: Mutex<N>,
    layout: Vec<ParameterView>,
    width: (usize, usize),
}

impl<N: Network> SharedNetwork<N> {
    /// `network`, behind a lock.
    pub fn new(network: N) -> Self {
        let (layout, width) = (network.layout().to_vec(), network.width());
        Self { network: Mutex::new(network), layout, width }
    }

    /// A panic of an earlier call, for shapes that did not fit, left nothing half done.
    fn lock(&self) -> MutexGuard<'_, N> {
        self.network.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<N: Network> Network for SharedNetwork<N> {
    type Scalar = N::Scalar;
    type Memory = N::Memory;

    fn width(&self) -> (usize, usize) {
        self.width
    }

    fn layout(&self) -> &[ParameterView] {
        &self.layout
    }

    fn read_parameters(&self, flat: &mut [N::Scalar]) {
        self.lock().read_parameters(flat);
    }

    fn write_parameters(&mut self, flat: &[N::Scalar]) {
        self.lock().write_parameters(flat);
    }

    fn forward(
        &self,
        t: &[N::Scalar],
        x: ArrayView2<'_, N::Scalar>,
        out: ArrayViewMut2<'_, N::Scalar>,
        memory: &mut N::Memory,
    ) {
        self.lock().forward(t, x, out, memory);
    }

    fn velocity(
        &self,
        t: &[N::Scalar],
        x: ArrayView2<'_, N::Scalar>,
        out: ArrayViewMut2<'_, N::Scalar>,
        memory: &mut N::Memory,
    ) {
        self.lock().velocity(t, x, out, memory);
    }

    fn pullback(
        &self,
        a: ArrayView2<'_, N::Scalar>,
        state: Option<ArrayViewMut2<'_, N::Scalar>>,
        params: Option<&mut [N::Scalar]>,
        memory: &mut N::Memory,
    ) {
        self.lock().pullback(a, state, params, memory);
    }

    fn memory_bytes(&self, rows: usize) -> usize {
        self.lock().memory_bytes(rows)
    }
}

impl<N: NetworkJvp> NetworkJvp for SharedNetwork<N> {
    fn tangent(
        &self,
        dx: ArrayView3<'_, N::Scalar>,
        out: ArrayViewMut3<'_, N::Scalar>,
        memory: &mut N::Memory,
    ) {
        self.lock().tangent(dx, out, memory);
    }

    fn pullback_tangent(
        &self,
        dx: ArrayView3<'_, N::Scalar>,
        b: ArrayView3<'_, N::Scalar>,
        a: Option<ArrayView2<'_, N::Scalar>>,
        into: TangentPullback<'_, N::Scalar>,
        memory: &mut N::Memory,
    ) {
        self.lock().pullback_tangent(dx, b, a, into, memory);
    }
}
