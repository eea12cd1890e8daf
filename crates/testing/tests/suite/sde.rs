//! Strong and weak orders of the stochastic methods, with fixed seeds and stated confidence.
//!
//! Each slope comes with its 95 % interval from 1000 paths; a slope must meet the order within the interval and
//! a slack for what higher terms bend at these step sizes. All closed forms are from Kloeden and Platen.

use chreode_core::Seed;
use chreode_ode::{Fixed, Solve, SolveError, Span, Stepper};
use chreode_sde::{
    Additive, BrownianTree, Diagonal, EulerHeun, EulerMaruyama, General, Halves, Milstein, ReversibleHeun,
    RungeKuttaMilstein, Sde, Sea, Shark, SlowRk, SpaceTime, Spark, Sra1, Sriw1, StochasticHeun,
    StochasticMidpoint,
};
use chreode_testing::{
    ARCTAN, ARSINH, ARSINH_STRATONOVICH, Convergence, DAMPED, GEOMETRIC, GEOMETRIC_STRATONOVICH, convergence,
    sde_convergence,
};

const SEED: Seed = Seed(2024);
const STEPS: [usize; 4] = [16, 32, 64, 128];
const PATHS: u32 = 1000;
const UNIT: Span = Span { t0: 0.0, t1: 1.0 };

fn strong(what: &str, it: &Convergence, order: f64, slack: f64) {
    assert!(it.strong.half_width < 0.25, "{what}: the band of {:?} says nothing", it.strong);
    assert!(it.strong.agrees(order, slack), "{what}: {:?}, expected {order}; {:?}", it.strong, it.errors);
}

fn weak(what: &str, it: &Convergence, order: f64, slack: f64) {
    assert!(it.weak.half_width < 0.5, "{what}: the band of {:?} says nothing", it.weak);
    assert!(it.weak.agrees(order, slack), "{what}: {:?}, expected {order}; {:?}", it.weak, it.errors);
}

/// `method, problem => strong, weak`: the orders; `_` where the mean error drowns in its own spread.
macro_rules! orders {
    (@weak $what:expr, $it:expr, _) => {};
    (@weak $what:expr, $it:expr, $order:literal) => {
        weak($what, $it, $order, 0.1)
    };
    ($($method:expr, $problem:expr => $strong:literal, $weak:tt;)*) => {$(
        let it = sde_convergence($method, &$problem, SEED, 0..PATHS, &STEPS).unwrap();
        let what = format!("{:?} on {}", $method, $problem.name);
        strong(&what, &it, $strong, 0.1);
        orders!(@weak &what, &it, $weak);
    )*};
}

#[test]
fn orders_of_ito_methods() {
    orders! {
        EulerMaruyama, GEOMETRIC => 0.5, 1.0;
        EulerMaruyama, ARCTAN => 0.5, _;
        EulerMaruyama, DAMPED => 1.0, 1.0;
        Halves(EulerMaruyama), ARCTAN => 0.5, _;
        Milstein, GEOMETRIC => 1.0, 1.0;
        Milstein, ARCTAN => 1.0, 1.0;
        Milstein, ARSINH => 1.0, 1.0;
        RungeKuttaMilstein, GEOMETRIC => 1.0, 1.0;
        RungeKuttaMilstein, ARCTAN => 1.0, 1.0;
        RungeKuttaMilstein, ARSINH => 1.0, 1.0;
        Sriw1, GEOMETRIC => 1.5, _;
        Sriw1, ARCTAN => 1.5, _;
        Sriw1, ARSINH => 1.5, _;
        Sra1, DAMPED => 2.0, 2.0;
        Shark, DAMPED => 2.0, 2.0;
        Sea, DAMPED => 1.0, 1.0;
    }
}

