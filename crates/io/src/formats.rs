//! Formats beside `.h5ad`: found by content, read into [`AnnData`], converted into one another.

mod arrays;
mod loom;
mod mtx;
mod npy;
mod safetensors;
mod table;
mod tenx;
mod zip;

pub(crate) use arrays::{Archive, Array};

use crate::hdf5::{Compression, Container};
use crate::zarr::is_store;
use crate::{AnnData, H5ad, IoError, LeftOut, Loaded, Subset, ZarrVersion, write_h5ad_as, write_zarr};
use std::fmt;
use std::fs::File;
use std::io::Read;
use std::path::Path;

/// A format of annotated data.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Format {
    /// AnnData in HDF5.
    H5ad,
    /// AnnData in a zarr folder.
    Zarr,
    /// Counts of 10x Genomics in HDF5, versions 2 and 3.
    TenX,
    /// Loom: HDF5 with genes along rows.
    Loom,
    /// A folder with `matrix.mtx`, barcodes and features, or a Matrix Market file alone.
    MatrixMarket,
    /// A table with commas.
    Csv,
    /// A table with tabs.
    Tsv,
    /// One numpy array.
    Npy,
    /// Several numpy arrays.
    Npz,
    /// Several arrays, as PyTorch users store them.
    Safetensors,
}

impl fmt::Display for Format {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::H5ad => "AnnData (.h5ad)",
            Self::Zarr => "AnnData (zarr)",
            Self::TenX => "10x Genomics (.h5)",
            Self::Loom => "loom",
            Self::MatrixMarket => "Matrix Market",
            Self::Csv => "table (.csv)",
            Self::Tsv => "table (.tsv)",
            Self::Npy => "numpy array (.npy)",
            Self::Npz => "numpy arrays (.npz)",
            Self::Safetensors => "safetensors",
        })
    }
}

impl Format {
    /// The format of what is at `path`, by its content; the name decides only between kinds of text.
    ///
    /// # Errors
    /// [`IoError::NoSuchFile`], [`IoError::Read`], [`IoError::UnknownFormat`].
    pub fn of(path: impl AsRef<Path>) -> Result<Self, IoError> {
        let path = path.as_ref();
        if path.is_dir() {
            if is_store(path) {
                return Ok(Self::Zarr);
            }
            return match mtx::matrix_in(path) {
                Some(_) => Ok(Self::MatrixMarket),
                None => Err(IoError::IsFolder { path: path.to_path_buf() }),
            };
        }
        let length = crate::file::length(path)?;
        let mut head = [0; 32];
        let mut file =
            File::open(path).map_err(|source| IoError::Read { path: path.to_path_buf(), source })?;
        let mut got = 0;
        while let Ok(n @ 1..) = file.read(&mut head[got..]) {
            got += n;
        }
        if hdf5_pure::is_hdf5(path).unwrap_or(false) {
            return Self::of_hdf5(&Container::open(path)?);
        }
        Self::of_head(path, &head[..got], length)
    }

    fn of_hdf5(container: &Container) -> Result<Self, IoError> {
        let has = |name: &str| container.kind(name).map(|kind| kind.is_some());
        Ok(if has("obs")? && has("var")? {
            Self::H5ad
        } else if has("row_attrs")? || has("col_attrs")? {
            Self::Loom
        } else if tenx::genome(container)?.is_some() {
            Self::TenX
        } else {
            // What is missing is said when it is read.
            Self::H5ad
        })
    }

    /// By the first bytes of a file of this length that is not HDF5.
    fn of_head(path: &Path, head: &[u8], length: u64) -> Result<Self, IoError> {
        let name = path.file_name().and_then(|n| n.to_str()).unwrap_or_default().to_ascii_lowercase();
        let name = name.strip_suffix(".gz").unwrap_or(&name);
        if head.starts_with(b"\x93NUMPY") {
            return Ok(Self::Npy);
        }
        if head.starts_with(b"PK\x03\x04") || head.starts_with(b"PK\x05\x06") {
            return Ok(Self::Npz);
        }
        if head.starts_with(b"%%MatrixMarket") || (head.starts_with(b"\x1f\x8b") && name.ends_with(".mtx")) {
            return Ok(Self::MatrixMarket);
        }
        if let Some((size, rest)) = head.split_first_chunk::<8>()
            && u64::from_le_bytes(*size) < length
            && rest.first() == Some(&b'{')
        {
            return Ok(Self::Safetensors);
        }
        match name.rsplit('.').next() {
            Some("csv") => Ok(Self::Csv),
            Some("tsv" | "txt" | "tab") => Ok(Self::Tsv),
            // Damaged ones say more when they are read.
            Some("npz") => Ok(Self::Npz),
            Some("npy") => Ok(Self::Npy),
            Some("safetensors") => Ok(Self::Safetensors),
            Some("h5ad" | "h5" | "loom" | "hdf5") => Err(IoError::NotHdf5 { path: path.to_path_buf() }),
            _ => Err(IoError::UnknownFormat { path: path.to_path_buf() }),
        }
    }

