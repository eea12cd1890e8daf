//! Adaptive steps: accuracy, cost, limits, dense output.

use chreode_core::{Passenger, Tolerance};
use chreode_ode::{
    At, BOSH3, DOPRI5, End, Every, ExplicitRk, HEUN, Last, METHODS, Pi, Save, Segment, Solve, SolveError,
    Span, Stats, StepControl, TSIT5, Tableau, Trajectory, Trial, Verdict,
};
use ndarray::{Array1, Array2, array};
use std::cell::Cell;
use std::num::NonZeroUsize;
use std::ops::ControlFlow;

const SPAN: Span = Span { t0: 0.0, t1: 10.0 };

fn lotka_volterra(_t: f64, y: &[f64; 2]) -> [f64; 2] {
    [1.5 * y[0] - y[0] * y[1], -3.0 * y[1] + y[0] * y[1]]
}

/// 40-digit Gragg-Bulirsch-Stoer extrapolation at t = 10, two step sizes agreeing to 7e-36.
const LOTKA_VOLTERRA_END: [f64; 2] = [1.0263447675750893, 0.9096910781360416];

fn adaptive(tableau: Tableau, tolerance: f64) -> Solve<ExplicitRk, Pi> {
    Solve::new(ExplicitRk::new(tableau), Pi::new(Tolerance::both(tolerance)))
}

fn deviation(y: [f64; 2]) -> f64 {
    (y[0] - LOTKA_VOLTERRA_END[0]).abs().max((y[1] - LOTKA_VOLTERRA_END[1]).abs())
}

#[test]
fn the_error_follows_the_tolerance() {
    for tableau in [BOSH3, DOPRI5, TSIT5] {
        let mut before = f64::INFINITY;
        for tolerance in [1e-4, 1e-6, 1e-8, 1e-10] {
            let error =
                deviation(adaptive(tableau, tolerance).end(&lotka_volterra, SPAN, [1.0, 1.0]).unwrap());
            assert!(error < 300.0 * tolerance, "{}: {error:e} at {tolerance:e}", tableau.coefficients().name);
            assert!(error < 0.1 * before, "two digits of tolerance gave less than one of accuracy");
            before = error;
        }
    }
}

#[test]
fn statistics_are_pinned_and_add_up() {
    let calls = Cell::new(0);
    let field = |t: f64, y: &[f64; 2]| {
        calls.set(calls.get() + 1);
        lotka_volterra(t, y)
    };
    let pinned = [
        (HEUN, 1e-4, Stats { accepted: 1337, rejected: 0, evals: 2675 }),
        (BOSH3, 1e-6, Stats { accepted: 641, rejected: 0, evals: 1925 }),
        (DOPRI5, 1e-8, Stats { accepted: 207, rejected: 6, evals: 1280 }),
        (TSIT5, 1e-8, Stats { accepted: 210, rejected: 3, evals: 1280 }),
    ];
    for (tableau, tolerance, expected) in pinned {
        calls.set(0);
        let solve = adaptive(tableau, tolerance);
        let stats = solve.run(&field, SPAN, [1.0, 1.0], &mut Last::new()).unwrap().stats;
        assert_eq!((tableau.coefficients().name, stats), (tableau.coefficients().name, expected));
        assert_eq!(calls.get(), stats.evals);
        // Two for the first step, the first of which is the first stage; a rejected trial keeps its
        // first stage, and so does an accepted one where the last stage is the next first.
        let stages = tableau.stages();
        let trials = stats.accepted + stats.rejected;
        let first_stages = if tableau.fsal() { 1 } else { stats.accepted };
        assert_eq!(stats.evals, 1 + first_stages + (stages - 1) * trials);
    }
}

#[test]
fn dense_output_is_as_good_as_the_steps() {
    let times: Vec<f64> = (0..=1000).map(|i| f64::from(i) * 0.01).collect();
    for (tableau, bound) in [(BOSH3, 1e-5), (DOPRI5, 1e-6), (TSIT5, 1e-6)] {
        let solve = adaptive(tableau, 1e-8);
        let oscillator = |_t: f64, y: &[f64; 2]| [y[1], -y[0]];
        let ys = solve.at(&oscillator, [1.0, 0.0], &times).unwrap();
        for (t, y) in times.iter().zip(&ys) {
            let error = (y[0] - t.cos()).abs().max((y[1] + t.sin()).abs());
            assert!(error < bound, "{} at t = {t}: {error:e}", tableau.coefficients().name);
        }
        // Asking for states changes no step.
        assert_eq!(*ys.last().unwrap(), solve.end(&oscillator, SPAN, [1.0, 0.0]).unwrap());
    }
}

