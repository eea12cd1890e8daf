//! Values of a dataset by rows, straight from the file: only the chunks that are needed, each once, on all threads.

use super::scalar::{Number, StoredNumber};
use super::store::Store;
use crate::zarr::ZarrChunks;
use bytemuck::{Pod, cast_slice_mut};
use hdf5_pure::Filter;
use rayon::prelude::*;
use std::io;
use std::ops::Range;
use std::sync::Arc;

/// Where a dataset's values are, and how to get at them.
///
/// Rows are along the first dimension; a value alone is one row of one.
#[derive(Clone)]
pub(crate) struct Grid {
    pub(super) store: Option<Store>,
    pub(super) shape: Vec<usize>,
    /// Bytes of one stored element.
    pub(super) size: usize,
    pub(super) storage: Storage,
}

#[derive(Clone)]
pub(super) enum Storage {
    /// In one piece from this byte on; nothing but zeros if nowhere.
    Contiguous(Option<u64>),
    Chunked(Arc<Chunks>),
    /// A file for each chunk.
    Files(Arc<ZarrChunks>),
    /// What only the library can decode, decoded.
    Decoded(Arc<Vec<u8>>),
}

pub(super) struct Chunks {
    pub(super) side: Vec<usize>,
    /// The chunks that share their rows, for each such range of rows.
    pub(super) slabs: Vec<Vec<Tile>>,
    pub(super) filters: Vec<Filter>,
}

pub(super) struct Tile {
    pub(super) corner: Vec<usize>,
    pub(super) address: u64,
    pub(super) stored: u64,
    pub(super) mask: u32,
}

/// Why values cannot be given.
#[derive(Debug)]
pub(crate) enum Fault {
    Io(io::Error),
    Bad(String),
}

impl From<io::Error> for Fault {
    fn from(error: io::Error) -> Self {
        if error.kind() == io::ErrorKind::UnexpectedEof {
            Self::Bad("its values lie beyond the end of the file".to_string())
        } else {
            Self::Io(error)
        }
    }
}

/// How stored bytes become values in memory.
pub(super) struct Turn<'a, T> {
    /// Values for each stored element.
    pub(super) each: usize,
    pub(super) convert: &'a (dyn Fn(&[u8], &mut [T]) + Sync),
    /// Where stored bytes need no other place than their values': those as bytes, and what is left to do with them.
    pub(super) same: Option<(AsBytes<T>, Finish<T>)>,
}

/// Rows of a slab, and where their values go.
pub(super) type Parts<'a, T> = Vec<(Range<usize>, &'a mut [T])>;

/// Values as the bytes they are.
pub(super) type AsBytes<T> = fn(&mut [T]) -> &mut [u8];

/// What is done with values whose bytes are in place.
pub(super) type Finish<T> = Option<fn(&mut [T])>;

/// What is done with a slab.
type Job<'a, T> = dyn Fn(usize, Parts<'_, T>) -> Result<(), Fault> + Sync + 'a;

/// Bytes that are read in one go.
const PIECE: usize = 1 << 20;

impl Grid {
    /// The number of rows.
    pub(crate) fn rows(&self) -> usize {
        self.shape.first().copied().unwrap_or(1)
    }

    /// Elements in a row.
    pub(crate) fn row_len(&self) -> usize {
        self.shape.iter().skip(1).product()
    }

    /// The dimensions after the first.
    pub(crate) fn inner_shape(&self) -> &[usize] {
        self.shape.get(1..).unwrap_or_default()
    }

    /// Bytes of one element.
    pub(crate) fn element_size(&self) -> usize {
        self.size
    }

    /// Rows that are stored together, so that readers may go by them.
    pub(crate) fn rows_together(&self) -> usize {
        match &self.storage {
            Storage::Chunked(chunks) => chunks.side[0],
            Storage::Files(chunks) => chunks.side().first().copied().unwrap_or(1),
            _ => 1,
        }
    }

