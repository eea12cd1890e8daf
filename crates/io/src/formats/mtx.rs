//! Matrix Market: a file alone, or in a folder with barcodes and features as Cell Ranger writes them.

use crate::codec::{gunzip_reader, gzip};
use crate::{AnnData, Column, Csc, IoError, LeftOut, Matrix, write_atomically};
use std::fs::{self, File};
use std::io::{BufRead, BufReader, Read};
use std::path::{Path, PathBuf};

/// The matrix of a folder.
pub(super) fn matrix_in(folder: &Path) -> Option<PathBuf> {
    ["matrix.mtx.gz", "matrix.mtx"].iter().map(|name| folder.join(name)).find(|path| path.is_file())
}

/// Reads a folder (features by cells) or a file alone (cells by features, names are numbers).
pub(super) fn read(path: &Path) -> Result<AnnData, IoError> {
    let (matrix, folder) = match path.is_dir() {
        true => (matrix_in(path).ok_or_else(|| IoError::IsFolder { path: path.to_path_buf() })?, Some(path)),
        false => (path.to_path_buf(), None),
    };
    let triplets = Triplets::read(&matrix)?;
    let Some(folder) = folder else { return alone(&matrix, triplets) };
    let barcodes = lines(&beside(folder, &["barcodes.tsv"])?)?;
    let features = lines(&beside(folder, &["features.tsv", "genes.tsv"])?)?;
    for (what, expected, found) in
        [("features", features.len(), triplets.shape.0), ("barcodes", barcodes.len(), triplets.shape.1)]
    {
        if expected != found {
            let (path, element) = (matrix.clone(), "the matrix".to_string());
            return Err(IoError::Length { path, element, what, expected, found });
        }
    }
    let field = |line: &String, i: usize| line.split('\t').nth(i).map(str::to_string);
    let ids: Vec<Option<String>> = features.iter().map(|line| field(line, 0)).collect();
    let names = features.iter().map(|l| field(l, 1).or_else(|| field(l, 0)).unwrap_or_default()).collect();
    let barcodes = barcodes.iter().map(|line| field(line, 0).unwrap_or_default()).collect();
    let mut data = AnnData::new(barcodes, names);
    data.var.set("gene_ids", Column::Strings(ids))?;
    let types: Vec<Option<String>> = features.iter().map(|line| field(line, 2)).collect();
    if types.iter().any(Option::is_some) {
        data.var.set("feature_types", Column::Strings(types))?;
    }
    // Features by cells along columns is cells by features along rows.
    data.x = Some(Matrix::Csr(triplets.columns(&matrix)?.transposed()));
    Ok(data)
}

/// A file in memory, alone.
pub(super) fn read_bytes(path: &Path, bytes: &[u8]) -> Result<AnnData, IoError> {
    let packed = bytes.starts_with(b"\x1f\x8b");
    let triplets = match packed {
        true => Triplets::parse(path, BufReader::new(gunzip_reader(bytes)))?,
        false => Triplets::parse(path, bytes)?,
    };
    alone(path, triplets)
}

/// A matrix without names: those are numbers.
fn alone(path: &Path, triplets: Triplets) -> Result<AnnData, IoError> {
    // Names of rows that nothing is stored of take memory that no byte of the file stands for.
    const MOST: usize = 1 << 22;
    let (rows, columns) = triplets.shape;
    if rows.max(columns) > MOST.max(4 * triplets.values.len()) {
        let (path, element) = (path.to_path_buf(), "the line of sizes".to_string());
        let reason = format!("{rows} by {columns} is far more than its {} entries", triplets.values.len());
        return Err(IoError::Corrupt { path, element, reason });
    }
    let numbers = |n: usize| (0..n).map(|i| i.to_string()).collect();
    let mut data = AnnData::new(numbers(rows), numbers(columns));
    data.x = Some(Matrix::Csr(triplets.columns(path)?.to_csr()));
    Ok(data)
}

fn beside(folder: &Path, names: &[&str]) -> Result<PathBuf, IoError> {
    let all = names.iter().flat_map(|name| [folder.join(format!("{name}.gz")), folder.join(name)]);
    let missing = folder.join(names[0]);
    all.into_iter().find(|path| path.is_file()).ok_or(IoError::NoSuchFile { path: missing })
}

fn open(path: &Path) -> Result<Box<dyn BufRead>, IoError> {
    let read = |source| IoError::Read { path: path.to_path_buf(), source };
    let mut file = BufReader::with_capacity(1 << 18, File::open(path).map_err(read)?);
    let packed = file.fill_buf().map_err(read)?.starts_with(b"\x1f\x8b");
    Ok(if packed { Box::new(BufReader::with_capacity(1 << 18, gunzip_reader(file))) } else { Box::new(file) })
}

