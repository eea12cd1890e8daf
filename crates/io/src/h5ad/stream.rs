//! Writing a file whose matrix is made while it is written.

use super::encode::{encode, write_tree};
use super::sparse_sink::SparseSink;
use crate::hdf5::{Address, Compression, Node, Stored, Stream, Writer};
use crate::{AnnData, IoError};
use std::path::Path;

/// Rows on their way to a file.
#[derive(Default)]
pub struct RowSink {
    indices: Vec<u32>,
    values: Vec<f32>,
    ends: Vec<usize>,
}

impl RowSink {
    /// Adds an entry to the present row; columns should increase.
    pub fn push(&mut self, column: u32, value: f32) {
        self.indices.push(column);
        self.values.push(value);
    }

    /// Ends the present row.
    pub fn end_row(&mut self) {
        self.ends.push(self.indices.len());
    }
}

/// Rows that are made and written together.
const TOGETHER: usize = 4096;

/// Writes an `.h5ad` file with a CSR matrix whose rows `make` gives, 4096 at a time, so that a file larger than memory
/// can be written; `shape` is (cells, genes), which are named by number.
///
/// `make` is called with the number of the block, the number of rows that it must end, and where they go.
///
/// # Errors
/// [`IoError::Mismatch`] if a block has not the rows it was asked for or a column is outside; otherwise as
/// [`write_h5ad`](crate::write_h5ad).
pub fn write_rows(
    path: impl AsRef<Path>,
    shape: (usize, usize),
    compression: Compression,
    make: impl FnMut(usize, usize, &mut RowSink),
) -> Result<(), IoError> {
    let names = |prefix: &str, n: usize| (0..n).map(|i| format!("{prefix}{i}")).collect();
    let data = AnnData::new(names("cell", shape.0), names("gene", shape.1));
    let mut root = encode(&data)?;
    root.children.insert("X".to_string(), Node::Stream(Box::new(Made { shape, make })));
    write_tree(path.as_ref(), root, compression).map(|_| ())
}

struct Made<F> {
    shape: (usize, usize),
    make: F,
}

impl<F: FnMut(usize, usize, &mut RowSink)> Stream for Made<F> {
    fn write(mut self: Box<Self>, out: &mut Writer<'_, '_>) -> Result<Address, IoError> {
        let (cells, genes) = self.shape;
        let mut sink = SparseSink::new(&Stored::F32.encode(), 4, cells.saturating_mul(genes), out);
        for block in 0..cells.div_ceil(TOGETHER) {
            let rows = TOGETHER.min(cells - block * TOGETHER);
            let mut made = RowSink::default();
            (self.make)(block, rows, &mut made);
            let mismatch =
                |what, expected, found| IoError::Mismatch { element: "X".into(), what, expected, found };
            if made.ends.len() != rows || made.ends.last() != Some(&made.indices.len()) {
                return Err(mismatch("rows", rows, made.ends.len()));
            }
            if let Some(&outside) = made.indices.iter().find(|&&column| column as usize >= genes) {
                return Err(mismatch("columns", genes, outside as usize + 1));
            }
            let values: &[u8] = bytemuck::cast_slice(&made.values);
            let mut start = 0;
            for &end in &made.ends {
                sink.row(&made.indices[start..end], values, start, None);
                start = end;
            }
            sink.flush(out)?;
        }
        sink.finish("csr_matrix", (cells, genes), out)
    }
}
