//! Coefficients of explicit Runge-Kutta methods, checked when they are compiled.

use crate::{METHODS, SolveError};
use std::fmt;

/// Stages a method may have.
pub(crate) const MAX_STAGES: usize = 24;

/// Stages a method may have together with those of its interpolant.
pub(crate) const MAX_DENSE: usize = 32;

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

/// Stages for the interpolant alone, worked out only in steps that are interpolated.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Extra {
    /// Their nodes.
    pub c: &'static [f64],
    /// Their rows, each over all stages before: those of the method and the extra ones.
    pub a: &'static [&'static [f64]],
}

/// How a step is interpolated: y(t + θh) = y + h Σ bᵢ(θ) kᵢ, without further evaluations unless it
/// says so.
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
    /// The cubic Hermite interpolant plus `θ²(1−θ)² h Σ dᵢ(θ) kᵢ` over the stages of the method and
    /// extra ones, with `dᵢ(θ) = Σⱼ dᵢⱼ θʲ`, one row a stage. Any interpolant with continuous slopes can be
    /// written so. Either the method is FSAL, or the first extra stage is f at the new state.
    Extended {
        /// The further stages.
        extra: Extra,
        /// `dᵢⱼ`.
        d: &'static [&'static [f64]],
    },
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
    second: Option<Embedded>,
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
            if !adds_up(a[i], c[i]) {
                return Err(TableauError::RowSum);
            }
            i += 1;
        }
        if !adds_up(b, 1.0) {
            return Err(TableauError::WeightSum);
        }
        if coefficients.order == 0 {
            return Err(TableauError::Order);
        }
        if let Some(embedded) = coefficients.embedded {
            if embedded.error.len() != b.len() {
                return Err(TableauError::Shape);
            }
            if !adds_up(embedded.error, 0.0) {
                return Err(TableauError::ErrorSum);
            }
            if embedded.order == 0 {
                return Err(TableauError::Order);
            }
        }
        let fsal = is_fsal(&coefficients);
        match check_interpolant(&coefficients, fsal) {
            Ok(()) => Ok(Self { coefficients, fsal, second: None }),
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

    /// The same method with a second error estimate beside the embedded one, and the two combined as in
    /// DOP853: `|e|² / √(|e|² + 0.01 |e₂|²)`, of order `2 (q + 1) − (q₂ + 1)` in h.
    ///
    /// Hairer, Nørsett & Wanner, Solving ODEs I, II.10, (10.17).
    ///
    /// # Panics
    /// When the method has no embedded solution of a higher order than `second`, or the weights of `second`
    /// do not fit: in a `const`, a compile error.
    pub const fn combined_with(self, second: Embedded) -> Self {
        match self.coefficients.embedded {
            Some(first) if first.order > second.order && second.error.len() == first.error.len() => {}
            _ => panic!("a second estimate goes with an embedded solution of higher order"),
        }
        if !adds_up(second.error, 0.0) {
            panic!("{}", TableauError::ErrorSum.text());
        }
        Self { second: Some(second), ..self }
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

    /// The second error estimate, if the method combines two.
    #[inline]
    pub const fn second(&self) -> Option<Embedded> {
        self.second
    }

    /// The stages of the interpolant alone.
    #[inline]
    pub const fn extra(&self) -> Extra {
        match self.coefficients.interpolant {
            Interpolant::Extended { extra, .. } => extra,
            _ => Extra { c: &[], a: &[] },
        }
    }

    /// The number of stages that [`weight`](Self::weight) knows: those of the method and the
    /// [`extra`](Self::extra) ones.
    #[inline]
    pub const fn dense_stages(&self) -> usize {
        self.stages() + self.extra().c.len()
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
        let b = self.coefficients.b.get(i).copied().unwrap_or(0.0);
        // The slope at the end: the last stage, or the first extra one.
        let (first, last) = (i == 0, i + usize::from(self.fsal) == self.stages());
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
            Interpolant::Extended { d, .. } => {
                hermite() + bump * bump * d[i].iter().rev().fold(0.0, |w, d| w * theta + d)
            }
            Interpolant::Polynomial(p) => p[i].iter().rev().fold(0.0, |w, p| (w + p) * theta),
        }
    }
}

const fn near(x: f64, y: f64) -> bool {
    (x - y).abs() < EXACT
}

/// Whether `Σ xs = y`, but for rounding.
const fn adds_up(xs: &[f64], y: f64) -> bool {
    let (mut total, mut size, mut i) = (0.0, 1.0, 0);
    while i < xs.len() {
        total += xs[i];
        size += xs[i].abs();
        i += 1;
    }
    (total - y).abs() < EXACT * size
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
    same(coefficients.a[s - 1], b)
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
            } else if d.len() != stages || !adds_up(d, 0.0) {
                Err(TableauError::Interpolant)
            } else {
                Ok(())
            }
        }
        Interpolant::Extended { extra, d } => check_extended(coefficients, fsal, extra, d),
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

const fn check_extended(
    coefficients: &Coefficients,
    fsal: bool,
    extra: Extra,
    d: &[&[f64]],
) -> Result<(), TableauError> {
    let stages = coefficients.b.len();
    if extra.c.len() != extra.a.len() || stages + extra.c.len() > MAX_DENSE {
        return Err(TableauError::Shape);
    }
    let mut i = 0;
    while i < extra.a.len() {
        if extra.a[i].len() != stages + i {
            return Err(TableauError::Shape);
        }
        if !adds_up(extra.a[i], extra.c[i]) {
            return Err(TableauError::RowSum);
        }
        i += 1;
    }
    if !fsal && (extra.a.is_empty() || !same(extra.a[0], coefficients.b)) {
        return Err(TableauError::NotFsal);
    }
    if d.len() != stages + extra.a.len() {
        return Err(TableauError::Interpolant);
    }
    // Σ dᵢⱼ = 0 for each power j.
    let (mut j, mut left) = (0, true);
    while left {
        let (mut total, mut size) = (0.0, 1.0);
        (left, i) = (false, 0);
        while i < d.len() {
            if j < d[i].len() {
                total += d[i][j];
                size += d[i][j].abs();
                left = true;
            }
            i += 1;
        }
        if total.abs() > EXACT * size {
            return Err(TableauError::Interpolant);
        }
        j += 1;
    }
    Ok(())
}

const fn same(xs: &[f64], ys: &[f64]) -> bool {
    let mut i = 0;
    while i < xs.len() {
        if xs[i] != ys[i] {
            return false;
        }
        i += 1;
    }
    true
}
