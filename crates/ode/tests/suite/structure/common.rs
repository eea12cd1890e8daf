//! Problems, and the slope of an error.

use chreode_core::VectorField;
use chreode_ode::{Fixed, SecondOrder, Solve, Span, Stepper};

/// A position and a momentum in the plane.
pub(crate) type Plane = ([f64; 2], [f64; 2]);

/// A force that is a function.
pub(crate) type Force<const N: usize> = fn(f64, &[f64; N]) -> [f64; N];

/// Kepler's problem, H = |p|²/2 − 1/|q|.
pub(crate) const KEPLER: SecondOrder<Force<2>> = SecondOrder(|_, q| {
    let r3 = (q[0] * q[0] + q[1] * q[1]).powf(1.5);
    [-q[0] / r3, -q[1] / r3]
});

/// The periapsis of eccentricity 0.6 and period 2π: E = −1/2.
pub(crate) const PERIAPSIS: Plane = ([0.4, 0.0], [0.0, 2.0]);

pub(crate) fn kepler_energy((q, p): &Plane) -> f64 {
    0.5 * (p[0] * p[0] + p[1] * p[1]) - 1.0 / q[0].hypot(q[1])
}

/// The pendulum, H = p²/2 − cos q.
pub(crate) const PENDULUM: SecondOrder<Force<1>> = SecondOrder(|_, q| [-q[0].sin()]);

pub(crate) fn pendulum_energy((q, p): &([f64; 1], [f64; 1])) -> f64 {
    0.5 * p[0] * p[0] - q[0].cos()
}

/// The pendulum as a field on one state.
pub(crate) fn swing(_t: f64, y: &[f64; 2]) -> [f64; 2] {
    [y[1], -y[0].sin()]
}

/// y′ = cos t − (y − sin t), y = sin t + e^−t from 1: decays, and is not autonomous.
pub(crate) fn forced(t: f64, y: &[f64; 1]) -> [f64; 1] {
    [t.cos() - (y[0] - t.sin())]
}

/// The slope of log error over log step between `steps` and twice as many.
pub(crate) fn order<P, S, Y>(
    stepper: S,
    problem: &P,
    span: Span,
    y0: Y,
    steps: usize,
    error: impl Fn(&Y) -> f64,
) -> f64
where
    P: ?Sized,
    Y: chreode_core::VectorSpace + Clone,
    S: Stepper<P, Y> + Copy,
{
    let at = |n| {
        error(&Solve::new(stepper, Fixed::steps(n)).end(problem, span, y0.clone()).expect("a smooth problem"))
    };
    (at(steps) / at(2 * steps)).log2()
}

/// The largest entry of `a − b`.
pub(crate) fn apart<const N: usize>(a: &[f64; N], b: &[f64; N]) -> f64 {
    a.iter().zip(b).fold(0.0, |worst: f64, (a, b)| worst.max((a - b).abs()))
}

/// The solution to rounding, by a method of order 5 in many steps.
pub(crate) fn reference<P: VectorField<Y>, Y: chreode_core::VectorSpace>(
    problem: &P,
    span: Span,
    y0: Y,
) -> Y {
    use chreode_core::Tolerance;
    use chreode_ode::{DOPRI5, ExplicitRk, Pi};
    Solve::new(ExplicitRk::new(DOPRI5), Pi::new(Tolerance::both(1e-13)))
        .max_steps(1_000_000)
        .end(problem, span, y0)
        .expect("a smooth problem")
}
