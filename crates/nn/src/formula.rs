//! What a layer computes, in words that another library understands.

use crate::{Bias, Function};
use ndarray::Array2;
use std::ops::Range;

/// What a [`Layer`](crate::Layer) computes, so that another library can compute it with the same parameters.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum Formula {
    /// φ(W x + b): [`Dense`](crate::Dense), with the parameters W and, where it is present, b.
    Dense(Bias, Function),
    /// (M ⊙ W) x + b of the mask M: [`Masked`](crate::Masked), with the parameters W and b.
    Masked(Array2<bool>),
    /// γ x̂ + β of the rows' standardised entries, by this ε: [`LayerNorm`](crate::LayerNorm), with γ and β.
    LayerNorm(f64),
    /// max(m, 0) x with the parameter m: [`Multipliers`](crate::Multipliers).
    Multipliers,
    /// f(x): [`Pointwise`](crate::Pointwise).
    Pointwise(Function),
    /// Some of the columns of x: [`Columns`](crate::Columns).
    Columns(Range<usize>),
    /// sin ωt and cos ωt of these ω in place of the first column t: [`TimeEmbedding`](crate::TimeEmbedding).
    Waves(Vec<f64>),
}
