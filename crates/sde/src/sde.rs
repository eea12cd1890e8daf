//! Stochastic differential equations, Itô's and Stratonovich's kept apart by type.

use crate::{BrownianPath, Diffusion};
use chreode_core::VectorField;
use chreode_ode::{Span, StepError};
use std::marker::PhantomData;

mod sealed {
    pub trait Sealed {}
}

/// How ∫ g dW is meant: [`Ito`] or [`Stratonovich`].
pub trait Calculus: sealed::Sealed {
    /// Its name.
    const NAME: &'static str;
    /// Whether this is Itô's.
    const ITO: bool;
}

/// Itô's integral: g is taken at the beginning of each step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ito;

/// Stratonovich's integral: g is taken in the middle of each step, and the ordinary chain rule holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stratonovich;

impl sealed::Sealed for Ito {}
impl sealed::Sealed for Stratonovich {}

impl Calculus for Ito {
    const NAME: &'static str = "Ito";
    const ITO: bool = true;
}

impl Calculus for Stratonovich {
    const NAME: &'static str = "Stratonovich";
    const ITO: bool = false;
}

/// The equation dy = f(t, y) dt + g(t, y) dW, driven by one path.
///
/// | part | what it is |
/// |---|---|
/// | `drift` | f, any [`VectorField`] |
/// | `diffusion` | g, a [`Diffusion`]: [`Diagonal`](crate::Diagonal), [`Scalar`](crate::Scalar), [`Additive`](crate::Additive) or [`General`](crate::General) |
/// | `path` | W, a [`BrownianPath`], or a reference to one |
/// | `C` | [`Ito`] or [`Stratonovich`]; a method for the one does not compile with the other |
///
/// With g′ = ∂g/∂y, the Stratonovich equation with drift f has the same solution as the Itô equation with
/// drift f + ½ Σₖ gₖ′gₖ over the columns gₖ of g. With additive noise the two are the same.
///
/// P. E. Kloeden and E. Platen, Numerical Solution of Stochastic Differential Equations (1992), ch. 4,
/// doi:10.1007/978-3-662-12616-5.
#[derive(Clone, Copy, Debug)]
pub struct Sde<F, G, W, C> {
    /// f(t, y).
    pub drift: F,
    /// g(t, y)·dW.
    pub diffusion: G,
    /// W.
    pub path: W,
    /// Itô or Stratonovich.
    pub calculus: PhantomData<C>,
}

impl<F, G, W> Sde<F, G, W, Ito> {
    /// dy = f dt + g dW in Itô's sense.
    pub const fn ito(drift: F, diffusion: G, path: W) -> Self {
        Self { drift, diffusion, path, calculus: PhantomData }
    }
}

impl<F, G, W> Sde<F, G, W, Stratonovich> {
    /// dy = f dt + g ∘ dW in Stratonovich's sense.
    pub const fn stratonovich(drift: F, diffusion: G, path: W) -> Self {
        Self { drift, diffusion, path, calculus: PhantomData }
    }
}

impl<F, G, W, C> Sde<F, G, W, C> {
    /// Whether the path covers `span` and fits the state.
    pub(crate) fn check<Y>(&self, span: Span, y: &Y) -> Result<(), StepError>
    where
        F: VectorField<Y>,
        W: BrownianPath,
        G: Diffusion<Y, Noise = W::Noise>,
    {
        let Span { t0, t1 } = span;
        let Span { t0: from, t1: to } = self.path.span();
        if t0.min(t1) < from || t0.max(t1) > to {
            return Err(StepError::OutsidePath { t0, t1, from, to });
        }
        self.diffusion.check(y, &self.path.shape())
    }
}
