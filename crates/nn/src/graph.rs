//! Networks of layers: a graph that rows pass in tiles.

mod builder;
mod derivatives;
mod divide;
mod inputs;
mod join;
mod memory;
mod node;
mod passes;
mod plan;
mod row_map;
mod step;
mod tile;

pub use builder::{GraphBuilder, Level};
pub(crate) use derivatives::{Cotangents, Directions, TangentOut};
pub(crate) use inputs::{InputCotangents, Inputs};
pub use join::Join;
pub use memory::GraphMemory;
pub(crate) use passes::Keep;
pub use step::Step;

use crate::kernel::{Element, Machine};
use chreode_core::ParameterView;
use node::Node;
use plan::Plan;
use rayon::prelude::*;
use std::sync::Arc;

/// A map of rows made of [`Layer`](crate::Layer)s and [`Join`]s, built by a [`GraphBuilder`].
///
/// By itself it is an encoder or a decoder: a map of rows without a time. As a velocity it is the inside of a
/// [`Field`](crate::Field). Parameters are one flat vector with named views, in the order of the layers.
///
/// Rows pass in tiles that stay in the cache, tiles are shared between threads in fixed groups, and every sum has a
/// fixed order: a row gives the same bits in any batch, and a gradient the same bits for any number of threads. After
/// the first call of a size nothing is allocated.
#[derive(Debug)]
pub struct Graph<A> {
    nodes: Vec<Node<A>>,
    layout: Vec<ParameterView>,
    plan: Arc<Plan>,
}

impl<A: Element> Clone for Graph<A> {
    fn clone(&self) -> Self {
        Self { nodes: self.nodes.clone(), layout: self.layout.clone(), plan: self.plan.clone() }
    }
}

impl<A: Element> Graph<A> {
    /// Columns of an input row, and of an output row.
    pub fn width(&self) -> (usize, usize) {
        self.plan.width()
    }

    /// The named parts of the flat parameter vector, in order, without gaps.
    pub fn layout(&self) -> &[ParameterView] {
        &self.layout
    }

    /// The number of parameters.
    pub fn parameter_count(&self) -> usize {
        self.plan.parameters
    }

    /// Copies the parameters into `flat`.
    ///
    /// # Panics
    /// If `flat` has another length than there are parameters.
    pub fn read_parameters(&self, flat: &mut [A]) {
        self.expect_parameters(flat.len());
        for (node, range) in self.nodes.iter().zip(&self.plan.params) {
            if let Some(layer) = node.layer() {
                layer.read_parameters(&mut flat[range.clone()]);
            }
        }
    }

    /// Sets the parameters from `flat`.
    ///
    /// # Panics
    /// If `flat` has another length than there are parameters.
    pub fn write_parameters(&mut self, flat: &[A]) {
        self.expect_parameters(flat.len());
        let write = |(node, range): (&mut Node<A>, &std::ops::Range<usize>)| {
            if let Some(layer) = node.layer_mut() {
                layer.write_parameters(&flat[range.clone()]);
            }
        };
        // To pack an entry takes as long as tens of multiply-adds.
        if divide::parallel(16 * flat.len()) {
            self.nodes.par_iter_mut().zip(&self.plan.params).for_each(write);
        } else {
            self.nodes.iter_mut().zip(&self.plan.params).for_each(write);
        }
    }

    /// The parameters, as a new vector.
    pub fn parameters(&self) -> Vec<A> {
        let mut flat = vec![A::zero(); self.parameter_count()];
        self.read_parameters(&mut flat);
        flat
    }

    /// Bytes that a forward pass of `rows` rows leaves for its derivatives.
    pub(crate) fn memory_bytes(&self, rows: usize) -> usize {
        rows.div_ceil(self.plan.tile) * self.plan.values.len * size_of::<A>()
    }

    fn expect_parameters(&self, found: usize) {
        let count = self.parameter_count();
        assert_eq!(found, count, "the flat vector must have as many entries as there are parameters");
    }

    /// The same graph on other instructions, to compare them.
    #[doc(hidden)]
    pub fn run_on(&mut self, machine: Machine) {
        self.nodes.iter_mut().filter_map(Node::layer_mut).for_each(|layer| layer.run_on(machine));
    }
}
