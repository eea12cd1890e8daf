//! Stochastic gradient descent with momentum.

use crate::kernel::{Element, Machine};
use crate::{NnError, error::expect_length, error::expect_range};

/// What momentum does.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub enum Momentum {
    /// Nothing: θ ← θ - η g.
    #[default]
    Absent,
    /// Polyak's: θ ← θ - η b (Polyak 1964, doi:10.1016/0041-5553(64)90137-5).
    Heavy {
        /// The decay μ of the velocity b, in `[0, 1)`.
        decay: f64,
        /// What each new gradient loses, in `[0, 1]`; 0 is usual.
        dampening: f64,
    },
    /// Nesterov's: θ ← θ - η (g + μ b) (Sutskever, Martens, Dahl & Hinton 2013, ICML).
    Nesterov {
        /// The decay μ of the velocity b, in `[0, 1)`.
        decay: f64,
    },
}

/// Stochastic gradient descent as `torch.optim.SGD` does it.
///
/// With g ← g + λ θ, rate η = `lr` times the schedule's factor, and b ← μ b + (1 - dampening) g (b = g at the first
/// step). Cost: one pass over the parameters.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Sgd {
    /// Learning rate, positive.
    pub lr: f64,
    /// The momentum.
    pub momentum: Momentum,
    /// The L2 penalty λ, at least 0.
    pub weight_decay: f64,
}

/// The state of [`Sgd`]: all that a checkpoint must hold to go on bit for bit.
#[derive(Clone, Debug, PartialEq)]
pub struct Velocity<A> {
    /// The running velocity b.
    pub velocity: Vec<A>,
    /// Steps taken.
    pub step: u64,
}

impl<A: Element> Velocity<A> {
    /// The state before the first step on `len` parameters.
    pub fn new(len: usize) -> Self {
        Self { velocity: vec![A::zero(); len], step: 0 }
    }
}

impl Sgd {
    /// Without momentum or penalty.
    ///
    /// # Errors
    /// [`NnError::OutOfRange`] unless `lr` is positive and finite.
    pub fn new(lr: f64) -> Result<Self, NnError> {
        Self { lr, momentum: Momentum::Absent, weight_decay: 0.0 }.checked()
    }

    /// The same with another momentum.
    ///
    /// # Errors
    /// [`NnError::OutOfRange`] for one outside its range.
    pub fn momentum(self, momentum: Momentum) -> Result<Self, NnError> {
        Self { momentum, ..self }.checked()
    }

    /// The same with another penalty.
    ///
    /// # Errors
    /// [`NnError::OutOfRange`] for a negative or infinite one.
    pub fn weight_decay(self, weight_decay: f64) -> Result<Self, NnError> {
        Self { weight_decay, ..self }.checked()
    }

    /// Itself, if every field is in its range.
    ///
    /// # Errors
    /// [`NnError::OutOfRange`] names the first that is not.
    pub fn checked(self) -> Result<Self, NnError> {
        let (decay, dampening) = self.parts();
        let penalty = self.weight_decay;
        expect_range("Sgd's lr", self.lr, self.lr > 0.0 && self.lr.is_finite(), "positive and finite")?;
        expect_range("Sgd's momentum", decay, (0.0..1.0).contains(&decay), "at least 0 and below 1")?;
        expect_range("Sgd's dampening", dampening, (0.0..=1.0).contains(&dampening), "between 0 and 1")?;
        let inside = penalty >= 0.0 && penalty.is_finite();
        expect_range("Sgd's weight_decay", penalty, inside, "at least 0 and finite")?;
        Ok(self)
    }

    fn parts(&self) -> (f64, f64) {
        match self.momentum {
            Momentum::Absent => (0.0, 0.0),
            Momentum::Heavy { decay, dampening } => (decay, dampening),
            Momentum::Nesterov { decay } => (decay, 0.0),
        }
    }

    /// One step: moves `params` against `gradient`, at `factor` times the learning rate.
    ///
    /// # Errors
    /// [`NnError::Length`] if the three do not belong together; nothing is then changed.
    pub fn step<A: Element>(
        &self,
        factor: f64,
        state: &mut Velocity<A>,
        params: &mut [A],
        gradient: &[A],
    ) -> Result<(), NnError> {
        expect_length("gradients", params.len(), gradient.len())?;
        expect_length("velocities", params.len(), state.velocity.len())?;
        let (decay, dampening) = self.parts();
        let gain = if state.step == 0 { 1.0 } else { 1.0 - dampening };
        state.step += 1;
        let [rate, decay, gain, penalty] =
            [self.lr * factor, decay, gain, self.weight_decay].map(A::from_f64);
        // θ moves by η (near g + far b).
        let (near, far) = match self.momentum {
            Momentum::Absent => (A::one(), A::zero()),
            Momentum::Heavy { .. } => (A::zero(), A::one()),
            Momentum::Nesterov { .. } => (A::one(), decay),
        };
        let all = params.iter_mut().zip(gradient).zip(&mut state.velocity);
        Machine::detect().run(
            #[inline(always)]
            || {
                for ((p, &g), b) in all {
                    let g = g + penalty * *p;
                    *b = decay * *b + gain * g;
                    *p -= rate * (near * g + far * *b);
                }
            },
        );
        Ok(())
    }
}
