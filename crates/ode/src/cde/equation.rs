//! The equation dz = f(t, z) dX, and what its two parts must say.

use crate::Span;
use chreode_core::VectorField;

/// Which polynomial gives the derivative of a path where two meet.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Branch {
    /// The one to the right: for solves forwards.
    Right,
    /// The one to the left: for solves backwards.
    Left,
    /// The one to the right, but of those between these times only: at `to` the one to its left, which
    /// also goes on beyond it, as does the first before `from`. For one stretch of a path by itself.
    Within {
        /// Start of the stretch.
        from: f64,
        /// Its end, later.
        to: f64,
    },
}

impl Branch {
    /// Where to look for the polynomial at `t`, and on which side of it.
    #[inline]
    pub(super) fn place(self, t: f64) -> (f64, Side) {
        match self {
            Self::Right => (t, Side::Right),
            Self::Left => (t, Side::Left),
            Self::Within { to, .. } if t >= to => (to, Side::Left),
            Self::Within { from, .. } => (t.max(from), Side::Right),
        }
    }
}

/// One of two.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Side {
    Left,
    Right,
}

/// A path X(t) of `channels` channels that drives an equation; one a row in a batch.
///
/// Where the derivative is continuous the branch can be ignored. A path that wraps another under a time of
/// its own has to move the times in the branch, too.
pub trait ControlPath {
    /// Channels of one row.
    fn channels(&self) -> usize;

    /// The times it covers.
    fn span(&self) -> Span;

    /// `out = X(t)`, `rows × channels` numbers, row by row; NaN outside the span.
    fn value(&self, t: f64, out: &mut [f64]);

    /// `out = X′(t)`, likewise.
    fn derivative(&self, t: f64, branch: Branch, out: &mut [f64]);

    /// Rows of a batch; 1 for a path by itself.
    fn rows(&self) -> usize {
        1
    }

    /// Increasing times at which the path is not smooth, ends included: steps are most exact when they
    /// end there.
    fn knots(&self) -> &[f64] {
        &[]
    }

    /// Those at which the derivative jumps: steps must end there to keep a method's order. By default all
    /// knots.
    fn jumps(&self) -> &[f64] {
        self.knots()
    }
}

impl<X: ControlPath + ?Sized> ControlPath for &X {
    fn channels(&self) -> usize {
        (**self).channels()
    }

    fn span(&self) -> Span {
        (**self).span()
    }

    fn value(&self, t: f64, out: &mut [f64]) {
        (**self).value(t, out);
    }

    fn derivative(&self, t: f64, branch: Branch, out: &mut [f64]) {
        (**self).derivative(t, branch, out);
    }

    fn rows(&self) -> usize {
        (**self).rows()
    }

    fn knots(&self) -> &[f64] {
        (**self).knots()
    }

    fn jumps(&self) -> &[f64] {
        (**self).jumps()
    }
}

/// The field of a controlled equation: f(t, z), a matrix with one column a channel, applied to dX.
///
/// Any `Fn(f64, &Y, &[f64]) -> Y` is one. Given as the product, so that the matrix need not be formed
/// where the field knows better. In a batch dX has `rows × channels` entries, row by row.
pub trait ControlledField<Y> {
    /// `f(t, z) dx`.
    fn apply(&self, t: f64, z: &Y, dx: &[f64]) -> Y;

    /// `out = f(t, z) dx`.
    fn apply_into(&self, t: f64, z: &Y, dx: &[f64], out: &mut Y) {
        *out = self.apply(t, z, dx);
    }
}

impl<Y, F: Fn(f64, &Y, &[f64]) -> Y> ControlledField<Y> for F {
    #[inline]
    fn apply(&self, t: f64, z: &Y, dx: &[f64]) -> Y {
        self(t, z, dx)
    }
}