    /// The numbers of the given rows, which must increase, one range after the other.
    pub(crate) fn numbers<T: Number>(
        &self,
        stored: StoredNumber,
        ranges: &[Range<usize>],
        out: &mut [T],
    ) -> Result<(), Fault> {
        let same = stored.in_place::<T>().map(|finish| (cast_slice_mut as AsBytes<T>, finish));
        self.gather(ranges, out, &Turn { each: 1, convert: &|bytes, out| stored.convert(bytes, out), same })
    }

    /// The stored bytes of the given rows, which must increase, one range after the other.
    pub(crate) fn bytes(&self, ranges: &[Range<usize>], out: &mut [u8]) -> Result<(), Fault> {
        let convert = |bytes: &[u8], out: &mut [u8]| out.copy_from_slice(bytes);
        let same: (AsBytes<u8>, Finish<u8>) = (|out| out, None);
        self.gather(ranges, out, &Turn { each: self.size, convert: &convert, same: Some(same) })
    }

    pub(super) fn store(&self) -> Result<&Store, Fault> {
        self.store.as_ref().ok_or_else(|| Fault::Bad("it has no place in the file".to_string()))
    }

    fn gather<T: Pod + Send>(
        &self,
        ranges: &[Range<usize>],
        out: &mut [T],
        turn: &Turn<'_, T>,
    ) -> Result<(), Fault> {
        let row = self.row_len() * turn.each;
        let wanted: usize = ranges.iter().map(|r| r.len() * row).sum();
        debug_assert_eq!(wanted, out.len());
        if wanted == 0 {
            return Ok(());
        }
        if ranges.iter().any(|r| r.end > self.rows()) || ranges.windows(2).any(|w| w[1].start < w[0].end) {
            return Err(Fault::Bad("rows were asked for that it has not, or twice".to_string()));
        }
        match &self.storage {
            Storage::Contiguous(None) => {
                let zeros = vec![0; self.size * self.row_len()];
                out.chunks_exact_mut(row).for_each(|out| (turn.convert)(&zeros, out));
                Ok(())
            }
            Storage::Contiguous(Some(address)) => self.pieces(*address, ranges, out, turn),
            Storage::Decoded(bytes) => {
                let stride = self.row_len() * self.size;
                let mut rest = out;
                for range in ranges {
                    let (now, later) = rest.split_at_mut(range.len() * row);
                    (turn.convert)(&bytes[range.start * stride..range.end * stride], now);
                    rest = later;
                }
                Ok(())
            }
            Storage::Chunked(chunks) => self.slabs(chunks.side[0], ranges, out, turn, &|slab, parts| {
                let tiles = chunks.slabs.get(slab).map(Vec::as_slice).unwrap_or_default();
                self.slab(chunks, tiles, parts, turn)
            }),
            Storage::Files(chunks) => {
                let height = chunks.side().first().copied().unwrap_or(1);
                self.slabs(height, ranges, out, turn, &|slab, parts| self.files(chunks, slab, parts, turn))
            }
        }
    }

    /// Reads ranges that lie in one piece each, large ones in parts.
    fn pieces<T: Pod + Send>(
        &self,
        address: u64,
        ranges: &[Range<usize>],
        out: &mut [T],
        turn: &Turn<'_, T>,
    ) -> Result<(), Fault> {
        let elements = (PIECE / self.size).max(1);
        let mut jobs = Vec::new();
        let mut rest = out;
        for range in ranges {
            let (now, later) = rest.split_at_mut(range.len() * self.row_len() * turn.each);
            rest = later;
            let first = range.start * self.row_len();
            for (i, part) in now.chunks_mut(elements * turn.each).enumerate() {
                jobs.push((address + ((first + i * elements) * self.size) as u64, part));
            }
        }
        jobs.into_par_iter().with_min_len(16).try_for_each(|(at, part)| self.read(at, part, turn))
    }

