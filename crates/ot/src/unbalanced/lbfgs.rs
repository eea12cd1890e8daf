//! Projected L-BFGS on the plan, for smooth penalties without entropy.

use super::certificate::potentials;
use super::dense::{CHUNK, Dense, inner, slice, slice_mut, sums};
use super::{AnyRelaxed, Marginal, RelaxedPlan, RelaxedSolver, RelaxedTransport};
use crate::{Geometry, OtError, Stop};
use ndarray::{Array1, Array2};
use rayon::prelude::*;
use std::collections::VecDeque;

/// Pairs of steps and gradient differences that are kept.
const MEMORY: usize = 8;
/// Halvings of a step before giving up.
const HALVINGS: usize = 40;

/// Unbalanced transport without entropy, for KL and l2 penalties on either side.
///
/// Minimises the objective over `P ≥ 0` by the projected L-BFGS method: the two-loop recursion on the entries that
/// are positive or want to grow, a step along the projected path with Armijo's rule, gradient
/// `c_ij + D₁'(r_i) + D₂'(s_j)`. Memory O(n m), with 16 matrices of the plan's size for the history.
///
/// The residual is the duality gap as a share of the objective, evaluated every 10 iterations. Where no step
/// improves the objective any more the iteration ends early, with an error if a tolerance was asked for.
///
/// D. C. Liu and J. Nocedal, Math. Program. 45, 1989, doi 10.1007/BF01589116; D. P. Bertsekas, SIAM J. Control
/// Optim. 20, 1982, doi 10.1137/0320018. The result is the same bits for any number of threads.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct UnbalancedLbfgs {
    /// When to end.
    pub stop: Stop,
}

impl RelaxedSolver for UnbalancedLbfgs {
    type Plan<'g, G: Geometry + ?Sized + 'g> = RelaxedPlan;

    /// The plan, as a matrix.
    ///
    /// # Errors
    /// A cost that is NaN or −∞, a penalty that is not smooth, or [`OtError::NotConverged`] where the stop asks for a
    /// tolerance.
    fn solve<'g, G: Geometry + ?Sized>(
        &self,
        problem: &RelaxedTransport<'g, G>,
    ) -> Result<RelaxedPlan, OtError> {
        self.plan(&problem.erased(&problem.geometry()))
    }
}

impl UnbalancedLbfgs {
    fn plan(&self, problem: &AnyRelaxed<'_>) -> Result<RelaxedPlan, OtError> {
        self.stop.check()?;
        let (source, target) = problem.marginals();
        for (side, marginal) in [("source", source), ("target", target)] {
            if !matches!(marginal, Marginal::Kl { .. } | Marginal::L2 { .. }) {
                return Err(OtError::UnsupportedMarginal {
                    method: "l-bfgs",
                    side,
                    marginal: marginal.name(),
                    allowed: "it takes KL and l2; UnbalancedFrankWolfe takes exact sides too, and UnbalancedSimplex total variation",
                });
            }
        }
        let mut plan = Dense::product(problem)?;
        let mut history = History::default();
        let mut point = Point::new(problem, &plan);
        let mut iterations = 0;
        let mut stuck = false;
        loop {
            let check = stuck
                || match self.stop {
                    Stop::After { iterations: last } => iterations >= last,
                    Stop::Within { max_iterations, .. } => {
                        iterations >= max_iterations || iterations.is_multiple_of(10)
                    }
                };
            if check {
                let dual = potentials(problem, &plan.columns);
                let certificate = plan.certify(problem, &dual, iterations);
                let stop = match self.stop {
                    Stop::Within { tolerance, .. } if stuck => {
                        Stop::Within { tolerance, max_iterations: iterations }
                    }
                    Stop::After { .. } if stuck => Stop::After { iterations },
                    stop => stop,
                };
                if plan.ends(stop, certificate, "l-bfgs")? {
                    return Ok(plan.finish(dual, certificate));
                }
            }
            let gradient = point.gradient(&plan);
            stuck = !step(problem, &mut plan, &mut point, &gradient, &mut history);
            iterations += 1;
        }
    }
}

/// One step; `false` where neither the quasi-Newton direction nor the gradient's improves.
fn step(
    problem: &AnyRelaxed<'_>,
    plan: &mut Dense,
    point: &mut Point,
    gradient: &Array2<f64>,
    history: &mut History,
) -> bool {
    let masked = free(plan, gradient);
    loop {
        let direction = history.direction(&masked);
        let first = history.pairs.is_empty();
        let mut length = if first {
            // A first step that moves about a tenth of the mass.
            let norm = inner(slice(&masked), slice(&masked)).sqrt();
            let mass = inner(slice(&plan.matrix), slice(&plan.matrix)).sqrt();
            if norm == 0.0 { return false } else { 0.1 * mass.max(1e-300) / norm }
        } else {
            1.0
        };
        let descends = inner(slice(&direction), slice(gradient)) < 0.0;
        for _ in 0..if descends { HALVINGS } else { 0 } {
            let mut trial = plan.matrix.clone();
            let entries = slice_mut(&mut trial).par_iter_mut().with_min_len(CHUNK);
            entries.zip(slice(&direction)).for_each(|(p, &d)| {
                *p = (*p + length * d).max(0.0);
            });
            let difference = &trial - &plan.matrix;
            let (rows, columns) = sums(&trial);
            let next = Point::of(problem, plan, &trial, rows, columns);
            let slope = inner(slice(&difference), slice(gradient));
            if next.value <= point.value + 1e-4 * slope && next.value.is_finite() && slope < 0.0 {
                plan.matrix = trial;
                plan.rows.clone_from(&next.rows);
                plan.columns.clone_from(&next.columns);
                let change = next.gradient(plan) - gradient;
                history.push(difference, change);
                *point = next;
                return true;
            }
            length *= 0.5;
        }
        if first {
            return false;
        }
        history.pairs.clear();
    }
}

