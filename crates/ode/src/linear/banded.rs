//! LU factors of banded matrices, with partial pivoting.
//!
//! The storage is that of LAPACK's `gbtrf`: `2 lower + upper + 1` entries a column, because swapping
//! rows widens the upper band by `lower`. Multipliers stay where they were made, so a solve swaps and
//! eliminates in turns.

use super::{Number, Singular};

/// The width of the band and of its storage.
#[derive(Clone, Copy, Debug)]
pub(super) struct Band {
    pub(super) lower: usize,
    pub(super) upper: usize,
}

impl Band {
    /// Entries stored a column.
    #[inline]
    pub(super) fn depth(self) -> usize {
        2 * self.lower + self.upper + 1
    }

    /// Where the diagonal entry of a column lies in it.
    #[inline]
    pub(super) fn diagonal(self) -> usize {
        self.lower + self.upper
    }
}

/// Overwrites `a` with its factors; the diagonal of U as reciprocals.
pub(super) fn factor<T: Number>(band: Band, a: &mut [T], pivots: &mut [usize]) -> Result<(), Singular> {
    let (n, depth, diagonal) = (pivots.len(), band.depth(), band.diagonal());
    for k in 0..n {
        let below = band.lower.min(n - 1 - k);
        let (left, right) = a.split_at_mut((k + 1) * depth);
        let column = &mut left[k * depth..];
        let (mut offset, mut largest) = (0, column[diagonal].size());
        for i in 1..=below {
            let size = column[diagonal + i].size();
            if size > largest {
                (offset, largest) = (i, size);
            }
        }
        if !(largest > 0.0 && largest < f64::INFINITY) {
            return Err(Singular { column: k });
        }
        pivots[k] = k + offset;
        column.swap(diagonal, diagonal + offset);
        let inverse = column[diagonal].recip();
        column[diagonal] = inverse;
        for entry in &mut column[diagonal + 1..=diagonal + below] {
            *entry *= inverse;
        }
        let multipliers = &column[diagonal + 1..=diagonal + below];
        // Row k of column k + j lies j places higher.
        let reach = diagonal.min(n - 1 - k);
        for (j, column) in right.chunks_exact_mut(depth).take(reach).enumerate() {
            let row = diagonal - (j + 1);
            column.swap(row, row + offset);
            let u = column[row];
            if u != T::default() {
                for (entry, l) in column[row + 1..].iter_mut().zip(multipliers) {
                    *entry -= *l * u;
                }
            }
        }
    }
    Ok(())
}

/// Solves with the factors that [`factor`] left.
pub(super) fn solve<T: Number>(band: Band, a: &[T], pivots: &[usize], b: &mut [T]) {
    let (n, depth, diagonal) = (pivots.len(), band.depth(), band.diagonal());
    for (k, column) in a.chunks_exact(depth).enumerate() {
        b.swap(k, pivots[k]);
        let below = band.lower.min(n - 1 - k);
        let (head, tail) = b.split_at_mut(k + 1);
        let x = head[k];
        for (b, l) in tail.iter_mut().zip(&column[diagonal + 1..=diagonal + below]) {
            *b -= *l * x;
        }
    }
    for (k, column) in a.chunks_exact(depth).enumerate().rev() {
        let x = b[k] * column[diagonal];
        b[k] = x;
        let above = diagonal.min(k);
        for (b, u) in b[k - above..k].iter_mut().zip(&column[diagonal - above..diagonal]) {
            *b -= *u * x;
        }
    }
}