    /// Reads values that are stored as they are.
    fn read<T>(&self, at: u64, out: &mut [T], turn: &Turn<'_, T>) -> Result<(), Fault> {
        match turn.same {
            Some((as_bytes, finish)) => {
                self.store()?.read(at, as_bytes(out))?;
                if let Some(finish) = finish {
                    finish(out);
                }
            }
            None => {
                let bytes = self.store()?.bytes(at, (out.len() / turn.each * self.size) as u64)?;
                (turn.convert)(&bytes, out);
            }
        }
        Ok(())
    }

    /// Splits ranges of rows where chunks of this height end, and has each slab done once.
    fn slabs<T: Pod + Send>(
        &self,
        height: usize,
        ranges: &[Range<usize>],
        out: &mut [T],
        turn: &Turn<'_, T>,
        job: &Job<'_, T>,
    ) -> Result<(), Fault> {
        let row = self.row_len() * turn.each;
        let mut jobs: Vec<(usize, Parts<'_, T>)> = Vec::new();
        let mut rest = out;
        for range in ranges {
            let mut start = range.start;
            while start < range.end {
                let slab = start / height;
                let end = range.end.min((slab + 1) * height);
                let (now, later) = rest.split_at_mut((end - start) * row);
                rest = later;
                let part = (start - slab * height..end - slab * height, now);
                match jobs.last_mut() {
                    Some((last, parts)) if *last == slab => parts.push(part),
                    _ => jobs.push((slab, vec![part])),
                }
                start = end;
            }
        }
        jobs.into_par_iter().with_min_len(2).try_for_each(|(slab, parts)| job(slab, parts))
    }

    /// Decodes the files of one slab, each once, into all parts.
    fn files<T: Pod>(
        &self,
        chunks: &ZarrChunks,
        slab: usize,
        mut parts: Parts<'_, T>,
        turn: &Turn<'_, T>,
    ) -> Result<(), Fault> {
        // A scalar has no dimensions, and its chunk no corner.
        let side = if chunks.side().is_empty() { &[1] } else { chunks.side() };
        let grid: Vec<usize> = self.shape.iter().zip(side).map(|(n, s)| n.div_ceil(*s)).collect();
        for k in 0..grid[1..].iter().product() {
            let (mut corner, mut left) = (vec![slab * side[0]; grid.len()], k);
            for d in (1..grid.len()).rev() {
                corner[d] = left % grid[d] * side[d];
                left /= grid[d];
            }
            let named = &corner[..chunks.side().len()];
            let bytes = chunks.bytes(named).map_err(Fault::Bad)?;
            self.place((side, &corner), &bytes, &mut parts, turn);
        }
        Ok(())
    }

    /// Decodes the chunks of one slab, each once, into all parts.
    fn slab<T: Pod>(
        &self,
        chunks: &Chunks,
        tiles: &[Tile],
        mut parts: Parts<'_, T>,
        turn: &Turn<'_, T>,
    ) -> Result<(), Fault> {
        // Where a chunk was never written there are zeros.
        let whole = chunks.side[1..].iter().zip(&self.shape[1..]).map(|(s, n)| n.div_ceil(*s)).product();
        if tiles.len() < whole {
            let zeros = vec![0; self.size * self.row_len()];
            for (_, out) in &mut parts {
                out.chunks_exact_mut(self.row_len() * turn.each).for_each(|out| (turn.convert)(&zeros, out));
            }
        }
        for tile in tiles {
            if chunks.filters.is_empty() && self.shape.len() == 1 {
                for (range, out) in &mut parts {
                    let at = tile.address.saturating_add((range.start * self.size) as u64);
                    self.read(at, out, turn)?;
                }
                continue;
            }
            let bytes = self.decoded(chunks, tile)?;
            self.place((&chunks.side, &tile.corner), &bytes, &mut parts, turn);
        }
        Ok(())
    }
}
