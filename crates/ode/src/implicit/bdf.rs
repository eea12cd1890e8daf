//! Numerical differentiation formulas of order 1 to 5 with variable step.

mod differences;
mod piece;

pub use piece::BdfPiece;

use super::{Linearised, Newton, NewtonMemory, Stage};
use crate::{About, Jacobian, Span, StepError, Stepper, Trial, Verdict, Work, first_step};
use chreode_core::{Coordinates, Norm, Tolerance};
use differences::{Differences, MAX_ORDER};

/// γₖ = 1 + 1/2 + … + 1/k.
const GAMMA: [f64; 6] = [0.0, 1.0, 1.5, 11.0 / 6.0, 25.0 / 12.0, 137.0 / 60.0];
/// What the differentiation formulas of Klopfenstein and Shampine add to the backward ones, order by order: a
/// smaller error at, up to order 4, hardly less stability. Order 5 is the backward formula.
const KAPPA: [f64; 6] = [0.0, -0.1850, -1.0 / 9.0, -0.0823, -0.0415, 0.0];
/// A step grows only by this much or more: a change costs a factorisation.
const WORTH: f64 = 1.2;

/// The numerical differentiation formulas of order 1 to 5: one implicit stage a step, the order and the step
/// chosen together, the step kept while that costs little.
///
/// For stiff problems at moderate accuracy whose field is dear: a step costs about two evaluations and two
/// solves. It starts at order 1, also after an event. M y′ = f(t, y) with a singular M (a
/// differential-algebraic system of index 1) is solved too.
///
/// With [`Fixed`](crate::Fixed) steps the order rises by one every few steps up to `max_order`; the error of
/// the first steps, of order 1, remains.
///
/// L. F. Shampine and M. W. Reichelt, The MATLAB ODE suite, SIAM J. Sci. Comput. 18 (1997) 1-22,
/// doi:10.1137/S1064827594276424; R. W. Klopfenstein, RCA Review 32 (1971) 447-462.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Bdf {
    max_order: usize,
    kappa: [f64; 6],
    /// How the stage is iterated.
    pub newton: Newton,
}

impl Bdf {
    /// The numerical differentiation formulas.
    pub fn new() -> Self {
        Self { max_order: MAX_ORDER, kappa: KAPPA, newton: Newton::default() }
    }

    /// The backward differentiation formulas, without Klopfenstein's and Shampine's correction: a little more
    /// stable at orders 3 and 4, a little less accurate.
    pub fn backward() -> Self {
        Self { kappa: [0.0; 6], ..Self::new() }
    }

    /// No order above `order`, at least 1 and at most 5; orders 1 and 2 are stable in the whole left half-plane.
    pub fn max_order(self, order: usize) -> Self {
        Self { max_order: order.clamp(1, MAX_ORDER), ..self }
    }

    /// αₖ, the factor of the new state in h y′.
    fn alpha(&self, order: usize) -> f64 {
        (1.0 - self.kappa[order]) * GAMMA[order]
    }

    /// The leading error coefficient.
    fn error_constant(&self, order: usize) -> f64 {
        let kappa = self.kappa.get(order).copied().unwrap_or(0.0);
        let gamma = GAMMA.get(order).copied().unwrap_or(0.0);
        kappa * gamma + 1.0 / (order + 1) as f64
    }
}

impl Default for Bdf {
    fn default() -> Self {
        Self::new()
    }
}

/// Differences, the iteration matrix and the present order of a [`Bdf`].
pub struct BdfMemory<Y, W> {
    differences: Differences<Y>,
    linear: Linearised<W>,
    newton: NewtonMemory<Y>,
    order: usize,
    next_order: usize,
    /// Steps of this size and order so far.
    equal: usize,
    /// The Jacobian is that of this or the last step.
    fresh: Freshness,
    iterations: usize,
    /// The rate of convergence with the present factors; 1 before it is known.
    rate: f64,
    base: Y,
    psi: Y,
    z: Y,
    /// The difference of order `order + 1` at the new point.
    last: Y,
    next: Y,
    scratch: Y,
}

#[derive(Clone, Copy, PartialEq)]
enum Freshness {
    None,
    Old,
    New,
}

