//! Populations from formats that are read whole: 10x, loom, Matrix Market.

use super::{Cells, Columns};
use crate::{Annotation, IoError, read};
use std::path::Path;

pub(super) fn read_cells(path: &Path, columns: &Columns) -> Result<Cells, IoError> {
    let data = read(path)?.data;
    let missing = |group: &str, key: &str, found: Vec<String>| IoError::NoSuchElement {
        path: path.to_path_buf(),
        group: group.to_string(),
        key: key.to_string(),
        found,
    };
    let column = |name: &str| {
        let found = || data.obs.columns.iter().map(|(name, _)| name.clone()).collect();
        data.obs.column(name).cloned().ok_or_else(|| missing("obs", name, found()))
    };
    let times = column(&columns.time)?;
    let weights = columns.weight.as_deref().map(column).transpose()?;
    let others = columns.others.iter().map(|name| column(name)).collect::<Result<_, _>>()?;
    let (points, features, element) = match columns.representation.as_deref() {
        None | Some("X") => {
            let x = data.x.as_ref().ok_or_else(|| missing("the file", "X", Vec::new()))?;
            (x.to_dense(), data.var.index.clone(), "X".to_string())
        }
        Some(key) => {
            let found = || data.obsm.keys().cloned().collect();
            let points = match data.obsm.get(key) {
                Some(Annotation::F32(a)) => a.clone(),
                Some(Annotation::F64(a)) => a.mapv(|v| v as f32),
                Some(Annotation::Sparse(m)) => m.to_dense(),
                Some(Annotation::Frame(_)) | None => return Err(missing("obsm", key, found())),
            };
            let names = (1..=points.ncols()).map(|j| format!("{key}-{j}")).collect();
            (points, names, format!("obsm/{key}"))
        }
    };
    Ok(Cells { points, features, times, weights, others, element })
}
