//! Matrices: `X`, layers, annotations, graphs.

use super::{ElementKind, H5ad, join};
use crate::hdf5::{Dtype, NO_INDEX, NodeKind};
use crate::{Annotation, Column, Csc, Csr, IoError, Matrix, SparseProblem};
use ndarray::Array2;

/// The most columns that a sparse annotation is made dense with; its shape alone costs no storage.
const WIDEST: usize = 1 << 20;

impl H5ad {
    /// The matrix of cells by variables, in `f32`.
    ///
    /// # Errors
    /// [`IoError::NoSuchElement`] if the file has no `X`; [`IoError::Encoding`], [`IoError::Corrupt`],
    /// [`IoError::Sparse`], [`IoError::Length`], [`IoError::DeclaredSize`].
    pub fn x(&self) -> Result<Matrix, IoError> {
        if matches!(self.kind("X")?, None | Some(ElementKind::Null)) {
            let mut found = self.keys("")?;
            found.retain(|key| key != "X");
            return Err(self.missing("the top level", "X", found));
        }
        self.sized("X", (self.n_obs, self.n_vars))
    }

    /// A layer, in `f32`.
    ///
    /// # Errors
    /// As [`x`](Self::x).
    pub fn layer(&self, key: &str) -> Result<Matrix, IoError> {
        self.require("layers", key)?;
        self.sized(&join("layers", key), (self.n_obs, self.n_vars))
    }

    /// An annotation of the cells, such as `X_pca`, as a dense matrix in `f32`.
    ///
    /// A table counts if all its columns are numeric.
    ///
    /// # Errors
    /// [`IoError::NoSuchElement`] with the keys there are; otherwise as [`x`](Self::x).
    pub fn obsm(&self, key: &str) -> Result<Array2<f32>, IoError> {
        self.annotation_f32("obsm", key, self.n_obs)
    }

    /// An annotation of the variables, such as `PCs`, as a dense matrix in `f32`.
    ///
    /// # Errors
    /// As [`obsm`](Self::obsm).
    pub fn varm(&self, key: &str) -> Result<Array2<f32>, IoError> {
        self.annotation_f32("varm", key, self.n_vars)
    }

    /// An annotation of the cells as it is stored.
    ///
    /// # Errors
    /// As [`obsm`](Self::obsm).
    pub fn obsm_annotation(&self, key: &str) -> Result<Annotation, IoError> {
        self.annotation("obsm", key, self.n_obs)
    }

    /// An annotation of the variables as it is stored.
    ///
    /// # Errors
    /// As [`obsm`](Self::obsm).
    pub fn varm_annotation(&self, key: &str) -> Result<Annotation, IoError> {
        self.annotation("varm", key, self.n_vars)
    }

    /// A matrix of cells by cells, such as `connectivities`, in `f32`.
    ///
    /// # Errors
    /// As [`obsm`](Self::obsm).
    pub fn obsp(&self, key: &str) -> Result<Matrix, IoError> {
        self.require("obsp", key)?;
        self.sized(&join("obsp", key), (self.n_obs, self.n_obs))
    }

    /// A matrix of variables by variables, in `f32`.
    ///
    /// # Errors
    /// As [`obsm`](Self::obsm).
    pub fn varp(&self, key: &str) -> Result<Matrix, IoError> {
        self.require("varp", key)?;
        self.sized(&join("varp", key), (self.n_vars, self.n_vars))
    }

    /// (rows, columns) of a dense or sparse element without reading it.
    pub(super) fn matrix_shape(&self, element: &str) -> Result<Option<(usize, usize)>, IoError> {
        if self.container.kind(element)? != Some(NodeKind::Group) {
            let shape = self.container.header(element)?.shape;
            return Ok(match shape[..] {
                [rows, columns] => Some((rows, columns)),
                _ => None,
            });
        }
        let attributes = self.container.attributes(element)?;
        let shape = ["shape", "h5sparse_shape"].iter().find_map(|name| attributes.get(*name));
        let shape = shape.and_then(|a| a.to_integers()).unwrap_or_default();
        Ok(match shape[..] {
            [rows, columns] => usize::try_from(rows).ok().zip(usize::try_from(columns).ok()),
            _ => None,
        })
    }

    pub(super) fn sized(&self, element: &str, (rows, columns): (usize, usize)) -> Result<Matrix, IoError> {
        let matrix = self.matrix(element)?;
        self.check(element, "rows", rows, matrix.shape().0)?;
        self.check(element, "columns", columns, matrix.shape().1)?;
        Ok(matrix)
    }

    /// Any dense or sparse matrix, in `f32`.
    pub(super) fn matrix(&self, element: &str) -> Result<Matrix, IoError> {
        let kind = self.kind(element)?;
        match kind {
            Some(ElementKind::Array) => Ok(Matrix::Dense(self.dense(element, |e| self.container.f32s(e))?)),
            Some(ElementKind::Csr | ElementKind::Csc) => {
                let Some((rows, columns)) = self.matrix_shape(element)? else {
                    return Err(self.container.corrupt(element, "it has no shape"));
                };
                self.sparse(element, (rows, columns), kind == Some(ElementKind::Csr))
            }
            Some(other) => Err(self.unread(element, other, "a matrix")),
            None => Err(self.unread(element, "absent", "a matrix")),
        }
    }

