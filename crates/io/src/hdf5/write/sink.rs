//! A dataset that is written as its values come.

use super::btree::{self, Written};
use super::message::{Messages, dataspace, null_dataspace};
use super::{Address, Compression, FileWriter};
use crate::codec;
use crate::hdf5::tree::Attribute;
use rayon::prelude::*;
use std::collections::BTreeMap;
use std::io;

/// Bytes of a chunk, about: small enough for random rows, large enough to compress.
const CHUNK: usize = 1 << 17;
/// Chunks that are compressed at once.
const TOGETHER: usize = 64;
/// Arrays below this are not worth a chunk.
const SMALL: usize = 1 << 14;

/// What a dataset's shape is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Shape {
    /// One value.
    Scalar,
    /// No value: what stands for Python's `None`.
    Null,
    /// Rows, as many as come, of these further dimensions.
    Rows(Vec<usize>),
}

/// A dataset being written: whole elements come in row-major order.
pub(crate) struct Sink {
    datatype: Vec<u8>,
    size: usize,
    shape: Shape,
    compression: Compression,
    chunk_rows: usize,
    chunk_bytes: usize,
    waiting: Vec<u8>,
    chunks: Vec<Written>,
    bytes: u64,
    /// The number of rows where their bytes do not tell.
    rows: u64,
}

impl Sink {
    /// Of elements of `size` bytes with this datatype message.
    pub(crate) fn new(datatype: Vec<u8>, size: usize, shape: Shape, compression: Compression) -> Self {
        let row = match &shape {
            Shape::Rows(rest) => size * rest.iter().product::<usize>(),
            _ => size,
        };
        let chunk_rows = (CHUNK / row.max(1)).max(1);
        let (waiting, chunks) = (Vec::new(), Vec::new());
        let chunk_bytes = chunk_rows * row;
        Self {
            datatype,
            size,
            shape,
            compression,
            chunk_rows,
            chunk_bytes,
            waiting,
            chunks,
            bytes: 0,
            rows: 0,
        }
    }

    /// Of so many rows, even if they are empty.
    pub(crate) fn with_rows(self, rows: usize) -> Self {
        Self { rows: rows as u64, ..self }
    }

    /// Adds bytes of elements.
    pub(crate) fn write(&mut self, file: &mut FileWriter, bytes: &[u8]) -> io::Result<()> {
        self.bytes += bytes.len() as u64;
        let together = TOGETHER * self.chunk_bytes;
        let mut rest = bytes;
        // No more than what is compressed at once is held.
        while together > 0 && self.waiting.len() + rest.len() >= together {
            let (now, later) = rest.split_at(together - self.waiting.len());
            self.waiting.extend_from_slice(now);
            self.flush(file, together)?;
            rest = later;
        }
        self.waiting.extend_from_slice(rest);
        Ok(())
    }

    /// Compresses the first `length` waiting bytes on all threads and writes them in order.
    fn flush(&mut self, file: &mut FileWriter, length: usize) -> io::Result<()> {
        let rank = match &self.shape {
            Shape::Rows(rest) => rest.len() + 1,
            _ => 1,
        };
        let packed: Vec<Vec<u8>> = self.waiting[..length]
            .par_chunks(self.chunk_bytes)
            .map(|chunk| match self.compression {
                Compression::None => chunk.to_vec(),
                Compression::Gzip => codec::zlib(&codec::shuffle(chunk, self.size), 4),
            })
            .collect();
        for chunk in packed {
            let mut corner = vec![0; rank];
            corner[0] = (self.chunks.len() * self.chunk_rows) as u64;
            let address = file.append(&chunk)?;
            self.chunks.push(Written { corner, address, stored: chunk.len() as u32 });
        }
        self.waiting.drain(..length);
        Ok(())
    }

    /// Ends the dataset; returns where its header is.
    pub(crate) fn finish(
        mut self,
        file: &mut FileWriter,
        attributes: &BTreeMap<String, Attribute>,
    ) -> io::Result<Address> {
        let row = self.chunk_bytes / self.chunk_rows;
        let dims: Vec<u64> = match &self.shape {
            Shape::Rows(rest) => {
                let rows = self.bytes.checked_div(row as u64).unwrap_or(self.rows);
                std::iter::once(rows).chain(rest.iter().map(|&d| d as u64)).collect()
            }
            _ => Vec::new(),
        };
        let mut messages = Messages::default();
        messages.push(1, if self.shape == Shape::Null { null_dataspace() } else { dataspace(&dims) })?;
        messages.push(3, self.datatype.clone())?;
        // Space as it is needed, fill values where space is, zero.
        messages.push(5, vec![3, 0b1010])?;
        let small = self.bytes < SMALL as u64 || self.compression == Compression::None;
        if self.chunks.is_empty() && small || dims.is_empty() {
            let address = if self.waiting.is_empty() {
                u64::MAX
            } else {
                file.append(&std::mem::take(&mut self.waiting))?
            };
            let mut layout = vec![3, 1];
            layout.extend(address.to_le_bytes());
            layout.extend(self.bytes.to_le_bytes());
            messages.push(8, layout)?;
        } else {
            if self.chunks.is_empty() && self.waiting.len() < self.chunk_bytes {
                // One chunk, no larger than the array.
                (self.chunk_rows, self.chunk_bytes) = (dims[0] as usize, self.waiting.len());
            }
            let whole = self.waiting.len() / self.chunk_bytes * self.chunk_bytes;
            self.flush(file, whole)?;
            if !self.waiting.is_empty() {
                // The last chunk is stored whole.
                self.waiting.resize(self.chunk_bytes, 0);
                self.flush(file, self.chunk_bytes)?;
            }
            let mut end = vec![0; dims.len()];
            end[0] = (self.chunks.len() * self.chunk_rows) as u64;
            let root = btree::write(&self.chunks, dims.len(), &end, |bytes| file.append(bytes))?;
            let mut layout = vec![3, 2, dims.len() as u8 + 1];
            layout.extend(root.to_le_bytes());
            for side in [self.chunk_rows as u64].iter().chain(&dims[1..]).chain(&[self.size as u64]) {
                layout.extend((*side as u32).to_le_bytes());
            }
            messages.push(8, layout)?;
            if self.compression == Compression::Gzip {
                // Shuffle by the element's size, then deflate at level 4.
                let mut pipeline = vec![2, 2];
                for (id, value) in [(2u16, self.size as u32), (1, 4)] {
                    pipeline.extend(id.to_le_bytes());
                    pipeline.extend([0, 0, 1, 0]);
                    pipeline.extend(value.to_le_bytes());
                }
                messages.push(11, pipeline)?;
            }
        }
        file.attributes(&mut messages, attributes)?;
        file.header(messages)
    }
}
