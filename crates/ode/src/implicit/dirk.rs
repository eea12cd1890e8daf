//! Diagonally implicit Runge-Kutta methods: one stepper for every tableau.

use super::guess::Guess;
use super::linearised::{Linearised, MassProduct};
use super::newton::{Newton, NewtonMemory, Stage};
use super::policy::Age;
use super::start::{first_size, singular, start_slope};
use super::tableau::MAX_STAGES;
use crate::combine::with_terms;
use crate::{About, Dense, ImplicitTableau, Jacobian, Span, StepError, Stepper, Work};
use chreode_core::{Coordinates, Norm, Tolerance, VectorSpace};
use std::mem::swap;

/// The diagonally implicit Runge-Kutta method of an [`ImplicitTableau`], for M y′ = f(t, y):
/// M kᵢ = f(t + cᵢh, y + h Σⱼ≤ᵢ aᵢⱼ kⱼ), y₁ = y + h Σ bᵢ kᵢ.
///
/// One matrix `M/(hγ) − J` serves all stages, and is kept over steps while Newton's iteration converges
/// well and h stays. The error estimate is filtered through it, so that stiff components do not
/// overrate it. M may be singular (equations without derivatives, index 1) when the method is
/// stiffly accurate.
///
/// ```
/// use chreode_core::{FiniteDifference, Tolerance};
/// use chreode_ode::{Dirk, KVAERNO5, Pi, Solve, Span};
///
/// let stiff = FiniteDifference(|t: f64, y: &[f64; 1]| [-1e6 * (y[0] - t.cos())]);
/// let solve = Solve::new(Dirk::new(KVAERNO5), Pi::new(Tolerance::both(1e-6)));
/// let y = solve.end(&stiff, Span { t0: 0.0, t1: 1.0 }, [1.0])?;
/// assert!((y[0] - 1f64.cos()).abs() < 1e-5);
/// # Ok::<(), chreode_ode::SolveError>(())
/// ```
///
/// Hairer & Wanner, Solving ODEs II, IV.6 and IV.8; C. A. Kennedy, M. H. Carpenter, NASA/TM-2016-219173.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Dirk {
    /// The method.
    pub tableau: ImplicitTableau,
    /// How its stages are iterated.
    pub newton: Newton,
}

impl Dirk {
    /// The method of `tableau`.
    pub fn new(tableau: ImplicitTableau) -> Self {
        Self { tableau, newton: Newton::default() }
    }
}

/// Stages, factors and scratch space of a [`Dirk`].
pub struct DirkMemory<W, Y> {
    k: Vec<Y>,
    stages: Vec<Y>,
    z: Y,
    base: Y,
    error: Y,
    linear: Linearised<W>,
    newton: NewtonMemory<Y>,
    mass: MassProduct<Y>,
    guess: Guess,
    first: Slope,
    age: Age,
    /// The slowest convergence of the step's stages.
    rate: f64,
}

/// Whether `k[0]` is the slope at the current `(t, y)`.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Slope {
    Known,
    Due,
}

impl Dirk {
    /// All stages with the present factors; adds the evaluations to `evals`.
    fn stages<P, Y, N>(
        &self,
        problem: &P,
        step: (f64, f64),
        y: &Y,
        norm: Option<&N>,
        memory: &mut DirkMemory<P::Workspace, Y>,
        evals: &mut usize,
    ) -> Result<(), StepError>
    where
        P: Jacobian<Y> + ?Sized,
        Y: Coordinates,
        N: Norm<Y>,
    {
        let (t, h) = step;
        let it = self.tableau.coefficients();
        let shift = 1.0 / (h * self.tableau.gamma());
        let DirkMemory { k, stages, z, base, linear, newton, guess, rate, .. } = memory;
        *rate = 0.0;
        let mut known = 1.0;
        for i in usize::from(self.tableau.explicit_first())..it.b.len() {
            let (done, rest) = k.split_at_mut(i);
            with_terms(h, &it.a[i][..i], done, |terms| y.plus_into(terms, base));
            guess.stage(i, 1.0 / shift, base, done, stages, z);
            let stage = Stage { t: t + it.c[i] * h, base, shift, step, rate: known };
            let converged = self.newton.iterate(problem, &stage, z, y, norm, linear, newton)?;
            *evals += converged.evals;
            known = converged.rate;
            *rate = rate.max(known);
            Y::sum_into(&[(shift, z)], &mut rest[0]);
            base.plus_into(&[(1.0, z)], &mut stages[i]);
        }
        Ok(())
    }
}

impl<P: Jacobian<Y> + ?Sized, Y: Coordinates> Stepper<P, Y> for Dirk {
    type Memory = DirkMemory<P::Workspace, Y>;
    type Dense = DirkPiece<Y>;

    fn about(&self) -> About {
        let it = self.tableau.coefficients();
        About {
            name: it.name,
            order: f64::from(it.order),
            error_power: it.embedded.map(|e| f64::from(e.order.min(it.order)) + 1.0),
        }
    }

