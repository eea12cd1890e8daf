//! Ralston's method of order 2.

use crate::{Coefficients, Embedded, Interpolant, Tableau};

/// Ralston's method: order 2, two evaluations a step, the least bound on its error among the methods of its
/// kind; with Euler's method as its error estimate.
///
/// A. Ralston, Math. Comp. 16 (1962) 431-437, doi:10.1090/S0025-5718-1962-0150954-0.
pub const RALSTON: Tableau = Tableau::checked(Coefficients {
    name: "ralston",
    order: 2,
    c: &[0.0, 2.0 / 3.0],
    a: &[&[], &[2.0 / 3.0]],
    b: &[0.25, 0.75],
    embedded: Some(Embedded { error: &[-0.75, 0.75], order: 1 }),
    interpolant: Interpolant::Quadratic,
});
