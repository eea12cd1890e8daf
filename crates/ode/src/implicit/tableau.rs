//! Coefficients of diagonally implicit Runge-Kutta methods, checked when they are compiled.

use crate::{Embedded, TableauError};

/// Stages such a method may have.
pub(crate) const MAX_STAGES: usize = 10;

const EXACT: f64 = 1e-11;

/// The coefficients of a diagonally implicit Runge-Kutta method, as printed:
/// kᵢ = f(t + cᵢh, y + h Σⱼ≤ᵢ aᵢⱼ kⱼ), y₁ = y + h Σ bᵢ kᵢ.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ImplicitCoefficients {
    /// Its name, in lower case.
    pub name: &'static str,
    /// Order of `b`.
    pub order: u8,
    /// Nodes.
    pub c: &'static [f64],
    /// Lower triangle with its diagonal, row by row: row i has i + 1 entries. The diagonal holds one number
    /// γ; its first entry may be 0 instead (an explicit first stage).
    pub a: &'static [&'static [f64]],
    /// Weights.
    pub b: &'static [f64],
    /// Error estimate, if there is one.
    pub embedded: Option<Embedded>,
    /// Weights of dense output, `bᵢ(θ) = Σⱼ pᵢⱼ θʲ⁺¹`, one row a stage. Without them, the cubic through both
    /// ends and their slopes where the method has them, or else the chord.
    pub dense: Option<&'static [&'static [f64]]>,
}

/// Coefficients that passed the checks: what [`Dirk`](crate::Dirk) takes.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ImplicitTableau {
    coefficients: ImplicitCoefficients,
    explicit_first: bool,
    stiffly_accurate: bool,
}

impl ImplicitTableau {
    /// The coefficients, if they are those of a method; usable in `const`.
    ///
    /// # Errors
    /// Says which identity fails.
    pub const fn new(coefficients: ImplicitCoefficients) -> Result<Self, TableauError> {
        let ImplicitCoefficients { c, a, b, order, embedded, dense, .. } = coefficients;
        let s = b.len();
        if s == 0 || s > MAX_STAGES {
            return Err(TableauError::Stages);
        }
        if c.len() != s || a.len() != s {
            return Err(TableauError::Shape);
        }
        let mut i = 0;
        while i < s {
            if a[i].len() != i + 1 {
                return Err(TableauError::Shape);
            }
            if !near(sum(a[i]), c[i]) {
                return Err(TableauError::RowSum);
            }
            i += 1;
        }
        let gamma = a[s - 1][s - 1];
        if gamma <= 0.0 {
            return Err(TableauError::Diagonal);
        }
        i = 0;
        while i < s {
            let entry = a[i][i];
            if entry != gamma && !(i == 0 && entry == 0.0) {
                return Err(TableauError::Diagonal);
            }
            i += 1;
        }
        if !near(sum(b), 1.0) {
            return Err(TableauError::WeightSum);
        }
        if order == 0 {
            return Err(TableauError::Order);
        }
        if let Some(embedded) = embedded {
            if embedded.error.len() != s {
                return Err(TableauError::Shape);
            }
            if !near(sum(embedded.error), 0.0) {
                return Err(TableauError::ErrorSum);
            }
            if embedded.order == 0 {
                return Err(TableauError::Order);
            }
        }
        if let Some(rows) = dense {
            if rows.len() != s {
                return Err(TableauError::Shape);
            }
            i = 0;
            while i < s {
                if !near(sum(rows[i]), b[i]) {
                    return Err(TableauError::Interpolant);
                }
                i += 1;
            }
        }
        let mut stiffly_accurate = true;
        i = 0;
        while i < s {
            stiffly_accurate = stiffly_accurate && a[s - 1][i] == b[i];
            i += 1;
        }
        Ok(Self { coefficients, explicit_first: a[0][0] == 0.0, stiffly_accurate })
    }

    /// The same, for constants: a mistake is a compile error that says what it is.
    ///
    /// # Panics
    /// At run time, where [`new`](Self::new) returns an error.
    pub const fn checked(coefficients: ImplicitCoefficients) -> Self {
        match Self::new(coefficients) {
            Ok(tableau) => tableau,
            Err(error) => panic!("{}", error.text()),
        }
    }

    /// The coefficients.
    #[inline]
    pub const fn coefficients(&self) -> &ImplicitCoefficients {
        &self.coefficients
    }

    /// The number of stages.
    #[inline]
    pub const fn stages(&self) -> usize {
        self.coefficients.b.len()
    }

    /// γ, the diagonal.
    #[inline]
    pub const fn gamma(&self) -> f64 {
        let s = self.stages();
        self.coefficients.a[s - 1][s - 1]
    }

    /// Whether the first stage is y itself.
    #[inline]
    pub const fn explicit_first(&self) -> bool {
        self.explicit_first
    }

    /// Whether the last stage is y₁: such a method also solves equations without derivatives.
    #[inline]
    pub const fn stiffly_accurate(&self) -> bool {
        self.stiffly_accurate
    }

    /// The weight bᵢ(θ) of stage `i` in the interpolant.
    #[inline]
    pub fn weight(&self, i: usize, theta: f64) -> f64 {
        let it = &self.coefficients;
        if let Some(rows) = it.dense {
            return rows[i].iter().rev().fold(0.0, |w, p| (w + p) * theta);
        }
        if !(self.explicit_first && self.stiffly_accurate) {
            return it.b[i] * theta;
        }
        let bump = theta * (1.0 - theta);
        let mut w = it.b[i] * theta * theta * (3.0 - 2.0 * theta);
        if i == 0 {
            w += bump * (1.0 - theta);
        }
        if i + 1 == self.stages() {
            w -= bump * theta;
        }
        w
    }
}

const fn near(x: f64, y: f64) -> bool {
    (x - y).abs() < EXACT
}

const fn sum(xs: &[f64]) -> f64 {
    let (mut total, mut i) = (0.0, 0);
    while i < xs.len() {
        total += xs[i];
        i += 1;
    }
    total
}
