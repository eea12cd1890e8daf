//! Loom (linnarssonlab.org/loompy/format): genes by cells, attributes of both.

use crate::hdf5::{Container, Dtype, NodeKind};
use crate::{AnnData, Annotation, Column, Csc, Frame, IoError, LeftOut, Loaded, Matrix};
use ndarray::Array2;
use std::collections::BTreeMap;

/// Names of rows as loompy and anndata look for them.
const CELLS: [&str; 4] = ["CellID", "obs_names", "cell_names", "barcode"];
const GENES: [&str; 4] = ["Gene", "var_names", "gene_names", "Accession"];

/// Reads a file, turned to cells by genes; matrices become sparse along genes, as they are stored.
pub(super) fn read(file: &Container) -> Result<Loaded, IoError> {
    let shape = file.header("matrix")?.shape;
    let &[genes, cells] = &shape[..] else {
        return Err(file.corrupt("matrix", "it does not have two dimensions"));
    };
    let mut left_out = Vec::new();
    let (obs, obsm) = attributes(file, "col_attrs", cells, &CELLS, &mut left_out)?;
    let (var, varm) = attributes(file, "row_attrs", genes, &GENES, &mut left_out)?;
    let mut data = AnnData { obs, var, obsm, varm, ..AnnData::default() };
    data.x = Some(Matrix::Csc(turned(file, "matrix", (genes, cells))?));
    if file.kind("layers")? == Some(NodeKind::Group) {
        for (name, _) in file.children("layers")?.iter() {
            let layer = turned(file, &format!("layers/{name}"), (genes, cells))?;
            data.layers.insert(name.clone(), Matrix::Csc(layer));
        }
    }
    for graphs in ["col_graphs", "row_graphs"] {
        if file.kind(graphs)? == Some(NodeKind::Group) && !file.children(graphs)?.is_empty() {
            left_out
                .push(LeftOut { element: graphs.to_string(), reason: "graphs of loom are not read".into() });
        }
    }
    Ok(Loaded { data, left_out, narrowed: Vec::new() })
}

/// What is not zero of genes by cells, as cells by genes, a block of genes at a time.
fn turned(file: &Container, element: &str, (genes, cells): (usize, usize)) -> Result<Csc, IoError> {
    let rows = file.rows(element)?;
    if rows.len() != genes || rows.row_len() != cells {
        return Err(file.corrupt(element, "its shape is not that of `matrix`"));
    }
    let (mut indptr, mut indices, mut values) = (vec![0], Vec::new(), Vec::new());
    let mut start = 0;
    while start < genes {
        let end = rows.block_end(start);
        let block: Vec<f32> = rows.numbers(std::slice::from_ref(&(start..end)))?;
        for gene in block.chunks(cells.max(1)) {
            for (cell, &value) in gene.iter().enumerate().filter(|(_, value)| **value != 0.0) {
                indices.push(cell as u32);
                values.push(value);
            }
            indptr.push(indices.len());
        }
        start = end;
    }
    indptr.resize(genes + 1, indices.len());
    Csc::new((cells, genes), indptr, indices, values).map_err(|problem| IoError::Sparse {
        path: file.path().to_path_buf(),
        element: element.to_string(),
        problem,
    })
}

type Attributes = (Frame, BTreeMap<String, Annotation>);

fn attributes(
    file: &Container,
    group: &str,
    rows: usize,
    names: &[&str],
    left_out: &mut Vec<LeftOut>,
) -> Result<Attributes, IoError> {
    let keys: Vec<String> = match file.kind(group)? {
        Some(NodeKind::Group) => file.children(group)?.keys().cloned().collect(),
        _ => Vec::new(),
    };
    // Rows without values are not in the file, so their number is held against the largest chunk that could be.
    const UNNAMED: usize = 1 << 24;
    let index = match names.iter().find(|name| keys.iter().any(|key| key == *name)) {
        Some(name) => {
            let index = file.texts(&format!("{group}/{name}"))?;
            if index.len() != rows {
                return Err(
                    file.corrupt(&format!("{group}/{name}"), &format!("it does not have {rows} names"))
                );
            }
            index
        }
        None if rows <= UNNAMED => (0..rows).map(|i| i.to_string()).collect(),
        None => return Err(file.corrupt(group, "its rows have no names")),
    };
    let (mut frame, mut more) = (Frame::new(index), BTreeMap::new());
    for key in keys.iter().filter(|key| !names.contains(&key.as_str())) {
        let element = format!("{group}/{key}");
        let header = file.header(&element)?;
        let column = match (&header.dtype, &header.shape[..]) {
            (_, [n, ..]) if *n != rows => None,
            (Dtype::Text, [_]) => {
                Some(Column::Strings(file.texts(&element)?.into_iter().map(Some).collect()))
            }
            (Dtype::Float(_), [_]) => Some(Column::Numbers(file.f64s(&element)?)),
            (Dtype::Integer(_) | Dtype::Unsigned(_), [_]) => {
                Some(Column::Integers(file.i64s(&element)?.into_iter().map(Some).collect()))
            }
            (dtype, &[n, width]) if dtype.is_number() => {
                let values = Array2::from_shape_vec((n, width), file.f64s(&element)?);
                let values =
                    values.map_err(|_| file.corrupt(&element, "its length does not fit its shape"))?;
                more.insert(key.clone(), Annotation::F64(values));
                continue;
            }
            _ => None,
        };
        match column {
            Some(column) => frame.set(key, column)?,
            None => {
                left_out.push(LeftOut { element, reason: "it is not one value for each row".to_string() })
            }
        }
    }
    Ok((frame, more))
}
