//! For how long a time pulls.

use serde::{Deserialize, Serialize};
use std::f64::consts::{PI, SQRT_2};

/// A density in time around 0, of some width h.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Window {
    /// Uniform on ± h.
    Uniform,
    /// Normal with deviation h.
    Gaussian,
}

impl Window {
    /// Its first and second integrals from minus infinity to `z`: `I` with `I' = λ`, and `J` with `J' = I`.
    pub(super) fn integrals(self, width: f64, z: f64) -> (f64, f64) {
        match self {
            Self::Uniform if z <= -width => (0.0, 0.0),
            Self::Uniform if z >= width => (1.0, z),
            Self::Uniform => {
                let since = z + width;
                (since / (2.0 * width), since * since / (4.0 * width))
            }
            Self::Gaussian => {
                let u = z / width;
                let (below, density) =
                    (0.5 * libm::erfc(-u / SQRT_2), (-0.5 * u * u).exp() / (2.0 * PI).sqrt());
                (below, z * below + width * density)
            }
        }
    }
}
