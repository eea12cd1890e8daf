//! Rows of a matrix, read when they are wanted.

use super::backed_csc::Columns;
use super::{ElementKind, H5ad, join};
use crate::hdf5::{Fault, Grid, NO_INDEX, Number, StoredNumber};
use crate::memory::zeros;
use crate::{Csr, IoError, Matrix, SparseProblem};
use ndarray::Array2;
use std::ops::Range;
use std::path::PathBuf;
use std::sync::Arc;

/// A matrix that stays in the file; its rows are read when they are wanted, each stored chunk once a call.
///
/// It holds the row pointers of a sparse matrix (eight bytes a row) and where the chunks are, nothing else, and may
/// go to another thread.
#[derive(Clone)]
pub struct BackedMatrix {
    path: PathBuf,
    element: String,
    shape: (usize, usize),
    values: Values,
}

#[derive(Clone)]
enum Values {
    Dense(Part),
    Csr { indptr: Arc<[usize]>, indices: Part, data: Part },
    Csc(Columns),
}

/// One dataset of numbers.
#[derive(Clone)]
pub(super) struct Part {
    element: String,
    grid: Grid,
    stored: StoredNumber,
}

impl Part {
    /// The numbers of ranges of entries, which must increase.
    pub(super) fn read<T: Number>(&self, ranges: &[Range<usize>], out: &mut [T]) -> Result<(), Fault> {
        self.grid.numbers(self.stored, ranges, out)
    }
}

impl H5ad {
    /// `X`, `layers/KEY` or any other dense or sparse matrix, without reading its values.
    ///
    /// Rows of a CSC matrix are spread over all of it, so every call of [`rows`](BackedMatrix::rows) goes through all of its
    /// entries: ask for many rows at once, or store it by rows.
    ///
    /// # Errors
    /// As [`x`](Self::x); [`IoError::Encoding`] for what is no matrix.
    pub fn backed(&self, element: &str) -> Result<BackedMatrix, IoError> {
        let part = |element: &str| -> Result<Part, IoError> {
            let (grid, datatype) = self.container.grid(element)?;
            let stored = self.container.number_type(element, &datatype)?;
            Ok(Part { element: element.to_string(), grid, stored })
        };
        let kind = self.kind(element)?;
        let shape = match kind {
            Some(ElementKind::Array | ElementKind::Csr | ElementKind::Csc) => self.matrix_shape(element)?,
            Some(other) => return Err(self.unread(element, other, "rows")),
            None => return Err(self.unread(element, "absent", "rows")),
        };
        let Some(shape) = shape else { return Err(self.container.corrupt(element, "it has no shape")) };
        let values = if kind == Some(ElementKind::Array) {
            Values::Dense(part(element)?)
        } else {
            let (indices, data) = (part(&join(element, "indices"))?, part(&join(element, "data"))?);
            let by_rows = kind == Some(ElementKind::Csr);
            let major = if by_rows { shape.0 } else { shape.1 };
            let indptr = self.indptr(element, major, indices.grid.rows())?.into();
            self.check(&join(element, "data"), "values", indices.grid.rows(), data.grid.rows())?;
            if by_rows {
                Values::Csr { indptr, indices, data }
            } else {
                Values::Csc(Columns { indptr, indices, data })
            }
        };
        let (path, element) = (self.path().to_path_buf(), element.to_string());
        Ok(BackedMatrix { path, element, shape, values })
    }

    /// Pointers of a matrix with so many rows (or columns) and stored entries.
    pub(super) fn indptr(&self, element: &str, major: usize, stored: usize) -> Result<Vec<usize>, IoError> {
        let bad = |problem: SparseProblem| {
            let (path, element) = (self.path().to_path_buf(), element.to_string());
            IoError::Sparse { path, element, problem }
        };
        let name = join(element, "indptr");
        let (expected, found) = (major.saturating_add(1), self.container.header(&name)?.len());
        if found != expected {
            return Err(bad(SparseProblem::Pointers { expected, found }));
        }
        let mut last = 0;
        let mut indptr = Vec::with_capacity(found);
        for (at, pointer) in self.container.i64s(&name)?.into_iter().enumerate() {
            let next = usize::try_from(pointer).unwrap_or(0);
            if pointer < 0 || next < last || (at == 0 && next != 0) {
                return Err(bad(SparseProblem::PointerOrder { at }));
            }
            last = next;
            indptr.push(next);
        }
        if last != stored {
            return Err(bad(SparseProblem::Stored { indices: stored, values: stored, pointed: last }));
        }
        Ok(indptr)
    }
}

