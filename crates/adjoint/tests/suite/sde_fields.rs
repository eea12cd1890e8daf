//! Drifts and noise coefficients with their derivatives, for the gradients of stochastic equations.

use chreode_adjoint::VjpAlong;
use chreode_core::{Jvp, Pullback, VectorField, Vjp};

/// θ₁ sin(θ₂ y₂) + t, θ₃ y₁ − y₂³
#[derive(Clone, Copy)]
pub(crate) struct Bent(pub(crate) [f64; 3]);

impl VectorField<[f64; 2]> for Bent {
    fn eval(&self, t: f64, y: &[f64; 2]) -> [f64; 2] {
        let [a, b, c] = self.0;
        [a * (b * y[1]).sin() + t, c * y[0] - y[1].powi(3)]
    }
}

impl Vjp<[f64; 2]> for Bent {
    type Params = [f64; 3];
    fn vjp(&self, t: f64, y: &[f64; 2], u: &[f64; 2]) -> Pullback<[f64; 2], [f64; 3]> {
        let [a, b, c] = self.0;
        let (sin, cos) = (b * y[1]).sin_cos();
        Pullback {
            value: self.eval(t, y),
            state: [c * u[1], a * b * cos * u[0] - 3.0 * y[1] * y[1] * u[1]],
            params: [u[0] * sin, u[0] * a * y[1] * cos, u[1] * y[0]],
        }
    }
}

/// Each entry by itself: s₁ cos yᵢ (1 + t) + s₂.
#[derive(Clone, Copy)]
pub(crate) struct Wave(pub(crate) [f64; 2]);

impl VectorField<[f64; 2]> for Wave {
    fn eval(&self, t: f64, y: &[f64; 2]) -> [f64; 2] {
        y.map(|y| self.0[0] * y.cos() * (1.0 + t) + self.0[1])
    }
}

impl Vjp<[f64; 2]> for Wave {
    type Params = [f64; 2];
    fn vjp(&self, t: f64, y: &[f64; 2], u: &[f64; 2]) -> Pullback<[f64; 2], [f64; 2]> {
        let d = |i: usize| -self.0[0] * y[i].sin() * (1.0 + t) * u[i];
        let by = |i: usize| y[i].cos() * (1.0 + t) * u[i];
        Pullback { value: self.eval(t, y), state: [d(0), d(1)], params: [by(0) + by(1), u[0] + u[1]] }
    }
}

impl Jvp<[f64; 2]> for Wave {
    fn jvp(&self, t: f64, y: &[f64; 2], v: &[f64; 2]) -> [f64; 2] {
        std::array::from_fn(|i| -self.0[0] * y[i].sin() * (1.0 + t) * v[i])
    }
}

impl VjpAlong<[f64; 2]> for Wave {
    fn vjp_along(
        &self,
        t: f64,
        y: &[f64; 2],
        u: &[f64; 2],
        dy: &[f64; 2],
        ds: &[f64; 2],
    ) -> Pullback<[f64; 2], [f64; 2]> {
        let (s, c) = (y.map(f64::sin), y.map(f64::cos));
        let each = |f: &dyn Fn(usize) -> f64| std::array::from_fn(|i| f(i) * (1.0 + t));
        let value: [f64; 2] = each(&|i| ds[0] * c[i] - self.0[0] * s[i] * dy[i]);
        let state = each(&|i| -u[i] * (ds[0] * s[i] + self.0[0] * c[i] * dy[i]));
        let by: [f64; 2] = each(&|i| -u[i] * s[i] * dy[i]);
        Pullback { value: value.map(|v| v + ds[1]), state, params: [by[0] + by[1], 0.0] }
    }
}

/// y₁ y₂ coupled: s₁ (sin y₂, cos y₁) + s₂ y, for one Brownian motion.
#[derive(Clone, Copy)]
pub(crate) struct Coupled(pub(crate) [f64; 2]);

impl VectorField<[f64; 2]> for Coupled {
    fn eval(&self, _t: f64, y: &[f64; 2]) -> [f64; 2] {
        let [a, b] = self.0;
        [a * y[1].sin() + b * y[0], a * y[0].cos() + b * y[1]]
    }
}

impl Vjp<[f64; 2]> for Coupled {
    type Params = [f64; 2];
    fn vjp(&self, t: f64, y: &[f64; 2], u: &[f64; 2]) -> Pullback<[f64; 2], [f64; 2]> {
        let [a, b] = self.0;
        Pullback {
            value: self.eval(t, y),
            state: [b * u[0] - a * y[0].sin() * u[1], a * y[1].cos() * u[0] + b * u[1]],
            params: [y[1].sin() * u[0] + y[0].cos() * u[1], y[0] * u[0] + y[1] * u[1]],
        }
    }
}

impl Jvp<[f64; 2]> for Coupled {
    fn jvp(&self, _t: f64, y: &[f64; 2], v: &[f64; 2]) -> [f64; 2] {
        let [a, b] = self.0;
        [a * y[1].cos() * v[1] + b * v[0], -a * y[0].sin() * v[0] + b * v[1]]
    }
}

impl VjpAlong<[f64; 2]> for Coupled {
    fn vjp_along(
        &self,
        t: f64,
        y: &[f64; 2],
        u: &[f64; 2],
        dy: &[f64; 2],
        ds: &[f64; 2],
    ) -> Pullback<[f64; 2], [f64; 2]> {
        let ([a, _], [da, db]) = (self.0, *ds);
        let (moved, jvp) = (Self(*ds).eval(t, y), self.jvp(t, y, dy));
        Pullback {
            value: [moved[0] + jvp[0], moved[1] + jvp[1]],
            state: [
                db * u[0] - (da * y[0].sin() + a * y[0].cos() * dy[0]) * u[1],
                (da * y[1].cos() - a * y[1].sin() * dy[1]) * u[0] + db * u[1],
            ],
            params: [y[1].cos() * dy[1] * u[0] - y[0].sin() * dy[0] * u[1], dy[0] * u[0] + dy[1] * u[1]],
        }
    }
}
