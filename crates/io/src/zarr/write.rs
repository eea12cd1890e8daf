//! Writing a store: a folder for each node, a file for each chunk.

use crate::codec::{gzip, zstd_store};
use crate::hdf5::{Attribute, Data, Dataset, Group, Node};
use crate::{AnnData, IoError};
use rayon::prelude::*;
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

/// The version of the format that is written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ZarrVersion {
    /// Version 2, which every anndata reads.
    #[default]
    V2,
    /// Version 3, which anndata reads from 0.12 on.
    V3,
}

/// Bytes of a chunk, about.
const CHUNK: usize = 1 << 20;

/// Writes a zarr store, chunks compressed with gzip on all threads.
///
/// The store is made in a folder beside `path` and moved there when it is complete, so that a failure leaves what was
/// there. A folder that is there must be a zarr store; it is moved aside, and removed once the new one stands.
///
/// # Errors
/// Those of [`write_h5ad`](crate::write_h5ad); [`IoError::IsFolder`] if a folder that is no store stands at `path`.
pub fn write_zarr(path: impl AsRef<Path>, data: &AnnData, version: ZarrVersion) -> Result<(), IoError> {
    let path = path.as_ref();
    if path.exists() && !super::is_store(path) {
        return Err(IoError::IsFolder { path: path.to_path_buf() });
    }
    let root = crate::h5ad::encode(data)?;
    let fail = |source| IoError::Write { path: path.to_path_buf(), source };
    let named = |end: &str| {
        let mut name = std::ffi::OsString::from(".");
        name.push(path.file_name().unwrap_or_default());
        name.push(format!(".{}.{end}", std::process::id()));
        path.with_file_name(name)
    };
    let (beside, aside) = (named("tmp"), named("old"));
    let outcome = group(&beside, root, version).and_then(|()| {
        if !path.exists() {
            return fs::rename(&beside, path);
        }
        fs::rename(path, &aside)?;
        if let Err(error) = fs::rename(&beside, path) {
            fs::rename(&aside, path)?;
            return Err(error);
        }
        // The new store stands; what is left of the old one is only untidy.
        _ = fs::remove_dir_all(&aside);
        Ok(())
    });
    if outcome.is_err() {
        // The first error is the one to report.
        _ = fs::remove_dir_all(&beside);
    }
    outcome.map_err(fail)
}

fn group(folder: &Path, group: Group, version: ZarrVersion) -> std::io::Result<()> {
    fs::create_dir_all(folder)?;
    let attributes = attributes(group.attributes);
    match version {
        ZarrVersion::V2 => {
            write_json(folder, ".zgroup", &json!({ "zarr_format": 2 }))?;
            write_json(folder, ".zattrs", &attributes)?;
        }
        ZarrVersion::V3 => {
            let meta = json!({ "zarr_format": 3, "node_type": "group", "attributes": attributes });
            write_json(folder, "zarr.json", &meta)?;
        }
    }
    for (name, node) in group.children {
        let inner = folder.join(name);
        match node {
            Node::Group(child) => self::group(&inner, child, version)?,
            Node::Dataset(dataset) => array(&inner, dataset, version)?,
            Node::Copy(..) | Node::Stream(_) => unreachable!("an object in memory holds its values"),
        }
    }
    Ok(())
}

fn attributes(values: BTreeMap<String, Attribute>) -> Value {
    Value::Object(values.into_iter().map(|(name, value)| (name, value.to_json())).collect::<Map<_, _>>())
}

fn write_json(folder: &Path, name: &str, value: &Value) -> std::io::Result<()> {
    fs::write(folder.join(name), serde_json::to_vec_pretty(value)?)
}

/// The types of version 2 and version 3, bytes of an element, and the value where nothing is written.
fn types(data: &Data) -> (&'static str, &'static str, usize, Value) {
    match data {
        Data::F32(_) => ("<f4", "float32", 4, json!(0.0)),
        Data::F64(_) => ("<f8", "float64", 8, json!(0.0)),
        Data::I8(_) => ("|i1", "int8", 1, json!(0)),
        Data::I32(_) => ("<i4", "int32", 4, json!(0)),
        Data::I64(_) => ("<i8", "int64", 8, json!(0)),
        Data::Boolean(_) | Data::Null => ("|b1", "bool", 1, json!(false)),
        Data::Text(_) => ("|O", "string", 0, json!("")),
        Data::Complex(_) => ("<c16", "complex128", 16, json!([0.0, 0.0])),
        Data::Bytes(_) | Data::Records(_) => ("|u1", "uint8", 1, json!(0)),
    }
}

