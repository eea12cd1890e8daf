//! Initial value problems whose solutions are known, with their origin.

use chreode_ode::Span;

/// A right-hand side without parameters.
pub type Field<const N: usize> = fn(f64, &[f64; N]) -> [f64; N];

/// What is known of a solution.
#[derive(Clone, Copy, Debug)]
pub enum Solution<const N: usize> {
    /// In closed form, at any time.
    Exact(fn(f64) -> [f64; N]),
    /// At the end of the span, to the last bit.
    End([f64; N]),
}

/// An initial value problem and its solution.
#[derive(Clone, Copy, Debug)]
pub struct Problem<const N: usize> {
    /// Its name.
    pub name: &'static str,
    /// dy/dt = field(t, y).
    pub field: Field<N>,
    /// From where to where.
    pub span: Span,
    /// The state at the start.
    pub y0: [f64; N],
    /// The solution.
    pub solution: Solution<N>,
    /// Where problem and solution come from.
    pub origin: &'static str,
}

impl<const N: usize> Problem<N> {
    /// The state at the end of the span.
    pub fn end(&self) -> [f64; N] {
        match self.solution {
            Solution::Exact(solution) => solution(self.span.t1),
            Solution::End(y) => y,
        }
    }

    /// The largest deviation of `y` from the state at the end of the span.
    pub fn deviation(&self, y: &[f64; N]) -> f64 {
        y.iter().zip(self.end()).fold(0.0, |worst: f64, (y, exact)| worst.max((y - exact).abs()))
    }
}

/// x″ = −x from (1, 0) over [0, 5].
pub const HARMONIC_OSCILLATOR: Problem<2> = Problem {
    name: "harmonic oscillator",
    field: |_, y| [y[1], -y[0]],
    span: Span { t0: 0.0, t1: 5.0 },
    y0: [1.0, 0.0],
    solution: Solution::Exact(|t| [t.cos(), -t.sin()]),
    origin: "closed form",
};

/// y′ = sin t − y + cos t from 1 over [0, 3]: linear, and not autonomous; y = sin t + e^−t.
pub const FORCED_DECAY: Problem<1> = Problem {
    name: "forced decay",
    field: |t, y| [t.sin() - y[0] + t.cos()],
    span: Span { t0: 0.0, t1: 3.0 },
    y0: [1.0],
    solution: Solution::Exact(|t| [t.sin() + (-t).exp()]),
    origin: "closed form; the kind of A. Prothero and A. Robinson, Math. Comp. 28 (1974)",
};

/// y′ = y/4 (1 − y/20) from 1 over [0, 20], DETEST A4; y = 20 / (1 + 19 e^(−t/4)).
pub const LOGISTIC: Problem<1> = Problem {
    name: "logistic",
    field: |_, y| [y[0] / 4.0 * (1.0 - y[0] / 20.0)],
    span: Span { t0: 0.0, t1: 20.0 },
    y0: [1.0],
    solution: Solution::Exact(|t| [20.0 / (1.0 + 19.0 * (-t / 4.0).exp())]),
    origin: "closed form; problem A4 of Hull, Enright, Fellen and Sedgwick, SIAM J. Numer. Anal. 9 (1972)",
};

/// x′ = 1.5 x − x y, y′ = −3 y + x y from (1, 1) over [0, 10].
pub const LOTKA_VOLTERRA: Problem<2> = Problem {
    name: "Lotka-Volterra",
    field: |_, y| [1.5 * y[0] - y[0] * y[1], -3.0 * y[1] + y[0] * y[1]],
    span: Span { t0: 0.0, t1: 10.0 },
    y0: [1.0, 1.0],
    solution: Solution::End([1.0263447675750893, 0.9096910781360416]),
    origin: "Gragg-Bulirsch-Stoer extrapolation in 40 digits; two step sizes agree to 7e-36: \
             1.026344767575089319138687, 0.9096910781360416175482459",
};

/// x′ = 1 + x² y − 4 x, y′ = 3 x − x² y from (1.5, 3) over [0, 20].
pub const BRUSSELATOR: Problem<2> = Problem {
    name: "Brusselator",
    field: |_, y| [1.0 + y[0] * y[0] * y[1] - 4.0 * y[0], 3.0 * y[0] - y[0] * y[0] * y[1]],
    span: Span { t0: 0.0, t1: 20.0 },
    y0: [1.5, 3.0],
    solution: Solution::End([0.49863707126834785, 4.596780349452011]),
    origin: "Hairer, Norsett & Wanner, Solving ODEs I, II.4; Gragg-Bulirsch-Stoer extrapolation in 40 \
             digits, two step sizes agree to 7e-36: 0.4986370712683478486498555, 4.596780349452011183201744",
};
