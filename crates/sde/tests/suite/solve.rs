//! Whole solves: which integral is solved, steps that look again, steps taken back, refusals.

use chreode_core::{FiniteDifference, Seed, Tolerance};
use chreode_ode::{Every, Fixed, Last, Pi, Solve, SolveError, Span, StepError, Stepper};
use chreode_sde::{
    Additive, BrownianPath, BrownianTree, Diagonal, EulerHeun, EulerMaruyama, General, Halves, Milstein,
    ReversibleHeun, Scalar, Sde, Sea, Shark, SlowRk, SpaceTime, Spark, Sra1, Sriw1, StochasticHeun,
    StochasticMidpoint, WithJvp,
};
use ndarray::{Array2, array};

const UNIT: Span = Span { t0: 0.0, t1: 1.0 };

fn tree<N: chreode_sde::Noise>(seed: u64, shape: N) -> BrownianTree<N, SpaceTime> {
    BrownianTree::with_area(Seed(seed), UNIT, shape, 1e-4).expect("a unit span")
}

fn growth(_t: f64, y: &[f64; 1]) -> [f64; 1] {
    [0.2 * y[0]]
}

fn volatility(_t: f64, y: &[f64; 1]) -> [f64; 1] {
    [0.8 * y[0]]
}

#[test]
fn each_integral_has_its_own_solution() {
    let mut apart = 0.0_f64;
    for seed in 0..5 {
        let path = tree(seed, [0.0]);
        let w = path.increment(0.0, 1.0).unwrap()[0];
        let (ito, stratonovich) = ((0.2 - 0.32 + 0.8 * w).exp(), (0.2 + 0.8 * w).exp());
        let slope = Diagonal(WithJvp(volatility, |_: f64, _: &[f64; 1], v: &[f64; 1]| [0.8 * v[0]]));
        let steps = Fixed::steps(4000);
        let a = Solve::new(Milstein, steps).end(&Sde::ito(growth, slope, &path), UNIT, [1.0]).unwrap()[0];
        let b = Solve::new(Milstein, steps)
            .end(&Sde::stratonovich(growth, slope, &path), UNIT, [1.0])
            .unwrap()[0];
        let em =
            Solve::new(EulerMaruyama, steps).end(&Sde::ito(growth, slope, &path), UNIT, [1.0]).unwrap()[0];
        let eh = Solve::new(EulerHeun, steps)
            .end(&Sde::stratonovich(growth, slope, &path), UNIT, [1.0])
            .unwrap()[0];
        assert!((a - ito).abs() < 1e-3 * ito, "{a} and {ito}");
        assert!((b - stratonovich).abs() < 1e-3 * stratonovich, "{b} and {stratonovich}");
        assert!((em - ito).abs() < 0.05 * ito, "{em} and {ito}");
        assert!((eh - stratonovich).abs() < 1e-3 * stratonovich, "{eh} and {stratonovich}");
        apart = apart.max((b / a - 0.32_f64.exp()).abs());
    }
    // The two differ by the factor exp(σ²/2), whatever the path.
    assert!(apart < 2e-3, "{apart}");
}

/// The same process in the other form: Itô's method and Stratonovich's meet on one path, both ways.
#[test]
fn one_process_has_two_forms() {
    let path = tree(14, 0.0);
    let f = |t: f64, y: &[f64; 2]| [t - y[1], y[0].sin()];
    let g = Scalar(FiniteDifference(|_t: f64, y: &[f64; 2]| [0.5 * y[1].cos(), 0.3 * y[0]]));
    let start = [0.4, 1.0];
    let steps = Fixed::steps(2000);
    let near = |a: [f64; 2], b: [f64; 2], bound: f64| a.iter().zip(&b).all(|(a, b)| (a - b).abs() < bound);
    let ito = Sde::ito(f, g, &path);
    let a = Solve::new(Sriw1, steps).end(&ito, UNIT, start).unwrap();
    let b = Solve::new(StochasticHeun, steps).end(&ito.to_stratonovich(), UNIT, start).unwrap();
    assert!(near(a, b, 1e-3), "{a:?} and {b:?}");
    let stratonovich = Sde::stratonovich(f, g, &path);
    let c = Solve::new(SlowRk, steps).end(&stratonovich, UNIT, start).unwrap();
    let d = Solve::new(Sriw1, steps).end(&stratonovich.to_ito(), UNIT, start).unwrap();
    assert!(near(c, d, 1e-3), "{c:?} and {d:?}");
    assert!(!near(a, c, 1e-2), "the two integrals of one formula differ");
}