fn array(folder: &PathBuf, dataset: Dataset, version: ZarrVersion) -> std::io::Result<()> {
    let Dataset { attributes: attrs, mut shape, data } = dataset;
    if matches!(data, Data::Records(_)) {
        let reason = "records cannot be written to a zarr store; write an .h5ad file, or drop them";
        return Err(std::io::Error::new(std::io::ErrorKind::InvalidInput, reason));
    }
    if let Data::Bytes(bytes) = &data {
        shape = vec![bytes.len()];
    }
    fs::create_dir_all(folder)?;
    let (two, three, size, fill) = types(&data);
    let row: usize = shape.iter().skip(1).product();
    let rows = (CHUNK / (row * size.max(16)).max(1)).clamp(1, shape.first().copied().unwrap_or(1).max(1));
    let mut side: Vec<usize> = shape.iter().map(|&n| n.max(1)).collect();
    if let Some(first) = side.first_mut() {
        *first = rows;
    }
    let text = matches!(data, Data::Text(_));
    match version {
        ZarrVersion::V2 => {
            let filters = if text { json!([{ "id": "vlen-utf8" }]) } else { Value::Null };
            let meta = json!({
                "zarr_format": 2, "shape": shape, "chunks": side, "dtype": two, "order": "C", "filters": filters,
                "compressor": { "id": "gzip", "level": 4 }, "fill_value": fill,
            });
            write_json(folder, ".zarray", &meta)?;
            write_json(folder, ".zattrs", &attributes(attrs))?;
        }
        ZarrVersion::V3 => {
            let first = if text {
                json!({ "name": "vlen-utf8" })
            } else {
                json!({ "name": "bytes", "configuration": { "endian": "little" } })
            };
            let zstd = json!({ "name": "zstd", "configuration": { "level": 0, "checksum": false } });
            let gzip = json!({ "name": "gzip", "configuration": { "level": 4 } });
            // A few bytes are not worth a compression.
            let last = if shape.is_empty() { zstd } else { gzip };
            let meta = json!({
                "zarr_format": 3, "node_type": "array", "shape": shape, "data_type": three,
                "chunk_grid": { "name": "regular", "configuration": { "chunk_shape": side } },
                "chunk_key_encoding": { "name": "default", "configuration": { "separator": "/" } },
                "fill_value": fill, "codecs": [first, last], "attributes": attributes(attrs),
            });
            write_json(folder, "zarr.json", &meta)?;
        }
    }
    let whole: Vec<u8>;
    let bytes: &[u8] = match &data {
        Data::F32(v) => bytemuck::cast_slice(v),
        Data::F64(v) => bytemuck::cast_slice(v),
        Data::I8(v) => bytemuck::cast_slice(v),
        Data::I32(v) => bytemuck::cast_slice(v),
        Data::I64(v) => bytemuck::cast_slice(v),
        Data::Complex(v) => bytemuck::cast_slice(v),
        Data::Bytes(v) => v,
        Data::Boolean(v) => {
            whole = v.iter().map(|&b| u8::from(b)).collect();
            &whole
        }
        Data::Null => &[0],
        Data::Text(_) | Data::Records(_) => &[],
    };
    let elements: usize = shape.iter().product();
    let per_chunk = side.iter().product::<usize>();
    let chunks = elements.div_ceil(per_chunk);
    let name = |i: usize| {
        let rest = shape.len().saturating_sub(1);
        match (version, shape.is_empty()) {
            (ZarrVersion::V2, true) => "0".to_string(),
            (ZarrVersion::V2, false) => i.to_string() + &".0".repeat(rest),
            (ZarrVersion::V3, true) => "c".to_string(),
            (ZarrVersion::V3, false) => format!("c/{i}") + &"/0".repeat(rest),
        }
    };
    (0..chunks).into_par_iter().try_for_each(|i| {
        let mut chunk = match &data {
            Data::Text(v) => packed(&v[i * per_chunk..((i + 1) * per_chunk).min(v.len())], per_chunk),
            _ => bytes[i * per_chunk * size..((i + 1) * per_chunk * size).min(bytes.len())].to_vec(),
        };
        if !text {
            // The last chunk is stored whole.
            chunk.resize(per_chunk * size, 0);
        }
        let store = version == ZarrVersion::V3 && shape.is_empty();
        let file = folder.join(name(i));
        if let Some(parent) = file.parent() {
            fs::create_dir_all(parent)?;
        }
        fs::write(file, if store { zstd_store(&chunk) } else { gzip(&chunk, 4) })
    })
}

/// Texts as one run of bytes, empty ones up to a whole chunk.
fn packed(texts: &[String], count: usize) -> Vec<u8> {
    let mut out = (count as u32).to_le_bytes().to_vec();
    for text in texts {
        out.extend((text.len() as u32).to_le_bytes());
        out.extend(text.as_bytes());
    }
    out.resize(out.len() + 4 * (count - texts.len()), 0);
    out
}
