//! Potentials guessed from a part of the points.

use crate::problem::AnyTransport;
use crate::{Geometry, Moves, NetworkSimplex, SparseCosts, Transport};
use ndarray::{Array1, Array2, ArrayView1};
use std::ops::Range;

/// Below this number of points on a side the guess costs more than it saves.
const GUESS_FROM: usize = 256;
/// Every `STRIDE`-th point takes part in the guess.
const STRIDE: usize = 3;
/// The costs of the part are kept where they are at most so many for each point of the whole; this bounds memory to
/// O(n + m). Above, they are asked for anew in each scan.
const KEPT: usize = 64;
/// A list of fewer moves a source would lose its plans with two thirds of the points.
const LISTED: usize = 64;

/// Target potentials of the problem on a part of the points, extended by `v_j = min_i (c_ij - u_i)`.
///
/// `None` where it would not pay: few points, few moves, or forbidden moves that leave the part without a plan.
pub(super) fn guess(problem: &AnyTransport<'_>) -> Option<Vec<f64>> {
    let (n, m) = problem.shape();
    let geometry = problem.geometry();
    if n.min(m) < GUESS_FROM {
        return None;
    }
    let mut buffer = Vec::new();
    let listed = matches!(geometry.moves(0, &mut buffer), Moves::Listed { .. });
    if listed && (0..n).map(|row| geometry.moves(row, &mut buffer).costs().len()).sum::<usize>() < LISTED * n
    {
        return None;
    }
    let every = |masses: ArrayView1<'_, f64>| -> Vec<usize> {
        let positive: Vec<usize> = (0..masses.len()).filter(|&i| masses[i] > 0.0).collect();
        positive.into_iter().step_by(STRIDE).collect()
    };
    let of = |masses: ArrayView1<'_, f64>, chosen: &[usize]| -> Array1<f64> {
        chosen.iter().map(|&i| masses[i]).collect()
    };
    let (rows, columns) = (every(problem.source()), every(problem.target()));
    let (a, b) = (of(problem.source(), &rows), of(problem.target(), &columns));
    let b = &b * (a.sum() / b.sum());
    let part = Part { geometry, rows: &rows, columns: &columns };
    let u = if listed {
        let costs = part.list(geometry)?;
        solve(&costs, a.view(), b.view())?
    } else if part.size() <= KEPT * (n + m) {
        let costs = part.matrix();
        solve(&costs, a.view(), b.view())?
    } else {
        solve(&part, a.view(), b.view())?
    };
    let mut v = vec![f64::INFINITY; m];
    for (&row, &u) in rows.iter().zip(&u) {
        geometry.moves(row, &mut buffer).lower(u, &mut v);
    }
    v.iter().all(|v| v.is_finite()).then_some(v)
}

fn solve(geometry: &dyn Geometry, a: ArrayView1<'_, f64>, b: ArrayView1<'_, f64>) -> Option<Vec<f64>> {
    let problem = Transport::new(geometry, a, b).ok()?;
    Some(NetworkSimplex::default().optimum(&problem, super::From::Nothing).ok()?.u)
}

/// Some sources and some targets of a geometry. (Of any one: parts of parts are of one type.)
struct Part<'g> {
    geometry: &'g dyn Geometry,
    rows: &'g [usize],
    columns: &'g [usize],
}

impl Part<'_> {
    /// The number of costs.
    fn size(&self) -> usize {
        self.rows.len().saturating_mul(self.columns.len())
    }

    /// The moves of a geometry that lists them.
    fn list(&self, geometry: &dyn Geometry) -> Option<SparseCosts> {
        let mut place = vec![usize::MAX; geometry.shape().1];
        self.columns.iter().enumerate().for_each(|(k, &column)| place[column] = k);
        let (mut moves, mut buffer) = (Vec::new(), Vec::new());
        for (k, &row) in self.rows.iter().enumerate() {
            let Moves::Listed { columns, costs } = geometry.moves(row, &mut buffer) else { return None };
            let within = columns.iter().zip(costs).map(|(&column, &cost)| (k, place[column as usize], cost));
            moves.extend(within.filter(|&(_, column, _)| column < usize::MAX));
        }
        SparseCosts::from_moves(self.shape(), moves).ok()
    }

    fn matrix(&self) -> Array2<f64> {
        let mut costs = Array2::zeros(self.shape());
        let mut buffer = Vec::new();
        for (row, mut out) in costs.rows_mut().into_iter().enumerate() {
            let part = self.costs(row, 0..self.columns.len(), &mut buffer);
            out.iter_mut().zip(part).for_each(|(out, &c)| *out = c);
        }
        costs
    }
}

impl Geometry for Part<'_> {
    fn shape(&self) -> (usize, usize) {
        (self.rows.len(), self.columns.len())
    }

    fn costs<'s>(&'s self, row: usize, columns: Range<usize>, buffer: &'s mut Vec<f64>) -> &'s [f64] {
        let columns = &self.columns[columns];
        let (Some(&first), Some(&last)) = (columns.first(), columns.last()) else { return &[] };
        let mut inner = Vec::new();
        let costs = self.geometry.costs(self.rows[row], first..last + 1, &mut inner);
        buffer.clear();
        buffer.extend(columns.iter().map(|&column| costs[column - first]));
        buffer
    }
}
