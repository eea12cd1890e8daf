//! The pair of Fehlberg, 2(1).

use crate::{Coefficients, Embedded, Interpolant, Tableau};

/// Fehlberg 2(1): order 2, three evaluations a step, with an embedded method of order 1 that all but has
/// order 2, so that it is cheap where little accuracy is asked for.
///
/// E. Fehlberg, NASA Technical Report R-315 (1969), RK1(2), with the solution of order 2 propagated.
pub const FEHLBERG2: Tableau = Tableau::checked(Coefficients {
    name: "fehlberg2",
    order: 2,
    c: &[0.0, 0.5, 1.0],
    a: &[&[], &[0.5], &[1.0 / 256.0, 255.0 / 256.0]],
    b: &[1.0 / 512.0, 255.0 / 256.0, 1.0 / 512.0],
    embedded: Some(Embedded { error: &[-1.0 / 512.0, 0.0, 1.0 / 512.0], order: 1 }),
    interpolant: Interpolant::Quadratic,
});