/// Derivatives by hand and by finite differences, and the correction's sign.
#[test]
fn finite_differences_serve_milstein() {
    let path = tree(3, [0.0, 0.0]);
    let f = |_t: f64, y: &[f64; 2]| [-y[0], y[1].sin()];
    let g = |_t: f64, y: &[f64; 2]| [y[0].cos(), 0.5 * y[1]];
    let slope = |_t: f64, y: &[f64; 2], v: &[f64; 2]| [-y[0].sin() * v[0], 0.5 * v[1]];
    let solve = Solve::new(Milstein, Fixed::steps(50));
    let exact = solve.end(&Sde::ito(f, Diagonal(WithJvp(g, slope)), &path), UNIT, [0.4, 1.0]).unwrap();
    let differences =
        solve.end(&Sde::ito(f, Diagonal(FiniteDifference(g)), &path), UNIT, [0.4, 1.0]).unwrap();
    for i in 0..2 {
        assert!((exact[i] - differences[i]).abs() < 1e-8);
    }
}

/// A rotation driven by one Brownian motion: scalar noise as such, and as general noise.
#[test]
fn kinds_of_noise_agree_where_they_say_the_same() {
    let still = |_t: f64, _y: &[f64; 2]| [0.0, 0.0];
    let scalar = Scalar(|_t: f64, y: &[f64; 2]| [-y[1], y[0]]);
    let general = General::new(|_t: f64, y: &[f64; 2], dw: &f64| [-y[1] * dw, y[0] * dw]);
    let path = tree(6, 0.0);
    let solve = Solve::new(StochasticMidpoint, Fixed::steps(2000));
    let a = solve.end(&Sde::stratonovich(still, scalar, &path), UNIT, [1.0, 0.0]).unwrap();
    let b = solve.end(&Sde::stratonovich(still, general, &path), UNIT, [1.0, 0.0]).unwrap();
    assert_eq!(a, b);
    let w = path.increment(0.0, 1.0).unwrap();
    assert!((a[0] - w.cos()).abs() < 2e-3 && (a[1] - w.sin()).abs() < 2e-3, "{a:?}, W = {w}");
}

#[test]
fn rows_of_an_array_move_as_they_would_alone() {
    let path = tree(8, Array2::<f64>::zeros((3, 2)));
    let f = |_t: f64, y: &Array2<f64>| y.mapv(|v| -v);
    let g = |_t: f64, y: &Array2<f64>| y.mapv(|v| 0.3 * v);
    let start = array![[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]];
    let sde = Sde::ito(f, Diagonal(g), &path);
    let end = Solve::new(Sriw1, Fixed::steps(100)).end(&sde, UNIT, start.clone()).unwrap();
    let w = path.increment(0.0, 1.0).unwrap();
    for ((end, start), w) in end.iter().zip(&start).zip(&w) {
        let exact = start * (-1.0 - 0.045 + 0.3 * w).exp();
        assert!((end - exact).abs() < 1e-3 * exact, "{end} and {exact}");
    }
}

