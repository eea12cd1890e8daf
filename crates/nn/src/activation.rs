//! The nonlinearity after each hidden layer.

use crate::NnError;
use std::{fmt, str::FromStr};

/// An elementwise function φ, applied after every hidden layer.
///
/// Derivatives at kinks are those of PyTorch: φ'(0) is λα for [`Selu`](Self::Selu) and 0 for
/// [`Relu`](Self::Relu).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Activation {
    /// φ(z) = λz for z > 0, λα(eᶻ - 1) otherwise, with λ = 1.0507… and α = 1.6732… (Klambauer,
    /// Unterthiner, Mayr & Hochreiter, Self-Normalizing Neural Networks, NeurIPS 2017,
    /// arXiv:1706.02515).
    #[default]
    Selu,
    /// φ(z) = z / (1 + e⁻ᶻ) (Hendrycks & Gimpel 2016, arXiv:1606.08415; Elfwing, Uchibe & Doya
    /// 2018, doi:10.1016/j.neunet.2017.12.012).
    Silu,
    /// φ(z) = tanh z.
    Tanh,
    /// φ(z) = ln(1 + eᶻ).
    Softplus,
    /// φ(z) = max(z, 0).
    Relu,
}

impl Activation {
    /// All of them.
    pub const ALL: [Self; 5] = [Self::Selu, Self::Silu, Self::Tanh, Self::Softplus, Self::Relu];

    /// Its name in configurations: lower case, as in PyTorch's `nn.functional`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Selu => "selu",
            Self::Silu => "silu",
            Self::Tanh => "tanh",
            Self::Softplus => "softplus",
            Self::Relu => "relu",
        }
    }

    /// Whether the derivatives cannot be had from φ alone, so that a forward pass keeps their sigmoid as well.
    pub(crate) const fn keeps_slope(self) -> bool {
        matches!(self, Self::Silu | Self::Softplus)
    }
}

impl fmt::Display for Activation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

impl FromStr for Activation {
    type Err = NnError;

    fn from_str(name: &str) -> Result<Self, NnError> {
        Self::ALL.into_iter().find(|a| a.name().eq_ignore_ascii_case(name)).ok_or_else(|| {
            NnError::NoSuchActivation { name: name.to_string(), known: Self::ALL.map(Self::name).join(", ") }
        })
    }
}
