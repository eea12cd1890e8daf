//! Kværnø's pair of orders 4 and 3.

use crate::{Embedded, ImplicitCoefficients, ImplicitTableau};

const G: f64 = 0.572_816_062_5;

/// The polynomial with these coefficients, highest power first, at γ.
const fn poly(coefficients: &[f64]) -> f64 {
    let (mut sum, mut i) = (0.0, 0);
    while i < coefficients.len() {
        sum = sum * G + coefficients[i];
        i += 1;
    }
    sum
}

const P: f64 = poly(&[12.0, -6.0, 1.0]);
const Q: f64 = 12.0 * G * G * poly(&[12.0, -9.0, 2.0]);
const R: f64 = poly(&[3.0, -1.0]);

const A: &[&[f64]] = &[
    &[0.0],
    &[G, G],
    &[
        poly(&[144.0, -180.0, 81.0, -15.0, 1.0]) * G / (P * P),
        poly(&[-36.0, 39.0, -15.0, 2.0]) * G / (P * P),
        G,
    ],
    &[
        poly(&[-144.0, 396.0, -330.0, 117.0, -18.0, 1.0]) / Q,
        poly(&[72.0, -126.0, 69.0, -15.0, 1.0]) / (12.0 * G * G * R),
        poly(&[-6.0, 6.0, -1.0]) * P * P / (Q * R),
        G,
    ],
    &[
        poly(&[288.0, -312.0, 120.0, -18.0, 1.0]) / (4.0 * Q),
        poly(&[24.0, -12.0, 1.0]) / (48.0 * G * G * R),
        -P * P * P / (4.0 * Q * R * poly(&[6.0, -6.0, 1.0])),
        poly(&[-24.0, 36.0, -12.0, 1.0]) / poly(&[24.0, -24.0, 4.0]),
        G,
    ],
];

const C: &[f64] = &[0.0, 2.0 * G, A[2][0] + A[2][1] + G, 1.0, 1.0];

const ERROR: &[f64] = &[A[4][0] - A[3][0], A[4][1] - A[3][1], A[4][2] - A[3][2], A[4][3] - G, G];

/// Order 4 with a 3rd-order estimate, 4 implicit stages, both formulas stiffly accurate, the first L-stable.
///
/// A. Kværnø, BIT Numer. Math. 44 (2004) 489-502, doi:10.1023/B:BITN.0000046811.70614.38.
pub const KVAERNO4: ImplicitTableau = ImplicitTableau::checked(ImplicitCoefficients {
    name: "kvaerno4",
    order: 4,
    c: C,
    a: A,
    b: A[4],
    embedded: Some(Embedded { error: ERROR, order: 3 }),
    dense: None,
});
