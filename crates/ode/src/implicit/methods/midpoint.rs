//! The implicit midpoint rule.

use crate::{ImplicitCoefficients, ImplicitTableau};

/// y₁ = y + h f(t + h/2, (y + y₁)/2), order 2: A-stable, symmetric, symplectic; damps nothing. No error
/// estimate.
///
/// Hairer, Lubich & Wanner, Geometric Numerical Integration, II.1, doi:10.1007/3-540-30666-8.
pub const IMPLICIT_MIDPOINT: ImplicitTableau = ImplicitTableau::checked(ImplicitCoefficients {
    name: "implicit_midpoint",
    order: 2,
    c: &[0.5],
    a: &[&[0.5]],
    b: &[1.0],
    embedded: None,
    dense: None,
});
