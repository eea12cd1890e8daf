//! The strong-stability-preserving method of order 3.

use crate::{Coefficients, Embedded, Extra, Interpolant, Tableau};

/// SSP-RK3 of Shu and Osher: order 3, three evaluations a step, each a convex combination of Euler steps, so
/// that what an Euler step keeps (positivity, total variation) it keeps as well. Heun's method of order 2,
/// its first two stages, is the error estimate; cubic Hermite interpolant of order 3.
///
/// C.-W. Shu & S. Osher, J. Comput. Phys. 77 (1988) 439-471, doi:10.1016/0021-9991(88)90177-5.
pub const SSPRK3: Tableau = Tableau::checked(Coefficients {
    name: "ssprk3",
    order: 3,
    c: &[0.0, 1.0, 0.5],
    a: &[&[], &[1.0], &[0.25, 0.25]],
    b: &[1.0 / 6.0, 1.0 / 6.0, 2.0 / 3.0],
    embedded: Some(Embedded { error: &[-1.0 / 3.0, -1.0 / 3.0, 2.0 / 3.0], order: 2 }),
    // The cubic through both ends and their slopes; the slope at the end opens the next step.
    interpolant: Interpolant::Extended {
        extra: Extra { c: &[1.0], a: &[&[1.0 / 6.0, 1.0 / 6.0, 2.0 / 3.0]] },
        d: &[&[], &[], &[], &[]],
    },
});
