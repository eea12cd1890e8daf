//! Populations from `.csv` and `.tsv`.

use super::{Cells, Columns};
use crate::{Column, IoError};
use csv::{Reader, ReaderBuilder, StringRecord};
use ndarray::Array2;
use std::fs::File;
use std::path::Path;

pub(super) fn read(path: &Path, columns: &Columns, delimiter: u8) -> Result<Cells, IoError> {
    let wrong = |error: csv::Error| describe(path, error);
    let mut reader = ReaderBuilder::new().delimiter(delimiter).from_path(path).map_err(wrong)?;
    let header = reader.headers().map_err(wrong)?.clone();
    let time = position(path, &header, &columns.time)?;
    let weight = columns.weight.as_ref().map(|name| position(path, &header, name)).transpose()?;
    let others = columns.others.iter().map(|name| position(path, &header, name));
    let others = others.collect::<Result<Vec<usize>, _>>()?;
    let taken: Vec<usize> = [time].into_iter().chain(weight).chain(others.iter().copied()).collect();
    let features = features(path, &header, columns, &taken)?;
    let mut points = Vec::new();
    let mut times = Vec::new();
    let mut weights = Vec::new();
    let mut texts: Vec<Vec<Option<String>>> = vec![Vec::new(); others.len()];
    let mut record = StringRecord::new();
    while next(&mut reader, &mut record).map_err(wrong)? {
        let number = |column: usize| number(path, &header, &record, column);
        for &column in &features {
            points.push(number(column)? as f32);
        }
        let text = |column: usize| (!missing(&record[column])).then(|| record[column].trim().to_string());
        times.push(text(time));
        for (texts, &column) in texts.iter_mut().zip(&others) {
            texts.push(text(column));
        }
        if let Some(weight) = weight {
            weights.push(number(weight)?);
        }
    }
    let points = Array2::from_shape_vec((times.len(), features.len()), points)
        .expect("one entry was pushed for each row and feature");
    let element = columns.representation.clone().unwrap_or_else(|| "the table".to_string());
    let features = features.into_iter().map(|column| header[column].to_string()).collect();
    let weights = weight.map(|_| Column::Numbers(weights));
    let others = texts.into_iter().map(Column::Strings).collect();
    Ok(Cells { points, features, times: Column::Strings(times), weights, others, element })
}

/// The header.
pub(super) fn names(path: &Path, delimiter: u8) -> Result<Vec<String>, IoError> {
    let wrong = |error: csv::Error| describe(path, error);
    let mut reader = ReaderBuilder::new().delimiter(delimiter).from_path(path).map_err(wrong)?;
    Ok(reader.headers().map_err(wrong)?.iter().map(str::to_string).collect())
}

fn next(reader: &mut Reader<File>, record: &mut StringRecord) -> Result<bool, csv::Error> {
    reader.read_record(record)
}

fn position(path: &Path, header: &StringRecord, name: &str) -> Result<usize, IoError> {
    header.iter().position(|h| h == name).ok_or_else(|| IoError::NoSuchElement {
        path: path.to_path_buf(),
        group: "the header".to_string(),
        key: name.to_string(),
        found: header.iter().map(str::to_string).collect(),
    })
}

/// The columns that are coordinates: those with the prefix, or all that are nothing else.
fn features(
    path: &Path,
    header: &StringRecord,
    columns: &Columns,
    taken: &[usize],
) -> Result<Vec<usize>, IoError> {
    let prefix = columns.representation.as_deref().unwrap_or_default();
    let chosen: Vec<usize> = header
        .iter()
        .enumerate()
        .filter(|(column, name)| {
            !taken.contains(column) && name.starts_with(prefix) && !(*column == 0 && name.is_empty())
        })
        .map(|(column, _)| column)
        .collect();
    if chosen.is_empty() {
        return Err(IoError::NoSuchElement {
            path: path.to_path_buf(),
            group: "the header".to_string(),
            key: format!("{prefix}*"),
            found: header.iter().map(str::to_string).collect(),
        });
    }
    Ok(chosen)
}

fn missing(text: &str) -> bool {
    matches!(text.trim(), "" | "NA" | "NaN" | "nan" | "null")
}

fn number(path: &Path, header: &StringRecord, record: &StringRecord, column: usize) -> Result<f64, IoError> {
    let text = record[column].trim();
    if missing(text) {
        return Ok(f64::NAN);
    }
    text.parse().map_err(|_| IoError::NotANumber {
        path: path.to_path_buf(),
        line: record.position().map_or(0, csv::Position::line),
        column: header[column].to_string(),
        text: text.to_string(),
    })
}

fn describe(path: &Path, error: csv::Error) -> IoError {
    let path = path.to_path_buf();
    let reason = error.to_string();
    match error.into_kind() {
        csv::ErrorKind::Io(source) => IoError::Read { path, source },
        _ => IoError::Table { path, reason },
    }
}
