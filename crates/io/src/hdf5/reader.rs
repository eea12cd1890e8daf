//! Reading: nodes, attributes, and datasets as vectors, each by its path in the file.

use super::grid::{Chunks, Fault, Grid, Storage, Tile, expansion};
use super::scalar::{Number, Scalar, StoredNumber};
use super::store::Store;
use super::tree::Attribute;
use super::{Dtype, heap};
use crate::IoError;
use crate::zarr::{Element, ZarrChunks};
use hdf5_pure::{
    ChunkCacheConfig, Dataset, Datatype, Error, File, FileAccessProperties, FormatError, Layout,
    MetadataCacheConfig, StringPadding,
};
use std::collections::{BTreeMap, HashMap};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// The filters that are undone here: deflate, shuffle, fletcher32, lzf, blosc, zstd.
const READ: [u16; 6] = [1, 2, 3, 32000, 32001, 32015];

/// What a path leads to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum NodeKind {
    Group,
    Dataset,
}

/// An open file; nothing but metadata is held in memory.
pub(crate) struct Container {
    backend: Backend,
    path: PathBuf,
    nodes: Mutex<HashMap<String, Option<Meta>>>,
    members: Mutex<HashMap<String, Arc<BTreeMap<String, NodeKind>>>>,
}

/// How the file is laid out.
enum Backend {
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
    fn hdf5(&self, element: &str) -> Result<(&File, &Store), IoError> {
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
    pub(super) fn texts_apart(&self, element: &str) -> Result<bool, IoError> {
        let zarr = matches!(self.backend, Backend::Zarr(_));
        Ok(zarr && self.header(element)?.dtype == Dtype::Text)
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
        self.numbers(element)
    }

    pub(crate) fn f64s(&self, element: &str) -> Result<Vec<f64>, IoError> {
        self.numbers(element)
    }

    /// Integers of any width and sign; those beyond `i64` are an error.
    pub(crate) fn i64s(&self, element: &str) -> Result<Vec<i64>, IoError> {
        let (grid, datatype) = self.grid(element)?;
        let stored = self.number_type(element, &datatype)?;
        let values = self.all(element, &grid, stored)?;
        if stored.scalar == Scalar::U64 && values.iter().any(|&v: &i64| v < 0) {
            return Err(self.corrupt(element, "an unsigned integer exceeds 2^63"));
        }
        Ok(values)
    }

    /// Integers as indices; one that is negative or too large becomes [`NO_INDEX`](super::NO_INDEX).
    pub(crate) fn indices(&self, element: &str) -> Result<Vec<u32>, IoError> {
        self.numbers(element)
    }

    fn numbers<T: Number>(&self, element: &str) -> Result<Vec<T>, IoError> {
        let (grid, datatype) = self.grid(element)?;
        let stored = self.number_type(element, &datatype)?;
        self.all(element, &grid, stored)
    }

    fn all<T: Number>(&self, element: &str, grid: &Grid, stored: StoredNumber) -> Result<Vec<T>, IoError> {
        let mut out = vec![T::zeroed(); grid.rows() * grid.row_len()];
        grid.numbers(stored, &[0..grid.rows()], &mut out).map_err(|fault| self.fault(element, fault))?;
        Ok(out)
    }

    /// How the numbers of a dataset are stored.
    pub(crate) fn number_type(&self, element: &str, datatype: &Datatype) -> Result<StoredNumber, IoError> {
        StoredNumber::of(datatype).ok_or_else(|| self.corrupt(element, "it does not hold plain numbers"))
    }

    pub(crate) fn fault(&self, element: &str, fault: Fault) -> IoError {
        match fault {
            Fault::Io(source) => IoError::Read { path: self.path.clone(), source },
            Fault::Bad(reason) => self.corrupt(element, &reason),
        }
    }

    pub(crate) fn texts(&self, element: &str) -> Result<Vec<String>, IoError> {
        if let Backend::Zarr(store) = &self.backend {
            return self.zarr_texts(store, element);
        }
        let (grid, datatype) = self.grid(element)?;
        let (store, base) = self.heap(element)?;
        let mut out = vec![String::new(); grid.rows() * grid.row_len()];
        // Texts that all lead to the same long one would be more than the file holds.
        let mut room = store.len().saturating_mul(4);
        let mut take = |row: usize, bytes: &[u8]| {
            room = room.checked_sub(bytes.len() as u64).ok_or("its texts are more than the file can hold")?;
            let end = bytes.iter().position(|&b| b == 0).unwrap_or(bytes.len());
            match std::str::from_utf8(&bytes[..end]) {
                Ok(text) => out[row] = text.to_string(),
                Err(_) => return Err(format!("text {row} is not UTF-8")),
            }
            Ok(())
        };
        let bytes = self.bytes_of(element, &grid)?;
        match datatype {
            Datatype::VariableLength { is_string: true, .. } if grid.element_size() == heap::REFERENCE => {
                heap::visit(store, base, &bytes, take)
            }
            Datatype::String { size, padding, .. } => {
                bytes.chunks_exact((size as usize).max(1)).enumerate().try_for_each(|(row, cell)| {
                    let end = match padding {
                        StringPadding::SpacePad => cell.trim_ascii_end().len(),
                        _ => cell.len(),
                    };
                    take(row, &cell[..end])
                })
            }
            _ => Err("it does not hold texts".to_string()),
        }
        .map_err(|reason| self.corrupt(element, &reason))?;
        Ok(out)
    }

    fn zarr_texts(&self, store: &crate::zarr::Store, element: &str) -> Result<Vec<String>, IoError> {
        let bad = |reason: String| self.corrupt(element, &reason);
        let array = store.array(element).map_err(bad)?;
        let wide = match array.element {
            Element::Text => return ZarrChunks::new(array).texts().map_err(bad),
            Element::Wide(n) => 4 * n,
            Element::Narrow(n) => n,
            _ => return Err(bad("it does not hold texts".to_string())),
        };
        let utf32 = matches!(array.element, Element::Wide(_));
        let (bytes, _) = self.raw(element)?;
        let text = |cell: &[u8]| -> Option<String> {
            if !utf32 {
                let end = cell.iter().rposition(|&b| b != 0).map_or(0, |last| last + 1);
                return String::from_utf8(cell[..end].to_vec()).ok();
            }
            let letters = cell.as_chunks::<4>().0.iter().map(|&b| u32::from_le_bytes(b)).take_while(|&c| c != 0);
            letters.map(char::from_u32).collect()
        };
        let cells = bytes.chunks_exact(wide.max(1)).enumerate();
        cells.map(|(i, cell)| text(cell).ok_or_else(|| bad(format!("text {i} is not Unicode")))).collect()
    }

    fn zarr_grid(&self, store: &crate::zarr::Store, element: &str) -> Result<(Grid, Datatype), IoError> {
        let bad = |reason: String| self.corrupt(element, &reason);
        let array = store.array(element).map_err(bad)?;
        let byte = || Datatype::String {
            size: array.element.size() as u32,
            padding: StringPadding::NullPad,
            charset: hdf5_pure::CharacterSet::Utf8,
        };
        let datatype = match &array.element {
            Element::Number(datatype) => datatype.clone(),
            Element::Boolean => super::boolean(),
            Element::Wide(_) | Element::Narrow(_) if array.element.size() > 0 => byte(),
            _ => return Err(bad("its values are not numbers".to_string())),
        };
        let (mut shape, size) = (array.shape.clone(), array.element.size());
        let chunks = ZarrChunks::new(array);
        let declared = shape.iter().product::<usize>().saturating_mul(size) as u64;
        if declared > 1 << 20 {
            let possible = chunks.possible();
            if declared > possible {
                let (path, element) = (self.path.clone(), element.to_string());
                return Err(IoError::DeclaredSize { path, element, declared, possible });
            }
        }
        if shape.is_empty() {
            shape.push(1);
        }
        let storage = Storage::Files(Arc::new(chunks));
        Ok((Grid { store: None, shape, size, storage }, datatype))
    }

    /// Pairs of real and imaginary part.
    pub(crate) fn complexes(&self, element: &str) -> Result<Vec<[f64; 2]>, IoError> {
        let part = |name: &str| match self.field(element, name)?.map(|field| field.values) {
            Some(super::FieldValues::Numbers(v)) => Ok(v),
            _ => Err(self.corrupt(element, "it does not hold complex numbers")),
        };
        Ok(part("r")?.into_iter().zip(part("i")?).map(|(r, i)| [r, i]).collect())
    }

    /// One value's bytes, whether they are text or not.
    pub(crate) fn byte_string(&self, element: &str) -> Result<Vec<u8>, IoError> {
        let (bytes, datatype) = self.raw(element)?;
        match datatype {
            Datatype::VariableLength { .. } if bytes.len() == heap::REFERENCE => {
                let mut out = Vec::new();
                let (store, base) = self.heap(element)?;
                heap::visit(store, base, &bytes, |_, text| {
                    out = text.to_vec();
                    Ok(())
                })
                .map_err(|reason| self.corrupt(element, &reason))?;
                Ok(out)
            }
            _ => Ok(bytes),
        }
    }

    /// The stored bytes, filters undone.
    pub(crate) fn raw(&self, element: &str) -> Result<(Vec<u8>, Datatype), IoError> {
        let (grid, datatype) = self.grid(element)?;
        Ok((self.bytes_of(element, &grid)?, datatype))
    }

    fn bytes_of(&self, element: &str, grid: &Grid) -> Result<Vec<u8>, IoError> {
        let mut bytes = vec![0; grid.rows() * grid.row_len() * grid.element_size()];
        grid.bytes(&[0..grid.rows()], &mut bytes).map_err(|fault| self.fault(element, fault))?;
        Ok(bytes)
    }

    /// A dataset's storage, once its declared size has been held against what the file stores for it.
    pub(crate) fn grid(&self, element: &str) -> Result<(Grid, Datatype), IoError> {
        let (file, store) = match &self.backend {
            Backend::Hdf5(file, store) => (file, store),
            Backend::Zarr(store) => return self.zarr_grid(store, element),
        };
        let dataset = self.guard(element, || file.dataset(element))?;
        let header = self.header_of(element, &dataset)?;
        let (datatype, size, layout) =
            self.guard(element, || Ok((dataset.datatype()?, dataset.element_size()?, dataset.layout()?)))?;
        let declared = (header.len() as u64).saturating_mul(size);
        let filters = dataset.filter_pipeline();
        let chunks = match layout {
            // One kind of chunk index cannot be listed.
            Layout::Chunked { .. } => self.guard(element, || dataset.chunks()).ok(),
            _ => None,
        };
        let possible = match (&layout, &chunks) {
            (Layout::Chunked { .. }, Some(chunks)) => {
                let stored = chunks.iter().map(|c| c.storage_size.min(store.len()));
                stored.fold(0, u64::saturating_add).min(store.len())
            }
            _ => store.len(),
        };
        let possible = possible.saturating_mul(expansion(&filters));
        // Small reads need no proof.
        if declared > 1 << 20 && declared > possible {
            let (path, element) = (self.path.clone(), element.to_string());
            return Err(IoError::DeclaredSize { path, element, declared, possible });
        }
        let bad = |reason: &str| self.corrupt(element, reason);
        let size = usize::try_from(size).ok().filter(|&s| s > 0).ok_or_else(|| bad("its elements are empty"))?;
        let whole = || self.guard(element, || dataset.read_raw());
        let storage = match layout {
            Layout::Contiguous { address: Some(address), size: held } if held >= declared => {
                Storage::Contiguous(Some(address))
            }
            Layout::Chunked { chunk_shape, .. } => match chunks {
                Some(chunks) if filters.iter().all(|f| READ.contains(&f.id)) => {
                    match self.tiles(element, &header.shape, size, chunk_shape, chunks, filters)? {
                        Some(chunks) => Storage::Chunked(Arc::new(chunks)),
                        None => Storage::Decoded(Arc::new(whole()?)),
                    }
                }
                _ => Storage::Decoded(Arc::new(whole()?)),
            },
            _ if header.len() == 0 => Storage::Decoded(Arc::default()),
            _ => Storage::Decoded(Arc::new(whole()?)),
        };
        let mut shape = header.shape;
        if shape.is_empty() {
            shape.push(1);
            // A dataset without a dataspace stands for nothing.
            if let Storage::Decoded(bytes) = &storage
                && bytes.is_empty()
            {
                shape[0] = 0;
            }
        }
        if let Storage::Decoded(bytes) = &storage
            && Some(bytes.len()) != shape.iter().product::<usize>().checked_mul(size)
        {
            return Err(bad("its length does not fit its shape"));
        }
        Ok((Grid { store: Some(store.clone()), shape, size, storage }, datatype))
    }

    /// Sorts chunks by the rows they hold; `None` if some were never written, where only the library knows what
    /// stands in their place.
    fn tiles(
        &self,
        element: &str,
        shape: &[usize],
        size: usize,
        side: Vec<u64>,
        chunks: Vec<hdf5_pure::Chunk>,
        filters: Vec<hdf5_pure::Filter>,
    ) -> Result<Option<Chunks>, IoError> {
        // libhdf5 allows no chunk of 4 GiB.
        const LARGEST: u64 = u32::MAX as u64;
        let bytes = side.iter().try_fold(size as u64, |n, &s| n.checked_mul(s));
        if side.len() != shape.len() || side.contains(&0) || bytes.is_none_or(|bytes| bytes > LARGEST) {
            return Err(self.corrupt(element, "its chunks do not fit its shape"));
        }
        let most = expansion(&filters);
        let side: Vec<usize> = side.into_iter().map(|s| s as usize).collect();
        let grid: Vec<usize> = shape.iter().zip(&side).map(|(n, s)| n.div_ceil(*s)).collect();
        let places = grid.iter().try_fold(1usize, |n, &g| n.checked_mul(g));
        let known = filters.iter().all(|f| matches!(f.id, 1..=3 | 32000));
        if places.is_none_or(|places| places > chunks.len()) && known {
            return Ok(None);
        }
        if grid[0] > chunks.len() {
            return Err(self.corrupt(element, "it has fewer chunks than rows of chunks"));
        }
        let mut slabs: Vec<Vec<Tile>> = (0..grid[0]).map(|_| Vec::new()).collect();
        for chunk in chunks {
            let corner: Vec<usize> = chunk.offset.iter().map(|&o| usize::try_from(o).unwrap_or(usize::MAX)).collect();
            let fits = corner.len() == shape.len()
                && corner.iter().zip(&side).zip(shape).all(|((c, s), n)| c % s == 0 && c < n);
            // Chunks beyond the shape are left from when it was larger.
            if !fits {
                continue;
            }
            if chunk.storage_size.saturating_mul(most) < bytes.unwrap_or(u64::MAX) {
                return Err(self.corrupt(element, "a chunk is stored in too few bytes"));
            }
            let tile =
                Tile { address: chunk.address, stored: chunk.storage_size, mask: chunk.filter_mask, corner };
            slabs[tile.corner[0] / side[0]].push(tile);
        }
        Ok(Some(Chunks { side, slabs, filters }))
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
        Ok(Err(error)) => Err(corrupt(path, element, one_line(&error.to_string()))),
        Err(_) => Err(corrupt(path, element, "its structure is inconsistent".to_string())),
    }
}

pub(super) fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}
