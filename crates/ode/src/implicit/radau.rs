//! The Radau IIA method of order 5.

mod constants;
mod piece;
mod stages;

pub use piece::RadauPiece;

use super::Newton;
use crate::{About, Jacobian, Span, StepError, Stepper, Trial, Verdict, Work, first_step};
use chreode_core::{Coordinates, Norm, Tolerance};
use constants::{C, E, P as COLLOCATION};
use stages::Stages;

/// Radau IIA with three stages: order 5, L-stable, collocation at (4 ∓ √6)/10 and 1.
///
/// The stages are found together by simplified Newton iteration, started from the polynomial of the step
/// before; the matrix of a step is one real and one complex system of the size of the state. The error is
/// that of an embedded formula of order 3, and the step is predicted from the last two errors. M y′ = f(t, y)
/// is solved with a singular M of index 1 too. The most accurate implicit method here, at tolerances of 1e-6
/// and below.
///
/// E. Hairer and G. Wanner, Stiff differential equations solved by Radau methods, J. Comput. Appl. Math. 111
/// (1999) 93-111, doi:10.1016/S0377-0427(99)00134-X; Solving ODEs II, IV.8. Step prediction: K. Gustafsson,
/// ACM Trans. Math. Softw. 20 (1994) 496-517, doi:10.1145/198429.198437.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Radau {
    /// How the stages are iterated.
    pub newton: Newton,
}

impl Radau {
    /// With the usual iteration.
    pub fn new() -> Self {
        Self { newton: Newton { most: 7, accuracy: 0.01, keep: 1e-3, least: 0.05 } }
    }
}

impl Default for Radau {
    fn default() -> Self {
        Self::new()
    }
}

/// Stages, factors and the step before of a [`Radau`].
pub struct RadauMemory<Y, W> {
    stages: Stages<Y, W>,
    /// f at the current state.
    slope: Option<Y>,
    spare: Option<Y>,
    /// The polynomial of the step before, and its size.
    before: ([Y; 3], Option<f64>),
    next: Y,
    estimate: Y,
    ratio: Option<f64>,
    /// Size and error of the last accepted step.
    accepted: Option<(f64, f64)>,
    rejected: bool,
    jacobian: Freshness,
    factored: Option<f64>,
}

#[derive(Clone, Copy, PartialEq)]
enum Freshness {
    /// To be evaluated.
    Due,
    /// Of a step before.
    Kept,
    /// Of this step.
    New,
}

impl<P: Jacobian<Y> + ?Sized, Y: Coordinates> Stepper<P, Y> for Radau {
    type Memory = RadauMemory<Y, P::Workspace>;
    type Dense = RadauPiece<Y>;

    fn about(&self) -> About {
        About { name: "radau5", order: 5.0, error_power: Some(4.0) }
    }

    fn init(&self, problem: &P, _t: f64, y: &Y) -> Result<Self::Memory, StepError> {
        Ok(RadauMemory {
            stages: Stages::new(problem, y)?,
            slope: None,
            spare: Some(y.zeros_like()),
            before: (std::array::from_fn(|_| y.zeros_like()), None),
            next: y.duplicate(),
            estimate: y.zeros_like(),
            ratio: None,
            accepted: None,
            rejected: false,
            jacobian: Freshness::Due,
            factored: None,
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
        let mut evals = memory.start(problem, t, y);
        let slope = memory.slope.take().expect("set by start");
        let result = self.attempt(problem, t, h, y, &slope, norm, memory, &mut evals);
        memory.slope = Some(slope);
        result.map(|()| evals)
    }

    fn proposed<'m>(&self, memory: &'m Self::Memory) -> &'m Y {
        &memory.next
    }

    fn dense(&self, t: f64, h: f64, y: &Y, memory: &Self::Memory) -> RadauPiece<Y> {
        RadauPiece::new(t, h, y, &memory.stages.z)
    }

    fn commit(&self, y: &mut Y, memory: &mut Self::Memory) {
        let RadauMemory { stages, before, next, slope, spare, jacobian, .. } = memory;
        for (k, q) in before.0.iter_mut().enumerate() {
            let z = &stages.z;
            let p = &COLLOCATION;
            Y::sum_into(&[(p[0][k], &z[0]), (p[1][k], &z[1]), (p[2][k], &z[2])], q);
        }
        before.1 = memory.factored;
        std::mem::swap(y, next);
        *spare = slope.take();
        *jacobian = if stages.rate > self.newton.keep { Freshness::Due } else { Freshness::Kept };
    }

    fn restart(&self, _problem: &P, _t: f64, _y: &Y, memory: &mut Self::Memory) -> Result<(), StepError> {
        if let Some(slope) = memory.slope.take() {
            memory.spare = Some(slope);
        }
        (memory.before.1, memory.accepted, memory.rejected) = (None, None, false);
        memory.jacobian = Freshness::Due;
        Ok(())
    }

    fn work(&self, memory: &Self::Memory) -> Work {
        memory.stages.work()
    }

    fn stiffness(&self, h: f64, memory: &Self::Memory) -> Option<f64> {
        Some(h.abs() * memory.stages.linear.norm())
    }

    fn error<N: Norm<Y>>(&self, _h: f64, _y: &Y, _norm: &N, memory: &mut Self::Memory) -> Option<f64> {
        memory.ratio
    }

