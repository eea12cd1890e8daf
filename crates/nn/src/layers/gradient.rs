//! The gradient of a weight matrix, summed in whole lines.

use crate::kernel::{Element, Gemm, Left, Machine, Right, Start};
use crate::rows::{Rows, lines, padded};

/// Which way a gradient lies while it is summed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    /// Rows of ∂W: outputs by lines of inputs.
    Weight,
    /// Rows of ∂Wᵀ: inputs by lines of outputs, where that wastes less of the lines.
    Transposed,
}

/// The sum Σᵢ z[i] x[i]ᵀ of shape `[outputs, inputs]`.
#[derive(Clone, Copy, Debug)]
pub(super) struct WeightGradient {
    inputs: usize,
    outputs: usize,
    kind: Kind,
}

impl WeightGradient {
    pub(super) fn new<A: Element>(inputs: usize, outputs: usize) -> Self {
        let (by_inputs, by_outputs) = (outputs * lines::<A>(inputs), inputs * lines::<A>(outputs));
        let kind = if by_inputs <= by_outputs { Kind::Weight } else { Kind::Transposed };
        Self { inputs, outputs, kind }
    }

    /// Entries of the sum.
    pub(super) fn len<A: Element>(&self) -> usize {
        match self.kind {
            Kind::Weight => self.outputs * padded::<A>(self.inputs),
            Kind::Transposed => self.inputs * padded::<A>(self.outputs),
        }
    }

    /// Adds the rows of a tile, in order.
    pub(super) fn add<A: Element>(&self, machine: Machine, z: Rows<'_, A>, x: Rows<'_, A>, sum: &mut [A]) {
        let (left, right) = match self.kind {
            Kind::Weight => (z, x),
            Kind::Transposed => (x, z),
        };
        let gemm = Gemm {
            rows: left.width,
            lines: lines::<A>(right.width),
            depth: left.count,
            a: left.entries,
            left: Left::Columns { stride: left.stride() },
            b: right.entries,
            right: Right::Rows { stride: right.stride() },
            start: Start::Keep,
            c: sum,
            stride: padded::<A>(right.width),
        };
        gemm.run(machine);
    }

    /// Copies the sum to a row-major `[outputs, inputs]`.
    pub(super) fn collect<A: Element>(&self, sum: &[A], weight: &mut [A]) {
        match self.kind {
            Kind::Weight => {
                let rows = sum.chunks_exact(padded::<A>(self.inputs));
                for (to, from) in weight.chunks_exact_mut(self.inputs).zip(rows) {
                    to.copy_from_slice(&from[..self.inputs]);
                }
            }
            Kind::Transposed => {
                for (i, from) in sum.chunks_exact(padded::<A>(self.outputs)).enumerate() {
                    let column = weight[i..].iter_mut().step_by(self.inputs);
                    column.zip(&from[..self.outputs]).for_each(|(to, from)| *to = *from);
                }
            }
        }
    }
}
