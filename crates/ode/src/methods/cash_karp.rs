//! The pair of Cash and Karp, 5(4).

use crate::{Coefficients, Embedded, Extra, Interpolant, Tableau};

/// Cash-Karp 5(4): order 5, six evaluations a step, and an interpolant of order 4, which takes two more in
/// the steps that are interpolated, the first of them being the first stage of the next step.
///
/// J. R. Cash & A. H. Karp, ACM Trans. Math. Softw. 16 (1990) 201-222, doi:10.1145/79505.79507; interpolant
/// by the bootstrap of W. H. Enright, K. R. Jackson, S. P. Nørsett & P. G. Thomsen, ACM Trans. Math. Softw.
/// 12 (1986) 193-218, doi:10.1145/7921.7923.
pub const CASH_KARP: Tableau = Tableau::checked(Coefficients {
    name: "cash_karp",
    order: 5,
    c: &[0.0, 0.2, 0.3, 0.6, 1.0, 0.875],
    a: &[
        &[],
        &[0.2],
        &[3.0 / 40.0, 9.0 / 40.0],
        &[0.3, -0.9, 1.2],
        &[-11.0 / 54.0, 2.5, -70.0 / 27.0, 35.0 / 27.0],
        &[1631.0 / 55296.0, 175.0 / 512.0, 575.0 / 13824.0, 44275.0 / 110592.0, 253.0 / 4096.0],
    ],
    b: &[37.0 / 378.0, 0.0, 250.0 / 621.0, 125.0 / 594.0, 0.0, 512.0 / 1771.0],
    embedded: Some(Embedded {
        error: &[
            37.0 / 378.0 - 2825.0 / 27648.0,
            0.0,
            250.0 / 621.0 - 18575.0 / 48384.0,
            125.0 / 594.0 - 13525.0 / 55296.0,
            -277.0 / 14336.0,
            512.0 / 1771.0 - 0.25,
        ],
        order: 4,
    }),
    // The slope at the end, which opens the next step, and the slope of the cubic Hermite interpolant at
    // θ = 4/5, which makes a quartic of it.
    interpolant: Interpolant::Extended {
        extra: Extra {
            c: &[1.0, 0.8],
            a: &[
                &[37.0 / 378.0, 0.0, 250.0 / 621.0, 125.0 / 594.0, 0.0, 512.0 / 1771.0],
                &[
                    0.896 * (37.0 / 378.0) + 0.032,
                    0.0,
                    0.896 * (250.0 / 621.0),
                    0.896 * (125.0 / 594.0),
                    0.0,
                    0.896 * (512.0 / 1771.0),
                    -0.128,
                ],
            ],
        },
        d: &[
            &[5.0 * (37.0 / 378.0) - 35.0 / 24.0],
            &[],
            &[5.0 * (250.0 / 621.0)],
            &[5.0 * (125.0 / 594.0)],
            &[],
            &[5.0 * (512.0 / 1771.0)],
            &[5.0 / 3.0],
            &[-125.0 / 24.0],
        ],
    },
});
