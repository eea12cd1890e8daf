//! Conditional gradient with exact line search, over any polytope whose vertices have few entries.

use super::objective::{Linearised, Objective};
use super::plan::GromovPlan;
use crate::coupling::inner;
use crate::{Certificate, DensePlan, Entry, OtError, Stop};
use ndarray::Array2;

/// Decreases below this share of the terms that cancel are rounding.
const ROUNDING: f64 = 1e-14;

/// Where a descent stands.
pub(super) struct Descent {
    plan: Array2<f64>,
    parts: (f64, f64),
    history: Vec<f64>,
    stationarity: f64,
    iterations: usize,
}

impl Descent {
    /// Frank-Wolfe from `plan` (Vayer et al. 2020, algorithm 1; the step is the minimiser of a parabola,
    /// their algorithm 2).
    ///
    /// The products with a vertex are mixed into those of the plan, so that an iteration costs one product
    /// of matrices.
    pub(super) fn run(
        method: &'static str,
        objective: &Objective<'_>,
        mut plan: Array2<f64>,
        mut at: Linearised,
        stop: Stop,
        mut vertex: impl FnMut(&Array2<f64>) -> Result<Vec<Entry>, OtError>,
    ) -> Result<Self, OtError> {
        let alpha = objective.alpha;
        let mut linear = objective.linear_part(&plan);
        let (mut quadratic, mut constant) = objective.quadratic_part(&plan, &at);
        let mut history = vec![(1.0 - alpha) * linear + alpha * quadratic];
        let (mut iterations, mut residual) = (0, f64::INFINITY);
        let mut stationarity;
        loop {
            let gradient = objective.gradient(&at);
            let entries = vertex(&gradient)?;
            let scale = alpha * constant + (1.0 - alpha) * linear.abs();
            let best: f64 = entries.iter().map(|e| e.mass * gradient[[e.row, e.column]]).sum();
            stationarity = (inner(&gradient.view(), &plan.view()) - best).max(0.0);
            if stationarity <= ROUNDING * scale {
                residual = 0.0;
            }
            let done = match stop {
                Stop::Within { tolerance, .. } => residual <= tolerance,
                Stop::After { iterations: last } => iterations >= last,
            };
            if done {
                break;
            }
            if let Stop::Within { tolerance, max_iterations } = stop
                && iterations >= max_iterations
            {
                return Err(OtError::NotConverged { method, iterations, residual, tolerance });
            }
            let (vertex_linear, bilinear) = objective.against(&at, &entries);
            let towards = objective.at_sparse(&entries, plan.dim());
            let (_, vertex_quadratic) = objective.against(&towards, &entries);
            // The objective at plan + τ (vertex - plan) is value + τ slope + τ² curvature.
            let slope = (1.0 - alpha) * (vertex_linear - linear) + 2.0 * alpha * (bilinear - quadratic);
            let curvature = alpha * (vertex_quadratic - 2.0 * bilinear + quadratic);
            let tau = step(slope, curvature);
            if tau == 1.0 {
                plan.fill(0.0);
                at = towards;
            } else if tau > 0.0 {
                plan *= 1.0 - tau;
                at.mix(tau, &towards);
            }
            if tau > 0.0 {
                for entry in &entries {
                    plan[[entry.row, entry.column]] += tau * entry.mass;
                }
                linear = objective.linear_part(&plan);
                (quadratic, constant) = objective.quadratic_part(&plan, &at);
            }
            let value = (1.0 - alpha) * linear + alpha * quadratic;
            let before = history[history.len() - 1];
            residual = (before - value).abs() / value.abs().max(f64::MIN_POSITIVE);
            history.push(value);
            iterations += 1;
        }
        Ok(Self { plan, parts: (linear, quadratic), history, stationarity, iterations })
    }

    /// The result, with the marginals' error that the caller measures.
    pub(super) fn finish(self, residual: impl FnOnce(&Array2<f64>) -> f64) -> GromovPlan {
        let value = self.history[self.history.len() - 1];
        let certificate = Certificate {
            iterations: self.iterations,
            residual: residual(&self.plan),
            primal_cost: value,
            dual_cost: f64::NEG_INFINITY,
        };
        GromovPlan {
            plan: DensePlan::from_parts(self.plan, None, value, certificate),
            parts: self.parts,
            history: self.history,
            stationarity: self.stationarity,
            certificate,
        }
    }
}

/// The minimiser over `0..=1` of `slope τ + curvature τ²`.
fn step(slope: f64, curvature: f64) -> f64 {
    if curvature > 0.0 {
        (-slope / (2.0 * curvature)).clamp(0.0, 1.0)
    } else if slope + curvature < 0.0 {
        1.0
    } else {
        0.0
    }
}

#[cfg(test)]
mod tests {
    use super::step;

    #[test]
    fn the_step_minimises_the_parabola() {
        for slope in [-3.0, -0.5, 0.0, 0.5] {
            for curvature in [-2.0, -0.4, 0.0, 0.3, 5.0] {
                let value = |t: f64| slope * t + curvature * t * t;
                let best = (0..=1000).map(|k| value(f64::from(k) / 1000.0)).fold(f64::INFINITY, f64::min);
                assert!(
                    value(step(slope, curvature)) <= best + 1e-12,
                    "slope {slope}, curvature {curvature}"
                );
            }
        }
    }
}
