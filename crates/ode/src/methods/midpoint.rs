//! The explicit midpoint rule.

use crate::{Coefficients, Embedded, Interpolant, Tableau};

/// The explicit midpoint rule: order 2, two evaluations a step, with Euler's method as its error
/// estimate.
///
/// C. Runge, Math. Ann. 46 (1895) 167-178, doi:10.1007/BF01446807.
pub const MIDPOINT: Tableau = Tableau::checked(Coefficients {
    name: "midpoint",
    order: 2,
    c: &[0.0, 0.5],
    a: &[&[], &[0.5]],
    b: &[0.0, 1.0],
    embedded: Some(Embedded { error: &[-1.0, 1.0], order: 1 }),
    interpolant: Interpolant::Quadratic,
});
