//! A dataset by blocks of rows, for what is larger than memory.

use super::reader::Container;
use super::scalar::Number;
use super::write::{FileWriter, encode_datatype};
use super::{Grid, heap};
use crate::IoError;
use crate::memory::zeros;
use hdf5_pure::Datatype;
use std::ops::Range;
use std::path::Path;

/// Bytes of a block, about.
const BLOCK: usize = 8 << 20;

/// A dataset whose rows are read when they are wanted.
pub(crate) struct Rows<'a> {
    container: &'a Container,
    element: String,
    grid: Grid,
    datatype: Datatype,
}

impl Container {
    pub(crate) fn rows(&self, element: &str) -> Result<Rows<'_>, IoError> {
        let (grid, datatype) = self.grid(element)?;
        Ok(Rows { container: self, element: element.to_string(), grid, datatype })
    }
}

impl Rows<'_> {
    pub(crate) fn len(&self) -> usize {
        self.grid.rows()
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Elements in a row.
    pub(crate) fn row_len(&self) -> usize {
        self.grid.row_len()
    }

    /// The dimensions after the first.
    pub(crate) fn inner_shape(&self) -> &[usize] {
        self.grid.inner_shape()
    }

    pub(crate) fn element_size(&self) -> usize {
        self.grid.element_size()
    }

    /// Where a block of some MiB that begins at `start` ends, so that chunks are read once.
    pub(crate) fn block_end(&self, start: usize) -> usize {
        let together = self.grid.rows_together();
        let row = (self.row_len() * self.element_size()).max(1);
        let rows = (BLOCK / row).max(1).next_multiple_of(together);
        (start.saturating_add(rows) / together * together).max(start + 1).min(self.len())
    }

    /// The type as a message of a file, if elements of it mean something in another file.
    pub(crate) fn datatype_message(&self) -> Result<Vec<u8>, IoError> {
        encode_datatype(&self.datatype).map_err(|e| self.container.corrupt(&self.element, &e.to_string()))
    }

    /// The numbers of ranges of rows, which must increase.
    pub(crate) fn numbers<T: Number>(&self, ranges: &[Range<usize>]) -> Result<Vec<T>, IoError> {
        let stored = self.container.number_type(&self.element, &self.datatype)?;
        let count: usize = ranges.iter().map(Range::len).sum();
        let mut out = zeros::<T>(count * self.row_len());
        let read = self.grid.numbers(stored, ranges, &mut out);
        read.map_err(|fault| self.container.fault(&self.element, fault))?;
        Ok(out)
    }

    /// The stored bytes of ranges of rows, which must increase.
    pub(crate) fn bytes(&self, ranges: &[Range<usize>]) -> Result<Vec<u8>, IoError> {
        let count: usize = ranges.iter().map(Range::len).sum();
        let mut out = zeros::<u8>(count * self.row_len() * self.element_size());
        let read = self.grid.bytes(ranges, &mut out);
        read.map_err(|fault| self.container.fault(&self.element, fault))?;
        Ok(out)
    }

    /// The stored bytes of rows, texts of variable length moved into another file.
    pub(crate) fn moved(
        &self,
        range: Range<usize>,
        file: &mut FileWriter,
        path: &Path,
    ) -> Result<Vec<u8>, IoError> {
        self.moved_rows(&[range], file, path)
    }

    /// As [`moved`](Self::moved), of ranges of rows, which must increase.
    pub(crate) fn moved_rows(
        &self,
        ranges: &[Range<usize>],
        file: &mut FileWriter,
        path: &Path,
    ) -> Result<Vec<u8>, IoError> {
        let mut bytes = self.bytes(ranges)?;
        let mut places = Vec::new();
        texts_of(&self.datatype, 0, &mut places);
        if places.is_empty() {
            return Ok(bytes);
        }
        let size = self.element_size();
        let starts: Vec<usize> =
            (0..bytes.len() / size).flat_map(|i| places.iter().map(move |place| i * size + place)).collect();
        let references: Vec<u8> =
            starts.iter().flat_map(|&at| bytes[at..at + heap::REFERENCE].iter().copied()).collect();
        let mut failed = None;
        let (store, base) = self.container.heap(&self.element)?;
        let visited = heap::visit(store, base, &references, |i, text| {
            match file.text(text) {
                Ok(reference) => bytes[starts[i]..starts[i] + heap::REFERENCE].copy_from_slice(&reference),
                Err(error) => {
                    failed = Some(error);
                    return Err(String::new());
                }
            }
            Ok(())
        });
        match (failed, visited) {
            (Some(source), _) => Err(IoError::Write { path: path.to_path_buf(), source }),
            (None, Err(reason)) => Err(self.container.corrupt(&self.element, &reason)),
            (None, Ok(())) => Ok(bytes),
        }
    }
}

/// Where in an element of this type references to texts are.
fn texts_of(datatype: &Datatype, at: usize, into: &mut Vec<usize>) {
    match datatype {
        Datatype::VariableLength { is_string: true, .. } => into.push(at),
        Datatype::Compound { members, .. } => {
            members.iter().for_each(|m| texts_of(&m.datatype, at + m.byte_offset as usize, into));
        }
        Datatype::Array { base_type, dimensions } => {
            let count: usize = dimensions.iter().map(|&d| d as usize).product();
            let each = base_type.type_size() as usize;
            // Only arrays of texts have places to note.
            let mut one = Vec::new();
            texts_of(base_type, 0, &mut one);
            if !one.is_empty() {
                (0..count).for_each(|i| into.extend(one.iter().map(|place| at + i * each + place)));
            }
        }
        _ => {}
    }
}
