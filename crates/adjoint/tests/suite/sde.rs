//! Gradients of stochastic solves: those of the steps, on the path that drove them.

#![allow(clippy::unwrap_used, reason = "a test may fail where it unwraps")]

use crate::sde_fields::{Bent, Coupled, Wave};
use chreode_adjoint::{
    Adjoint, AdjointError, Discrete, Retracing, SdeAdjoint, SdeGradient, VjpAlong, WithSdeGradient, WithVjp,
    advances,
};
use chreode_core::{Jvp, Pullback, Seed, Tolerance, VectorField, VectorSpace, Vjp};
use chreode_ode::{DOPRI5, ExplicitRk, Fixed, Pi, Solve, Span, Stepper};
use chreode_sde::{
    Additive, BrownianPath, BrownianTree, Diagonal, EulerHeun, EulerMaruyama, General, Ito, Milstein,
    ReversibleHeun, RungeKuttaMilstein, Scalar, Sde, Sea, Shark, SlowRk, SpaceTime, Spark, Sra1, Sriw1,
    StochasticHeun, StochasticMidpoint, Stratonovich,
};
use std::cell::Cell;

const SPAN: Span = Span { t0: 0.0, t1: 1.0 };
const TIMES: [f64; 5] = [0.0, 0.0, 0.33, 0.5, 1.0];

type Tree = BrownianTree<[f64; 2], SpaceTime>;

fn tree() -> Tree {
    BrownianTree::with_area(Seed(11), SPAN, [0.0; 2], 1e-4).unwrap()
}

const DRIFT: [f64; 3] = [0.8, 1.3, 0.6];
const NOISE: [f64; 2] = [0.4, 0.3];
const Y0: [f64; 2] = [0.7, -0.4];

/// L = Σ ½ |yᵢ|² (i + 1)
fn loss(ys: &[[f64; 2]]) -> Vec<[f64; 2]> {
    ys.iter().enumerate().map(|(i, y)| y.map(|y| y * (i + 1) as f64)).collect()
}

fn value(ys: &[[f64; 2]]) -> f64 {
    ys.iter().enumerate().map(|(i, y)| 0.5 * (i + 1) as f64 * (y[0] * y[0] + y[1] * y[1])).sum()
}

/// The gradient in one line, and the same by central differences of `solve`.
fn against_differences(
    what: &str,
    gradient: WithSdeGradient<[f64; 2], [f64; 3], [f64; 2]>,
    solve: impl Fn([f64; 2], [f64; 3], [f64; 2]) -> Vec<[f64; 2]>,
) {
    let (ys, SdeGradient { y0, drift, diffusion }) = gradient;
    assert_eq!(ys, solve(Y0, DRIFT, NOISE), "{what}");
    let found: Vec<f64> = y0.into_iter().chain(drift).chain(diffusion).collect();
    let at = |e: f64, i: usize| {
        let (mut y, mut f, mut g) = (Y0, DRIFT, NOISE);
        *y.iter_mut().chain(&mut f).chain(&mut g).nth(i).unwrap() += e;
        value(&solve(y, f, g))
    };
    for (i, found) in found.into_iter().enumerate() {
        let slope = (at(1e-5, i) - at(-1e-5, i)) / 2e-5;
        assert!((slope - found).abs() < 1e-7 * (1.0 + slope.abs()), "{what}, {i}: {found} but {slope}");
    }
}

macro_rules! of_its_steps {
    ($method:expr, $make:ident, $wrap:expr) => {{
        let (tree, solve) = (tree(), Solve::new($method, Fixed::steps(16)));
        let sde = Sde::$make(Bent(DRIFT), $wrap(NOISE), &tree);
        let (what, adjoint) = (stringify!($method), Discrete::checkpoints(3));
        let gradient = adjoint.sde_gradient(&solve, &sde, Y0, &TIMES, loss).unwrap();
        let all = Discrete::stored().sde_gradient(&solve, &sde, Y0, &TIMES, loss).unwrap();
        assert_eq!(gradient, all, "{what} with three states");
        against_differences(what, gradient, |y0, f, g| {
            solve.at(&Sde::$make(Bent(f), $wrap(g), &tree), y0, &TIMES).unwrap()
        });
    }};
}

fn diagonal(s: [f64; 2]) -> Diagonal<Wave> {
    Diagonal(Wave(s))
}

