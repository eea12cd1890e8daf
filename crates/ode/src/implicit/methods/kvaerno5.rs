//! Kværnø's pair of orders 5 and 4.

use crate::{Embedded, ImplicitCoefficients, ImplicitTableau};

const GAMMA: f64 = 0.26;

const A: &[&[f64]] = &[
    &[0.0],
    &[GAMMA, GAMMA],
    &[0.13, 0.8403332099679081, GAMMA],
    &[0.22371961478320505, 0.476755323197997, -0.06470895363112615, GAMMA],
    &[0.16648564323248321, 0.1045001884159172, 0.03631482272098715, -0.13090704451073998, GAMMA],
    &[0.13855640231268224, 0.0, -0.04245337201752043, 0.02446657898003141, 0.6194303907248068, GAMMA],
    &[
        0.13659751177640291,
        0.0,
        -0.05496908796538376,
        -0.04118626728321046,
        0.629933048990164,
        0.06962479448202728,
        GAMMA,
    ],
];

const ERROR: &[f64] = &[
    A[6][0] - A[5][0],
    0.0,
    A[6][2] - A[5][2],
    A[6][3] - A[5][3],
    A[6][4] - A[5][4],
    A[6][5] - A[5][5],
    GAMMA,
];

/// Order 5 with a 4th-order estimate, 6 implicit stages, both formulas stiffly accurate, the first L-stable.
///
/// A. Kværnø, BIT Numer. Math. 44 (2004) 489-502, doi:10.1023/B:BITN.0000046811.70614.38.
pub const KVAERNO5: ImplicitTableau = ImplicitTableau::checked(ImplicitCoefficients {
    name: "kvaerno5",
    order: 5,
    c: &[0.0, 0.52, 1.230333209967908, 0.8957659843500759, 0.43639360985864756, 1.0, 1.0],
    a: A,
    b: A[6],
    embedded: Some(Embedded { error: ERROR, order: 4 }),
    dense: None,
});
