//! Files of named arrays: `.npz`, `.safetensors`, and `.npy` with its one.

use super::{npy, safetensors, zip};
use crate::hdf5::StoredNumber;
use crate::{AnnData, Annotation, Column, Frame, IoError, LeftOut, Loaded, Matrix, Uns, write_atomically};
use ndarray::{Array2, ArrayD, IxDyn};
use std::path::{Path, PathBuf};

/// An array in row-major order.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Array {
    pub(crate) shape: Vec<usize>,
    pub(crate) values: Values,
}

/// The type of stored values.
#[derive(Clone, Copy, Debug)]
pub(super) enum Kind {
    Number(StoredNumber),
    Boolean,
}

/// Values as exact as they are stored.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Values {
    F32(Vec<f32>),
    F64(Vec<f64>),
    I64(Vec<i64>),
    Boolean(Vec<bool>),
}

impl Values {
    /// Decodes so many values.
    pub(super) fn of(kind: Kind, bytes: &[u8], elements: usize) -> Self {
        use crate::hdf5::Scalar::{F16, F32, F64, U64};
        match kind {
            Kind::Boolean => Self::Boolean(bytes[..elements].iter().map(|&b| b != 0).collect()),
            Kind::Number(stored) => match stored.scalar {
                F16 | F32 => {
                    let mut out = vec![0f32; elements];
                    stored.convert(bytes, &mut out);
                    Self::F32(out)
                }
                // Beyond 2^63 an integer would be negative.
                F64 | U64 => {
                    let mut out = vec![0f64; elements];
                    stored.convert(bytes, &mut out);
                    Self::F64(out)
                }
                _ => {
                    let mut out = vec![0i64; elements];
                    stored.convert(bytes, &mut out);
                    Self::I64(out)
                }
            },
        }
    }

    /// From the first index running fastest to the last.
    pub(super) fn reordered(self, shape: &[usize]) -> Self {
        fn turn<T: Copy>(values: Vec<T>, shape: &[usize]) -> Vec<T> {
            let reversed: Vec<usize> = shape.iter().rev().copied().collect();
            let array =
                ArrayD::from_shape_vec(IxDyn(&reversed), values).expect("as many values as the shape says");
            array.reversed_axes().iter().copied().collect()
        }
        match self {
            Self::F32(v) => Self::F32(turn(v, shape)),
            Self::F64(v) => Self::F64(turn(v, shape)),
            Self::I64(v) => Self::I64(turn(v, shape)),
            Self::Boolean(v) => Self::Boolean(turn(v, shape)),
        }
    }
}

impl Array {
    pub(crate) fn to_f64(&self) -> Vec<f64> {
        match &self.values {
            Values::F32(v) => v.iter().map(|&v| f64::from(v)).collect(),
            Values::F64(v) => v.clone(),
            Values::I64(v) => v.iter().map(|&v| v as f64).collect(),
            Values::Boolean(v) => v.iter().map(|&v| f64::from(u8::from(v))).collect(),
        }
    }

    pub(crate) fn into_f32(self) -> Vec<f32> {
        match self.values {
            Values::F32(v) => v,
            Values::F64(v) => v.into_iter().map(|v| v as f32).collect(),
            Values::I64(v) => v.into_iter().map(|v| v as f32).collect(),
            Values::Boolean(v) => v.into_iter().map(|v| f32::from(u8::from(v))).collect(),
        }
    }

    fn into_column(self) -> Column {
        match self.values {
            Values::F32(v) => Column::Numbers(v.into_iter().map(f64::from).collect()),
            Values::F64(v) => Column::Numbers(v),
            Values::I64(v) => Column::Integers(v.into_iter().map(Some).collect()),
            Values::Boolean(v) => Column::Booleans(v.into_iter().map(Some).collect()),
        }
    }

    fn into_uns(self) -> Option<Uns> {
        fn shaped<T>(shape: &[usize], values: Vec<T>) -> Option<ArrayD<T>> {
            ArrayD::from_shape_vec(IxDyn(shape), values).ok()
        }
        Some(match self.values {
            Values::F32(v) => Uns::Numbers(shaped(&self.shape, v.into_iter().map(f64::from).collect())?),
            Values::F64(v) => Uns::Numbers(shaped(&self.shape, v)?),
            Values::I64(v) => Uns::Integers(shaped(&self.shape, v)?),
            Values::Boolean(v) => Uns::Booleans(shaped(&self.shape, v)?),
        })
    }
}

/// A file of arrays, each decoded when it is asked for.
pub(crate) struct Archive {
    path: PathBuf,
    bytes: Vec<u8>,
    entries: Entries,
}

enum Entries {
    One(String),
    Zip(Vec<zip::Entry>),
    Safetensors(Vec<safetensors::Entry>),
}

impl Archive {
    pub(crate) fn open(path: &Path) -> Result<Self, IoError> {
        crate::file::length(path)?;
        let bytes =
            std::fs::read(path).map_err(|source| IoError::Read { path: path.to_path_buf(), source })?;
        Self::of_bytes(path, bytes)
    }

