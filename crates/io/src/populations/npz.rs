//! Populations from files of arrays: `.npz`, `.npy` and `.safetensors`.

use super::{Cells, Columns, same_rows};
use crate::formats::{Archive, Array};
use crate::{Column, IoError};
use ndarray::Array2;
use std::path::Path;

pub(super) fn read(path: &Path, columns: &Columns) -> Result<Cells, IoError> {
    let archive = Archive::open(path)?;
    let times = column(path, &archive, &columns.time)?;
    let weights = columns.weight.as_ref().map(|name| column(path, &archive, name)).transpose()?;
    let others: Vec<Column> =
        columns.others.iter().map(|name| column(path, &archive, name)).collect::<Result<_, _>>()?;
    let element = match &columns.representation {
        Some(name) => name.clone(),
        None => only_matrix(path, &archive, columns)?,
    };
    let points = archive.get(&element)?;
    let &[rows, width] = &points.shape[..] else {
        return Err(dimensions(path, &element, 2, &points));
    };
    let points =
        Array2::from_shape_vec((rows, width), points.into_f32()).expect("as many values as the shape says");
    same_rows(path, &columns.time, points.nrows(), times.len())?;
    if let (Some(weights), Some(name)) = (&weights, &columns.weight) {
        same_rows(path, name, points.nrows(), weights.len())?;
    }
    for (other, name) in others.iter().zip(&columns.others) {
        same_rows(path, name, points.nrows(), other.len())?;
    }
    let features = (1..=points.ncols()).map(|j| format!("{element}-{j}")).collect();
    Ok(Cells { points, features, times, weights, others, element })
}

/// The names of the arrays, sorted.
pub(super) fn names(path: &Path) -> Result<Vec<String>, IoError> {
    Ok(Archive::open(path)?.names())
}

/// The one matrix beside time and weight, or `X`.
fn only_matrix(path: &Path, archive: &Archive, columns: &Columns) -> Result<String, IoError> {
    let names = archive.names();
    if names.iter().any(|n| n == "X") {
        return Ok("X".to_string());
    }
    let taken =
        |n: &String| *n == columns.time || Some(n) == columns.weight.as_ref() || columns.others.contains(n);
    let others = names.iter().filter(|n| !taken(n));
    // Arrays of other types cannot be the matrix.
    let matrix = |name: &&String| archive.get(name).is_ok_and(|array| array.shape.len() == 2);
    match <[String; 1]>::try_from(others.filter(matrix).cloned().collect::<Vec<_>>()) {
        Ok([only]) => Ok(only),
        Err(found) => Err(IoError::NoSuchElement {
            path: path.to_path_buf(),
            group: "the matrices".to_string(),
            key: "X".to_string(),
            found,
        }),
    }
}

fn column(path: &Path, archive: &Archive, name: &str) -> Result<Column, IoError> {
    let array = archive.get(name)?;
    if array.shape.len() != 1 {
        return Err(dimensions(path, name, 1, &array));
    }
    Ok(Column::Numbers(array.to_f64()))
}

fn dimensions(path: &Path, element: &str, expected: usize, array: &Array) -> IoError {
    let (path, element, found) = (path.to_path_buf(), element.to_string(), array.shape.len());
    IoError::Length { path, element, what: "dimensions", expected, found }
}