    fn dense<T>(
        &self,
        element: &str,
        read: impl FnOnce(&str) -> Result<Vec<T>, IoError>,
    ) -> Result<Array2<T>, IoError> {
        let header = self.container.header(element)?;
        if !(header.dtype.is_number() || header.dtype == Dtype::Boolean) {
            return Err(self.unread(element, header.dtype, "a matrix"));
        }
        self.check(element, "dimensions", 2, header.shape.len())?;
        Array2::from_shape_vec((header.shape[0], header.shape[1]), read(element)?)
            .map_err(|_| self.container.corrupt(element, "its length does not fit its shape"))
    }

    fn sparse(&self, element: &str, shape: (usize, usize), by_rows: bool) -> Result<Matrix, IoError> {
        let bad = |problem: SparseProblem| {
            let (path, element) = (self.path().to_path_buf(), element.to_string());
            IoError::Sparse { path, element, problem }
        };
        let major = if by_rows { shape.0 } else { shape.1 };
        let stored = self.container.header(&join(element, "indptr"))?.len();
        if Some(stored) != major.checked_add(1) {
            return Err(bad(SparseProblem::Pointers { expected: major.saturating_add(1), found: stored }));
        }
        let indptr = self.container.i64s(&join(element, "indptr"))?;
        let indptr: Result<Vec<usize>, _> = indptr
            .into_iter()
            .enumerate()
            .map(|(at, p)| usize::try_from(p).map_err(|_| SparseProblem::PointerOrder { at }))
            .collect();
        let (indices, data) = rayon::join(
            || self.container.indices(&join(element, "indices")),
            || self.container.f32s(&join(element, "data")),
        );
        let (indptr, indices, data) = (indptr.map_err(bad)?, indices?, data?);
        let bad = |problem| bad(self.with_index(element, problem));
        if by_rows {
            Csr::new(shape, indptr, indices, data).map(Matrix::Csr).map_err(bad)
        } else {
            Csc::new(shape, indptr, indices, data).map(Matrix::Csc).map_err(bad)
        }
    }

    /// An index that did not fit into its type, as it is in the file.
    fn with_index(&self, element: &str, problem: SparseProblem) -> SparseProblem {
        match problem {
            SparseProblem::Index { at, index, bound } if index == i64::from(NO_INDEX) => {
                let stored = self.container.i64s(&join(element, "indices")).ok();
                SparseProblem::Index { at, index: stored.map_or(index, |stored| stored[at]), bound }
            }
            other => other,
        }
    }

    pub(super) fn annotation(&self, group: &str, key: &str, rows: usize) -> Result<Annotation, IoError> {
        self.require(group, key)?;
        let element = join(group, key);
        let annotation = if self.container.kind(group)? == Some(NodeKind::Dataset) {
            Annotation::F64(self.record_matrix(group, key)?)
        } else {
            match self.kind(&element)? {
                Some(ElementKind::Frame) => Annotation::Frame(self.frame(&element)?),
                Some(ElementKind::Array) if self.container.header(&element)?.dtype == Dtype::Float(32) => {
                    Annotation::F32(self.dense(&element, |e| self.container.f32s(e))?)
                }
                Some(ElementKind::Array) => {
                    Annotation::F64(self.dense(&element, |e| self.container.f64s(e))?)
                }
                _ => Annotation::Sparse(self.matrix(&element)?),
            }
        };
        self.check(&element, "rows", rows, annotation.len())?;
        Ok(annotation)
    }

    fn annotation_f32(&self, group: &str, key: &str, rows: usize) -> Result<Array2<f32>, IoError> {
        let element = join(group, key);
        Ok(match self.annotation(group, key, rows)? {
            Annotation::F32(a) => a,
            Annotation::F64(a) => a.mapv(|v| v as f32),
            Annotation::Sparse(m) if m.shape().1 <= WIDEST => m.to_dense(),
            Annotation::Sparse(m) => {
                let encoding = format!("a sparse matrix of {} columns", m.shape().1);
                return Err(self.unread(&element, encoding, "a dense matrix"));
            }
            Annotation::Frame(frame) => {
                let mut dense = Array2::zeros((rows, frame.columns.len()));
                for (j, (name, column)) in frame.columns.iter().enumerate() {
                    let numbers = match column {
                        Column::Numbers(_) | Column::Integers(_) => column.numbers(),
                        _ => None,
                    };
                    let Some(numbers) = numbers else {
                        return Err(self.unread(&join(&element, name), "not numeric", "a matrix"));
                    };
                    numbers.iter().enumerate().for_each(|(i, &v)| dense[[i, j]] = v as f32);
                }
                dense
            }
        })
    }
}
