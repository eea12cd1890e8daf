//! Coefficients of explicit Runge-Kutta methods, checked when they are compiled.

use crate::{METHODS, SolveError};
use std::fmt;

/// Stages a method may have.
pub(crate) const MAX_STAGES: usize = 24;

/// Allowed residual of the identities a tableau is held to; coefficients are rounded to `f64`.
const EXACT: f64 = 1e-12;

/// An embedded solution of another order, by its difference to the one that is propagated.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Embedded {
    /// `b − b̂`, so that the error estimate is `h Σ errorᵢ kᵢ`.
    pub error: &'static [f64],
    /// Order of `b̂`.
    pub order: u8,
}

/// How a step is interpolated: y(t + θh) = y + h Σ bᵢ(θ) kᵢ, without further evaluations.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Interpolant {
    /// The parabola through y₀, k₁ and y₁: order 2 (for Euler's method, the chord). A method of order
    /// 3 or more does better with `b` appended as a last stage, which costs nothing ("first same as
    /// last"), and [`Hermite`](Self::Hermite).
    Quadratic,
    /// The cubic through both ends and their slopes: order 3. The method must be FSAL.
    Hermite,
    /// The cubic Hermite interpolant plus `θ²(1−θ)² h Σ dᵢ kᵢ`. The method must be FSAL.
    Quartic(&'static [f64]),
    /// `bᵢ(θ) = Σⱼ pᵢⱼ θʲ⁺¹`, one row a stage.
    Polynomial(&'static [&'static [f64]]),
}

/// The coefficients of an explicit Runge-Kutta method, as printed:
/// kᵢ = f(t + cᵢh, y + h Σⱼ aᵢⱼ kⱼ), y₁ = y + h Σ bᵢ kᵢ.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Coefficients {
    /// Its name, in lower case.
    pub name: &'static str,
    /// Order of `b`.
    pub order: u8,
    /// Nodes.
    pub c: &'static [f64],
    /// Strictly lower triangle, row by row; the first row is empty.
    pub a: &'static [&'static [f64]],
    /// Weights.
    pub b: &'static [f64],
    /// Error estimate, if there is one.
    pub embedded: Option<Embedded>,
    /// Dense output.
    pub interpolant: Interpolant,
}

/// What is wrong with a set of coefficients.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum TableauError {
    /// The diagonal of a diagonally implicit method is not one number above 0.
    Diagonal,
    /// No stages, or more than 24.
    Stages,
    /// Lists of different lengths.
    Shape,
    /// A row of `a` that does not sum to its node.
    RowSum,
    /// Weights that do not sum to 1.
    WeightSum,
    /// Error weights that do not sum to 0.
    ErrorSum,
    /// Order 0.
    Order,
    /// An end slope is needed and not there.
    NotFsal,
    /// `bᵢ(1) ≠ bᵢ`, `Σ bᵢ(θ) ≠ θ`, or the wrong number of rows.
    Interpolant,
}

impl TableauError {
    /// The message, also for the compiler.
    pub(crate) const fn text(self) -> &'static str {
        match self {
            Self::Diagonal => "a diagonal holds one number above 0, after a first 0 or not",
            Self::Stages => "a tableau has between 1 and 24 stages (10 if implicit)",
            Self::Shape => "c, a, b and the error weights have one entry a stage, row i of a has i entries",
            Self::RowSum => "each row of a sums to its node c, and the first node is 0",
            Self::WeightSum => "the weights b sum to 1",
            Self::ErrorSum => "the error weights b - b_hat sum to 0",
            Self::Order => "the order of a method and of its embedded solution is 1 at least",
            Self::NotFsal => {
                "a Hermite or quartic interpolant needs a method whose last stage is f at the new state"
            }
            Self::Interpolant => "an interpolant ends in b and sums to theta",
        }
    }
}

impl fmt::Display for TableauError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.text())
    }
}

impl std::error::Error for TableauError {}

/// Coefficients that passed the checks: the only thing [`ExplicitRk`](crate::ExplicitRk) takes.
///
/// In a `const`, a bad tableau does not compile:
///
/// ```compile_fail
/// use chreode_ode::{Coefficients, Interpolant, Tableau};
///
/// const WRONG: Tableau = Tableau::checked(Coefficients {
///     name: "wrong",
///     order: 2,
///     c: &[0.0, 1.0],
///     a: &[&[], &[0.5]], // does not sum to 1
///     b: &[0.5, 0.5],
///     embedded: None,
///     interpolant: Interpolant::Quadratic,
/// });
/// # let _ = WRONG;
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Tableau {
    coefficients: Coefficients,
    fsal: bool,
}

