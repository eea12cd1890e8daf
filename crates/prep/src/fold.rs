//! Sums over rows, on all threads, with the same bits for any number of threads and any cut into blocks.

use crate::{PrepError, Rows};
use rayon::prelude::*;

/// Rows whose sum is one partial sum; partial sums are added in order.
const CHUNK: usize = 1024;

/// Adds every row to an accumulator of its chunk of 1024 rows, and hands the accumulators to `merge` in order.
///
/// `add` gets the number of the row, its columns and its values. Within a chunk rows are added one after another, so
/// what comes out is a function of the rows alone.
pub(crate) fn fold<A: Send>(
    rows: &(impl Rows + ?Sized),
    make: impl Fn() -> A + Sync,
    add: impl Fn(&mut A, usize, &[u32], &[f32]) + Sync,
    mut merge: impl FnMut(A),
) -> Result<(), PrepError> {
    // The sum of a chunk that the next block goes on with.
    let mut open: Option<A> = None;
    rows.each(&mut |block| {
        let (first, end) = (block.first(), block.first() + block.len());
        let mut pieces: Vec<(Option<A>, usize, usize)> = Vec::new();
        let mut from = first;
        while from < end {
            let to = end.min((from / CHUNK + 1) * CHUNK);
            pieces.push((open.take(), from, to));
            from = to;
        }
        let sums: Vec<A> = pieces
            .into_par_iter()
            .map(|(carried, from, to)| {
                let mut sum = carried.unwrap_or_else(&make);
                for row in from..to {
                    let (columns, values) = block.row(row - first);
                    add(&mut sum, row, columns, values);
                }
                sum
            })
            .collect();
        let whole = if end % CHUNK == 0 { sums.len() } else { sums.len().saturating_sub(1) };
        for (i, sum) in sums.into_iter().enumerate() {
            if i < whole { merge(sum) } else { open = Some(sum) }
        }
        Ok(())
    })?;
    if let Some(sum) = open {
        merge(sum);
    }
    Ok(())
}

/// One value a row, in order.
pub(crate) fn map<T: Send>(
    rows: &(impl Rows + ?Sized),
    of: impl Fn(usize, &[u32], &[f32]) -> T + Sync,
) -> Result<Vec<T>, PrepError> {
    let mut all = Vec::with_capacity(rows.shape().0);
    rows.each(&mut |block| {
        let one = |i: usize| {
            let (columns, values) = block.row(i);
            of(block.first() + i, columns, values)
        };
        all.par_extend((0..block.len()).into_par_iter().with_min_len(64).map(one));
        Ok(())
    })?;
    Ok(all)
}

/// Adds `b` to `a`, entry by entry.
pub(crate) fn add_to(a: &mut [f64], b: &[f64]) {
    a.iter_mut().zip(b).for_each(|(a, b)| *a += b);
}
