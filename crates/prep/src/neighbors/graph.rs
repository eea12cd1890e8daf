//! Lists of neighbours, and sparse matrices of them.

use crate::{Rows, SparseRows};

/// The nearest other points of every point, the nearest first; ties by number.
#[derive(Clone, Debug, PartialEq)]
pub struct Nearest {
    count: usize,
    indices: Vec<u32>,
    distances: Vec<f64>,
}

impl Nearest {
    /// From lists of `count` neighbours, point after point.
    pub(crate) fn new(count: usize, indices: Vec<u32>, distances: Vec<f64>) -> Self {
        Self { count, indices, distances }
    }

    /// The number of points.
    pub fn len(&self) -> usize {
        self.indices.len() / self.count
    }

    /// Whether there are no points.
    pub fn is_empty(&self) -> bool {
        self.indices.is_empty()
    }

    /// Neighbours a point, without the point itself; scanpy's `n_neighbors` is one more.
    pub fn count(&self) -> usize {
        self.count
    }

    /// Neighbours of point `i` and their distances.
    ///
    /// # Panics
    /// If there is no such point.
    pub fn of(&self, i: usize) -> (&[u32], &[f64]) {
        let range = i * self.count..(i + 1) * self.count;
        (&self.indices[range.clone()], &self.distances[range])
    }

    /// `obsp["distances"]`: row `i` holds the distances of point `i` to its neighbours.
    pub fn distances(&self) -> SparseRows {
        let mut out = SparseRows::empty(self.len());
        for i in 0..self.len() {
            let (indices, distances) = self.of(i);
            let mut row: Vec<(u32, f32)> =
                indices.iter().copied().zip(distances.iter().map(|&d| d as f32)).collect();
            row.sort_unstable_by_key(|entry| entry.0);
            push(&mut out, row);
        }
        out
    }

    /// The graph of `weights`, one a listed neighbour, with `join` of the weights there and back (0 where there is
    /// none): a symmetric matrix if `join` is.
    pub(super) fn symmetric(&self, weights: &[f64], join: impl Fn(f64, f64) -> f64) -> SparseRows {
        let n = self.len();
        // (column, there, back)
        let mut rows: Vec<Vec<(u32, f64, f64)>> = vec![Vec::with_capacity(2 * self.count); n];
        for i in 0..n {
            let listed = self.of(i).0.iter().zip(&weights[i * self.count..]);
            for (&j, &w) in listed {
                rows[i].push((j, w, 0.0));
                rows[j as usize].push((i as u32, 0.0, w));
            }
        }
        let mut out = SparseRows::empty(n);
        for mut row in rows {
            row.sort_unstable_by_key(|entry| entry.0);
            let mut joined: Vec<(u32, f64, f64)> = Vec::with_capacity(row.len());
            for (j, there, back) in row {
                match joined.last_mut() {
                    Some(last) if last.0 == j => *last = (j, last.1 + there, last.2 + back),
                    _ => joined.push((j, there, back)),
                }
            }
            let values = joined.into_iter().map(|(j, there, back)| (j, join(there, back) as f32));
            push(&mut out, values.filter(|entry| entry.1 != 0.0).collect());
        }
        out
    }
}

fn push(to: &mut SparseRows, row: Vec<(u32, f32)>) {
    let (columns, values): (Vec<u32>, Vec<f32>) = row.into_iter().unzip();
    to.push(&columns, &values);
}

/// A label for the connected component of each node.
pub(crate) fn components(graph: &SparseRows) -> Vec<usize> {
    fn root(parent: &mut [usize], mut i: usize) -> usize {
        while parent[i] != i {
            parent[i] = parent[parent[i]];
            i = parent[i];
        }
        i
    }
    let n = graph.shape().0;
    let mut parent: Vec<usize> = (0..n).collect();
    let block = graph.block(0);
    for i in 0..n {
        for &j in block.row(i).0 {
            let (a, b) = (root(&mut parent, i), root(&mut parent, j as usize));
            parent[a.max(b)] = a.min(b);
        }
    }
    (0..n).map(|i| root(&mut parent, i)).collect()
}
