//! Separable problems: positions move with momenta, momenta with positions.

use chreode_core::{VectorField, VectorSpace};

/// A separable problem, q′ = v(t, p), p′ = f(t, q): what a splitting asks for.
///
/// A Hamiltonian H(q, p) = T(p) + V(q) is one, with v = ∂T/∂p and f = −∂V/∂q. The state of a solve is
/// the pair `(q, p)`. With explicit time each half is taken at the time the splitting has brought the
/// other to, so that orders hold for problems that are not autonomous.
pub trait Separable<Q, P> {
    /// `v(t, p)`.
    fn velocity(&self, t: f64, p: &P) -> Q;

    /// `f(t, q)`.
    fn force(&self, t: f64, q: &Q) -> P;

    /// `out = v(t, p)`.
    fn velocity_into(&self, t: f64, p: &P, out: &mut Q) {
        *out = self.velocity(t, p);
    }

    /// `out = f(t, q)`.
    fn force_into(&self, t: f64, q: &Q, out: &mut P) {
        *out = self.force(t, q);
    }
}

/// Two closures as a separable problem; also the vector field of `(q, p)`, so that any other method
/// solves it too.
///
/// ```
/// use chreode_ode::{Fixed, Solve, Span, Separated, Symplectic, VERLET};
///
/// let pendulum = Separated {
///     velocity: |_t: f64, p: &[f64; 1]| [p[0]],
///     force: |_t: f64, q: &[f64; 1]| [-q[0].sin()],
/// };
/// let energy = |(q, p): &([f64; 1], [f64; 1])| 0.5 * p[0] * p[0] - q[0].cos();
/// let start = ([1.0], [0.0]);
/// let solve = Solve::new(Symplectic::new(VERLET), Fixed::new(0.1));
/// let end = solve.end(&pendulum, Span { t0: 0.0, t1: 1000.0 }, start)?;
/// assert!((energy(&end) - energy(&start)).abs() < 1e-3);
/// # Ok::<(), chreode_ode::SolveError>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Separated<V, F> {
    /// `v(t, p)`.
    pub velocity: V,
    /// `f(t, q)`.
    pub force: F,
}

impl<Q, P, V: Fn(f64, &P) -> Q, F: Fn(f64, &Q) -> P> Separable<Q, P> for Separated<V, F> {
    #[inline]
    fn velocity(&self, t: f64, p: &P) -> Q {
        (self.velocity)(t, p)
    }

    #[inline]
    fn force(&self, t: f64, q: &Q) -> P {
        (self.force)(t, q)
    }
}

impl<Q, P, V: Fn(f64, &P) -> Q, F: Fn(f64, &Q) -> P> VectorField<(Q, P)> for Separated<V, F> {
    #[inline]
    fn eval(&self, t: f64, y: &(Q, P)) -> (Q, P) {
        ((self.velocity)(t, &y.1), (self.force)(t, &y.0))
    }
}

/// q″ = a(t, q) as a separable problem: the momentum is the velocity.
///
/// `a` is anything that is a [`VectorField`] of q: a closure, or a network.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct SecondOrder<A>(pub A);

impl<Y: VectorSpace, A: VectorField<Y>> Separable<Y, Y> for SecondOrder<A> {
    fn velocity(&self, _t: f64, p: &Y) -> Y {
        p.duplicate()
    }

    fn force(&self, t: f64, q: &Y) -> Y {
        self.0.eval(t, q)
    }

    fn velocity_into(&self, _t: f64, p: &Y, out: &mut Y) {
        p.plus_into(&[], out);
    }

    fn force_into(&self, t: f64, q: &Y, out: &mut Y) {
        self.0.eval_into(t, q, out);
    }
}

impl<Y: VectorSpace, A: VectorField<Y>> VectorField<(Y, Y)> for SecondOrder<A> {
    fn eval(&self, t: f64, y: &(Y, Y)) -> (Y, Y) {
        (y.1.duplicate(), self.0.eval(t, &y.0))
    }
}
