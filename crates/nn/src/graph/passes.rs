//! The forward pass and its pullback on all rows.

use super::divide::{Divide, Shared, Sums, divide, group_rows};
use super::inputs::{InputCotangents, Inputs, load_row, store_row};
use super::tile::Wanted;
use super::{Graph, GraphMemory};
use crate::kernel::Element;
use ndarray::{ArrayView2, ArrayViewMut2, Axis};

/// What a forward pass leaves behind.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Keep {
    /// The values of every level, for derivatives.
    Values,
    /// Nothing: all tiles of a group use the memory of its first, which stays in the cache.
    Nothing,
}

/// Rows to evaluate.
struct Forward<'i, 'm, A> {
    inputs: Inputs<'i, A>,
    out: ArrayViewMut2<'m, A>,
    values: &'m mut [A],
    tile: usize,
    len: usize,
}

impl<A: Element> Divide for Forward<'_, '_, A> {
    fn rows(&self) -> usize {
        self.inputs.rows()
    }

    fn split(self, at: usize) -> (Self, Self) {
        let Self { inputs, out, values, tile, len } = self;
        let (inputs0, inputs1) = inputs.split(at);
        let (out0, out1) = out.split_at(Axis(0), at);
        let (values0, values1) = values.split_at_mut(at / tile * len);
        (
            Self { inputs: inputs0, out: out0, values: values0, tile, len },
            Self { inputs: inputs1, out: out1, values: values1, tile, len },
        )
    }
}

/// Rows to pull back: a group has scratch memory and sums of its own.
///
/// A struct with views of arrays keeps their lifetime exactly, so each has one of its own.
struct Pull<'s, 'm, A> {
    a: ArrayView2<'m, A>,
    into: InputCotangents<'s, A>,
    values: &'m [A],
    groups: Groups<'m, A>,
}

