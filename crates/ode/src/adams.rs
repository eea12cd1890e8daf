//! Adams methods: one or two evaluations a step, whatever the order.

mod basis;
mod memory;
mod order;
mod piece;

pub use memory::AdamsMemory;
pub use piece::AdamsPiece;

use crate::combine::with_more_terms;
use crate::{About, DOPRI8, ExplicitRk, SolveError, Span, StepError, Stepper, first_step};
use basis::Basis;
use chreode_core::{Norm, VectorField, VectorSpace};
use order::Order;
use std::mem::swap;
use std::slice::from_ref;

/// The highest order of a predictor.
pub(crate) const HIGHEST: usize = 12;

/// The power of h that [`Adams`] claims for its error estimate; the ratios it returns are scaled to it.
const POWER: f64 = 6.0;

/// Which method starts those of fixed order.
const STARTER: ExplicitRk = ExplicitRk::new(DOPRI8);

/// Adams methods with steps of any size: the integral of the polynomial through the slopes of the last k
/// steps (Adams-Bashforth, order k), corrected by the one that takes in the slope at the predicted end
/// (Adams-Bashforth-Moulton, "PECE", order k + 1).
///
/// For smooth solutions and fields that are expensive to evaluate: a step costs two evaluations (one
/// without corrector), where a Runge-Kutta method of order 8 needs twelve. The slopes are kept as modified
/// divided differences, so that steps may change at no cost; dense output is the integral of the same
/// polynomial and is free.
///
/// [`new`](Self::new) chooses the order between 1 and 12 as it goes, starting with order 1 and small steps;
/// it asks for no step more than about twice as long as the last. [`bashforth`](Self::bashforth) and
/// [`moulton`](Self::moulton) keep one order, and take their first steps by
/// [`DOPRI8`](crate::DOPRI8). A rejected trial leaves no trace in the history. Use an adaptive controller with
/// [`new`](Self::new): with equal steps nothing tells it the order, which climbs to the highest.
///
/// L. F. Shampine & M. K. Gordon, Computer Solution of Ordinary Differential Equations: The Initial Value
/// Problem, 1975; Hairer, Nørsett & Wanner, Solving ODEs I, III.5 and III.7,
/// doi:10.1007/978-3-540-78862-1; choice of order after P. N. Brown, G. D. Byrne & A. C. Hindmarsh, SIAM J.
/// Sci. Stat. Comput. 10 (1989) 1038-1051, doi:10.1137/0910062.
///
/// ```
/// use chreode_core::Tolerance;
/// use chreode_ode::{Adams, Pi, Solve};
///
/// let pendulum = |_t: f64, y: &[f64; 2]| [y[1], -y[0].sin()];
/// let solve = Solve::new(Adams::new(), Pi::new(Tolerance::both(1e-10)));
/// let ys = solve.at(&pendulum, [1.0, 0.0], &[0.0, 5.0, 10.0])?;
/// let energy = |y: &[f64; 2]| 0.5 * y[1] * y[1] - y[0].cos();
/// assert!((energy(&ys[2]) - energy(&ys[0])).abs() < 1e-8);
/// # Ok::<(), chreode_ode::SolveError>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Adams {
    form: Form,
    choice: Choice,
}

/// What becomes of the prediction.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Form {
    /// It is the step.
    Bashforth,
    /// It is evaluated and corrected.
    Moulton,
}

/// Who chooses the order of the predictor.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Choice {
    /// The method, up to this one.
    UpTo(usize),
    /// The user.
    Fixed(usize),
}

impl Default for Adams {
    fn default() -> Self {
        Self::new()
    }
}

impl Adams {
    /// Adams-Bashforth-Moulton of variable order, 1 to 12.
    pub const fn new() -> Self {
        Self { form: Form::Moulton, choice: Choice::UpTo(HIGHEST) }
    }

    /// The same up to order `highest`, 1 to 12: lower orders bear longer steps on decaying solutions.
    ///
    /// # Errors
    /// When there is no such order.
    pub fn up_to(highest: usize) -> Result<Self, SolveError> {
        let highest = within(highest, HIGHEST, "between 1 and 12")?;
        Ok(Self { form: Form::Moulton, choice: Choice::UpTo(highest) })
    }

