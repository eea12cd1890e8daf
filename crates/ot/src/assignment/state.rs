//! Column potentials and a partial assignment: what every phase of the solver works on.

use super::aligned::Aligned;
use super::costs::Costs;

/// No partner.
pub(crate) const FREE: u32 = u32::MAX;

/// The state of a solve. Row potentials are implied: `u[i] = min_j (c[i][j] - v[j])`.
#[derive(Debug, Default)]
pub(crate) struct State {
    /// Column potentials, `0` in the padding.
    pub(crate) v: Aligned<f64>,
    /// The row of each column, or [`FREE`].
    pub(crate) row_of: Vec<u32>,
    /// The column of each row, or [`FREE`].
    pub(crate) column_of: Vec<u32>,
    /// Rows waiting for a column.
    pub(crate) waiting: Vec<u32>,
    /// Rows put off to the next pass.
    pub(crate) later: Vec<u32>,
}

impl State {
    /// Nothing assigned, potentials zero.
    pub(crate) fn reset(&mut self, costs: &Costs<'_>) {
        let n = costs.n;
        self.v.reset(costs.stride, 0.0);
        for list in [&mut self.row_of, &mut self.column_of] {
            list.clear();
            list.resize(n, FREE);
        }
        self.waiting.clear();
        self.waiting.reserve(n);
        self.later.clear();
        self.later.reserve(n);
    }

    /// Gives column `j` to row `i`; returns the row that had it.
    #[inline(always)]
    pub(crate) fn assign(&mut self, i: u32, j: usize) -> u32 {
        let evicted = std::mem::replace(&mut self.row_of[j], i);
        self.column_of[i as usize] = j as u32;
        if evicted != FREE {
            self.column_of[evicted as usize] = FREE;
        }
        evicted
    }

    /// Takes row `i`'s column away.
    #[inline(always)]
    pub(crate) fn release(&mut self, i: usize) {
        let j = std::mem::replace(&mut self.column_of[i], FREE);
        self.row_of[j as usize] = FREE;
    }

    /// Takes all columns away.
    pub(crate) fn release_all(&mut self) {
        self.row_of.fill(FREE);
        self.column_of.fill(FREE);
    }
}
