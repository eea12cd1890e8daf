//! Sparse rows, in memory or from anywhere, a block at a time.

use crate::PrepError;

/// Rows of a block that an in-memory matrix hands out at a time.
const STEP: usize = 16 * 1024;

/// Consecutive sparse rows: row `i` of the block is row `first + i` of the matrix.
///
/// The columns of a row increase, so none is stored twice.
#[derive(Clone, Copy, Debug)]
pub struct Block<'a> {
    first: usize,
    columns: usize,
    indptr: &'a [usize],
    indices: &'a [u32],
    data: &'a [f32],
}

impl<'a> Block<'a> {
    /// Rows `first..` of a matrix of `columns` columns: row `i` has the entries `indptr[i]..indptr[i + 1]`.
    ///
    /// # Errors
    /// [`PrepError::Sparse`] for pointers that go back or beyond the entries, and columns that do not increase or are
    /// not below `columns`.
    pub fn new(
        first: usize,
        columns: usize,
        indptr: &'a [usize],
        indices: &'a [u32],
        data: &'a [f32],
    ) -> Result<Self, PrepError> {
        check(first, indptr, indices, data, |row| {
            let increase = row.windows(2).all(|w| w[0] < w[1]);
            match row.last() {
                _ if !increase => Some("its columns do not increase"),
                Some(&last) if last as usize >= columns => Some("a column is outside the matrix"),
                _ => None,
            }
        })?;
        Ok(Self { first, columns, indptr, indices, data })
    }

    /// The number of the block's first row in the matrix.
    pub fn first(&self) -> usize {
        self.first
    }

    /// The number of rows.
    pub fn len(&self) -> usize {
        self.indptr.len() - 1
    }

    /// Whether it has no rows.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The number of columns.
    pub fn columns(&self) -> usize {
        self.columns
    }

    /// Columns and values of the block's row `i`.
    ///
    /// # Panics
    /// If there is no such row.
    pub fn row(&self, i: usize) -> (&'a [u32], &'a [f32]) {
        let range = self.indptr[i]..self.indptr[i + 1];
        (&self.indices[range.clone()], &self.data[range])
    }

    /// Rows `from..to` of the block.
    fn part(&self, from: usize, to: usize) -> Self {
        Self { first: self.first + from, indptr: &self.indptr[from..=to], ..*self }
    }
}

/// Pointers within bounds, and `wrong` for no row.
fn check(
    first: usize,
    indptr: &[usize],
    indices: &[u32],
    data: &[f32],
    wrong: impl Fn(&[u32]) -> Option<&'static str>,
) -> Result<(), PrepError> {
    let bad = |row: usize, problem| Err(PrepError::Sparse { row: first + row, problem });
    if indptr.is_empty() || indices.len() != data.len() {
        return bad(0, "it has no pointers, or not as many values as columns");
    }
    for (i, ends) in indptr.windows(2).enumerate() {
        if ends[1] < ends[0] || ends[1] > indices.len() {
            return bad(i, "its pointers go back or beyond the entries");
        }
        if let Some(problem) = wrong(&indices[ends[0]..ends[1]]) {
            return bad(i, problem);
        }
    }
    Ok(())
}

/// A matrix of cells by genes that can be gone through row by row, again and again.
///
/// Two methods: a file that is read a chunk at a time, a lazily transformed matrix and one in memory are used alike.
/// Results do not depend on how the rows are cut into blocks.
pub trait Rows: Sync {
    /// (cells, genes).
    fn shape(&self) -> (usize, usize);

