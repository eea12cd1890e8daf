//! Costs that have a gradient in the points.

use crate::{Cosine, CostFunction, Euclidean, Lp, LpPower, NegativeDot, SquaredEuclidean};

/// A cost whose gradient in the points is known; what gradients with respect to points ask for.
///
/// ```
/// use chreode_ot::{CostFunction, DifferentiableCost};
///
/// /// √(1 + |x − y|²): far points count as their distance, near ones smoothly.
/// struct Soft;
/// impl CostFunction for Soft {
///     fn cost(&self, x: &[f64], y: &[f64]) -> f64 {
///         (1.0 + x.iter().zip(y).map(|(x, y)| (x - y) * (x - y)).sum::<f64>()).sqrt()
///     }
/// }
/// impl DifferentiableCost for Soft {
///     fn gradient(&self, x: &[f64], y: &[f64], out: &mut [f64]) {
///         let c = self.cost(x, y);
///         out.iter_mut().zip(x.iter().zip(y)).for_each(|(out, (x, y))| *out = (x - y) / c);
///     }
/// }
/// let mut out = [0.0];
/// Soft.gradient(&[1.0], &[1.0], &mut out);
/// assert_eq!(out, [0.0]);
/// ```
pub trait DifferentiableCost: CostFunction {
    /// `out = ∂c(x, y)/∂x`; a subgradient where there is no gradient.
    fn gradient(&self, x: &[f64], y: &[f64], out: &mut [f64]);

    /// `out = ∂c(x, y)/∂y`. Provided for symmetric costs, where it is `gradient(y, x)`; override it for
    /// others.
    fn target_gradient(&self, x: &[f64], y: &[f64], out: &mut [f64]) {
        self.gradient(y, x, out);
    }
}

impl DifferentiableCost for SquaredEuclidean {
    /// `2 (x − y)`.
    fn gradient(&self, x: &[f64], y: &[f64], out: &mut [f64]) {
        out.iter_mut().zip(x.iter().zip(y)).for_each(|(out, (x, y))| *out = 2.0 * (x - y));
    }
}

impl DifferentiableCost for Euclidean {
    /// `(x − y)/|x − y|`, and 0 at `x = y`.
    fn gradient(&self, x: &[f64], y: &[f64], out: &mut [f64]) {
        EuclideanPower(1.0).gradient(x, y, out);
    }
}

impl DifferentiableCost for NegativeDot {
    /// `−y`.
    fn gradient(&self, _: &[f64], y: &[f64], out: &mut [f64]) {
        out.iter_mut().zip(y).for_each(|(out, y)| *out = -y);
    }
}

impl DifferentiableCost for Cosine {
    /// `(û − v̂ − c û)/|x|` with `û = x/|x|`, `v̂ = y/|y|`: orthogonal to x, and without cancellation where the directions
    /// are near one another. NaN at the origin, as the cost.
    fn gradient(&self, x: &[f64], y: &[f64], out: &mut [f64]) {
        let norm = |x: &[f64]| x.iter().map(|x| x * x).sum::<f64>().sqrt();
        let (c, u, v) = (self.cost(x, y), norm(x), norm(y));
        out.iter_mut().zip(x.iter().zip(y)).for_each(|(out, (x, y))| *out = (x / u - y / v - c * x / u) / u);
    }
}

/// The sign, and 0 of 0.
fn sign(x: f64) -> f64 {
    if x == 0.0 { 0.0 } else { x.signum() }
}

impl DifferentiableCost for Lp {
    /// `sign(x_k − y_k) (|x_k − y_k|/‖x − y‖_p)^(p−1)`, and 0 at `x = y`; for `p = ∞` the sign of the first of the largest
    /// differences, and 0 elsewhere.
    fn gradient(&self, x: &[f64], y: &[f64], out: &mut [f64]) {
        let distance = self.cost(x, y);
        if distance == 0.0 {
            return out.fill(0.0);
        }
        let differences = x.iter().zip(y).map(|(x, y)| x - y);
        if self.p() == f64::INFINITY {
            let largest = differences.clone().position(|d| d.abs() == distance);
            out.fill(0.0);
            largest.into_iter().for_each(|k| out[k] = sign(x[k] - y[k]));
            return;
        }
        let slope = |d: f64| sign(d) * (d.abs() / distance).powf(self.p() - 1.0);
        out.iter_mut().zip(differences).for_each(|(out, d)| *out = slope(d));
    }
}

impl DifferentiableCost for LpPower {
    /// `p sign(x_k − y_k) |x_k − y_k|^(p−1)`.
    fn gradient(&self, x: &[f64], y: &[f64], out: &mut [f64]) {
        let slope = |d: f64| self.p() * sign(d) * d.abs().powf(self.p() - 1.0);
        out.iter_mut().zip(x.iter().zip(y)).for_each(|(out, (x, y))| *out = slope(x - y));
    }
}

/// `|x − y|ᵖ`, the cost of W_p.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct EuclideanPower(pub f64);

impl CostFunction for EuclideanPower {
    fn cost(&self, x: &[f64], y: &[f64]) -> f64 {
        Euclidean.cost(x, y).powf(self.0)
    }

    fn row(&self, x: &[f64], columns: &[&[f64]], out: &mut [f64]) {
        Euclidean.row(x, columns, out);
        out.iter_mut().for_each(|c| *c = c.powf(self.0));
    }
}

impl DifferentiableCost for EuclideanPower {
    /// `p |x − y|ᵖ⁻² (x − y)`, and 0 at `x = y`.
    fn gradient(&self, x: &[f64], y: &[f64], out: &mut [f64]) {
        let distance = Euclidean.cost(x, y);
        let slope = if distance > 0.0 { self.0 * distance.powf(self.0 - 2.0) } else { 0.0 };
        out.iter_mut().zip(x.iter().zip(y)).for_each(|(out, (x, y))| *out = slope * (x - y));
    }
}
