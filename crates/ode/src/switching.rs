//! An explicit method where the problem is not stiff, an implicit one where it is.

mod piece;

pub use piece::SwitchPiece;

use crate::{About, BadStage, Span, StepError, Stepper, Trial, Verdict, Work};
use chreode_core::Norm;

/// Two methods that take turns, each in memory of its own.
///
/// The explicit method is in use until `|h| ‖∂f/∂y‖`, by its own [estimate](Stepper::stiffness), is above
/// `stiff` for `patience` accepted steps without `relief` steps below it in a row: stability then holds its
/// steps, not accuracy. The implicit method is in use until the same product, by the norm of its Jacobian, is
/// below `mild` for `relief` steps: an explicit step of that size would be stable, and cheaper. The problem must
/// suit both; the explicit method needs the estimate (an explicit pair whose last stage is at the new state), or
/// it is never left.
///
/// E. Hairer and G. Wanner, Solving ODEs II, IV.2, "stiffness detection" (4, 15 and 6 there are our numbers);
/// L. F. Shampine, ACM Trans. Math. Softw. 3 (1977) 44-53, doi:10.1145/355719.355722.
///
/// ```
/// use chreode_core::{FiniteDifference, Tolerance};
/// use chreode_ode::{DOPRI5, ExplicitRk, Pi, Radau, Solve, Span, Switching};
///
/// let mu = 1000.0;
/// let problem =
///     FiniteDifference(move |_t: f64, y: &[f64; 2]| [y[1], mu * (1.0 - y[0] * y[0]) * y[1] - y[0]]);
/// let method = Switching::new(ExplicitRk::new(DOPRI5), Radau::new());
/// let solve = Solve::new(method, Pi::new(Tolerance::both(1e-6)));
/// let y = solve.end(&problem, Span { t0: 0.0, t1: 2000.0 }, [2.0, 0.0])?;
/// assert!((y[0] - 1.7061677).abs() < 1e-4);
/// # Ok::<(), chreode_ode::SolveError>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Switching<E, I> {
    /// Where the problem is not stiff; the solve begins with it.
    pub explicit: E,
    /// Where it is.
    pub implicit: I,
    /// Above this the explicit method is near the edge of its stability region.
    pub stiff: f64,
    /// Below this an explicit step of the implicit method's size would be well inside it.
    pub mild: f64,
    /// Stiff steps before the explicit method is left.
    pub patience: usize,
    /// Steps in a row that settle the opposite.
    pub relief: usize,
}

impl<E, I> Switching<E, I> {
    /// Both methods, and the usual limits.
    pub const fn new(explicit: E, implicit: I) -> Self {
        Self { explicit, implicit, stiff: 3.0, mild: 1.0, patience: 15, relief: 6 }
    }
}

/// The memory of both methods of a [`Switching`], and whose turn it is.
pub struct SwitchingMemory<A, B> {
    explicit: A,
    implicit: Option<B>,
    turn: Turn,
    /// The other is to take over with the next step.
    due: bool,
    stiff: usize,
    calm: usize,
    h: f64,
    /// Linear algebra of implicit memories given up.
    work: Work,
}

#[derive(Clone, Copy, PartialEq)]
enum Turn {
    Explicit,
    Implicit,
}

/// Calls the method whose turn it is.
macro_rules! whose {
    ($self:ident, $memory:ident, |$stepper:ident, $own:ident| $call:expr) => {
        match $memory.turn {
            Turn::Explicit => {
                let ($stepper, $own) = (&$self.explicit, &mut $memory.explicit);
                $call
            }
            Turn::Implicit => {
                let ($stepper, $own) =
                    (&$self.implicit, $memory.implicit.as_mut().expect("its turn has begun"));
                $call
            }
        }
    };
}

/// The same, without a change.
macro_rules! whose_ref {
    ($self:ident, $memory:ident, |$stepper:ident, $own:ident| $call:expr) => {
        match $memory.turn {
            Turn::Explicit => {
                let ($stepper, $own) = (&$self.explicit, &$memory.explicit);
                $call
            }
            Turn::Implicit => {
                let ($stepper, $own) =
                    (&$self.implicit, $memory.implicit.as_ref().expect("its turn has begun"));
                $call
            }
        }
    };
}

impl<P: ?Sized, Y, E: Stepper<P, Y>, I: Stepper<P, Y>> Stepper<P, Y> for Switching<E, I> {
    type Memory = SwitchingMemory<E::Memory, I::Memory>;
    type Dense = SwitchPiece<E::Dense, I::Dense>;

    fn about(&self) -> About {
        let (a, b) = (self.explicit.about(), self.implicit.about());
        // Errors of both are judged by one power, the smaller: steps then change less, never more.
        let error_power = a.error_power.zip(b.error_power).map(|(a, b)| a.min(b));
        About { name: "switching", order: a.order.min(b.order), error_power }
    }

    fn init(&self, problem: &P, t: f64, y: &Y) -> Result<Self::Memory, StepError> {
        Ok(SwitchingMemory {
            explicit: self.explicit.init(problem, t, y)?,
            implicit: None,
            turn: Turn::Explicit,
            due: false,
            stiff: 0,
            calm: 0,
            h: 0.0,
            work: Work::default(),
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
        self.change(problem, t, y, memory)?;
        memory.h = h;
        whose!(self, memory, |stepper, own| stepper.propose(problem, t, h, y, own))
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
        self.change(problem, t, y, memory)?;
        memory.h = h;
        whose!(self, memory, |stepper, own| stepper.propose_within(problem, t, h, y, norm, own))
    }

    fn proposed<'m>(&self, memory: &'m Self::Memory) -> &'m Y {
        whose_ref!(self, memory, |stepper, own| stepper.proposed(own))
    }

