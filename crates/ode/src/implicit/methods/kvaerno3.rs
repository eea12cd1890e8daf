//! Kværnø's pair of orders 3 and 2.

use crate::{Embedded, ImplicitCoefficients, ImplicitTableau};

const G: f64 = 0.435_866_521_5;

const A: &[&[f64]] = &[
    &[0.0],
    &[G, G],
    &[(-4.0 * G * G + 6.0 * G - 1.0) / (4.0 * G), (1.0 - 2.0 * G) / (4.0 * G), G],
    &[
        (6.0 * G - 1.0) / (12.0 * G),
        -1.0 / ((24.0 * G - 12.0) * G),
        (-6.0 * G * G + 6.0 * G - 1.0) / (6.0 * G - 3.0),
        G,
    ],
];

const ERROR: &[f64] = &[A[3][0] - A[2][0], A[3][1] - A[2][1], A[3][2] - G, G];

/// Order 3 with a 2nd-order estimate, 3 implicit stages, both formulas stiffly accurate, the first L-stable.
///
/// A. Kværnø, BIT Numer. Math. 44 (2004) 489-502, doi:10.1023/B:BITN.0000046811.70614.38.
pub const KVAERNO3: ImplicitTableau = ImplicitTableau::checked(ImplicitCoefficients {
    name: "kvaerno3",
    order: 3,
    c: &[0.0, 2.0 * G, 1.0, 1.0],
    a: A,
    b: A[3],
    embedded: Some(Embedded { error: ERROR, order: 2 }),
    dense: None,
});
