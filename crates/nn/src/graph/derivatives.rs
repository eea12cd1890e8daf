//! Tangents of all rows along several directions, and their pullback: forward over reverse, tile by tile.

use super::divide::{Divide, divide};
use super::inputs::{InputCotangents, load_row, store_row};
use super::passes::Groups;
use super::tile::Wanted;
use super::{Graph, GraphMemory};
use crate::kernel::Element;
use ndarray::{ArrayView2, ArrayView3, ArrayViewMut3, Axis};

/// Directions of the columns of the state; times and conditions are constants.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Directions<'a, A> {
    /// All unit vectors.
    Basis(usize),
    /// `[directions, rows, columns]`.
    Given(ArrayView3<'a, A>),
}

/// Cotangents of the tangents.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Cotangents<'a, A> {
    /// `[directions, rows, outputs]`.
    Given(ArrayView3<'a, A>),
    /// The direction itself times a weight and a factor for each row: what a divergence asks for.
    Along(A, &'a [A]),
}

/// What becomes of the tangents.
#[derive(Debug)]
pub(crate) enum TangentOut<'a, A> {
    /// They are stored, `[directions, rows, outputs]`.
    All(ArrayViewMut3<'a, A>),
    /// Their products with the directions are added up, times a weight: a divergence.
    Trace(A, &'a mut [A]),
}

impl<A: Element> Directions<'_, A> {
    pub(super) fn count(&self) -> usize {
        match self {
            Self::Basis(columns) => *columns,
            Self::Given(dx) => dx.dim().0,
        }
    }

    fn columns(&self) -> usize {
        match self {
            Self::Basis(columns) => *columns,
            Self::Given(dx) => dx.dim().2,
        }
    }

    fn split(self, at: usize) -> (Self, Self) {
        match self {
            Self::Basis(_) => (self, self),
            Self::Given(dx) => {
                let (dx0, dx1) = dx.split_at(Axis(1), at);
                (Self::Given(dx0), Self::Given(dx1))
            }
        }
    }

    /// Writes row `i` of direction `k`.
    fn load(&self, k: usize, i: usize, to: &mut [A]) {
        match self {
            Self::Basis(_) => {
                to.fill(A::zero());
                to[k] = A::one();
            }
            Self::Given(dx) => load_row(dx.index_axis(Axis(0), k).row(i), to),
        }
    }
}

impl<A: Element> Cotangents<'_, A> {
    fn split(self, at: usize) -> (Self, Self) {
        match self {
            Self::Given(b) => {
                let (b0, b1) = b.split_at(Axis(1), at);
                (Self::Given(b0), Self::Given(b1))
            }
            Self::Along(weight, c) => (Self::Along(weight, &c[..at]), Self::Along(weight, &c[at..])),
        }
    }
}

/// Rows whose tangents are wanted.
struct Push<'d, 'o, 'm, A> {
    dx: Directions<'d, A>,
    out: TangentOut<'o, A>,
    rows: usize,
    values: &'m [A],
    groups: Groups<'m, A>,
}

impl<A: Element> Divide for Push<'_, '_, '_, A> {
    fn rows(&self) -> usize {
        self.rows
    }

    fn split(self, at: usize) -> (Self, Self) {
        let Self { dx, out, rows, values, groups } = self;
        let count = at / groups.rows;
        let (dx0, dx1) = dx.split(at);
        let (out0, out1) = match out {
            TangentOut::All(out) => {
                let (out0, out1) = out.split_at(Axis(1), at);
                (TangentOut::All(out0), TangentOut::All(out1))
            }
            TangentOut::Trace(weight, out) => {
                let (out0, out1) = out.split_at_mut(at);
                (TangentOut::Trace(weight, out0), TangentOut::Trace(weight, out1))
            }
        };
        let (values0, values1) = values.split_at(count * groups.values);
        let (groups0, groups1) = groups.split(count);
        (
            Self { dx: dx0, out: out0, rows: at, values: values0, groups: groups0 },
            Self { dx: dx1, out: out1, rows: rows - at, values: values1, groups: groups1 },
        )
    }
}

/// Rows whose tangents are pulled back.
struct Bend<'d, 'b, 's, 'm, A> {
    dx: Directions<'d, A>,
    b: Cotangents<'b, A>,
    a: Option<ArrayView2<'m, A>>,
    rows: usize,
    state: InputCotangents<'s, A>,
    directions: Option<ArrayViewMut3<'m, A>>,
    values: &'m [A],
    groups: Groups<'m, A>,
}