fn lines(path: &Path) -> Result<Vec<String>, IoError> {
    // Names of a million cells are 20 MB.
    const LARGEST: u64 = 1 << 30;
    let mut text = String::new();
    open(path)?
        .take(LARGEST)
        .read_to_string(&mut text)
        .map_err(|source| IoError::Read { path: path.to_path_buf(), source })?;
    Ok(text.lines().map(str::to_string).collect())
}

/// Entries as they are listed.
struct Triplets {
    shape: (usize, usize),
    rows: Vec<u32>,
    columns: Vec<u32>,
    values: Vec<f32>,
}

impl Triplets {
    fn read(path: &Path) -> Result<Self, IoError> {
        Self::parse(path, open(path)?)
    }

    fn parse(path: &Path, mut input: impl BufRead) -> Result<Self, IoError> {
        let bad = |line: u64, reason: &str| IoError::Corrupt {
            path: path.to_path_buf(),
            element: format!("line {line}"),
            reason: reason.to_string(),
        };
        let read = |source: std::io::Error| IoError::Read { path: path.to_path_buf(), source };
        let mut line = Vec::new();
        let mut number = 0;
        // A line without an end would be as long as the file.
        let mut next = |line: &mut Vec<u8>| -> Result<bool, IoError> {
            line.clear();
            number += 1;
            let n = input.by_ref().take(1 << 16).read_until(b'\n', line).map_err(read)?;
            Ok(n > 0)
        };
        next(&mut line)?;
        let header = String::from_utf8_lossy(&line).to_ascii_lowercase();
        let words: Vec<&str> = header.split_whitespace().collect();
        let ["%%matrixmarket", "matrix", "coordinate", field, symmetry] = words[..] else {
            return Err(bad(1, "it is not `%%MatrixMarket matrix coordinate TYPE SYMMETRY`"));
        };
        let pattern = field == "pattern";
        if !matches!(field, "real" | "integer" | "pattern") || !matches!(symmetry, "general" | "symmetric") {
            return Err(bad(1, "its type or symmetry is not read"));
        }
        let mut at = 1;
        loop {
            at += 1;
            if !next(&mut line)? {
                return Err(bad(at, "the line of sizes is missing"));
            }
            if !line.starts_with(b"%") && !line.trim_ascii().is_empty() {
                break;
            }
        }
        let mut words = Words(&line);
        let mut size = || words.integer().and_then(|n| usize::try_from(n).ok());
        let (Some(height), Some(width), Some(stored)) = (size(), size(), size()) else {
            return Err(bad(at, "it does not hold three sizes"));
        };
        // Beyond this, names alone would fill memory.
        const MOST: usize = 1 << 28;
        if height > MOST || width > MOST {
            return Err(bad(at, "a dimension exceeds 2^28"));
        }
        let mut out =
            Self { shape: (height, width), rows: Vec::new(), columns: Vec::new(), values: Vec::new() };
        while next(&mut line)? {
            at += 1;
            if line.trim_ascii().is_empty() {
                continue;
            }
            let mut words = Words(&line);
            let (row, column) = (words.integer(), words.integer());
            let value = if pattern { Some(1.0) } else { words.real() };
            let (Some(row), Some(column), Some(value)) = (row, column, value) else {
                return Err(bad(at, "it is not a row, a column and a value"));
            };
            if row == 0 || row > height as u64 || column == 0 || column > width as u64 {
                return Err(bad(at, "the entry is outside the matrix"));
            }
            if out.values.len() >= stored.saturating_mul(2) {
                return Err(bad(at, "there are more entries than the line of sizes says"));
            }
            out.push(row as u32 - 1, column as u32 - 1, value);
            if symmetry == "symmetric" && row != column {
                if height != width {
                    return Err(bad(at, "a symmetric matrix is not square"));
                }
                out.push(column as u32 - 1, row as u32 - 1, value);
            }
        }
        let complete =
            if symmetry == "general" { out.values.len() == stored } else { out.values.len() >= stored };
        if !complete {
            return Err(bad(at, &format!("{} of {stored} entries are there", out.values.len())));
        }
        Ok(out)
    }

    fn push(&mut self, row: u32, column: u32, value: f32) {
        self.rows.push(row);
        self.columns.push(column);
        self.values.push(value);
    }

    /// Along columns, entries in the order of the file.
    fn columns(self, path: &Path) -> Result<Csc, IoError> {
        let mut indptr = vec![0usize; self.shape.1 + 1];
        self.columns.iter().for_each(|&c| indptr[c as usize + 1] += 1);
        for c in 0..self.shape.1 {
            indptr[c + 1] += indptr[c];
        }
        // Files are sorted by column as a rule, and then nothing need move.
        if self.columns.is_sorted() {
            return Csc::new(self.shape, indptr, self.rows, self.values).map_err(|p| sparse(path, p));
        }
        let mut next = indptr.clone();
        let (mut rows, mut values) = (vec![0; self.rows.len()], vec![0.0; self.values.len()]);
        for ((&row, &column), &value) in self.rows.iter().zip(&self.columns).zip(&self.values) {
            let to = &mut next[column as usize];
            (rows[*to], values[*to]) = (row, value);
            *to += 1;
        }
        Csc::new(self.shape, indptr, rows, values).map_err(|p| sparse(path, p))
    }
}

