//! Heun's method of order 3.

use crate::{Coefficients, Extra, Interpolant, Tableau};

/// Heun's method of order 3: three evaluations a step, no error estimate, cubic Hermite interpolant of
/// order 3.
///
/// K. Heun, Z. Math. Phys. 45 (1900) 23-38; Hairer, Nørsett & Wanner, Solving ODEs I, II.1.
pub const HEUN3: Tableau = Tableau::checked(Coefficients {
    name: "heun3",
    order: 3,
    c: &[0.0, 1.0 / 3.0, 2.0 / 3.0],
    a: &[&[], &[1.0 / 3.0], &[0.0, 2.0 / 3.0]],
    b: &[0.25, 0.0, 0.75],
    embedded: None,
    // The cubic through both ends and their slopes; the slope at the end opens the next step.
    interpolant: Interpolant::Extended {
        extra: Extra { c: &[1.0], a: &[&[0.25, 0.0, 0.75]] },
        d: &[&[], &[], &[], &[]],
    },
});