    pub(crate) fn of_bytes(path: &Path, bytes: Vec<u8>) -> Result<Self, IoError> {
        let bad = |reason| corrupt(path, "/", reason);
        let entries = if bytes.starts_with(b"\x93NUMPY") {
            Entries::One("X".to_string())
        } else if bytes.starts_with(b"PK") || path.extension().is_some_and(|e| e.eq_ignore_ascii_case("npz"))
        {
            Entries::Zip(zip::entries(&bytes).map_err(bad)?)
        } else {
            Entries::Safetensors(safetensors::entries(&bytes).map_err(bad)?)
        };
        Ok(Self { path: path.to_path_buf(), bytes, entries })
    }

    /// The names of the arrays, sorted.
    pub(crate) fn names(&self) -> Vec<String> {
        let mut names: Vec<String> = match &self.entries {
            Entries::One(name) => vec![name.clone()],
            Entries::Zip(entries) => entries.iter().map(|e| stem(&e.name).to_string()).collect(),
            Entries::Safetensors(entries) => entries.iter().map(|e| e.name.clone()).collect(),
        };
        names.sort();
        names
    }

    /// One array.
    pub(crate) fn get(&self, name: &str) -> Result<Array, IoError> {
        let bad = |reason| corrupt(&self.path, name, reason);
        let absent = || IoError::NoSuchElement {
            path: self.path.clone(),
            group: "the arrays".to_string(),
            key: name.to_string(),
            found: self.names(),
        };
        match &self.entries {
            Entries::One(only) if only == name => npy::parse(&self.bytes).map_err(bad),
            Entries::One(_) => Err(absent()),
            Entries::Zip(entries) => {
                let entry = entries.iter().find(|e| stem(&e.name) == name).ok_or_else(absent)?;
                npy::parse(&entry.read(&self.bytes).map_err(bad)?).map_err(bad)
            }
            Entries::Safetensors(entries) => {
                let entry = entries.iter().find(|e| e.name == name).ok_or_else(absent)?;
                entry.read(&self.bytes).map_err(bad)
            }
        }
    }
}

fn stem(name: &str) -> &str {
    name.strip_suffix(".npy").unwrap_or(name)
}

fn corrupt(path: &Path, element: &str, reason: String) -> IoError {
    IoError::Corrupt { path: path.to_path_buf(), element: element.to_string(), reason }
}

/// Reads a file of arrays; see [`read`](super::read) for what goes where.
pub(super) fn read(path: &Path) -> Result<Loaded, IoError> {
    read_archive(path, &Archive::open(path)?)
}

/// As [`read`], of a file that is open.
pub(super) fn read_archive(path: &Path, archive: &Archive) -> Result<Loaded, IoError> {
    let (mut arrays, mut left_out) = (Vec::new(), Vec::new());
    for name in archive.names() {
        match archive.get(&name) {
            Ok(array) => arrays.push((name, array)),
            // Texts and objects of numpy are pickles or wide characters.
            Err(IoError::Corrupt { reason, .. }) if reason.contains("is not read") => {
                left_out.push(LeftOut { element: name, reason });
            }
            Err(error) => return Err(error),
        }
    }
    let matrix = |(_, array): &&(String, Array)| array.shape.len() == 2;
    let main = arrays.iter().find(|(name, _)| name == "X").filter(matrix);
    let Some((main, n)) = main.or_else(|| arrays.iter().find(matrix)).map(|(m, a)| (m.clone(), a.shape[0]))
    else {
        let (path, group, key) = (path.to_path_buf(), "the matrices".to_string(), "X".to_string());
        return Err(IoError::NoSuchElement { path, group, key, found: archive.names() });
    };
    let numbers = |n: usize| (0..n).map(|i| i.to_string()).collect::<Vec<_>>();
    let mut data = AnnData::new(numbers(n), Vec::new());
    for (name, array) in arrays {
        match array.shape[..] {
            [rows, columns] if name == main => {
                data.var = Frame::new(numbers(columns));
                let x = Array2::from_shape_vec((rows, columns), array.into_f32());
                data.x = Some(Matrix::Dense(x.expect("as many values as the shape says")));
            }
            [rows, columns] if rows == n => {
                let dense =
                    |v| Array2::from_shape_vec((rows, columns), v).expect("as many values as the shape says");
                let value = match array.values {
                    Values::F32(v) => Annotation::F32(dense(v)),
                    _ => Annotation::F64(
                        Array2::from_shape_vec((rows, columns), array.to_f64())
                            .expect("as many values as the shape says"),
                    ),
                };
                data.obsm.insert(name, value);
            }
            [rows] if rows == n => data.obs.set(&name, array.into_column())?,
            _ => _ = array.into_uns().map(|value| data.uns.insert(name, value)),
        }
    }
    Ok(Loaded { data, left_out, narrowed: Vec::new() })
}