#[test]
fn orders_of_stratonovich_methods() {
    orders! {
        Milstein, GEOMETRIC_STRATONOVICH => 1.0, 1.0;
        Milstein, ARSINH_STRATONOVICH => 1.0, 1.0;
        RungeKuttaMilstein, GEOMETRIC_STRATONOVICH => 1.0, 1.0;
        RungeKuttaMilstein, ARSINH_STRATONOVICH => 1.0, 1.0;
        EulerHeun, GEOMETRIC_STRATONOVICH => 1.0, 1.0;
        EulerHeun, ARSINH_STRATONOVICH => 1.0, 1.0;
        StochasticHeun, GEOMETRIC_STRATONOVICH => 1.0, 1.0;
        StochasticHeun, ARSINH_STRATONOVICH => 1.0, 1.0;
        StochasticMidpoint, GEOMETRIC_STRATONOVICH => 1.0, 1.0;
        StochasticMidpoint, ARSINH_STRATONOVICH => 1.0, 1.0;
        ReversibleHeun, GEOMETRIC_STRATONOVICH => 1.0, 1.0;
        ReversibleHeun, ARSINH_STRATONOVICH => 1.0, 1.0;
        Spark, GEOMETRIC_STRATONOVICH => 1.0, 1.0;
        Spark, ARSINH_STRATONOVICH => 1.0, 1.0;
        SlowRk, ARSINH_STRATONOVICH => 1.5, _;
    }
    // Linear equations flatter it at these step sizes.
    let it = sde_convergence(SlowRk, &GEOMETRIC_STRATONOVICH, SEED, 0..PATHS, &STEPS).unwrap();
    strong("SlowRk on geometric Brownian motion", &it, 1.5, 0.15);
    weak("SlowRk on geometric Brownian motion", &it, 2.0, 0.1);
}

/// dx = (sin 3t − sin 2x + y/2) dt + dW₁, dy = (cos 2x − y) dt + ½ dW₁ + ½ dW₂: no closed form, so that the
/// reference is another method in 1024 steps, 8 times as many, on the same path. The linear problem shows
/// 2 where nonlinear ones show the order 3/2.
#[test]
fn strong_orders_with_additive_noise() {
    let f =
        |t: f64, y: &[f64; 2]| [(3.0 * t).sin() - (2.0 * y[0]).sin() + 0.5 * y[1], (2.0 * y[0]).cos() - y[1]];
    let g = Additive::new(|_t: f64, dw: &[f64; 2]| [dw[0], 0.5 * dw[0] + 0.5 * dw[1]]);
    let tree = BrownianTree::with_area(SEED, UNIT, [0.0; 2], 1.0 / 1024.0).unwrap();
    macro_rules! measured {
        ($method:expr, $reference:expr, $order:expr) => {
            let end = |path: u32| Sde::ito(f, g, tree.member(path));
            let fine: Vec<f64> = (0..300)
                .map(|i| {
                    Solve::new($reference, Fixed::steps(1024)).end(&end(i), UNIT, [0.3, 0.1]).unwrap()[0]
                })
                .collect();
            let it = convergence(0..300, &STEPS, |path, n| {
                let y = Solve::new($method, Fixed::steps(n)).end(&end(path), UNIT, [0.3, 0.1])?;
                Ok::<_, SolveError>(y[0] - fine[path as usize])
            })
            .unwrap();
            strong(&format!("{:?} with additive noise", $method), &it, $order, 0.15);
        };
    }
    measured!(EulerMaruyama, Shark, 1.0);
    measured!(Sea, Shark, 1.0);
    measured!(Sra1, Shark, 1.5);
    measured!(Shark, Sra1, 1.5);
}

