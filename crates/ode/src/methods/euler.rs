//! Euler's method.

use crate::{Coefficients, Interpolant, Tableau};

/// Euler's method, y₁ = y + h f(t, y): order 1, one evaluation a step, no error estimate.
///
/// L. Euler, Institutionum calculi integralis I, 1768, § 650.
pub const EULER: Tableau = Tableau::checked(Coefficients {
    name: "euler",
    order: 1,
    c: &[0.0],
    a: &[&[]],
    b: &[1.0],
    embedded: None,
    interpolant: Interpolant::Quadratic,
});
