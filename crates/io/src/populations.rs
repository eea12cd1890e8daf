//! From a file to a time series of populations.

mod annotated;
mod memory;
mod npz;
mod table;
mod time;

use crate::zarr::is_store;
use crate::{Column, Format, IoError};
use chreode_core::{Populations, Snapshot};
use ndarray::{Array1, Array2, Axis, s};
use std::path::Path;

/// Which parts of a file make the time series.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Columns {
    /// The column (or `.npz` array) with the time of each cell.
    pub time: String,
    /// What the cells' coordinates are: a key of `obsm` in `.h5ad`, an array in `.npz`, the common
    /// prefix of the feature columns in a table. `None` means `X`, the only matrix, or all other columns.
    pub representation: Option<String>,
    /// How many of the first dimensions to keep; `None` for all.
    pub dims: Option<usize>,
    /// The column (or array) with the weight of each cell; `None` for equal weights.
    pub weight: Option<String>,
    /// Columns (or arrays) that say something else of each cell, e.g. what it was treated with.
    pub others: Vec<String>,
}

impl Columns {
    /// The time column alone: all of `X`, equal weights.
    pub fn new(time: impl Into<String>) -> Self {
        Self { time: time.into(), representation: None, dims: None, weight: None, others: Vec::new() }
    }
}

/// Populations, and where each cell stands in the file.
#[derive(Clone, Debug, PartialEq)]
pub struct TimeSeries {
    /// The cells, by time.
    pub populations: Populations,
    /// For each snapshot, the file's row of each of its cells, from 0, in the file's order.
    pub rows: Vec<Vec<usize>>,
    /// For each snapshot, its time as the file writes it, e.g. `Day 03`.
    pub time_labels: Vec<String>,
    /// The columns of [`Columns::others`], one row a row of the file.
    pub others: Vec<Column>,
}

/// What a reader takes from a file, all cells in the file's order.
struct Cells {
    points: Array2<f32>,
    features: Vec<String>,
    times: Column,
    weights: Option<Column>,
    others: Vec<Column>,
    /// What the points are called in messages.
    element: String,
}

/// Reads `.h5ad`, a zarr store, any other [`Format`] and groups the cells by time.
///
/// A time is a number: that of a numeric column, or of numeric categories, or of a label that is a number
/// or has exactly one in it (`Day 03`, `day12`, `E8.5`). A sign belongs to a number within a label only at
/// the beginning or after a space, `=`, `:` or `(`, so that `day-3` is 3 and `t=-1` is -1. Labels with no
/// number or with several (`Day 00-03`) are an error, as are different labels for one time.
///
/// In a table the first column is skipped if its header is empty, as pandas writes row names; empty
/// fields and `NA`, `NaN`, `nan`, `null` are missing.
///
/// # Errors
/// Those of opening the file; [`IoError::NoSuchElement`] with what there is, [`IoError::MissingTime`],
/// [`IoError::NotATime`], [`IoError::SameTime`], [`IoError::NotFinite`], [`IoError::NotAWeight`],
/// [`IoError::Dimensions`], [`IoError::Populations`].
pub fn read_populations(path: impl AsRef<Path>, columns: &Columns) -> Result<TimeSeries, IoError> {
    let path = path.as_ref();
    if is_store(path) {
        return group(path, columns, annotated::read(path, columns)?);
    }
    if path.is_dir() {
        // A folder that holds nothing that is known says so.
        Format::of(path)?;
        return group(path, columns, memory::read_cells(path, columns)?);
    }
    crate::file::length(path)?;
    let cells = match extension(path).as_str() {
        "h5ad" => annotated::read(path, columns)?,
        "npz" | "npy" | "safetensors" => npz::read(path, columns)?,
        "csv" => table::read(path, columns, b',')?,
        "tsv" => table::read(path, columns, b'\t')?,
        _ => match Format::of(path)? {
            Format::H5ad => annotated::read(path, columns)?,
            Format::TenX | Format::Loom | Format::MatrixMarket => memory::read_cells(path, columns)?,
            _ => return Err(IoError::UnknownFormat { path: path.to_path_buf() }),
        },
    };
    group(path, columns, cells)
}

/// The names that [`Columns`] can be made of in a table or an `.npz`: its columns or its arrays, in order.
///
/// An `.h5ad` says more about itself through [`H5ad::summary`](crate::H5ad::summary).
///
/// # Errors
/// Those of opening the file; [`IoError::UnknownFormat`] for every other extension, `.h5ad` included.
pub fn column_names(path: impl AsRef<Path>) -> Result<Vec<String>, IoError> {
    let path = path.as_ref();
    crate::file::length(path)?;
    match extension(path).as_str() {
        "npz" | "npy" | "safetensors" => npz::names(path),
        "csv" => table::names(path, b','),
        "tsv" => table::names(path, b'\t'),
        _ => Err(IoError::UnknownFormat { path: path.to_path_buf() }),
    }
}

fn extension(path: &Path) -> String {
    path.extension().and_then(|e| e.to_str()).unwrap_or_default().to_ascii_lowercase()
}

fn group(path: &Path, columns: &Columns, cells: Cells) -> Result<TimeSeries, IoError> {
    let Cells { points, mut features, times, weights, others, element } = cells;
    let dims = columns.dims.unwrap_or(points.ncols());
    if dims == 0 || dims > points.ncols() {
        let (path, available) = (path.to_path_buf(), points.ncols());
        return Err(IoError::Dimensions { path, element, asked: dims, available });
    }
    features.truncate(dims);
    if let Some(((row, column), &value)) =
        points.slice(s![.., ..dims]).indexed_iter().find(|(_, v)| !v.is_finite())
    {
        let (path, value) = (path.to_path_buf(), f64::from(value));
        return Err(IoError::NotFinite { path, element, row, column, value });
    }
    let weights = weights.map(|column| numbers(path, columns, &column)).transpose()?;
    let groups = time::group(path, &columns.time, &times)?;
    let snapshots = groups
        .iter()
        .map(|group| Snapshot {
            time: group.time,
            points: points.slice(s![.., ..dims]).select(Axis(0), &group.rows),
            weights: weights
                .as_ref()
                .map(|w| group.rows.iter().map(|&row| w[row] as f32).collect::<Array1<f32>>()),
        })
        .collect();
    let populations = Populations::new(snapshots, features)
        .map_err(|source| IoError::Populations { path: path.to_path_buf(), source })?;
    let (rows, time_labels) = groups.into_iter().map(|group| (group.rows, group.label)).unzip();
    Ok(TimeSeries { populations, rows, time_labels, others })
}

fn numbers(path: &Path, columns: &Columns, column: &Column) -> Result<Vec<f64>, IoError> {
    let name = columns.weight.clone().unwrap_or_default();
    let missing = |row| IoError::NotAWeight { path: path.to_path_buf(), column: name.clone(), row };
    let numbers = column.numbers().ok_or_else(|| missing(0))?;
    match numbers.iter().position(|v| v.is_nan()) {
        Some(row) => Err(missing(row)),
        None => Ok(numbers),
    }
}

/// The rows of all parts must be as many as the cells.
fn same_rows(path: &Path, element: &str, expected: usize, found: usize) -> Result<(), IoError> {
    if expected == found {
        return Ok(());
    }
    let (path, element) = (path.to_path_buf(), element.to_string());
    Err(IoError::Length { path, element, what: "rows", expected, found })
}
