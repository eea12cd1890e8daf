//! Reading: nodes, attributes, and datasets as vectors, each by its path in the file.

use super::Dtype;
use super::tree::Attribute;
use crate::IoError;
use hdf5_pure::{
    ChunkCacheConfig, Dataset, Datatype, DatatypeByteOrder, Error, File, FileAccessProperties, FormatError,
    Layout, MetadataCacheConfig, VlenStringReadOptions,
};
use std::collections::{BTreeMap, HashMap};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// The most that deflate can expand (RFC 1951: 258 bytes from two bits, less the block header).
const MOST_EXPANSION: u64 = 1032;

/// What a path leads to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum NodeKind {
    Group,
    Dataset,
}

/// An open file; nothing but metadata is held in memory.
pub(crate) struct Container {
    pub(super) file: File,
    path: PathBuf,
    bytes: u64,
    nodes: Mutex<HashMap<String, Option<Meta>>>,
    members: Mutex<HashMap<String, Arc<BTreeMap<String, NodeKind>>>>,
}

/// What is known of a path once it has been looked at; a file is not expected to change while it is open.
#[derive(Clone)]
struct Meta {
    kind: NodeKind,
    attributes: Arc<BTreeMap<String, Attribute>>,
}

/// A dataset's shape and type.
pub(crate) struct Header {
    pub(crate) shape: Vec<usize>,
    pub(crate) dtype: Dtype,
}

impl Header {
    pub(crate) fn len(&self) -> usize {
        self.shape.iter().product()
    }
}

