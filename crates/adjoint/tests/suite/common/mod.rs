//! Fields with pullbacks by hand, steps held still, and finite differences.

#![allow(dead_code, reason = "each test file uses its own part")]

use chreode_core::{Pullback, Tolerance, VectorField, Vjp};
use chreode_ode::{DOPRI5, Every, ExplicitRk, Fixed, Pi, Solve, SolveError, Span, StepControl, Tableau};
use chreode_ode::{Trial, Verdict};
use std::cell::Cell;

/// x″ + δ x′ + α x + β x³ = γ cos ωt, with parameters (δ, α, β, γ, ω).
#[derive(Clone, Copy, Debug)]
pub(crate) struct Duffing(pub(crate) [f64; 5]);

pub(crate) const DUFFING: Duffing = Duffing([0.3, -1.0, 1.0, 0.5, 1.2]);

impl VectorField<[f64; 2]> for Duffing {
    fn eval(&self, t: f64, &[x, v]: &[f64; 2]) -> [f64; 2] {
        let [d, a, b, g, w] = self.0;
        [v, g * (w * t).cos() - d * v - a * x - b * x.powi(3)]
    }
}

impl Vjp<[f64; 2]> for Duffing {
    type Params = [f64; 5];

    fn vjp(&self, t: f64, y: &[f64; 2], u: &[f64; 2]) -> Pullback<[f64; 2], [f64; 5]> {
        let ([x, v], [d, a, b, g, w]) = (*y, self.0);
        Pullback {
            value: self.eval(t, y),
            state: [u[1] * (-a - 3.0 * b * x * x), u[0] - d * u[1]],
            params: [-v, -x, -x.powi(3), (w * t).cos(), -g * t * (w * t).sin()].map(|p| u[1] * p),
        }
    }
}

/// dy/dt = A y, with A's entries as parameters, row by row.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Linear(pub(crate) [f64; 4]);

impl VectorField<[f64; 2]> for Linear {
    fn eval(&self, _t: f64, y: &[f64; 2]) -> [f64; 2] {
        let a = &self.0;
        [a[0] * y[0] + a[1] * y[1], a[2] * y[0] + a[3] * y[1]]
    }
}

impl Vjp<[f64; 2]> for Linear {
    type Params = [f64; 4];

    fn vjp(&self, t: f64, y: &[f64; 2], u: &[f64; 2]) -> Pullback<[f64; 2], [f64; 4]> {
        let a = &self.0;
        Pullback {
            value: self.eval(t, y),
            state: [a[0] * u[0] + a[2] * u[1], a[1] * u[0] + a[3] * u[1]],
            params: [u[0] * y[0], u[0] * y[1], u[1] * y[0], u[1] * y[1]],
        }
    }
}

/// The Lorenz system with parameters (σ, ρ, β).
#[derive(Clone, Copy, Debug)]
pub(crate) struct Lorenz(pub(crate) [f64; 3]);

impl VectorField<[f64; 3]> for Lorenz {
    fn eval(&self, _t: f64, &[x, y, z]: &[f64; 3]) -> [f64; 3] {
        let [s, r, b] = self.0;
        [s * (y - x), x * (r - z) - y, x * y - b * z]
    }
}

impl Vjp<[f64; 3]> for Lorenz {
    type Params = [f64; 3];

    fn vjp(&self, t: f64, p: &[f64; 3], u: &[f64; 3]) -> Pullback<[f64; 3], [f64; 3]> {
        let ([x, y, z], [s, r, b]) = (*p, self.0);
        Pullback {
            value: self.eval(t, p),
            state: [-s * u[0] + (r - z) * u[1] + y * u[2], s * u[0] - u[1] + x * u[2], -x * u[1] - b * u[2]],
            params: [u[0] * (y - x), u[1] * x, -u[2] * z],
        }
    }
}

/// Counts what is asked of a field.
pub(crate) struct Counting<F> {
    pub(crate) field: F,
    pub(crate) evals: Cell<usize>,
    pub(crate) pulls: Cell<usize>,
}

