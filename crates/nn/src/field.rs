//! A graph of time and state, or of state alone, as a [`Network`].

use crate::graph::{Cotangents, Directions, Graph, GraphMemory, InputCotangents, Inputs, Keep, TangentOut};
use crate::kernel::{Element, Machine};
use chreode_core::{Network, NetworkJvp, ParameterView, Probes, TangentPullback};
use ndarray::{ArrayView2, ArrayView3, ArrayViewMut2, ArrayViewMut3};

/// v(t, x) by a [`Graph`] whose input rows are `[t, x]`, or v(x) by one whose rows are `x`.
///
/// # Panics
/// All passes, if the shapes of their arguments contradict [`width`](Network::width), [`layout`](Network::layout) or
/// each other.
#[derive(Clone, Debug)]
pub struct Field<A: Element> {
    graph: Graph<A>,
    reads: Reads,
}

/// What the input rows of the graph of a [`Field`] are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Reads {
    /// `[t, x]`.
    TimeAndState,
    /// `x`: times are ignored.
    State,
}

impl Reads {
    /// Columns before the state.
    const fn offset(self) -> usize {
        match self {
            Self::TimeAndState => 1,
            Self::State => 0,
        }
    }
}

impl<A: Element> Field<A> {
    /// The field of a graph on `[t, x]`: one column more than a state has.
    pub fn new(graph: Graph<A>) -> Self {
        Self { graph, reads: Reads::TimeAndState }
    }

    /// The field of a graph on `x`, which ignores times: an encoder or a decoder, or an autonomous motion.
    pub fn autonomous(graph: Graph<A>) -> Self {
        Self { graph, reads: Reads::State }
    }

    /// What the rows of the graph are.
    pub fn reads(&self) -> Reads {
        self.reads
    }

    fn inputs<'a>(&self, t: &'a [A], x: ArrayView2<'a, A>) -> Inputs<'a, A> {
        Inputs { t: (self.reads == Reads::TimeAndState).then_some(t), x, condition: None }
    }

    fn cotangents<'a>(&self, x: Option<ArrayViewMut2<'a, A>>) -> InputCotangents<'a, A> {
        InputCotangents { offset: self.reads.offset(), x, condition: None }
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
        (columns - self.reads.offset(), outputs)
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
        self.graph.run_forward(self.inputs(t, x), out, memory, Keep::Values);
    }

    fn velocity(
        &self,
        t: &[A],
        x: ArrayView2<'_, A>,
        out: ArrayViewMut2<'_, A>,
        memory: &mut GraphMemory<A>,
    ) {
        self.graph.run_forward(self.inputs(t, x), out, memory, Keep::Nothing);
    }

    fn pullback(
        &self,
        a: ArrayView2<'_, A>,
        state: Option<ArrayViewMut2<'_, A>>,
        params: Option<&mut [A]>,
        memory: &mut GraphMemory<A>,
    ) {
        self.graph.run_pullback(a, self.cotangents(state), params, memory);
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
        self.graph.run_tangent(Directions::Given(dx), self.reads.offset(), TangentOut::All(out), memory);
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
        let state = self.cotangents(state);
        let (dx, b) = (Directions::Given(dx), Cotangents::Given(b));
        self.graph.run_pullback_tangent(dx, b, a, state, directions, params, memory);
    }

    fn divergence(&self, probes: Probes<'_, A>, out: &mut [A], memory: &mut GraphMemory<A>) {
        probes.expect(out.len(), self.width());
        let trace = TangentOut::Trace(probes.weight(), out);
        self.graph.run_tangent(probed(probes, self.width().0), self.reads.offset(), trace, memory);
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
        let state = self.cotangents(state);
        self.graph.run_pullback_tangent(dx, b, a, state, None, params, memory);
    }
}
