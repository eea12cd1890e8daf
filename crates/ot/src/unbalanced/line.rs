//! Unbalanced transport between measures on the line, by the Frank-Wolfe method on the dual.

use super::translation::log_wanted;
use super::{Marginal, RelaxedPlan};
use crate::{Certificate, Entry, OtError, Stop};
use chreode_core::Real;
use ndarray::{Array1, Array2, ArrayView1};

/// Pairs of potentials that are kept; beyond, the two of least weight become one.
const ATOMS: usize = 100;

/// Unbalanced transport on the line for the cost `|x - y|ᵖ`, with KL penalties or one side exact.
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
    /// What is asked of the source masses: KL or exact.
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
    /// Sides without points or mass, wrong lengths, values that are not finite, other penalties than KL and exact,
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
        for (side, marginal) in [("source", self.source), ("target", self.target)] {
            if !matches!(marginal, Marginal::Kl { .. } | Marginal::Exact) {
                return Err(OtError::UnsupportedMarginal {
                    method: "the unbalanced line",
                    side,
                    marginal: marginal.name(),
                    allowed: "it takes KL and exact sides; the solvers of RelaxedTransport take all",
                });
            }
        }
        let line = Line {
            points: [&x, &y].map(sorted),
            masses: [0, 1].map(|side| {
                let (_, order) = sorted([&x, &y][side]);
                problem.mass(side).select(ndarray::Axis(0), &order)
            }),
            marginals: [self.source, self.target],
            power: self.power,
        };
        self.iterate(&line)
    }

    fn iterate(&self, line: &Line) -> Result<RelaxedPlan, OtError> {
        let mut atoms = vec![(1.0, line.first())];
        let mut now = atoms[0].1.clone();
        let mut iterations = 0;
        loop {
            line.translate(&mut now);
            let wanted = line.wanted(&now);
            let (entries, best) = line.merge(&wanted);
            let transport: f64 = entries.iter().map(|e| e.mass * line.cost(e.row, e.column)).sum();
            let primal_cost = transport + line.penalty(&wanted);
            let dual_cost = line.dual(&now);
            let gap = primal_cost - dual_cost;
            let residual = if gap > 0.0 { gap / primal_cost.abs() } else { 0.0 };
            let certificate = Certificate { iterations, residual, primal_cost, dual_cost };
            let done = match self.stop {
                Stop::Within { tolerance, .. } => residual <= tolerance,
                Stop::After { iterations: last } => iterations >= last,
            };
            if done {
                return Ok(line.plan(entries, now, transport, certificate));
            }
            if let Stop::Within { tolerance, max_iterations } = self.stop
                && iterations >= max_iterations
            {
                let method = "the unbalanced line";
                return Err(OtError::NotConverged { method, iterations, residual, tolerance });
            }
            // From the kept pair of the least value to the new one.
            let value = |pair: &Pair| wanted[0].dot(&pair[0]) + wanted[1].dot(&pair[1]);
            let values: Vec<f64> = atoms.iter().map(|(_, pair)| value(pair)).collect();
            let worst = (0..atoms.len()).min_by(|&i, &j| values[i].total_cmp(&values[j])).expect("not empty");
            let direction = [0, 1].map(|side| &best[side] - &atoms[worst].1[side]);
            let length = line.search(&now, &direction, atoms[worst].0);
            for side in [0, 1] {
                now[side].scaled_add(length, &direction[side]);
            }
            atoms[worst].0 -= length;
            match atoms.iter_mut().find(|(_, pair)| *pair == best) {
                Some((weight, _)) => *weight += length,
                None => atoms.push((length, best)),
            }
            atoms.retain(|(weight, _)| *weight > 0.0);
            thin(&mut atoms);
            if let Some(steps) = line.newton(&now, &atoms) {
                let mut direction = [0, 1].map(|side| Array1::zeros(now[side].len()));
                let mut most: f64 = 1.0;
                for ((weight, pair), &step) in atoms.iter().zip(&steps) {
                    most = if step < 0.0 { most.min(-weight / step) } else { most };
                    [0, 1].iter().for_each(|&side| direction[side].scaled_add(step, &pair[side]));
                }
                let length = line.search(&now, &direction, most);
                [0, 1].iter().for_each(|&side| now[side].scaled_add(length, &direction[side]));
                for ((weight, _), step) in atoms.iter_mut().zip(steps) {
                    // The weight that bounds the step becomes 0 and not a rounding of it.
                    let left = *weight + length * step;
                    *weight = if left <= f64::EPSILON * *weight { 0.0 } else { left };
                }
                atoms.retain(|(weight, _)| *weight > 0.0);
            }
            iterations += 1;
        }
    }
}