impl<F> Counting<F> {
    pub(crate) fn new(field: F) -> Self {
        Self { field, evals: Cell::new(0), pulls: Cell::new(0) }
    }

    /// Evaluations and pullbacks since the last call.
    pub(crate) fn take(&self) -> (usize, usize) {
        (self.evals.take(), self.pulls.take())
    }
}

impl<Y, F: VectorField<Y>> VectorField<Y> for Counting<F> {
    fn eval(&self, t: f64, y: &Y) -> Y {
        self.evals.set(self.evals.get() + 1);
        self.field.eval(t, y)
    }
}

impl<Y, F: Vjp<Y>> Vjp<Y> for Counting<F> {
    type Params = F::Params;

    fn vjp(&self, t: f64, y: &Y, a: &Y) -> Pullback<Y, F::Params> {
        self.pulls.set(self.pulls.get() + 1);
        self.field.vjp(t, y, a)
    }
}

/// Steps that end at the given times inside the span, and then at its end.
#[derive(Clone, Debug)]
pub(crate) struct Replay(pub(crate) Vec<f64>);

impl StepControl for Replay {
    type Memory = Span;
    type Norm = Tolerance;

    fn norm(&self) -> Option<&Tolerance> {
        None
    }
    fn start(&self, span: Span, _first: f64) -> Result<Span, SolveError> {
        Ok(span)
    }
    fn next(&self, t: f64, span: &Span) -> f64 {
        let ahead = |s: &&f64| (**s - t) * span.direction() > 0.0;
        self.0.iter().find(ahead).copied().unwrap_or(span.t1)
    }
    fn judge(&self, _trial: Trial, _span: &mut Span) -> Verdict {
        Verdict::Accept
    }
}

pub(crate) fn adaptive(tolerance: f64) -> Solve<ExplicitRk, Pi> {
    Solve::new(ExplicitRk::new(DOPRI5), Pi::new(Tolerance::both(tolerance)))
}

pub(crate) fn fixed(tableau: Tableau, steps: usize) -> Solve<ExplicitRk, Fixed> {
    Solve::new(ExplicitRk::new(tableau), Fixed::steps(steps))
}

/// The same method on the steps that `solve` takes, their inner ends held.
pub(crate) fn held<P, C, const N: usize>(
    solve: &Solve<ExplicitRk, C>,
    field: &P,
    span: Span,
    y0: [f64; N],
) -> Solve<ExplicitRk, Replay>
where
    P: VectorField<[f64; N]>,
    C: StepControl<Norm: chreode_core::Norm<[f64; N]>>,
{
    let mut save = Every::step();
    let report = solve.run(field, span, y0, &mut save).expect("a smooth solve");
    assert!(report.stats.accepted > 0);
    let inner = save.times[1..save.times.len() - 1].to_vec();
    Solve::new(solve.stepper, Replay(inner))
}

/// The derivatives of `f` with respect to each of `x`, by central differences extrapolated once: error O(ε⁴).
pub(crate) fn differences(x: &[f64], epsilon: f64, f: impl Fn(&[f64]) -> f64) -> Vec<f64> {
    let slope = |i: usize, e: f64| {
        let mut moved = x.to_vec();
        moved[i] = x[i] + e;
        let ahead = f(&moved);
        moved[i] = x[i] - e;
        (ahead - f(&moved)) / (2.0 * e)
    };
    (0..x.len()).map(|i| (4.0 * slope(i, epsilon) - slope(i, 2.0 * epsilon)) / 3.0).collect()
}

/// The largest distance between entries, over the largest entry.
pub(crate) fn apart(a: &[f64], b: &[f64]) -> f64 {
    assert_eq!(a.len(), b.len());
    let size = b.iter().fold(0.0f64, |m, x| m.max(x.abs()));
    let gap = a.iter().zip(b).fold(0.0f64, |m, (x, y)| m.max((x - y).abs()));
    assert!(gap.is_finite() && size.is_finite());
    if gap == 0.0 { 0.0 } else { gap / size }
}