impl<A: Element> Divide for Bend<'_, '_, '_, '_, A> {
    fn rows(&self) -> usize {
        self.rows
    }

    fn split(self, at: usize) -> (Self, Self) {
        let Self { dx, b, a, rows, state, directions, values, groups } = self;
        let count = at / groups.rows;
        let (dx0, dx1) = dx.split(at);
        let (b0, b1) = b.split(at);
        let (a0, a1) = a.map(|a| a.split_at(Axis(0), at)).unzip();
        let (state0, state1) = state.split(at);
        let (directions0, directions1) = directions.map(|d| d.split_at(Axis(1), at)).unzip();
        let (values0, values1) = values.split_at(count * groups.values);
        let (groups0, groups1) = groups.split(count);
        (
            Self {
                dx: dx0,
                b: b0,
                a: a0,
                rows: at,
                state: state0,
                directions: directions0,
                values: values0,
                groups: groups0,
            },
            Self {
                dx: dx1,
                b: b1,
                a: a1,
                rows: rows - at,
                state: state1,
                directions: directions1,
                values: values1,
                groups: groups1,
            },
        )
    }
}

impl<A: Element> Graph<A> {
    /// The tangents of all rows of the forward pass that last filled `memory`; the state starts at column `offset`.
    pub(crate) fn run_tangent(
        &self,
        dx: Directions<'_, A>,
        offset: usize,
        out: TangentOut<'_, A>,
        memory: &mut GraphMemory<A>,
    ) {
        let rows = memory.rows;
        self.expect_directions(rows, &dx, offset);
        match &out {
            TangentOut::All(out) => {
                let shape = (dx.count(), rows, self.width().1);
                assert_eq!(
                    out.dim(),
                    shape,
                    "the tangents must have a row of the output for each direction's"
                );
            }
            TangentOut::Trace(_, out) => assert_eq!(out.len(), rows, "a divergence is one number a row"),
        }
        let passes = dx.count();
        self.in_groups(rows, passes, self.plan.tangents.len, None, memory, |values, groups, shared| {
            let group = groups.rows;
            let pass = Push { dx, out, rows, values, groups };
            divide(pass, group, shared, &|pass| self.push_group(pass, offset));
        });
    }

    fn push_group(&self, pass: Push<'_, '_, '_, A>, offset: usize) {
        let Push { dx, mut out, rows, values, groups } = pass;
        let plan = &*self.plan;
        let tangents = groups.scratch.0;
        if let TangentOut::Trace(_, out) = &mut out {
            out.fill(A::zero());
        }
        for (first, values) in (0..rows).step_by(plan.tile).zip(values.chunks_exact(plan.values.len)) {
            let count = (rows - first).min(plan.tile);
            for k in 0..dx.count() {
                self.load_direction(&dx, k, first, offset, count, tangents);
                self.tangent_tile(count, values, tangents);
                let dy = plan.tangents.levels[self.nodes.len()].rows(tangents, count);
                let dx = plan.tangents.levels[0].rows(tangents, count);
                for i in 0..count {
                    match &mut out {
                        TangentOut::All(out) => {
                            store_row(dy.row(i), out.index_axis_mut(Axis(0), k).row_mut(first + i))
                        }
                        TangentOut::Trace(weight, out) => {
                            out[first + i] += *weight * dot(&dx.row(i)[offset..], dy.row(i));
                        }
                    }
                }
            }
        }
    }

    /// The gradients of Σ aᵀ y + bᵀ dy for all rows of the forward pass that last filled `memory`.
    #[expect(clippy::too_many_arguments, reason = "what is given, and where each part goes")]
    pub(crate) fn run_pullback_tangent(
        &self,
        dx: Directions<'_, A>,
        b: Cotangents<'_, A>,
        a: Option<ArrayView2<'_, A>>,
        state: InputCotangents<'_, A>,
        directions: Option<ArrayViewMut3<'_, A>>,
        params: Option<&mut [A]>,
        memory: &mut GraphMemory<A>,
    ) {
        let (rows, outputs) = (memory.rows, self.width().1);
        self.expect_directions(rows, &dx, state.offset);
        match &b {
            Cotangents::Given(b) => {
                let shape = (dx.count(), rows, outputs);
                assert_eq!(b.dim(), shape, "the tangents' cotangents must have the tangents' shape");
            }
            Cotangents::Along(_, c) => assert_eq!(c.len(), rows, "a divergence has one cotangent a row"),
        }
        if let Some(a) = &a {
            assert_eq!(a.dim(), (rows, outputs), "the cotangents must have the shape of the output");
        }
        if let Some(directions) = &directions {
            let shape = (dx.count(), rows, dx.columns());
            assert_eq!(directions.dim(), shape, "the directions' cotangents must have the directions' shape");
        }
        self.expect_cotangents(rows, &state);
        let plan = &*self.plan;
        let scratch = plan.cotangents_len + plan.curvature_len + plan.tangents.len;
        let (passes, gradient) = (3 * dx.count() + 1, params.is_some());
        self.in_groups(rows, passes, scratch, params, memory, |values, groups, shared| {
            let group = groups.rows;
            let pass = Bend { dx, b, a, rows, state, directions, values, groups };
            divide(pass, group, shared, &|pass| self.bend_group(pass, gradient));
        });
    }

