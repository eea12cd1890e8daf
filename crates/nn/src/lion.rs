//! Steps of equal size by the sign of a momentum.

use crate::kernel::{Element, Machine};
use crate::{NnError, Velocity, error::expect_length, error::expect_range};

/// Lion (Chen et al., Symbolic discovery of optimization algorithms, NeurIPS 2023, arXiv:2302.06675, program 1).
///
/// With gradient g and rate η = `lr` times the schedule's factor:
///
/// ```text
/// θ ← θ - η (sign(β₁ m + (1 - β₁) g) + λ θ)
/// m ← β₂ m + (1 - β₂) g
/// ```
///
/// Every step moves every parameter by η, so rates are a third to a tenth of AdamW's and weight decays that much
/// larger. Its state is half as large. Cost: one pass over the parameters.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Lion {
    /// Learning rate, positive.
    pub lr: f64,
    /// Weight β₁ of the momentum in a step, in `[0, 1)`.
    pub beta1: f64,
    /// Decay β₂ of the momentum, in `[0, 1)`.
    pub beta2: f64,
    /// Weight decay λ, at least 0.
    pub weight_decay: f64,
}

impl Lion {
    /// The authors' defaults with the given rate: β = (0.9, 0.99), λ = 0.
    ///
    /// # Errors
    /// [`NnError::OutOfRange`] unless `lr` is positive and finite.
    pub fn new(lr: f64) -> Result<Self, NnError> {
        Self { lr, beta1: 0.9, beta2: 0.99, weight_decay: 0.0 }.checked()
    }

    /// The same with another weight decay.
    ///
    /// # Errors
    /// [`NnError::OutOfRange`] for a negative or infinite one.
    pub fn weight_decay(self, weight_decay: f64) -> Result<Self, NnError> {
        Self { weight_decay, ..self }.checked()
    }

    /// The same with other weights of the momentum.
    ///
    /// # Errors
    /// [`NnError::OutOfRange`] outside `[0, 1)`.
    pub fn betas(self, beta1: f64, beta2: f64) -> Result<Self, NnError> {
        Self { beta1, beta2, ..self }.checked()
    }

    /// Itself, if every field is in its range.
    ///
    /// # Errors
    /// [`NnError::OutOfRange`] names the first that is not.
    pub fn checked(self) -> Result<Self, NnError> {
        let unit = |beta: f64| (0.0..1.0).contains(&beta);
        expect_range("Lion's lr", self.lr, self.lr > 0.0 && self.lr.is_finite(), "positive and finite")?;
        expect_range("Lion's beta1", self.beta1, unit(self.beta1), "at least 0 and below 1")?;
        expect_range("Lion's beta2", self.beta2, unit(self.beta2), "at least 0 and below 1")?;
        let inside = self.weight_decay >= 0.0 && self.weight_decay.is_finite();
        expect_range("Lion's weight_decay", self.weight_decay, inside, "at least 0 and finite")?;
        Ok(self)
    }

    /// One step: moves `params` against `gradient`, at `factor` times the learning rate. A sum of zero moves nothing.
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
        state.step += 1;
        let rate = self.lr * factor;
        let [beta1, beta2, rate, keep] =
            [self.beta1, self.beta2, rate, 1.0 - rate * self.weight_decay].map(A::from_f64);
        let (gain1, gain2) = (A::one() - beta1, A::one() - beta2);
        let all = params.iter_mut().zip(gradient).zip(&mut state.velocity);
        Machine::detect().run(
            #[inline(always)]
            || {
                for ((p, &g), m) in all {
                    let way = beta1 * *m + gain1 * g;
                    // A NaN moves the parameter to NaN, so that it is seen.
                    let sign = if way > A::zero() {
                        A::one()
                    } else if way < A::zero() {
                        -A::one()
                    } else {
                        way
                    };
                    *p = keep * *p - rate * sign;
                    *m = beta2 * *m + gain2 * g;
                }
            },
        );
        Ok(())
    }
}
