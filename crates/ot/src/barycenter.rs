//! Barycenters of several measures.

mod debiased;
mod entropic;
mod free;
mod soft;

pub use debiased::DebiasedBarycenter;
pub use entropic::{Barycenter, EntropicBarycenter};
pub use free::{FreeBarycenter, FreeSupportBarycenter};

pub(crate) use soft::{columns, rows};

use crate::OtError;
use ndarray::{Array1, ArrayView1};

/// Weights as shares of their sum.
///
/// # Errors
/// None, one that is negative or not finite, or all zero.
fn shares(weights: ArrayView1<'_, f64>, measures: usize) -> Result<Array1<f64>, OtError> {
    if measures == 0 {
        return Err(OtError::Empty { side: "measures'" });
    }
    if weights.len() != measures {
        return Err(OtError::Shape { what: "the list of weights", expected: measures, found: weights.len() });
    }
    for (index, &value) in weights.iter().enumerate() {
        if !(value.is_finite() && value >= 0.0) {
            let range = "finite and not negative";
            return Err(in_measure(index)(OtError::BadParameter { name: "the weight", value, range }));
        }
    }
    let total = weights.sum();
    if !(total > 0.0 && total.is_finite()) {
        let range = "positive and finite";
        return Err(OtError::BadParameter { name: "the sum of the weights", value: total, range });
    }
    Ok(&weights / total)
}

/// An error with the measure it is about.
fn in_measure(index: usize) -> impl Fn(OtError) -> OtError {
    move |error| OtError::InMeasure { index, error: Box::new(error) }
}