/// The memory of the groups of a derivative.
pub(super) struct Groups<'a, A> {
    /// Rows of one.
    pub(super) rows: usize,
    /// Entries of values of one.
    pub(super) values: usize,
    /// Scratch memory of all, and of one.
    pub(super) scratch: (&'a mut [A], usize),
    /// Sums of all, and of one, where a gradient is wanted.
    pub(super) sums: Option<(&'a mut [A], usize)>,
}

impl<'a, A> Groups<'a, A> {
    pub(super) fn split(self, count: usize) -> (Self, Self) {
        let Self { rows, values, scratch: (scratch, one), sums } = self;
        let (scratch0, scratch1) = scratch.split_at_mut(count * one);
        let (sums0, sums1) = sums
            .map(|(sums, one)| {
                let (sums0, sums1) = sums.split_at_mut(count * one);
                ((sums0, one), (sums1, one))
            })
            .unzip();
        (
            Self { rows, values, scratch: (scratch0, one), sums: sums0 },
            Self { rows, values, scratch: (scratch1, one), sums: sums1 },
        )
    }
}

impl<A: Element> Divide for Pull<'_, '_, A> {
    fn rows(&self) -> usize {
        self.a.nrows()
    }

    fn split(self, at: usize) -> (Self, Self) {
        let Self { a, into, values, groups } = self;
        let count = at / groups.rows;
        let (a0, a1) = a.split_at(Axis(0), at);
        let (into0, into1) = into.split(at);
        let (values0, values1) = values.split_at(count * groups.values);
        let (groups0, groups1) = groups.split(count);
        (
            Self { a: a0, into: into0, values: values0, groups: groups0 },
            Self { a: a1, into: into1, values: values1, groups: groups1 },
        )
    }
}

impl<A: Element> Graph<A> {
    /// `out` of all rows.
    ///
    /// # Panics
    /// If the shapes contradict each other or the graph.
    pub(crate) fn run_forward(
        &self,
        inputs: Inputs<'_, A>,
        out: ArrayViewMut2<'_, A>,
        memory: &mut GraphMemory<A>,
        keep: Keep,
    ) {
        let (columns, outputs) = self.width();
        let rows = inputs.rows();
        assert_eq!(inputs.width(), columns, "the rows must have the columns of the network's input");
        for other in [inputs.t.map(<[A]>::len), inputs.condition.as_ref().map(|c| c.nrows())] {
            assert_eq!(other.unwrap_or(rows), rows, "states, times and conditions must have as many rows");
        }
        assert_eq!(
            out.dim(),
            (rows, outputs),
            "the output must have one row a state and the network's columns"
        );
        memory.prepare(&self.plan, rows);
        let (tile, len) = (self.plan.tile, self.plan.values.len);
        let values = &mut memory.values.as_mut_slice()[..rows.div_ceil(tile) * len];
        let group = group_rows(rows, tile, self.plan.parameters, 1, Sums::Nothing);
        let shared = Shared::by(rows * self.plan.parameters);
        divide(Forward { inputs, out, values, tile, len }, group, shared, &|pass| {
            self.forward_group(pass, keep)
        });
    }

    fn forward_group(&self, pass: Forward<'_, '_, A>, keep: Keep) {
        let Forward { inputs, mut out, values, tile, len } = pass;
        for first in (0..inputs.rows()).step_by(tile) {
            let count = (inputs.rows() - first).min(tile);
            let at = if keep == Keep::Values { first / tile * len } else { 0 };
            let values = &mut values[at..at + len];
            inputs.load(first, &mut self.plan.values.levels[0].rows_mut(values, count));
            self.forward_tile(count, values);
            let last = &self.plan.values.levels[self.nodes.len()];
            for (i, row) in last.rows(values, count).iter().enumerate() {
                store_row(row, out.row_mut(first + i));
            }
        }
    }

    /// The pullback of the forward pass that last filled `memory`.
    ///
    /// # Panics
    /// If the shapes contradict each other or the graph.
    pub(crate) fn run_pullback(
        &self,
        a: ArrayView2<'_, A>,
        into: InputCotangents<'_, A>,
        params: Option<&mut [A]>,
        memory: &mut GraphMemory<A>,
    ) {
        let rows = memory.rows;
        assert_eq!(a.dim(), (rows, self.width().1), "the cotangents must have the shape of the output");
        self.expect_cotangents(rows, &into);
        let wanted = Wanted { input: into.wanted(), params: params.is_some() };
        self.in_groups(rows, 1, self.plan.cotangents_len, params, memory, |values, groups, shared| {
            let group = groups.rows;
            divide(Pull { a, into, values, groups }, group, shared, &|pass| self.pull_group(pass, wanted));
        });
    }

    fn pull_group(&self, pass: Pull<'_, '_, A>, wanted: Wanted) {
        let Pull { a, mut into, values, groups } = pass;
        let plan = &*self.plan;
        let cotangents = groups.scratch.0;
        let mut sums = groups.sums.map(|(sums, one)| &mut sums[..one]);
        if let Some(sums) = sums.as_deref_mut() {
            sums.fill(A::zero());
        }
        for (first, values) in (0..a.nrows()).step_by(plan.tile).zip(values.chunks_exact(plan.values.len)) {
            let count = (a.nrows() - first).min(plan.tile);
            self.load_cotangent(a, first, count, cotangents);
            self.pull_tile(count, values, cotangents, None, wanted, sums.as_deref_mut());
            into.store(first, plan.cotangents[0].rows(cotangents, count));
        }
    }

    pub(super) fn load_cotangent(
        &self,
        a: ArrayView2<'_, A>,
        first: usize,
        count: usize,
        cotangents: &mut [A],
    ) {
        let mut last = self.plan.cotangents[self.nodes.len()].rows_mut(cotangents, count);
        for i in 0..count {
            load_row(a.row(first + i), last.row_mut(i));
        }
    }

    pub(super) fn expect_cotangents(&self, rows: usize, into: &InputCotangents<'_, A>) {
        for to in [&into.x, &into.condition].into_iter().flatten() {
            assert_eq!(to.nrows(), rows, "the states' cotangents must have the shape of the states");
        }
        let given = |to: &Option<ArrayViewMut2<'_, A>>| to.as_ref().map_or(0, |to| to.ncols());
        let (x, condition) = (given(&into.x), given(&into.condition));
        assert!(
            into.offset + x + condition <= self.width().0,
            "the states' cotangents must have the columns of the states"
        );
    }

    /// Runs a derivative in groups, with memory for each, and adds up their gradients in order.
    pub(super) fn in_groups(
        &self,
        rows: usize,
        passes: usize,
        scratch: usize,
        params: Option<&mut [A]>,
        memory: &mut GraphMemory<A>,
        run: impl FnOnce(&[A], Groups<'_, A>, Shared),
    ) {
        let plan = &*self.plan;
        if let Some(params) = &params {
            self.expect_parameters(params.len());
        }
        let sums = if params.is_some() { Sums::Gradient } else { Sums::Nothing };
        let group = group_rows(rows, plan.tile, plan.parameters, passes, sums);
        let groups = rows.div_ceil(group).max(1);
        let sums_len = if params.is_some() { plan.sums_len } else { 0 };
        memory.prepare_derivative(&self.plan, groups * scratch, groups * sums_len);
        let values = &memory.values.as_slice()[..rows.div_ceil(plan.tile) * plan.values.len];
        let sums = &mut memory.sums.as_mut_slice()[..groups * sums_len];
        let shared = Shared::by(rows * plan.parameters * passes);
        let all = Groups {
            rows: group,
            values: group / plan.tile * plan.values.len,
            scratch: (&mut memory.scratch.as_mut_slice()[..groups * scratch], scratch),
            sums: params.is_some().then_some((&mut *sums, sums_len)),
        };
        run(values, all, shared);
        let Some(params) = params else { return };
        if sums_len == 0 {
            return;
        }
        let (total, others) = sums.split_at_mut(sums_len);
        for other in others.chunks_exact(sums_len) {
            total.iter_mut().zip(other).for_each(|(total, &other)| *total += other);
        }
        for ((node, sum), range) in self.nodes.iter().zip(&plan.sums).zip(&plan.params) {
            if let Some(layer) = node.layer() {
                layer.collect(&total[sum.clone()], &mut params[range.clone()]);
            }
        }
    }
}
