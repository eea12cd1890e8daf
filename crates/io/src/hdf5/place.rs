//! From a decoded chunk to where its values belong.

use super::grid::{Grid, Parts, Turn};
use bytemuck::Pod;
use std::ops::Range;

impl Grid {
    /// Puts a decoded chunk into all parts.
    pub(super) fn place<T: Pod>(
        &self,
        (side, corner): (&[usize], &[usize]),
        bytes: &[u8],
        parts: &mut Parts<'_, T>,
        turn: &Turn<'_, T>,
    ) {
        let (rank, size) = (self.shape.len(), self.size);
        if rank == 1 {
            for (range, out) in parts {
                (turn.convert)(&bytes[range.start * size..range.end * size], out);
            }
            return;
        }
        for (range, out) in parts {
            match turn.same {
                Some((as_bytes, None)) if rank == 2 => {
                    let (width, stride) =
                        (size * side[1].min(self.shape[1] - corner[1]), size * self.shape[1]);
                    let (from, to) =
                        (bytes.chunks_exact(size * side[1]), as_bytes(out).chunks_exact_mut(stride));
                    let rows = from.skip(range.start).zip(to);
                    copy(
                        rows.map(|(from, to)| (&from[..width], &mut to[size * corner[1]..][..width])),
                        width,
                    );
                }
                _ => self.lines((side, corner), bytes, range, out, turn),
            }
        }
    }

    /// Converts the rows `range` of a chunk, line by line along the last dimension, to their columns in `out`.
    fn lines<T>(
        &self,
        (side, corner): (&[usize], &[usize]),
        bytes: &[u8],
        range: &Range<usize>,
        out: &mut [T],
        turn: &Turn<'_, T>,
    ) {
        let (rank, size, each) = (self.shape.len(), self.size, turn.each);
        let extent = |d: usize| side[d].min(self.shape[d] - corner[d]);
        let line = extent(rank - 1);
        let lines: usize = (1..rank - 1).map(extent).product();
        for row in range.clone() {
            for k in 0..lines {
                // The place of the k-th line, within the chunk and within the array.
                let (mut from, mut to, mut left) = (0, corner[rank - 1], k);
                let (mut inner, mut outer) = (side[rank - 1], self.shape[rank - 1]);
                for d in (1..rank - 1).rev() {
                    let i = left % extent(d);
                    left /= extent(d);
                    from += i * inner;
                    to += (corner[d] + i) * outer;
                    inner *= side[d];
                    outer *= self.shape[d];
                }
                from += row * inner;
                to += (row - range.start) * outer;
                let stored = &bytes[from * size..(from + line) * size];
                (turn.convert)(stored, &mut out[to * each..(to + line) * each]);
            }
        }
    }
}

/// Copies each line; a few bytes at a time are copied without a call where their number is known to the compiler.
fn copy<'a>(lines: impl Iterator<Item = (&'a [u8], &'a mut [u8])>, width: usize) {
    fn fixed<'a, const N: usize>(lines: impl Iterator<Item = (&'a [u8], &'a mut [u8])>) {
        for (from, to) in lines {
            if let (Some(from), Some(to)) = (from.first_chunk::<N>(), to.first_chunk_mut::<N>()) {
                *to = *from;
            }
        }
    }
    match width {
        4 => fixed::<4>(lines),
        8 => fixed::<8>(lines),
        16 => fixed::<16>(lines),
        28 => fixed::<28>(lines),
        32 => fixed::<32>(lines),
        _ => lines.for_each(|(from, to)| to.copy_from_slice(from)),
    }
}