    fn init(&self, problem: &P, _t: f64, y: &Y) -> Result<Self::Memory, StepError> {
        let stages = self.tableau.stages();
        if !self.tableau.stiffly_accurate() && problem.mass().is_some_and(singular) {
            let method = self.tableau.coefficients().name;
            return Err(StepError::Mass { method, what: "a singular mass matrix", instead: "kvaerno5" });
        }
        Ok(DirkMemory {
            k: (0..stages).map(|_| y.zeros_like()).collect(),
            stages: (0..stages).map(|_| y.duplicate()).collect(),
            z: y.zeros_like(),
            base: y.duplicate(),
            error: y.zeros_like(),
            linear: Linearised::new(problem, y)?,
            newton: NewtonMemory::new(y),
            mass: MassProduct::new(y),
            guess: Guess::new(&self.tableau),
            first: Slope::Due,
            age: Age::Stale,
            rate: 0.0,
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
        let mut evals = 0;
        if self.tableau.explicit_first() && memory.first == Slope::Due {
            let DirkMemory { k, linear, newton, .. } = memory;
            evals += start_slope(problem, (t, h), y, norm, &mut k[0], linear, newton.scratch())?;
            memory.first = Slope::Known;
            memory.age = Age::Fresh;
        }
        let shift = 1.0 / (h * self.tableau.gamma());
        loop {
            if memory.age == Age::Stale {
                problem.eval_into(t, y, &mut memory.error);
                evals += 1 + memory.linear.differentiate(problem, t, y, &memory.error)?;
                memory.age = Age::Fresh;
            }
            if memory.linear.shift() != Some(shift) {
                memory.linear.factor(problem.mass(), shift, t, h)?;
            }
            match self.stages(problem, (t, h), y, norm, memory, &mut evals) {
                Ok(()) => break,
                Err(error) if memory.age == Age::Fresh => return Err(error),
                Err(_) => memory.age = Age::Stale,
            }
        }
        if self.tableau.stiffly_accurate() {
            swap(&mut memory.z, memory.stages.last_mut().expect("a tableau has a stage"));
        } else {
            with_terms(h, self.tableau.coefficients().b, &memory.k, |terms| {
                y.plus_into(terms, &mut memory.z)
            });
        }
        if let Some(embedded) = self.tableau.coefficients().embedded {
            let DirkMemory { k, base, error, mass, linear, .. } = memory;
            with_terms(h, embedded.error, k, |terms| Y::sum_into(terms, base));
            mass.set(problem.mass(), shift, base, error);
            linear.solve(error);
        }
        Ok(evals)
    }

    #[inline]
    fn proposed<'m>(&self, memory: &'m Self::Memory) -> &'m Y {
        &memory.z
    }

    fn error<N: Norm<Y>>(&self, _h: f64, y: &Y, norm: &N, memory: &mut Self::Memory) -> Option<f64> {
        self.tableau.coefficients().embedded?;
        Some(norm.measure(&memory.error, y, &memory.z))
    }

    fn dense(&self, t: f64, h: f64, y: &Y, memory: &Self::Memory) -> DirkPiece<Y> {
        DirkPiece::new(self.tableau, (t, h), y, &memory.k)
    }

    fn interpolate(&self, at: f64, t: f64, h: f64, y: &Y, memory: &Self::Memory) -> Y {
        self.tableau.interpolate((at - t) / h, h, y, &memory.k)
    }

    fn commit(&self, y: &mut Y, memory: &mut Self::Memory) {
        swap(y, &mut memory.z);
        memory.first = Slope::Due;
        if self.tableau.explicit_first() && self.tableau.stiffly_accurate() {
            let last = memory.k.len() - 1;
            memory.k.swap(0, last);
            memory.first = Slope::Known;
        }
        memory.age = Age::after(memory.rate, &self.newton);
    }

    fn first_step<N: Norm<Y>>(
        &self,
        problem: &P,
        span: Span,
        y: &Y,
        norm: &N,
        memory: &mut Self::Memory,
    ) -> Result<(f64, usize), StepError> {
        let DirkMemory { k, linear, newton, first, age, .. } = memory;
        let tiny = span.direction() * 1e-6 * span.length();
        let evals =
            start_slope(problem, (span.t0, tiny), y, Some(norm), &mut k[0], linear, newton.scratch())?;
        (*first, *age) = (Slope::Known, Age::Fresh);
        let power = Stepper::<P, Y>::about(self).error_power.unwrap_or(2.0);
        let (h, more) = first_size(problem, span, y, &k[0], norm, power)?;
        Ok((h, evals + more))
    }

    fn restart(&self, _problem: &P, _t: f64, _y: &Y, memory: &mut Self::Memory) -> Result<(), StepError> {
        (memory.first, memory.age) = (Slope::Due, Age::Stale);
        Ok(())
    }

    fn work(&self, memory: &Self::Memory) -> Work {
        memory.linear.work()
    }
}

/// One step of a diagonally implicit method, y(t + θh) = y + h Σ bᵢ(θ) kᵢ; holds its own stages.
#[derive(Clone, Debug, PartialEq)]
pub struct DirkPiece<Y> {
    tableau: ImplicitTableau,
    t: f64,
    h: f64,
    y: Y,
    k: Vec<Y>,
}

impl<Y: VectorSpace> DirkPiece<Y> {
    pub(super) fn new(tableau: ImplicitTableau, (t, h): (f64, f64), y: &Y, k: &[Y]) -> Self {
        Self { tableau, t, h, y: y.duplicate(), k: k.iter().map(Y::duplicate).collect() }
    }
}

impl<Y: VectorSpace> Dense<Y> for DirkPiece<Y> {
    fn at(&self, t: f64) -> Y {
        self.tableau.interpolate((t - self.t) / self.h, self.h, &self.y, &self.k)
    }
}

impl ImplicitTableau {
    /// y + h Σ bᵢ(θ) kᵢ.
    pub(super) fn interpolate<Y: VectorSpace>(&self, theta: f64, h: f64, y: &Y, k: &[Y]) -> Y {
        let mut weights = [0.0; MAX_STAGES];
        for (i, weight) in weights.iter_mut().enumerate().take(k.len()) {
            *weight = self.weight(i, theta);
        }
        with_terms(h, &weights[..k.len()], k, |terms| y.plus(terms))
    }
}
