//! Minibatches of rows from a file that is larger than memory.

use super::BackedMatrix;
use crate::{Csr, IoError, Matrix};
use ndarray::Axis;
use rand::{Rng, RngExt};
use std::collections::VecDeque;
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
/// stored chunk that it touches is read and decoded once, and the rows are dealt to their batches. A pass over a file
/// costs as many readings of it as it has windows, and memory is bounded by `memory` whatever the file's size. The
/// order is exact, not a shuffle within windows, and does not depend on the number of threads.
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
    ready: VecDeque<Batch>,
    windows: Option<Receiver<Result<VecDeque<Batch>, IoError>>>,
    reader: Option<JoinHandle<()>>,
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
        // Three windows can be alive: being read, waiting, being dealt out. Each is held twice while it is dealt.
        let rows = memory / 6 / matrix.row_bytes().max(1);
        let window = (rows / size).max(1) * size.get();
        let (send, receive) = sync_channel(1);
        let reader = std::thread::spawn(move || {
            for rows in order.chunks(window) {
                let read = deal(&matrix, rows, size.get());
                let failed = read.is_err();
                // Nobody listens any more, or nothing more can be read.
                if send.send(read).is_err() || failed {
                    return;
                }
            }
        });
        Self { ready: VecDeque::new(), windows: Some(receive), reader: Some(reader) }
    }
}

impl Iterator for Batches {
    type Item = Result<Batch, IoError>;

    fn next(&mut self) -> Option<Self::Item> {
        if let Some(batch) = self.ready.pop_front() {
            return Some(Ok(batch));
        }
        match self.windows.as_ref()?.recv() {
            Ok(Ok(batches)) => {
                self.ready = batches;
                self.ready.pop_front().map(Ok)
            }
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

/// Reads the rows of a window once each and deals them to batches.
fn deal(matrix: &BackedMatrix, order: &[usize], size: usize) -> Result<VecDeque<Batch>, IoError> {
    let mut sorted = order.to_vec();
    sorted.sort_unstable();
    sorted.dedup();
    let values = matrix.rows(&sorted)?;
    let place = |row: &usize| sorted.binary_search(row).expect("every row of the order was read");
    let batches = order.chunks(size).map(|rows| {
        let places: Vec<usize> = rows.iter().map(place).collect();
        Batch { rows: rows.to_vec(), values: chosen(&values, &places) }
    });
    Ok(batches.collect())
}

/// The rows at `places`, in that order, as sparse as they were.
fn chosen(values: &Matrix, places: &[usize]) -> Matrix {
    match values {
        Matrix::Dense(dense) => Matrix::Dense(dense.select(Axis(0), places)),
        Matrix::Csr(csr) => Matrix::Csr(csr.select_rows(places)),
        Matrix::Csc(csc) => Matrix::Csr(Csr::select_rows(&csc.to_csr(), places)),
    }
}