/// g(t)·dw = (s₁ (1 + t) dw₁, s₂ dw₂ + s₁ dw₁)
fn additive(
    s: [f64; 2],
) -> impl chreode_sde::AdditiveDiffusion<[f64; 2], Noise = [f64; 2]>
+ chreode_adjoint::CommutativeVjp<[f64; 2], Params = [f64; 2]> {
    let product = move |t: f64, w: &[f64; 2]| [s[0] * (1.0 + t) * w[0], s[1] * w[1] + s[0] * w[0]];
    WithVjp(Additive::new(product), |t: f64, _: &[f64; 2], w: &[f64; 2], a: &[f64; 2]| {
        ([0.0; 2], [a[0] * (1.0 + t) * w[0] + a[1] * w[0], a[1] * w[1]])
    })
}

#[test]
fn every_method_has_the_gradient_of_its_own_steps() {
    of_its_steps!(EulerMaruyama, ito, diagonal);
    of_its_steps!(RungeKuttaMilstein, ito, diagonal);
    of_its_steps!(RungeKuttaMilstein, stratonovich, diagonal);
    of_its_steps!(Milstein, ito, diagonal);
    of_its_steps!(Milstein, stratonovich, diagonal);
    of_its_steps!(Milstein, ito, additive);
    of_its_steps!(Sriw1, ito, diagonal);
    of_its_steps!(EulerHeun, stratonovich, diagonal);
    of_its_steps!(StochasticHeun, stratonovich, diagonal);
    of_its_steps!(StochasticMidpoint, stratonovich, diagonal);
    of_its_steps!(Spark, stratonovich, diagonal);
    of_its_steps!(SlowRk, stratonovich, diagonal);
    of_its_steps!(Sea, ito, additive);
    of_its_steps!(Sra1, stratonovich, additive);
    of_its_steps!(Shark, ito, additive);
}

#[test]
fn reversible_heun_forgets_and_remembers_alike() {
    let (tree, solve) = (tree(), Solve::new(ReversibleHeun, Fixed::steps(16)));
    let sde = Sde::stratonovich(Bent(DRIFT), diagonal(NOISE), &tree);
    let stored = Discrete::stored().sde_gradient(&solve, &sde, Y0, &TIMES, loss).unwrap();
    let few = Discrete::checkpoints(2).sde_gradient(&solve, &sde, Y0, &TIMES, loss).unwrap();
    let retraced = Retracing.sde_gradient(&solve, &sde, Y0, &TIMES, loss).unwrap();
    for other in [&few, &retraced] {
        assert_eq!(other.0, stored.0);
        let (a, b) = (&other.1, &stored.1);
        let all = |g: &SdeGradient<[f64; 2], [f64; 3], [f64; 2]>| {
            g.y0.into_iter().chain(g.drift).chain(g.diffusion).collect::<Vec<f64>>()
        };
        for (a, b) in all(a).into_iter().zip(all(b)) {
            assert!((a - b).abs() < 1e-12 * (1.0 + b.abs()), "{a} {b}");
        }
    }
    against_differences("ReversibleHeun", stored, |y0, f, g| {
        solve.at(&Sde::stratonovich(Bent(f), diagonal(g), &tree), y0, &TIMES).unwrap()
    });
    // Steps by the error, and a thousand of them: still to rounding.
    let control = Pi { grow: 2.0, first_step: Some(1e-3), ..Pi::new(Tolerance::both(1e-4)) };
    let solve = Solve::new(ReversibleHeun, control);
    let stored = Discrete::stored().sde_gradient(&solve, &sde, Y0, &TIMES, loss).unwrap().1;
    let retraced = Retracing.sde_gradient(&solve, &sde, Y0, &TIMES, loss).unwrap().1;
    for i in 0..3 {
        assert!((stored.drift[i] - retraced.drift[i]).abs() < 1e-10 * (1.0 + stored.drift[i].abs()));
    }
}

