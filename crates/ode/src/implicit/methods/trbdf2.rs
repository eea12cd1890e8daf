//! Trapezoidal rule, then second backward difference.

use crate::{Embedded, ImplicitCoefficients, ImplicitTableau};
use std::f64::consts::SQRT_2;

const D: f64 = 1.0 - 0.5 * SQRT_2;
const W: f64 = 0.25 * SQRT_2;

/// Order 2 with a 3rd-order estimate, 2 implicit stages: L-stable, and cheap where little accuracy is
/// wanted.
///
/// R. E. Bank et al., IEEE Trans. Electron Devices 32 (1985) 1992-2007, doi:10.1109/T-ED.1985.22232; the
/// estimate of M. E. Hosea, L. F. Shampine, Appl. Numer. Math. 20 (1996) 21-37,
/// doi:10.1016/0168-9274(95)00115-8.
pub const TRBDF2: ImplicitTableau = ImplicitTableau::checked(ImplicitCoefficients {
    name: "trbdf2",
    order: 2,
    c: &[0.0, 2.0 * D, 1.0],
    a: &[&[0.0], &[D, D], &[W, W, D]],
    b: &[W, W, D],
    embedded: Some(Embedded {
        error: &[W - (1.0 - W) / 3.0, W - (3.0 * W + 1.0) / 3.0, D - D / 3.0],
        order: 3,
    }),
    dense: None,
});