impl<P: Jacobian<Y> + ?Sized, Y: Coordinates> Stepper<P, Y> for Bdf {
    type Memory = BdfMemory<Y, P::Workspace>;
    type Dense = BdfPiece<Y>;

    fn about(&self) -> About {
        let name = if self.kappa == KAPPA { "ndf" } else { "bdf" };
        About { name, order: self.max_order as f64, error_power: Some(2.0) }
    }

    fn init(&self, problem: &P, t: f64, y: &Y) -> Result<Self::Memory, StepError> {
        // With a mass matrix the slope is not at hand; the first step then predicts no motion.
        let slope = if problem.mass().is_some() { y.zeros_like() } else { problem.eval(t, y) };
        Ok(BdfMemory {
            differences: Differences::new(y, slope),
            linear: Linearised::new(problem, y)?,
            newton: NewtonMemory::new(y),
            order: 1,
            next_order: 1,
            equal: 0,
            fresh: Freshness::None,
            iterations: 0,
            rate: 1.0,
            base: y.duplicate(),
            psi: y.zeros_like(),
            z: y.zeros_like(),
            last: y.zeros_like(),
            next: y.duplicate(),
            scratch: y.duplicate(),
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
        memory.respace(h);
        let order = memory.order;
        // Before there is a history the correction of order 1 has nothing to correct.
        let alpha = if memory.equal == 0 && order == 1 { 1.0 } else { self.alpha(order) };
        memory.predict(alpha);
        let shift = alpha / h;
        let mut evals = 0;
        if memory.fresh == Freshness::None {
            evals += memory.differentiate(problem, t + h)?;
        }
        loop {
            let factored = memory.linear.shift();
            if factored.is_none_or(|factored| (shift / factored - 1.0).abs() > 1e-9) {
                memory.linear.factor(problem.mass(), shift, t, h)?;
                memory.rate = 1.0;
            }
            let BdfMemory { base, psi, z, linear, newton, rate, .. } = memory;
            psi.plus_into(&[], z);
            let stage = Stage { t: t + h, base, shift, step: (t, h), rate: *rate };
            match self.newton.iterate(problem, &stage, z, y, norm, linear, newton) {
                Ok(converged) => {
                    memory.iterations = converged.evals;
                    if converged.evals > 1 {
                        memory.rate = converged.rate;
                    }
                    evals += converged.evals;
                    break;
                }
                Err(StepError::NotConverged { iterations, .. }) if memory.fresh == Freshness::Old => {
                    evals += iterations + memory.differentiate(problem, t + h)?;
                }
                Err(error) => return Err(error),
            }
        }
        let BdfMemory { base, psi, z, last, next, .. } = memory;
        z.plus_into(&[(-1.0, psi)], last);
        base.plus_into(&[(1.0, z)], next);
        Ok(evals)
    }

    fn proposed<'m>(&self, memory: &'m Self::Memory) -> &'m Y {
        &memory.next
    }

    fn dense(&self, t: f64, h: f64, _y: &Y, memory: &Self::Memory) -> BdfPiece<Y> {
        BdfPiece::new(t + h, h, memory.differences.ahead(&memory.last, memory.order))
    }

    fn commit(&self, y: &mut Y, memory: &mut Self::Memory) {
        memory.differences.advance(&memory.last, memory.order);
        std::mem::swap(y, &mut memory.next);
        memory.equal += 1;
        memory.fresh = Freshness::Old;
        if memory.next_order != memory.order {
            (memory.order, memory.equal) = (memory.next_order, 0);
        } else if memory.equal > memory.order && memory.order < self.max_order {
            // Under fixed steps nobody asks for a better order; see `suggest` for the other case.
            memory.next_order = memory.order + 1;
        }
    }

    fn restart(&self, problem: &P, t: f64, y: &Y, memory: &mut Self::Memory) -> Result<(), StepError> {
        let slope = memory.differences.restart(y);
        if problem.mass().is_none() {
            problem.eval_into(t, y, slope);
        }
        (memory.order, memory.next_order, memory.equal) = (1, 1, 0);
        memory.fresh = Freshness::None;
        Ok(())
    }