#[test]
fn general_and_scalar_noise() {
    let tree = tree();
    let general = |s: [f64; 2]| {
        let product = move |_: f64, y: &[f64; 2], w: &[f64; 2]| [s[0] * y[1] * w[0], s[1] * y[0] * w[1]];
        WithVjp(General::new(product), move |_: f64, y: &[f64; 2], w: &[f64; 2], a: &[f64; 2]| {
            ([a[1] * s[1] * w[1], a[0] * s[0] * w[0]], [a[0] * y[1] * w[0], a[1] * y[0] * w[1]])
        })
    };
    let solve = Solve::new(StochasticHeun, Fixed::steps(12));
    let run = |y0, f, g| solve.at(&Sde::stratonovich(Bent(f), general(g), &tree), y0, &TIMES).unwrap();
    let sde = Sde::stratonovich(Bent(DRIFT), general(NOISE), &tree);
    against_differences(
        "general",
        Discrete::default().sde_gradient(&solve, &sde, Y0, &TIMES, loss).unwrap(),
        run,
    );
    let one = BrownianTree::new(Seed(5), SPAN, 0.0, 1e-4).unwrap();
    let solve = Solve::new(EulerMaruyama, Fixed::steps(12));
    let run = |y0, f, g| solve.at(&Sde::ito(Bent(f), Scalar(Wave(g)), &one), y0, &TIMES).unwrap();
    let sde = Sde::ito(Bent(DRIFT), Scalar(Wave(NOISE)), &one);
    against_differences(
        "scalar",
        Discrete::default().sde_gradient(&solve, &sde, Y0, &TIMES, loss).unwrap(),
        run,
    );
    // Milstein's terms of coupled coefficients: every second derivative counts.
    let solve = Solve::new(Milstein, Fixed::steps(12));
    let run = |y0, f, g| solve.at(&Sde::ito(Bent(f), Scalar(Coupled(g)), &one), y0, &TIMES).unwrap();
    let sde = Sde::ito(Bent(DRIFT), Scalar(Coupled(NOISE)), &one);
    let gradient = Discrete::checkpoints(4).sde_gradient(&solve, &sde, Y0, &TIMES, loss).unwrap();
    against_differences("scalar, Milstein, Itô", gradient, run);
    let run = |y0, f, g| solve.at(&Sde::stratonovich(Bent(f), Scalar(Coupled(g)), &one), y0, &TIMES).unwrap();
    let sde = Sde::stratonovich(Bent(DRIFT), Scalar(Coupled(NOISE)), &one);
    let gradient = Discrete::default().sde_gradient(&solve, &sde, Y0, &TIMES, loss).unwrap();
    against_differences("scalar, Milstein, Stratonovich", gradient, run);
}

/// θ y
struct Times(f64);

impl VectorField<f64> for Times {
    fn eval(&self, _t: f64, y: &f64) -> f64 {
        self.0 * y
    }
}

impl Vjp<f64> for Times {
    type Params = f64;
    fn vjp(&self, _t: f64, y: &f64, a: &f64) -> Pullback<f64, f64> {
        Pullback { value: self.0 * y, state: self.0 * a, params: a * y }
    }
}

impl Jvp<f64> for Times {
    fn jvp(&self, _t: f64, _y: &f64, v: &f64) -> f64 {
        self.0 * v
    }
}

impl VjpAlong<f64> for Times {
    fn vjp_along(&self, _t: f64, y: &f64, a: &f64, dy: &f64, dp: &f64) -> Pullback<f64, f64> {
        Pullback { value: self.0 * dy + dp * y, state: dp * a, params: a * dy }
    }
}

/// The pathwise derivatives of geometric Brownian motion by y₀, μ and σ, relative to y(1), and their errors.
fn geometric<S>(method: S, steps: usize, ito: bool) -> f64
where
    S: Copy,
    for<'t> Discrete: Any2<'t, S>,
{
    Discrete::stored().worst(method, steps, ito)
}

/// Both calculi behind one call.
trait Any2<'t, S> {
    fn worst(&self, method: S, steps: usize, ito: bool) -> f64;
}

macro_rules! gbm {
    ($method:ty, $make:ident) => {
        impl<'t> Any2<'t, $method> for Discrete {
            fn worst(&self, method: $method, steps: usize, ito: bool) -> f64 {
                let (mu, sigma) = (0.3, 0.5);
                let mut sum = 0.0;
                for seed in 0..20 {
                    let path = BrownianTree::with_area(Seed(seed), SPAN, 0.0, 1e-4).unwrap();
                    let w = path.increment(0.0, 1.0).unwrap();
                    let sde = Sde::$make(Times(mu), Scalar(Times(sigma)), &path);
                    let solve = Solve::new(method, Fixed::steps(steps));
                    let (_, g) =
                        self.sde_gradient(&solve, &sde, 1.5, &[0.0, 1.0], |_| vec![0.0, 1.0]).unwrap();
                    let shift = if ito { -0.5 * sigma * sigma } else { 0.0 };
                    let y = 1.5 * (mu + shift + sigma * w).exp();
                    let by_sigma = if ito { w - sigma } else { w };
                    let errors = [g.y0 * 1.5 / y - 1.0, g.drift / y - 1.0, g.diffusion / y - by_sigma];
                    sum += errors.iter().map(|e| e * e).sum::<f64>();
                }
                (sum / 60.0).sqrt()
            }
        }
    };
}

