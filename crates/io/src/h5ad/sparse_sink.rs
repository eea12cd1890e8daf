//! A sparse matrix on its way to a file.

use super::encode::encoded;
use crate::IoError;
use crate::hdf5::{Address, Attribute, NO_INDEX, Shape, Sink, Stored, Writer};
use std::collections::BTreeMap;

/// A sparse matrix being written row by row (or column by column).
pub(super) struct SparseSink {
    wide: bool,
    size: usize,
    indices: Sink,
    data: Sink,
    indptr: Vec<i64>,
    waiting_indices: Vec<u8>,
    waiting_data: Vec<u8>,
    entries: i64,
}

impl SparseSink {
    /// Of values with this datatype message; `most` bounds the number of entries.
    pub(super) fn new(datatype: &[u8], size: usize, most: usize, out: &Writer<'_, '_>) -> Self {
        let wide = i32::try_from(most).is_err();
        let index = if wide { Stored::I64 } else { Stored::I32 };
        let list = || Shape::Rows(Vec::new());
        let indices = Sink::new(index.encode(), index.size(), list(), out.compression);
        let data = Sink::new(datatype.to_vec(), size, list(), out.compression);
        let (waiting_indices, waiting_data) = (Vec::new(), Vec::new());
        Self { wide, size, indices, data, indptr: vec![0], waiting_indices, waiting_data, entries: 0 }
    }

    /// Adds a row: its indices, and its values within `values` from element `start` on; `places` renumbers.
    pub(super) fn row(&mut self, indices: &[u32], values: &[u8], start: usize, places: Option<&[u32]>) {
        for (i, &index) in indices.iter().enumerate() {
            let index = match places.map(|places| places[index as usize]) {
                Some(NO_INDEX) => continue,
                Some(place) => place,
                None => index,
            };
            if self.wide {
                self.waiting_indices.extend(i64::from(index).to_le_bytes());
            } else {
                self.waiting_indices.extend(index.to_le_bytes());
            }
            let at = (start + i) * self.size;
            self.waiting_data.extend(&values[at..at + self.size]);
            self.entries += 1;
        }
        self.indptr.push(self.entries);
    }

    /// Hands what has come to the file.
    pub(super) fn flush(&mut self, out: &mut Writer<'_, '_>) -> Result<(), IoError> {
        self.indices.write(&mut out.file, &self.waiting_indices).map_err(|e| out.fail(e))?;
        self.data.write(&mut out.file, &self.waiting_data).map_err(|e| out.fail(e))?;
        self.waiting_indices.clear();
        self.waiting_data.clear();
        Ok(())
    }

    /// Ends the matrix.
    pub(super) fn finish(
        mut self,
        kind: &str,
        shape: (usize, usize),
        out: &mut Writer<'_, '_>,
    ) -> Result<Address, IoError> {
        self.flush(out)?;
        let index = if self.wide { Stored::I64 } else { Stored::I32 };
        let mut pointers = Sink::new(index.encode(), index.size(), Shape::Rows(Vec::new()), out.compression);
        let bytes: Vec<u8> = if self.wide {
            self.indptr.iter().flat_map(|p| p.to_le_bytes()).collect()
        } else {
            self.indptr.iter().flat_map(|&p| (p as i32).to_le_bytes()).collect()
        };
        let fail = |e| IoError::Write { path: out.path.to_path_buf(), source: e };
        let none = BTreeMap::new();
        pointers.write(&mut out.file, &bytes).map_err(fail)?;
        let members = BTreeMap::from([
            ("indices".to_string(), self.indices.finish(&mut out.file, &none).map_err(fail)?),
            ("data".to_string(), self.data.finish(&mut out.file, &none).map_err(fail)?),
            ("indptr".to_string(), pointers.finish(&mut out.file, &none).map_err(fail)?),
        ]);
        let mut attributes = encoded(kind, "0.1.0");
        attributes.insert("shape".to_string(), Attribute::integers(&[shape.0, shape.1]));
        out.file.group(&attributes, &members).map_err(fail)
    }
}
