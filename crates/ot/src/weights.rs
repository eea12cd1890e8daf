//! Weights of a cloud as shares of their total, and the chain rule through that division.

use crate::OtError;
use chreode_core::Real;
use ndarray::{Array1, ArrayView1};

/// Weights divided by their sum.
#[derive(Clone, Debug)]
pub(crate) struct Weights {
    /// They sum to 1.
    pub(crate) shares: Array1<f64>,
    /// The sum before.
    pub(crate) total: f64,
}

impl Weights {
    /// `None` stands for equal shares, with a total of 1.
    pub(crate) fn new<T: Real>(
        side: &'static str,
        what: &'static str,
        weights: Option<ArrayView1<'_, T>>,
        expected: usize,
    ) -> Result<Self, OtError> {
        let Some(weights) = weights else {
            return Ok(Self { shares: Array1::from_elem(expected, 1.0 / expected as f64), total: 1.0 });
        };
        if weights.len() != expected {
            return Err(OtError::Shape { what, expected, found: weights.len() });
        }
        let weights = weights.mapv(Real::to_f64);
        if let Some((index, &value)) = weights.indexed_iter().find(|(_, w)| !w.is_finite() || **w < 0.0) {
            return Err(OtError::BadMass { side, index, value });
        }
        match weights.sum() {
            0.0 => Err(OtError::NoMass { side }),
            total => Ok(Self { shares: weights / total, total }),
        }
    }

    /// Those of the source and of the target.
    pub(crate) fn pair<T: Real>(
        a: Option<ArrayView1<'_, T>>,
        b: Option<ArrayView1<'_, T>>,
        (n, m): (usize, usize),
    ) -> Result<[Self; 2], OtError> {
        Ok([
            Self::new("source", "the source weights", a, n)?,
            Self::new("target", "the target weights", b, m)?,
        ])
    }

    /// The gradient in the weights as given, of a function whose derivative in the shares is `slope` up
    /// to a constant: `(φ_i − Σ_k s_k φ_k) / total`.
    pub(crate) fn gradient(&self, slope: ArrayView1<'_, f64>) -> Array1<f64> {
        let mean = self.shares.dot(&slope);
        slope.mapv(|slope| (slope - mean) / self.total)
    }
}
