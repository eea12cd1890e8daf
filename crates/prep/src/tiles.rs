//! Rows regrouped into tiles of one size, so that sums do not depend on how a source cuts its blocks.

use crate::{PrepError, Rows, SparseRows};

/// Hands `visit` up to `count` tiles of `size` rows at a time, in order, with the number of the first row.
pub(crate) fn tiles(
    rows: &(impl Rows + ?Sized),
    (size, count): (usize, usize),
    mut visit: impl FnMut(usize, &[SparseRows]) -> Result<(), PrepError>,
) -> Result<(), PrepError> {
    let columns = rows.shape().1;
    let mut full: Vec<SparseRows> = Vec::new();
    let mut open = SparseRows::empty(columns);
    let mut first = 0;
    rows.each(&mut |block| {
        for i in 0..block.len() {
            let (j, v) = block.row(i);
            open.push(j, v);
            if open.shape().0 == size {
                full.push(std::mem::replace(&mut open, SparseRows::empty(columns)));
                if full.len() == count {
                    visit(first, &full)?;
                    first += count * size;
                    full.clear();
                }
            }
        }
        Ok(())
    })?;
    if open.shape().0 > 0 {
        full.push(open);
    }
    if full.is_empty() { Ok(()) } else { visit(first, &full) }
}
