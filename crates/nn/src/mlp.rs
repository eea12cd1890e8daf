//! The multilayer perceptron as a [`Network`].

#[cfg(test)]
mod tests;

use crate::kernel::Element;
use crate::stack::{Modulators, hidden, output, time};
use crate::{Dense, Field, GraphBuilder, GraphMemory, MlpConfig, NnError};
use chreode_core::{Network, NetworkJvp, ParameterView, Probes, TangentPullback};
use ndarray::{ArrayView2, ArrayView3, ArrayViewMut2, ArrayViewMut3};
use rand::Rng;

/// v(t, x) = W_L φ(… φ(W₁ [t, x] + b₁) …) + b_L, on rows.
///
/// Time is the first input, as a raw scalar or as waves. Parameters are named as in PyTorch: `layers.0.weight` of
/// shape `[out, in]`, `layers.0.bias`, `layers.1.weight`, and so on; layer norms are `norms.0.weight`, `norms.0.bias`
/// after their layer, and an affine shortcut is `shortcut.weight`, `shortcut.bias`. Hidden layers may add to their input
/// and be normalised, see [`MlpConfig`]. Rows are computed in
/// fixed tiles and every sum has a fixed order: a row gives the same bits in any batch, and a gradient the same
/// bits for any number of threads. On another instruction set results agree to rounding.
///
/// # Panics
/// [`forward`](Network::forward), [`pullback`](Network::pullback) and the passes of [`NetworkJvp`], if the shapes of
/// their arguments contradict [`width`](Network::width), [`layout`](Network::layout) or each other.
#[derive(Clone, Debug)]
pub struct Mlp<A: Element> {
    config: MlpConfig,
    field: Field<A>,
}

impl<A: Element> Mlp<A> {
    /// A network with PyTorch's default initialisation: weights and biases uniform on ±1/√fan_in.
    ///
    /// # Errors
    /// [`NnError::ZeroWidth`] and [`NnError::TooWide`].
    pub fn new(config: MlpConfig, rng: &mut impl Rng) -> Result<Self, NnError> {
        Self::build(config, |layer| layer.drawn(rng))
    }

    /// A network whose parameters are all zero, to be filled from a checkpoint.
    ///
    /// # Errors
    /// As [`new`](Self::new).
    pub fn zeros(config: MlpConfig) -> Result<Self, NnError> {
        Self::build(config, |layer| layer)
    }

    fn build(config: MlpConfig, mut start: impl FnMut(Dense<A>) -> Dense<A>) -> Result<Self, NnError> {
        config.check()?;
        let mut build = GraphBuilder::new(config.state + 1);
        let input = build.input();
        let input = time(&mut build, &config.time, input)?;
        let h = hidden(&mut build, &config, input, None::<Modulators>, &mut start)?;
        let out = output(&mut build, &config, input, h, start)?;
        Ok(Self { config, field: Field::new(build.finish(out)?) })
    }

    /// Its shape.
    pub fn config(&self) -> &MlpConfig {
        &self.config
    }

    /// The same network on other instructions, to compare them.
    #[cfg(test)]
    pub(crate) fn on(mut self, machine: crate::kernel::Machine) -> Self {
        self.field.run_on(machine);
        self
    }
}

impl<A: Element> From<Mlp<A>> for Field<A> {
    fn from(network: Mlp<A>) -> Self {
        network.field
    }
}

impl<A: Element> Network for Mlp<A> {
    type Scalar = A;
    type Memory = GraphMemory<A>;

    fn width(&self) -> (usize, usize) {
        self.field.width()
    }

    fn layout(&self) -> &[ParameterView] {
        self.field.layout()
    }

    fn read_parameters(&self, flat: &mut [A]) {
        self.field.read_parameters(flat);
    }

    fn write_parameters(&mut self, flat: &[A]) {
        self.field.write_parameters(flat);
    }

    fn forward(&self, t: &[A], x: ArrayView2<'_, A>, out: ArrayViewMut2<'_, A>, memory: &mut GraphMemory<A>) {
        self.field.forward(t, x, out, memory);
    }

    fn velocity(
        &self,
        t: &[A],
        x: ArrayView2<'_, A>,
        out: ArrayViewMut2<'_, A>,
        memory: &mut GraphMemory<A>,
    ) {
        self.field.velocity(t, x, out, memory);
    }

    fn pullback(
        &self,
        a: ArrayView2<'_, A>,
        state: Option<ArrayViewMut2<'_, A>>,
        params: Option<&mut [A]>,
        memory: &mut GraphMemory<A>,
    ) {
        self.field.pullback(a, state, params, memory);
    }

    fn memory_bytes(&self, rows: usize) -> usize {
        self.field.memory_bytes(rows)
    }

    fn lend_scratch(&self, from: &mut GraphMemory<A>, to: &mut GraphMemory<A>) {
        from.swap_scratch(to);
    }
}

impl<A: Element> NetworkJvp for Mlp<A> {
    fn tangent(&self, dx: ArrayView3<'_, A>, out: ArrayViewMut3<'_, A>, memory: &mut GraphMemory<A>) {
        self.field.tangent(dx, out, memory);
    }

    fn pullback_tangent(
        &self,
        dx: ArrayView3<'_, A>,
        b: ArrayView3<'_, A>,
        a: Option<ArrayView2<'_, A>>,
        into: TangentPullback<'_, A>,
        memory: &mut GraphMemory<A>,
    ) {
        self.field.pullback_tangent(dx, b, a, into, memory);
    }

    fn divergence(&self, probes: Probes<'_, A>, out: &mut [A], memory: &mut GraphMemory<A>) {
        self.field.divergence(probes, out, memory);
    }

    fn pullback_divergence(
        &self,
        probes: Probes<'_, A>,
        c: &[A],
        a: Option<ArrayView2<'_, A>>,
        state: Option<ArrayViewMut2<'_, A>>,
        params: Option<&mut [A]>,
        memory: &mut GraphMemory<A>,
    ) {
        self.field.pullback_divergence(probes, c, a, state, params, memory);
    }
}
