//! Which entries of a matrix may differ from zero.

use std::sync::Arc;
use thiserror::Error;

/// Where the entries of a square matrix lie.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Structure {
    /// Anywhere.
    #[default]
    Dense,
    /// On `lower` diagonals below the main one, on it, and on `upper` above.
    Banded {
        /// Diagonals below the main one.
        lower: usize,
        /// Diagonals above it.
        upper: usize,
    },
    /// In the places of a pattern.
    Sparse(Arc<Pattern>),
}

impl Structure {
    /// Entries on the main diagonal alone.
    pub const DIAGONAL: Self = Self::Banded { lower: 0, upper: 0 };

    /// The rows of column `j` that may hold an entry, in rising order.
    pub(crate) fn rows(&self, size: usize, j: usize) -> Rows<'_> {
        match self {
            Self::Dense => Rows::Range(0..size),
            Self::Banded { lower, upper } => {
                Rows::Range(j.saturating_sub(*upper)..size.min(j.saturating_add(lower + 1)))
            }
            Self::Sparse(pattern) => Rows::List(pattern.column(j).iter()),
        }
    }
}

/// The rows of one column.
pub(crate) enum Rows<'a> {
    Range(std::ops::Range<usize>),
    List(std::slice::Iter<'a, usize>),
}

impl Iterator for Rows<'_> {
    type Item = usize;

    #[inline]
    fn next(&mut self) -> Option<usize> {
        match self {
            Self::Range(range) => range.next(),
            Self::List(list) => list.next().copied(),
        }
    }
}

/// The places of a sparse matrix, column by column.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pattern {
    starts: Vec<usize>,
    rows: Vec<usize>,
}

/// A place outside the matrix.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
#[error("entry ({row}, {column}) is outside a matrix of size {size}; rows and columns count from 0")]
pub struct PatternError {
    /// Its row.
    pub row: usize,
    /// Its column.
    pub column: usize,
    /// Rows and columns of the matrix.
    pub size: usize,
}

impl Pattern {
    /// The places `(row, column)` of a square matrix of `size` rows, in any order, repeated or not.
    ///
    /// # Errors
    /// Names a place outside the matrix.
    pub fn new(size: usize, places: impl IntoIterator<Item = (usize, usize)>) -> Result<Self, PatternError> {
        let mut places: Vec<_> = places.into_iter().map(|(row, column)| (column, row)).collect();
        if let Some(&(column, row)) = places.iter().find(|(column, row)| *column >= size || *row >= size) {
            return Err(PatternError { row, column, size });
        }
        places.sort_unstable();
        places.dedup();
        let mut starts = vec![0; size + 1];
        for (column, _) in &places {
            starts[column + 1] += 1;
        }
        for j in 0..size {
            starts[j + 1] += starts[j];
        }
        Ok(Self { starts, rows: places.into_iter().map(|(_, row)| row).collect() })
    }

    /// Rows and columns of the matrix.
    pub fn size(&self) -> usize {
        self.starts.len() - 1
    }

    /// The number of places.
    pub fn len(&self) -> usize {
        self.rows.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// The rows of column `j`, rising.
    pub fn column(&self, j: usize) -> &[usize] {
        &self.rows[self.starts[j]..self.starts[j + 1]]
    }

    /// Where the values of column `j` begin.
    #[inline]
    pub(crate) fn start(&self, j: usize) -> usize {
        self.starts[j]
    }

    /// Which value belongs to `(i, j)`.
    #[inline]
    pub(crate) fn position(&self, i: usize, j: usize) -> Option<usize> {
        self.column(j).binary_search(&i).ok().map(|k| self.starts[j] + k)
    }
}
