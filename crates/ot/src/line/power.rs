//! `|d|ᵖ`, without a logarithm where p allows.

use crate::OtError;

/// The function `d ↦ |d|ᵖ`, convex for p ≥ 1.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Power {
    One,
    Two,
    Whole(i32),
    Real(f64),
}

impl Power {
    /// # Errors
    /// An exponent below 1 (the cost would not be convex, and the monotone plan not optimal) or not finite.
    pub(super) fn new(exponent: f64) -> Result<Self, OtError> {
        if !(exponent >= 1.0 && exponent.is_finite()) {
            return Err(OtError::BadParameter {
                name: "the exponent",
                value: exponent,
                range: "at least 1 and finite",
            });
        }
        Ok(match exponent {
            1.0 => Self::One,
            2.0 => Self::Two,
            p if p.fract() == 0.0 && p <= 64.0 => Self::Whole(p as i32),
            p => Self::Real(p),
        })
    }

    /// p.
    pub(super) fn exponent(self) -> f64 {
        match self {
            Self::One => 1.0,
            Self::Two => 2.0,
            Self::Whole(p) => f64::from(p),
            Self::Real(p) => p,
        }
    }

    /// `|d|ᵖ`.
    #[inline(always)]
    pub(super) fn of(self, d: f64) -> f64 {
        match self {
            Self::One => d.abs(),
            Self::Two => d * d,
            Self::Whole(p) => d.abs().powi(p),
            Self::Real(p) => d.abs().powf(p),
        }
    }

    /// The p-th root.
    pub(super) fn root(self, cost: f64) -> f64 {
        match self {
            Self::One => cost,
            Self::Two => cost.sqrt(),
            _ => cost.powf(self.exponent().recip()),
        }
    }
}
