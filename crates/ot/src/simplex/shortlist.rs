//! The arcs worth looking at: a few a source, and the scan of all others.
//!
//! Pivots are chosen among the arcs of the list only. When none improves, all `n m` arcs are priced
//! once and the best violators join the list; when there are none, the plan is optimal for the whole
//! problem. The idea is the shortlist of C. Gottschlich and D. Schuhmacher, PLoS ONE 9, e110214, 2014,
//! doi 10.1371/journal.pone.0110214, with the dense scan as proof.

use super::tree::Arc;
use crate::{Geometry, Moves};
use rayon::prelude::*;

/// Candidate arcs by source.
pub(super) struct Shortlist {
    start: Vec<usize>,
    arcs: Vec<(u32, f64)>,
    /// The source to go on from.
    row: usize,
}

impl Shortlist {
    /// The list of the given arcs a source.
    pub(super) fn new(rows: &[Vec<(u32, f64)>]) -> Self {
        let mut start = vec![0];
        for row in rows {
            start.push(start[start.len() - 1] + row.len());
        }
        Self { start, arcs: rows.concat(), row: 0 }
    }

    /// Adds arcs that are not in the list yet.
    pub(super) fn extend(&mut self, rows: &[Vec<(u32, f64)>]) {
        let merged: Vec<Vec<(u32, f64)>> = rows
            .iter()
            .enumerate()
            .map(|(i, row)| [&self.arcs[self.start[i]..self.start[i + 1]], row].concat())
            .collect();
        let row = self.row;
        *self = Self::new(&merged);
        self.row = row;
    }

    /// The arc of least reduced cost in the next block of sources that has one below `-tolerance`.
    #[inline]
    pub(super) fn entering(
        &mut self,
        potentials: &[f64],
        tolerance: f64,
        block: usize,
    ) -> Option<(Arc, f64)> {
        let n = self.start.len() - 1;
        let (u, v) = potentials.split_at(n);
        let (mut best, mut arc, mut scanned) = (-tolerance, None, 0);
        for _ in 0..n {
            let row = self.row;
            self.row = if row + 1 == n { 0 } else { row + 1 };
            let arcs = &self.arcs[self.start[row]..self.start[row + 1]];
            let u = u[row];
            for &(column, cost) in arcs {
                let reduced = cost - u - v[column as usize];
                if reduced < best {
                    best = reduced;
                    arc = Some(Arc { row: row as u32, column, cost });
                }
            }
            scanned += arcs.len();
            if scanned >= block {
                if let Some(arc) = arc {
                    return Some((arc, best));
                }
                scanned = 0;
            }
        }
        arc.map(|arc| (arc, best))
    }
}

/// What a scan of all arcs finds.
pub(super) struct Scan {
    /// The `keep` smallest reduced costs a source, as `(target, cost)`, below the bound.
    pub(super) arcs: Vec<Vec<(u32, f64)>>,
    /// `min_j (c_ij - v_j)` for every source.
    pub(super) least: Vec<f64>,
}

/// Prices all arcs: `c_ij - v_j < bound_i`.
///
/// Sources are scanned in parallel, each on its own, so the result does not depend on the threads.
pub(super) fn scan(
    geometry: &dyn Geometry,
    v: &[f64],
    bound: impl Fn(usize) -> f64 + Sync,
    keep: usize,
) -> Scan {
    let n = geometry.shape().0;
    let arch = pulp::Arch::new();
    let rows: Vec<(Vec<(u32, f64)>, f64)> = (0..n)
        .into_par_iter()
        .map_init(
            || (Vec::new(), Vec::with_capacity(keep + 1)),
            |(buffer, best), row| {
                let bound = bound(row);
                match geometry.moves(row, buffer) {
                    Moves::All(costs) => arch.dispatch(
                        #[inline(always)]
                        || smallest(costs, v, bound, keep, best),
                    ),
                    Moves::Listed { columns, costs } => smallest_listed(columns, costs, v, bound, keep, best),
                }
            },
        )
        .collect();
    let (arcs, least) = rows.into_iter().unzip();
    Scan { arcs, least }
}

/// The `keep` smallest `c_j - v_j` below `bound`, and the least of all.
#[inline(always)]
fn smallest(
    costs: &[f64],
    v: &[f64],
    bound: f64,
    keep: usize,
    best: &mut Vec<(f64, usize)>,
) -> (Vec<(u32, f64)>, f64) {
    const LANES: usize = 32;
    best.clear();
    let (mut least, mut threshold) = (f64::INFINITY, bound);
    for (block, (costs, v)) in costs.chunks(LANES).zip(v.chunks(LANES)).enumerate() {
        let mut low = f64::INFINITY;
        if costs.len() == LANES {
            let mut lanes = [f64::INFINITY; LANES];
            for ((lane, c), v) in lanes.iter_mut().zip(costs).zip(v) {
                *lane = c - v;
            }
            let mut width = LANES / 2;
            while width > 0 {
                for k in 0..width {
                    lanes[k] = if lanes[k + width] < lanes[k] { lanes[k + width] } else { lanes[k] };
                }
                width /= 2;
            }
            low = lanes[0];
        } else {
            for (c, v) in costs.iter().zip(v) {
                low = low.min(c - v);
            }
        }
        if low < least {
            least = low;
        }
        if low >= threshold {
            continue;
        }
        for (k, (c, v)) in costs.iter().zip(v).enumerate() {
            let reduced = c - v;
            if reduced < threshold {
                threshold = insert(best, (reduced, block * LANES + k), keep, threshold);
            }
        }
    }
    (best.iter().map(|&(_, column)| (column as u32, costs[column])).collect(), least)
}

/// The same of a list of arcs.
fn smallest_listed(
    columns: &[u32],
    costs: &[f64],
    v: &[f64],
    bound: f64,
    keep: usize,
    best: &mut Vec<(f64, usize)>,
) -> (Vec<(u32, f64)>, f64) {
    best.clear();
    let (mut least, mut threshold) = (f64::INFINITY, bound);
    for (place, (&column, c)) in columns.iter().zip(costs).enumerate() {
        let reduced = c - v[column as usize];
        least = if reduced < least { reduced } else { least };
        if reduced < threshold {
            threshold = insert(best, (reduced, place), keep, threshold);
        }
    }
    (best.iter().map(|&(_, place)| (columns[place], costs[place])).collect(), least)
}

/// Keeps the `keep` smallest, and returns the new threshold.
#[inline(always)]
pub(super) fn insert(
    best: &mut Vec<(f64, usize)>,
    (reduced, at): (f64, usize),
    keep: usize,
    threshold: f64,
) -> f64 {
    let place = best.partition_point(|&(r, _)| r <= reduced);
    best.insert(place, (reduced, at));
    best.truncate(keep);
    if best.len() == keep { best[keep - 1].0 } else { threshold }
}