    fn suggest<N: Norm<Y>>(
        &self,
        trial: Trial,
        verdict: Verdict,
        _y: &Y,
        _norm: &N,
        memory: &mut Self::Memory,
    ) -> Option<f64> {
        let h = trial.h.abs();
        let ratio = trial.ratio?;
        memory.rejected = verdict == Verdict::Reject;
        if !ratio.is_finite() {
            return Some(0.5 * h);
        }
        let most = self.newton.most as f64;
        let safety = 0.9 * (2.0 * most + 1.0) / (2.0 * most + memory.stages.iterations as f64);
        let ratio = ratio.max(1e-10);
        let mut factor = safety * ratio.powf(-0.25);
        if memory.rejected {
            return Some(h * if memory.accepted.is_none() { 0.1 } else { factor.clamp(0.2, 0.9) });
        }
        if let Some((before, error)) = memory.accepted {
            factor = factor.min(0.9 * h / before * (error / (ratio * ratio)).powf(0.25));
        }
        memory.accepted = Some((h, ratio.max(1e-2)));
        // A step that grows little keeps its factors, while the Jacobian is kept too.
        if (1.0..1.2).contains(&factor) && memory.stages.rate <= self.newton.keep {
            return Some(h);
        }
        Some(h * factor.clamp(0.2, 8.0))
    }

    fn first_step<N: Norm<Y>>(
        &self,
        problem: &P,
        span: Span,
        y: &Y,
        norm: &N,
        memory: &mut Self::Memory,
    ) -> Result<(f64, usize), StepError> {
        if problem.mass().is_some() {
            return Ok((1e-6 * span.length(), 0));
        }
        let evals = memory.start(problem, span.t0, y);
        let slope = memory.slope.as_ref().expect("set by start");
        Ok((first_step(problem, span, y, slope, norm, 4.0)?, evals + 1))
    }
}

impl Radau {
    /// The stages, the new state, and the error where there is a norm.
    #[expect(clippy::too_many_arguments, reason = "the step, the state and the memory, taken apart")]
    fn attempt<P, Y, N>(
        &self,
        problem: &P,
        t: f64,
        h: f64,
        y: &Y,
        slope: &Y,
        norm: Option<&N>,
        memory: &mut RadauMemory<Y, P::Workspace>,
        evals: &mut usize,
    ) -> Result<(), StepError>
    where
        P: Jacobian<Y> + ?Sized,
        Y: Coordinates,
        N: Norm<Y>,
    {
        let mass = problem.mass();
        loop {
            if memory.jacobian == Freshness::Due {
                *evals += memory.stages.linear.differentiate(problem, t, y, slope)?;
                (memory.jacobian, memory.factored) = (Freshness::New, None);
            }
            if memory.factored.is_none_or(|factored| (h / factored - 1.0).abs() > 1e-9) {
                memory.factored = None;
                memory.stages.factor(mass, t, h)?;
                memory.factored = Some(h);
            }
            memory.guess(h);
            match memory.stages.iterate(&self.newton, problem, (t, h), y, norm) {
                Ok(spent) => {
                    *evals += spent;
                    break;
                }
                Err(StepError::NotConverged { iterations, .. }) if memory.jacobian == Freshness::Kept => {
                    *evals += 3 * iterations;
                    memory.jacobian = Freshness::Due;
                }
                Err(error) => return Err(error),
            }
        }
        let RadauMemory { stages, next, estimate, .. } = memory;
        y.plus_into(&[(1.0, &stages.z[2])], next);
        let Some(norm) = norm else { return Ok(()) };
        // (REAL/h M − J) e = f(t, y) + M Σ Eᵢ zᵢ / h.
        let [a, b, c] = &stages.z;
        let defect = y.zeros_like().plus(&[(E[0] / h, a), (E[1] / h, b), (E[2] / h, c)]);
        slope.plus_into(&[], estimate);
        stages.mass.add(mass, 1.0, &defect, estimate);
        stages.linear.solve(estimate);
        let mut ratio = norm.measure(estimate, y, next);
        if ratio >= 1.0 && (memory.rejected || memory.accepted.is_none()) {
            *estimate = problem.eval(t, &y.plus(&[(1.0, estimate)]));
            *evals += 1;
            stages.mass.add(mass, 1.0, &defect, estimate);
            stages.linear.solve(estimate);
            ratio = norm.measure(estimate, y, next);
        }
        memory.ratio = Some(ratio);
        Ok(())
    }
}

impl<Y: Coordinates, W> RadauMemory<Y, W> {
    /// Sees to it that f(t, y) is known; returns the evaluations spent.
    fn start<P: Jacobian<Y> + ?Sized>(&mut self, problem: &P, t: f64, y: &Y) -> usize {
        if self.slope.is_some() {
            return 0;
        }
        let mut slope = self.spare.take().unwrap_or_else(|| y.zeros_like());
        problem.eval_into(t, y, &mut slope);
        self.slope = Some(slope);
        1
    }

    /// Starts the stages from the polynomial of the step before, continued.
    fn guess(&mut self, h: f64) {
        let ([a, b, c], size) = &self.before;
        for (z, node) in self.stages.z.iter_mut().zip(C) {
            let Some(size) = size else {
                Y::sum_into(&[], z);
                continue;
            };
            // p(θ) − p(1), without the constant.
            let theta = 1.0 + node * h / size;
            Y::sum_into(&[(theta - 1.0, a), (theta.powi(2) - 1.0, b), (theta.powi(3) - 1.0, c)], z);
        }
        self.stages.begin();
    }
}