impl Tableau {
    /// The coefficients, if they are those of a method; usable in `const`.
    ///
    /// # Errors
    /// Says which identity fails.
    pub const fn new(coefficients: Coefficients) -> Result<Self, TableauError> {
        let Coefficients { c, a, b, .. } = coefficients;
        if b.is_empty() || b.len() > MAX_STAGES {
            return Err(TableauError::Stages);
        }
        if c.len() != b.len() || a.len() != b.len() {
            return Err(TableauError::Shape);
        }
        let mut i = 0;
        while i < a.len() {
            if a[i].len() != i {
                return Err(TableauError::Shape);
            }
            if !near(sum(a[i]), c[i]) {
                return Err(TableauError::RowSum);
            }
            i += 1;
        }
        if !near(sum(b), 1.0) {
            return Err(TableauError::WeightSum);
        }
        if coefficients.order == 0 {
            return Err(TableauError::Order);
        }
        if let Some(embedded) = coefficients.embedded {
            if embedded.error.len() != b.len() {
                return Err(TableauError::Shape);
            }
            if !near(sum(embedded.error), 0.0) {
                return Err(TableauError::ErrorSum);
            }
            if embedded.order == 0 {
                return Err(TableauError::Order);
            }
        }
        let fsal = is_fsal(&coefficients);
        match check_interpolant(&coefficients, fsal) {
            Ok(()) => Ok(Self { coefficients, fsal }),
            Err(error) => Err(error),
        }
    }

    /// The same, for constants: a mistake is a compile error that says what it is.
    ///
    /// # Panics
    /// At run time, where [`new`](Self::new) returns an error.
    pub const fn checked(coefficients: Coefficients) -> Self {
        match Self::new(coefficients) {
            Ok(tableau) => tableau,
            Err(error) => panic!("{}", error.text()),
        }
    }

    /// The method called `name`, one of [`METHODS`].
    ///
    /// # Errors
    /// [`SolveError::UnknownMethod`] lists the names.
    pub fn named(name: &str) -> Result<Self, SolveError> {
        METHODS.iter().find(|m| m.coefficients.name == name).copied().ok_or_else(|| {
            let known: Vec<_> = METHODS.iter().map(|m| m.coefficients.name).collect();
            SolveError::UnknownMethod { name: name.to_string(), known: known.join(", ") }
        })
    }

    /// The coefficients.
    #[inline]
    pub const fn coefficients(&self) -> &Coefficients {
        &self.coefficients
    }

    /// The number of stages.
    #[inline]
    pub const fn stages(&self) -> usize {
        self.coefficients.b.len()
    }

    /// First same as last: the last stage is f at the new state, and the first of the next step. Read
    /// off the coefficients.
    #[inline]
    pub const fn fsal(&self) -> bool {
        self.fsal
    }

    /// The weight bᵢ(θ) of stage `i` in the interpolant.
    #[inline]
    pub fn weight(&self, i: usize, theta: f64) -> f64 {
        let b = self.coefficients.b[i];
        let (first, last) = (i == 0, i + 1 == self.stages());
        let bump = theta * (1.0 - theta);
        let hermite = || {
            let mut w = b * theta * theta * (3.0 - 2.0 * theta);
            if first {
                w += bump * (1.0 - theta);
            }
            if last {
                w -= bump * theta;
            }
            w
        };
        match self.coefficients.interpolant {
            Interpolant::Quadratic => b * theta * theta + if first { bump } else { 0.0 },
            Interpolant::Hermite => hermite(),
            Interpolant::Quartic(d) => hermite() + d[i] * bump * bump,
            Interpolant::Polynomial(p) => p[i].iter().rev().fold(0.0, |w, p| (w + p) * theta),
        }
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

/// Whether the last stage is taken at `(t + h, y₁)`: its row is `b`, and `b` gives it no weight.
const fn is_fsal(coefficients: &Coefficients) -> bool {
    let (b, s) = (coefficients.b, coefficients.b.len());
    if s < 2 || b[s - 1] != 0.0 {
        return false;
    }
    let row = coefficients.a[s - 1];
    let mut j = 0;
    while j < s - 1 {
        if row[j] != b[j] {
            return false;
        }
        j += 1;
    }
    true
}

const fn check_interpolant(coefficients: &Coefficients, fsal: bool) -> Result<(), TableauError> {
    let stages = coefficients.b.len();
    match coefficients.interpolant {
        Interpolant::Quadratic => Ok(()),
        Interpolant::Hermite => {
            if fsal {
                Ok(())
            } else {
                Err(TableauError::NotFsal)
            }
        }
        Interpolant::Quartic(d) => {
            if !fsal {
                Err(TableauError::NotFsal)
            } else if d.len() != stages || !near(sum(d), 0.0) {
                Err(TableauError::Interpolant)
            } else {
                Ok(())
            }
        }
        Interpolant::Polynomial(p) => {
            if p.len() != stages {
                return Err(TableauError::Interpolant);
            }
            let (mut i, mut slope) = (0, 0.0);
            while i < stages {
                if !near(sum(p[i]), coefficients.b[i]) {
                    return Err(TableauError::Interpolant);
                }
                if !p[i].is_empty() {
                    slope += p[i][0];
                }
                i += 1;
            }
            if near(slope, 1.0) { Ok(()) } else { Err(TableauError::Interpolant) }
        }
    }
}
