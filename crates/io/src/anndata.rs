//! An AnnData object in memory.

use crate::{Column, Frame, Matrix};
use ndarray::{Array2, ArrayD};
use std::collections::BTreeMap;

/// Annotated data: a matrix of cells by variables, and what is known about both.
///
/// The layout is anndata's (Virshup et al. 2024, doi:10.21105/joss.04371). `x` and `layers` are held in
/// `f32`.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct AnnData {
    /// Cells by variables.
    pub x: Option<Matrix>,
    /// One row a cell.
    pub obs: Frame,
    /// One row a variable.
    pub var: Frame,
    /// Further values for each cell, e.g. `X_pca`.
    pub obsm: BTreeMap<String, Annotation>,
    /// Further values for each variable, e.g. `PCs`.
    pub varm: BTreeMap<String, Annotation>,
    /// Cells by cells, e.g. neighbour graphs.
    pub obsp: BTreeMap<String, Matrix>,
    /// Variables by variables.
    pub varp: BTreeMap<String, Matrix>,
    /// Matrices of the shape of `x`.
    pub layers: BTreeMap<String, Matrix>,
    /// Anything else; a key `a/b` is `b` within the mapping `a`.
    pub uns: BTreeMap<String, Uns>,
    /// The matrix as it was before variables were chosen.
    pub raw: Option<Raw>,
}

/// All variables of the same cells, as they were before some were chosen.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Raw {
    /// Cells by variables.
    pub x: Option<Matrix>,
    /// One row a variable.
    pub var: Frame,
    /// Further values for each variable.
    pub varm: BTreeMap<String, Annotation>,
}

impl AnnData {
    /// An object of named cells and variables, with nothing else in it.
    pub fn new(cells: Vec<String>, variables: Vec<String>) -> Self {
        Self { obs: Frame::new(cells), var: Frame::new(variables), ..Self::default() }
    }

    /// The number of cells.
    pub fn n_obs(&self) -> usize {
        self.obs.len()
    }

    /// The number of variables.
    pub fn n_vars(&self) -> usize {
        self.var.len()
    }
}

/// Several values for each cell or variable.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum Annotation {
    /// In single precision.
    F32(Array2<f32>),
    /// In double precision.
    F64(Array2<f64>),
    /// Sparse.
    Sparse(Matrix),
    /// A table.
    Frame(Frame),
}

impl Annotation {
    /// The number of rows.
    pub fn len(&self) -> usize {
        match self {
            Self::F32(a) => a.nrows(),
            Self::F64(a) => a.nrows(),
            Self::Sparse(m) => m.shape().0,
            Self::Frame(f) => f.len(),
        }
    }

    /// Whether there are no rows.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

/// One unstructured value.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum Uns {
    /// Nothing: Python's `None`.
    Null,
    /// A real number.
    Number(f64),
    /// An integer.
    Integer(i64),
    /// A Boolean.
    Boolean(bool),
    /// Text.
    Text(String),
    /// Real numbers of any shape.
    Numbers(ArrayD<f64>),
    /// Integers of any shape.
    Integers(ArrayD<i64>),
    /// Booleans of any shape.
    Booleans(ArrayD<bool>),
    /// Texts of any shape.
    Texts(ArrayD<String>),
    /// Complex numbers of any shape, as real and imaginary part.
    Complexes(ArrayD<[f64; 2]>),
    /// Bytes that are no text.
    Bytes(Vec<u8>),
    /// A list with categories or gaps.
    Column(Column),
    /// A table without row names: columns with their names.
    Records(Vec<(String, Column)>),
    /// A table.
    Frame(Frame),
    /// A sparse matrix.
    Sparse(Matrix),
    /// An empty mapping.
    Empty,
}
