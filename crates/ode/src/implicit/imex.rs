//! Additive Runge-Kutta methods: what is stiff implicitly, the rest explicitly.

use super::guess::Guess;
use super::linearised::Linearised;
use super::newton::{Newton, NewtonMemory, Stage};
use super::policy::Age;
use super::tableau::MAX_STAGES;
use crate::{About, DirkPiece, ImexTableau, Jacobian, Span, StepError, Stepper, Work, first_step};
use chreode_core::{Coordinates, Norm, Tolerance, VectorField, VectorSpace};
use std::mem::swap;

/// A field in two parts, y′ = g(t, y) + f(t, y).
#[derive(Clone, Copy, Debug)]
pub struct Split<G, F> {
    /// g: any [`VectorField`].
    pub explicit: G,
    /// f, the stiff part: a problem with a [`Jacobian`].
    pub implicit: F,
}

impl<Y: VectorSpace, G: VectorField<Y>, F: VectorField<Y>> VectorField<Y> for Split<G, F> {
    fn eval(&self, t: f64, y: &Y) -> Y {
        self.explicit.eval(t, y).plus(&[(1.0, &self.implicit.eval(t, y))])
    }
}

/// The additive Runge-Kutta method of an [`ImexTableau`], for a field that is [`Split`].
///
/// Diffusion and fast reactions go to the implicit part, convection and slow ones to the explicit part:
/// Newton's iteration then sees the simpler Jacobian.
///
/// ```
/// use chreode_core::{FiniteDifference, Tolerance};
/// use chreode_ode::{Imex, KENCARP4, Pi, Solve, Span, Split};
///
/// // y′ = cos t − 1000 (y − sin t), in two parts.
/// let problem = Split {
///     explicit: |t: f64, _y: &[f64; 1]| [t.cos()],
///     implicit: FiniteDifference(|t: f64, y: &[f64; 1]| [-1000.0 * (y[0] - t.sin())]),
/// };
/// let solve = Solve::new(Imex::new(KENCARP4), Pi::new(Tolerance::both(1e-6)));
/// let y = solve.end(&problem, Span { t0: 0.0, t1: 2.0 }, [0.0])?;
/// assert!((y[0] - 2f64.sin()).abs() < 1e-5);
/// # Ok::<(), chreode_ode::SolveError>(())
/// ```
///
/// C. A. Kennedy, M. H. Carpenter, Appl. Numer. Math. 44 (2003) 139-181,
/// doi:10.1016/S0168-9274(02)00138-1.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Imex {
    /// The method.
    pub tableau: ImexTableau,
    /// How its stages are iterated.
    pub newton: Newton,
}

impl Imex {
    /// The method of `tableau`.
    pub fn new(tableau: ImexTableau) -> Self {
        Self { tableau, newton: Newton::default() }
    }
}

/// Stages, factors and scratch space of an [`Imex`] method.
pub struct ImexMemory<W, Y> {
    /// Slopes of the explicit part.
    g: Vec<Y>,
    /// Slopes of the implicit part.
    f: Vec<Y>,
    /// Their sums.
    k: Vec<Y>,
    stages: Vec<Y>,
    z: Y,
    base: Y,
    next: Y,
    error: Y,
    linear: Linearised<W>,
    newton: NewtonMemory<Y>,
    guess: Guess,
    started: Started,
    age: Age,
    rate: f64,
}

/// Whether the first slopes are those of the present state.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Started {
    Yes,
    No,
}

/// `out = y + h Σ (aⱼ gⱼ + bⱼ fⱼ)`.
fn combine<Y: VectorSpace>(y: &Y, h: f64, a: &[f64], g: &[Y], b: &[f64], f: &[Y], out: &mut Y) {
    let Some(first) = g.first() else { return y.plus_into(&[], out) };
    let mut terms = [(0.0, first); 2 * MAX_STAGES];
    let parts = a.iter().zip(g).chain(b.iter().zip(f));
    let mut count = 0;
    for (term, (weight, slope)) in terms.iter_mut().zip(parts.filter(|(weight, _)| **weight != 0.0)) {
        *term = (h * weight, slope);
        count += 1;
    }
    y.plus_into(&terms[..count], out);
}

impl Imex {
    fn stages<G, F, Y, N>(
        &self,
        problem: &Split<G, F>,
        step: (f64, f64),
        y: &Y,
        norm: Option<&N>,
        memory: &mut ImexMemory<F::Workspace, Y>,
        evals: &mut usize,
    ) -> Result<(), StepError>
    where
        G: VectorField<Y>,
        F: Jacobian<Y>,
        Y: Coordinates,
        N: Norm<Y>,
    {
        let (t, h) = step;
        let it = self.tableau.implicit().coefficients();
        let shift = 1.0 / (h * self.tableau.implicit().gamma());
        let ImexMemory { g, f, stages, z, base, linear, newton, guess, rate, .. } = memory;
        *rate = 0.0;
        let mut known = 1.0;
        for i in 1..it.b.len() {
            combine(y, h, self.tableau.explicit()[i], g, &it.a[i][..i], f, base);
            guess.stage(i, 1.0 / shift, base, &f[..i], stages, z);
            let stage = Stage { t: t + it.c[i] * h, base, shift, step, rate: known };
            let converged = self.newton.iterate(&problem.implicit, &stage, z, y, norm, linear, newton)?;
            known = converged.rate;
            *rate = rate.max(known);
            Y::sum_into(&[(shift, z)], &mut f[i]);
            base.plus_into(&[(1.0, z)], &mut stages[i]);
            problem.explicit.eval_into(t + it.c[i] * h, &stages[i], &mut g[i]);
            *evals += converged.evals + 1;
        }
        Ok(())
    }
}

