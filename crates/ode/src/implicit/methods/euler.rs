//! Euler's implicit method.

use crate::{ImplicitCoefficients, ImplicitTableau};

/// y₁ = y + h f(t + h, y₁), order 1: L-stable, damps everything stiff. No error estimate.
///
/// Hairer & Wanner, Solving ODEs II, IV.3.
pub const IMPLICIT_EULER: ImplicitTableau = ImplicitTableau::checked(ImplicitCoefficients {
    name: "implicit_euler",
    order: 1,
    c: &[1.0],
    a: &[&[1.0]],
    b: &[1.0],
    embedded: None,
    dense: None,
});
