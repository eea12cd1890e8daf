//! Euclidean distances and their squares.

use super::CostFunction;
use super::row::{each, fold};

/// `|x − y|²`, the cost of W₂. From differences, so it is never negative and never cancels.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct SquaredEuclidean;

#[inline(always)]
fn square(sum: f64, x: f64, y: f64) -> f64 {
    let difference = x - y;
    sum + difference * difference
}

impl CostFunction for SquaredEuclidean {
    fn cost(&self, x: &[f64], y: &[f64]) -> f64 {
        x.iter().zip(y).fold(0.0, |sum, (&x, &y)| square(sum, x, y))
    }

    fn row(&self, x: &[f64], columns: &[&[f64]], out: &mut [f64]) {
        fold(x, columns, out, square);
    }
}

/// `|x − y|`, the cost of W₁.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Euclidean;

impl CostFunction for Euclidean {
    fn cost(&self, x: &[f64], y: &[f64]) -> f64 {
        SquaredEuclidean.cost(x, y).sqrt()
    }

    fn row(&self, x: &[f64], columns: &[&[f64]], out: &mut [f64]) {
        SquaredEuclidean.row(x, columns, out);
        each(out, f64::sqrt);
    }
}
