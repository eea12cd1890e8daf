//! Some cells, some genes, as a view.

use crate::error::length;
use crate::{Block, PrepError, Rows, SparseRows};

/// Chosen rows and columns of a matrix, in their order there.
#[derive(Clone, Debug)]
pub struct Select<R> {
    rows: R,
    cells: Option<Vec<bool>>,
    /// The new column of each old one.
    place: Option<Vec<Option<u32>>>,
    shape: (usize, usize),
}

impl<R: Rows> Select<R> {
    /// Everything; choose with [`cells`](Self::cells) and [`genes`](Self::genes).
    pub fn new(rows: R) -> Self {
        let shape = rows.shape();
        Self { rows, cells: None, place: None, shape }
    }

    /// Only the rows marked.
    ///
    /// # Errors
    /// [`PrepError::Length`] without one mark a row.
    pub fn cells(mut self, keep: &[bool]) -> Result<Self, PrepError> {
        length("the choice of cells", "cells", self.rows.shape().0, keep.len())?;
        self.shape.0 = keep.iter().filter(|&&k| k).count();
        self.cells = Some(keep.to_vec());
        Ok(self)
    }

    /// Only the columns marked.
    ///
    /// # Errors
    /// [`PrepError::Length`] without one mark a column.
    pub fn genes(mut self, keep: &[bool]) -> Result<Self, PrepError> {
        length("the choice of genes", "genes", self.rows.shape().1, keep.len())?;
        let mut next = 0;
        let place = keep.iter().map(|&k| {
            k.then(|| {
                next += 1;
                next - 1
            })
        });
        self.place = Some(place.collect());
        self.shape.1 = next as usize;
        Ok(self)
    }
}

impl<R: Rows> Rows for Select<R> {
    fn shape(&self) -> (usize, usize) {
        self.shape
    }

    fn each(&self, visit: &mut dyn FnMut(&Block<'_>) -> Result<(), PrepError>) -> Result<(), PrepError> {
        let mut kept = SparseRows::empty(self.shape.1);
        let (mut columns, mut values) = (Vec::new(), Vec::new());
        let mut first = 0;
        self.rows.each(&mut |block| {
            kept.clear();
            for i in 0..block.len() {
                if self.cells.as_ref().is_some_and(|keep| !keep[block.first() + i]) {
                    continue;
                }
                let (j, v) = block.row(i);
                let Some(place) = &self.place else {
                    kept.push(j, v);
                    continue;
                };
                columns.clear();
                values.clear();
                for (&j, &v) in j.iter().zip(v) {
                    if let Some(new) = place[j as usize] {
                        columns.push(new);
                        values.push(v);
                    }
                }
                kept.push(&columns, &values);
            }
            let block = kept.block(first);
            first += block.len();
            visit(&block)
        })
    }
}
