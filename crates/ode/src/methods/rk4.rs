//! The classical Runge-Kutta method.

use crate::{Coefficients, Interpolant, Tableau};

/// The classical method of order 4: four evaluations a step, no error estimate, its own interpolant
/// of order 3.
///
/// W. Kutta, Z. Math. Phys. 46 (1901) 435-453; interpolant: Hairer, Nørsett & Wanner, Solving ODEs I,
/// II.6.
pub const RK4: Tableau = Tableau::checked(Coefficients {
    name: "rk4",
    order: 4,
    c: &[0.0, 0.5, 0.5, 1.0],
    a: &[&[], &[0.5], &[0.0, 0.5], &[0.0, 0.0, 1.0]],
    b: &[1.0 / 6.0, 1.0 / 3.0, 1.0 / 3.0, 1.0 / 6.0],
    embedded: None,
    interpolant: Interpolant::Polynomial(&[
        &[1.0, -1.5, 2.0 / 3.0],
        &[0.0, 1.0, -2.0 / 3.0],
        &[0.0, 1.0, -2.0 / 3.0],
        &[0.0, -0.5, 2.0 / 3.0],
    ]),
});
