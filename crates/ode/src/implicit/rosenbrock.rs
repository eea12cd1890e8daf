//! Rosenbrock methods: implicit without iteration.

use super::linearised::{Linearised, MassProduct};
use super::start::{first_size, start_slope};
use crate::combine::with_terms;
use crate::{About, Dense, Jacobian, Matrix, Span, StepError, Stepper, Work};
use chreode_core::{Coordinates, Norm, Tolerance, VectorSpace};
use std::mem::swap;

/// The coefficients of a Rosenbrock method in the form that needs no products with J:
/// (M/(hγ) − J) uᵢ = f(t + αᵢh, y + Σⱼ aᵢⱼ uⱼ) + M Σⱼ (cᵢⱼ/h) uⱼ + h γᵢ ∂f/∂t, y₁ = y + Σ mᵢ uᵢ.
///
/// Hairer & Wanner, Solving ODEs II, IV.7.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct RosenbrockCoefficients {
    /// Its name, in lower case.
    pub name: &'static str,
    /// Order of the solution.
    pub order: u8,
    /// Order of the embedded solution.
    pub embedded_order: u8,
    /// γ.
    pub gamma: f64,
    /// Nodes αᵢ.
    pub alpha: &'static [f64],
    /// γᵢ, the sums of the rows of Γ.
    pub gamma_sums: &'static [f64],
    /// The strictly lower triangle of a, row i with i entries.
    pub a: &'static [&'static [f64]],
    /// The strictly lower triangle of c.
    pub c: &'static [&'static [f64]],
    /// Weights m.
    pub m: &'static [f64],
    /// Weights of the error estimate.
    pub error: &'static [f64],
    /// Rows of dense output: y(t + θh) = (1 − θ) y + θ (y₁ + (1 − θ) (d₁ + θ (d₂ + θ d₃ …))), where
    /// dᵣ = Σ denseᵣᵢ uᵢ.
    pub dense: &'static [&'static [f64]],
}

/// A Rosenbrock method for M y′ = f(t, y): one Jacobian and one LU factorisation a step, no iteration.
///
/// The Jacobian is to be accurate: exact, by [`Forward`](crate::Forward) or by hand, or by differences of a
/// smooth field. M may be singular (equations without derivatives, index 1).
///
/// ```
/// use chreode_core::Tolerance;
/// use chreode_ode::{Formula, Forward, Pi, RODAS5P, Rosenbrock, Scalar, Solve, Span};
///
/// struct Robertson;
///
/// impl Formula for Robertson {
///     fn formula<S: Scalar>(&self, _t: S, y: &[S], dy: &mut [S]) {
///         dy[0] = y[1] * y[2] * 1e4 - y[0] * 0.04;
///         dy[2] = y[1] * y[1] * 3e7;
///         dy[1] = -dy[0] - dy[2];
///     }
/// }
///
/// let solve = Solve::new(Rosenbrock::new(RODAS5P), Pi::new(Tolerance { rtol: 1e-6, atol: 1e-10 }));
/// let y = solve.end(&Forward(Robertson), Span { t0: 0.0, t1: 40.0 }, [1.0, 0.0, 0.0])?;
/// assert!((y[0] - 0.7158270688).abs() < 1e-6);
/// # Ok::<(), chreode_ode::SolveError>(())
/// ```
///
/// Hairer & Wanner, Solving ODEs II, IV.7, doi:10.1007/978-3-642-05221-7.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Rosenbrock {
    coefficients: RosenbrockCoefficients,
    /// Bit i: stage i (or, for i the number of stages, the result) is the stage before plus its u.
    continued: u32,
}

impl Rosenbrock {
    /// The method of `coefficients`.
    pub const fn new(coefficients: RosenbrockCoefficients) -> Self {
        let RosenbrockCoefficients { a, m, .. } = coefficients;
        let (mut continued, mut i) = (0, 2);
        while i <= m.len() {
            let row = if i < m.len() { a[i] } else { m };
            let (mut same, mut j) = (row[i - 1] == 1.0, 0);
            while j + 1 < i {
                same = same && row[j] == a[i - 1][j];
                j += 1;
            }
            if same {
                continued |= 1 << i;
            }
            i += 1;
        }
        Self { coefficients, continued }
    }

    /// Its coefficients.
    pub const fn coefficients(&self) -> &RosenbrockCoefficients {
        &self.coefficients
    }

