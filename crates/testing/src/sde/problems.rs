//! Stochastic equations whose solutions are functions of time and the Brownian motion there.

use crate::Field;
use chreode_ode::Span;
use chreode_sde::{Additive, Diagonal, Ito, Sde, Stratonovich, WithJvp};
use std::marker::PhantomData;

/// The derivative of a right-hand side along a direction.
type Slope = fn(f64, &[f64; 1], &[f64; 1]) -> [f64; 1];
/// Diagonal noise with its derivative.
type Multiplicative = Diagonal<WithJvp<Field<1>, Slope>>;

/// A stochastic equation for one number, and its solution.
#[derive(Clone, Copy, Debug)]
pub struct SdeProblem<G, C> {
    /// Its name.
    pub name: &'static str,
    /// f(t, y).
    pub drift: Field<1>,
    /// g(t, y)·dW.
    pub diffusion: G,
    /// From where to where; from 0.
    pub span: Span,
    /// The state at the start.
    pub y0: f64,
    /// The solution at time t as a function of t and W(t).
    pub solution: fn(f64, f64) -> f64,
    /// Where problem and solution come from.
    pub origin: &'static str,
    /// Itô or Stratonovich.
    pub calculus: PhantomData<C>,
}

impl<G: Copy, C> SdeProblem<G, C> {
    /// The equation driven by `path`.
    pub fn with<W>(&self, path: W) -> Sde<Field<1>, G, W, C> {
        Sde { drift: self.drift, diffusion: self.diffusion, path, calculus: PhantomData }
    }
}

const UNIT: Span = Span { t0: 0.0, t1: 1.0 };
const BOOK: &str = "Kloeden and Platen, Numerical Solution of Stochastic Differential Equations (1992), 4.4";

const GROWTH: f64 = 0.75;
const VOLATILITY: f64 = 0.5;

const PROPORTIONAL: Multiplicative =
    Diagonal(WithJvp(|_, y| [VOLATILITY * y[0]], |_, _, v| [VOLATILITY * v[0]]));

/// dX = ¾ X dt + ½ X dW (Itô); X = exp(⅝ t + ½ W).
pub const GEOMETRIC: SdeProblem<Multiplicative, Ito> = SdeProblem {
    name: "geometric Brownian motion, Ito",
    drift: |_, y| [GROWTH * y[0]],
    diffusion: PROPORTIONAL,
    span: UNIT,
    y0: 1.0,
    solution: |t, w| ((GROWTH - 0.5 * VOLATILITY * VOLATILITY) * t + VOLATILITY * w).exp(),
    origin: BOOK,
    calculus: PhantomData,
};

/// dX = ¾ X dt + ½ X ∘ dW (Stratonovich); X = exp(¾ t + ½ W).
pub const GEOMETRIC_STRATONOVICH: SdeProblem<Multiplicative, Stratonovich> = SdeProblem {
    name: "geometric Brownian motion, Stratonovich",
    drift: |_, y| [GROWTH * y[0]],
    diffusion: PROPORTIONAL,
    span: UNIT,
    y0: 1.0,
    solution: |t, w| (GROWTH * t + VOLATILITY * w).exp(),
    origin: BOOK,
    calculus: PhantomData,
};

/// dX = −¼ sin X cos³ X dt + ½ cos² X dW (Itô) from ½; X = arctan(tan ½ + ½ W).
pub const ARCTAN: SdeProblem<Multiplicative, Ito> = SdeProblem {
    name: "arctan",
    drift: |_, y| [-0.25 * y[0].sin() * y[0].cos().powi(3)],
    diffusion: Diagonal(WithJvp(
        |_, y| [0.5 * y[0].cos().powi(2)],
        |_, y, v| [-y[0].cos() * y[0].sin() * v[0]],
    )),
    span: UNIT,
    y0: 0.5,
    solution: |_, w| (0.5_f64.tan() + 0.5 * w).atan(),
    origin: BOOK,
    calculus: PhantomData,
};

const HYPERBOLIC: Multiplicative = Diagonal(WithJvp(
    |_, y| [(y[0] * y[0] + 1.0).sqrt()],
    |_, y, v| [y[0] / (y[0] * y[0] + 1.0).sqrt() * v[0]],
));

/// dX = (½ X + √(X² + 1)) dt + √(X² + 1) dW (Itô) from 0; X = sinh(t + W).
pub const ARSINH: SdeProblem<Multiplicative, Ito> = SdeProblem {
    name: "arsinh, Ito",
    drift: |_, y| [0.5 * y[0] + (y[0] * y[0] + 1.0).sqrt()],
    diffusion: HYPERBOLIC,
    span: UNIT,
    y0: 0.0,
    solution: |t, w| (t + w).sinh(),
    origin: BOOK,
    calculus: PhantomData,
};

/// dX = √(X² + 1) dt + √(X² + 1) ∘ dW (Stratonovich) from 0; X = sinh(t + W).
pub const ARSINH_STRATONOVICH: SdeProblem<Multiplicative, Stratonovich> = SdeProblem {
    name: "arsinh, Stratonovich",
    drift: |_, y| [(y[0] * y[0] + 1.0).sqrt()],
    diffusion: HYPERBOLIC,
    span: UNIT,
    y0: 0.0,
    solution: |t, w| (t + w).sinh(),
    origin: BOOK,
    calculus: PhantomData,
};

/// dX = (1/√(1+t) − X / (2(1+t))) dt + 1/(2√(1+t)) dW from 1: additive noise that depends on time;
/// X = (1 + t + ½ W) / √(1+t).
pub const DAMPED: SdeProblem<Additive<Field<1>, [f64; 1]>, Ito> = SdeProblem {
    name: "damped, additive",
    drift: |t, y| [(1.0 + t).powf(-0.5) - y[0] / (2.0 * (1.0 + t))],
    diffusion: Additive::new(|t, dw| [0.5 * (1.0 + t).powf(-0.5) * dw[0]]),
    span: UNIT,
    y0: 1.0,
    solution: |t, w| (1.0 + t + 0.5 * w) / (1.0 + t).sqrt(),
    origin: BOOK,
    calculus: PhantomData,
};
