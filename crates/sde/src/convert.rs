//! From Itô's form to Stratonovich's and back.

use crate::{CommutativeDiffusion, Ito, Sde, Stratonovich};
use chreode_core::{VectorField, VectorSpace};

/// The drift f + c · ½ Σₖ gₖ′gₖ: that of the same process in the other calculus, with c = −1 from Itô's and
/// c = 1 to Itô's.
#[derive(Clone, Copy, Debug)]
pub struct Corrected<F, G> {
    drift: F,
    diffusion: G,
    sign: f64,
}

impl<Y: VectorSpace, F: VectorField<Y>, G: CommutativeDiffusion<Y>> VectorField<Y> for Corrected<F, G> {
    fn eval(&self, t: f64, y: &Y) -> Y {
        self.drift.eval(t, y).plus(&[(self.sign, &self.diffusion.correction(t, y))])
    }
}

impl<F, G: Clone, W> Sde<F, G, W, Ito> {
    /// The Stratonovich equation with the same solution. Solving it needs the derivatives of g
    /// ([`CommutativeDiffusion`]).
    ///
    /// ```
    /// use chreode_core::Seed;
    /// use chreode_ode::{Fixed, Solve, Span};
    /// use chreode_sde::{BrownianPath, BrownianTree, Diagonal, Sde, StochasticHeun, WithJvp};
    ///
    /// let span = Span { t0: 0.0, t1: 1.0 };
    /// let path = BrownianTree::new(Seed(1), span, [0.0], 1e-4)?;
    /// let g = WithJvp(|_t: f64, y: &[f64; 1]| [0.5 * y[0]], |_t: f64, _y: &[f64; 1], v: &[f64; 1]| [0.5 * v[0]]);
    /// let sde = Sde::ito(|_t: f64, y: &[f64; 1]| [0.2 * y[0]], Diagonal(g), &path).to_stratonovich();
    /// let y = Solve::new(StochasticHeun, Fixed::steps(1000)).end(&sde, span, [1.0])?;
    /// let exact = (0.2 - 0.125 + 0.5 * path.increment(0.0, 1.0)?[0]).exp();
    /// assert!((y[0] - exact).abs() < 1e-3);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn to_stratonovich(self) -> Sde<Corrected<F, G>, G, W, Stratonovich> {
        let drift = Corrected { drift: self.drift, diffusion: self.diffusion.clone(), sign: -1.0 };
        Sde::stratonovich(drift, self.diffusion, self.path)
    }
}

impl<F, G: Clone, W> Sde<F, G, W, Stratonovich> {
    /// The Itô equation with the same solution. Solving it needs the derivatives of g
    /// ([`CommutativeDiffusion`]).
    pub fn to_ito(self) -> Sde<Corrected<F, G>, G, W, Ito> {
        let drift = Corrected { drift: self.drift, diffusion: self.diffusion.clone(), sign: 1.0 };
        Sde::ito(drift, self.diffusion, self.path)
    }
}
