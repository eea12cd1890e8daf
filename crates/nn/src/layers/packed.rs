//! A weight matrix packed for products from both sides.

use crate::buffer::Buffer;
use crate::kernel::{Element, Gemm, Left, Machine, PANEL, Right, Start};
use crate::rows::{Rows, RowsMut, lines, padded};

/// W of shape `[outputs, inputs]`.
#[derive(Clone, Debug)]
pub(super) struct Packed<A> {
    inputs: usize,
    outputs: usize,
    /// Wᵀ, in panels of outputs.
    forward: Buffer<A>,
    /// W, in panels of inputs.
    backward: Buffer<A>,
}

impl<A: Element> Packed<A> {
    pub(super) fn zeros(inputs: usize, outputs: usize) -> Self {
        Self {
            inputs,
            outputs,
            forward: Buffer::zeros(padded::<A>(outputs) * inputs),
            backward: Buffer::zeros(padded::<A>(inputs) * outputs),
        }
    }

    /// Takes `weight`, row-major.
    pub(super) fn pack(&mut self, weight: &[A]) {
        let whole = PANEL * A::LINE;
        // Forward: panel p holds Wᵀ[k, j] for its outputs j, row k after row k.
        let panels = self.forward.as_mut_slice().chunks_mut(whole * self.inputs);
        for (panel, rows) in panels.zip(weight.chunks(whole * self.inputs)) {
            let width = panel.len() / self.inputs;
            transpose(rows, self.inputs, panel, width);
        }
        let panels = self.backward.as_mut_slice().chunks_mut(whole * self.outputs);
        for (panel, first) in panels.zip((0..self.inputs).step_by(whole)) {
            let width = panel.len() / self.outputs;
            let count = (self.inputs - first).min(width);
            for (to, from) in panel.chunks_exact_mut(width).zip(weight.chunks_exact(self.inputs)) {
                to[..count].copy_from_slice(&from[first..][..count]);
            }
        }
    }

    /// Copies what was packed back.
    pub(super) fn unpack(&self, weight: &mut [A]) {
        let whole = PANEL * A::LINE;
        let panels = self.forward.as_slice().chunks(whole * self.inputs);
        for (panel, rows) in panels.zip(weight.chunks_mut(whole * self.inputs)) {
            let width = panel.len() / self.inputs;
            for (j, row) in rows.chunks_exact_mut(self.inputs).enumerate() {
                row.iter_mut().zip(panel[j..].iter().step_by(width)).for_each(|(to, from)| *to = *from);
            }
        }
    }

    /// `y[i] = start + W x[i]`.
    pub(super) fn push(&self, machine: Machine, x: Rows<'_, A>, start: Start<'_, A>, y: RowsMut<'_, A>) {
        let (stride, rows) = (y.stride(), x.count);
        let gemm = Gemm {
            rows,
            lines: lines::<A>(self.outputs),
            depth: self.inputs,
            a: x.entries,
            left: Left::Rows { stride: x.stride() },
            b: self.forward.as_slice(),
            right: Right::Packed,
            start,
            c: y.entries,
            stride,
        };
        gemm.run(machine);
    }

    /// `x[i] = Wᵀ y[i]`.
    pub(super) fn pull(&self, machine: Machine, y: Rows<'_, A>, x: RowsMut<'_, A>) {
        let (stride, rows) = (x.stride(), y.count);
        let gemm = Gemm {
            rows,
            lines: lines::<A>(self.inputs),
            depth: self.outputs,
            a: y.entries,
            left: Left::Rows { stride: y.stride() },
            b: self.backward.as_slice(),
            right: Right::Packed,
            start: Start::Zero,
            c: x.entries,
            stride,
        };
        gemm.run(machine);
    }
}

/// `to[k, j] = from[j, k]`; `from` has rows of `inputs`, `to` rows of `width`.
///
/// Eight rows at once, over stretches short enough that what is written stays in the cache.
fn transpose<A: Element>(from: &[A], inputs: usize, to: &mut [A], width: usize) {
    const ROWS: usize = 8;
    const STRETCH: usize = 64;
    let count = from.len() / inputs;
    for (to, first) in to.chunks_mut(STRETCH * width).zip((0..inputs).step_by(STRETCH)) {
        let length = to.len() / width;
        let row = |j: usize| &from[j * inputs + first..][..length];
        for j in (0..count / ROWS * ROWS).step_by(ROWS) {
            let rows: [&[A]; ROWS] = std::array::from_fn(|i| row(j + i));
            for (k, to) in (0..length).zip(to.chunks_exact_mut(width)) {
                let column: [A; ROWS] = std::array::from_fn(|i| rows[i][k]);
                to[j..j + ROWS].copy_from_slice(&column);
            }
        }
        for j in count / ROWS * ROWS..count {
            to.chunks_exact_mut(width).zip(row(j)).for_each(|(to, &from)| to[j] = from);
        }
    }
}
