//! Costs that have a gradient in the points.

use crate::{CostFunction, Euclidean, SquaredEuclidean};

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
