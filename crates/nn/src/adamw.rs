//! Adam with decoupled weight decay.

use crate::kernel::{Element, Machine};
use crate::{NnError, error::expect_length, error::expect_range};

/// AdamW (Loshchilov & Hutter 2019, arXiv:1711.05101, algorithm 2, with α of Adam as the rate).
///
/// At step k, with gradient g and rate η = `lr` times the schedule's factor:
///
/// ```text
/// θ ← (1 - η λ) θ
/// m ← m + (1 - β₁)(g - m)          v ← β₂ v + (1 - β₂) g²
/// θ ← θ - η / (1 - β₁ᵏ) · m / (√(v / (1 - β₂ᵏ)) + ε)
/// ```
///
/// as `torch.optim.AdamW` does it. With `weight_decay` 0 it is Adam (Kingma & Ba 2015,
/// arXiv:1412.6980). Cost: one pass over the parameters.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct AdamW {
    /// Learning rate, positive.
    pub lr: f64,
    /// Decay β₁ of the first moment, in `[0, 1)`.
    pub beta1: f64,
    /// Decay β₂ of the second moment, in `[0, 1)`.
    pub beta2: f64,
    /// ε, at least 0.
    pub eps: f64,
    /// Weight decay λ, at least 0.
    pub weight_decay: f64,
}

impl AdamW {
    /// PyTorch's defaults with the given rate: β = (0.9, 0.999), ε = 1e-8, λ = 0.01.
    ///
    /// # Errors
    /// [`NnError::OutOfRange`] unless `lr` is positive and finite.
    pub fn new(lr: f64) -> Result<Self, NnError> {
        Self { lr, beta1: 0.9, beta2: 0.999, eps: 1e-8, weight_decay: 0.01 }.checked()
    }

    /// The same with another weight decay; 0 gives Adam.
    ///
    /// # Errors
    /// [`NnError::OutOfRange`] for a negative or infinite one.
    pub fn weight_decay(self, weight_decay: f64) -> Result<Self, NnError> {
        Self { weight_decay, ..self }.checked()
    }

    /// The same with other moment decays.
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
        let size = |x: f64| x >= 0.0 && x.is_finite();
        expect_range("AdamW's lr", self.lr, self.lr > 0.0 && self.lr.is_finite(), "positive and finite")?;
        expect_range("AdamW's beta1", self.beta1, unit(self.beta1), "at least 0 and below 1")?;
        expect_range("AdamW's beta2", self.beta2, unit(self.beta2), "at least 0 and below 1")?;
        expect_range("AdamW's eps", self.eps, size(self.eps), "at least 0 and finite")?;
        expect_range(
            "AdamW's weight_decay",
            self.weight_decay,
            size(self.weight_decay),
            "at least 0 and finite",
        )?;
        Ok(self)
    }

    /// One step: moves `params` against `gradient`, at `factor` times the learning rate.
    ///
    /// `factor` is 1, or what a [`Schedule`](crate::Schedule) says for this step. The same input gives
    /// the same bits on any instruction set.
    ///
    /// # Errors
    /// [`NnError::Length`] if the three do not belong together; nothing is then changed.
    pub fn step<A: Element>(
        &self,
        factor: f64,
        moments: &mut Moments<A>,
        params: &mut [A],
        gradient: &[A],
    ) -> Result<(), NnError> {
        expect_length("gradients", params.len(), gradient.len())?;
        expect_length("first moments", params.len(), moments.first.len())?;
        expect_length("second moments", params.len(), moments.second.len())?;
        moments.step += 1;
        let power = |beta: f64| 1.0 - beta.powf(moments.step as f64);
        let lr = self.lr * factor;
        let keep = A::from_f64(1.0 - lr * self.weight_decay);
        let rate = A::from_f64(lr / power(self.beta1));
        let scale = A::from_f64(1.0 / power(self.beta2).sqrt());
        let (gain1, gain2) = (A::from_f64(1.0 - self.beta1), A::from_f64(1.0 - self.beta2));
        let (beta2, eps) = (A::from_f64(self.beta2), A::from_f64(self.eps));
        let moments = moments.first.iter_mut().zip(&mut moments.second);
        let all = params.iter_mut().zip(gradient).zip(moments);
        Machine::detect().run(
            #[inline(always)]
            || {
                for ((p, &g), (m, v)) in all {
                    *m += gain1 * (g - *m);
                    *v = beta2 * *v + gain2 * g * g;
                    *p = keep * *p - rate * (*m / (scale * v.sqrt() + eps));
                }
            },
        );
        Ok(())
    }
}

/// The state of [`AdamW`]: all that a checkpoint must hold to go on bit for bit.
#[derive(Clone, Debug, PartialEq)]
pub struct Moments<A> {
    /// Running mean m of the gradient.
    pub first: Vec<A>,
    /// Running mean v of its square.
    pub second: Vec<A>,
    /// Steps taken.
    pub step: u64,
}

impl<A: Element> Moments<A> {
    /// The state before the first step on `len` parameters.
    pub fn new(len: usize) -> Self {
        Self { first: vec![A::zero(); len], second: vec![A::zero(); len], step: 0 }
    }
}
