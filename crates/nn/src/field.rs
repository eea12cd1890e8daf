//! A graph of time and state as a [`Network`].

use crate::graph::{Cotangents, Directions, Graph, GraphMemory, InputCotangents, Inputs, Keep, TangentOut};
use crate::kernel::{Element, Machine};
use chreode_core::{Network, NetworkJvp, ParameterView, Probes, TangentPullback};
use ndarray::{ArrayView2, ArrayView3, ArrayViewMut2, ArrayViewMut3};

/// v(t, x) by a [`Graph`] whose input rows are `[t, x]`.
///
/// # Panics
/// All passes, if the shapes of their arguments contradict [`width`](Network::width), [`layout`](Network::layout) or
/// each other.
#[derive(Clone, Debug)]
pub struct Field<A: Element> {
    graph: Graph<A>,
}

impl<A: Element> Field<A> {
    /// The field of a graph on `[t, x]`: one column more than a state has.
    pub fn new(graph: Graph<A>) -> Self {
        Self { graph }
    }

    /// The graph.
    pub fn graph(&self) -> &Graph<A> {
        &self.graph
    }

    /// The same network on other instructions, to compare them.
    #[doc(hidden)]
    pub fn run_on(&mut self, machine: Machine) {
        self.graph.run_on(machine);
    }
}

/// The directions of probes.
pub(crate) fn probed<'a, A: Element>(probes: Probes<'a, A>, columns: usize) -> Directions<'a, A> {
    match probes {
        Probes::Basis => Directions::Basis(columns),
        Probes::Given(probes) => Directions::Given(probes),
    }
}

impl<A: Element> Network for Field<A> {
    type Scalar = A;
    type Memory = GraphMemory<A>;

    fn width(&self) -> (usize, usize) {
        let (columns, outputs) = self.graph.width();
        (columns - 1, outputs)
    }

    fn layout(&self) -> &[ParameterView] {
        self.graph.layout()
    }

    fn read_parameters(&self, flat: &mut [A]) {
        self.graph.read_parameters(flat);
    }

    fn write_parameters(&mut self, flat: &[A]) {
        self.graph.write_parameters(flat);
    }

    fn forward(&self, t: &[A], x: ArrayView2<'_, A>, out: ArrayViewMut2<'_, A>, memory: &mut GraphMemory<A>) {
        self.graph.run_forward(Inputs { t: Some(t), x, condition: None }, out, memory, Keep::Values);
    }

    fn velocity(
        &self,
        t: &[A],
        x: ArrayView2<'_, A>,
        out: ArrayViewMut2<'_, A>,
        memory: &mut GraphMemory<A>,
    ) {
        self.graph.run_forward(Inputs { t: Some(t), x, condition: None }, out, memory, Keep::Nothing);
    }

    fn pullback(
        &self,
        a: ArrayView2<'_, A>,
        state: Option<ArrayViewMut2<'_, A>>,
        params: Option<&mut [A]>,
        memory: &mut GraphMemory<A>,
    ) {
        let into = InputCotangents { offset: 1, x: state, condition: None };
        self.graph.run_pullback(a, into, params, memory);
    }

    fn memory_bytes(&self, rows: usize) -> usize {
        self.graph.memory_bytes(rows)
    }

    fn lend_scratch(&self, from: &mut GraphMemory<A>, to: &mut GraphMemory<A>) {
        from.swap_scratch(to);
    }
}

impl<A: Element> NetworkJvp for Field<A> {
    fn tangent(&self, dx: ArrayView3<'_, A>, out: ArrayViewMut3<'_, A>, memory: &mut GraphMemory<A>) {
        self.graph.run_tangent(Directions::Given(dx), 1, TangentOut::All(out), memory);
    }

    fn pullback_tangent(
        &self,
        dx: ArrayView3<'_, A>,
        b: ArrayView3<'_, A>,
        a: Option<ArrayView2<'_, A>>,
        into: TangentPullback<'_, A>,
        memory: &mut GraphMemory<A>,
    ) {
        let TangentPullback { state, directions, params } = into;
        let state = InputCotangents { offset: 1, x: state, condition: None };
        let (dx, b) = (Directions::Given(dx), Cotangents::Given(b));
        self.graph.run_pullback_tangent(dx, b, a, state, directions, params, memory);
    }

    fn divergence(&self, probes: Probes<'_, A>, out: &mut [A], memory: &mut GraphMemory<A>) {
        probes.expect(out.len(), self.width());
        let trace = TangentOut::Trace(probes.weight(), out);
        self.graph.run_tangent(probed(probes, self.width().0), 1, trace, memory);
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
        probes.expect(c.len(), self.width());
        let (dx, b) = (probed(probes, self.width().0), Cotangents::Along(probes.weight(), c));
        let state = InputCotangents { offset: 1, x: state, condition: None };
        self.graph.run_pullback_tangent(dx, b, a, state, None, params, memory);
    }
}