gbm!(EulerMaruyama, ito);
gbm!(Milstein, ito);
gbm!(Sriw1, ito);
gbm!(StochasticHeun, stratonovich);
gbm!(SlowRk, stratonovich);

#[test]
fn geometric_brownian_motion_pathwise() {
    // Errors shrink with the strong order of the method.
    let orders = [
        (geometric(EulerMaruyama, 16, true) / geometric(EulerMaruyama, 256, true), 0.5),
        (geometric(Milstein, 16, true) / geometric(Milstein, 256, true), 1.0),
        (geometric(Sriw1, 16, true) / geometric(Sriw1, 256, true), 1.5),
        (geometric(StochasticHeun, 16, false) / geometric(StochasticHeun, 256, false), 1.0),
        (geometric(SlowRk, 16, false) / geometric(SlowRk, 256, false), 1.5),
    ];
    for (ratio, order) in orders {
        let found = ratio.log2() / 4.0;
        assert!((found - order).abs() < 0.3, "order {found} for {order}");
    }
    assert!(geometric(SlowRk, 256, false) < 1e-3 && geometric(Sriw1, 256, true) < 1e-3);
}

#[test]
fn ornstein_uhlenbeck_pathwise() {
    // dy = −θ y dt + σ dW: y(1) = y₀ e^(−θ) + σ ∫ e^(−θ(1−s)) dW, so ∂y/∂σ = (y(1) − y₀ e^(−θ)) / σ.
    let (theta, sigma, y0) = (1.2, 0.7, 0.8);
    let path = BrownianTree::with_area(Seed(3), SPAN, 0.0, 1e-5).unwrap();
    let noise =
        WithVjp(Additive::new(move |_: f64, w: &f64| sigma * w), |_: f64, _: &f64, w: &f64, a: &f64| {
            (0.0, a * w)
        });
    let sde = Sde::ito(Times(-theta), noise, &path);
    let solve = Solve::new(Shark, Fixed::steps(400));
    let (ys, g) =
        Discrete::checkpoints(7).sde_gradient(&solve, &sde, y0, &[0.0, 1.0], |_| vec![0.0, 1.0]).unwrap();
    let decay = (-theta).exp();
    assert!((g.y0 - decay).abs() < 1e-6, "{}", g.y0);
    assert!((g.diffusion - (ys[1] - y0 * decay) / sigma).abs() < 1e-6);
    // Without noise it is the ordinary gradient: ∂y/∂θ of the drift is −y₀ e^(−θ).
    let still = Sde::ito(Times(-theta), Additive::new(|_: f64, w: &f64| 0.0 * w), &path);
    let (_, g) =
        Discrete::default().sde_gradient(&solve, &still, y0, &[0.0, 1.0], |_| vec![0.0, 1.0]).unwrap();
    let ode = Solve::new(ExplicitRk::new(DOPRI5), Fixed::steps(400));
    let (_, want) =
        Adjoint::gradient(&Discrete::default(), &ode, &Times(-theta), y0, &[0.0, 1.0], |_| vec![0.0, 1.0])
            .unwrap();
    assert!((g.drift - want.params).abs() < 1e-6 && (g.drift - y0 * decay).abs() < 1e-6);
}

#[test]
fn backwards_in_time_and_what_is_refused() {
    let (tree, solve) = (tree(), Solve::new(StochasticHeun, Fixed::steps(10)));
    let sde = Sde::stratonovich(Bent(DRIFT), diagonal(NOISE), &tree);
    let times = [1.0, 0.4, 0.0];
    let (ys, g) = Discrete::checkpoints(2).sde_gradient(&solve, &sde, Y0, &times, loss).unwrap();
    let at = |e: f64| value(&solve.at(&sde, [Y0[0] + e, Y0[1]], &times).unwrap());
    let slope = (at(1e-5) - at(-1e-5)) / 2e-5;
    assert!((slope / g.y0[0] - 1.0).abs() < 1e-6 && ys.len() == 3, "{slope} {}", g.y0[0]);
    let error = Discrete::checkpoints(0).sde_forward(&solve, &sde, Y0, &times).unwrap_err();
    assert_eq!(error, AdjointError::NoCheckpoints);
    let (_, tape) = Discrete::checkpoints(2).sde_forward(&solve, &sde, Y0, &times).unwrap();
    assert_eq!(tape.steps(), 10);
    let error = Discrete::checkpoints(2).sde_backward(&solve, &sde, &tape, &[[0.0; 2]]).unwrap_err();
    assert_eq!(error, AdjointError::CotangentCount { found: 1, expected: 3 });
    let error = Discrete::stored()
        .sde_gradient(&solve, &sde, Y0, &[0.0, 2.0], |ys| ys.to_vec())
        .unwrap_err()
        .to_string();
    assert!(error.contains("path"), "{error}");
}