impl Container {
    pub(crate) fn open(path: &Path) -> Result<Self, IoError> {
        let bytes = crate::file::length(path)?;
        let read = |source| IoError::Read { path: path.to_path_buf(), source };
        if !hdf5_pure::is_hdf5(path).map_err(read)? {
            return Err(IoError::NotHdf5 { path: path.to_path_buf() });
        }
        let file = guard(path, "/", || File::open_streaming_with_options(path, access()))?;
        let end = file.superblock().eof_address;
        if end > bytes {
            return Err(corrupt(path, "", format!("it ends at byte {bytes} of {end}")));
        }
        let (nodes, members) = (Mutex::default(), Mutex::default());
        Ok(Self { file, path: path.to_path_buf(), bytes, nodes, members })
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// The members of a group, sorted by name.
    pub(crate) fn children(&self, group: &str) -> Result<Arc<BTreeMap<String, NodeKind>>, IoError> {
        if let Some(known) = lock(&self.members).get(group) {
            return Ok(known.clone());
        }
        let members: BTreeMap<String, NodeKind> = self.guard(group, || {
            let node = if group.is_empty() { self.file.root() } else { self.file.group(group)? };
            let groups = node.groups()?.into_iter().map(|name| (name, NodeKind::Group));
            let datasets = node.datasets()?.into_iter().map(|name| (name, NodeKind::Dataset));
            Ok(groups.chain(datasets).collect())
        })?;
        let members = Arc::new(members);
        lock(&self.members).insert(group.to_string(), members.clone());
        Ok(members)
    }

    /// What is at `element`, if anything.
    pub(crate) fn kind(&self, element: &str) -> Result<Option<NodeKind>, IoError> {
        Ok(self.meta(element)?.map(|meta| meta.kind))
    }

    /// The attributes of a group or dataset; those of a type that is not read are left out.
    pub(crate) fn attributes(&self, element: &str) -> Result<Arc<BTreeMap<String, Attribute>>, IoError> {
        let meta = self.meta(element)?.ok_or_else(|| self.corrupt(element, "it is not there"))?;
        Ok(meta.attributes)
    }

    /// The names of all attributes, whether their type is read or not.
    pub(super) fn attribute_names(&self, element: &str) -> Result<Vec<String>, IoError> {
        self.guard(element, || {
            let types = match self.kind(element) {
                Ok(Some(NodeKind::Dataset)) => self.file.dataset(element)?.attr_datatypes()?,
                _ if element.is_empty() => self.file.root().attr_datatypes()?,
                _ => self.file.group(element)?.attr_datatypes()?,
            };
            Ok(types.into_keys().collect())
        })
    }

    fn meta(&self, element: &str) -> Result<Option<Meta>, IoError> {
        if let Some(known) = lock(&self.nodes).get(element) {
            return Ok(known.clone());
        }
        let found = self.guard(element, || {
            if element.is_empty() {
                return Ok(Some((NodeKind::Group, self.file.root().attrs()?)));
            }
            Ok(match self.file.group(element) {
                Ok(group) => Some((NodeKind::Group, group.attrs()?)),
                Err(Error::NotAGroup(_)) => Some((NodeKind::Dataset, self.file.dataset(element)?.attrs()?)),
                Err(Error::Format(FormatError::PathNotFound(_))) => None,
                Err(error) => return Err(error),
            })
        });
        let found = match found {
            // A parent that is a dataset has no members.
            Err(IoError::Corrupt { element, .. }) if self.parent_is_dataset(&element) => None,
            other => other?,
        };
        let meta = found.map(|(kind, raw)| Meta {
            kind,
            attributes: Arc::new(raw.into_iter().map(|(name, value)| (name, Attribute(value))).collect()),
        });
        lock(&self.nodes).insert(element.to_string(), meta.clone());
        Ok(meta)
    }

    fn parent_is_dataset(&self, element: &str) -> bool {
        element
            .rsplit_once('/')
            .is_some_and(|(parent, _)| self.guard(parent, || self.file.dataset(parent)).is_ok())
    }

    pub(crate) fn header(&self, element: &str) -> Result<Header, IoError> {
        let dataset = self.guard(element, || self.file.dataset(element))?;
        self.header_of(element, &dataset)
    }

    fn header_of(&self, element: &str, dataset: &Dataset) -> Result<Header, IoError> {
        let (shape, datatype, summary) =
            self.guard(element, || Ok((dataset.shape()?, dataset.datatype()?, dataset.dtype()?)))?;
        let shape = shape.into_iter().map(usize::try_from).collect::<Result<Vec<_>, _>>();
        let shape = shape.map_err(|_| self.corrupt(element, "a dimension exceeds the address space"))?;
        if shape.iter().try_fold(1usize, |n, &d| n.checked_mul(d)).is_none() {
            return Err(self.corrupt(element, "the number of elements overflows"));
        }
        Ok(Header { shape, dtype: Dtype::of(&datatype, summary) })
    }

    pub(crate) fn f32s(&self, element: &str) -> Result<Vec<f32>, IoError> {
        match self.header(element)?.dtype {
            Dtype::Float(16) => self.halves(element),
            Dtype::Boolean => Ok(self.i64s(element)?.into_iter().map(|v| v as f32).collect()),
            _ => self.read(element, |dataset| dataset.read_f32()),
        }
    }

    pub(crate) fn f64s(&self, element: &str) -> Result<Vec<f64>, IoError> {
        match self.header(element)?.dtype {
            Dtype::Float(16) => Ok(self.halves(element)?.into_iter().map(f64::from).collect()),
            Dtype::Boolean => Ok(self.i64s(element)?.into_iter().map(|v| v as f64).collect()),
            _ => self.read(element, |dataset| dataset.read_f64()),
        }
    }

    /// Half precision, which the library does not decode.
    fn halves(&self, element: &str) -> Result<Vec<f32>, IoError> {
        let (bytes, big) = self.read(element, |dataset| {
            let order = match dataset.datatype()? {
                Datatype::FloatingPoint { byte_order, .. } => byte_order,
                _ => DatatypeByteOrder::LittleEndian,
            };
            Ok((dataset.read_raw()?, order == DatatypeByteOrder::BigEndian))
        })?;
        let bits = |pair: &[u8]| if big { [pair[1], pair[0]] } else { [pair[0], pair[1]] };
        Ok(bytes.chunks_exact(2).map(|pair| half(u16::from_le_bytes(bits(pair)))).collect())
    }

    /// Integers of any width and sign; those beyond `i64` are an error.
    pub(crate) fn i64s(&self, element: &str) -> Result<Vec<i64>, IoError> {
        if self.header(element)?.dtype == Dtype::Unsigned(64) {
            let values = self.read(element, |dataset| dataset.read_u64())?;
            let narrow: Result<Vec<i64>, _> = values.into_iter().map(i64::try_from).collect();
            return narrow.map_err(|_| self.corrupt(element, "an unsigned integer exceeds 2^63"));
        }
        self.read(element, |dataset| dataset.read_i64())
    }

    pub(crate) fn texts(&self, element: &str) -> Result<Vec<String>, IoError> {
        // References take 16 bytes each in the file; the text they lead to is stored uncompressed.
        let most = usize::try_from(self.bytes.saturating_mul(4)).unwrap_or(usize::MAX);
        let limits = VlenStringReadOptions::new().with_max_payload_bytes(most);
        self.read(element, |dataset| {
            if matches!(dataset.dtype()?, hdf5_pure::DType::VariableLengthString) {
                dataset.read_vlen_strings(limits)
            } else {
                dataset.read_string()
            }
        })
    }

    /// Reads a dataset once its declared size has been held against what the file stores for it.
    pub(super) fn read<T>(
        &self,
        element: &str,
        get: impl FnOnce(&Dataset) -> Result<T, Error>,
    ) -> Result<T, IoError> {
        let dataset = self.guard(element, || self.file.dataset(element))?;
        let header = self.header_of(element, &dataset)?;
        let size = self.guard(element, || dataset.element_size())?;
        let declared = (header.len() as u64).saturating_mul(size);
        // Small reads need no proof.
        if declared > 1 << 20 {
            let possible = self.guard(element, || self.possible(&dataset))?;
            if declared > possible {
                let (path, element) = (self.path.clone(), element.to_string());
                return Err(IoError::DeclaredSize { path, element, declared, possible });
            }
        }
        self.guard(element, || get(&dataset))
    }

    /// The most bytes that the dataset's storage can give.
    fn possible(&self, dataset: &Dataset) -> Result<u64, Error> {
        Ok(match dataset.layout()? {
            Layout::Chunked { .. } => match dataset.chunks() {
                Ok(chunks) => {
                    let stored =
                        chunks.iter().map(|c| c.storage_size.min(self.bytes)).fold(0, u64::saturating_add);
                    stored.min(self.bytes).saturating_mul(MOST_EXPANSION)
                }
                // One kind of chunk index cannot be listed.
                Err(_) => self.bytes.saturating_mul(MOST_EXPANSION),
            },
            _ => self.bytes,
        })
    }

    pub(crate) fn corrupt(&self, element: &str, reason: &str) -> IoError {
        corrupt(&self.path, element, reason.to_string())
    }

    pub(super) fn guard<T>(
        &self,
        element: &str,
        call: impl FnOnce() -> Result<T, Error>,
    ) -> Result<T, IoError> {
        guard(&self.path, element, call)
    }
}

/// IEEE 754 binary16 as `f32`, exactly.
fn half(bits: u16) -> f32 {
    let sign = if bits >> 15 == 1 { -1.0 } else { 1.0 };
    let (exponent, fraction) = (i32::from(bits >> 10 & 31), f32::from(bits & 1023));
    let magnitude = match exponent {
        0 => fraction * 2f32.powi(-24),
        31 if fraction == 0.0 => f32::INFINITY,
        31 => f32::NAN,
        _ => (1024.0 + fraction) * 2f32.powi(exponent - 25),
    };
    sign * magnitude
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    // Only whole entries are inserted, so what a panic leaves is as good as before.
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Metadata is read many times over, so some of it is kept; values are read once, so none of them are.
fn access() -> FileAccessProperties {
    let metadata = MetadataCacheConfig::new(8 << 20).with_max_entry_bytes(64 << 10);
    FileAccessProperties::new().with_metadata_cache(metadata).with_chunk_cache(ChunkCacheConfig::disabled())
}

fn corrupt(path: &Path, element: &str, reason: String) -> IoError {
    let element = if element.is_empty() { "/" } else { element };
    IoError::Corrupt { path: path.to_path_buf(), element: element.to_string(), reason }
}

/// Turns the library's errors and panics into ours.
pub(super) fn guard<T>(
    path: &Path,
    element: &str,
    call: impl FnOnce() -> Result<T, Error>,
) -> Result<T, IoError> {
    match catch_unwind(AssertUnwindSafe(call)) {
        Ok(Ok(value)) => Ok(value),
        Ok(Err(Error::Io(source))) if source.kind() != std::io::ErrorKind::UnexpectedEof => {
            Err(IoError::Read { path: path.to_path_buf(), source })
        }
        Ok(Err(error)) => Err(corrupt(path, element, one_line(&error.to_string()))),
        Err(_) => Err(corrupt(path, element, "its structure is inconsistent".to_string())),
    }
}

pub(super) fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::half;

    /// Values from the table of IEEE 754-2019 binary16.
    #[test]
    fn half_precision() {
        let cases = [
            (0x0001, 5.960_464_5e-8),
            (0x03ff, 6.097_555e-5),
            (0x0400, 6.103_515_6e-5),
            (0x3555, 0.333_251_95),
            (0x3c00, 1.0),
            (0x7bff, 65504.0),
            (0xc000, -2.0),
            (0xfc00, f32::NEG_INFINITY),
            (0x8000, -0.0),
        ];
        for (bits, value) in cases {
            assert_eq!(half(bits).to_bits(), f32::to_bits(value), "{bits:#x}");
        }
        assert!(half(0x7e00).is_nan());
    }
}
