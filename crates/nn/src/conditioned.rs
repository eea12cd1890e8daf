//! A velocity that depends on a condition of each row.

use crate::field::probed;
use crate::graph::{Cotangents, Directions, InputCotangents, Inputs, Keep, TangentOut};
use crate::kernel::Element;
use crate::stack::{Modulators, hidden, output, time};
use crate::{Columns, Dense, Field, Graph, GraphBuilder, GraphMemory, Join, Level, MlpConfig, NnError};
use chreode_core::{Network, NetworkJvp, ParameterView, Probes, TangentPullback};
use ndarray::{Array2, ArrayView2, ArrayView3, ArrayViewMut2, ArrayViewMut3};
use rand::Rng;

/// How a condition enters a network.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Conditioning {
    /// As further columns of the input.
    #[default]
    Concatenation,
    /// It and the time scale and shift every hidden layer before its nonlinearity
    /// ([`Join::Modulate`]; `films.0.weight` and so on in a checkpoint).
    Modulation,
}

/// v(t, x | c): the perceptron of an [`MlpConfig`] with a condition c of each row, such as a perturbation, a dose or
/// a code of a population.
///
/// The conditions are held and stay the same during a solve: row i of a batch has row i of them. With
/// [`pullback_condition`](Self::pullback_condition) their gradients reach the encoder that made them.
///
/// # Panics
/// The passes, if the shapes of their arguments contradict [`width`](Network::width), [`layout`](Network::layout),
/// the rows of the conditions, or each other.
#[derive(Clone, Debug)]
pub struct Conditioned<A: Element> {
    graph: Graph<A>,
    state: usize,
    conditions: Array2<A>,
}

impl<A: Element> Conditioned<A> {
    /// A network for conditions of `columns` columns, with PyTorch's default initialisation. It holds no rows of
    /// conditions yet: see [`set_conditions`](Self::set_conditions).
    ///
    /// # Errors
    /// As for an [`Mlp`](crate::Mlp).
    pub fn new(
        config: &MlpConfig,
        columns: usize,
        conditioning: Conditioning,
        rng: &mut impl Rng,
    ) -> Result<Self, NnError> {
        config.check()?;
        if columns == 0 {
            return Err(NnError::ZeroWidth { place: "condition".to_string() });
        }
        let mut start = |layer: Dense<A>| layer.drawn(rng);
        let mut build = GraphBuilder::new(1 + config.state + columns);
        let input = build.input();
        let all = time(&mut build, &config.time, input)?;
        let (input, modulators) = match conditioning {
            Conditioning::Modulation if !config.hidden.is_empty() => {
                let (x, from) = split(&mut build, config, columns, all)?;
                (x, Some(Modulators { from }))
            }
            _ => (all, None),
        };
        let h = hidden(&mut build, config, input, modulators, &mut start)?;
        let out = output(&mut build, config, input, h, start)?;
        let conditions = Array2::zeros((0, columns));
        Ok(Self { graph: build.finish(out)?, state: config.state, conditions })
    }

    /// Sets the condition of each row of the batches to come.
    ///
    /// # Errors
    /// [`NnError::Columns`] for other columns than the network was made for.
    pub fn set_conditions(&mut self, conditions: Array2<A>) -> Result<(), NnError> {
        let (expected, found) = (self.conditions.ncols(), conditions.ncols());
        if expected != found {
            return Err(NnError::Columns { place: "condition".to_string(), expected, found });
        }
        self.conditions = conditions;
        Ok(())
    }

    /// The conditions.
    pub fn conditions(&self) -> ArrayView2<'_, A> {
        self.conditions.view()
    }

    /// [`Network::pullback`] with the cotangents of the conditions as well.
    pub fn pullback_condition(
        &self,
        a: ArrayView2<'_, A>,
        state: Option<ArrayViewMut2<'_, A>>,
        conditions: ArrayViewMut2<'_, A>,
        params: Option<&mut [A]>,
        memory: &mut GraphMemory<A>,
    ) {
        let into = InputCotangents { offset: 1, x: state, condition: Some(conditions) };
        self.graph.run_pullback(a, into, params, memory);
    }

    fn inputs<'a>(&'a self, t: &'a [A], x: ArrayView2<'a, A>) -> Inputs<'a, A> {
        Inputs { t: Some(t), x, condition: Some(self.conditions.view()) }
    }
}

/// Time and state, and time and condition, of an input whose time is embedded.
fn split<A: Element>(
    build: &mut GraphBuilder<A>,
    config: &MlpConfig,
    columns: usize,
    all: Level,
) -> Result<(Level, Level), NnError> {
    let (width, t) = (build.width(all), config.time.columns());
    let x = build.layer("state", Columns::new(width, 0..width - columns), all)?;
    let t = build.layer("time", Columns::new(width, 0..t), all)?;
    let c = build.layer("condition", Columns::new(width, width - columns..width), all)?;
    Ok((x, build.join(Join::Concatenate, t, c)?))
}

impl<A: Element> From<Conditioned<A>> for Field<A> {
    /// The same with its conditions as the last columns of the state.
    fn from(network: Conditioned<A>) -> Self {
        Self::new(network.graph)
    }
}

impl<A: Element> Network for Conditioned<A> {
    type Scalar = A;
    type Memory = GraphMemory<A>;

    fn width(&self) -> (usize, usize) {
        (self.state, self.graph.width().1)
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
        self.graph.run_forward(self.inputs(t, x.view()), out, memory, Keep::Values);
    }

    fn velocity(
        &self,
        t: &[A],
        x: ArrayView2<'_, A>,
        out: ArrayViewMut2<'_, A>,
        memory: &mut GraphMemory<A>,
    ) {
        self.graph.run_forward(self.inputs(t, x.view()), out, memory, Keep::Nothing);
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

impl<A: Element> NetworkJvp for Conditioned<A> {
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
        self.graph.run_tangent(probed(probes, self.state), 1, trace, memory);
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
        let (dx, b) = (probed(probes, self.state), Cotangents::Along(probes.weight(), c));
        let state = InputCotangents { offset: 1, x: state, condition: None };
        self.graph.run_pullback_tangent(dx, b, a, state, None, params, memory);
    }
}
