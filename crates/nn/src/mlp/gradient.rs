//! The gradient of the parameters: sums over all rows, split by parameters and not by rows.
//!
//! Each task owns some rows of one gradient and adds the tiles in order. So no thread holds a partial
//! gradient, and nothing about the threads can change a sum.

use super::{Mlp, SHARE, parallel};
use crate::kernel::{Element, Gemm, Left, Right, Start, add_column_sums};
use crate::layer::{Layer, lines, stride};
use crate::memory::{MlpMemory, TILE};
use chreode_core::Network;

/// Rows of a gradient that one task computes.
const ROWS: usize = 24;

/// Which gradient a task computes.
#[derive(Clone, Copy, Debug)]
enum Kind {
    /// Rows of ∂W: outputs by lines of inputs.
    Weight,
    /// Rows of ∂Wᵀ: inputs by lines of outputs, where that wastes less of the lines.
    Transposed,
    /// ∂b.
    Bias,
}

/// Rows `first..first + rows` of one gradient, at `len` entries of the scratch memory.
#[derive(Clone, Copy, Debug)]
pub(super) struct Task {
    layer: usize,
    kind: Kind,
    first: usize,
    rows: usize,
    len: usize,
}

/// The tasks of all layers, in the order of their scratch memory.
pub(super) fn tasks<A: Element>(layers: &[Layer<A>]) -> Vec<Task> {
    let mut tasks = Vec::new();
    for (index, layer) in layers.iter().enumerate() {
        let (by_inputs, by_outputs) = (lines::<A>(layer.inputs), lines::<A>(layer.outputs));
        let (kind, rows, lines) = if layer.outputs * by_inputs <= layer.inputs * by_outputs {
            (Kind::Weight, layer.outputs, by_inputs)
        } else {
            (Kind::Transposed, layer.inputs, by_outputs)
        };
        for first in (0..rows).step_by(ROWS) {
            let rows = (rows - first).min(ROWS);
            tasks.push(Task { layer: index, kind, first, rows, len: rows * lines * A::LINE });
        }
        let len = by_outputs * A::LINE;
        tasks.push(Task { layer: index, kind: Kind::Bias, first: 0, rows: 1, len });
    }
    tasks
}

/// Entries of scratch memory for all tasks.
pub(super) fn entries(tasks: &[Task]) -> usize {
    tasks.iter().map(|task| task.len).sum()
}

impl<A: Element> Mlp<A> {
    /// Sums the gradient from the memory's values and cotangents.
    pub(super) fn run_gradient(&self, params: &mut [A], memory: &mut MlpMemory<A>) {
        self.expect_parameters(params);
        let rows = memory.rows;
        let MlpMemory { values, cotangents, gradients, .. } = memory;
        let (values, cotangents) = (values.as_slice(), cotangents.as_slice());
        let scratch = &mut gradients.as_mut_slice()[..entries(&self.tasks)];
        let all = Rows { count: rows, values, cotangents };
        if parallel(rows * self.parameter_count()) {
            self.gradient_split(&all, &self.tasks, scratch);
        } else {
            self.gradient_tasks(&all, &self.tasks, scratch);
        }
        let mut scratch = &scratch[..];
        for task in &self.tasks {
            let (own, rest) = scratch.split_at(task.len);
            self.collect(task, own, params);
            scratch = rest;
        }
    }

    fn gradient_split(&self, rows: &Rows<'_, A>, tasks: &[Task], scratch: &mut [A]) {
        if tasks.len() < 2 || rows.count * scratch.len() <= SHARE {
            return self.gradient_tasks(rows, tasks, scratch);
        }
        let (tasks0, tasks1) = tasks.split_at(tasks.len() / 2);
        let (scratch0, scratch1) = scratch.split_at_mut(entries(tasks0));
        rayon::join(
            || self.gradient_split(rows, tasks0, scratch0),
            || self.gradient_split(rows, tasks1, scratch1),
        );
    }

    fn gradient_tasks(&self, rows: &Rows<'_, A>, tasks: &[Task], mut scratch: &mut [A]) {
        for task in tasks {
            let (own, rest) = scratch.split_at_mut(task.len);
            self.gradient_task(rows, task, own);
            scratch = rest;
        }
    }

    fn gradient_task(&self, rows: &Rows<'_, A>, task: &Task, sum: &mut [A]) {
        let layer = &self.layers[task.layer];
        let (by_inputs, by_outputs) = (stride::<A>(layer.inputs), stride::<A>(layer.outputs));
        if rows.count == 0 || matches!(task.kind, Kind::Bias) {
            sum.fill(A::zero());
        }
        for tile in 0..rows.count.div_ceil(TILE) {
            let depth = (rows.count - tile * TILE).min(TILE);
            let h = &rows.values[tile * self.plan.values_len..][self.plan.values[task.layer].clone()];
            let z = &rows.cotangents[tile * self.plan.cotangents_len..]
                [self.plan.cotangents[task.layer + 1].clone()];
            let (a, left, b, right, width) = match task.kind {
                Kind::Bias => {
                    add_column_sums(self.machine, depth, z, by_outputs, sum);
                    continue;
                }
                Kind::Weight => (z, by_outputs, h, by_inputs, layer.inputs),
                Kind::Transposed => (h, by_inputs, z, by_outputs, layer.outputs),
            };
            let gemm = Gemm {
                rows: task.rows,
                lines: lines::<A>(width),
                depth,
                a: &a[task.first..],
                left: Left::Columns { stride: left },
                b,
                right: Right::Rows { stride: right },
                start: if tile == 0 { Start::Zero } else { Start::Keep },
                c: &mut *sum,
                stride: lines::<A>(width) * A::LINE,
            };
            gemm.run(self.machine);
        }
    }

    /// Copies a task's rows to their place in the flat gradient.
    fn collect(&self, task: &Task, sum: &[A], params: &mut [A]) {
        let layer = &self.layers[task.layer];
        let (inputs, outputs) = (layer.inputs, layer.outputs);
        let weight = &mut params[layer.weight..layer.bias + outputs];
        match task.kind {
            Kind::Bias => weight[inputs * outputs..].copy_from_slice(&sum[..outputs]),
            Kind::Weight => {
                let rows = weight[task.first * inputs..].chunks_exact_mut(inputs);
                for (to, from) in rows.zip(sum.chunks_exact(lines::<A>(inputs) * A::LINE)) {
                    to.copy_from_slice(&from[..inputs]);
                }
            }
            Kind::Transposed => {
                for (i, from) in sum.chunks_exact(lines::<A>(outputs) * A::LINE).enumerate() {
                    let column = weight[task.first + i..].iter_mut().step_by(inputs);
                    column.zip(&from[..outputs]).for_each(|(to, from)| *to = *from);
                }
            }
        }
    }
}

/// All rows of a batch, as a forward pass and its pullback left them.
struct Rows<'a, A> {
    count: usize,
    values: &'a [A],
    cotangents: &'a [A],
}
