//! The pair of Bogacki and Shampine, 3(2).

use crate::{Coefficients, Embedded, Interpolant, Tableau};

/// Bogacki-Shampine 3(2): order 3, three evaluations a step, cubic Hermite interpolant of order 3. The
/// choice for loose tolerances.
///
/// P. Bogacki & L. F. Shampine, Appl. Math. Lett. 2 (1989) 321-325, doi:10.1016/0893-9659(89)90079-7.
pub const BOSH3: Tableau = Tableau::checked(Coefficients {
    name: "bosh3",
    order: 3,
    c: &[0.0, 0.5, 0.75, 1.0],
    a: &[&[], &[0.5], &[0.0, 0.75], &[2.0 / 9.0, 1.0 / 3.0, 4.0 / 9.0]],
    b: &[2.0 / 9.0, 1.0 / 3.0, 4.0 / 9.0, 0.0],
    embedded: Some(Embedded { error: &[-5.0 / 72.0, 1.0 / 12.0, 1.0 / 9.0, -0.125], order: 2 }),
    interpolant: Interpolant::Hermite,
});
