//! Populations from `.npz`.

use super::{Cells, Columns, same_rows};
use crate::{Column, IoError};
use ndarray::{ArrayD, Ix1, Ix2};
use ndarray_npy::{NpzReader, ReadNpzError, ReadableElement};
use std::fs::File;
use std::io::BufReader;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;

struct Archive<'a> {
    path: &'a Path,
    reader: NpzReader<BufReader<File>>,
    names: Vec<String>,
}

pub(super) fn read(path: &Path, columns: &Columns) -> Result<Cells, IoError> {
    let mut archive = Archive::open(path)?;
    let times = archive.column(&columns.time)?;
    let weights = columns.weight.as_ref().map(|name| archive.column(name)).transpose()?;
    let element = match &columns.representation {
        Some(name) => name.clone(),
        None => archive.only_matrix(columns)?,
    };
    let points = archive.floats(&element)?;
    let dimensions = points.ndim();
    let points = points.into_dimensionality::<Ix2>().map_err(|_| IoError::Length {
        path: path.to_path_buf(),
        element: element.clone(),
        what: "dimensions",
        expected: 2,
        found: dimensions,
    })?;
    same_rows(path, &columns.time, points.nrows(), times.len())?;
    if let (Some(weights), Some(name)) = (&weights, &columns.weight) {
        same_rows(path, name, points.nrows(), weights.len())?;
    }
    let features = (1..=points.ncols()).map(|j| format!("{element}-{j}")).collect();
    Ok(Cells { points, features, times, weights, element })
}

/// The names of the arrays, sorted.
pub(super) fn names(path: &Path) -> Result<Vec<String>, IoError> {
    Ok(Archive::open(path)?.names)
}

impl<'a> Archive<'a> {
    fn open(path: &'a Path) -> Result<Self, IoError> {
        let file = File::open(path).map_err(|source| IoError::Read { path: path.to_path_buf(), source })?;
        let mut reader = NpzReader::new(BufReader::new(file)).map_err(|error| corrupt(path, "/", &error))?;
        let names = reader.names().map_err(|error| corrupt(path, "/", &error))?;
        let mut names: Vec<String> =
            names.into_iter().map(|name| name.strip_suffix(".npy").unwrap_or(&name).to_string()).collect();
        names.sort();
        Ok(Self { path, reader, names })
    }

    fn require(&self, name: &str) -> Result<(), IoError> {
        if self.names.iter().any(|n| n == name) {
            return Ok(());
        }
        Err(IoError::NoSuchElement {
            path: self.path.to_path_buf(),
            group: "the arrays".to_string(),
            key: name.to_string(),
            found: self.names.clone(),
        })
    }

    /// The one matrix beside time and weight, or `X`.
    fn only_matrix(&mut self, columns: &Columns) -> Result<String, IoError> {
        if self.names.iter().any(|n| n == "X") {
            return Ok("X".to_string());
        }
        let others = self.names.iter().filter(|n| **n != columns.time && Some(*n) != columns.weight.as_ref());
        let others: Vec<String> = others.cloned().collect();
        let mut matrices = Vec::new();
        for name in others {
            // Arrays of other types cannot be the matrix.
            if self.floats(&name).is_ok_and(|a| a.ndim() == 2) {
                matrices.push(name);
            }
        }
        match <[String; 1]>::try_from(matrices) {
            Ok([only]) => Ok(only),
            Err(found) => Err(IoError::NoSuchElement {
                path: self.path.to_path_buf(),
                group: "the matrices".to_string(),
                key: "X".to_string(),
                found,
            }),
        }
    }

    fn array<T: ReadableElement>(&mut self, name: &str) -> Result<Option<ArrayD<T>>, IoError> {
        // A declared length beyond memory panics in the reader.
        let read = catch_unwind(AssertUnwindSafe(|| self.reader.by_name(name)));
        let Ok(read) = read else {
            let (path, element) = (self.path.to_path_buf(), name.to_string());
            return Err(IoError::Corrupt {
                path,
                element,
                reason: "its structure is inconsistent".to_string(),
            });
        };
        match read {
            Ok(array) => Ok(Some(array)),
            Err(ReadNpzError::Npy(ndarray_npy::ReadNpyError::WrongDescriptor(_))) => Ok(None),
            Err(error) => Err(corrupt(self.path, name, &error)),
        }
    }

    fn floats(&mut self, name: &str) -> Result<ArrayD<f32>, IoError> {
        self.require(name)?;
        if let Some(array) = self.array::<f32>(name)? {
            return Ok(array);
        }
        Ok(self.doubles(name)?.mapv(|v| v as f32))
    }

    fn doubles(&mut self, name: &str) -> Result<ArrayD<f64>, IoError> {
        self.require(name)?;
        macro_rules! try_types {
            ($($kind:ty),*) => {
                $(if let Some(array) = self.array::<$kind>(name)? {
                    return Ok(array.mapv(|v| v as f64));
                })*
            };
        }
        try_types!(f64, f32, i64, i32, i16, i8, u64, u32, u16, u8);
        Err(IoError::Encoding {
            path: self.path.to_path_buf(),
            element: name.to_string(),
            encoding: "not an array of numbers".to_string(),
            wanted: "numbers",
        })
    }

    fn column(&mut self, name: &str) -> Result<Column, IoError> {
        let array = self.doubles(name)?;
        let found = array.ndim();
        let values = array.into_dimensionality::<Ix1>().map_err(|_| IoError::Length {
            path: self.path.to_path_buf(),
            element: name.to_string(),
            what: "dimensions",
            expected: 1,
            found,
        })?;
        Ok(Column::Numbers(values.to_vec()))
    }
}

fn corrupt(path: &Path, element: &str, error: &ReadNpzError) -> IoError {
    let reason = error.to_string().split_whitespace().collect::<Vec<_>>().join(" ");
    IoError::Corrupt { path: path.to_path_buf(), element: element.to_string(), reason }
}