/// Adaptive steps end where fine fixed steps on the same path end, closer the tighter the tolerance.
#[test]
fn adaptive_steps_follow_the_same_path() {
    let f = |t: f64, y: &[f64; 1]| [(3.0 * t).cos() - y[0].sin()];
    let g = |_t: f64, y: &[f64; 1]| [0.4 + 0.2 * y[0].cos()];
    let shift = Additive::new(|_t: f64, dw: &[f64; 1]| [0.4 * dw[0]]);
    macro_rules! follows {
        ($method:expr, $sde:expr, $reference:expr, $loose:expr, $bound:expr) => {{
            let mut worst = [0.0_f64; 2];
            let mut rejected = 0;
            for seed in 0..20 {
                let path = BrownianTree::with_area(Seed(seed), UNIT, [0.0], 1e-6).unwrap();
                let sde = ($sde)(&path);
                let fine = Solve::new($reference, Fixed::steps(4096)).end(&sde, UNIT, [0.3]).unwrap()[0];
                for (worst, tolerance) in worst.iter_mut().zip([$loose, 0.1 * $loose]) {
                    // A lucky step must not make the next one reckless.
                    let control = Pi { grow: 2.0, ..Pi::new(Tolerance::both(tolerance)) };
                    let mut save = Last::new();
                    let report = Solve::new($method, control).run(&sde, UNIT, [0.3], &mut save).unwrap();
                    rejected += report.stats.rejected;
                    *worst = worst.max((save.0.unwrap().1[0] - fine).abs());
                }
            }
            let name = stringify!($method);
            assert!(worst[1] < $bound, "{name}: {worst:?}");
            assert!(worst[1] < 0.6 * worst[0], "{name}: {worst:?}");
            assert!(rejected > 20, "{name}: only {rejected} steps were looked at again");
        }};
    }
    follows!(StochasticHeun, |p| Sde::stratonovich(f, Diagonal(g), p), SlowRk, 1e-2, 2e-2);
    follows!(StochasticMidpoint, |p| Sde::stratonovich(f, Diagonal(g), p), SlowRk, 1e-2, 2e-2);
    follows!(Halves(EulerHeun), |p| Sde::stratonovich(f, Diagonal(g), p), SlowRk, 1e-2, 2e-2);
    follows!(ReversibleHeun, |p| Sde::stratonovich(f, Diagonal(g), p), SlowRk, 1e-2, 2e-2);
    follows!(Spark, |p| Sde::stratonovich(f, Diagonal(g), p), SlowRk, 1e-2, 2e-2);
    follows!(Halves(Milstein), |p| Sde::ito(f, Diagonal(FiniteDifference(g)), p), Sriw1, 1e-2, 2e-2);
    follows!(Sriw1, |p| Sde::ito(f, Diagonal(g), p), Sriw1, 1e-3, 1e-3);
    follows!(Sra1, |p| Sde::ito(f, shift, p), Shark, 1e-3, 1e-3);
    follows!(Shark, |p| Sde::ito(f, shift, p), Sra1, 1e-3, 1e-3);
    follows!(Halves(Sea), |p| Sde::ito(f, shift, p), Shark, 1e-3, 1e-2);
    follows!(Halves(EulerMaruyama), |p| Sde::ito(f, shift, p), Shark, 1e-3, 1e-2);
}

/// Rejecting a step must not choose among paths: the Ornstein-Uhlenbeck process dX = −2X dt + dW from 1 ends
/// with mean e^(−2) and variance (1 − e^(−4))/4 under a controller that rejects often.
#[test]
fn rejected_steps_leave_no_bias() {
    let n = 6000;
    let f = |_t: f64, y: &[f64; 1]| [-2.0 * y[0]];
    let noise = Additive::new(|_t: f64, dw: &[f64; 1]| [dw[0]]);
    let all = BrownianTree::with_area(Seed(77), UNIT, [0.0], 1e-4).unwrap();
    let mut rejected = 0;
    let mut ends = Vec::with_capacity(n);
    for i in 0..n {
        let path = all.member(i as u32);
        let control = Pi { grow: 4.0, safety: 1.0, ..Pi::new(Tolerance::both(0.02)) }.first_step(0.5);
        let mut save = Last::new();
        let report =
            Solve::new(Shark, control).run(&Sde::ito(f, noise, &path), UNIT, [1.0], &mut save).unwrap();
        rejected += report.stats.rejected;
        ends.push(save.0.unwrap().1[0]);
    }
    assert!(rejected > n, "{rejected}");
    let mean = ends.iter().sum::<f64>() / n as f64;
    let variance = ends.iter().map(|x| (x - mean).powi(2)).sum::<f64>() / (n - 1) as f64;
    let exact = (1.0 - (-4.0_f64).exp()) / 4.0;
    // Three standard errors.
    assert!((mean - (-2.0_f64).exp()).abs() < 3.0 * (exact / n as f64).sqrt(), "mean {mean}");
    assert!((variance - exact).abs() < 3.0 * exact * (2.0 / n as f64).sqrt(), "variance {variance}");
}

/// The state a stepper proposes for a problem.
fn next<'m, P, S: Stepper<P, [f64; 2]>>(_: &P, stepper: &S, memory: &'m S::Memory) -> &'m [f64; 2] {
    stepper.proposed(memory)
}

