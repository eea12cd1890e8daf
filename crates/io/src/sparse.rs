//! Compressed sparse matrices in `f32`, validated once.

use ndarray::Array2;
use std::ops::Range;
use thiserror::Error;

/// What does not fit in a compressed sparse matrix.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
#[non_exhaustive]
pub enum SparseProblem {
    /// Not one pointer more than rows (or columns).
    #[error("it has {found} pointers where {expected} are needed")]
    Pointers {
        /// The number needed.
        expected: usize,
        /// The number found.
        found: usize,
    },
    /// Pointers that go back, or do not start at 0.
    #[error("pointer {at} goes back")]
    PointerOrder {
        /// Its position.
        at: usize,
    },
    /// Not as many indices and values as the last pointer says.
    #[error("it has {indices} indices and {values} values where the last pointer says {pointed}")]
    Stored {
        /// Indices found.
        indices: usize,
        /// Values found.
        values: usize,
        /// The last pointer.
        pointed: usize,
    },
    /// An index outside the matrix.
    #[error("index {index} at position {at} is outside 0..{bound}")]
    Index {
        /// Its position.
        at: usize,
        /// The index.
        index: i64,
        /// What it must be below.
        bound: usize,
    },
    /// A dimension beyond what an index can hold.
    #[error("a dimension of {size} is beyond 2^32")]
    Dimension {
        /// The dimension.
        size: usize,
    },
}

/// Rows (or columns) one after another: `data[indptr[i]..indptr[i + 1]]` belongs to the i-th.
#[derive(Clone, Debug, PartialEq)]
struct Compressed {
    indptr: Vec<usize>,
    indices: Vec<u32>,
    data: Vec<f32>,
}

impl Compressed {
    fn new(
        (major, minor): (usize, usize),
        indptr: Vec<usize>,
        indices: Vec<u32>,
        data: Vec<f32>,
    ) -> Result<Self, SparseProblem> {
        if indptr.len() != major.saturating_add(1) {
            return Err(SparseProblem::Pointers { expected: major.saturating_add(1), found: indptr.len() });
        }
        if indptr[0] != 0 {
            return Err(SparseProblem::PointerOrder { at: 0 });
        }
        if let Some(at) = indptr.windows(2).position(|w| w[1] < w[0]) {
            return Err(SparseProblem::PointerOrder { at: at + 1 });
        }
        let pointed = indptr[major];
        if indices.len() != pointed || data.len() != pointed {
            return Err(SparseProblem::Stored { indices: indices.len(), values: data.len(), pointed });
        }
        if minor as u64 > 1 << 32 {
            return Err(SparseProblem::Dimension { size: minor });
        }
        // The largest is found in wide steps; where it stands is of interest only if it is wrong.
        if indices.iter().copied().max().is_some_and(|largest| largest as usize >= minor)
            && let Some(at) = indices.iter().position(|&i| i as usize >= minor)
        {
            return Err(SparseProblem::Index { at, index: i64::from(indices[at]), bound: minor });
        }
        Ok(Self { indptr, indices, data })
    }

    fn range(&self, major: usize) -> Range<usize> {
        self.indptr[major]..self.indptr[major + 1]
    }

    fn entries(&self, major: usize) -> impl Iterator<Item = (usize, f32)> + '_ {
        let range = self.range(major);
        self.indices[range.clone()].iter().zip(&self.data[range]).map(|(&i, &v)| (i as usize, v))
    }

    /// The same entries compressed along the other direction (a counting sort, so stable).
    fn turned(&self, minor: usize) -> Self {
        let mut indptr = vec![0usize; minor + 1];
        self.indices.iter().for_each(|&i| indptr[i as usize + 1] += 1);
        for i in 0..minor {
            indptr[i + 1] += indptr[i];
        }
        let mut next = indptr.clone();
        let mut indices = vec![0u32; self.indices.len()];
        let mut data = vec![0f32; self.data.len()];
        for major in 0..self.indptr.len() - 1 {
            for (i, value) in self.entries(major) {
                // `major` is below 2^32: both constructors bound both dimensions.
                indices[next[i]] = major as u32;
                data[next[i]] = value;
                next[i] += 1;
            }
        }
        Self { indptr, indices, data }
    }
}

macro_rules! compressed {
    ($(#[$doc:meta])* $name:ident, $major:tt, $along:literal) => {
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq)]
        pub struct $name {
            shape: (usize, usize),
            parts: Compressed,
        }

        impl $name {
            #[doc = concat!("A matrix of `shape` (rows, columns) from pointers, indices and values along its ", $along, ".")]
            ///
            /// # Errors
            /// The first [`SparseProblem`]: pointers must start at 0 and not go back, indices must be in range.
            pub fn new(
                shape: (usize, usize),
                indptr: Vec<usize>,
                indices: Vec<u32>,
                data: Vec<f32>,
            ) -> Result<Self, SparseProblem> {
                let sides = [shape.0, shape.1];
                if let Some(&size) = sides.iter().find(|&&s| s as u64 > 1 << 32) {
                    return Err(SparseProblem::Dimension { size });
                }
                let parts = Compressed::new((sides[$major], sides[1 - $major]), indptr, indices, data)?;
                Ok(Self { shape, parts })
            }

            /// (rows, columns).
            pub fn shape(&self) -> (usize, usize) {
                self.shape
            }

            /// The number of stored entries.
            pub fn nnz(&self) -> usize {
                self.parts.data.len()
            }

            #[doc = concat!("Where each of the ", $along, " begins, and the end of the last.")]
            pub fn indptr(&self) -> &[usize] {
                &self.parts.indptr
            }

            /// The index of each stored entry in the other direction.
            pub fn indices(&self) -> &[u32] {
                &self.parts.indices
            }

            /// The stored values.
            pub fn data(&self) -> &[f32] {
                &self.parts.data
            }

            /// The stored values, to change in place.
            pub fn data_mut(&mut self) -> &mut [f32] {
                &mut self.parts.data
            }
        }
    };
}

