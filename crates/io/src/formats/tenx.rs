//! Counts as Cell Ranger writes them to HDF5: versions 2 (a group for a genome) and 3 (`matrix`).

use crate::hdf5::{Container, NO_INDEX, NodeKind};
use crate::{AnnData, Column, Csr, IoError, Matrix, SparseProblem};

/// The group of the matrix, if the file is one of these.
pub(super) fn genome(file: &Container) -> Result<Option<String>, IoError> {
    for (name, &kind) in file.children("")?.iter() {
        let has = |part: &str| file.kind(&format!("{name}/{part}")).map(|k| k == Some(NodeKind::Dataset));
        if kind == NodeKind::Group && has("barcodes")? && has("indptr")? && has("indices")? && has("data")? {
            return Ok(Some(name.clone()));
        }
    }
    Ok(None)
}

/// Cells by features; features by the names that scanpy gives them, further columns in `var`.
pub(super) fn read(file: &Container) -> Result<AnnData, IoError> {
    let Some(group) = genome(file)? else { return Err(file.corrupt("/", "it has no matrix with barcodes")) };
    let at = |part: &str| format!("{group}/{part}");
    let barcodes = file.texts(&at("barcodes"))?;
    let three = file.kind(&at("features"))? == Some(NodeKind::Group);
    let (names, ids) = if three { ("features/name", "features/id") } else { ("gene_names", "genes") };
    let names = file.texts(&at(names))?;
    let shape = file.i64s(&at("shape"))?;
    let expected = [names.len() as i64, barcodes.len() as i64];
    if shape != expected {
        return Err(file.corrupt(&at("shape"), &format!("it is {shape:?} where the names are {expected:?}")));
    }
    let mut data = AnnData::new(barcodes, names);
    let texts = |values: Vec<String>| Column::Strings(values.into_iter().map(Some).collect());
    data.var.set("gene_ids", texts(file.texts(&at(ids))?))?;
    if three {
        for (name, column) in [("feature_type", "feature_types"), ("genome", "genome")] {
            let element = at(&format!("features/{name}"));
            if file.kind(&element)?.is_some() {
                data.var.set(column, texts(file.texts(&element)?))?;
            }
        }
    }
    let (indices, values) = rayon::join(|| file.indices(&at("indices")), || file.f32s(&at("data")));
    let pointers: Result<Vec<usize>, _> =
        file.i64s(&at("indptr"))?.into_iter().map(usize::try_from).collect();
    let pointers = pointers.map_err(|_| file.corrupt(&at("indptr"), "a pointer is negative"))?;
    // Features by cells along columns is cells by features along rows.
    let shape = (data.n_obs(), data.n_vars());
    let x = Csr::new(shape, pointers, indices?, values?).map_err(|problem| {
        let problem = match problem {
            SparseProblem::Index { at, bound, index } if index == i64::from(NO_INDEX) => {
                SparseProblem::Index { at, index: -1, bound }
            }
            other => other,
        };
        IoError::Sparse { path: file.path().to_path_buf(), element: group.clone(), problem }
    })?;
    data.x = Some(Matrix::Csr(x));
    Ok(data)
}