impl<W, Y: Coordinates> ImexMemory<W, Y> {
    /// Sees to it that the first slopes are those at `(t, y)`; returns the evaluations spent.
    fn start<G: VectorField<Y>, F: VectorField<Y>>(&mut self, problem: &Split<G, F>, t: f64, y: &Y) -> usize {
        if self.started == Started::Yes {
            return 0;
        }
        problem.explicit.eval_into(t, y, &mut self.g[0]);
        problem.implicit.eval_into(t, y, &mut self.f[0]);
        self.started = Started::Yes;
        2
    }
}

impl<G, F, Y> Stepper<Split<G, F>, Y> for Imex
where
    G: VectorField<Y>,
    F: Jacobian<Y>,
    Y: Coordinates,
{
    type Memory = ImexMemory<F::Workspace, Y>;
    type Dense = DirkPiece<Y>;

    fn about(&self) -> About {
        let it = self.tableau.implicit().coefficients();
        About {
            name: self.tableau.name(),
            order: f64::from(it.order),
            error_power: it.embedded.map(|e| f64::from(e.order.min(it.order)) + 1.0),
        }
    }

    fn init(&self, problem: &Split<G, F>, _t: f64, y: &Y) -> Result<Self::Memory, StepError> {
        if problem.implicit.mass().is_some() {
            let method = self.tableau.name();
            return Err(StepError::Mass { method, what: "a mass matrix", instead: "kvaerno5" });
        }
        let slopes = || self.tableau.explicit().iter().map(|_| y.zeros_like()).collect();
        Ok(ImexMemory {
            g: slopes(),
            f: slopes(),
            k: slopes(),
            stages: slopes(),
            z: y.zeros_like(),
            base: y.zeros_like(),
            next: y.duplicate(),
            error: y.zeros_like(),
            linear: Linearised::new(&problem.implicit, y)?,
            newton: NewtonMemory::new(y),
            guess: Guess::new(self.tableau.implicit()),
            started: Started::No,
            age: Age::Stale,
            rate: 0.0,
        })
    }

    fn propose(
        &self,
        problem: &Split<G, F>,
        t: f64,
        h: f64,
        y: &Y,
        memory: &mut Self::Memory,
    ) -> Result<usize, StepError> {
        self.propose_within(problem, t, h, y, None::<&Tolerance>, memory)
    }

    fn propose_within<N: Norm<Y>>(
        &self,
        problem: &Split<G, F>,
        t: f64,
        h: f64,
        y: &Y,
        norm: Option<&N>,
        memory: &mut Self::Memory,
    ) -> Result<usize, StepError> {
        let it = self.tableau.implicit().coefficients();
        let shift = 1.0 / (h * self.tableau.implicit().gamma());
        let mut evals = memory.start(problem, t, y);
        loop {
            if memory.age == Age::Stale {
                evals += memory.linear.differentiate(&problem.implicit, t, y, &memory.f[0])?;
                memory.age = Age::Fresh;
            }
            if memory.linear.shift() != Some(shift) {
                memory.linear.factor(None, shift, t, h)?;
            }
            match self.stages(problem, (t, h), y, norm, memory, &mut evals) {
                Ok(()) => break,
                Err(error) if memory.age == Age::Fresh => return Err(error),
                Err(_) => memory.age = Age::Stale,
            }
        }
        let ImexMemory { g, f, k, next, base, error, linear, .. } = memory;
        combine(y, h, it.b, g, it.b, f, next);
        for (k, (g, f)) in k.iter_mut().zip(g.iter().zip(&*f)) {
            g.plus_into(&[(1.0, f)], k);
        }
        if let Some(embedded) = it.embedded {
            Y::sum_into(&[], base);
            combine(base, shift * h, embedded.error, k, &[], &[], error);
            linear.solve(error);
        }
        Ok(evals)
    }

    fn proposed<'m>(&self, memory: &'m Self::Memory) -> &'m Y {
        &memory.next
    }

    fn error<N: Norm<Y>>(&self, _h: f64, y: &Y, norm: &N, memory: &mut Self::Memory) -> Option<f64> {
        self.tableau.implicit().coefficients().embedded?;
        Some(norm.measure(&memory.error, y, &memory.next))
    }

    fn dense(&self, t: f64, h: f64, y: &Y, memory: &Self::Memory) -> DirkPiece<Y> {
        DirkPiece::new(*self.tableau.implicit(), (t, h), y, &memory.k)
    }

    fn interpolate(&self, at: f64, t: f64, h: f64, y: &Y, memory: &Self::Memory) -> Y {
        self.tableau.implicit().interpolate((at - t) / h, h, y, &memory.k)
    }

    fn commit(&self, y: &mut Y, memory: &mut Self::Memory) {
        swap(y, &mut memory.next);
        memory.started = Started::No;
        memory.age = Age::after(memory.rate, &self.newton);
    }

    fn first_step<N: Norm<Y>>(
        &self,
        problem: &Split<G, F>,
        span: Span,
        y: &Y,
        norm: &N,
        memory: &mut Self::Memory,
    ) -> Result<(f64, usize), StepError> {
        let evals = memory.start(problem, span.t0, y);
        let power = Stepper::<Split<G, F>, Y>::about(self).error_power.unwrap_or(2.0);
        let slope = memory.f[0].plus(&[(1.0, &memory.g[0])]);
        let h = first_step(problem, span, y, &slope, norm, power)?;
        Ok((h, evals + 2))
    }

    fn restart(
        &self,
        _problem: &Split<G, F>,
        _t: f64,
        _y: &Y,
        memory: &mut Self::Memory,
    ) -> Result<(), StepError> {
        (memory.started, memory.age) = (Started::No, Age::Stale);
        Ok(())
    }

    fn work(&self, memory: &Self::Memory) -> Work {
        memory.linear.work()
    }
}
