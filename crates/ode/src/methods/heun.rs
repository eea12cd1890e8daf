//! Heun's method of order 2.

use crate::{Coefficients, Embedded, Interpolant, Tableau};

/// Heun's method, the explicit trapezoidal rule: order 2, two evaluations a step, with Euler's method
/// as its error estimate.
///
/// K. Heun, Z. Math. Phys. 45 (1900) 23-38; Hairer, Nørsett & Wanner, Solving ODEs I, II.1.
pub const HEUN: Tableau = Tableau::checked(Coefficients {
    name: "heun",
    order: 2,
    c: &[0.0, 1.0],
    a: &[&[], &[1.0]],
    b: &[0.5, 0.5],
    embedded: Some(Embedded { error: &[-0.5, 0.5], order: 1 }),
    interpolant: Interpolant::Quadratic,
});