thread_local! {
    static ALIVE: Cell<usize> = const { Cell::new(0) };
    static MOST: Cell<usize> = const { Cell::new(0) };
}

/// A number that is counted while it lives.
#[derive(Debug)]
struct Counted(f64);

fn counted(x: f64) -> Counted {
    ALIVE.set(ALIVE.get() + 1);
    MOST.set(MOST.get().max(ALIVE.get()));
    Counted(x)
}

impl Drop for Counted {
    fn drop(&mut self) {
        ALIVE.set(ALIVE.get() - 1);
    }
}

impl VectorSpace for Counted {
    fn plus(&self, terms: &[(f64, &Self)]) -> Self {
        counted(terms.iter().fold(self.0, |sum, (c, x)| sum + c * x.0))
    }
    fn zeros_like(&self) -> Self {
        counted(0.0)
    }
    fn dot(&self, other: &Self) -> f64 {
        self.0 * other.0
    }
    fn scaled_square_sum(&self, a: &Self, b: &Self, tolerance: Tolerance) -> (f64, usize) {
        ((self.0 / tolerance.scale(a.0, b.0)).powi(2), 1)
    }
}

impl VectorField<Counted> for Times {
    fn eval(&self, _t: f64, y: &Counted) -> Counted {
        counted(self.0 * y.0.sin())
    }
}

impl Vjp<Counted> for Times {
    type Params = f64;
    fn vjp(&self, t: f64, y: &Counted, a: &Counted) -> Pullback<Counted, f64> {
        let value = self.eval(t, y);
        Pullback { value, state: counted(self.0 * y.0.cos() * a.0), params: a.0 * y.0.sin() }
    }
}

/// The most states alive at one time, and ∂L/∂y₀.
fn most<A, S>(adjoint: &A, method: S, steps: usize) -> (usize, f64)
where
    S: for<'p> Stepper<Sde<Times, Scalar<Times>, &'p BrownianTree<f64>, Stratonovich>, Counted>,
    for<'p> A: SdeAdjoint<Times, Scalar<Times>, &'p BrownianTree<f64>, Stratonovich, Counted, S, Fixed>,
{
    assert_eq!(ALIVE.get(), 0);
    MOST.set(0);
    let path = BrownianTree::new(Seed(2), SPAN, 0.0, 1e-5).unwrap();
    let sde = Sde::stratonovich(Times(0.6), Scalar(Times(0.4)), &path);
    let solve = Solve::new(method, Fixed::steps(steps));
    let loss = |_: &[Counted]| vec![counted(0.0), counted(1.0)];
    let (ys, g) = adjoint.sde_gradient(&solve, &sde, counted(1.0), &[0.0, 1.0], loss).unwrap();
    let y0 = g.y0.0;
    drop((ys, g));
    assert_eq!(ALIVE.get(), 0, "nothing is left behind");
    (MOST.get(), y0)
}

#[test]
fn memory_is_flat_in_steps_and_calls() {
    let (few, exact) = most(&Retracing, ReversibleHeun, 10);
    for steps in [100, 3000] {
        assert_eq!(most(&Retracing, ReversibleHeun, steps).0, few, "retracing {steps} steps");
    }
    let (one, _) = most(&Discrete::checkpoints(1), StochasticHeun, 10);
    for steps in [50, 1000] {
        let (many, y0) = most(&Discrete::checkpoints(8), StochasticHeun, steps);
        assert!(many < one + 8, "{many} states alive with 8 checkpoints, {one} with 1");
        assert!((y0 - exact).abs() < 0.2, "{y0} {exact}");
    }
    let (all, stored) = most(&Discrete::stored(), ReversibleHeun, 1000);
    assert!(all > 2000);
    assert!((stored - most(&Retracing, ReversibleHeun, 1000).1).abs() < 1e-11);
    for _ in 0..1000 {
        most(&Retracing, ReversibleHeun, 8);
    }
    let path = BrownianTree::new(Seed(2), SPAN, 0.0, 1e-5).unwrap();
    let sde = Sde::<_, _, _, Ito>::ito(Times(0.6), Scalar(Times(0.4)), &path);
    let solve = Solve::new(EulerMaruyama, Fixed::steps(300));
    let (_, tape) =
        SdeAdjoint::sde_forward(&Discrete::checkpoints(6), &solve, &sde, 1.0, &[0.0, 1.0]).unwrap();
    assert!(tape.advances() <= advances(300, 6) && tape.advances() > 0);
}
