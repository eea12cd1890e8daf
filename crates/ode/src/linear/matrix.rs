//! A square matrix with a structure.

use super::Structure;

/// A square matrix that stores the entries of its [`Structure`], column by column.
///
/// An entry written outside the structure is not stored but remembered, and the solve that meets such
/// a matrix ends with [`StepError::OutsideStructure`](crate::StepError::OutsideStructure).
///
/// ```
/// use chreode_ode::{Matrix, Structure};
///
/// let mut matrix = Matrix::zeros(3, Structure::Banded { lower: 1, upper: 0 });
/// matrix.set(2, 1, 5.0);
/// assert_eq!((matrix.get(2, 1), matrix.get(0, 2)), (5.0, 0.0));
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Matrix {
    size: usize,
    structure: Structure,
    values: Vec<f64>,
    outside: Option<(usize, usize)>,
}

impl Matrix {
    /// Zeros, with `size` rows and columns. A sparse matrix has the size of its pattern.
    pub fn zeros(size: usize, structure: Structure) -> Self {
        let (size, entries) = match &structure {
            Structure::Dense => (size, size * size),
            Structure::Banded { lower, upper } => (size, size * (lower + upper + 1)),
            Structure::Sparse(pattern) => (pattern.size(), pattern.len()),
        };
        Self { size, structure, values: vec![0.0; entries], outside: None }
    }

    /// A diagonal matrix.
    pub fn diagonal(entries: &[f64]) -> Self {
        let mut matrix = Self::zeros(entries.len(), Structure::DIAGONAL);
        matrix.values.copy_from_slice(entries);
        matrix
    }

    /// A dense matrix, row by row.
    pub fn from_rows<const N: usize>(rows: &[[f64; N]; N]) -> Self {
        let mut matrix = Self::zeros(N, Structure::Dense);
        matrix.set_rows(rows);
        matrix
    }

    /// Rows and columns.
    #[inline]
    pub fn size(&self) -> usize {
        self.size
    }

    /// Where its entries lie.
    #[inline]
    pub fn structure(&self) -> &Structure {
        &self.structure
    }

    /// The stored values, column by column; of a band, `lower + upper + 1` a column from the uppermost
    /// diagonal down.
    #[inline]
    pub fn values(&self) -> &[f64] {
        &self.values
    }

    /// The same, to write.
    #[inline]
    pub fn values_mut(&mut self) -> &mut [f64] {
        &mut self.values
    }

    /// Where `(i, j)` is stored.
    #[inline]
    pub(crate) fn position(&self, i: usize, j: usize) -> Option<usize> {
        if i >= self.size || j >= self.size {
            return None;
        }
        match &self.structure {
            Structure::Dense => Some(j * self.size + i),
            Structure::Banded { lower, upper } => {
                (i + upper >= j && i <= j + lower).then(|| j * (lower + upper + 1) + upper + i - j)
            }
            Structure::Sparse(pattern) => pattern.position(i, j),
        }
    }

    /// The entry in row `i` and column `j`; 0 outside the structure.
    #[inline]
    pub fn get(&self, i: usize, j: usize) -> f64 {
        self.position(i, j).map_or(0.0, |at| self.values[at])
    }

    /// Sets the entry in row `i` and column `j`.
    #[inline]
    pub fn set(&mut self, i: usize, j: usize, value: f64) {
        match self.position(i, j) {
            Some(at) => self.values[at] = value,
            None if value == 0.0 && i < self.size && j < self.size => {}
            None => self.outside = self.outside.or(Some((i, j))),
        }
    }

    /// Adds to the entry in row `i` and column `j`.
    #[inline]
    pub fn add(&mut self, i: usize, j: usize, value: f64) {
        let before = self.get(i, j);
        self.set(i, j, before + value);
    }

    /// Sets all entries, row by row.
    #[inline]
    pub fn set_rows<const N: usize>(&mut self, rows: &[[f64; N]; N]) {
        if let (Structure::Dense, true) = (&self.structure, self.size == N) {
            for (j, column) in self.values.chunks_exact_mut(N).enumerate() {
                for (entry, row) in column.iter_mut().zip(rows) {
                    *entry = row[j];
                }
            }
            return;
        }
        for (i, row) in rows.iter().enumerate() {
            for (j, value) in row.iter().enumerate() {
                self.set(i, j, *value);
            }
        }
    }

    /// Sets column `j` within the structure, the entry in row `i` to `value(i)`.
    #[inline]
    pub fn set_column(&mut self, j: usize, value: impl Fn(usize) -> f64) {
        match &self.structure {
            Structure::Dense => {
                for (i, entry) in self.values[j * self.size..][..self.size].iter_mut().enumerate() {
                    *entry = value(i);
                }
            }
            Structure::Banded { lower, upper } => {
                let (first, last) = (j.saturating_sub(*upper), self.size.min(j + lower + 1));
                let column = &mut self.values[j * (lower + upper + 1)..];
                for i in first..last {
                    column[upper + i - j] = value(i);
                }
            }
            Structure::Sparse(pattern) => {
                for (entry, i) in self.values[pattern.start(j)..].iter_mut().zip(pattern.column(j)) {
                    *entry = value(*i);
                }
            }
        }
    }

    /// Zeros all entries.
    #[inline]
    pub fn clear(&mut self) {
        self.values.fill(0.0);
        self.outside = None;
    }

    /// The first place outside the structure that was written to.
    #[inline]
    pub fn outside(&self) -> Option<(usize, usize)> {
        self.outside
    }

    /// Calls `f(row, column, value)` for each stored entry.
    pub fn for_each(&self, mut f: impl FnMut(usize, usize, f64)) {
        for j in 0..self.size {
            for i in self.structure.rows(self.size, j) {
                f(i, j, self.get(i, j));
            }
        }
    }

    /// `out += factor · self · x`.
    pub fn multiply_add(&self, factor: f64, x: &[f64], out: &mut [f64]) {
        match &self.structure {
            Structure::Dense => {
                for (column, x) in self.values.chunks_exact(self.size.max(1)).zip(x) {
                    let x = factor * x;
                    for (out, a) in out.iter_mut().zip(column) {
                        *out += a * x;
                    }
                }
            }
            Structure::Banded { lower, upper } => {
                let width = lower + upper + 1;
                for (j, (column, x)) in self.values.chunks_exact(width).zip(x).enumerate() {
                    let (first, last) = (j.saturating_sub(*upper), self.size.min(j + lower + 1));
                    for i in first..last {
                        out[i] += column[upper + i - j] * (factor * x);
                    }
                }
            }
            Structure::Sparse(pattern) => {
                for (j, x) in x.iter().enumerate() {
                    let values = &self.values[pattern.start(j)..];
                    for (i, a) in pattern.column(j).iter().zip(values) {
                        out[*i] += a * (factor * x);
                    }
                }
            }
        }
    }
}
