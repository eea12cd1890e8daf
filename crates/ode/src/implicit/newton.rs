//! Simplified Newton iteration for the stages of implicit methods.

use super::linearised::{Linearised, MassProduct};
use crate::{Jacobian, StepError};
use chreode_core::{Coordinates, Norm};

/// How an implicit stage is iterated: with one matrix for the whole step, watching the rate of convergence.
///
/// The iteration stops when the change still to be expected, `θ/(1 − θ) |Δz|` with `θ` the ratio of the
/// last two changes, is below `accuracy` times the tolerance; it gives up when the changes grow, or when at
/// the present rate `most` iterations would not do.
///
/// Hairer & Wanner, Solving ODEs II, IV.8, doi:10.1007/978-3-642-05221-7.
///
/// | field | meaning | default |
/// |---|---|---|
/// | `most` | iterations allowed a stage | 8 |
/// | `accuracy` | error of a stage as a part of the tolerance | 0.03 |
/// | `keep` | the Jacobian is kept for the next step while θ is below this | 0.005 |
/// | `least` | the least θ that the first change of a stage is judged by | 0.1 |
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Newton {
    /// Iterations allowed a stage.
    pub most: usize,
    /// Error of a stage as a part of the tolerance.
    pub accuracy: f64,
    /// The Jacobian is kept while the rate of convergence is below this.
    pub keep: f64,
    /// The least rate that the first change of a stage is judged by.
    pub least: f64,
}

impl Default for Newton {
    fn default() -> Self {
        Self { most: 8, accuracy: 0.03, keep: 0.005, least: 0.1 }
    }
}

/// The equation of one stage, `shift · M z = f(t, base + z)`.
///
/// Runge-Kutta stages have `shift = 1/(h γ)`, multistep formulas `shift = α₀/h`.
#[derive(Debug)]
pub struct Stage<'a, Y> {
    /// The time of the stage.
    pub t: f64,
    /// What is known of it.
    pub base: &'a Y,
    /// The factor of M z.
    pub shift: f64,
    /// Where the step began and its size, for errors.
    pub step: (f64, f64),
    /// The rate of convergence seen last with the same factors; 1 when there was none.
    pub rate: f64,
}

/// A stage that converged.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Converged {
    /// Evaluations of f spent.
    pub evals: usize,
    /// The rate of convergence θ seen last.
    pub rate: f64,
}

/// Scratch space of [`Newton`].
pub struct NewtonMemory<Y> {
    /// `base + z`, the stage itself, of the iterate before the last change.
    point: Y,
    change: Y,
    mass: MassProduct<Y>,
}

impl<Y: Coordinates> NewtonMemory<Y> {
    /// For states like `y`.
    pub fn new(y: &Y) -> Self {
        Self { point: y.duplicate(), change: y.zeros_like(), mass: MassProduct::new(y) }
    }

    /// Two states to compute with between iterations.
    pub(crate) fn scratch(&mut self) -> (&mut Y, &mut Y) {
        (&mut self.point, &mut self.change)
    }
}

impl Newton {
    /// Improves `z` until it solves `stage`; `linear` must hold factors of `shift · M − J`, or of a shift
    /// near it. Errors are measured by `norm` against the state `y`; without a norm, in parts of the largest
    /// entry, to rounding. On success `z` is the last iterate.
    ///
    /// # Errors
    /// [`StepError::NotConverged`].
    #[allow(clippy::too_many_arguments)] // the problem, the stage, and what four owners remember of it
    pub fn iterate<P, Y, N>(
        &self,
        problem: &P,
        stage: &Stage<'_, Y>,
        z: &mut Y,
        y: &Y,
        norm: Option<&N>,
        linear: &mut Linearised<P::Workspace>,
        memory: &mut NewtonMemory<Y>,
    ) -> Result<Converged, StepError>
    where
        P: Jacobian<Y> + ?Sized,
        Y: Coordinates,
        N: Norm<Y>,
    {
        let NewtonMemory { point, change, mass } = memory;
        // Factors of another shift are those of a damped or stretched iteration.
        let factored = linear.shift().unwrap_or(stage.shift);
        let stretch = 2.0 / (1.0 + stage.shift / factored);
        let (goal, most) = match norm {
            Some(_) => (self.accuracy, self.most),
            None => (1.0, ROUNDING_MOST),
        };
        let (mut before, mut rate) = (0.0, 0.0f64);
        let failed = |iterations, residual| {
            let (t, h) = stage.step;
            Err(StepError::NotConverged { t, h, iterations, residual })
        };
        for iteration in 1..=most {
            stage.base.plus_into(&[(1.0, z)], point);
            problem.eval_into(stage.t, point, change);
            mass.add(problem.mass(), -stage.shift, z, change);
            linear.solve(change);
            let size = stretch
                * match norm {
                    Some(norm) => norm.measure(change, y, point),
                    None => rounding(change, y, point),
                };
            if !size.is_finite() {
                return failed(iteration, size);
            }
            z.plus_into(&[(stretch, change)], point);
            std::mem::swap(z, point);
            if iteration > 1 {
                rate = size / before;
            }
            // Of the first change, the rate seen last with these factors says how much is left.
            let known = if iteration == 1 { stage.rate.max(self.least) } else { rate };
            let left = if known < 1.0 { (known / (1.0 - known)).min(1e3) * size } else { 1e3 * size };
            if left <= goal || (norm.is_none() && rate > 0.5 && size < ROUNDING_FLOOR) {
                let rate = if iteration == 1 { stage.rate } else { rate };
                return Ok(Converged { evals: iteration, rate });
            }
            let hopeless = match norm {
                // At this rate the iterations left would not do.
                Some(_) => {
                    let ahead = (most - iteration) as i32;
                    rate >= 1.0 || rate.powi(ahead) * left > goal
                }
                None => rate > 2.0 && iteration > 3,
            };
            if iteration > 1 && hopeless {
                return failed(iteration, size);
            }
            before = size;
        }
        failed(most, before)
    }
}

/// Iterations allowed where the iteration is to go down to rounding.
const ROUNDING_MOST: usize = 60;

/// Units of rounding below which an iteration that no longer gets better is good.
const ROUNDING_FLOOR: f64 = 1e3;

/// The size of a change in units of rounding: 1 is a few units in the last place of the largest entry.
fn rounding<Y: Coordinates>(change: &Y, y: &Y, point: &Y) -> f64 {
    let size = |v: &Y| v.dot(v).sqrt();
    size(change) / (1e-14 * size(y).max(size(point)).max(f64::MIN_POSITIVE))
}
