//! Building a graph, level by level.

use super::Graph;
use super::join::Join;
use super::node::Node;
use super::plan::Plan;
use crate::kernel::Element;
use crate::{Layer, NnError};
use chreode_core::ParameterView;
use std::sync::Arc;

/// Rows of some width within a graph: the input, or what a node made.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Level(usize);

/// Builds a [`Graph`].
///
/// ```
/// use chreode_core::Seed;
/// use chreode_nn::{Activation, Dense, GraphBuilder, Join};
///
/// let rng = &mut Seed(1).stream("init", 0);
/// let mut build = GraphBuilder::<f32>::new(3);
/// let x = build.input();
/// let h = build.layer("inner", Dense::new(3, 3, rng).then(Activation::Tanh), x)?;
/// let y = build.join(Join::Add, x, h)?;
/// let graph = build.finish(y)?;
/// assert_eq!(graph.width(), (3, 3));
/// assert_eq!(graph.layout()[0].name, "inner.weight");
/// # Ok::<(), chreode_nn::NnError>(())
/// ```
#[derive(Debug)]
pub struct GraphBuilder<A> {
    widths: Vec<usize>,
    nodes: Vec<Node<A>>,
    layout: Vec<ParameterView>,
    parameters: usize,
}

impl<A: Element> GraphBuilder<A> {
    /// A graph whose input rows have `inputs` columns.
    pub fn new(inputs: usize) -> Self {
        Self { widths: vec![inputs], nodes: Vec::new(), layout: Vec::new(), parameters: 0 }
    }

    /// The input.
    pub fn input(&self) -> Level {
        Level(0)
    }

    /// The columns of a level.
    ///
    /// # Panics
    /// For a level of another builder that has more of them.
    pub fn width(&self, level: Level) -> usize {
        self.widths[level.0]
    }

    /// Adds a layer on `from`; its parameters are named `name.weight` and so on.
    ///
    /// # Errors
    /// [`NnError::Columns`] if the layer's input has another width, [`NnError::ZeroWidth`], and
    /// [`NnError::NameTaken`].
    ///
    /// # Panics
    /// This and the methods below, for a level of another builder that has more of them.
    pub fn layer(
        &mut self,
        name: &str,
        layer: impl Layer<A> + 'static,
        from: Level,
    ) -> Result<Level, NnError> {
        self.named(name, |part| format!("{name}.{part}"), layer, from)
    }

    /// The same with other names for its parameters.
    ///
    /// # Errors
    /// As [`layer`](Self::layer).
    pub fn named(
        &mut self,
        place: &str,
        name: impl Fn(&str) -> String,
        layer: impl Layer<A> + 'static,
        from: Level,
    ) -> Result<Level, NnError> {
        let (inputs, outputs) = layer.width();
        let found = self.widths[from.0];
        if inputs != found {
            return Err(NnError::Columns { place: place.to_string(), expected: inputs, found });
        }
        if inputs == 0 || outputs == 0 {
            return Err(NnError::ZeroWidth { place: place.to_string() });
        }
        let mut count = 0;
        for view in layer.layout() {
            count += view.size();
            let name = name(&view.name);
            if self.layout.iter().any(|other| other.name == name) {
                return Err(NnError::NameTaken { name });
            }
            self.layout.push(ParameterView { name, offset: self.parameters + view.offset, ..view });
        }
        self.parameters += count;
        self.nodes.push(Node::Layer(Box::new(layer), from.0));
        self.widths.push(outputs);
        Ok(Level(self.nodes.len()))
    }

    /// Joins two levels.
    ///
    /// # Errors
    /// [`NnError::Join`] if their widths do not allow it.
    pub fn join(&mut self, join: Join, u: Level, v: Level) -> Result<Level, NnError> {
        let (first, second) = (self.widths[u.0], self.widths[v.0]);
        let width = join.width(first, second).ok_or(NnError::Join { join, first, second })?;
        self.nodes.push(Node::Join(join, [u.0, v.0]));
        self.widths.push(width);
        Ok(Level(self.nodes.len()))
    }

    /// The graph whose output is `output`, which must be the last level made.
    ///
    /// # Errors
    /// [`NnError::UnusedLevel`] for a level that nothing reads, the last one made apart, and for an output that is
    /// not that one.
    pub fn finish(self, output: Level) -> Result<Graph<A>, NnError> {
        let mut used = vec![false; self.widths.len()];
        used[output.0] = true;
        self.nodes.iter().flat_map(Node::inputs).for_each(|&level| used[level] = true);
        if let Some(level) = used.iter().position(|used| !used) {
            return Err(NnError::UnusedLevel { level });
        }
        if output.0 + 1 != self.widths.len() || self.nodes.is_empty() {
            return Err(NnError::UnusedLevel { level: self.widths.len() - 1 });
        }
        let plan = Arc::new(Plan::new(&self.widths, &self.nodes));
        Ok(Graph { nodes: self.nodes, layout: self.layout, plan })
    }
}
