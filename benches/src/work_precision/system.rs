//! A problem as chreode's solvers want it.

use chreode_bench_problems::Ivp;
use chreode_core::VectorField;
use chreode_ode::{Jacobian, Matrix};
use std::marker::PhantomData;

/// The field of `P` and its Jacobian by hand.
pub(super) struct System<P, const N: usize>(PhantomData<P>);

impl<P: Ivp<N>, const N: usize> System<P, N> {
    pub(super) const fn new() -> Self {
        Self(PhantomData)
    }
}

impl<P: Ivp<N>, const N: usize> VectorField<[f64; N]> for System<P, N> {
    #[inline]
    fn eval(&self, t: f64, y: &[f64; N]) -> [f64; N] {
        P::field(t, y)
    }
}

impl<P: Ivp<N>, const N: usize> Jacobian<[f64; N]> for System<P, N> {
    type Workspace = ();

    fn workspace(&self, _y: &[f64; N], _like: &Matrix) {}

    #[inline]
    fn jacobian(
        &self,
        t: f64,
        y: &[f64; N],
        _slope: &[f64; N],
        out: &mut Matrix,
        _workspace: &mut (),
    ) -> usize {
        out.set_rows(&P::jacobian(t, y));
        0
    }

    // Time does not enter any of the problems.
    fn time_derivative(
        &self,
        _t: f64,
        _y: &[f64; N],
        _slope: &[f64; N],
        out: &mut [f64; N],
        _workspace: &mut (),
    ) -> usize {
        *out = [0.0; N];
        0
    }
}
