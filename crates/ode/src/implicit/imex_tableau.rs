//! Additive pairs: an explicit and a diagonally implicit method with common nodes and weights.

use crate::{ImplicitTableau, TableauError};

/// The coefficients of an additive Runge-Kutta method for y′ = g(t, y) + f(t, y), g explicit and f implicit:
/// Yᵢ = y + h Σⱼ<ᵢ ãᵢⱼ g(Yⱼ) + h Σⱼ≤ᵢ aᵢⱼ f(Yⱼ), y₁ = y + h Σ bᵢ (g(Yᵢ) + f(Yᵢ)).
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ImexTableau {
    name: &'static str,
    explicit: &'static [&'static [f64]],
    implicit: ImplicitTableau,
}

impl ImexTableau {
    /// A strictly lower triangle for g, beside a method for f that gives nodes, weights, estimate and dense
    /// output for both; usable in `const`.
    ///
    /// # Errors
    /// Says which identity fails.
    pub const fn new(
        name: &'static str,
        explicit: &'static [&'static [f64]],
        implicit: ImplicitTableau,
    ) -> Result<Self, TableauError> {
        let c = implicit.coefficients().c;
        if explicit.len() != c.len() || !implicit.explicit_first() {
            return Err(TableauError::Shape);
        }
        let mut i = 0;
        while i < c.len() {
            if explicit[i].len() != i {
                return Err(TableauError::Shape);
            }
            let (mut sum, mut j) = (0.0, 0);
            while j < i {
                sum += explicit[i][j];
                j += 1;
            }
            if (sum - c[i]).abs() > 1e-11 {
                return Err(TableauError::RowSum);
            }
            i += 1;
        }
        Ok(Self { name, explicit, implicit })
    }

    /// The same, for constants: a mistake is a compile error that says what it is.
    ///
    /// # Panics
    /// At run time, where [`new`](Self::new) returns an error.
    pub const fn checked(
        name: &'static str,
        explicit: &'static [&'static [f64]],
        implicit: ImplicitTableau,
    ) -> Self {
        match Self::new(name, explicit, implicit) {
            Ok(tableau) => tableau,
            Err(error) => panic!("{}", error.text()),
        }
    }

    /// Its name.
    pub const fn name(&self) -> &'static str {
        self.name
    }

    /// The strictly lower triangle ã of the explicit part.
    pub const fn explicit(&self) -> &'static [&'static [f64]] {
        self.explicit
    }

    /// The method of the implicit part.
    pub const fn implicit(&self) -> &ImplicitTableau {
        &self.implicit
    }
}
