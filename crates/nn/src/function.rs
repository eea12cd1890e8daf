//! Elementwise functions.

use crate::Activation;

/// A function of each entry, with two derivatives.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Function {
    /// f(z) = z.
    #[default]
    Identity,
    /// One of the nonlinearities of hidden layers.
    Activation(Activation),
    /// f(z) = 1 / (1 + e⁻ᶻ), the gate of recurrent cells.
    Sigmoid,
    /// f(z) = eᶻ.
    Exp,
    /// f(z) = u / (1 + |u|) with u = z - 1/2: the Hill-like response of a gene's expression (Hossain et al. 2024,
    /// doi:10.1186/s13059-024-03264-0, φ_Σ of PHOENIX).
    Hill,
    /// f(z) = ln(1 + [`Hill`](Self::Hill)(z)): sums of it, exponentiated, are products of responses (φ_Π there).
    LogHill,
}

impl Function {
    /// Whether the derivatives need more than the value.
    pub(crate) const fn keeps(self) -> bool {
        match self {
            Self::Activation(activation) => activation.keeps_slope(),
            Self::LogHill => true,
            _ => false,
        }
    }
}

impl From<Activation> for Function {
    fn from(activation: Activation) -> Self {
        Self::Activation(activation)
    }
}