/// The gradient where an entry is positive or wants to grow, and 0 where it rests at its bound or is forbidden.
fn free(plan: &Dense, gradient: &Array2<f64>) -> Array2<f64> {
    let mut masked = gradient.clone();
    let entries = slice_mut(&mut masked).par_iter_mut().with_min_len(CHUNK);
    entries.zip(slice(&plan.matrix)).for_each(|(g, &p)| {
        if p == 0.0 && *g > 0.0 {
            *g = 0.0;
        }
    });
    masked
}

/// The objective and what its gradient is made of.
struct Point {
    value: f64,
    rows: Array1<f64>,
    columns: Array1<f64>,
    slopes: [Array1<f64>; 2],
}

impl Point {
    fn new(problem: &AnyRelaxed<'_>, plan: &Dense) -> Self {
        Self::of(problem, plan, &plan.matrix, plan.rows.clone(), plan.columns.clone())
    }

    fn of(
        problem: &AnyRelaxed<'_>,
        plan: &Dense,
        matrix: &Array2<f64>,
        rows: Array1<f64>,
        columns: Array1<f64>,
    ) -> Self {
        let transport = inner(slice(&plan.costs), slice(matrix));
        let mut value = problem.objective(transport, rows.view(), columns.view());
        let slopes = [(0, &rows, &plan.rows), (1, &columns, &plan.columns)].map(|(side, now, before)| {
            let marginal = problem.marginal(side);
            Array1::from_shape_fn(now.len(), |i| {
                let slope = marginal.slope(now[i], problem.mass(side)[i]);
                // A KL side never loses all mass of a point: the slope there is infinite.
                if !slope.is_finite() && before[i] > 0.0 {
                    value = f64::INFINITY;
                }
                slope
            })
        });
        Self { value, rows, columns, slopes }
    }

    /// `c_ij + D₁'(r_i) + D₂'(s_j)`; 0 for entries that must stay 0: forbidden, or a KL side without mass.
    fn gradient(&self, plan: &Dense) -> Array2<f64> {
        let mut gradient = plan.costs.clone();
        let width = gradient.ncols();
        let [left, right] = &self.slopes;
        let rows = slice_mut(&mut gradient).par_chunks_mut(width).with_min_len(CHUNK.div_ceil(width));
        rows.enumerate().for_each(|(i, row)| {
            for (j, g) in row.iter_mut().enumerate() {
                let live = g.is_finite() && left[i].is_finite() && right[j].is_finite();
                *g = if live { *g + left[i] + right[j] } else { 0.0 };
            }
        });
        gradient
    }
}

/// The last steps with the changes of the gradient over them.
#[derive(Default)]
struct History {
    pairs: VecDeque<(Array2<f64>, Array2<f64>)>,
}

impl History {
    fn push(&mut self, step: Array2<f64>, change: Array2<f64>) {
        if inner(slice(&step), slice(&change)) <= 0.0 {
            return;
        }
        if self.pairs.len() == MEMORY {
            self.pairs.pop_front();
        }
        self.pairs.push_back((step, change));
    }

    /// `-H g` on the entries where `g` is not 0, by the two-loop recursion restricted to them.
    fn direction(&self, masked: &Array2<f64>) -> Array2<f64> {
        let mut q = masked.clone();
        let mask = slice(masked);
        let mut used = Vec::new();
        for (step, change) in self.pairs.iter().rev() {
            let (curvature, along) = masked_products(mask, slice(step), slice(change), slice(&q));
            if curvature <= 0.0 {
                continue;
            }
            let alpha = along / curvature;
            add(&mut q, -alpha, change, mask);
            used.push((step, change, curvature, alpha));
        }
        if let Some((_, change, curvature, _)) = used.first() {
            let (square, _) = masked_products(mask, slice(change), slice(change), mask);
            let scale = curvature / square;
            slice_mut(&mut q).iter_mut().for_each(|q| *q *= scale);
        }
        for &(step, change, curvature, alpha) in used.iter().rev() {
            let (_, along) = masked_products(mask, slice(change), slice(step), slice(&q));
            add(&mut q, alpha - along / curvature, step, mask);
        }
        slice_mut(&mut q).iter_mut().for_each(|q| *q = -*q);
        q
    }
}

/// `(Σ x y, Σ x q)` over the entries of the mask.
fn masked_products(mask: &[f64], x: &[f64], y: &[f64], q: &[f64]) -> (f64, f64) {
    let chunks = (mask.par_chunks(CHUNK), x.par_chunks(CHUNK), y.par_chunks(CHUNK), q.par_chunks(CHUNK));
    let parts: Vec<(f64, f64)> = chunks
        .into_par_iter()
        .map(|(mask, x, y, q)| {
            let (mut xy, mut xq) = (0.0, 0.0);
            for k in 0..mask.len() {
                if mask[k] != 0.0 {
                    xy += x[k] * y[k];
                    xq += x[k] * q[k];
                }
            }
            (xy, xq)
        })
        .collect();
    parts.iter().fold((0.0, 0.0), |(a, b), &(x, y)| (a + x, b + y))
}

/// `q += factor x` on the entries of the mask.
fn add(q: &mut Array2<f64>, factor: f64, x: &Array2<f64>, mask: &[f64]) {
    slice_mut(q).par_iter_mut().with_min_len(CHUNK).zip(slice(x)).zip(mask).for_each(|((q, &x), &mask)| {
        if mask != 0.0 {
            *q += factor * x;
        }
    });
}
