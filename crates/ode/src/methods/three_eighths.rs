//! Kutta's 3/8 rule.

use crate::{Coefficients, Extra, Interpolant, Tableau};

/// The 3/8 rule: order 4, four evaluations a step, a little more accurate than [`RK4`](crate::RK4); no error
/// estimate, cubic Hermite interpolant of order 3.
///
/// W. Kutta, Z. Math. Phys. 46 (1901) 435-453; Hairer, Nørsett & Wanner, Solving ODEs I, II.1.
pub const THREE_EIGHTHS: Tableau = Tableau::checked(Coefficients {
    name: "three_eighths",
    order: 4,
    c: &[0.0, 1.0 / 3.0, 2.0 / 3.0, 1.0],
    a: &[&[], &[1.0 / 3.0], &[-1.0 / 3.0, 1.0], &[1.0, -1.0, 1.0]],
    b: &[0.125, 0.375, 0.375, 0.125],
    embedded: None,
    // The cubic through both ends and their slopes; the slope at the end opens the next step.
    interpolant: Interpolant::Extended {
        extra: Extra { c: &[1.0], a: &[&[0.125, 0.375, 0.375, 0.125]] },
        d: &[&[], &[], &[], &[], &[]],
    },
});
