//! Coefficients of symplectic splittings, checked when they are compiled.

use std::fmt;

/// Allowed residual of the identities; coefficients are printed to 15 digits.
const EXACT: f64 = 1e-12;

/// A splitting of a separable problem into drifts and kicks: for i = 1, …, s
///
/// q ← q + aᵢ h v(p),  p ← p + bᵢ h f(q).
///
/// A zero leaves its half out, so that a method may begin with a kick or end with a drift. Each half
/// is an exact flow, so that the step is symplectic where the problem is Hamiltonian, whatever the
/// coefficients; they make the order. A new splitting is one constant:
///
/// ```
/// use chreode_ode::Splitting;
///
/// // Verlet's method the other way round: half a drift, a kick, half a drift.
/// const POSITION_VERLET: Splitting =
///     Splitting::checked("position verlet", 2, &[0.5, 0.5], &[1.0, 0.0]);
/// assert!(POSITION_VERLET.symmetric());
/// ```
///
/// In a `const`, coefficients that do not add up do not compile:
///
/// ```compile_fail
/// use chreode_ode::Splitting;
///
/// const WRONG: Splitting = Splitting::checked("wrong", 1, &[0.5], &[1.0]);
/// # let _ = WRONG;
/// ```
///
/// E. Hairer, C. Lubich and G. Wanner, Geometric Numerical Integration, 2nd ed. 2006, II.5,
/// doi:10.1007/3-540-30666-8.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Splitting {
    name: &'static str,
    order: u8,
    drift: &'static [f64],
    kick: &'static [f64],
}

/// What is wrong with the coefficients of a splitting.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum SplittingError {
    /// Nothing to do, or lists of different lengths.
    Shape,
    /// Drifts or kicks that do not sum to 1.
    Sum,
    /// Order 0.
    Order,
    /// Order 2 or more is claimed, but `Σᵢ bᵢ Σⱼ≤ᵢ aⱼ ≠ 1/2`.
    SecondOrder,
}

impl SplittingError {
    const fn text(self) -> &'static str {
        match self {
            Self::Shape => "a splitting has one drift and one kick a stage, and one stage at least",
            Self::Sum => "the drifts of a splitting sum to 1, and so do its kicks",
            Self::Order => "the order of a splitting is 1 at least",
            Self::SecondOrder => {
                "a splitting of order 2 or more has kicks whose mean place is the middle of the step"
            }
        }
    }
}

impl fmt::Display for SplittingError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.text())
    }
}

impl std::error::Error for SplittingError {}

impl Splitting {
    /// The splitting with these drifts a and kicks b; usable in `const`.
    ///
    /// # Errors
    /// Says which identity fails. The conditions of order 3 and above are not checked.
    pub const fn new(
        name: &'static str,
        order: u8,
        drift: &'static [f64],
        kick: &'static [f64],
    ) -> Result<Self, SplittingError> {
        if drift.is_empty() || drift.len() != kick.len() {
            return Err(SplittingError::Shape);
        }
        let (mut drifted, mut kicked, mut middle, mut i) = (0.0, 0.0, 0.0, 0);
        while i < drift.len() {
            drifted += drift[i];
            kicked += kick[i];
            middle += kick[i] * drifted;
            i += 1;
        }
        if !near(drifted, 1.0) || !near(kicked, 1.0) {
            return Err(SplittingError::Sum);
        }
        if order == 0 {
            return Err(SplittingError::Order);
        }
        if order > 1 && !near(middle, 0.5) {
            return Err(SplittingError::SecondOrder);
        }
        Ok(Self { name, order, drift, kick })
    }

    /// The same, for constants: a mistake is a compile error that says what it is.
    ///
    /// # Panics
    /// At run time, where [`new`](Self::new) returns an error.
    pub const fn checked(name: &'static str, order: u8, drift: &'static [f64], kick: &'static [f64]) -> Self {
        match Self::new(name, order, drift, kick) {
            Ok(splitting) => splitting,
            Err(error) => panic!("{}", error.text()),
        }
    }

    /// Its name, in lower case.
    pub const fn name(&self) -> &'static str {
        self.name
    }

    /// The order it claims.
    pub const fn order(&self) -> u8 {
        self.order
    }

    /// The drifts aᵢ.
    pub const fn drift(&self) -> &'static [f64] {
        self.drift
    }

    /// The kicks bᵢ.
    pub const fn kick(&self) -> &'static [f64] {
        self.kick
    }

    /// Whether it reads the same backwards: then a step of −h undoes a step of h.
    pub fn symmetric(&self) -> bool {
        let there: Vec<_> = self.flows().collect();
        there.iter().eq(there.iter().rev())
    }

    /// Its drifts and kicks in turn, zeros left out.
    pub(super) fn flows(&self) -> impl DoubleEndedIterator<Item = Flow> + use<> {
        let (drift, kick) = (self.drift, self.kick);
        (0..2 * drift.len())
            .map(move |j| if j % 2 == 0 { Flow::Drift(drift[j / 2]) } else { Flow::Kick(kick[j / 2]) })
            .filter(|flow| !matches!(flow, Flow::Drift(0.0) | Flow::Kick(0.0)))
    }
}

/// One exact flow of a splitting, by its fraction of the step.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Flow {
    /// q moves with p.
    Drift(f64),
    /// p moves with q.
    Kick(f64),
}

const fn near(x: f64, y: f64) -> bool {
    (x - y).abs() < EXACT
}