fn sparse(path: &Path, problem: crate::SparseProblem) -> IoError {
    IoError::Sparse { path: path.to_path_buf(), element: "the matrix".to_string(), problem }
}

/// The words of a line of bytes.
struct Words<'a>(&'a [u8]);

impl<'a> Words<'a> {
    fn next(&mut self) -> &'a [u8] {
        let rest = self.0.trim_ascii_start();
        let end = rest.iter().position(u8::is_ascii_whitespace).unwrap_or(rest.len());
        self.0 = &rest[end..];
        &rest[..end]
    }

    fn integer(&mut self) -> Option<u64> {
        let word = self.next();
        if word.is_empty() || word.len() > 19 {
            return None;
        }
        word.iter().try_fold(0u64, |n, &b| b.is_ascii_digit().then(|| n * 10 + u64::from(b - b'0')))
    }

    fn real(&mut self) -> Option<f32> {
        let before = self.0;
        if let Some(integer) = self.integer() {
            return Some(integer as f32);
        }
        self.0 = before;
        std::str::from_utf8(self.next()).ok()?.parse().ok()
    }
}

/// Writes `X` as a folder that Cell Ranger's readers open; returns what has no place there.
pub(super) fn write(folder: &Path, data: &AnnData) -> Result<Vec<LeftOut>, IoError> {
    use std::fmt::Write;
    let fail = |source| IoError::Write { path: folder.to_path_buf(), source };
    let Some(x) = &data.x else {
        let (path, group, key) = (folder.to_path_buf(), "the object".to_string(), "X".to_string());
        return Err(IoError::NoSuchElement { path, group, key, found: Vec::new() });
    };
    let csr = match x {
        Matrix::Csr(csr) => csr.clone(),
        Matrix::Csc(csc) => csc.to_csr(),
        Matrix::Dense(dense) => crate::Csr::from_dense(dense),
    };
    fs::create_dir_all(folder).map_err(fail)?;
    let put = |name: &str, text: &str| {
        write_atomically(folder.join(name), |out| out.write_all(&gzip(text.as_bytes(), 4)).map_err(fail))
    };
    let integers = csr.data().iter().all(|v| v.fract() == 0.0 && v.abs() < 1e9);
    let kind = if integers { "integer" } else { "real" };
    let mut text = format!("%%MatrixMarket matrix coordinate {kind} general\n");
    _ = writeln!(text, "{} {} {}", data.n_vars(), data.n_obs(), csr.nnz());
    for cell in 0..data.n_obs() {
        for (gene, value) in csr.row(cell) {
            _ = writeln!(text, "{} {} {value}", gene + 1, cell + 1);
        }
    }
    put("matrix.mtx.gz", &text)?;
    put("barcodes.tsv.gz", &(data.obs.index.join("\n") + "\n"))?;
    let ids = data.var.column("gene_ids").map(Column::labels);
    let features: String = (data.var.index.iter().enumerate())
        .map(|(i, name)| {
            let id = ids.as_ref().and_then(|ids| ids[i].clone()).unwrap_or_else(|| name.clone());
            format!("{id}\t{name}\tGene Expression\n")
        })
        .collect();
    put("features.tsv.gz", &features)?;
    Ok(super::arrays::left(data, &["X"], "a Matrix Market folder holds X and names alone"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Result<Triplets, IoError> {
        Triplets::parse(Path::new("m.mtx"), text.as_bytes())
    }

    #[test]
    fn entries_and_what_is_wrong_with_them() {
        let head = "%%MatrixMarket matrix coordinate real general\n% note\n3 2 3\n";
        let triplets = parse(&format!("{head}1 2 5\n3 1 -1.5\n2 2 2e1\n")).unwrap();
        let csc = triplets.columns(Path::new("m")).unwrap();
        assert_eq!(csc.to_csr().to_csc(), csc);
        assert_eq!(Matrix::Csc(csc).to_dense(), ndarray::array![[0.0, 5.0], [0.0, 20.0], [-1.5, 0.0]]);
        for (body, said) in [
            ("4 1 1\n", "line 4` (the entry is outside"),
            ("1 1 1\n", "1 of 3 entries"),
            ("1 x 1\n", "not a row, a column and a value"),
        ] {
            let error = parse(&format!("{head}{body}")).err().expect("it is wrong").to_string();
            assert!(error.contains(said), "{error}");
        }
        assert!(parse("nonsense").is_err());
        assert!(parse("%%MatrixMarket matrix coordinate real general\n99999999999 2 3\n").is_err());
    }
}
