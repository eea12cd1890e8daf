//! Columns that can be differenced together: no two of one colour share a row.

use crate::{Matrix, Structure};

/// The columns of a matrix by colour.
///
/// A. R. Curtis, M. J. D. Powell, J. K. Reid, J. Inst. Maths Applics 13 (1974) 117-119: each column, those
/// with most entries first, takes the first colour that none of the columns it meets has.
#[derive(Clone, Debug)]
pub(super) struct Colouring {
    columns: Vec<usize>,
    starts: Vec<usize>,
}

impl Colouring {
    pub(super) fn new(matrix: &Matrix) -> Self {
        let n = matrix.size();
        let colour: Vec<usize> = match matrix.structure() {
            Structure::Dense => (0..n).collect(),
            Structure::Banded { lower, upper } => (0..n).map(|j| j % (lower + upper + 1)).collect(),
            Structure::Sparse(_) => greedy(matrix),
        };
        let count = colour.iter().max().map_or(0, |most| most + 1);
        let mut starts = vec![0; count + 1];
        for c in &colour {
            starts[c + 1] += 1;
        }
        for c in 0..count {
            starts[c + 1] += starts[c];
        }
        let mut columns: Vec<usize> = (0..n).collect();
        columns.sort_by_key(|&j| colour[j]);
        Self { columns, starts }
    }

    /// How many colours.
    #[inline]
    pub(super) fn count(&self) -> usize {
        self.starts.len() - 1
    }

    /// The columns of one colour.
    #[inline]
    pub(super) fn columns(&self, colour: usize) -> &[usize] {
        &self.columns[self.starts[colour]..self.starts[colour + 1]]
    }
}

fn greedy(matrix: &Matrix) -> Vec<usize> {
    let n = matrix.size();
    let rows = |j: usize| matrix.structure().rows(n, j);
    let mut in_row: Vec<Vec<usize>> = vec![Vec::new(); n];
    for j in 0..n {
        for i in rows(j) {
            in_row[i].push(j);
        }
    }
    let mut order: Vec<usize> = (0..n).collect();
    order.sort_by_key(|&j| std::cmp::Reverse(rows(j).count()));
    let mut colour = vec![usize::MAX; n];
    // taken[c] = j: colour c is not free for column j.
    let mut taken = vec![usize::MAX; n + 1];
    for &j in &order {
        for other in rows(j).flat_map(|i| &in_row[i]) {
            if let Some(taken) = taken.get_mut(colour[*other]) {
                *taken = j;
            }
        }
        colour[j] = (0..n).find(|&c| taken[c] != j).unwrap_or(0);
    }
    colour
}
