//! The trapezoidal rule.

use crate::{ImplicitCoefficients, ImplicitTableau};

/// y₁ = y + h/2 (f(t, y) + f(t + h, y₁)), order 2: A-stable, damps nothing; Crank and Nicolson's method in
/// time. No error estimate.
///
/// J. Crank, P. Nicolson, Proc. Camb. Phil. Soc. 43 (1947) 50-67, doi:10.1017/S0305004100023197.
pub const TRAPEZOID: ImplicitTableau = ImplicitTableau::checked(ImplicitCoefficients {
    name: "trapezoid",
    order: 2,
    c: &[0.0, 1.0],
    a: &[&[0.0], &[0.5, 0.5]],
    b: &[0.5, 0.5],
    embedded: None,
    dense: None,
});
