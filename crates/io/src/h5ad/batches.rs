//! Minibatches of rows from a file that is larger than memory.

use super::BackedMatrix;
use crate::{Csr, IoError, Matrix};
use ndarray::Axis;
use rand::{Rng, RngExt};
use std::num::NonZeroUsize;
use std::sync::mpsc::{Receiver, sync_channel};
use std::thread::JoinHandle;

/// Some rows of a matrix.
#[derive(Clone, Debug, PartialEq)]
pub struct Batch {
    /// Which rows, as they were asked for.
    pub rows: Vec<usize>,
    /// Their values, in that order.
    pub values: Matrix,
}

/// Minibatches in a given order of rows, read ahead on a thread of its own.
///
/// The order is known beforehand, so the rows of many batches are read together: a window of rows is sorted, each
/// stored chunk that it touches is read and decoded once, and the rows are dealt to batches as those are asked for. A
/// pass over a file costs as many readings of it as it has windows, and memory is bounded by `memory` whatever the file's
/// size. The order is exact, not a shuffle within windows, and does not depend on the number of threads.
///
/// ```
/// # use chreode_core::Seed;
/// # use chreode_io::{AnnData, Batches, H5ad, IoError, Matrix, shuffled, write_h5ad};
/// # use std::num::NonZeroUsize;
/// # fn main() -> Result<(), IoError> {
/// # let folder = tempfile::tempdir().unwrap();
/// # let path = folder.path().join("cells.h5ad");
/// # let names = |n: usize| (0..n).map(|i| i.to_string()).collect();
/// # let mut data = AnnData::new(names(100), names(3));
/// # data.x = Some(Matrix::Dense(ndarray::Array2::from_shape_fn((100, 3), |(i, j)| (3 * i + j) as f32)));
/// # write_h5ad(&path, &data)?;
/// let x = H5ad::open(&path)?.backed("X")?;
/// let order = shuffled(x.shape().0, &mut Seed(1).stream("epoch", 0));
/// for batch in Batches::new(x, order, NonZeroUsize::new(32).unwrap(), 1 << 26) {
///     let batch = batch?;
///     assert_eq!(batch.values.rows(&[0])[[0, 0]], 3.0 * batch.rows[0] as f32);
/// }
/// # Ok(())
/// # }
/// ```
pub struct Batches {
    window: Option<Window>,
    windows: Option<Receiver<Result<Window, IoError>>>,
    size: usize,
    reader: Option<JoinHandle<()>>,
}

/// Rows that were read together, each once, and the order in which they are wanted.
struct Window {
    sorted: Vec<usize>,
    values: Matrix,
    order: Vec<usize>,
    dealt: usize,
}

/// 0, 1, …, `n` − 1 in random order (Fisher and Yates).
pub fn shuffled(n: usize, rng: &mut impl Rng) -> Vec<usize> {
    let mut order: Vec<usize> = (0..n).collect();
    for i in (1..n).rev() {
        order.swap(i, rng.random_range(0..=i));
    }
    order
}

impl Batches {
    /// Batches of `size` rows, the last one perhaps smaller, within about `memory` bytes.
    ///
    /// `order` may leave rows out and name them more than once.
    pub fn new(matrix: BackedMatrix, order: Vec<usize>, size: NonZeroUsize, memory: usize) -> Self {
        // One window is dealt out while the next is read.
        let rows = memory / 2 / matrix.row_bytes().max(1);
        let size = size.get();
        let window = (rows / size).max(1) * size;
        // Whoever is ready first waits for the other.
        let (send, receive) = sync_channel(0);
        let reader = std::thread::spawn(move || {
            for rows in order.chunks(window) {
                let read = Window::read(&matrix, rows);
                let failed = read.is_err();
                // Nobody listens any more, or nothing more can be read.
                if send.send(read).is_err() || failed {
                    return;
                }
            }
        });
        Self { window: None, windows: Some(receive), size, reader: Some(reader) }
    }
}

impl Iterator for Batches {
    type Item = Result<Batch, IoError>;

    fn next(&mut self) -> Option<Self::Item> {
        if let Some(batch) = self.window.as_mut().and_then(|window| window.deal(self.size)) {
            return Some(Ok(batch));
        }
        // What was dealt out makes room for what comes.
        self.window = None;
        match self.windows.as_ref()?.recv() {
            Ok(Ok(window)) => self.window.insert(window).deal(self.size).map(Ok),
            Ok(Err(error)) => {
                self.windows = None;
                Some(Err(error))
            }
            Err(_) => None,
        }
    }
}

impl Drop for Batches {
    fn drop(&mut self) {
        // The reader ends at its next window.
        self.windows = None;
        if let Some(reader) = self.reader.take() {
            _ = reader.join();
        }
    }
}

impl Window {
    /// Reads each row once.
    fn read(matrix: &BackedMatrix, order: &[usize]) -> Result<Self, IoError> {
        let mut sorted = order.to_vec();
        sorted.sort_unstable();
        sorted.dedup();
        let values = matrix.rows(&sorted)?;
        Ok(Self { sorted, values, order: order.to_vec(), dealt: 0 })
    }

    /// The next batch, if any is left.
    fn deal(&mut self, size: usize) -> Option<Batch> {
        let rest = &self.order[self.dealt..];
        let rows = rest[..size.min(rest.len())].to_vec();
        if rows.is_empty() {
            return None;
        }
        self.dealt += rows.len();
        let place = |row: &usize| self.sorted.binary_search(row).expect("every row of the order was read");
        let places: Vec<usize> = rows.iter().map(place).collect();
        Some(Batch { rows, values: chosen(&self.values, &places) })
    }
}

/// The rows at `places`, in that order, as sparse as they were.
fn chosen(values: &Matrix, places: &[usize]) -> Matrix {
    match values {
        Matrix::Dense(dense) => Matrix::Dense(dense.select(Axis(0), places)),
        Matrix::Csr(csr) => Matrix::Csr(csr.select_rows(places)),
        Matrix::Csc(csc) => Matrix::Csr(Csr::select_rows(&csc.to_csr(), places)),
    }
}
