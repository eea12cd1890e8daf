//! Everything that can go wrong between a file and a population.

use crate::sparse::SparseProblem;
use chreode_core::CoreError;
use std::path::PathBuf;
use thiserror::Error;

/// What went wrong, in which file and at which element, and what to try.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum IoError {
    /// No such file.
    #[error("there is no file {}; check the spelling and the folder", .path.display())]
    NoSuchFile {
        /// What was asked for.
        path: PathBuf,
    },
    /// A folder in place of a file.
    #[error("{} is a folder; give the file inside it", .path.display())]
    IsFolder {
        /// What was asked for.
        path: PathBuf,
    },
    /// A file that cannot be read.
    #[error("cannot read {}: {source}", .path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// The operating system's reason.
        source: std::io::Error,
    },
    /// A file that cannot be written; what was there before is untouched.
    #[error("cannot write {}: {source}; choose another place or make room (a file that was there before is unchanged)", .path.display())]
    Write {
        /// The file.
        path: PathBuf,
        /// The operating system's reason.
        source: std::io::Error,
    },
    /// A file that its own superblock says somebody is writing to.
    #[error("{0} is marked as open for writing: a program has it open, or ended without closing it; close it there, or run `h5clear -s {0}`", .path.display())]
    InUse {
        /// The file.
        path: PathBuf,
    },
    /// Not an HDF5 file at all.
    #[error("{} is not an HDF5 file; export it as .h5ad, or name it .npz, .csv or .tsv if it is one", .path.display())]
    NotHdf5 {
        /// The file.
        path: PathBuf,
    },
    /// An HDF5 file without the parts of an AnnData object.
    #[error("{} is an HDF5 file but not an AnnData object: it has no `{missing}`; write it with anndata's write_h5ad", .path.display())]
    NotAnnData {
        /// The file.
        path: PathBuf,
        /// The element that every AnnData file has.
        missing: &'static str,
    },
    /// A truncated or damaged file.
    #[error("{} is damaged or cut short at `{element}` ({reason}); copy or export it again", .path.display())]
    Corrupt {
        /// The file.
        path: PathBuf,
        /// The element being read.
        element: String,
        /// What did not fit.
        reason: String,
    },
    /// A declared size that the stored bytes cannot fill.
    #[error("`{element}` in {} declares {declared} bytes but the file stores at most {possible} for it; the file is damaged", .path.display())]
    DeclaredSize {
        /// The file.
        path: PathBuf,
        /// The element.
        element: String,
        /// Bytes that its shape and type ask for.
        declared: u64,
        /// Bytes that its storage can hold once decompressed.
        possible: u64,
    },
    /// A filter or layout of HDF5 that the own reader does not know.
    #[error("`{element}` in {} is stored {storage}, which {reason}, or write the file again without it, e.g. with `h5repack -f NONE`", .path.display())]
    Storage {
        /// The file.
        path: PathBuf,
        /// The element.
        element: String,
        /// How it is stored.
        storage: String,
        /// Why that is not read, and what to try.
        reason: String,
    },
    /// An element that is not there.
    #[error("no `{key}` in {group} of {}; {}", .path.display(), listed(.found))]
    NoSuchElement {
        /// The file.
        path: PathBuf,
        /// Where it was looked for.
        group: String,
        /// What was looked for.
        key: String,
        /// What there is.
        found: Vec<String>,
    },
    /// An element in an encoding that is not read.
    #[error("`{element}` in {} is {encoding}, which cannot be read as {wanted}; convert it in Python and write the file again", .path.display())]
    Encoding {
        /// The file.
        path: PathBuf,
        /// The element.
        element: String,
        /// How it is stored.
        encoding: String,
        /// What it was asked as.
        wanted: &'static str,
    },
    /// Two lengths that must agree and do not.
    #[error("`{element}` in {} has {found} {what} where {expected} are needed; write the file again", .path.display())]
    Length {
        /// The file.
        path: PathBuf,
        /// The element.
        element: String,
        /// What is counted, e.g. `rows`.
        what: &'static str,
        /// The number needed.
        expected: usize,
        /// The number found.
        found: usize,
    },
    /// A sparse matrix whose parts do not fit.
    #[error("`{element}` in {} is not a valid sparse matrix: {problem}; write the file again", .path.display())]
    Sparse {
        /// The file.
        path: PathBuf,
        /// The element.
        element: String,
        /// What does not fit.
        problem: SparseProblem,
    },
    /// NaN or infinity in a representation.
    #[error("row {row} of `{element}` in {} has {value} in column {column}; remove the cell or impute the value", .path.display())]
    NotFinite {
        /// The file.
        path: PathBuf,
        /// The representation.
        element: String,
        /// The cell's row in the file, from 0.
        row: usize,
        /// The column, from 0.
        column: usize,
        /// The offending value.
        value: f64,
    },
    /// More dimensions asked for than there are.
    #[error("{asked} dimensions of `{element}` were asked for in {}, which has {available}; ask for 1 to {available}", .path.display())]
    Dimensions {
        /// The file.
        path: PathBuf,
        /// The representation.
        element: String,
        /// The number asked for.
        asked: usize,
        /// The number there are.
        available: usize,
    },
    /// Cells without a time.
    #[error("{count} of {cells} cells in {} have no `{column}`, the first at row {row}; remove them or fill the column", .path.display())]
    MissingTime {
        /// The file.
        path: PathBuf,
        /// The time column.
        column: String,
        /// The first such row, from 0.
        row: usize,
        /// How many.
        count: usize,
        /// Out of how many.
        cells: usize,
    },
    /// Labels that do not name one time each.
    #[error("`{column}` in {} does not name times: {} hold no single number; use a numeric column, or labels such as `day 3`", .path.display(), quoted(.labels))]
    NotATime {
        /// The file.
        path: PathBuf,
        /// The time column.
        column: String,
        /// The labels without a number, or with several.
        labels: Vec<String>,
    },
    /// Different labels for one time.
    #[error("`{column}` in {} gives time {time} to different labels, {}; rename them or choose a numeric column", .path.display(), quoted(.labels))]
    SameTime {
        /// The file.
        path: PathBuf,
        /// The time column.
        column: String,
        /// The time they share.
        time: f64,
        /// The labels.
        labels: Vec<String>,
    },
    /// A weight column that is not numeric, or has gaps.
    #[error("`{column}` in {} has no number at row {row}; a weight column needs a number for each cell", .path.display())]
    NotAWeight {
        /// The file.
        path: PathBuf,
        /// The weight column.
        column: String,
        /// The first such row, from 0.
        row: usize,
    },
    /// A table cell that should be a number.
    #[error("line {line} of {} has `{text}` in column `{column}`, which is not a number; choose the feature columns by their common prefix, or clean the table", .path.display())]
    NotANumber {
        /// The file.
        path: PathBuf,
        /// The line, from 1.
        line: u64,
        /// The column's header.
        column: String,
        /// What stands there.
        text: String,
    },
    /// A table that cannot be parsed.
    #[error("{} is not a table with a header: {reason}; every line needs the same number of fields", .path.display())]
    Table {
        /// The file.
        path: PathBuf,
        /// What did not fit.
        reason: String,
    },
    /// An extension that names no format.
    #[error("{} is in no format that is known; those are .h5ad, zarr, 10x .h5, .loom, Matrix Market, .npz, .npy, .safetensors, .csv and .tsv", .path.display())]
    UnknownFormat {
        /// The file.
        path: PathBuf,
    },
    /// Cells that are not a time series.
    #[error("{}: {source}", .path.display())]
    Populations {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        source: CoreError,
    },
    /// A key that HDF5 or AnnData cannot hold.
    #[error("`{key}` cannot be written to {group}: {reason}; rename it")]
    Key {
        /// Where it should go.
        group: String,
        /// The key.
        key: String,
        /// Why not.
        reason: &'static str,
    },
    /// An in-memory part that does not fit the others.
    #[error(
        "`{element}` has {found} {what} where {expected} are needed; give every part the same cells and variables"
    )]
    Mismatch {
        /// The part.
        element: String,
        /// What is counted.
        what: &'static str,
        /// The number needed.
        expected: usize,
        /// The number found.
        found: usize,
    },
}

/// `it has a, b`, or that there is nothing.
fn listed(keys: &[String]) -> String {
    if keys.is_empty() { "it is empty".to_string() } else { format!("it has {}", shorten(keys, ", ")) }
}

fn quoted(labels: &[String]) -> String {
    let labels: Vec<String> = labels.iter().map(|l| format!("`{l}`")).collect();
    shorten(&labels, ", ")
}

/// At most twelve, then how many more.
fn shorten(items: &[String], separator: &str) -> String {
    const SHOWN: usize = 12;
    let mut text = items.iter().take(SHOWN).cloned().collect::<Vec<_>>().join(separator);
    if items.len() > SHOWN {
        text.push_str(&format!(" and {} more", items.len() - SHOWN));
    }
    text
}