    fn work(&self, memory: &Self::Memory) -> Work {
        memory.linear.work()
    }

    fn stiffness(&self, h: f64, memory: &Self::Memory) -> Option<f64> {
        Some(h.abs() * memory.linear.norm())
    }

    fn error<N: Norm<Y>>(&self, _h: f64, y: &Y, norm: &N, memory: &mut Self::Memory) -> Option<f64> {
        let size = norm.measure(&memory.last, y, &memory.next);
        Some(self.error_constant(memory.order) * size)
    }

    fn suggest<N: Norm<Y>>(
        &self,
        trial: Trial,
        verdict: Verdict,
        y: &Y,
        norm: &N,
        memory: &mut Self::Memory,
    ) -> Option<f64> {
        let (h, order) = (trial.h.abs(), memory.order);
        memory.next_order = order;
        let ratio = trial.ratio?;
        if !ratio.is_finite() {
            return Some(0.5 * h);
        }
        let most = self.newton.most as f64;
        let safety = 0.9 * (2.0 * most + 1.0) / (2.0 * most + memory.iterations as f64);
        let factor = |ratio: f64, order: usize| ratio.max(1e-12).powf(-1.0 / (order + 1) as f64);
        if verdict == Verdict::Reject {
            return Some(h * (safety * factor(ratio, order)).clamp(0.2, 0.9));
        }
        if memory.equal < order {
            return Some(h);
        }
        let BdfMemory { differences, last, next, scratch, .. } = memory;
        let mut best = (safety * factor(ratio, order), order);
        if order > 1 {
            differences.at(order).plus_into(&[(1.0, last)], scratch);
            let ratio = self.error_constant(order - 1) * norm.measure(scratch, y, next);
            best = larger(best, (safety * factor(ratio, order - 1), order - 1));
        }
        if order < self.max_order {
            last.plus_into(&[(-1.0, differences.at(order + 1))], scratch);
            let ratio = self.error_constant(order + 1) * norm.measure(scratch, y, next);
            best = larger(best, (safety * factor(ratio, order + 1), order + 1));
        }
        let (factor, order) = best;
        if (0.95..WORTH).contains(&factor) {
            return Some(h);
        }
        memory.next_order = order;
        Some(h * factor.clamp(0.2, 10.0))
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
        let h = first_step(problem, span, y, memory.differences.at(1), norm, 2.0)?;
        Ok((h, 2))
    }
}

fn larger(a: (f64, usize), b: (f64, usize)) -> (f64, usize) {
    if b.0 > a.0 { b } else { a }
}

impl<Y: Coordinates, W> BdfMemory<Y, W> {
    /// Moves the differences to steps of `h`.
    fn respace(&mut self, h: f64) {
        let change = (h / self.differences.h - 1.0).abs();
        if change > 1e-12 {
            self.differences.respace(h, self.order);
        }
        // Rounding of times is no change of step.
        if change > 1e-3 {
            self.equal = 0;
        }
    }

    /// Sets ψ = Σ γₘ ∇ᵐy / α, the base of the stage Σ ∇ᵐy − ψ, and the state that is predicted.
    fn predict(&mut self, alpha: f64) {
        let d = &self.differences;
        let terms: [(f64, &Y); MAX_ORDER + 1] = std::array::from_fn(|m| (GAMMA[m] / alpha, d.at(m)));
        Y::sum_into(&terms[1..=self.order], &mut self.psi);
        let terms: [(f64, &Y); MAX_ORDER + 1] = std::array::from_fn(|m| (1.0, d.at(m)));
        d.at(0).plus_into(&terms[1..=self.order], &mut self.next);
        self.next.plus_into(&[(-1.0, &self.psi)], &mut self.base);
    }

    /// The Jacobian at the predicted state.
    fn differentiate<P>(&mut self, problem: &P, t: f64) -> Result<usize, StepError>
    where
        P: Jacobian<Y, Workspace = W> + ?Sized,
    {
        problem.eval_into(t, &self.next, &mut self.scratch);
        let evals = self.linear.differentiate(problem, t, &self.next, &self.scratch)?;
        self.fresh = Freshness::New;
        Ok(evals + 1)
    }
}