/// The controlled differential equation dz = f(t, z) dX along a path (its own or lent), as the vector field
/// z′ = f(t, z) X′(t): every solver of this crate solves it.
///
/// The solution depends on the course of X and not on its speed. At a knot the derivative is the one to
/// the right; [`backwards`](Self::backwards) takes the one to the left. A step whose end is a knot with a
/// jump wants the derivative of its own side at both ends; [`at`](Self::at) and [`end`](Self::end) solve
/// piece by piece so that it gets it, while a plain [`Solve`](crate::Solve) is right for paths without
/// [`jumps`](ControlPath::jumps) and for methods that do not evaluate at the end of a step. Off the path
/// the field is not a number, so that a solve fails there rather than goes on without data.
///
/// P. Kidger, J. Morrill, J. Foster and T. Lyons, Neural controlled differential equations for irregular
/// time series, NeurIPS 2020, arXiv:2005.08926.
///
/// ```
/// use chreode_core::Tolerance;
/// use chreode_ode::{Cde, DataPath, ExplicitRk, Observations, Pi, Solve, TSIT5};
///
/// // dz = z dX: z = z₀ exp(X − X₀), however X went.
/// let data = Observations::from_rows(&[0.0, 1.0, 2.0, 4.0], &[[0.0], [1.5], [-0.2], [0.7]])?;
/// let cde = Cde::new(|_t: f64, z: &[f64; 1], dx: &[f64]| [z[0] * dx[0]], DataPath::linear(&data)?);
/// let solve = Solve::new(ExplicitRk::new(TSIT5), Pi::new(Tolerance::both(1e-9)));
/// let z = cde.at(&solve, [2.0], &[0.0, 1.0, 4.0])?;
/// assert!((z[1][0] - 2.0 * 1.5f64.exp()).abs() < 1e-7);
/// assert!((z[2][0] - 2.0 * 0.7f64.exp()).abs() < 1e-7);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Cde<F, X> {
    /// f.
    pub field: F,
    /// X.
    pub path: X,
    branch: Branch,
}

impl<F, X: ControlPath> Cde<F, X> {
    /// The equation of `field` along `path`.
    pub const fn new(field: F, path: X) -> Self {
        Self { field, path, branch: Branch::Right }
    }

    /// The same with the derivative from the left at knots, for plain solves backwards.
    pub fn backwards(self) -> Self {
        Self { branch: Branch::Left, ..self }
    }

    /// The equation on one stretch of the path, in either direction: at both ends it has the derivative
    /// from inside. Between two neighbours among the [`jumps`](ControlPath::jumps) it has none.
    pub const fn within(&self, span: Span) -> PinnedCde<'_, F, X> {
        let Span { t0, t1 } = span;
        let branch =
            if t1 < t0 { Branch::Within { from: t1, to: t0 } } else { Branch::Within { from: t0, to: t1 } };
        PinnedCde { cde: self, branch }
    }

    /// Lends `f` the derivative of the path.
    #[inline]
    fn driven<R>(&self, t: f64, branch: Branch, f: impl FnOnce(&[f64]) -> R) -> R {
        /// Derivatives up to this size lie on the stack.
        const SMALL: usize = 64;
        let size = self.path.rows() * self.path.channels();
        let (mut small, mut large) = ([0.0; SMALL], Vec::new());
        let dx = if size <= SMALL {
            &mut small[..size]
        } else {
            large.resize(size, 0.0);
            &mut large
        };
        self.path.derivative(t, branch, dx);
        f(dx)
    }
}

impl<Y, F: ControlledField<Y>, X: ControlPath> VectorField<Y> for Cde<F, X> {
    fn eval(&self, t: f64, z: &Y) -> Y {
        self.driven(t, self.branch, |dx| self.field.apply(t, z, dx))
    }

    fn eval_into(&self, t: f64, z: &Y, dz: &mut Y) {
        self.driven(t, self.branch, |dx| self.field.apply_into(t, z, dx, dz));
    }
}

/// A [`Cde`] on one stretch of its path: what [`Cde::within`] returns.
#[derive(Clone, Copy, Debug)]
pub struct PinnedCde<'a, F, X> {
    cde: &'a Cde<F, X>,
    branch: Branch,
}

impl<Y, F: ControlledField<Y>, X: ControlPath> VectorField<Y> for PinnedCde<'_, F, X> {
    fn eval(&self, t: f64, z: &Y) -> Y {
        self.cde.driven(t, self.branch, |dx| self.cde.field.apply(t, z, dx))
    }

    fn eval_into(&self, t: f64, z: &Y, dz: &mut Y) {
        self.cde.driven(t, self.branch, |dx| self.cde.field.apply_into(t, z, dx, dz));
    }
}
