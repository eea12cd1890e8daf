//! Mirror descent on the factors of a plan.

use super::dykstra::{project, round};
use super::plan::{Factors, marginal_error};
use crate::sinkhorn::exp;
use crate::{OtError, Stop};
use ndarray::{Array1, Array2};
use rayon::prelude::*;

/// Rows of one task.
const ROWS: usize = 1024;
/// What the rows of the factors may miss in L1 before they are rounded to miss nothing: a tenth of the last
/// step, between these.
const LOOSE: f64 = 1e-3;
const TIGHT: f64 = 1e-12;
/// How fast a step that was halved comes back.
const GROWTH: f64 = 1.2;
/// Steps below this share of the first are given up.
const SHORTEST: f64 = 1e-6;

/// The slopes of an objective `F(P)` of the plan at `P = Q diag(1/g) Rᵀ`.
pub(crate) struct Slopes {
    /// `∇F(P) R diag(1/g)`.
    pub(crate) q: Array2<f64>,
    /// `∇F(P)ᵀ Q diag(1/g)`.
    pub(crate) r: Array2<f64>,
    /// `F(P)`.
    pub(crate) value: f64,
}

/// Settings of the descent.
pub(crate) struct Mirror {
    pub(crate) method: &'static str,
    pub(crate) step: f64,
    pub(crate) epsilon: f64,
    pub(crate) floor: f64,
    pub(crate) stop: Stop,
}

/// Where the descent ended.
pub(crate) struct Descent {
    pub(crate) factors: Factors,
    pub(crate) value: f64,
    pub(crate) history: Vec<f64>,
    pub(crate) iterations: usize,
    /// The descent's own measure, of the last step.
    pub(crate) change: f64,
    /// L1 error of the marginals.
    pub(crate) marginals: f64,
}

impl Mirror {
    /// Descends from `factors`; `slopes` reads the objective.
    pub(crate) fn run(
        &self,
        mut factors: Factors,
        (a, b): (&Array1<f64>, &Array1<f64>),
        mut slopes: impl FnMut(&Factors) -> Slopes,
    ) -> Result<Descent, OtError> {
        let mut at = slopes(&factors);
        let mut value = at.value + self.entropy(&factors);
        let mut history = vec![value];
        let (mut iterations, mut change, mut step) = (0, f64::INFINITY, self.step);
        let mut warm = [Vec::new(), Vec::new()];
        let mut projection = LOOSE;
        loop {
            let done = match self.stop {
                Stop::Within { tolerance, .. } => change <= tolerance,
                Stop::After { iterations: last } => iterations >= last,
            };
            if done {
                break;
            }
            if let Stop::Within { tolerance, max_iterations } = self.stop
                && iterations >= max_iterations
            {
                let residual = change;
                return Err(OtError::NotConverged { method: self.method, iterations, residual, tolerance });
            }
            iterations += 1;
            let (kernels, spread) = self.kernels(&factors, &at, step);
            let (mut next, missed) = project(&kernels, (a, b), self.floor, projection, &mut warm);
            let bad = |x: &Array2<f64>| x.iter().any(|x| !x.is_finite());
            if bad(&next.q) || bad(&next.r) || next.g.iter().any(|g| !g.is_finite()) {
                return Err(OtError::Diverged { method: self.method, iteration: iterations });
            }
            // Both marginals exactly, so that the objective is that of a plan and may be compared.
            let total = next.g.sum();
            next.g /= total;
            round(&mut next.q, a, &next.g);
            round(&mut next.r, b, &next.g);
            let there = slopes(&next);
            let next_value = there.value + self.entropy(&next);
            if next_value.is_nan() {
                return Err(OtError::Diverged { method: self.method, iteration: iterations });
            }
            // Rounding may cost what was missed, times the largest difference of the slopes.
            if next_value <= value + (missed * spread).max(1e-14 * value.abs()) {
                change = divergence(&factors, &next) / (step * step);
                projection = (0.1 * moved(&factors, &next)).clamp(TIGHT, LOOSE);
                if next_value > value {
                    projection = (0.3 * projection).max(TIGHT);
                }
                (factors, at, value) = (next, there, next_value);
                step = (step * GROWTH).min(self.step);
            } else if step > SHORTEST * self.step {
                step *= 0.5;
                projection = (0.3 * projection).max(TIGHT);
            } else {
                change = 0.0;
            }
            history.push(value);
        }
        let marginals = marginal_error(&factors, a, b);
        Ok(Descent { factors, value, history, iterations, change, marginals })
    }