    /// Whether row `i` of `a` (or `m`, for i the number of stages) continues the row before it.
    #[inline]
    const fn continues(&self, i: usize) -> bool {
        self.continued >> i & 1 == 1
    }
}

/// Stages, factors and scratch space of a [`Rosenbrock`] method.
pub struct RosenbrockMemory<W, Y> {
    u: Vec<Y>,
    slope: Y,
    time: Y,
    point: Y,
    sum: Y,
    next: Y,
    error: Y,
    linear: Linearised<W>,
    mass: MassProduct<Y>,
    at: Here,
}

/// What is known at the current `(t, y)`.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Here {
    /// Nothing, not even whether the state satisfies equations without derivatives.
    Unchecked,
    Nothing,
    Slope,
    /// The slope and the Jacobian; time enters.
    All,
    /// The same; ∂f/∂t is zero.
    Autonomous,
}

impl Here {
    /// At a state of which nothing is known.
    fn unknown(mass: Option<&Matrix>) -> Self {
        if mass.is_some() { Self::Unchecked } else { Self::Nothing }
    }
}

impl<P: Jacobian<Y> + ?Sized, Y: Coordinates> Stepper<P, Y> for Rosenbrock {
    type Memory = RosenbrockMemory<P::Workspace, Y>;
    type Dense = RosenbrockPiece<Y>;

    fn about(&self) -> About {
        let it = &self.coefficients;
        About {
            name: it.name,
            order: f64::from(it.order),
            error_power: Some(f64::from(it.embedded_order.min(it.order)) + 1.0),
        }
    }

    fn init(&self, problem: &P, _t: f64, y: &Y) -> Result<Self::Memory, StepError> {
        let zeros = || y.zeros_like();
        Ok(RosenbrockMemory {
            u: self.coefficients.m.iter().map(|_| zeros()).collect(),
            slope: zeros(),
            time: zeros(),
            point: zeros(),
            sum: zeros(),
            next: y.duplicate(),
            error: zeros(),
            linear: Linearised::new(problem, y)?,
            mass: MassProduct::new(y),
            at: Here::unknown(problem.mass()),
        })
    }

    fn propose(
        &self,
        problem: &P,
        t: f64,
        h: f64,
        y: &Y,
        memory: &mut Self::Memory,
    ) -> Result<usize, StepError> {
        self.propose_within(problem, t, h, y, None::<&Tolerance>, memory)
    }

    fn propose_within<N: Norm<Y>>(
        &self,
        problem: &P,
        t: f64,
        h: f64,
        y: &Y,
        norm: Option<&N>,
        memory: &mut Self::Memory,
    ) -> Result<usize, StepError> {
        let it = &self.coefficients;
        let mut evals = 0;
        if memory.at == Here::Unchecked {
            evals += memory.check(problem, (t, h), y, norm)?;
        }
        evals += memory.start(problem, t, y);
        let RosenbrockMemory { u, slope, time, point, sum, next, linear, mass, at, error } = memory;
        if *at == Here::Slope {
            evals += linear.differentiate(problem, t, y, slope)?;
            evals += linear.time_derivative(problem, t, y, slope, time);
            *at = if time.dot(time) == 0.0 { Here::Autonomous } else { Here::All };
        }
        let shift = 1.0 / (h * it.gamma);
        if linear.shift() != Some(shift) {
            linear.factor(problem.mass(), shift, t, h)?;
        }
        for i in 0..it.m.len() {
            let (done, rest) = u.split_at_mut(i);
            let stage = &mut rest[0];
            if i == 0 {
                slope.plus_into(&[], stage);
            } else {
                if self.continues(i) {
                    point.plus_into(&[(1.0, &done[i - 1])], sum);
                    swap(point, sum);
                } else {
                    with_terms(1.0, it.a[i], done, |terms| y.plus_into(terms, point));
                }
                problem.eval_into(t + it.alpha[i] * h, point, stage);
                evals += 1;
                if let Some(matrix) = problem.mass() {
                    with_terms(1.0 / h, it.c[i], done, |terms| Y::sum_into(terms, sum));
                    mass.add(Some(matrix), 1.0, sum, stage);
                } else {
                    with_terms(1.0 / h, it.c[i], done, |terms| stage.plus_into(terms, sum));
                    swap(stage, sum);
                }
            }
            let factor = h * it.gamma_sums[i];
            if *at == Here::All && factor != 0.0 {
                stage.plus_into(&[(factor, time)], sum);
                swap(stage, sum);
            }
            linear.solve(stage);
        }
        let stages = it.m.len();
        if self.continues(stages) {
            point.plus_into(&[(1.0, &u[stages - 1])], next);
        } else {
            with_terms(1.0, it.m, u, |terms| y.plus_into(terms, next));
        }
        match it.error {
            [rest @ .., 1.0] if rest.iter().all(|e| *e == 0.0) => u[stages - 1].plus_into(&[], error),
            weights => with_terms(1.0, weights, u, |terms| Y::sum_into(terms, error)),
        }
        Ok(evals)
    }

