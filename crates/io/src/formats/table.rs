//! Tables as annotated data, and back.

use crate::{AnnData, Annotation, Column, IoError, LeftOut, Matrix, write_atomically};
use csv::{ReaderBuilder, WriterBuilder};
use ndarray::Array2;
use std::fs::File;
use std::io::Read;
use std::path::Path;

/// Reads a table: numeric columns are `X`, others `obs`.
pub(super) fn read(path: &Path, delimiter: u8) -> Result<AnnData, IoError> {
    let file = File::open(path).map_err(|source| IoError::Read { path: path.to_path_buf(), source })?;
    read_from(path, file, delimiter)
}

/// As [`read`], of a table that is open.
pub(super) fn read_from(path: &Path, input: impl Read, delimiter: u8) -> Result<AnnData, IoError> {
    let wrong = |error: csv::Error| describe(path, error);
    let mut reader = ReaderBuilder::new().delimiter(delimiter).from_reader(input);
    let header: Vec<String> = reader.headers().map_err(wrong)?.iter().map(str::to_string).collect();
    let mut columns: Vec<Vec<String>> = vec![Vec::new(); header.len()];
    for record in reader.records() {
        let record = record.map_err(wrong)?;
        columns.iter_mut().zip(&record).for_each(|(column, text)| column.push(text.trim().to_string()));
    }
    let rows = columns.first().map_or(0, Vec::len);
    let missing = |text: &str| matches!(text, "" | "NA" | "NaN" | "nan" | "null");
    let numbers = |column: &[String]| -> Option<Vec<f64>> {
        let number = |text: &String| if missing(text) { Some(f64::NAN) } else { text.parse().ok() };
        column.iter().map(number).collect()
    };
    let named = header.first().is_some_and(|name| name.is_empty() || numbers(&columns[0]).is_none());
    let index = match named && rows > 0 {
        true => columns[0].clone(),
        false => (0..rows).map(|i| i.to_string()).collect(),
    };
    let mut data = AnnData::new(index, Vec::new());
    let mut values: Vec<Vec<f64>> = Vec::new();
    for (name, column) in header.iter().zip(&columns).skip(usize::from(named)) {
        match numbers(column) {
            Some(numbers) => {
                data.var.index.push(name.clone());
                values.push(numbers);
            }
            None => {
                let texts = column.iter().map(|text| (!missing(text)).then(|| text.clone())).collect();
                data.obs.set(name, Column::Strings(texts))?;
            }
        }
    }
    data.x = Some(Matrix::Dense(Array2::from_shape_fn((rows, values.len()), |(i, j)| values[j][i] as f32)));
    Ok(data)
}

/// Writes names, `obs`, `obsm` and a dense `X` as columns; returns what has no place there.
pub(super) fn write(path: &Path, data: &AnnData, delimiter: u8) -> Result<Vec<LeftOut>, IoError> {
    // One column a gene is what a table of this many would be.
    const WIDEST: usize = 4096;
    let mut header = vec![String::new()];
    let mut columns: Vec<Vec<String>> = vec![data.obs.index.clone()];
    let mut kept: Vec<String> = Vec::new();
    for (name, column) in &data.obs.columns {
        header.push(name.clone());
        columns.push(column.labels().into_iter().map(Option::unwrap_or_default).collect());
        kept.push(format!("obs/{name}"));
    }
    let mut dense = |prefix: &dyn Fn(usize) -> String, a: Array2<f64>, element: String| {
        for (j, column) in a.columns().into_iter().enumerate() {
            header.push(prefix(j));
            columns.push(column.iter().map(f64::to_string).collect());
        }
        kept.push(element);
    };
    for (key, value) in &data.obsm {
        let values = match value {
            Annotation::F32(a) => a.mapv(f64::from),
            Annotation::F64(a) => a.clone(),
            _ => continue,
        };
        dense(&|j| format!("{key}{}", j + 1), values, format!("obsm/{key}"));
    }
    if let Some(x) = data.x.as_ref().filter(|x| x.shape().1 <= WIDEST) {
        dense(&|j| data.var.index[j].clone(), x.to_dense().mapv(f64::from), "X".to_string());
    }
    let fail = |source| IoError::Write { path: path.to_path_buf(), source };
    write_atomically(path, |out| {
        let mut table = WriterBuilder::new().delimiter(delimiter).from_writer(out);
        let io = |error: csv::Error| fail(std::io::Error::other(error.to_string()));
        table.write_record(&header).map_err(io)?;
        for row in 0..data.n_obs() {
            table.write_record(columns.iter().map(|column| &column[row])).map_err(io)?;
        }
        table.flush().map_err(fail)
    })?;
    let kept: Vec<&str> = kept.iter().map(String::as_str).collect();
    Ok(super::arrays::left(data, &kept, "a table holds obs, dense obsm and an X of at most 4096 columns"))
}

fn describe(path: &Path, error: csv::Error) -> IoError {
    let path = path.to_path_buf();
    let reason = error.to_string();
    match error.into_kind() {
        csv::ErrorKind::Io(source) => IoError::Read { path, source },
        _ => IoError::Table { path, reason },
    }
}
