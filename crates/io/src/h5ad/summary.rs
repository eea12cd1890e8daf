//! What is in a file, without its values.

use super::{ElementKind, H5ad, join};
use crate::IoError;
use crate::hdf5::NodeKind;
use std::path::PathBuf;

/// What is in a file.
#[derive(Clone, Debug, PartialEq)]
pub struct Summary {
    /// The file.
    pub path: PathBuf,
    /// The number of cells.
    pub n_obs: usize,
    /// The number of variables.
    pub n_vars: usize,
    /// Every element, columns of tables included, by path.
    pub elements: Vec<ElementInfo>,
}

/// One element.
#[derive(Clone, Debug, PartialEq)]
pub struct ElementInfo {
    /// Where it is, e.g. `obsm/X_pca`.
    pub path: String,
    /// What it is.
    pub kind: ElementKind,
    /// Its shape: rows and columns of a matrix, rows of a column, nothing for one value.
    pub shape: Vec<usize>,
    /// The type of its stored values, e.g. `f32`; `None` for mappings and tables.
    pub dtype: Option<String>,
    /// How many entries a sparse matrix stores, or categories a categorical column has.
    pub stored: Option<usize>,
}

impl H5ad {
    /// Lists every element with its kind, shape and type; reads no values.
    ///
    /// # Errors
    /// [`IoError::Corrupt`].
    pub fn summary(&self) -> Result<Summary, IoError> {
        let mut elements = Vec::new();
        for key in self.keys("")? {
            self.summarise(&key, &mut elements, 0)?;
        }
        Ok(Summary { path: self.path().to_path_buf(), n_obs: self.n_obs, n_vars: self.n_vars, elements })
    }

    fn summarise(&self, path: &str, into: &mut Vec<ElementInfo>, depth: usize) -> Result<(), IoError> {
        // Links may form a circle in a damaged file.
        const DEEPEST: usize = 64;
        if depth > DEEPEST {
            return Err(self.container.corrupt(path, "it is nested too deeply"));
        }
        let Some(kind) = self.kind(path)? else { return Ok(()) };
        let group = self.container.kind(path)? == Some(NodeKind::Group);
        let values = |part: &str| if group { join(path, part) } else { path.to_string() };
        let (data, stored) = match kind {
            ElementKind::Csr | ElementKind::Csc => (Some(values("data")), Some(values("data"))),
            ElementKind::Categorical => (Some(values("codes")), Some(values("categories"))),
            ElementKind::NullableInteger | ElementKind::NullableBoolean | ElementKind::NullableString => {
                (Some(values("values")), None)
            }
            _ if !group => (Some(path.to_string()), None),
            _ => (None, None),
        };
        let header = data.map(|data| self.container.header(&data)).transpose()?;
        let stored = match stored {
            Some(part) if self.container.kind(&part)? == Some(NodeKind::Dataset) => {
                Some(self.container.header(&part)?.len())
            }
            _ => None,
        };
        let shape = match kind {
            ElementKind::Csr | ElementKind::Csc => {
                self.matrix_shape(path)?.map_or_else(Vec::new, |(rows, columns)| vec![rows, columns])
            }
            ElementKind::Frame => vec![self.frame_rows(path)?, self.column_names(path)?.len()],
            _ => header.as_ref().map_or_else(Vec::new, |h| h.shape.clone()),
        };
        let dtype = header.map(|h| h.dtype.to_string());
        let children = match kind {
            ElementKind::Mapping | ElementKind::Frame if group => self.keys(path)?,
            _ => Vec::new(),
        };
        into.push(ElementInfo { path: path.to_string(), kind, shape, dtype, stored });
        children.iter().try_for_each(|key| self.summarise(&join(path, key), into, depth + 1))
    }
}