    #[inline]
    fn proposed<'m>(&self, memory: &'m Self::Memory) -> &'m Y {
        &memory.next
    }

    #[inline]
    fn error<N: Norm<Y>>(&self, _h: f64, y: &Y, norm: &N, memory: &mut Self::Memory) -> Option<f64> {
        Some(norm.measure(&memory.error, y, &memory.next))
    }

    fn dense(&self, t: f64, h: f64, y: &Y, memory: &Self::Memory) -> RosenbrockPiece<Y> {
        let row = |row: &[f64]| with_terms(1.0, row, &memory.u, |terms| y.zeros_like().plus(terms));
        RosenbrockPiece {
            t,
            h,
            y0: y.duplicate(),
            y1: memory.next.duplicate(),
            d: self.coefficients.dense.iter().map(|weights| row(weights)).collect(),
        }
    }

    fn commit(&self, y: &mut Y, memory: &mut Self::Memory) {
        swap(y, &mut memory.next);
        memory.at = Here::Nothing;
    }

    fn first_step<N: Norm<Y>>(
        &self,
        problem: &P,
        span: Span,
        y: &Y,
        norm: &N,
        memory: &mut Self::Memory,
    ) -> Result<(f64, usize), StepError> {
        let power = f64::from(self.coefficients.embedded_order) + 1.0;
        let evals = if problem.mass().is_some() {
            memory.check(problem, (span.t0, span.direction() * 1e-6 * span.length()), y, Some(norm))?
        } else {
            memory.start(problem, span.t0, y)
        };
        let (h, more) = first_size(problem, span, y, &memory.slope, norm, power)?;
        if problem.mass().is_some() {
            memory.at = Here::Nothing;
        }
        Ok((h, evals + more))
    }

    fn restart(&self, problem: &P, _t: f64, _y: &Y, memory: &mut Self::Memory) -> Result<(), StepError> {
        memory.at = Here::unknown(problem.mass());
        Ok(())
    }

    fn work(&self, memory: &Self::Memory) -> Work {
        memory.linear.work()
    }
}

impl<W, Y: Coordinates> RosenbrockMemory<W, Y> {
    /// Sets `slope = y′` for a problem with a mass matrix, and looks whether the state is consistent; returns
    /// the evaluations spent.
    fn check<P: Jacobian<Y, Workspace = W> + ?Sized, N: Norm<Y>>(
        &mut self,
        problem: &P,
        step: (f64, f64),
        y: &Y,
        norm: Option<&N>,
    ) -> Result<usize, StepError> {
        let Self { slope, linear, time, sum, at, .. } = self;
        *at = Here::Nothing;
        start_slope(problem, step, y, norm, slope, linear, (time, sum))
    }

    /// Sees to it that `slope` is f(t, y); returns the evaluations spent.
    fn start<P: Jacobian<Y, Workspace = W> + ?Sized>(&mut self, problem: &P, t: f64, y: &Y) -> usize {
        if !matches!(self.at, Here::Nothing | Here::Unchecked) {
            return 0;
        }
        problem.eval_into(t, y, &mut self.slope);
        self.at = Here::Slope;
        1
    }
}

/// One step of a Rosenbrock method, by the polynomial published with it.
#[derive(Clone, Debug, PartialEq)]
pub struct RosenbrockPiece<Y> {
    t: f64,
    h: f64,
    y0: Y,
    y1: Y,
    d: Vec<Y>,
}

impl<Y: VectorSpace> Dense<Y> for RosenbrockPiece<Y> {
    fn at(&self, t: f64) -> Y {
        let theta = (t - self.t) / self.h;
        let mut factor = theta * (1.0 - theta);
        let mut y = self.y0.plus(&[(-theta, &self.y0), (theta, &self.y1)]);
        for d in &self.d {
            y = y.plus(&[(factor, d)]);
            factor *= theta;
        }
        y
    }
}
