//! Populations from `.h5ad`.

use super::{Cells, Columns};
use crate::{Annotation, H5ad, IoError, Matrix};
use std::path::Path;

pub(super) fn read(path: &Path, columns: &Columns) -> Result<Cells, IoError> {
    let file = H5ad::open(path)?;
    let times = file.obs_column(&columns.time)?;
    let weights = columns.weight.as_ref().map(|name| file.obs_column(name)).transpose()?;
    let others = columns.others.iter().map(|name| file.obs_column(name)).collect::<Result<_, _>>()?;
    let (points, features, element) = match columns.representation.as_deref() {
        None | Some("X") => {
            let points = match file.x()? {
                Matrix::Dense(points) => points,
                sparse => sparse.to_dense(),
            };
            (points, file.var_index()?, "X".to_string())
        }
        Some(key) => {
            let points = file.obsm(key)?;
            let named = match file.obsm_columns(key)? {
                Some(names) => names,
                None => (1..=points.ncols()).map(|j| format!("{key}-{j}")).collect(),
            };
            (points, named, format!("obsm/{key}"))
        }
    };
    Ok(Cells { points, features, times, weights, others, element })
}

impl H5ad {
    /// The column names of an annotation that is a table.
    fn obsm_columns(&self, key: &str) -> Result<Option<Vec<String>>, IoError> {
        if !self.is_frame(&format!("obsm/{key}"))? {
            return Ok(None);
        }
        match self.obsm_annotation(key)? {
            Annotation::Frame(frame) => Ok(Some(frame.columns.into_iter().map(|(name, _)| name).collect())),
            _ => Ok(None),
        }
    }
}
