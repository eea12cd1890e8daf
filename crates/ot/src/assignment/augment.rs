//! The rest of the assignment by shortest augmenting paths, which is exact from any potentials.
//!
//! Dijkstra's algorithm over the columns from each free row, dense, as in Jonker and Volgenant (1987)
//! and Crouse (2016).

use pulp::Simd;

use super::aligned::Aligned;
use super::costs::Costs;
use super::scan::{find, relax};
use super::state::{FREE, State};

/// The shortest-path tree of one search.
#[derive(Debug, Default)]
pub(crate) struct Tree {
    open: Aligned<f64>,
    key: Aligned<f64>,
    parent: Aligned<u64>,
    /// Closed columns and their distances.
    closed: Vec<(u32, f64)>,
    /// Columns without a row.
    free: Vec<u32>,
}

/// Assigns every row.
#[inline(always)]
pub(crate) fn run<S: Simd>(simd: S, costs: &Costs<'_>, state: &mut State, tree: &mut Tree) {
    tree.parent.reset(costs.stride, 0);
    tree.closed.reserve(costs.n);
    tree.free.clear();
    tree.free.extend((0..costs.n as u32).filter(|&j| state.row_of[j as usize] == FREE));
    for i in 0..costs.n {
        if state.column_of[i] == FREE {
            augment(simd, costs, state, tree, i);
        }
    }
}

/// Finds the shortest path from row `source` to a free column, updates potentials, switches the path.
#[inline(always)]
fn augment<S: Simd>(simd: S, costs: &Costs<'_>, state: &mut State, tree: &mut Tree, source: usize) {
    tree.open.resize(costs.stride, 0.0);
    tree.open.copy_from_slice(&state.v);
    tree.key.reset(costs.stride, f64::INFINITY);
    tree.closed.clear();
    let (mut i, mut shift, mut before) = (source, 0.0, f64::NEG_INFINITY);
    let (end, length) = loop {
        let row = costs.row(i);
        let length = relax(simd, row, &tree.open, &mut tree.key, &mut tree.parent, shift, i as u64);
        let mut j = find(simd, &tree.key, length);
        if length == before {
            // Costs tie: of the nearest columns take a free one, which ends the search.
            let free = tree.free.iter().find(|&&free| tree.key[free as usize] == length);
            j = free.map_or(j, |&free| free as usize);
        }
        before = length;
        if state.row_of[j] == FREE {
            break (j, length);
        }
        tree.closed.push((j as u32, length));
        tree.open[j] = f64::NEG_INFINITY;
        tree.key[j] = f64::INFINITY;
        i = state.row_of[j] as usize;
        shift = length - (costs.at(i, j) - state.v[j]);
    };
    for &(j, distance) in &tree.closed {
        state.v[j as usize] += distance - length;
    }
    let place = tree.free.iter().position(|&free| free as usize == end);
    tree.free.swap_remove(place.expect("the path ends in a free column"));
    let mut j = end;
    loop {
        let i = tree.parent[j] as usize;
        state.row_of[j] = i as u32;
        let next = std::mem::replace(&mut state.column_of[i], j as u32);
        if i == source {
            break;
        }
        j = next as usize;
    }
}
