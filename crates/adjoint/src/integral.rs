//! Integrals along a solution, with their gradients.

use chreode_core::{Passenger, Pullback, VectorField, VectorSpace, Vjp};

/// Something to integrate along a solution: q′ = r(t, y).
pub trait Integrand<Y> {
    /// What it is: a number, or a vector of them.
    type Value: VectorSpace;
    /// Its own parameters; `[f64; 0]` for none.
    type Params: VectorSpace;

    /// `r(t, y)`.
    fn eval(&self, t: f64, y: &Y) -> Self::Value;

    /// `r`, `bᵀ ∂r/∂y` and `bᵀ ∂r/∂φ`.
    fn pull(&self, t: f64, y: &Y, b: &Self::Value) -> (Self::Value, Y, Self::Params);
}

/// The field y′ = f with q′ = r(t, y) as a passenger that steers no step: a state `(y, Passenger(q))`, whose
/// gradient any adjoint takes.
///
/// The integral of a loss over time is an output at the end; begin with q = 0.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct WithIntegral<F, R> {
    /// The field f.
    pub field: F,
    /// The integrand r.
    pub integrand: R,
}

impl<Y, F, R> VectorField<(Y, Passenger<R::Value>)> for WithIntegral<F, R>
where
    F: VectorField<Y>,
    R: Integrand<Y>,
{
    fn eval(&self, t: f64, (y, _): &(Y, Passenger<R::Value>)) -> (Y, Passenger<R::Value>) {
        (self.field.eval(t, y), Passenger(self.integrand.eval(t, y)))
    }
}

impl<Y, F, R> Vjp<(Y, Passenger<R::Value>)> for WithIntegral<F, R>
where
    Y: VectorSpace,
    F: Vjp<Y>,
    R: Integrand<Y>,
{
    type Params = (F::Params, R::Params);

    fn vjp(
        &self,
        t: f64,
        (y, _): &(Y, Passenger<R::Value>),
        (a, Passenger(b)): &(Y, Passenger<R::Value>),
    ) -> Pullback<(Y, Passenger<R::Value>), Self::Params> {
        let back = self.field.vjp(t, y, a);
        let (rate, by_y, by_params) = self.integrand.pull(t, y, b);
        Pullback {
            value: (back.value, Passenger(rate)),
            state: (back.state.plus(&[(1.0, &by_y)]), Passenger(b.zeros_like())),
            params: (back.params, by_params),
        }
    }
}

/// The field with its kinetic energy ∫ |f|² dt as a passenger: what optimal-transport regularisation asks
/// for.
///
/// L. Ruthotto et al., A machine learning framework for solving high-dimensional mean field game and mean
/// field control problems, PNAS 117 (2020), doi:10.1073/pnas.1922204117; C. Finlay et al., How to train
/// your neural ODE, ICML 2020, arXiv:2002.02798.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct WithEnergy<F>(pub F);

impl<Y: VectorSpace, F: VectorField<Y>> VectorField<(Y, Passenger<f64>)> for WithEnergy<F> {
    fn eval(&self, t: f64, (y, _): &(Y, Passenger<f64>)) -> (Y, Passenger<f64>) {
        let f = self.0.eval(t, y);
        let energy = f.dot(&f);
        (f, Passenger(energy))
    }
}

impl<Y: VectorSpace, F: Vjp<Y>> Vjp<(Y, Passenger<f64>)> for WithEnergy<F> {
    type Params = F::Params;

    /// One evaluation, and one pullback of a + 2 b f.
    fn vjp(
        &self,
        t: f64,
        (y, _): &(Y, Passenger<f64>),
        (a, Passenger(b)): &(Y, Passenger<f64>),
    ) -> Pullback<(Y, Passenger<f64>), F::Params> {
        let f = self.0.eval(t, y);
        let energy = f.dot(&f);
        let back = self.0.vjp(t, y, &a.plus(&[(2.0 * b, &f)]));
        Pullback { value: (f, Passenger(energy)), state: (back.state, Passenger(0.0)), params: back.params }
    }
}
