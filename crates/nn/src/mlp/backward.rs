//! The pullback to every layer's cotangents, tile by tile.

use super::forward::copy_row;
use super::{Mlp, SHARE, parallel};
use crate::kernel::{Element, pull_activation};
use crate::layer::stride;
use crate::memory::{MlpMemory, TILE};
use chreode_core::Network;
use ndarray::{ArrayView2, ArrayViewMut2, Axis};

/// The rows of a few tiles, what is known of them and what is written for them.
struct Part<'a, A> {
    a: ArrayView2<'a, A>,
    state: Option<ArrayViewMut2<'a, A>>,
    values: &'a [A],
    cotangents: &'a mut [A],
}

impl<A: Element> Mlp<A> {
    /// Fills the memory's cotangents, and `state`.
    pub(super) fn run_backward(
        &self,
        a: ArrayView2<'_, A>,
        state: Option<ArrayViewMut2<'_, A>>,
        memory: &mut MlpMemory<A>,
    ) {
        let rows = memory.rows;
        assert_eq!(a.dim(), (rows, self.config.output), "the cotangents must have the shape of the output");
        if let Some(state) = &state {
            let expected = (rows, self.config.state);
            assert_eq!(state.dim(), expected, "the states' cotangents must have the shape of the states");
        }
        let tiles = rows.div_ceil(TILE);
        let values = &memory.values.as_slice()[..tiles * self.plan.values_len];
        let cotangents = &mut memory.cotangents.as_mut_slice()[..tiles * self.plan.cotangents_len];
        let part = Part { a, state, values, cotangents };
        if parallel(rows * self.parameter_count()) {
            self.backward_split(part)
        } else {
            self.backward_tiles(part)
        }
    }

    fn backward_split(&self, part: Part<'_, A>) {
        let rows = part.a.nrows();
        let tiles = rows.div_ceil(TILE);
        if tiles < 2 || rows * self.parameter_count() <= SHARE {
            return self.backward_tiles(part);
        }
        let half = tiles / 2;
        let (a0, a1) = part.a.split_at(Axis(0), half * TILE);
        let (state0, state1) = match part.state.map(|state| state.split_at(Axis(0), half * TILE)) {
            Some((state0, state1)) => (Some(state0), Some(state1)),
            None => (None, None),
        };
        let (values0, values1) = part.values.split_at(half * self.plan.values_len);
        let (cotangents0, cotangents1) = part.cotangents.split_at_mut(half * self.plan.cotangents_len);
        rayon::join(
            || self.backward_split(Part { a: a0, state: state0, values: values0, cotangents: cotangents0 }),
            || self.backward_split(Part { a: a1, state: state1, values: values1, cotangents: cotangents1 }),
        );
    }

    fn backward_tiles(&self, part: Part<'_, A>) {
        let Part { a, mut state, values, cotangents } = part;
        let values = values.chunks_exact(self.plan.values_len);
        let tiles = values.zip(cotangents.chunks_exact_mut(self.plan.cotangents_len));
        for (i, ((values, cotangents), a)) in tiles.zip(a.axis_chunks_iter(Axis(0), TILE)).enumerate() {
            self.backward_tile(a, values, cotangents, state.is_some());
            if let Some(state) = &mut state {
                let rows = i * TILE..i * TILE + a.nrows();
                let from =
                    cotangents[self.plan.cotangents[0].clone()].chunks_exact(stride::<A>(self.config.state));
                for (row, from) in rows.zip(from) {
                    let mut to = state.row_mut(row);
                    match to.as_slice_mut() {
                        Some(to) => to.copy_from_slice(&from[..self.config.state]),
                        None => to.iter_mut().zip(from).for_each(|(to, from)| *to = *from),
                    }
                }
            }
        }
    }

    fn backward_tile(&self, a: ArrayView2<'_, A>, values: &[A], cotangents: &mut [A], state: bool) {
        let rows = a.nrows();
        let plan = &self.plan;
        let output = plan.cotangents[self.layers.len()].clone();
        let last = cotangents[output].chunks_exact_mut(stride::<A>(self.config.output));
        for (to, a) in last.zip(a.rows()) {
            copy_row(a.as_slice(), a.iter(), &mut to[..self.config.output]);
        }
        for (level, layer) in self.layers.iter().enumerate().rev() {
            if level == 0 && !state {
                return;
            }
            let (before, z) = cotangents.split_at_mut(plan.cotangents[level + 1].start);
            let h = &mut before[plan.cotangents[level].clone()];
            layer.pull(self.machine, rows, z, h);
            if level > 0 {
                let kept = &values[plan.kept(self.config.activation, level)];
                let end = rows * stride::<A>(layer.inputs);
                pull_activation(self.machine, self.config.activation, &mut h[..end], &kept[..end]);
            }
        }
    }
}
