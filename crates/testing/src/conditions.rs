//! The order conditions of Runge-Kutta methods.

use crate::trees;
use chreode_ode::{Coefficients, Tableau};

/// The largest `|Σ wᵢ Φᵢ(τ) − 1/γ(τ)|` over the rooted trees τ with exactly `order` nodes.
///
/// A method with weights `w` has order p when this is zero for 1, …, p. For the embedded solution,
/// `w = b − error`.
pub fn order_residual(coefficients: &Coefficients, weights: &[f64], order: usize) -> f64 {
    residual(coefficients.a, weights, order, 1.0)
}

/// The same of the interpolant, `|Σ bᵢ(θ) Φᵢ(τ) − θ^order / γ(τ)|`, at worst over 21 values of θ in
/// `[0, 1]`.
pub fn dense_residual(tableau: &Tableau, order: usize) -> f64 {
    let rows: Vec<_> = tableau.coefficients().a.iter().chain(tableau.extra().a).copied().collect();
    (0..=20).map(|j| f64::from(j) / 20.0).fold(0.0, |worst, theta| {
        let weights: Vec<_> = (0..tableau.dense_stages()).map(|i| tableau.weight(i, theta)).collect();
        worst.max(residual(&rows, &weights, order, theta.powi(order as i32)))
    })
}

fn residual(rows: &[&[f64]], weights: &[f64], order: usize, scale: f64) -> f64 {
    trees(order).iter().fold(0.0, |worst: f64, tree| {
        let phi = tree.weights(rows);
        let sum: f64 = weights.iter().zip(&phi).map(|(w, phi)| w * phi).sum();
        worst.max((sum - scale / tree.density()).abs())
    })
}