    fn dense(&self, t: f64, h: f64, y: &Y, memory: &Self::Memory) -> Self::Dense {
        match memory.turn {
            Turn::Explicit => SwitchPiece::Explicit(self.explicit.dense(t, h, y, &memory.explicit)),
            Turn::Implicit => {
                let own = memory.implicit.as_ref().expect("its turn has begun");
                SwitchPiece::Implicit(self.implicit.dense(t, h, y, own))
            }
        }
    }

    fn commit(&self, y: &mut Y, memory: &mut Self::Memory) {
        let stiffness = self.stiffness(memory.h, memory);
        memory.count(stiffness, self.stiff, self.mild, self.relief);
        memory.due = match memory.turn {
            Turn::Explicit => memory.stiff >= self.patience,
            Turn::Implicit => memory.calm >= self.relief,
        };
        whose!(self, memory, |stepper, own| stepper.commit(y, own));
    }

    fn work(&self, memory: &Self::Memory) -> Work {
        let own = memory.implicit.as_ref().map(|own| self.implicit.work(own)).unwrap_or_default();
        Work {
            jacobians: memory.work.jacobians + own.jacobians,
            factorisations: memory.work.factorisations + own.factorisations,
            solves: memory.work.solves + own.solves,
        }
    }

    fn error<N: Norm<Y>>(&self, h: f64, y: &Y, norm: &N, memory: &mut Self::Memory) -> Option<f64> {
        whose!(self, memory, |stepper, own| stepper.error(h, y, norm, own))
    }

    fn suggest<N: Norm<Y>>(
        &self,
        trial: Trial,
        verdict: Verdict,
        y: &Y,
        norm: &N,
        memory: &mut Self::Memory,
    ) -> Option<f64> {
        whose!(self, memory, |stepper, own| stepper.suggest(trial, verdict, y, norm, own))
    }

    fn prepare_dense(&self, problem: &P, t: f64, h: f64, y: &Y, memory: &Self::Memory) -> usize {
        whose_ref!(self, memory, |stepper, own| stepper.prepare_dense(problem, t, h, y, own))
    }

    fn interpolate(&self, at: f64, t: f64, h: f64, y: &Y, memory: &Self::Memory) -> Y {
        whose_ref!(self, memory, |stepper, own| stepper.interpolate(at, t, h, y, own))
    }

    fn first_step<N: Norm<Y>>(
        &self,
        problem: &P,
        span: Span,
        y: &Y,
        norm: &N,
        memory: &mut Self::Memory,
    ) -> Result<(f64, usize), StepError> {
        whose!(self, memory, |stepper, own| stepper.first_step(problem, span, y, norm, own))
    }

    fn restart(&self, problem: &P, t: f64, y: &Y, memory: &mut Self::Memory) -> Result<(), StepError> {
        (memory.stiff, memory.calm) = (0, 0);
        whose!(self, memory, |stepper, own| stepper.restart(problem, t, y, own))
    }

    fn bad_stage(&self, t: f64, h: f64, memory: &Self::Memory) -> Option<BadStage> {
        whose_ref!(self, memory, |stepper, own| stepper.bad_stage(t, h, own))
    }

    fn stiffness(&self, h: f64, memory: &Self::Memory) -> Option<f64> {
        whose_ref!(self, memory, |stepper, own| stepper.stiffness(h, own))
    }
}

impl<E, I> Switching<E, I> {
    /// Lets the other method take over from `(t, y)`, if that is due.
    fn change<P: ?Sized, Y>(
        &self,
        problem: &P,
        t: f64,
        y: &Y,
        memory: &mut SwitchingMemory<E::Memory, I::Memory>,
    ) -> Result<(), StepError>
    where
        E: Stepper<P, Y>,
        I: Stepper<P, Y>,
    {
        if !memory.due {
            return Ok(());
        }
        (memory.due, memory.stiff, memory.calm) = (false, 0, 0);
        match memory.turn {
            Turn::Explicit => {
                memory.work = Stepper::<P, Y>::work(self, memory);
                memory.implicit = Some(self.implicit.init(problem, t, y)?);
                memory.turn = Turn::Implicit;
            }
            Turn::Implicit => {
                self.explicit.restart(problem, t, y, &mut memory.explicit)?;
                memory.turn = Turn::Explicit;
            }
        }
        Ok(())
    }
}

impl<A, B> SwitchingMemory<A, B> {
    /// Counts a step.
    fn count(&mut self, stiffness: Option<f64>, stiff: f64, mild: f64, relief: usize) {
        let Some(stiffness) = stiffness else { return };
        match self.turn {
            Turn::Explicit if stiffness > stiff => (self.stiff, self.calm) = (self.stiff + 1, 0),
            Turn::Explicit => {
                self.calm += 1;
                if self.calm >= relief {
                    self.stiff = 0;
                }
            }
            Turn::Implicit if stiffness < mild => self.calm += 1,
            Turn::Implicit => self.calm = 0,
        }
    }
}
