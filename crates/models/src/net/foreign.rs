//! A network of another library, without its types.

use chreode_core::{Network, NetworkJvp, ParameterView, Probes, TangentPullback};
use ndarray::{ArrayView2, ArrayView3, ArrayViewMut2, ArrayViewMut3};
use std::any::Any;

/// What a foreign network keeps between its passes.
pub type ForeignMemory = Box<dyn Any + Send>;

/// A [`NetworkJvp`] without its types, so that a library can be chosen when the program runs. Every such network
/// that threads may share is one.
pub trait ForeignNetwork: Send + Sync {
    /// As [`Network::width`].
    fn width(&self) -> (usize, usize);
    /// As [`Network::layout`].
    fn layout(&self) -> &[ParameterView];
    /// As [`Network::read_parameters`].
    fn read_parameters(&self, flat: &mut [f32]);
    /// As [`Network::write_parameters`].
    fn write_parameters(&mut self, flat: &[f32]);
    /// A memory that no pass has filled.
    fn memory(&self) -> ForeignMemory;
    /// As [`Network::forward`].
    fn forward(&self, t: &[f32], x: ArrayView2<'_, f32>, out: ArrayViewMut2<'_, f32>, m: &mut ForeignMemory);
    /// As [`Network::velocity`].
    fn velocity(&self, t: &[f32], x: ArrayView2<'_, f32>, out: ArrayViewMut2<'_, f32>, m: &mut ForeignMemory);
    /// As [`Network::pullback`].
    fn pullback(
        &self,
        a: ArrayView2<'_, f32>,
        state: Option<ArrayViewMut2<'_, f32>>,
        params: Option<&mut [f32]>,
        m: &mut ForeignMemory,
    );
    /// As [`Network::memory_bytes`].
    fn memory_bytes(&self, rows: usize) -> usize;
    /// As [`NetworkJvp::tangent`].
    fn tangent(&self, dx: ArrayView3<'_, f32>, out: ArrayViewMut3<'_, f32>, m: &mut ForeignMemory);
    /// As [`NetworkJvp::pullback_tangent`].
    fn pullback_tangent(
        &self,
        dx: ArrayView3<'_, f32>,
        b: ArrayView3<'_, f32>,
        a: Option<ArrayView2<'_, f32>>,
        into: TangentPullback<'_, f32>,
        m: &mut ForeignMemory,
    );
    /// As [`NetworkJvp::divergence`].
    fn divergence(&self, probes: Probes<'_, f32>, out: &mut [f32], m: &mut ForeignMemory);
    /// As [`NetworkJvp::pullback_divergence`].
    fn pullback_divergence(
        &self,
        probes: Probes<'_, f32>,
        c: &[f32],
        a: Option<ArrayView2<'_, f32>>,
        state: Option<ArrayViewMut2<'_, f32>>,
        params: Option<&mut [f32]>,
        m: &mut ForeignMemory,
    );
}

/// The memory of `N` in `m`, which only networks of one type fill.
fn inner<N: Network>(m: &mut ForeignMemory) -> &mut N::Memory {
    m.downcast_mut().expect("a memory goes back to the network that made it")
}

impl<N: NetworkJvp<Scalar = f32> + Send + Sync> ForeignNetwork for N {
    fn width(&self) -> (usize, usize) {
        Network::width(self)
    }

    fn layout(&self) -> &[ParameterView] {
        Network::layout(self)
    }

    fn read_parameters(&self, flat: &mut [f32]) {
        Network::read_parameters(self, flat);
    }

    fn write_parameters(&mut self, flat: &[f32]) {
        Network::write_parameters(self, flat);
    }

    fn memory(&self) -> ForeignMemory {
        Box::new(N::Memory::default())
    }

    fn forward(&self, t: &[f32], x: ArrayView2<'_, f32>, out: ArrayViewMut2<'_, f32>, m: &mut ForeignMemory) {
        Network::forward(self, t, x, out, inner::<N>(m));
    }

    fn velocity(
        &self,
        t: &[f32],
        x: ArrayView2<'_, f32>,
        out: ArrayViewMut2<'_, f32>,
        m: &mut ForeignMemory,
    ) {
        Network::velocity(self, t, x, out, inner::<N>(m));
    }

    fn pullback(
        &self,
        a: ArrayView2<'_, f32>,
        state: Option<ArrayViewMut2<'_, f32>>,
        params: Option<&mut [f32]>,
        m: &mut ForeignMemory,
    ) {
        Network::pullback(self, a, state, params, inner::<N>(m));
    }

    fn memory_bytes(&self, rows: usize) -> usize {
        Network::memory_bytes(self, rows)
    }

    fn tangent(&self, dx: ArrayView3<'_, f32>, out: ArrayViewMut3<'_, f32>, m: &mut ForeignMemory) {
        NetworkJvp::tangent(self, dx, out, inner::<N>(m));
    }

    fn pullback_tangent(
        &self,
        dx: ArrayView3<'_, f32>,
        b: ArrayView3<'_, f32>,
        a: Option<ArrayView2<'_, f32>>,
        into: TangentPullback<'_, f32>,
        m: &mut ForeignMemory,
    ) {
        NetworkJvp::pullback_tangent(self, dx, b, a, into, inner::<N>(m));
    }

    fn divergence(&self, probes: Probes<'_, f32>, out: &mut [f32], m: &mut ForeignMemory) {
        NetworkJvp::divergence(self, probes, out, inner::<N>(m));
    }

    fn pullback_divergence(
        &self,
        probes: Probes<'_, f32>,
        c: &[f32],
        a: Option<ArrayView2<'_, f32>>,
        state: Option<ArrayViewMut2<'_, f32>>,
        params: Option<&mut [f32]>,
        m: &mut ForeignMemory,
    ) {
        NetworkJvp::pullback_divergence(self, probes, c, a, state, params, inner::<N>(m));
    }
}