    /// `ε Σ x (log x - 1)`, not computed where ε is 0.
    fn entropy(&self, factors: &Factors) -> f64 {
        if self.epsilon > 0.0 { self.epsilon * negentropy(factors) } else { 0.0 }
    }

    /// `Q^(1-γε) exp(-γ slope)` and the same for R and g, rows scaled so that nothing leaves the range.
    ///
    /// γ is the step over the largest spread of the slopes: what is added to a row, or to all of g, falls
    /// out in the projection and must not count.
    fn kernels(&self, at: &Factors, slopes: &Slopes, step: f64) -> (Factors, f64) {
        let g: Array1<f64> =
            (0..at.g.len()).map(|k| -at.q.column(k).dot(&slopes.q.column(k)) / at.g[k]).collect();
        let spread = spread(&slopes.q).max(spread(&slopes.r)).max(span(g.iter().copied()));
        let gamma = if spread > 0.0 { step / spread } else { 0.0 };
        let power = 1.0 - gamma * self.epsilon;
        let power = power.max(0.0);
        let matrix = |factor: &Array2<f64>, slope: &Array2<f64>| {
            let rank = factor.ncols();
            let mut kernel = factor.clone();
            let slope = slope.as_standard_layout();
            let flat = slope.as_slice().expect("in standard layout");
            let out = kernel.as_slice_mut().expect("factors are contiguous");
            out.par_chunks_mut(ROWS * rank).zip(flat.par_chunks(ROWS * rank)).for_each(|(out, slope)| {
                pulp::Arch::new().dispatch(
                    #[inline(always)]
                    || rows(out, slope, rank, gamma, power),
                );
            });
            kernel
        };
        let least = g.iter().fold(f64::INFINITY, |x, &y| x.min(y));
        let third = g.iter().zip(&at.g).map(|(slope, g)| g.powf(power) * (-gamma * (slope - least)).exp());
        let kernels =
            Factors { q: matrix(&at.q, &slopes.q), r: matrix(&at.r, &slopes.r), g: third.collect() };
        (kernels, spread)
    }
}

#[inline(always)]
fn rows(out: &mut [f64], slope: &[f64], rank: usize, gamma: f64, power: f64) {
    for (out, slope) in out.chunks_exact_mut(rank).zip(slope.chunks_exact(rank)) {
        let least = slope.iter().fold(f64::INFINITY, |x, &y| if y < x { y } else { x });
        if power < 1.0 {
            out.iter_mut().for_each(|x| *x = x.powf(power));
        }
        for (out, &slope) in out.iter_mut().zip(slope) {
            *out *= exp(gamma * (least - slope));
        }
    }
}

/// The largest difference within a row.
fn spread(slope: &Array2<f64>) -> f64 {
    slope.rows().into_iter().map(|row| span(row.iter().copied())).fold(0.0, f64::max)
}

fn span(values: impl Iterator<Item = f64>) -> f64 {
    let (low, high) =
        values.fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), v| (low.min(v), high.max(v)));
    high - low
}

/// `Σ x (log x - 1)` over the entries of Q, R and g.
fn negentropy(factors: &Factors) -> f64 {
    let term = |x: &f64| if *x > 0.0 { x * (x.ln() - 1.0) } else { 0.0 };
    factors.q.iter().map(term).sum::<f64>()
        + factors.r.iter().map(term).sum::<f64>()
        + factors.g.iter().map(term).sum::<f64>()
}

/// The L1 distance of Q and R.
fn moved(x: &Factors, y: &Factors) -> f64 {
    let part = |x: &Array2<f64>, y: &Array2<f64>| x.iter().zip(y).map(|(x, y)| (x - y).abs()).sum::<f64>();
    part(&x.q, &y.q) + part(&x.r, &y.r)
}

/// The symmetric Kullback-Leibler divergence `Σ (x - y) log(x/y)` over Q, R and g.
fn divergence(x: &Factors, y: &Factors) -> f64 {
    let term = |(x, y): (&f64, &f64)| {
        let d = x - y;
        if d.abs() < 1e-2 * x {
            // (x - y) log(x/y) by its series in d/x, to 1e-9 of itself, which no stop rule sees.
            let r = d / x;
            d * r * (1.0 + r * (0.5 + r * (1.0 / 3.0 + r * 0.25)))
        } else if *x > 0.0 && *y > 0.0 {
            d * (x / y).ln()
        } else {
            // Entries that underflow on one side alone count by what they lost.
            d.abs()
        }
    };
    let part = |x: &Array2<f64>, y: &Array2<f64>| x.iter().zip(y).map(term).sum::<f64>();
    part(&x.q, &y.q) + part(&x.r, &y.r) + x.g.iter().zip(&y.g).map(term).sum::<f64>()
}
