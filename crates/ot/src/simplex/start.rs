//! A first plan that is close to optimal.
//!
//! Target potentials are given, or guessed from a part of the points ([`super::part`]). Mass is placed greedily
//! in the order of the reduced costs, as in Russell's approximation (E. J. Russell, Oper. Res. 17, 1969,
//! doi 10.1287/opre.17.1.187). Each placement exhausts a source or a target, so the arcs form a forest.

use super::shortlist::{insert, scan};
use super::tree::Arc;
use super::units::Units;
use crate::Moves;
use crate::problem::AnyTransport;
use rayon::prelude::*;

/// A forest of arcs with positive flows, what could not be placed, and the nearest targets of each source.
pub(super) struct Start {
    pub(super) arcs: Vec<(Arc, i64)>,
    /// Supply left at sources and demand left at targets, where every move is forbidden.
    pub(super) left: (Vec<i64>, Vec<i64>),
    pub(super) near: Vec<Vec<(u32, f64)>>,
    /// `u_i = min_j (c_ij - v_j)`.
    pub(super) u: Vec<f64>,
}

/// Places the mass of `units`, by target potentials that are `-∞` where a target has none.
pub(super) fn start(problem: &AnyTransport<'_>, units: &Units, v: Vec<f64>, near: usize) -> Start {
    let geometry = problem.geometry();
    let first = scan(geometry, &v, |_| f64::INFINITY, near);
    let (mut supply, mut demand) = (units.source.clone(), units.target.clone());
    let mut arcs = Vec::with_capacity(supply.len() + demand.len());
    let mut lists: Vec<(f64, Arc)> = Vec::new();
    for (row, list) in first.arcs.iter().enumerate() {
        for &(column, cost) in list {
            let reduced = cost - v[column as usize] - first.least[row];
            lists.push((reduced, Arc { row: row as u32, column, cost }));
        }
    }
    loop {
        place(&mut lists, &mut supply, &mut demand, &mut arcs);
        let rows: Vec<usize> = (0..supply.len()).filter(|&i| supply[i] > 0).collect();
        let columns: Vec<usize> = (0..demand.len()).filter(|&j| demand[j] > 0).collect();
        if rows.is_empty() || columns.is_empty() {
            break;
        }
        lists = rows
            .par_iter()
            .map_init(Vec::new, |buffer, &row| {
                let open = |j: usize| (demand[j] > 0).then_some(v[j]);
                nearest(row, geometry.moves(row, buffer), open, first.least[row], &columns, near)
            })
            .flatten_iter()
            .collect();
        if lists.is_empty() {
            break;
        }
    }
    let u = first.least.iter().map(|&u| if u.is_finite() { u } else { 0.0 }).collect();
    Start { arcs, left: (supply, demand), near: first.arcs, u }
}

/// Fills the arcs in the order of their keys.
fn place(lists: &mut [(f64, Arc)], supply: &mut [i64], demand: &mut [i64], arcs: &mut Vec<(Arc, i64)>) {
    lists.sort_unstable_by(|(x, p), (y, q)| x.total_cmp(y).then((p.row, p.column).cmp(&(q.row, q.column))));
    for &(_, arc) in lists.iter() {
        let (s, d) = (&mut supply[arc.row as usize], &mut demand[arc.column as usize]);
        let flow = (*s).min(*d);
        if flow > 0 {
            *s -= flow;
            *d -= flow;
            arcs.push((arc, flow));
        }
    }
}

/// The `keep` allowed arcs of `row` of least reduced cost, to those of `columns`, which have a potential in `open`.
fn nearest(
    row: usize,
    moves: Moves<'_, '_>,
    open: impl Fn(usize) -> Option<f64>,
    u: f64,
    columns: &[usize],
    keep: usize,
) -> Vec<(f64, Arc)> {
    let mut best: Vec<(f64, usize)> = Vec::with_capacity(keep + 1);
    let mut threshold = f64::INFINITY;
    let mut offer = |place: usize, column: usize, cost: f64| {
        if let Some(v) = open(column) {
            let reduced = cost - v - u;
            if reduced < threshold {
                threshold = insert(&mut best, (reduced, place), keep, threshold);
            }
        }
    };
    match moves {
        Moves::All(costs) => columns.iter().for_each(|&column| offer(column, column, costs[column])),
        Moves::Listed { columns, costs } => {
            let moves = columns.iter().zip(costs).enumerate();
            moves.for_each(|(place, (&column, &cost))| offer(place, column as usize, cost));
        }
    }
    let arc = |place: usize| match moves {
        Moves::All(costs) => (place as u32, costs[place]),
        Moves::Listed { columns, costs } => (columns[place], costs[place]),
    };
    best.into_iter()
        .map(|(reduced, place)| {
            let (column, cost) = arc(place);
            (reduced, Arc { row: row as u32, column, cost })
        })
        .collect()
}
