//! Unbalanced transport between measures on the line, by the Frank-Wolfe method on the dual.

use super::ascent::{Ascent, Objective, Oracle, Pair};
use super::{Marginal, RelaxedPlan};
use crate::{Entry, OtError, Stop};
use chreode_core::Real;
use ndarray::{Array1, ArrayView1};

/// Unbalanced transport on the line for the cost `|x - y|ᵖ`, with KL, l2 or exact sides.
///
/// Maximises `Σ -D₁*(-f_i) + Σ -D₂*(-g_j)` over `f_i + g_j ≤ |x_i - y_j|ᵖ`, where the best constant is always moved from g
/// to f. The gradient is a pair of measures of equal mass, `a_i exp(-f_i/λ₁)` and `b_j exp(-g_j/λ₂)`; the linear problem
/// is balanced transport between them, which a merge of the sorted points solves. The step is a pairwise one (from the
/// worst kept pair of potentials to the new one) of the best length, and then one of Newton's on the weights of the
/// kept pairs, which ends the zigzag of the method. O((n + m) log (n + m)) once and O(k² (n + m)) an iteration with k kept
/// pairs, some tens and at most 100.
///
/// The residual is the duality gap as a share of the objective. The plan is that of the last linear problem.
///
/// T. Séjourné, F.-X. Vialard and G. Peyré, AISTATS 2022, arXiv 2201.00730, sections 4 and 5 (pairwise steps:
/// S. Lacoste-Julien and M. Jaggi, NeurIPS 2015, arXiv 1511.05932).
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct UnbalancedLine {
    /// What is asked of the source masses: KL, l2 or exact.
    pub source: Marginal,
    /// What is asked of the target masses.
    pub target: Marginal,
    /// p, at least 1.
    pub power: f64,
    /// When to end.
    pub stop: Stop,
}

impl UnbalancedLine {
    /// The plan between masses `a` at the points `x` and `b` at `y`, in any order and of any totals.
    ///
    /// # Errors
    /// Sides without points or mass, wrong lengths, values that are not finite, other penalties than these,
    /// a power below 1, or [`OtError::NotConverged`] where the stop asks for a tolerance.
    pub fn solve<T: Real>(
        &self,
        x: ArrayView1<'_, T>,
        y: ArrayView1<'_, T>,
        a: ArrayView1<'_, T>,
        b: ArrayView1<'_, T>,
    ) -> Result<RelaxedPlan, OtError> {
        self.stop.check()?;
        if !(self.power >= 1.0 && self.power.is_finite()) {
            let (name, range) = ("the power of the distance", "at least 1 and finite");
            return Err(OtError::BadParameter { name, value: self.power, range });
        }
        let (x, y) = (points("source", x)?, points("target", y)?);
        // The shape and the masses are checked as any relaxed problem's are.
        let none = |_: &[f64], _: &[f64]| 0.0;
        let column = |points: &Array1<f64>| points.view().insert_axis(ndarray::Axis(1)).to_owned();
        let geometry = crate::PointCloud::new(column(&x).view(), column(&y).view(), &none)?;
        let problem = super::RelaxedTransport::new(&geometry, a, b, self.source, self.target)?;
        let line = Line { points: [&x, &y].map(sorted), power: self.power };
        let objective = Objective {
            masses: [0, 1].map(|side| problem.mass(side).select(ndarray::Axis(0), &line.points[side].1)),
            marginals: [self.source, self.target],
        };
        objective.check("the unbalanced line")?;
        Ok(line.plan(objective.ascend(&line, self.stop, "the unbalanced line")?))
    }
}

fn points<T: Real>(side: &'static str, points: ArrayView1<'_, T>) -> Result<Array1<f64>, OtError> {
    let points = points.mapv(Real::to_f64);
    match points.indexed_iter().find(|(_, v)| !v.is_finite()) {
        Some((row, &value)) => Err(OtError::BadPoint { side, row, column: 0, value }),
        None => Ok(points),
    }
}

/// The points in order, and where each came from.
fn sorted(points: &Array1<f64>) -> (Array1<f64>, Vec<usize>) {
    let mut order: Vec<usize> = (0..points.len()).collect();
    order.sort_by(|&i, &j| points[i].total_cmp(&points[j]));
    (points.select(ndarray::Axis(0), &order), order)
}

/// The sorted points.
struct Line {
    points: [(Array1<f64>, Vec<usize>); 2],
    power: f64,
}

impl Oracle for Line {
    /// The potentials of transport between equal masses.
    fn start(&self) -> Pair {
        let equal = |points: &Array1<f64>| Array1::from_elem(points.len(), 1.0 / points.len() as f64);
        self.merge(&[equal(&self.points[0].0), equal(&self.points[1].0)]).1
    }

    fn balanced(&self, masses: &Pair) -> Result<(Vec<Entry>, f64, Pair), OtError> {
        let (entries, pair) = self.merge(masses);
        let transport = entries.iter().map(|e| e.mass * self.cost(e.row, e.column)).sum();
        Ok((entries, transport, pair))
    }
}

impl Line {
    fn cost(&self, i: usize, j: usize) -> f64 {
        let distance = (self.points[0].0[i] - self.points[1].0[j]).abs();
        match self.power {
            1.0 => distance,
            2.0 => distance * distance,
            power => distance.powf(power),
        }
    }

    /// Balanced transport on the line: mass in order of the points, and the potentials along the way.
    ///
    /// For a convex function of the distance the potentials that are tight along the way are feasible everywhere.
    fn merge(&self, masses: &Pair) -> (Vec<Entry>, Pair) {
        let (n, m) = (masses[0].len(), masses[1].len());
        let (mut f, mut g) = (Array1::zeros(n), Array1::zeros(m));
        let mut entries = Vec::with_capacity(n + m);
        let (mut i, mut j) = (0, 0);
        let (mut left, mut right) = (masses[0][0], masses[1][0]);
        g[0] = self.cost(0, 0);
        loop {
            let mass = left.min(right);
            if mass > 0.0 {
                entries.push(Entry { row: i, column: j, mass });
            }
            left -= mass;
            right -= mass;
            if i + 1 < n && (left <= right || j + 1 == m) {
                i += 1;
                left = masses[0][i];
                f[i] = self.cost(i, j) - g[j];
            } else if j + 1 < m {
                j += 1;
                right = masses[1][j];
                g[j] = self.cost(i, j) - f[i];
            } else {
                return (entries, [f, g]);
            }
        }
    }

    /// The plan in the order in which the points came.
    fn plan(&self, ascent: Ascent) -> RelaxedPlan {
        let Ascent { entries, pair, transport, certificate } = ascent;
        let [(x, rows), (y, columns)] = &self.points;
        let entries = entries
            .into_iter()
            .map(|e| Entry { row: rows[e.row], column: columns[e.column], mass: e.mass })
            .collect();
        let back = |values: &Array1<f64>, order: &[usize]| {
            let mut out = Array1::zeros(values.len());
            order.iter().zip(values).for_each(|(&point, &value)| out[point] = value);
            out
        };
        let potentials = [back(&pair[0], rows), back(&pair[1], columns)];
        RelaxedPlan::sparse((x.len(), y.len()), entries, potentials, transport, certificate)
    }
}
