//! Where a dataset's values are in the file.

use super::filters::expansion;
use super::grid::{Chunks, Grid, Storage, Tile};
use super::reader::{Backend, Container};
use crate::IoError;
use crate::zarr::{Element, ZarrChunks};
use hdf5_pure::{Datatype, Layout, StringPadding};
use std::sync::Arc;

/// The filters that are undone here: deflate, shuffle, fletcher32, lzf, blosc, zstd.
pub(super) const READ: [u16; 6] = [1, 2, 3, 32000, 32001, 32015];

impl Container {
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
        let unknown = self.unknown(element, &dataset, &layout, &filters)?;
        // Small reads need no proof, and what is in other files has none here.
        let here = unknown.is_none() || !filters.is_empty();
        if declared > 1 << 20 && declared > possible && here {
            let (path, element) = (self.path.clone(), element.to_string());
            return Err(IoError::DeclaredSize { path, element, declared, possible });
        }
        let bad = |reason: &str| self.corrupt(element, reason);
        let size =
            usize::try_from(size).ok().filter(|&s| s > 0).ok_or_else(|| bad("its elements are empty"))?;
        let whole = || self.guard(element, || dataset.read_raw());
        let (mut datatype, mut size) = (datatype, size);
        let storage = match layout {
            _ if unknown.is_some() => {
                let storage = unknown.unwrap_or_default();
                let (bytes, plain) = self.library_numbers(element, &storage, (&datatype, declared))?;
                (datatype, size) = (plain, bytes.len().checked_div(header.len()).unwrap_or(size));
                Storage::Decoded(Arc::new(bytes))
            }
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
        if shape.is_empty()
            || side.len() != shape.len()
            || side.contains(&0)
            || bytes.is_none_or(|bytes| bytes > LARGEST)
        {
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
            let corner: Vec<usize> =
                chunk.offset.iter().map(|&o| usize::try_from(o).unwrap_or(usize::MAX)).collect();
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
}
