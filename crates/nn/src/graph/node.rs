//! One node: what it does, and to which levels.

use super::join::Join;
use crate::kernel::Element;
use crate::layer::Layer;

/// Node n makes level n + 1; level 0 is the input.
#[derive(Debug)]
pub(super) enum Node<A> {
    /// A layer of one level.
    Layer(Box<dyn Layer<A>>, usize),
    /// A join of two.
    Join(Join, [usize; 2]),
}

impl<A: Element> Clone for Node<A> {
    fn clone(&self) -> Self {
        match self {
            Self::Layer(layer, input) => Self::Layer(layer.clone(), *input),
            Self::Join(join, inputs) => Self::Join(*join, *inputs),
        }
    }
}

impl<A: Element> Node<A> {
    pub(super) fn layer(&self) -> Option<&dyn Layer<A>> {
        match self {
            Self::Layer(layer, _) => Some(layer.as_ref()),
            Self::Join(..) => None,
        }
    }

    pub(super) fn layer_mut(&mut self) -> Option<&mut Box<dyn Layer<A>>> {
        match self {
            Self::Layer(layer, _) => Some(layer),
            Self::Join(..) => None,
        }
    }

    /// The levels it reads.
    pub(super) fn inputs(&self) -> &[usize] {
        match self {
            Self::Layer(_, input) => std::slice::from_ref(input),
            Self::Join(_, inputs) => inputs,
        }
    }
}