    /// The explicit Adams-Bashforth method of `order` 1 to 8: one evaluation a step.
    ///
    /// # Errors
    /// When there is no such order.
    pub fn bashforth(order: usize) -> Result<Self, SolveError> {
        Ok(Self { form: Form::Bashforth, choice: Choice::Fixed(within(order, 8, "between 1 and 8")?) })
    }

    /// Adams-Bashforth of order `order − 1`, corrected to `order` 2 to 8: two evaluations a step.
    ///
    /// # Errors
    /// When there is no such order.
    pub fn moulton(order: usize) -> Result<Self, SolveError> {
        let order = within(order.wrapping_sub(1), 7, "between 2 and 8").map_err(|_| {
            SolveError::BadSetting { what: "order", value: order as f64, range: "between 2 and 8" }
        })?;
        Ok(Self { form: Form::Moulton, choice: Choice::Fixed(order) })
    }

    /// The highest order of the predictor.
    const fn highest(&self) -> usize {
        match self.choice {
            Choice::UpTo(k) | Choice::Fixed(k) => k,
        }
    }

    /// The weights of the slopes at `theta`.
    fn weights(&self, basis: &Basis, theta: f64) -> [f64; HIGHEST + 1] {
        match self.form {
            Form::Bashforth => basis.predictor(theta),
            Form::Moulton => basis.corrector(theta),
        }
    }

    /// Whether the next step is taken by the starter.
    fn starting<Y>(&self, memory: &AdamsMemory<Y>) -> bool {
        matches!(self.choice, Choice::Fixed(k) if memory.slopes() < k)
    }
}

fn within(order: usize, highest: usize, range: &'static str) -> Result<usize, SolveError> {
    if (1..=highest).contains(&order) {
        Ok(order)
    } else {
        Err(SolveError::BadSetting { what: "order", value: order as f64, range })
    }
}

impl<P: VectorField<Y> + ?Sized, Y: VectorSpace> Stepper<P, Y> for Adams {
    type Memory = AdamsMemory<Y>;
    type Dense = AdamsPiece<Y>;

    fn about(&self) -> About {
        let (name, order) = match (self.form, self.choice) {
            (Form::Bashforth, _) => ("adams_bashforth", self.highest()),
            (Form::Moulton, Choice::Fixed(_)) => ("adams_moulton", self.highest() + 1),
            (Form::Moulton, Choice::UpTo(_)) => ("adams", self.highest() + 1),
        };
        About { name, order: order as f64, error_power: Some(POWER) }
    }

    fn init(&self, field: &P, t: f64, y: &Y) -> Result<AdamsMemory<Y>, StepError> {
        let starter = match self.choice {
            Choice::Fixed(k) if k > 1 => Some(Stepper::<P, Y>::init(&STARTER, field, t, y)?),
            _ => None,
        };
        let order = match self.choice {
            Choice::UpTo(highest) => Order::climbing(highest),
            Choice::Fixed(k) => Order::fixed(k),
        };
        Ok(AdamsMemory::new(y, self.highest() + 1, order, starter))
    }

    fn propose(
        &self,
        field: &P,
        t: f64,
        h: f64,
        y: &Y,
        memory: &mut AdamsMemory<Y>,
    ) -> Result<usize, StepError> {
        let mut evals = memory.take_in(field, t, y);
        memory.try_again();
        memory.lay(t, h);
        if self.starting(memory) {
            let starter = memory.starter.as_mut().expect("made for fixed orders above 1");
            return Ok(evals + STARTER.propose(field, t, h, y, starter)?);
        }
        let AdamsMemory { differences, ahead, next, scratch, basis, .. } = memory;
        let k = basis.order;
        let predicted = match self.form {
            Form::Bashforth => &mut *next,
            Form::Moulton => &mut *scratch,
        };
        let weights = basis.predictor(1.0);
        with_more_terms(h, &weights[..k], &differences[..k], &[], |terms| y.plus_into(terms, predicted));
        field.eval_into(t + h, predicted, ahead);
        evals += 1;
        if self.form == Form::Moulton {
            let weights = basis.corrector(1.0);
            with_more_terms(h, &weights[..=k], &differences[..k], from_ref(ahead), |terms| {
                y.plus_into(terms, next);
            });
        }
        Ok(evals)
    }

