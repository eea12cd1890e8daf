//! Rows of a matrix that is compressed along columns: one pass over all of it, whatever rows are wanted.

use super::backed::{BackedMatrix, Part};
use crate::memory::zeros;
use crate::{Csr, IoError, SparseProblem};
use std::sync::Arc;

/// Entries that are looked at together.
const BLOCK: usize = 1 << 20;

/// A matrix by columns.
#[derive(Clone)]
pub(super) struct Columns {
    pub(super) indptr: Arc<[usize]>,
    pub(super) indices: Part,
    pub(super) data: Part,
}

/// Entries of the wanted rows, in the file's order: column after column.
#[derive(Default)]
struct Found {
    places: Vec<u32>,
    columns: Vec<u32>,
    values: Vec<f32>,
}

impl BackedMatrix {
    /// Rows, which must increase, of a matrix by columns. Beside what is found, memory is four bytes for each row of the
    /// file and a block of entries.
    pub(super) fn rows_of_columns(&self, columns: &Columns, rows: &[usize]) -> Result<Csr, IoError> {
        const UNWANTED: u32 = u32::MAX;
        let shape = self.shape();
        let mut place = vec![UNWANTED; shape.0];
        for (to, &row) in rows.iter().enumerate() {
            // Places are fewer than rows, which an index of 32 bits numbers.
            place[row] = to as u32;
        }
        let mut found = Found::default();
        let stored = columns.indptr.last().copied().unwrap_or(0);
        let (mut indices, mut values) = (zeros::<u32>(BLOCK.min(stored)), zeros::<f32>(BLOCK.min(stored)));
        let mut column = 0;
        for start in (0..stored).step_by(BLOCK) {
            let range = start..stored.min(start + BLOCK);
            let (indices, values) = (&mut indices[..range.len()], &mut values[..range.len()]);
            let ranges = std::slice::from_ref(&range);
            columns.indices.read(ranges, indices).map_err(|fault| self.fault(&columns.indices, fault))?;
            columns.data.read(ranges, values).map_err(|fault| self.fault(&columns.data, fault))?;
            for (at, (&row, &value)) in range.zip(indices.iter().zip(&*values)) {
                while columns.indptr[column + 1] <= at {
                    column += 1;
                }
                let Some(&to) = place.get(row as usize) else {
                    return Err(self.bad(SparseProblem::Index { at, index: i64::from(row), bound: shape.0 }));
                };
                if to != UNWANTED {
                    found.places.push(to);
                    found.columns.push(column as u32);
                    found.values.push(value);
                }
            }
        }
        found.by_rows((rows.len(), shape.1)).map_err(|problem| self.bad(problem))
    }
}

impl Found {
    /// A counting sort, so that the columns of a row stay in order.
    fn by_rows(self, shape: (usize, usize)) -> Result<Csr, SparseProblem> {
        let mut indptr = vec![0usize; shape.0 + 1];
        self.places.iter().for_each(|&to| indptr[to as usize + 1] += 1);
        for i in 0..shape.0 {
            indptr[i + 1] += indptr[i];
        }
        let mut next = indptr.clone();
        let (mut columns, mut values) = (zeros::<u32>(self.places.len()), zeros::<f32>(self.places.len()));
        for ((&to, &column), &value) in self.places.iter().zip(&self.columns).zip(&self.values) {
            let at = &mut next[to as usize];
            (columns[*at], values[*at]) = (column, value);
            *at += 1;
        }
        Csr::new(shape, indptr, columns, values)
    }
}
