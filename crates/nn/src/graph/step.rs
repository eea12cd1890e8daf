//! A graph read from outside, node by node.

use super::Graph;
use super::join::Join;
use super::node::Node;
use crate::Formula;
use crate::kernel::Element;
use chreode_core::ParameterView;

/// What a node of a [`Graph`] makes a level of. Level 0 is the input, and step n makes level n + 1; the last is the output.
#[derive(Clone, Debug, PartialEq)]
pub enum Step<'g> {
    /// A layer of the level `of`.
    Layer {
        /// What it computes, if the layer says so.
        formula: Option<Formula>,
        /// Its parameters, within those of the graph.
        parameters: &'g [ParameterView],
        /// The level that it reads.
        of: usize,
    },
    /// A join of two levels.
    Join(Join, [usize; 2]),
}

impl<A: Element> Graph<A> {
    /// What the nodes compute, one after another, for another library to compute.
    pub fn steps(&self) -> impl Iterator<Item = Step<'_>> {
        let mut rest = self.layout();
        self.nodes.iter().map(move |node| match node {
            Node::Layer(layer, of) => {
                let (parameters, after) = rest.split_at(layer.layout().len());
                rest = after;
                Step::Layer { formula: layer.formula(), parameters, of: *of }
            }
            Node::Join(join, of) => Step::Join(*join, *of),
        })
    }
}