    /// The format that a name to write asks for.
    ///
    /// # Errors
    /// [`IoError::UnknownFormat`].
    pub fn to_write(path: impl AsRef<Path>) -> Result<Self, IoError> {
        let path = path.as_ref();
        let extension = path.extension().and_then(|e| e.to_str()).unwrap_or_default().to_ascii_lowercase();
        Ok(match extension.as_str() {
            "h5ad" => Self::H5ad,
            "zarr" => Self::Zarr,
            "csv" => Self::Csv,
            "tsv" => Self::Tsv,
            "npz" => Self::Npz,
            "safetensors" => Self::Safetensors,
            "mtx" | "" => Self::MatrixMarket,
            _ => return Err(IoError::UnknownFormat { path: path.to_path_buf() }),
        })
    }
}

/// Reads any [`Format`] into memory.
///
/// Counts of 10x and Matrix Market folders come as cells by features, names of features as scanpy chooses them. Loom
/// is turned to cells by genes, sparse. In a table the first column names the rows if its header is empty or it is
/// text; numeric columns are `X`, the others `obs`. Of several arrays, `X` or the only matrix is `X`, other matrices
/// with as many rows are `obsm`, lists of that length `obs`, all else `uns`.
///
/// # Errors
/// Those of the format; the message names the element.
pub fn read(path: impl AsRef<Path>) -> Result<Loaded, IoError> {
    let path = path.as_ref();
    let whole = |data: AnnData| Loaded { data, left_out: Vec::new(), narrowed: Vec::new() };
    Ok(match Format::of(path)? {
        Format::H5ad | Format::Zarr => H5ad::open(path)?.load()?,
        Format::TenX => whole(tenx::read(&Container::open(path)?)?),
        Format::Loom => loom::read(&Container::open(path)?)?,
        Format::MatrixMarket => whole(mtx::read(path)?),
        Format::Csv => whole(table::read(path, b',')?),
        Format::Tsv => whole(table::read(path, b'\t')?),
        Format::Npy | Format::Npz | Format::Safetensors => arrays::read(path)?,
    })
}

/// As [`read`], of a file that is in memory; `name` is what messages call it, and decides between kinds of text.
///
/// # Errors
/// As [`read`].
pub fn read_bytes(name: impl AsRef<Path>, bytes: Vec<u8>) -> Result<Loaded, IoError> {
    let path = name.as_ref();
    let whole = |data: AnnData| Loaded { data, left_out: Vec::new(), narrowed: Vec::new() };
    if hdf5_pure::is_hdf5_bytes(&bytes) {
        let container = Container::of_bytes(path, bytes)?;
        return match Format::of_hdf5(&container)? {
            Format::TenX => tenx::read(&container).map(whole),
            Format::Loom => loom::read(&container),
            _ => H5ad::over(container)?.load(),
        };
    }
    let head = &bytes[..bytes.len().min(32)];
    match Format::of_head(path, head, bytes.len() as u64)? {
        Format::MatrixMarket => mtx::read_bytes(path, &bytes).map(whole),
        Format::Csv => table::read_from(path, bytes.as_slice(), b',').map(whole),
        Format::Tsv => table::read_from(path, bytes.as_slice(), b'\t').map(whole),
        _ => arrays::read_archive(path, &Archive::of_bytes(path, bytes)?),
    }
}

/// Converts a file to the format that the name of the new one asks for; returns what could not be brought there.
///
/// `.h5ad` to `.h5ad` is streamed and keeps what this crate does not know; every other pair goes through memory.
///
/// # Errors
/// As [`read`] and the writers.
pub fn convert(
    from: impl AsRef<Path>,
    to: impl AsRef<Path>,
    compression: Compression,
) -> Result<Vec<LeftOut>, IoError> {
    let (from, to) = (from.as_ref(), to.as_ref());
    let target = Format::to_write(to)?;
    if target == Format::H5ad && matches!(Format::of(from)?, Format::H5ad | Format::Zarr) {
        return H5ad::open(from)?.write_subset(to, &Subset::default(), compression);
    }
    let Loaded { data, mut left_out, .. } = read(from)?;
    match target {
        Format::H5ad => write_h5ad_as(to, &data, compression)?,
        Format::Zarr => write_zarr(to, &data, ZarrVersion::default())?,
        Format::MatrixMarket => left_out.extend(mtx::write(to, &data)?),
        Format::Csv => left_out.extend(table::write(to, &data, b',')?),
        Format::Tsv => left_out.extend(table::write(to, &data, b'\t')?),
        Format::Npz => left_out.extend(arrays::write_npz(to, &data)?),
        Format::Safetensors => left_out.extend(arrays::write_safetensors(to, &data)?),
        Format::TenX | Format::Loom | Format::Npy => {
            return Err(IoError::UnknownFormat { path: to.to_path_buf() });
        }
    }
    Ok(left_out)
}