    fn bend_group(&self, pass: Bend<'_, '_, '_, '_, A>, gradient: bool) {
        let Bend { dx, b, a, rows, mut state, mut directions, values, groups } = pass;
        let plan = &*self.plan;
        let (cotangents, rest) = groups.scratch.0.split_at_mut(plan.cotangents_len);
        let (curvature, tangents) = rest.split_at_mut(plan.curvature_len);
        let mut sums = groups.sums.map(|(sums, one)| &mut sums[..one]);
        if let Some(sums) = sums.as_deref_mut() {
            sums.fill(A::zero());
        }
        let bend = Wanted { input: state.wanted() || directions.is_some(), params: gradient };
        let pull = Wanted { input: state.wanted(), params: gradient };
        let offset = state.offset;
        for (first, values) in (0..rows).step_by(plan.tile).zip(values.chunks_exact(plan.values.len)) {
            let count = (rows - first).min(plan.tile);
            curvature.fill(A::zero());
            for k in 0..dx.count() {
                self.load_direction(&dx, k, first, offset, count, tangents);
                self.tangent_tile(count, values, tangents);
                let mut last = plan.cotangents[self.nodes.len()].rows_mut(cotangents, count);
                for i in 0..count {
                    let to = last.row_mut(i);
                    match &b {
                        Cotangents::Given(b) => load_row(b.index_axis(Axis(0), k).row(first + i), to),
                        Cotangents::Along(weight, c) => {
                            dx.load(k, first + i, to);
                            let factor = *weight * c[first + i];
                            to.iter_mut().for_each(|to| *to *= factor);
                        }
                    }
                }
                self.bend_tile(count, values, tangents, cotangents, curvature, bend, sums.as_deref_mut());
                if let Some(directions) = &mut directions {
                    let from = plan.cotangents[0].rows(cotangents, count);
                    let columns = offset..offset + dx.columns();
                    for (i, row) in from.iter().enumerate() {
                        store_row(
                            &row[columns.clone()],
                            directions.index_axis_mut(Axis(0), k).row_mut(first + i),
                        );
                    }
                }
            }
            match a {
                Some(a) => self.load_cotangent(a, first, count, cotangents),
                None => plan.cotangents[self.nodes.len()].rows_mut(cotangents, count).fill(A::zero()),
            }
            self.pull_tile(count, values, cotangents, Some(curvature), pull, sums.as_deref_mut());
            state.store(first, plan.cotangents[0].rows(cotangents, count));
        }
    }

    fn load_direction(
        &self,
        dx: &Directions<'_, A>,
        k: usize,
        first: usize,
        offset: usize,
        count: usize,
        tangents: &mut [A],
    ) {
        let mut to = self.plan.tangents.levels[0].rows_mut(tangents, count);
        let columns = offset..offset + dx.columns();
        for i in 0..count {
            let row = to.row_mut(i);
            row[..offset].fill(A::zero());
            dx.load(k, first + i, &mut row[columns.clone()]);
            row[columns.end..].fill(A::zero());
        }
    }

    fn expect_directions(&self, rows: usize, dx: &Directions<'_, A>, offset: usize) {
        if let Directions::Given(dx) = dx {
            assert_eq!(dx.dim().1, rows, "the directions must have the rows of the states");
        }
        assert!(
            offset + dx.columns() <= self.width().0,
            "the directions must have the columns of the states"
        );
    }
}

/// Σ uᵢ vᵢ over the shorter.
fn dot<A: Element>(u: &[A], v: &[A]) -> A {
    u.iter().zip(v).fold(A::zero(), |sum, (&u, &v)| sum + u * v)
}
