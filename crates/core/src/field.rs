//! Vector fields dy/dt = f(t, y), and what may be asked of their derivative.

use crate::{Kept, Pulled, VectorSpace};

/// The right-hand side of dy/dt = f(t, y).
///
/// Any `Fn(f64, &Y) -> Y` is one. Override [`eval_into`](Self::eval_into) to reuse memory.
pub trait VectorField<Y> {
    /// `f(t, y)`.
    fn eval(&self, t: f64, y: &Y) -> Y;

    /// `dy = f(t, y)`.
    fn eval_into(&self, t: f64, y: &Y, dy: &mut Y) {
        *dy = self.eval(t, y);
    }
}

impl<Y, F: Fn(f64, &Y) -> Y> VectorField<Y> for F {
    #[inline]
    fn eval(&self, t: f64, y: &Y) -> Y {
        self(t, y)
    }
}

/// A field that can push a tangent forward: what implicit methods ask for.
pub trait Jvp<Y>: VectorField<Y> {
    /// `(∂f/∂y)(t, y) · v`.
    fn jvp(&self, t: f64, y: &Y, v: &Y) -> Y;
}

/// A field that can pull a cotangent back: what adjoints ask for.
pub trait Vjp<Y>: VectorField<Y> {
    /// The parameters, as a vector space of their own.
    type Params: VectorSpace;

    /// `f`, `aᵀ ∂f/∂y` and `aᵀ ∂f/∂θ` at `(t, y)`, computed together.
    fn vjp(&self, t: f64, y: &Y, a: &Y) -> Pullback<Y, Self::Params>;

    /// `aᵀ ∂f/∂t` at `(t, y)`: what gradients with respect to times ask for.
    ///
    /// By default by central differences in t with the step `ε = ∛(machine epsilon) · max(1, |t|)` of `f64`:
    /// about ten digits for smooth fields, and exactly 0 for those that do not read t. Override it where the
    /// derivative is known, or where the field computes with fewer digits.
    fn vjp_time(&self, t: f64, y: &Y, a: &Y) -> f64
    where
        Y: VectorSpace,
    {
        time_difference(self, t, y, a, f64::EPSILON.cbrt())
    }

    /// Zero, shaped like the parameters. By default from a pullback at `(t, y)`.
    fn zero_params(&self, t: f64, y: &Y) -> Self::Params
    where
        Y: VectorSpace,
    {
        self.vjp(t, y, &y.zeros_like()).params.zeros_like()
    }

    /// `dy = f(t, y)`, to the bits of [`eval_into`](VectorField::eval_into), leaving in `kept` what
    /// [`pull_kept`](Self::pull_kept) needs. By default nothing.
    fn eval_kept(&self, t: f64, y: &Y, dy: &mut Y, kept: &mut Kept) {
        kept.clear();
        self.eval_into(t, y, dy);
    }

    /// The pullback of the evaluation that filled `kept`, without another evaluation: sets
    /// `state = aᵀ ∂f/∂y` and adds `aᵀ ∂f/∂θ` to `params`, with the bits of [`vjp`](Self::vjp). What is in
    /// `kept` may be used up.
    fn pull_kept(&self, _kept: &mut Kept, _a: &Y, _state: &mut Y, _params: &mut Self::Params) -> Pulled {
        Pulled::NothingKept
    }
}

/// `aᵀ ∂f/∂t` by central differences with the step `relative · max(1, |t|)`.
pub(crate) fn time_difference<Y: VectorSpace, F: VectorField<Y> + ?Sized>(
    field: &F,
    t: f64,
    y: &Y,
    a: &Y,
    relative: f64,
) -> f64 {
    let epsilon = relative * t.abs().max(1.0);
    let (before, after) = (t - epsilon, t + epsilon);
    (a.dot(&field.eval(after, y)) - a.dot(&field.eval(before, y))) / (after - before)
}

/// What [`Vjp::vjp`] returns.
#[derive(Clone, Debug, PartialEq)]
pub struct Pullback<Y, P> {
    /// `f(t, y)`.
    pub value: Y,
    /// `aᵀ ∂f/∂y`.
    pub state: Y,
    /// `aᵀ ∂f/∂θ`.
    pub params: P,
}

/// Gives any field a [`Jvp`] by central differences, when asked for by name.
///
/// The error is O(ε²) in the step `ε = ∛(machine epsilon) · max(1, |y|) / |v|` plus rounding: about
/// ten digits for smooth fields in `f64`.
#[derive(Clone, Copy, Debug)]
pub struct FiniteDifference<F>(pub F);

impl<Y, F: VectorField<Y>> VectorField<Y> for FiniteDifference<F> {
    fn eval(&self, t: f64, y: &Y) -> Y {
        self.0.eval(t, y)
    }

    fn eval_into(&self, t: f64, y: &Y, dy: &mut Y) {
        self.0.eval_into(t, y, dy);
    }
}

impl<Y: VectorSpace, F: VectorField<Y>> Jvp<Y> for FiniteDifference<F> {
    fn jvp(&self, t: f64, y: &Y, v: &Y) -> Y {
        let size = v.dot(v).sqrt();
        if size == 0.0 {
            return v.zeros_like();
        }
        let epsilon = f64::EPSILON.cbrt() * y.dot(y).sqrt().max(1.0) / size;
        let ahead = self.0.eval(t, &y.plus(&[(epsilon, v)]));
        let behind = self.0.eval(t, &y.plus(&[(-epsilon, v)]));
        v.zeros_like().plus(&[(0.5 / epsilon, &ahead), (-0.5 / epsilon, &behind)])
    }
}
