//! Reading: nodes, attributes, and datasets as vectors, each by its path in the file.

use super::Dtype;
use super::tree::Attribute;
use crate::IoError;
use hdf5_pure::{Dataset, Error, File, FormatError, Layout, VlenStringReadOptions};
use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};

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
        let file = guard(path, "/", || File::open_streaming(path))?;
        Ok(Self { file, path: path.to_path_buf(), bytes })
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// The members of a group, sorted by name.
    pub(crate) fn children(&self, group: &str) -> Result<BTreeMap<String, NodeKind>, IoError> {
        self.guard(group, || {
            let node = if group.is_empty() { self.file.root() } else { self.file.group(group)? };
            let groups = node.groups()?.into_iter().map(|name| (name, NodeKind::Group));
            let datasets = node.datasets()?.into_iter().map(|name| (name, NodeKind::Dataset));
            Ok(groups.chain(datasets).collect())
        })
    }

    /// What is at `element`, if anything.
    pub(crate) fn kind(&self, element: &str) -> Result<Option<NodeKind>, IoError> {
        let outcome = self.guard(element, || {
            Ok(match self.file.group(element) {
                Ok(_) => Some(NodeKind::Group),
                Err(Error::NotAGroup(_)) => self.file.dataset(element).map(|_| Some(NodeKind::Dataset))?,
                Err(Error::Format(FormatError::PathNotFound(_))) => None,
                Err(error) => return Err(error),
            })
        });
        match outcome {
            // A parent that is a dataset has no members.
            Err(IoError::Corrupt { element, .. }) if self.parent_is_dataset(&element) => Ok(None),
            other => other,
        }
    }

    fn parent_is_dataset(&self, element: &str) -> bool {
        element
            .rsplit_once('/')
            .is_some_and(|(parent, _)| self.guard(parent, || self.file.dataset(parent)).is_ok())
    }

    /// The attributes of a group or dataset; those of a type that is not read are left out.
    pub(crate) fn attributes(&self, element: &str) -> Result<BTreeMap<String, Attribute>, IoError> {
        let raw = self.guard(element, || {
            if element.is_empty() {
                return self.file.root().attrs();
            }
            match self.file.group(element) {
                Ok(group) => group.attrs(),
                Err(Error::NotAGroup(_)) => self.file.dataset(element)?.attrs(),
                Err(error) => Err(error),
            }
        })?;
        Ok(raw.into_iter().map(|(name, value)| (name, Attribute(value))).collect())
    }

    pub(crate) fn header(&self, element: &str) -> Result<Header, IoError> {
        let (shape, datatype, summary) = self.guard(element, || {
            let dataset = self.file.dataset(element)?;
            Ok((dataset.shape()?, dataset.datatype()?, dataset.dtype()?))
        })?;
        let shape = shape.into_iter().map(usize::try_from).collect::<Result<Vec<_>, _>>();
        let shape = shape.map_err(|_| self.corrupt(element, "a dimension exceeds the address space"))?;
        if shape.iter().try_fold(1usize, |n, &d| n.checked_mul(d)).is_none() {
            return Err(self.corrupt(element, "the number of elements overflows"));
        }
        Ok(Header { shape, dtype: Dtype::of(&datatype, summary) })
    }

    pub(crate) fn f32s(&self, element: &str) -> Result<Vec<f32>, IoError> {
        self.read(element, |dataset| dataset.read_f32())
    }

    pub(crate) fn f64s(&self, element: &str) -> Result<Vec<f64>, IoError> {
        self.read(element, |dataset| dataset.read_f64())
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
        let header = self.header(element)?;
        let (dataset, size) = self.guard(element, || {
            let dataset = self.file.dataset(element)?;
            let size = dataset.element_size()?;
            Ok((dataset, size))
        })?;
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
