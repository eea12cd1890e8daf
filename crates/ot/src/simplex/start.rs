//! A first plan that is close to optimal.
//!
//! Guessed potentials come from the problem on every third source and target, solved exactly and
//! extended to all targets by the c-transform `v_j = min_i (c_ij - u_i)`. Mass is then placed greedily
//! in the order of the reduced costs, as in Russell's approximation (E. J. Russell, Oper. Res. 17, 1969,
//! doi 10.1287/opre.17.1.187). Each placement exhausts a source or a target, so the arcs form a forest.

use super::shortlist::scan;
use super::tree::Arc;
use super::units::Units;
use crate::{Geometry, NetworkSimplex, Transport};
use ndarray::{Array1, Array2};
use rayon::prelude::*;

/// Below this number of points on a side the guess costs more than it saves.
const GUESS_FROM: usize = 256;
/// Every `STRIDE`-th point takes part in the guess.
const STRIDE: usize = 3;

/// A forest of arcs with positive flows, what could not be placed, and the nearest targets of each source.
pub(super) struct Start {
    pub(super) arcs: Vec<(Arc, i64)>,
    /// Supply left at sources and demand left at targets, where every move is forbidden.
    pub(super) left: (Vec<i64>, Vec<i64>),
    pub(super) near: Vec<Vec<(u32, f64)>>,
    /// Guessed `u` and `v`.
    pub(super) potentials: (Vec<f64>, Vec<f64>),
}

/// Places the mass of `units`.
pub(super) fn start<G: Geometry + ?Sized>(problem: &Transport<'_, G>, units: &Units, near: usize) -> Start {
    let geometry = problem.geometry();
    let mut v = guess(problem).unwrap_or_else(|| vec![0.0; problem.shape().1]);
    // Targets without mass: no arc to them is near.
    v.iter_mut().zip(&units.target).filter(|(_, mass)| **mass == 0).for_each(|(v, _)| *v = f64::NEG_INFINITY);
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
                let costs = geometry.costs(row, 0..v.len(), buffer);
                nearest(row, costs, &v, first.least[row], &columns, near)
            })
            .flatten_iter()
            .collect();
        if lists.is_empty() {
            break;
        }
    }
    let u = first.least.iter().map(|&u| if u.is_finite() { u } else { 0.0 }).collect();
    Start { arcs, left: (supply, demand), near: first.arcs, potentials: (u, v) }
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

/// The `keep` allowed arcs of `row` to `columns` of least reduced cost.
fn nearest(row: usize, costs: &[f64], v: &[f64], u: f64, columns: &[usize], keep: usize) -> Vec<(f64, Arc)> {
    let mut best: Vec<(f64, usize)> = Vec::with_capacity(keep + 1);
    let mut threshold = f64::INFINITY;
    for &column in columns {
        let reduced = costs[column] - v[column] - u;
        if reduced < threshold {
            let place = best.partition_point(|&(r, _)| r <= reduced);
            best.insert(place, (reduced, column));
            if best.len() > keep {
                best.pop();
            }
            if best.len() == keep {
                threshold = best[keep - 1].0;
            }
        }
    }
    best.into_iter()
        .map(|(r, column)| (r, Arc { row: row as u32, column: column as u32, cost: costs[column] }))
        .collect()
}

/// Target potentials from the problem on a part of the points.
fn guess<G: Geometry + ?Sized>(problem: &Transport<'_, G>) -> Option<Vec<f64>> {
    let (n, m) = problem.shape();
    if n.min(m) < GUESS_FROM {
        return None;
    }
    let part = |masses: ndarray::ArrayView1<'_, f64>| -> Vec<usize> {
        let positive: Vec<usize> = (0..masses.len()).filter(|&i| masses[i] > 0.0).collect();
        positive.into_iter().step_by(STRIDE).collect()
    };
    let (rows, columns) = (part(problem.source()), part(problem.target()));
    let mut costs = Array2::zeros((rows.len(), columns.len()));
    let mut buffer = Vec::new();
    for (mut out, &row) in costs.rows_mut().into_iter().zip(&rows) {
        let all = problem.geometry().costs(row, 0..m, &mut buffer);
        out.iter_mut().zip(&columns).for_each(|(out, &column)| *out = all[column]);
    }
    let a: Array1<f64> = rows.iter().map(|&i| problem.source()[i]).collect();
    let b: Array1<f64> = columns.iter().map(|&j| problem.target()[j]).collect();
    let b = &b * (a.sum() / b.sum());
    let small = Transport::new(&costs, a.view(), b.view()).ok()?;
    let solved = NetworkSimplex::default().optimum(&small).ok()?;
    let mut v = vec![f64::INFINITY; m];
    for (&row, &u) in rows.iter().zip(&solved.u) {
        let costs = problem.geometry().costs(row, 0..m, &mut buffer);
        for (v, &c) in v.iter_mut().zip(costs) {
            let candidate = c - u;
            *v = if candidate < *v { candidate } else { *v };
        }
    }
    v.iter().all(|v| v.is_finite()).then_some(v)
}
