//! The pair of Fehlberg, 5(4).

use crate::{Coefficients, Embedded, Extra, Interpolant, Tableau};

/// Fehlberg 5(4), known as RKF45, with the solution of order 5 propagated: six evaluations a step, and an
/// interpolant of order 4, which takes two more in the steps that are interpolated, the first of them being
/// the first stage of the next step.
///
/// E. Fehlberg, NASA Technical Report R-315 (1969); interpolant by the bootstrap of W. H. Enright,
/// K. R. Jackson, S. P. Nørsett & P. G. Thomsen, ACM Trans. Math. Softw. 12 (1986) 193-218,
/// doi:10.1145/7921.7923.
pub const FEHLBERG5: Tableau = Tableau::checked(Coefficients {
    name: "fehlberg5",
    order: 5,
    c: &[0.0, 0.25, 0.375, 12.0 / 13.0, 1.0, 0.5],
    a: &[
        &[],
        &[0.25],
        &[3.0 / 32.0, 9.0 / 32.0],
        &[1932.0 / 2197.0, -7200.0 / 2197.0, 7296.0 / 2197.0],
        &[439.0 / 216.0, -8.0, 3680.0 / 513.0, -845.0 / 4104.0],
        &[-8.0 / 27.0, 2.0, -3544.0 / 2565.0, 1859.0 / 4104.0, -11.0 / 40.0],
    ],
    b: &[16.0 / 135.0, 0.0, 6656.0 / 12825.0, 28561.0 / 56430.0, -9.0 / 50.0, 2.0 / 55.0],
    embedded: Some(Embedded {
        error: &[1.0 / 360.0, 0.0, -128.0 / 4275.0, -2197.0 / 75240.0, 0.02, 2.0 / 55.0],
        order: 4,
    }),
    // The slope at the end, which opens the next step, and the slope of the cubic Hermite interpolant at
    // θ = 4/5, which makes a quartic of it.
    interpolant: Interpolant::Extended {
        extra: Extra {
            c: &[1.0, 0.8],
            a: &[
                &[16.0 / 135.0, 0.0, 6656.0 / 12825.0, 28561.0 / 56430.0, -9.0 / 50.0, 2.0 / 55.0],
                &[
                    0.896 * (16.0 / 135.0) + 0.032,
                    0.0,
                    0.896 * (6656.0 / 12825.0),
                    0.896 * (28561.0 / 56430.0),
                    0.896 * (-9.0 / 50.0),
                    0.896 * (2.0 / 55.0),
                    -0.128,
                ],
            ],
        },
        d: &[
            &[5.0 * (16.0 / 135.0) - 35.0 / 24.0],
            &[],
            &[5.0 * (6656.0 / 12825.0)],
            &[5.0 * (28561.0 / 56430.0)],
            &[5.0 * (-9.0 / 50.0)],
            &[5.0 * (2.0 / 55.0)],
            &[5.0 / 3.0],
            &[-125.0 / 24.0],
        ],
    },
});