compressed!(
    /// A sparse matrix compressed along its rows.
    Csr, 0, "rows"
);
compressed!(
    /// A sparse matrix compressed along its columns.
    Csc, 1, "columns"
);

impl Csr {
    /// The stored (column, value) pairs of a row, in stored order.
    pub fn row(&self, row: usize) -> impl Iterator<Item = (usize, f32)> + '_ {
        self.parts.entries(row)
    }

    /// What is not zero of a dense matrix.
    ///
    /// # Panics
    /// If it has more than 2³² rows or columns.
    pub fn from_dense(dense: &Array2<f32>) -> Self {
        let shape = dense.dim();
        assert!(shape.0.max(shape.1) as u64 <= 1 << 32, "a dimension exceeds 2^32");
        let mut parts = Compressed { indptr: vec![0], indices: Vec::new(), data: Vec::new() };
        for row in dense.rows() {
            for (j, &value) in row.iter().enumerate().filter(|(_, value)| **value != 0.0) {
                parts.indices.push(j as u32);
                parts.data.push(value);
            }
            parts.indptr.push(parts.indices.len());
        }
        Self { shape, parts }
    }

    /// The given rows, in the given order.
    ///
    /// # Panics
    /// If a row is outside the matrix.
    pub fn select_rows(&self, rows: &[usize]) -> Self {
        let Compressed { indptr, indices, data } = &self.parts;
        let total = rows.iter().map(|&row| indptr[row + 1] - indptr[row]).sum();
        let mut chosen = Compressed {
            indptr: Vec::with_capacity(rows.len() + 1),
            indices: Vec::with_capacity(total),
            data: Vec::with_capacity(total),
        };
        chosen.indptr.push(0);
        for &row in rows {
            chosen.indices.extend_from_slice(&indices[indptr[row]..indptr[row + 1]]);
            chosen.data.extend_from_slice(&data[indptr[row]..indptr[row + 1]]);
            chosen.indptr.push(chosen.indices.len());
        }
        Self { shape: (rows.len(), self.shape.1), parts: chosen }
    }

    /// The same matrix compressed along its columns.
    pub fn to_csc(&self) -> Csc {
        Csc { shape: self.shape, parts: self.parts.turned(self.shape.1) }
    }
}

impl Csc {
    /// The stored (row, value) pairs of a column, in stored order.
    pub fn column(&self, column: usize) -> impl Iterator<Item = (usize, f32)> + '_ {
        self.parts.entries(column)
    }

    /// The transpose, whose rows are these columns; nothing is copied.
    pub fn transposed(self) -> Csr {
        Csr { shape: (self.shape.1, self.shape.0), parts: self.parts }
    }

    /// The same matrix compressed along its rows.
    pub fn to_csr(&self) -> Csr {
        Csr { shape: self.shape, parts: self.parts.turned(self.shape.0) }
    }
}

/// A matrix of cells by variables, dense or sparse.
#[derive(Clone, Debug, PartialEq)]
pub enum Matrix {
    /// Every entry stored.
    Dense(Array2<f32>),
    /// Compressed along cells.
    Csr(Csr),
    /// Compressed along variables.
    Csc(Csc),
}

impl Matrix {
    /// (rows, columns).
    pub fn shape(&self) -> (usize, usize) {
        match self {
            Self::Dense(m) => m.dim(),
            Self::Csr(m) => m.shape(),
            Self::Csc(m) => m.shape(),
        }
    }

    /// The given rows, dense, in the given order. Entries stored twice add up, as in SciPy.
    ///
    /// # Panics
    /// If a row is outside the matrix.
    pub fn rows(&self, rows: &[usize]) -> Array2<f32> {
        let (height, width) = self.shape();
        let mut dense = Array2::zeros((rows.len(), width));
        match self {
            Self::Dense(m) => return m.select(ndarray::Axis(0), rows),
            Self::Csr(m) => {
                for (i, &row) in rows.iter().enumerate() {
                    m.row(row).for_each(|(j, value)| dense[[i, j]] += value);
                }
            }
            Self::Csc(m) => {
                let mut places: Vec<Vec<usize>> = vec![Vec::new(); height];
                rows.iter().enumerate().for_each(|(i, &row)| places[row].push(i));
                for j in 0..width {
                    for (row, value) in m.column(j) {
                        places[row].iter().for_each(|&i| dense[[i, j]] += value);
                    }
                }
            }
        }
        dense
    }

    /// All rows, dense.
    pub fn to_dense(&self) -> Array2<f32> {
        match self {
            Self::Dense(m) => m.clone(),
            _ => self.rows(&(0..self.shape().0).collect::<Vec<_>>()),
        }
    }
}