impl BackedMatrix {
    /// (rows, columns).
    pub fn shape(&self) -> (usize, usize) {
        self.shape
    }

    /// Bytes that a row takes in memory, on average.
    pub fn row_bytes(&self) -> usize {
        match &self.values {
            Values::Dense(_) => 4 * self.shape.1,
            Values::Csr { indptr, .. } | Values::Csc(Columns { indptr, .. }) => {
                8 * indptr.last().map_or(0, |n| n.div_ceil(self.shape.0.max(1))) + 8
            }
        }
    }

    /// The given rows, which must increase, in `f32`: CSR if the matrix is sparse, else dense.
    ///
    /// # Errors
    /// [`IoError::Length`] for a row that it has not; [`IoError::Read`], [`IoError::Corrupt`], [`IoError::Sparse`].
    pub fn rows(&self, rows: &[usize]) -> Result<Matrix, IoError> {
        let increasing = rows.windows(2).all(|w| w[0] < w[1]);
        if let Some(&outside) = rows.iter().max().filter(|&&row| row >= self.shape.0 || !increasing) {
            let (path, element) = (self.path.clone(), self.element.clone());
            let (expected, found) = (outside.saturating_add(1), self.shape.0);
            return Err(IoError::Length { path, element, what: "rows", expected, found });
        }
        let runs = runs(rows);
        match &self.values {
            Values::Csc(columns) => self.rows_of_columns(columns, rows).map(Matrix::Csr),
            Values::Dense(part) => {
                let mut out = zeros::<f32>(rows.len() * self.shape.1);
                part.grid.numbers(part.stored, &runs, &mut out).map_err(|fault| self.fault(part, fault))?;
                let dense = Array2::from_shape_vec((rows.len(), self.shape.1), out);
                Ok(Matrix::Dense(dense.expect("rows of the matrix's width")))
            }
            Values::Csr { indptr, indices, data } => {
                let mut starts = Vec::with_capacity(rows.len() + 1);
                starts.push(0);
                let mut total = 0;
                for &row in rows {
                    total += indptr[row + 1] - indptr[row];
                    starts.push(total);
                }
                let stored: Vec<Range<usize>> = runs
                    .iter()
                    .map(|run| indptr[run.start]..indptr[run.end])
                    .filter(|range| !range.is_empty())
                    .collect();
                let (mut places, mut values) = (zeros::<u32>(total), zeros::<f32>(total));
                let (a, b) = rayon::join(
                    || indices.grid.numbers(indices.stored, &stored, &mut places),
                    || data.grid.numbers(data.stored, &stored, &mut values),
                );
                a.map_err(|fault| self.fault(indices, fault))?;
                b.map_err(|fault| self.fault(data, fault))?;
                let rows = Csr::new((rows.len(), self.shape.1), starts, places, values);
                rows.map(Matrix::Csr).map_err(|problem| self.bad(problem))
            }
        }
    }

    pub(super) fn bad(&self, problem: SparseProblem) -> IoError {
        let problem = match problem {
            SparseProblem::Index { at, index, bound } if index == i64::from(NO_INDEX) => {
                SparseProblem::Index { at, index: -1, bound }
            }
            other => other,
        };
        IoError::Sparse { path: self.path.clone(), element: self.element.clone(), problem }
    }

    pub(super) fn fault(&self, part: &Part, fault: Fault) -> IoError {
        let path = self.path.clone();
        match fault {
            Fault::Io(source) => IoError::Read { path, source },
            Fault::Bad(reason) => IoError::Corrupt { path, element: part.element.clone(), reason },
        }
    }
}

/// Increasing rows as ranges.
pub(super) fn runs(rows: &[usize]) -> Vec<Range<usize>> {
    let mut runs: Vec<Range<usize>> = Vec::new();
    for &row in rows {
        match runs.last_mut() {
            Some(run) if run.end == row => run.end += 1,
            _ => runs.push(row..row + 1),
        }
    }
    runs
}
