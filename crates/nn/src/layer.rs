//! One affine layer, its weights packed for both directions.

use crate::buffer::Buffer;
use crate::kernel::{Element, Gemm, Left, Machine, PANEL, Right, Start};

/// Lines that hold `width` entries.
pub(crate) fn lines<A: Element>(width: usize) -> usize {
    width.div_ceil(A::LINE)
}

/// Entries from one row to the next: whole lines, and not a multiple of a page, where rows would
/// compete for the same few places of the first-level cache.
pub(crate) fn stride<A: Element>(width: usize) -> usize {
    let page = 4096 / size_of::<A>();
    let entries = lines::<A>(width) * A::LINE;
    if entries.is_multiple_of(page) { entries + A::LINE } else { entries }
}

/// z = W h + b, with W of shape `[outputs, inputs]` at `weight` in the flat parameters.
#[derive(Clone, Debug)]
pub(crate) struct Layer<A> {
    pub(crate) inputs: usize,
    pub(crate) outputs: usize,
    /// Leading inputs whose cotangent nobody asks for: the time.
    pub(crate) constants: usize,
    pub(crate) weight: usize,
    pub(crate) bias: usize,
    /// Wᵀ, in panels of outputs.
    forward: Buffer<A>,
    /// W without the columns of constants, in panels of inputs.
    backward: Buffer<A>,
    start: Buffer<A>,
}

impl<A: Element> Layer<A> {
    pub(crate) fn new(inputs: usize, outputs: usize, constants: usize, offset: usize) -> Self {
        let varying = inputs - constants;
        Self {
            inputs,
            outputs,
            constants,
            weight: offset,
            bias: offset + inputs * outputs,
            forward: Buffer::zeros(lines::<A>(outputs) * A::LINE * inputs),
            backward: Buffer::zeros(lines::<A>(varying) * A::LINE * outputs),
            start: Buffer::zeros(lines::<A>(outputs) * A::LINE),
        }
    }

    /// Packs the layer's part of the flat parameters.
    pub(crate) fn pack(&mut self, flat: &[A]) {
        let weight = &flat[self.weight..self.bias];
        let bias = &flat[self.bias..self.bias + self.outputs];
        self.start.as_mut_slice()[..self.outputs].copy_from_slice(bias);
        let whole = PANEL * A::LINE;
        // Forward: panel p holds Wᵀ[k, j] for its outputs j, row k after row k.
        let panels = self.forward.as_mut_slice().chunks_mut(whole * self.inputs);
        for (panel, rows) in panels.zip(weight.chunks(whole * self.inputs)) {
            let width = panel.len() / self.inputs;
            transpose(rows, self.inputs, panel, width);
        }
        let varying = self.inputs - self.constants;
        let panels = self.backward.as_mut_slice().chunks_mut(whole * self.outputs);
        for (panel, first) in panels.zip((0..varying).step_by(whole)) {
            let width = panel.len() / self.outputs;
            let count = (varying - first).min(width);
            for (to, from) in panel.chunks_exact_mut(width).zip(weight.chunks_exact(self.inputs)) {
                to[..count].copy_from_slice(&from[self.constants + first..][..count]);
            }
        }
    }

    /// Copies what was packed back to its part of the flat parameters.
    pub(crate) fn unpack(&self, flat: &mut [A]) {
        let whole = PANEL * A::LINE;
        let (weight, bias) = flat[self.weight..].split_at_mut(self.inputs * self.outputs);
        bias[..self.outputs].copy_from_slice(&self.start.as_slice()[..self.outputs]);
        let panels = self.forward.as_slice().chunks(whole * self.inputs);
        for (panel, rows) in panels.zip(weight.chunks_mut(whole * self.inputs)) {
            let width = panel.len() / self.inputs;
            for (j, row) in rows.chunks_exact_mut(self.inputs).enumerate() {
                row.iter_mut().zip(panel[j..].iter().step_by(width)).for_each(|(to, from)| *to = *from);
            }
        }
    }

    /// `z[i] = W h[i] + b` for `rows` rows.
    pub(crate) fn forward(&self, machine: Machine, rows: usize, h: &[A], z: &mut [A]) {
        let gemm = Gemm {
            rows,
            lines: lines::<A>(self.outputs),
            depth: self.inputs,
            a: h,
            left: Left::Rows { stride: stride::<A>(self.inputs) },
            b: self.forward.as_slice(),
            right: Right::Packed,
            start: Start::Row(self.start.as_slice()),
            c: z,
            stride: stride::<A>(self.outputs),
        };
        gemm.run(machine);
    }

    /// `h[i] = Wᵀ z[i]` for `rows` rows of cotangents, without the constants.
    pub(crate) fn pull(&self, machine: Machine, rows: usize, z: &[A], h: &mut [A]) {
        let varying = self.inputs - self.constants;
        let gemm = Gemm {
            rows,
            lines: lines::<A>(varying),
            depth: self.outputs,
            a: z,
            left: Left::Rows { stride: stride::<A>(self.outputs) },
            b: self.backward.as_slice(),
            right: Right::Packed,
            start: Start::Zero,
            c: h,
            stride: stride::<A>(varying),
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
