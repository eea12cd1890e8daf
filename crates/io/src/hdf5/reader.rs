//! Reading: nodes, attributes and headers, each by its path in the file.

use super::Dtype;
use super::store::Store;
use super::tree::Attribute;
use crate::IoError;
use crate::zarr::Element;
use hdf5_pure::{
    ChunkCacheConfig, Dataset, Datatype, Error, File, FileAccessProperties, FormatError, MetadataCacheConfig,
};
use std::collections::{BTreeMap, HashMap};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// What a path leads to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum NodeKind {
    Group,
    Dataset,
}

/// An open file; nothing but metadata is held in memory.
pub(crate) struct Container {
    pub(super) backend: Backend,
    pub(super) path: PathBuf,
    nodes: Mutex<HashMap<String, Option<Meta>>>,
    members: Mutex<HashMap<String, Arc<BTreeMap<String, NodeKind>>>>,
}

/// How the file is laid out.
pub(super) enum Backend {
    Hdf5(File, Store),
    Zarr(crate::zarr::Store),
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
        let file = std::fs::File::open(path).map_err(read)?;
        Self::over(path, Store::File(Arc::new(file), bytes))
    }

    /// A file that is in memory; `path` is what messages call it.
    pub(crate) fn of_bytes(path: &Path, bytes: Vec<u8>) -> Result<Self, IoError> {
        if !hdf5_pure::is_hdf5_bytes(&bytes) {
            return Err(IoError::NotHdf5 { path: path.to_path_buf() });
        }
        Self::over(path, Store::Memory(bytes.into()))
    }

    fn over(path: &Path, store: Store) -> Result<Self, IoError> {
        let file = guard(path, "/", || File::from_source_with_options(store.clone(), access()))?;
        let (bytes, end) = (store.len(), file.superblock().eof_address);
        if end > bytes {
            return Err(corrupt(path, "", format!("it ends at byte {bytes} of {end}")));
        }
        let (nodes, members) = (Mutex::default(), Mutex::default());
        Ok(Self { backend: Backend::Hdf5(file, store), path: path.to_path_buf(), nodes, members })
    }

    /// A zarr store.
    pub(crate) fn store(path: &Path) -> Self {
        let (nodes, members) = (Mutex::default(), Mutex::default());
        let backend = Backend::Zarr(crate::zarr::Store::open(path));
        Self { backend, path: path.to_path_buf(), nodes, members }
    }

    /// The HDF5 file behind `element`.
    pub(super) fn hdf5(&self, element: &str) -> Result<(&File, &Store), IoError> {
        match &self.backend {
            Backend::Hdf5(file, store) => Ok((file, store)),
            Backend::Zarr(_) => Err(self.corrupt(element, "it is of a type that zarr stores do not have")),
        }
    }

    /// Where texts of variable length are, and what their addresses are relative to.
    pub(super) fn heap(&self, element: &str) -> Result<(&Store, u64), IoError> {
        let (file, store) = self.hdf5(element)?;
        Ok((store, file.superblock().base_address.get()))
    }

    /// Whether its texts are not among its bytes.
    pub(crate) fn texts_apart(&self, element: &str) -> Result<bool, IoError> {
        let zarr = matches!(self.backend, Backend::Zarr(_));
        Ok((zarr || self.unknown_storage(element)?.is_some()) && self.header(element)?.dtype == Dtype::Text)
    }

    pub(super) fn datatype(&self, element: &str) -> Result<Datatype, IoError> {
        let (file, _) = self.hdf5(element)?;
        self.guard(element, || file.dataset(element)?.datatype())
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// The members of a group, sorted by name.
    pub(crate) fn children(&self, group: &str) -> Result<Arc<BTreeMap<String, NodeKind>>, IoError> {
        if let Some(known) = lock(&self.members).get(group) {
            return Ok(known.clone());
        }
        let members: BTreeMap<String, NodeKind> = match &self.backend {
            Backend::Zarr(store) => store.children(group).map_err(|reason| self.corrupt(group, &reason))?,
            Backend::Hdf5(file, _) => self.guard(group, || {
                let node = if group.is_empty() { file.root() } else { file.group(group)? };
                let groups = node.groups()?.into_iter().map(|name| (name, NodeKind::Group));
                let datasets = node.datasets()?.into_iter().map(|name| (name, NodeKind::Dataset));
                Ok(groups.chain(datasets).collect())
            })?,
        };
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
        let Backend::Hdf5(file, _) = &self.backend else {
            return Ok(self.attributes(element)?.keys().cloned().collect());
        };
        self.guard(element, || {
            let types = match self.kind(element) {
                Ok(Some(NodeKind::Dataset)) => file.dataset(element)?.attr_datatypes()?,
                _ if element.is_empty() => file.root().attr_datatypes()?,
                _ => file.group(element)?.attr_datatypes()?,
            };
            Ok(types.into_keys().collect())
        })
    }

    fn meta(&self, element: &str) -> Result<Option<Meta>, IoError> {
        if let Some(known) = lock(&self.nodes).get(element) {
            return Ok(known.clone());
        }
        let meta = match &self.backend {
            Backend::Zarr(store) => {
                let found = store.node(element).map_err(|reason| self.corrupt(element, &reason))?;
                found.map(|(kind, attributes)| Meta { kind, attributes: Arc::new(attributes) })
            }
            Backend::Hdf5(file, _) => self.hdf5_meta(file, element)?,
        };
        lock(&self.nodes).insert(element.to_string(), meta.clone());
        Ok(meta)
    }

    fn hdf5_meta(&self, file: &File, element: &str) -> Result<Option<Meta>, IoError> {
        let found = self.guard(element, || {
            if element.is_empty() {
                return Ok(Some((NodeKind::Group, file.root().attrs()?)));
            }
            Ok(match file.group(element) {
                Ok(group) => Some((NodeKind::Group, group.attrs()?)),
                Err(Error::NotAGroup(_)) => Some((NodeKind::Dataset, file.dataset(element)?.attrs()?)),
                Err(Error::Format(FormatError::PathNotFound(_))) => None,
                Err(error) => return Err(error),
            })
        });
        let found = match found {
            // A parent that is a dataset has no members.
            Err(IoError::Corrupt { element, .. }) if self.parent_is_dataset(file, &element) => None,
            other => other?,
        };
        Ok(found.map(|(kind, raw)| Meta {
            kind,
            attributes: Arc::new(raw.into_iter().map(|(name, value)| (name, Attribute(value))).collect()),
        }))
    }

    fn parent_is_dataset(&self, file: &File, element: &str) -> bool {
        element
            .rsplit_once('/')
            .is_some_and(|(parent, _)| self.guard(parent, || file.dataset(parent)).is_ok())
    }

    pub(crate) fn header(&self, element: &str) -> Result<Header, IoError> {
        match &self.backend {
            Backend::Hdf5(file, _) => {
                let dataset = self.guard(element, || file.dataset(element))?;
                self.header_of(element, &dataset)
            }
            Backend::Zarr(store) => {
                let array = store.array(element).map_err(|reason| self.corrupt(element, &reason))?;
                let dtype = match array.element {
                    Element::Number(datatype) => Dtype::of(&datatype, hdf5_pure::DType::U8),
                    Element::Boolean => Dtype::Boolean,
                    Element::Text | Element::Wide(_) | Element::Narrow(_) => Dtype::Text,
                    Element::Other(name) => Dtype::Other(name),
                };
                Ok(Header { shape: array.shape, dtype })
            }
        }
    }

    pub(super) fn header_of(&self, element: &str, dataset: &Dataset) -> Result<Header, IoError> {
        let (shape, datatype, summary) =
            self.guard(element, || Ok((dataset.shape()?, dataset.datatype()?, dataset.dtype()?)))?;
        let shape = shape.into_iter().map(usize::try_from).collect::<Result<Vec<_>, _>>();
        let shape = shape.map_err(|_| self.corrupt(element, "a dimension exceeds the address space"))?;
        if shape.iter().try_fold(1usize, |n, &d| n.checked_mul(d)).is_none() {
            return Err(self.corrupt(element, "the number of elements overflows"));
        }
        Ok(Header { shape, dtype: Dtype::of(&datatype, summary) })
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
        Ok(Err(Error::FileMarkedInUse(_))) => Err(IoError::InUse { path: path.to_path_buf() }),
        Ok(Err(error)) => Err(corrupt(path, element, one_line(&error.to_string()))),
        Err(_) => Err(corrupt(path, element, "its structure is inconsistent".to_string())),
    }
}

pub(super) fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}