/// Whatever steps are tried and thrown away before, the step taken is the same.
#[test]
fn a_step_thrown_away_leaves_no_trace() {
    let f = |_t: f64, y: &[f64; 2]| [-y[1], y[0]];
    let g = |_t: f64, y: &[f64; 2]| [0.2 * y[0], 0.1];
    let path = tree(2, [0.0; 2]);
    let stratonovich = Sde::stratonovich(f, Diagonal(FiniteDifference(g)), &path);
    let ito = Sde::ito(f, Diagonal(FiniteDifference(g)), &path);
    let additive = Sde::ito(f, Additive::new(|_t: f64, dw: &[f64; 2]| [0.2 * dw[1], dw[0]]), &path);
    macro_rules! clean {
        ($sde:expr; $($method:expr),*) => {$(
            let y = [1.0, 0.5];
            let mut fresh = $method.init(&$sde, 0.3, &y).unwrap();
            $method.propose(&$sde, 0.3, 0.07, &y, &mut fresh).unwrap();
            let mut used = $method.init(&$sde, 0.3, &y).unwrap();
            for h in [0.5, 0.01, 0.7] {
                $method.propose(&$sde, 0.3, h, &y, &mut used).unwrap();
            }
            $method.propose(&$sde, 0.3, 0.07, &y, &mut used).unwrap();
            let stepper = &$method;
            assert_eq!(next(&$sde, stepper, &fresh), next(&$sde, stepper, &used));
        )*};
    }
    clean!(stratonovich; EulerHeun, StochasticHeun, StochasticMidpoint, ReversibleHeun, SlowRk, Spark, Milstein);
    clean!(ito; EulerMaruyama, Milstein, Sriw1, Halves(EulerMaruyama));
    clean!(additive; Sra1, Shark, Sea);
}

#[test]
fn reversible_heun_goes_back_the_way_it_came() {
    let f = |t: f64, y: &[f64; 2]| [t.sin() - y[1], y[0] * (1.0 - y[0])];
    let noise = General::new(|_t: f64, y: &[f64; 2], dw: &[f64; 3]| {
        [0.2 * y[0] * dw[0] + 0.1 * dw[2], 0.3 * y[0].sin() * dw[1]]
    });
    let path = tree(12, [0.0; 3]);
    let sde = Sde::stratonovich(f, noise, &path);
    let (n, start) = (500, [0.5, -0.2]);
    let at = |i: usize| i as f64 / n as f64;
    let mut y = start;
    let mut memory = ReversibleHeun.init(&sde, 0.0, &y).unwrap();
    let mut states = vec![(y, *memory.companion())];
    for i in 0..n {
        ReversibleHeun.step(&sde, at(i), at(i + 1) - at(i), &mut y, &mut memory).unwrap();
        states.push((y, *memory.companion()));
    }
    let near = |a: &[f64; 2], b: &[f64; 2]| a.iter().zip(b).all(|(a, b)| (a - b).abs() < 1e-12);
    assert!(!near(&states[0].0, &states[n].0));
    for i in (0..n).rev() {
        ReversibleHeun.step_back(&sde, at(i), at(i + 1) - at(i), &mut y, &mut memory).unwrap();
        assert!(near(&y, &states[i].0) && near(memory.companion(), &states[i].1), "step {i}");
    }
}

/// A Stratonovich solution is retraced by a solve that runs backwards on the same path.
#[test]
fn stratonovich_runs_backwards() {
    let path = tree(4, [0.0]);
    let sde = Sde::stratonovich(growth, Diagonal(volatility), &path);
    let solve = Solve::new(SlowRk, Fixed::steps(2000));
    let end = solve.end(&sde, UNIT, [1.0]).unwrap();
    let back = solve.end(&sde, Span { t0: 1.0, t1: 0.0 }, end).unwrap();
    assert!((back[0] - 1.0).abs() < 1e-4, "{back:?}");
}

#[test]
fn the_same_seed_gives_the_same_solution() {
    let end = |seed| {
        let path = tree(seed, [0.0]);
        Solve::new(EulerMaruyama, Fixed::steps(100))
            .end(&Sde::ito(growth, Diagonal(volatility), path), UNIT, [1.0])
            .unwrap()
    };
    assert_eq!(end(5), end(5));
    assert_ne!(end(5), end(6));
}

