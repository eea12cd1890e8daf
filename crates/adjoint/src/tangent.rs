//! What forward sensitivities ask of a field.

use chreode_core::{Coordinates, Jvp, Pullback, VectorField, VectorSpace, Vjp};

/// A field that pushes forward a tangent of its parameters too.
pub trait ParameterJvp<Y>: Vjp<Y> + Jvp<Y> {
    /// `(∂f/∂θ)(t, y) · v`.
    fn jvp_params(&self, t: f64, y: &Y, v: &Self::Params) -> Y;
}

/// Gives any field with a [`Vjp`] the tangents as well, when asked for by name: entry i of `(∂f/∂y) v` is
/// `⟨eᵢᵀ ∂f/∂y, v⟩`, so each costs one pullback an entry of the state.
///
/// Exact, and dear for large states; write [`Jvp`] and [`ParameterJvp`] by hand for those.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Transposed<F>(pub F);

impl<F> Transposed<F> {
    /// The state whose entry i is `entry` of the pullback of the i-th unit vector.
    fn rows<Y, G>(&self, t: f64, y: &Y, entry: impl Fn(Pullback<Y, G>) -> f64) -> Y
    where
        Y: Coordinates,
        F: Vjp<Y, Params = G>,
    {
        let (n, mut out) = (y.size(), y.zeros_like());
        let mut unit = y.zeros_like();
        let (mut values, mut axis) = (vec![0.0; n], vec![0.0; n]);
        for i in 0..n {
            axis[i] = 1.0;
            unit.write(&axis);
            values[i] = entry(self.0.vjp(t, y, &unit));
            axis[i] = 0.0;
        }
        out.write(&values);
        out
    }
}

impl<Y, F: VectorField<Y>> VectorField<Y> for Transposed<F> {
    fn eval(&self, t: f64, y: &Y) -> Y {
        self.0.eval(t, y)
    }

    fn eval_into(&self, t: f64, y: &Y, dy: &mut Y) {
        self.0.eval_into(t, y, dy);
    }
}

impl<Y, F: Vjp<Y>> Vjp<Y> for Transposed<F> {
    type Params = F::Params;

    fn vjp(&self, t: f64, y: &Y, a: &Y) -> Pullback<Y, F::Params> {
        self.0.vjp(t, y, a)
    }

    fn vjp_time(&self, t: f64, y: &Y, a: &Y) -> f64
    where
        Y: VectorSpace,
    {
        self.0.vjp_time(t, y, a)
    }
}

impl<Y: Coordinates, F: Vjp<Y>> Jvp<Y> for Transposed<F> {
    fn jvp(&self, t: f64, y: &Y, v: &Y) -> Y {
        self.rows(t, y, |back| back.state.dot(v))
    }
}

impl<Y: Coordinates, F: Vjp<Y>> ParameterJvp<Y> for Transposed<F> {
    fn jvp_params(&self, t: f64, y: &Y, v: &F::Params) -> Y {
        self.rows(t, y, |back| back.params.dot(v))
    }
}