#[test]
fn time_runs_backwards() {
    let there = adaptive(TSIT5, 1e-10).end(&lotka_volterra, SPAN, [1.0, 1.0]).unwrap();
    let times = [10.0, 7.5, 7.5, 2.0, 0.0];
    let back = adaptive(TSIT5, 1e-10).at(&lotka_volterra, there, &times).unwrap();
    assert!((back[4][0] - 1.0).abs() < 1e-6 && (back[4][1] - 1.0).abs() < 1e-6, "{back:?}");
    let forth = adaptive(TSIT5, 1e-10).at(&lotka_volterra, [1.0, 1.0], &[0.0, 2.0, 7.5, 10.0]).unwrap();
    for i in 0..2 {
        assert!((back[1][i] - forth[2][i]).abs() < 1e-6);
        assert_eq!(back[1], back[2]);
        assert!((back[3][i] - forth[1][i]).abs() < 1e-6);
    }
}

#[test]
fn steps_keep_their_limits() {
    let decay = |_t: f64, y: &[f64; 1]| [-y[0]];
    let longest = |control: Pi| {
        let mut save = Every::step();
        let solve = Solve::new(ExplicitRk::new(TSIT5), control);
        let report = solve.run(&decay, SPAN, [1.0], &mut save).unwrap();
        assert_eq!(*save.times.last().unwrap(), 10.0);
        let steps: Vec<f64> = save.times.windows(2).map(|w| w[1] - w[0]).collect();
        (steps[0], steps.iter().fold(0.0, |a: f64, b| a.max(*b)), report.stats)
    };
    let loose = Pi::new(Tolerance::both(1e-3));
    assert!(longest(loose).1 > 0.5);
    let (_, limited, _) = longest(loose.max_step(0.25));
    assert!(limited <= 0.25 + 1e-12 && limited > 0.2, "{limited}");
    let (first, _, told) = longest(loose.first_step(0.125));
    assert_eq!(first, 0.125);
    // The automatic first step costs one evaluation beside the first stage; one that is told, none.
    assert_eq!(told.evals, 1 + 6 * (told.accepted + told.rejected));
}

#[test]
fn the_controller_is_a_table_of_numbers() {
    let control = Pi::new(Tolerance::both(1e-6));
    let span = Span { t0: 0.0, t1: 100.0 };
    let trial = |h, ratio| Trial { t: 0.0, h, ratio: Some(ratio), power: 5.0 };
    let mut memory = control.start(span, 1.0).unwrap();
    assert_eq!(control.next(0.0, &memory), 1.0);
    // Far too large an error shrinks the step by `shrink`, a vanishing one stretches it by `grow`.
    assert_eq!(control.judge(trial(1.0, f64::INFINITY), &mut memory), Verdict::Reject);
    assert_eq!(control.next(0.0, &memory), 0.2);
    // The step after a rejection does not grow; the one after it may.
    assert_eq!(control.judge(trial(0.2, 1e-12), &mut memory), Verdict::Accept);
    assert_eq!(control.next(0.2, &memory), 0.4);
    assert_eq!(control.judge(trial(0.2, 0.0), &mut memory), Verdict::Accept);
    assert_eq!(control.next(0.4, &memory), 2.4);
    // On tolerance, with the error before at its floor 1e-4: 0.9 · (1e-4)^(0.2/5).
    control.judge(trial(2.0, 1.0), &mut memory);
    assert!((control.next(2.4, &memory) - 2.4 - 2.0 * 0.9 * 1e-4f64.powf(0.04)).abs() < 1e-12);
    // On tolerance twice: the safety factor alone.
    control.judge(trial(2.0, 1.0), &mut memory);
    assert!((control.next(4.0, &memory) - 5.8).abs() < 1e-12);
    // The end is hit exactly, without a sliver of a last step.
    assert_eq!(control.next(98.19, &memory), 100.0);
    assert!(control.next(98.0, &memory) < 100.0);
}

