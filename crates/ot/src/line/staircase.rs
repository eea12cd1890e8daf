//! The monotone plan: a staircase of `n + m - 1` pairs.
//!
//! From the first source and the first target on, each step goes to the next source or the next target, whichever
//! side has used up its mass: the north-west corner rule. For a cost with
//! `c(x, y) + c(x', y') ≤ c(x, y') + c(x', y)` where `x ≤ x'`, `y ≤ y'` (Monge) it gives an optimal plan, and the
//! potentials with `u_i + v_j = c_ij` on the staircase are optimal (A. J. Hoffman, On simple linear programming
//! problems, Proc. Symp. Pure Math. 7, 1963). `|x - y|ᵖ` is Monge for p ≥ 1.

use super::power::Power;
use crate::{Certificate, Entry, SparsePlan};
use ndarray::Array1;
use std::borrow::Cow;

/// The points and masses of one side in the order of the walk.
pub(super) struct Walk<'w> {
    /// Positions, ascending.
    pub(super) at: Cow<'w, [f64]>,
    /// The index of each point.
    pub(super) index: Cow<'w, [u32]>,
    /// Masses in units.
    pub(super) mass: Vec<i64>,
}

/// What a walk finds: pairs in its order, and the potentials of the points by index.
pub(super) struct Staircase {
    /// The pairs of the `k`-th source of the walk are `pairs[start[k]..start[k + 1]]`: target and units.
    start: Vec<usize>,
    pairs: Vec<(u32, i64)>,
    u: Vec<f64>,
    v: Vec<f64>,
    /// The cost, of units.
    cost: f64,
}

/// Walks from the first pair to the last.
///
/// Where both sides use up their mass at once the next source comes first, up to step `turn` of the targets, and the
/// next target first from there on: on the circle both are needed.
pub(super) fn walk(power: Power, source: &Walk<'_>, target: &Walk<'_>, turn: usize) -> Staircase {
    let (n, m) = (source.at.len(), target.at.len());
    let (mut u, mut v) = (vec![0.0; n], vec![0.0; m]);
    let mut start = Vec::with_capacity(n + 1);
    start.push(0);
    let mut pairs = Vec::with_capacity(n + m - 1);
    let (mut i, mut j) = (0, 0);
    let (mut supply, mut demand) = (source.mass[0], target.mass[0]);
    let mut pair = power.of(source.at[0] - target.at[0]);
    let (mut u_here, mut v_here, mut cost) = (0.0, pair, 0.0);
    v[target.index[0] as usize] = v_here;
    loop {
        let flow = supply.min(demand);
        if flow > 0 {
            pairs.push((target.index[j], flow));
            cost += flow as f64 * pair;
            (supply, demand) = (supply - flow, demand - flow);
        }
        let source_next = i + 1 < n && supply == 0 && (demand > 0 || j < turn || j + 1 == m);
        if source_next {
            i += 1;
            start.push(pairs.len());
            supply = source.mass[i];
            pair = power.of(source.at[i] - target.at[j]);
            u_here = pair - v_here;
            u[source.index[i] as usize] = u_here;
        } else if j + 1 < m {
            j += 1;
            demand = target.mass[j];
            pair = power.of(source.at[i] - target.at[j]);
            v_here = pair - u_here;
            v[target.index[j] as usize] = v_here;
        } else {
            break;
        }
    }
    start.push(pairs.len());
    Staircase { start, pairs, u, v, cost }
}

impl Staircase {
    /// The plan, by source and then by target.
    pub(super) fn plan(
        self,
        source: &Walk<'_>,
        unit: f64,
        masses: [ndarray::ArrayView1<'_, f64>; 2],
    ) -> SparsePlan {
        let (n, m) = (self.u.len(), self.v.len());
        let mut rows = vec![0; n + 1];
        for (ends, &row) in self.start.windows(2).zip(source.index.iter()) {
            rows[row as usize + 1] = ends[1] - ends[0];
        }
        (0..n).for_each(|row| rows[row + 1] += rows[row]);
        // In the order of the walk: memory is read in order and written out of order, which waits for nothing.
        let mut entries = vec![Entry { row: 0, column: 0, mass: 0.0 }; self.pairs.len()];
        for (ends, &row) in self.start.windows(2).zip(source.index.iter()) {
            let row = row as usize;
            let pairs = &self.pairs[ends[0]..ends[1]];
            for (entry, &(column, flow)) in entries[rows[row]..rows[row + 1]].iter_mut().zip(pairs) {
                *entry = Entry { row, column: column as usize, mass: flow as f64 * unit };
            }
        }
        for ends in rows.windows(2).filter(|ends| ends[1] - ends[0] > 1) {
            entries[ends[0]..ends[1]].sort_unstable_by_key(|e| e.column);
        }
        let (u, v) = (Array1::from(self.u), Array1::from(self.v));
        let dual = masses[0].dot(&u) + masses[1].dot(&v);
        let certificate = Certificate {
            iterations: n + m - 1,
            residual: 0.0,
            primal_cost: self.cost * unit,
            dual_cost: dual,
        };
        SparsePlan::from_rows((n, m), entries, rows, u, v, certificate)
    }
}
