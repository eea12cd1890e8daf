//! The forward pass, tile by tile.

use super::{Mlp, SHARE, parallel};
use crate::kernel::{Element, activate};
use crate::layer::{lines, stride};
use crate::memory::{MlpMemory, TILE};
use chreode_core::Network;
use ndarray::{ArrayView2, ArrayViewMut2, Axis};

/// What a pass leaves behind.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Keep {
    /// The values of every layer, for a pullback.
    Values,
    /// Nothing: all tiles of a part use the memory of its first, which stays in the cache.
    Nothing,
}

/// The rows of a few tiles and what is written for them.
struct Part<'a, A> {
    t: &'a [A],
    x: ArrayView2<'a, A>,
    out: ArrayViewMut2<'a, A>,
    values: &'a mut [A],
    keep: Keep,
}

impl<A: Element> Mlp<A> {
    pub(super) fn run_forward(
        &self,
        t: &[A],
        x: ArrayView2<'_, A>,
        out: ArrayViewMut2<'_, A>,
        memory: &mut MlpMemory<A>,
        keep: Keep,
    ) {
        let rows = t.len();
        let (state, output) = (self.config.state, self.config.output);
        assert_eq!(x.dim(), (rows, state), "the states must have one row a time and the network's columns");
        assert_eq!(
            out.dim(),
            (rows, output),
            "the output must have one row a time and the network's columns"
        );
        memory.prepare(&self.plan, rows);
        let values = &mut memory.values.as_mut_slice()[..rows.div_ceil(TILE) * self.plan.values_len];
        let part = Part { t, x, out, values, keep };
        if parallel(rows * self.parameter_count()) {
            self.forward_split(part)
        } else {
            self.forward_tiles(part)
        }
    }

    /// Halves the tiles until a half is not worth a thread.
    fn forward_split(&self, part: Part<'_, A>) {
        let rows = part.t.len();
        let tiles = rows.div_ceil(TILE);
        if tiles < 2 || rows * self.parameter_count() <= SHARE {
            return self.forward_tiles(part);
        }
        let (at, keep) = (tiles / 2 * TILE, part.keep);
        let (t0, t1) = part.t.split_at(at);
        let (x0, x1) = part.x.split_at(Axis(0), at);
        let (out0, out1) = part.out.split_at(Axis(0), at);
        let (values0, values1) = part.values.split_at_mut(tiles / 2 * self.plan.values_len);
        rayon::join(
            || self.forward_split(Part { t: t0, x: x0, out: out0, values: values0, keep }),
            || self.forward_split(Part { t: t1, x: x1, out: out1, values: values1, keep }),
        );
    }

    fn forward_tiles(&self, part: Part<'_, A>) {
        let Part { t, x, mut out, values, keep } = part;
        let blocks = x.axis_chunks_iter(Axis(0), TILE).zip(out.axis_chunks_iter_mut(Axis(0), TILE));
        for (tile, (t, (x, out))) in t.chunks(TILE).zip(blocks).enumerate() {
            let at = if keep == Keep::Values { tile * self.plan.values_len } else { 0 };
            self.forward_tile(t, x, out, &mut values[at..at + self.plan.values_len]);
        }
    }

    fn forward_tile(&self, t: &[A], x: ArrayView2<'_, A>, mut out: ArrayViewMut2<'_, A>, values: &mut [A]) {
        let rows = t.len();
        let plan = &self.plan;
        let input = values[plan.values[0].clone()].chunks_exact_mut(stride::<A>(self.config.state + 1));
        for ((to, &t), x) in input.zip(t).zip(x.rows()) {
            to[0] = t;
            copy_row(x.as_slice(), x.iter(), &mut to[1..=self.config.state]);
        }
        for (level, layer) in self.layers.iter().enumerate() {
            let (before, after) = values.split_at_mut(plan.values[level + 1].start);
            let (z, slopes) = after.split_at_mut(plan.values[level + 1].len());
            layer.forward(self.machine, rows, &before[plan.values[level].clone()], z);
            if level + 1 == self.layers.len() {
                let z = z.chunks_exact(stride::<A>(self.config.output));
                for (mut to, from) in out.rows_mut().into_iter().zip(z) {
                    match to.as_slice_mut() {
                        Some(to) => to.copy_from_slice(&from[..self.config.output]),
                        None => to.iter_mut().zip(from).for_each(|(to, from)| *to = *from),
                    }
                }
                return;
            }
            let slopes = plan.slopes.get(level).map(|range| {
                let start = plan.values[level + 1].end;
                &mut slopes[range.start - start..range.end - start]
            });
            self.activate_rows(rows, layer.outputs, z, slopes);
        }
    }

    /// φ on the lines of `rows` rows, leaving the padding between rows alone.
    fn activate_rows(&self, rows: usize, width: usize, z: &mut [A], slopes: Option<&mut [A]>) {
        let (stride, used) = (stride::<A>(width), lines::<A>(width) * A::LINE);
        let activation = self.config.activation;
        if stride == used {
            let end = rows * stride;
            return activate(self.machine, activation, &mut z[..end], slopes.map(|s| &mut s[..end]));
        }
        match slopes {
            None => {
                for z in z.chunks_exact_mut(stride).take(rows) {
                    activate(self.machine, activation, &mut z[..used], None);
                }
            }
            Some(slopes) => {
                for (z, s) in z.chunks_exact_mut(stride).zip(slopes.chunks_exact_mut(stride)).take(rows) {
                    activate(self.machine, activation, &mut z[..used], Some(&mut s[..used]));
                }
            }
        }
    }
}

/// Copies a row of an array: at once where it is contiguous.
pub(super) fn copy_row<'a, A: Element>(
    slice: Option<&[A]>,
    entries: impl Iterator<Item = &'a A>,
    to: &mut [A],
) {
    match slice {
        Some(from) => to.copy_from_slice(from),
        None => to.iter_mut().zip(entries).for_each(|(to, from)| *to = *from),
    }
}