#[test]
fn savers_see_the_same_solution() {
    let times = [0.0, 2.5, 10.0];
    let mut save =
        ((At::new(&times), Trajectory::new()), (Every::nth(NonZeroUsize::new(7).unwrap()), Last::new()));
    let report = adaptive(DOPRI5, 1e-8).run(&lotka_volterra, SPAN, [1.0, 1.0], &mut save).unwrap();
    let ((at, trajectory), (every, last)) = save;
    assert_eq!(trajectory.pieces.len(), report.stats.accepted);
    assert_eq!(trajectory.at::<[f64; 2]>(2.5).unwrap(), at.ys[1]);
    assert_eq!(last.0, Some((10.0, at.ys[2])));
    assert_eq!(every.ys.len(), 1 + report.stats.accepted.div_ceil(7));
    assert_eq!((every.times[0], *every.times.last().unwrap()), (0.0, 10.0));
    for (t, y) in every.times.iter().zip(&every.ys) {
        let dense: [f64; 2] = trajectory.at(*t).unwrap();
        assert!((dense[0] - y[0]).abs() < 1e-13 && (dense[1] - y[1]).abs() < 1e-13);
    }
    assert_eq!(trajectory.at::<[f64; 2]>(10.1), None);
    assert_eq!(trajectory.at::<[f64; 2]>(-0.1), None);
}

/// Stops after some steps.
struct After(usize);

impl<Y, D> Save<Y, D> for After {
    fn start(&mut self, _: Span, _: &Y) -> Result<(), SolveError> {
        Ok(())
    }
    fn segment(&mut self, _: &Segment<'_, Y, D>) -> ControlFlow<()> {
        self.0 -= 1;
        if self.0 == 0 { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    }
}

#[test]
fn a_saver_can_stop_the_solve_and_the_others_are_finished() {
    let mut save = (After(5), (Last::new(), Every::step()));
    let report = adaptive(TSIT5, 1e-8).run(&lotka_volterra, SPAN, [1.0, 1.0], &mut save).unwrap();
    let (t, y) = save.1.0.0.unwrap();
    assert_eq!((report.end, report.stats.accepted), (End::Stopped { t }, 5));
    assert_eq!((save.1.1.times.len(), save.1.1.ys[5]), (6, y));
}

#[test]
fn every_kind_of_state_takes_the_same_steps() {
    let solve = adaptive(TSIT5, 1e-8);
    let plain = solve.end(&lotka_volterra, SPAN, [1.0, 1.0]).unwrap();
    let arrays = |_t: f64, y: &Array1<f64>| Array1::from(lotka_volterra(0.0, &[y[0], y[1]]).to_vec());
    let array = solve.end(&arrays, SPAN, array![1.0, 1.0]).unwrap();
    assert!((plain[0] - array[0]).abs() < 1e-12 && (plain[1] - array[1]).abs() < 1e-12);
    // A passenger integral of x rides along without a say in the steps; by ln y, ∫ x = 3 T + ln(y/y₀).
    let riding = |t: f64, (y, _): &([f64; 2], Passenger<[f64; 1]>)| (lotka_volterra(t, y), Passenger([y[0]]));
    let (y, Passenger([integral])) = solve.end(&riding, SPAN, ([1.0, 1.0], Passenger([0.0]))).unwrap();
    assert_eq!(y, plain);
    assert!((integral - (30.0 + y[1].ln())).abs() < 1e-6, "{integral}");
    // Rows in single precision.
    let rows = |_t: f64, y: &Array2<f32>| y.mapv(|v| -v);
    let y = adaptive(DOPRI5, 1e-5).end(&rows, Span { t0: 0.0, t1: 1.0 }, Array2::ones((3, 2))).unwrap();
    assert!(y.iter().all(|v| (v - (-1f32).exp()).abs() < 1e-5));
}

#[test]
fn methods_are_found_by_name() {
    for tableau in METHODS {
        assert_eq!(Tableau::named(tableau.coefficients().name).unwrap(), *tableau);
    }
    let error = Tableau::named("dopri9").unwrap_err().to_string();
    let known: Vec<&str> = METHODS.iter().map(|tableau| tableau.coefficients().name).collect();
    let expected = format!("there is no method named \"dopri9\"; the methods are {}", known.join(", "));
    assert_eq!(error, expected);
}