#[test]
fn evaluations_are_counted() {
    let calls = std::cell::Cell::new(0);
    let f = |_t: f64, y: &[f64; 1]| {
        calls.set(calls.get() + 1);
        [-y[0]]
    };
    let g = |_t: f64, y: &[f64; 1]| {
        calls.set(calls.get() + 1);
        [0.1 * y[0]]
    };
    let path = tree(1, [0.0]);
    macro_rules! counted {
        ($sde:expr; $($method:expr),*) => {$(
            calls.set(0);
            let report = Solve::new($method, Fixed::steps(10)).run(&$sde, UNIT, [1.0], &mut Every::step()).unwrap();
            assert_eq!(calls.get(), report.stats.evals);
        )*};
    }
    let ito = Sde::ito(f, Diagonal(g), &path);
    counted!(ito; EulerMaruyama, Sriw1, chreode_sde::RungeKuttaMilstein, Halves(EulerMaruyama));
    let stratonovich = Sde::stratonovich(f, Diagonal(g), &path);
    counted!(stratonovich; EulerHeun, StochasticHeun, StochasticMidpoint, ReversibleHeun, Spark, SlowRk,
        chreode_sde::RungeKuttaMilstein);
}

#[test]
fn what_does_not_fit_is_refused_in_words() {
    let f = |_t: f64, y: &[f64; 1]| [-y[0]];
    let g = |_t: f64, y: &[f64; 1]| [y[0]];
    let path = tree(1, [0.0]);
    let sde = Sde::ito(f, Diagonal(g), &path);
    let solve = Solve::new(EulerMaruyama, Fixed::steps(10));
    let refusal = |span| solve.end(&sde, span, [1.0]).unwrap_err().to_string();
    assert_eq!(
        refusal(Span { t0: 0.0, t1: 2.0 }),
        "the driving path is known from t = 0 to t = 1 only, and cannot drive a step or a solve from t = 0 to \
         t = 2; make the path over the whole span"
    );
    assert_eq!(
        refusal(Span { t0: 1.0, t1: 0.0 }),
        "euler-maruyama cannot run backwards from t = 1 to t = 0, for an Ito integral cannot; write the equation \
         in Stratonovich form"
    );
    let adaptive = Solve::new(EulerMaruyama, Pi::new(Tolerance::both(1e-3)));
    assert!(matches!(adaptive.end(&sde, UNIT, [1.0]), Err(SolveError::NoErrorEstimate { .. })));

    let path = tree(1, Array2::<f64>::zeros((2, 3)));
    let keep = |_t: f64, y: &Array2<f64>| y.clone();
    let sde = Sde::ito(keep, Diagonal(keep), &path);
    assert_eq!(
        solve.end(&sde, UNIT, Array2::zeros((3, 2))).unwrap_err().to_string(),
        "diagonal noise of shape [2, 3] does not fit a state of shape [3, 2]; make the path of the state's shape"
    );
}

/// Stepping by hand is held to the same rules.
#[test]
fn steps_by_hand_are_refused_alike() {
    let f = |_t: f64, y: &[f64; 1]| [-y[0]];
    let path = tree(1, [0.0]);
    let sde = Sde::ito(f, Diagonal(f), &path);
    let y = [1.0];
    let mut memory = EulerMaruyama.init(&sde, 0.9, &y).unwrap();
    let outside = EulerMaruyama.propose(&sde, 0.9, 0.2, &y, &mut memory);
    assert!(matches!(outside, Err(StepError::OutsidePath { .. })));
    let backwards = EulerMaruyama.propose(&sde, 0.9, -0.2, &y, &mut memory);
    assert!(matches!(backwards, Err(StepError::Backwards { .. })));
    assert!(matches!(EulerMaruyama.init(&sde, 1.5, &y), Err(StepError::OutsidePath { .. })));
    let exploding = Sde::ito(|_t: f64, y: &[f64; 1]| [y[0] * 1e300], Diagonal(f), &path);
    let error = Solve::new(EulerMaruyama, Fixed::steps(10)).end(&exploding, UNIT, [1e10]).unwrap_err();
    assert!(matches!(error, SolveError::NotFinite { .. }), "{error}");
}