/// What an object has beside `kept`, with one reason for all.
pub(super) fn left(data: &AnnData, kept: &[&str], reason: &str) -> Vec<LeftOut> {
    let keys = |group: &'static str, keys: Vec<&String>| -> Vec<String> {
        keys.into_iter().map(|key| format!("{group}/{key}")).collect()
    };
    let mut elements: Vec<String> = Vec::new();
    if data.x.is_some() {
        elements.push("X".to_string());
    }
    elements.extend(data.obs.columns.iter().map(|(name, _)| format!("obs/{name}")));
    elements.extend(data.var.columns.iter().map(|(name, _)| format!("var/{name}")));
    elements.extend(keys("obsm", data.obsm.keys().collect()));
    elements.extend(keys("varm", data.varm.keys().collect()));
    elements.extend(keys("obsp", data.obsp.keys().collect()));
    elements.extend(keys("varp", data.varp.keys().collect()));
    elements.extend(keys("layers", data.layers.keys().collect()));
    elements.extend(keys("uns", data.uns.keys().collect()));
    elements.extend(data.raw.iter().map(|_| "raw".to_string()));
    elements.retain(|e| !kept.iter().any(|k| e == k || e.starts_with(&format!("{k}/"))));
    elements.into_iter().map(|element| LeftOut { element, reason: reason.to_string() }).collect()
}

/// A name, a numpy type, a shape and bytes.
pub(super) type Named = (String, &'static str, Vec<usize>, Vec<u8>);

/// The numbers of an object: `X`, `obsm` and the numeric columns of `obs`.
fn named(data: &AnnData) -> Result<Vec<Named>, IoError> {
    fn f32s<'a>(values: impl Iterator<Item = &'a f32>) -> Vec<u8> {
        values.flat_map(|v| v.to_le_bytes()).collect()
    }
    let mut out: Vec<Named> = Vec::new();
    if let Some(x) = &data.x {
        let dense = x.to_dense();
        out.push(("X".into(), "<f4", dense.shape().to_vec(), f32s(dense.iter())));
    }
    for (key, value) in &data.obsm {
        out.push(match value {
            Annotation::F32(a) => (key.clone(), "<f4", a.shape().to_vec(), f32s(a.iter())),
            Annotation::F64(a) => {
                (key.clone(), "<f8", a.shape().to_vec(), a.iter().flat_map(|v| v.to_le_bytes()).collect())
            }
            Annotation::Sparse(m) => {
                let dense = m.to_dense();
                (key.clone(), "<f4", dense.shape().to_vec(), f32s(dense.iter()))
            }
            Annotation::Frame(_) => continue,
        });
    }
    for (name, column) in &data.obs.columns {
        if let Some(numbers) = column.numbers() {
            let bytes = numbers.iter().flat_map(|v| v.to_le_bytes()).collect();
            out.push((name.clone(), "<f8", vec![numbers.len()], bytes));
        }
    }
    out.sort_by(|a, b| a.0.cmp(&b.0));
    match out.windows(2).find(|w| w[0].0 == w[1].0) {
        None => Ok(out),
        Some(twice) => {
            let (group, key) = ("the arrays".to_string(), twice[0].0.clone());
            Err(IoError::Key { group, key, reason: "obs and obsm both have it" })
        }
    }
}

fn left_by(data: &AnnData, written: &[Named], format: &str) -> Vec<LeftOut> {
    let kept: Vec<String> = written
        .iter()
        .flat_map(|(name, ..)| [name.clone(), format!("obs/{name}"), format!("obsm/{name}")])
        .collect();
    let kept: Vec<&str> = kept.iter().map(String::as_str).collect();
    left(data, &kept, &format!("a {format} file holds X, obsm and the numbers of obs alone"))
}

/// Writes numbers as `.npz`; returns what has no place there.
pub(super) fn write_npz(path: &Path, data: &AnnData) -> Result<Vec<LeftOut>, IoError> {
    let written = named(data)?;
    let total: usize = written.iter().map(|(.., bytes)| bytes.len()).sum();
    if total as u64 > u64::from(u32::MAX) / 2 {
        let source = std::io::Error::other("arrays beyond 2 GiB need .safetensors or .h5ad");
        return Err(IoError::Write { path: path.to_path_buf(), source });
    }
    let entries: Vec<(String, Vec<u8>)> = written
        .iter()
        .map(|(name, descr, shape, bytes)| (format!("{name}.npy"), npy::write(descr, shape, bytes)))
        .collect();
    let fail = |source| IoError::Write { path: path.to_path_buf(), source };
    write_atomically(path, |out| out.write_all(&zip::write(&entries)).map_err(fail))?;
    Ok(left_by(data, &written, "numpy"))
}

/// Writes numbers as `.safetensors`; returns what has no place there.
pub(super) fn write_safetensors(path: &Path, data: &AnnData) -> Result<Vec<LeftOut>, IoError> {
    let written = named(data)?;
    let fail = |source| IoError::Write { path: path.to_path_buf(), source };
    write_atomically(path, |out| {
        out.write_all(&safetensors::header(&written)).map_err(fail)?;
        written.iter().try_for_each(|(.., bytes)| out.write_all(bytes).map_err(fail))
    })?;
    Ok(left_by(data, &written, "safetensors"))
}