    /// Hands every row to `visit`, in order, a block at a time.
    ///
    /// # Errors
    /// What `visit` returns, or [`PrepError::Source`].
    fn each(&self, visit: &mut dyn FnMut(&Block<'_>) -> Result<(), PrepError>) -> Result<(), PrepError>;
}

impl Rows for Block<'_> {
    fn shape(&self) -> (usize, usize) {
        (self.len(), self.columns)
    }

    fn each(&self, visit: &mut dyn FnMut(&Block<'_>) -> Result<(), PrepError>) -> Result<(), PrepError> {
        let n = self.len();
        (0..n).step_by(STEP).try_for_each(|from| visit(&self.part(from, n.min(from + STEP))))
    }
}

impl<R: Rows + ?Sized> Rows for &R {
    fn shape(&self) -> (usize, usize) {
        (**self).shape()
    }

    fn each(&self, visit: &mut dyn FnMut(&Block<'_>) -> Result<(), PrepError>) -> Result<(), PrepError> {
        (**self).each(visit)
    }
}

/// Sparse rows in memory.
#[derive(Clone, Debug, PartialEq)]
pub struct SparseRows {
    columns: usize,
    indptr: Vec<usize>,
    indices: Vec<u32>,
    data: Vec<f32>,
}

impl SparseRows {
    /// A matrix from its parts; the columns of a row may be in any order, and what is stored twice adds up.
    ///
    /// # Errors
    /// [`PrepError::Sparse`] for pointers that go back or beyond the entries, and columns that are not below `columns`.
    pub fn new(columns: usize, indptr: &[usize], indices: &[u32], data: &[f32]) -> Result<Self, PrepError> {
        check(0, indptr, indices, data, |row| {
            row.iter().any(|&j| j as usize >= columns).then_some("a column is outside the matrix")
        })?;
        let mut new = Self::empty(columns);
        let mut row: Vec<(u32, f32)> = Vec::new();
        for ends in indptr.windows(2) {
            let range = ends[0]..ends[1];
            row.clear();
            row.extend(indices[range.clone()].iter().copied().zip(data[range].iter().copied()));
            row.sort_by_key(|entry| entry.0);
            let start = new.indices.len();
            for &(j, v) in &row {
                match new.indices.last() {
                    Some(&last) if last == j && new.indices.len() > start => {
                        *new.data.last_mut().expect("as many values as columns") += v;
                    }
                    _ => {
                        new.indices.push(j);
                        new.data.push(v);
                    }
                }
            }
            new.indptr.push(new.indices.len());
        }
        Ok(new)
    }

    /// No rows yet.
    pub(crate) fn empty(columns: usize) -> Self {
        Self { columns, indptr: vec![0], indices: Vec::new(), data: Vec::new() }
    }

    /// All of `rows`, in memory.
    ///
    /// # Errors
    /// Those of the source.
    pub fn collect(rows: &impl Rows) -> Result<Self, PrepError> {
        let mut all = Self::empty(rows.shape().1);
        rows.each(&mut |block| {
            for i in 0..block.len() {
                let (columns, values) = block.row(i);
                all.push(columns, values);
            }
            Ok(())
        })?;
        Ok(all)
    }

    /// Adds a row whose columns increase.
    pub(crate) fn push(&mut self, columns: &[u32], values: &[f32]) {
        self.indices.extend_from_slice(columns);
        self.data.extend_from_slice(values);
        self.indptr.push(self.indices.len());
    }

    /// Forgets all rows and keeps the memory.
    pub(crate) fn clear(&mut self) {
        self.indptr.truncate(1);
        self.indices.clear();
        self.data.clear();
    }

    pub(crate) fn data_mut(&mut self) -> &mut [f32] {
        &mut self.data
    }

    /// As one block that begins at row `first`.
    pub(crate) fn block(&self, first: usize) -> Block<'_> {
        Block { first, columns: self.columns, indptr: &self.indptr, indices: &self.indices, data: &self.data }
    }

    /// Where each row begins, and the end of the last.
    pub fn indptr(&self) -> &[usize] {
        &self.indptr
    }

    /// The column of each entry.
    pub fn indices(&self) -> &[u32] {
        &self.indices
    }

    /// The value of each entry.
    pub fn data(&self) -> &[f32] {
        &self.data
    }

    /// Pointers, columns and values.
    pub fn into_parts(self) -> (Vec<usize>, Vec<u32>, Vec<f32>) {
        (self.indptr, self.indices, self.data)
    }
}

impl Rows for SparseRows {
    fn shape(&self) -> (usize, usize) {
        (self.indptr.len() - 1, self.columns)
    }

    fn each(&self, visit: &mut dyn FnMut(&Block<'_>) -> Result<(), PrepError>) -> Result<(), PrepError> {
        self.block(0).each(visit)
    }
}