    fn proposed<'m>(&self, memory: &'m AdamsMemory<Y>) -> &'m Y {
        match &memory.starter {
            Some(starter) if self.starting(memory) => Stepper::<P, Y>::proposed(&STARTER, starter),
            _ => &memory.next,
        }
    }

    fn error<N: Norm<Y>>(&self, h: f64, y: &Y, norm: &N, memory: &mut AdamsMemory<Y>) -> Option<f64> {
        if self.starting(memory) {
            let starter = memory.starter.as_mut().expect("made for fixed orders above 1");
            let ratio = Stepper::<P, Y>::error(&STARTER, h, y, norm, starter)?;
            return Some(ratio.powf(POWER / 8.0));
        }
        let k = memory.basis.order;
        let error = match self.form {
            Form::Bashforth => memory.estimate(h, y, norm, k, memory.basis.integral(k)),
            Form::Moulton => memory.difference(h, y, norm, k),
        };
        if matches!(self.choice, Choice::UpTo(_)) {
            let lower = (k > 1).then(|| memory.difference(h, y, norm, k - 1));
            let higher = (k < self.highest() && memory.slopes() > k && memory.order.may_rise())
                .then(|| memory.difference(h, y, norm, k + 1));
            memory.order.choose(lower, error, higher);
        }
        Some(order::scaled(error, k, POWER))
    }

    fn dense(&self, t: f64, h: f64, y: &Y, memory: &AdamsMemory<Y>) -> AdamsPiece<Y> {
        match &memory.starter {
            Some(starter) if self.starting(memory) => {
                AdamsPiece::starting(Stepper::<P, Y>::dense(&STARTER, t, h, y, starter))
            }
            _ => AdamsPiece::new(*self, t, h, y, memory),
        }
    }

    fn prepare_dense(&self, field: &P, t: f64, h: f64, y: &Y, memory: &AdamsMemory<Y>) -> usize {
        match &memory.starter {
            Some(starter) if self.starting(memory) => STARTER.prepare_dense(field, t, h, y, starter),
            _ => 0,
        }
    }

    fn interpolate(&self, at: f64, t: f64, h: f64, y: &Y, memory: &AdamsMemory<Y>) -> Y {
        match &memory.starter {
            Some(starter) if self.starting(memory) => {
                Stepper::<P, Y>::interpolate(&STARTER, at, t, h, y, starter)
            }
            _ => {
                let k = memory.basis.order;
                let weights = self.weights(&memory.basis, (at - t) / h);
                let (slopes, ahead) = (&memory.differences[..k], from_ref(&memory.ahead));
                with_more_terms(h, &weights[..=k], slopes, ahead, |terms| y.plus(terms))
            }
        }
    }

    fn commit(&self, y: &mut Y, memory: &mut AdamsMemory<Y>) {
        if self.starting(memory) {
            let starter = memory.starter.as_mut().expect("made for fixed orders above 1");
            Stepper::<P, Y>::commit(&STARTER, y, starter);
            memory.leave(memory::Slope::Due);
        } else {
            swap(y, &mut memory.next);
            memory.order.commit();
            memory.leave(match self.form {
                Form::Bashforth => memory::Slope::Ahead,
                Form::Moulton => memory::Slope::Due,
            });
        }
    }

    fn first_step<N: Norm<Y>>(
        &self,
        field: &P,
        span: Span,
        y: &Y,
        norm: &N,
        memory: &mut AdamsMemory<Y>,
    ) -> Result<(f64, usize), StepError> {
        let evals = memory.take_in(field, span.t0, y);
        let power = match self.choice {
            Choice::UpTo(_) => 2.0,
            Choice::Fixed(k) => k as f64 + 1.0,
        };
        Ok((first_step(field, span, y, memory.slope(), norm, power)?, evals + 1))
    }
}