/// Noise that does not commute, dX = X₂ ∘ dW₁ and dY = X₁ ∘ dW₂: order 1/2 without Lévy areas between the
/// entries, against a solve in 64 times as many steps.
#[test]
fn strong_orders_with_noise_that_does_not_commute() {
    let f = |_t: f64, y: &[f64; 2]| [-0.5 * y[0], -0.5 * y[1]];
    let g = General::new(|_t: f64, y: &[f64; 2], dw: &[f64; 2]| [y[1] * dw[0], y[0] * dw[1]]);
    let tree = BrownianTree::with_area(SEED, UNIT, [0.0; 2], 1.0 / 2048.0).unwrap();
    let fine: Vec<[f64; 2]> = (0..400)
        .map(|path| {
            let sde = Sde::stratonovich(f, g, tree.member(path));
            Solve::new(Spark, Fixed::steps(2048)).end(&sde, UNIT, [1.0, 0.5]).unwrap()
        })
        .collect();
    macro_rules! measured {
        ($($method:expr),*) => {$(
            let it = convergence(0..400, &[4, 8, 16, 32], |path, n| {
                let sde = Sde::stratonovich(f, g, tree.member(path));
                let y = Solve::new($method, Fixed::steps(n)).end(&sde, UNIT, [1.0, 0.5])?;
                Ok::<_, SolveError>(y[0] - fine[path as usize][0])
            })
            .unwrap();
            strong(&format!("{:?} with general noise", $method), &it, 0.5, 0.15);
        )*};
    }
    measured!(EulerHeun, StochasticHeun, StochasticMidpoint, ReversibleHeun, Spark);
}

/// Two entries that drive one another through the drift, each with its own noise.
#[test]
fn order_one_and_a_half_holds_for_systems_with_diagonal_noise() {
    let f = |_t: f64, y: &[f64; 2]| [y[1] - y[0], (3.0 * y[0]).cos()];
    let g = |_t: f64, y: &[f64; 2]| [0.5 * y[0].cos(), 0.4 + 0.3 * y[1].sin()];
    let tree = BrownianTree::with_area(SEED, UNIT, [0.0; 2], 1.0 / 2048.0).unwrap();
    let end = |path: u32, n: usize| {
        let sde = Sde::ito(f, Diagonal(g), tree.member(path));
        Solve::new(Sriw1, Fixed::steps(n)).end(&sde, UNIT, [0.5, -0.2])
    };
    let fine: Vec<f64> = (0..300).map(|path| end(path, 2048).unwrap()[0]).collect();
    let it =
        convergence(0..300, &STEPS, |path, n| Ok::<_, SolveError>(end(path, n)?[0] - fine[path as usize]));
    let it = it.unwrap();
    strong("SRIW1 on a system", &it, 1.5, 0.15);
}

/// The band is honest: with the slope known, an interval misses it about as rarely as it says.
#[test]
fn bands_cover_the_truth() {
    let mut covered = 0;
    for seed in 0..100 {
        let tree = BrownianTree::new(Seed(seed), UNIT, [0.0; 4], 0.5).unwrap();
        let it = convergence(0..200, &[1, 2, 4, 8], |path, n| {
            use chreode_sde::BrownianPath;
            let w = tree.member(path).increment(0.0, 1.0)?;
            let h = 1.0 / n as f64;
            Ok::<_, chreode_ode::StepError>(h * w[n.ilog2() as usize])
        })
        .unwrap();
        covered += usize::from(it.strong.agrees(1.0, 0.0));
    }
    // Binomial with p = 0.95: 95 ± 2.2.
    assert!((88..=100).contains(&covered), "{covered} of 100");
}

/// The methods claim the orders that they show.
#[test]
fn claimed_orders() {
    type Ito<'a> = Sde<
        fn(f64, &[f64; 1]) -> [f64; 1],
        Diagonal<fn(f64, &[f64; 1]) -> [f64; 1]>,
        &'a Tree,
        chreode_sde::Ito,
    >;
    type Tree = BrownianTree<[f64; 1], SpaceTime>;
    fn about<P, S: Stepper<P, [f64; 1]>>(stepper: S) -> (f64, Option<f64>) {
        let about = stepper.about();
        (about.order, about.error_power)
    }
    assert_eq!(about::<Ito<'_>, _>(EulerMaruyama), (0.5, None));
    assert_eq!(about::<Ito<'_>, _>(Halves(EulerMaruyama)), (0.5, Some(1.0)));
    assert_eq!(about::<Ito<'_>, _>(RungeKuttaMilstein), (1.0, None));
    assert_eq!(about::<Ito<'_>, _>(Sriw1), (1.5, Some(1.5)));
}