/// f and g.
type Pair = [Array1<f64>; 2];

/// Replaces the two pairs of least weight by their mean, where there are too many.
fn thin(atoms: &mut Vec<(f64, Pair)>) {
    if atoms.len() <= ATOMS {
        return;
    }
    atoms.sort_by(|x, y| y.0.total_cmp(&x.0));
    let (last, last_pair) = atoms.pop().expect("more than one");
    let (weight, pair) = atoms.last_mut().expect("more than one");
    let share = last / (last + *weight);
    for side in [0, 1] {
        pair[side] = &pair[side] * (1.0 - share) + &last_pair[side] * share;
    }
    *weight += last;
}

/// The solution of a small linear system whose right-hand side is the last column; Gauss with row exchange.
fn eliminate(mut system: Array2<f64>) -> Option<Vec<f64>> {
    let size = system.nrows();
    for k in 0..size {
        let pivot = (k..size).max_by(|&i, &j| system[[i, k]].abs().total_cmp(&system[[j, k]].abs()))?;
        if !(system[[pivot, k]].abs() > 0.0) {
            return None;
        }
        for column in k..=size {
            system.swap([k, column], [pivot, column]);
        }
        for row in k + 1..size {
            let factor = system[[row, k]] / system[[k, k]];
            for column in k..=size {
                system[[row, column]] -= factor * system[[k, column]];
            }
        }
    }
    let mut out = vec![0.0; size];
    for k in (0..size).rev() {
        let known: f64 = (k + 1..size).map(|l| system[[k, l]] * out[l]).sum();
        out[k] = (system[[k, size]] - known) / system[[k, k]];
    }
    out.iter().all(|x| x.is_finite()).then_some(out)
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

/// The problem with sorted points.
struct Line {
    points: [(Array1<f64>, Vec<usize>); 2],
    masses: [Array1<f64>; 2],
    marginals: [Marginal; 2],
    power: f64,
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

    /// The potentials of balanced transport between the normalised masses.
    fn first(&self) -> Pair {
        let normalised = [0, 1].map(|side| &self.masses[side] / self.masses[side].sum());
        self.merge(&normalised).1
    }

    /// Moves the best constant from g to f.
    fn translate(&self, pair: &mut Pair) {
        let rate = |side: usize| match self.marginals[side] {
            Marginal::Kl { lambda } => 1.0 / lambda,
            _ => 0.0,
        };
        let total = rate(0) + rate(1);
        if total == 0.0 {
            return;
        }
        let logs = [0, 1].map(|side| {
            let f = pair[side].as_slice().expect("contiguous");
            log_wanted(self.marginals[side], &self.masses[side], f)
        });
        let shift = (logs[0] - logs[1]) / total;
        pair[0] += shift;
        pair[1] -= shift;
    }

    /// The masses that the sides would like.
    fn wanted(&self, pair: &Pair) -> Pair {
        [0, 1].map(|side| {
            let marginal = self.marginals[side];
            let pairs = pair[side].iter().zip(&self.masses[side]);
            pairs.map(|(&f, &a)| marginal.wanted(f, a)).collect()
        })
    }

    fn penalty(&self, wanted: &Pair) -> f64 {
        let one = |side: usize| -> f64 {
            let marginal = self.marginals[side];
            wanted[side].iter().zip(&self.masses[side]).map(|(&s, &a)| marginal.penalty(s, a)).sum()
        };
        one(0) + one(1)
    }

    fn dual(&self, pair: &Pair) -> f64 {
        let one = |side: usize| -> f64 {
            let marginal = self.marginals[side];
            pair[side].iter().zip(&self.masses[side]).map(|(&f, &a)| marginal.dual(f, a)).sum()
        };
        one(0) + one(1)
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

    /// Newton's step of the kept pairs' weights, which sums to 0; the constant takes part. `None` for one pair.
    fn newton(&self, now: &Pair, atoms: &[(f64, Pair)]) -> Option<Vec<f64>> {
        let count = atoms.len();
        if count < 2 {
            return None;
        }
        let mut pair = now.clone();
        self.translate(&mut pair);
        let wanted = self.wanted(&pair);
        let curvature = [0, 1].map(|side| match self.marginals[side] {
            Marginal::Kl { lambda } => &wanted[side] / lambda,
            _ => Array1::zeros(wanted[side].len()),
        });
        // The unknowns are the weights' steps, the constant's, and the multiplier of the sum.
        let constant = [Array1::ones(wanted[0].len()), -Array1::ones(wanted[1].len())];
        let all: Vec<&Pair> = atoms.iter().map(|(_, pair)| pair).chain([&constant]).collect();
        let dot = |x: &Pair, y: &Pair| x[0].dot(&y[0]) + x[1].dot(&y[1]);
        let mut system = Array2::zeros((count + 2, count + 3));
        for (k, x) in all.iter().enumerate() {
            let bent = [0, 1].map(|side| &curvature[side] * &x[side]);
            for (l, y) in all.iter().enumerate().skip(k) {
                system[[k, l]] = dot(&bent, y);
                system[[l, k]] = system[[k, l]];
            }
            system[[k, count + 2]] = if k < count { dot(&wanted, x) } else { 0.0 };
        }
        let scale = (0..=count).map(|k| system[[k, k]]).fold(0.0, f64::max);
        for k in 0..=count {
            system[[k, k]] += 1e-13 * scale;
            let one = if k < count { 1.0 } else { 0.0 };
            system[[k, count + 1]] = one;
            system[[count + 1, k]] = one;
        }
        let mut steps = eliminate(system)?;
        steps.truncate(count);
        let mean = steps.iter().sum::<f64>() / count as f64;
        steps.iter_mut().for_each(|s| *s -= mean);
        Some(steps)
    }

    /// The best length in `[0, most]`: where the slope along the direction is 0, the constant moved along.
    fn search(&self, now: &Pair, direction: &Pair, most: f64) -> f64 {
        let slope = |length: f64| {
            let mut pair = [0, 1].map(|side| &now[side] + &(&direction[side] * length));
            self.translate(&mut pair);
            let wanted = self.wanted(&pair);
            wanted[0].dot(&direction[0]) + wanted[1].dot(&direction[1])
        };
        let (mut low, mut high) = ((0.0, slope(0.0)), (most, slope(most)));
        if high.1 >= 0.0 || low.1 <= 0.0 {
            return if low.1 > 0.0 { most } else { 0.0 };
        }
        for round in 0..60 {
            let secant = low.0 + (high.0 - low.0) * low.1 / (low.1 - high.1);
            let middle = if round % 3 < 2 { secant } else { 0.5 * (low.0 + high.0) };
            if middle <= low.0 || middle >= high.0 || high.0 - low.0 <= 1e-12 * most {
                break;
            }
            let value = slope(middle);
            if value > 0.0 {
                low = (middle, value);
            } else {
                high = (middle, value);
            }
        }
        if low.0 > 0.0 { low.0 } else { high.0 }
    }

    /// The plan in the order in which the points came.
    fn plan(&self, entries: Vec<Entry>, pair: Pair, transport: f64, certificate: Certificate) -> RelaxedPlan {
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
