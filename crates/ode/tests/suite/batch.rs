//! Rows in lanes: each comes to what a solve of its own comes to, whatever its neighbours do.

use chreode_core::{Tolerance, ToleranceError};
use chreode_ode::{
    BOSH3, Batch, BatchError, BatchSolve, DOPRI5, DOPRI8, EULER, ExplicitRk, Fixed, HEUN, Lane, LaneField,
    Last, METHODS, PerRow, Pi, RK4, RowEnd, Rows, Solve, SolveError, Span, TSIT5, Tableau, VERNER7,
};
use ndarray::{Array2, Axis, array, s};
use std::sync::atomic::AtomicBool;

const TIGHT: Tolerance = Tolerance::both(1e-8);

/// The Lorenz system, with ρ as the row's parameter.
struct Lorenz;

impl LaneField for Lorenz {
    #[inline(always)]
    fn eval<L: Lane>(&self, _t: L, y: &[L], p: &[L], dy: &mut [L]) {
        dy[0] = (y[1] - y[0]) * 10.0;
        dy[1] = y[0] * (p[0] - y[2]) - y[1];
        dy[2] = y[0] * y[1] - y[2] * (8.0 / 3.0);
    }
}

/// The same for a solve of one row.
fn lorenz(rho: f64) -> impl Fn(f64, &[f64; 3]) -> [f64; 3] {
    move |t, y| {
        let mut dy = [0.0; 3];
        Lorenz.eval(t, y, &[rho], &mut dy);
        dy
    }
}

/// y' = y²: 1/(1/y₀ − t), with its pole at 1/y₀.
struct Square;

impl LaneField for Square {
    #[inline(always)]
    fn eval<L: Lane>(&self, _t: L, y: &[L], _p: &[L], dy: &mut [L]) {
        dy[0] = y[0] * y[0];
    }
}

/// y' = −2 t y: exp(−t²) from (0, 1).
struct Bell;

impl LaneField for Bell {
    #[inline(always)]
    fn eval<L: Lane>(&self, t: L, y: &[L], _p: &[L], dy: &mut [L]) {
        dy[0] = t * y[0] * -2.0;
    }
}

/// Starts and parameters that differ from row to row, without any randomness.
fn starts(n: usize) -> (Array2<f64>, Array2<f64>) {
    let y0 = Array2::from_shape_fn((n, 3), |(i, j)| [1.0, 1.0, 25.0][j] + ((7 * i + j) as f64).sin());
    (y0, Array2::from_shape_fn((n, 1), |(i, _)| 20.0 + (i % 17) as f64))
}

fn spans(n: usize) -> PerRow<Span> {
    PerRow::Each((0..n).map(|i| Span { t0: 0.01 * (i % 50) as f64, t1: 0.2 + (i % 3) as f64 }).collect())
}

fn adaptive(tableau: Tableau, tolerance: Tolerance) -> BatchSolve<'static> {
    BatchSolve::new(tableau, Pi::new(tolerance))
}

#[test]
fn a_row_does_what_a_solve_of_its_own_does() {
    let n = 50;
    let (y0, p) = starts(n);
    let span = Span { t0: 0.0, t1: 1.0 };
    for tableau in METHODS.iter().filter(|tableau| tableau.coefficients().embedded.is_some()) {
        let name = tableau.coefficients().name;
        let tolerance = Tolerance::both(1e-5);
        let rows = Rows::new(y0.view(), span).parameters(p.view());
        let batch = adaptive(*tableau, tolerance).lanes(&Lorenz, &rows).unwrap();
        let solve = Solve::new(ExplicitRk::new(*tableau), Pi::new(tolerance));
        for i in 0..n {
            let mut save = Last::new();
            let y = [y0[[i, 0]], y0[[i, 1]], y0[[i, 2]]];
            let report = solve.run(&lorenz(p[[i, 0]]), span, y, &mut save).unwrap();
            let (_, y) = save.0.unwrap();
            assert_eq!(batch.ends[i], RowEnd::Reached);
            // The step sizes agree to seven digits, so a trial on the edge may fall either way.
            let (ours, theirs) = (batch.stats[i], report.stats);
            assert!(ours.accepted.abs_diff(theirs.accepted) <= 1, "{name}: {ours:?} {theirs:?}");
            assert!(ours.rejected.abs_diff(theirs.rejected) <= 1, "{name}: {ours:?} {theirs:?}");
            if (ours.accepted, ours.rejected) == (theirs.accepted, theirs.rejected) {
                assert_eq!(ours.evals, theirs.evals, "{name}");
                for (ours, theirs) in batch.y.row(i).iter().zip(y) {
                    assert!((ours - theirs).abs() < 1e-4, "{name}: {ours} {theirs}");
                }
            }
        }
    }
}

#[test]
fn fixed_steps_are_those_of_a_solve() {
    let (y0, p) = starts(21);
    let span = Span { t0: 0.0, t1: 0.5 };
    for (tableau, steps) in [
        (RK4, Fixed::steps(40)),
        (RK4, Fixed::new(0.03)),
        (EULER, Fixed::new(0.01)),
        (DOPRI5, Fixed::steps(20)),
    ] {
        let rows = Rows::new(y0.view(), span).parameters(p.view());
        let batch = BatchSolve::new(tableau, steps).lanes(&Lorenz, &rows).unwrap();
        let solve = Solve::new(ExplicitRk::new(tableau), steps);
        for i in 0..21 {
            let y = [y0[[i, 0]], y0[[i, 1]], y0[[i, 2]]];
            let mut save = Last::new();
            let report = solve.run(&lorenz(p[[i, 0]]), span, y, &mut save).unwrap();
            assert_eq!(batch.stats[i], report.stats, "{}", tableau.coefficients().name);
            let (_, y) = save.0.unwrap();
            for (ours, theirs) in batch.y.row(i).iter().zip(y) {
                assert!((ours - theirs).abs() < 1e-11 * (1.0 + theirs.abs()));
            }
        }
    }
}

/// The batch of all rows, in a pool of so many threads.
fn in_pool(threads: usize, y0: &Array2<f64>, p: &Array2<f64>, spans: PerRow<Span>) -> Batch<f64> {
    let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().expect("threads");
    let times = PerRow::Each((0..y0.nrows()).map(|i| span_times(*spans.of(i))).collect());
    let rows = Rows::new(y0.view(), spans).parameters(p.view()).times(times);
    pool.install(|| adaptive(TSIT5, TIGHT).lanes(&Lorenz, &rows)).expect("a sound batch")
}

fn span_times(span: Span) -> Vec<f64> {
    (0..=4).map(|k| if k == 4 { span.t1 } else { span.t0 + (span.t1 - span.t0) * 0.25 * k as f64 }).collect()
}

#[test]
fn the_same_bits_whatever_the_threads_the_order_and_the_neighbours() {
    let n = 1500;
    let (y0, p) = starts(n);
    let PerRow::Each(each) = spans(n) else { panic!("one a row") };
    let all = in_pool(1, &y0, &p, each.clone().into());
    assert_eq!(all, in_pool(2, &y0, &p, each.clone().into()));
    assert_eq!(all, in_pool(5, &y0, &p, each.clone().into()));
    // Another order, and so other lanes and other neighbours.
    let order: Vec<usize> = (0..n).map(|i| (i * 7 + 3) % n).collect();
    let shuffled = in_pool(
        2,
        &y0.select(Axis(0), &order),
        &p.select(Axis(0), &order),
        order.iter().map(|i| each[*i]).collect::<Vec<_>>().into(),
    );
    for (i, &j) in order.iter().enumerate() {
        assert_eq!(shuffled.y.row(i), all.y.row(j));
        assert_eq!((shuffled.stats[i], shuffled.t[i]), (all.stats[j], all.t[j]));
        assert_eq!(shuffled.saved(i), all.saved(j));
    }
    // Alone.
    for i in [0, 1, 777, n - 1] {
        let alone = in_pool(
            1,
            &y0.slice(s![i..=i, ..]).to_owned(),
            &p.slice(s![i..=i, ..]).to_owned(),
            each[i].into(),
        );
        assert_eq!(alone.y.row(0), all.y.row(i));
        assert_eq!(alone.stats[0], all.stats[i]);
    }
}

#[test]
fn a_row_fails_alone() {
    // Poles at 1/y0: in the span, behind it, or nowhere; and rows that cannot start.
    let y0 = array![[0.5], [1.0], [f64::NAN], [-1.0], [2.0], [f64::INFINITY], [0.25], [1e-3], [0.0]];
    let span = Span { t0: 0.0, t1: 1.5 };
    let batch = adaptive(DOPRI5, TIGHT).lanes(&Square, &Rows::new(y0.view(), span)).unwrap();
    for (i, pole) in [(1, 1.0), (4, 0.5)] {
        let RowEnd::Failed(SolveError::StepTooSmall { t, .. }) = batch.ends[i] else {
            panic!("row {i} ended with {:?}", batch.ends[i])
        };
        assert!((t - pole).abs() < 1e-6, "stuck at {t}, not at the pole");
        assert_eq!(batch.t[i], t);
    }
    for i in [2, 5] {
        assert_eq!(batch.ends[i], RowEnd::Failed(SolveError::NotFinite { t: 0.0, stage: None, entry: None }));
        assert_eq!(batch.stats[i].evals, 0);
    }
    assert_eq!(batch.failures().map(|(i, _)| i).collect::<Vec<_>>(), [1, 2, 4, 5]);
    let healthy = y0.select(Axis(0), &[0, 3, 6, 7, 8]);
    let alone = adaptive(DOPRI5, TIGHT).lanes(&Square, &Rows::new(healthy.view(), span)).unwrap();
    for (k, i) in [0, 3, 6, 7, 8].into_iter().enumerate() {
        assert_eq!(batch.ends[i], RowEnd::Reached);
        assert_eq!((batch.y[[i, 0]], batch.stats[i]), (alone.y[[k, 0]], alone.stats[k]));
        let exact = y0[[i, 0]] / (1.0 - 1.5 * y0[[i, 0]]);
        assert!((batch.y[[i, 0]] - exact).abs() < 1e-6 * (1.0 + exact * exact));
    }
}

/// y' = √p y: no number where p < 0.
struct Root;

impl LaneField for Root {
    #[inline(always)]
    fn eval<L: Lane>(&self, _t: L, y: &[L], p: &[L], dy: &mut [L]) {
        dy[0] = p[0].sqrt() * y[0];
    }
}

#[test]
fn rows_whose_field_is_no_number_make_room_for_others() {
    let n = 500;
    let y0 = Array2::<f64>::ones((n, 1));
    let p = Array2::from_shape_fn((n, 1), |(i, _)| if i % 5 < 3 { -1.0 } else { 0.01 * i as f64 });
    let rows = Rows::new(y0.view(), Span { t0: 0.0, t1: 1.0 }).parameters(p.view());
    let batch = adaptive(TSIT5, TIGHT).lanes(&Root, &rows).unwrap();
    for i in 0..n {
        if i % 5 < 3 {
            assert_eq!(
                batch.ends[i],
                RowEnd::Failed(SolveError::NotFinite { t: 0.0, stage: None, entry: None })
            );
            assert_eq!((batch.stats[i].evals, batch.y[[i, 0]]), (1, 1.0));
        } else {
            assert_eq!(batch.ends[i], RowEnd::Reached);
            let exact = p[[i, 0]].sqrt().exp();
            assert!((batch.y[[i, 0]] - exact).abs() < 1e-6 * exact);
        }
    }
}

#[test]
fn steps_are_counted_by_row() {
    let y0 = array![[1.0], [1.0], [1.0]];
    let spans = vec![Span { t0: 0.0, t1: 0.01 }, Span { t0: 0.0, t1: 40.0 }, Span { t0: 0.0, t1: -0.01 }];
    let rows = Rows::new(y0.view(), spans);
    let batch = adaptive(DOPRI5, TIGHT).max_steps(10).lanes(&Bell, &rows).unwrap();
    assert_eq!((&batch.ends[0], &batch.ends[2]), (&RowEnd::Reached, &RowEnd::Reached));
    let RowEnd::Failed(SolveError::MaxSteps { t, t1, steps, .. }) = batch.ends[1] else {
        panic!("too few steps")
    };
    assert_eq!((t, t1, steps), (batch.t[1], 40.0, 10));
    assert_eq!(batch.stats[1].accepted + batch.stats[1].rejected, 10);
    // The state is the one at that time.
    assert!((batch.y[[1, 0]] - (-t * t).exp()).abs() < 1e-7);
}

#[test]
fn rows_run_either_way_or_not_at_all() {
    let t1 = [2.0, -2.0, 0.0, 1.5, -0.3];
    let y0 = Array2::<f64>::ones((5, 1));
    let spans = t1.map(|t1| Span { t0: 0.0, t1 }).to_vec();
    let times = PerRow::Each(t1.map(|t1| vec![0.0, 0.5 * t1, t1]).to_vec());
    for tableau in [TSIT5, DOPRI5, BOSH3, HEUN] {
        let rows = Rows::new(y0.view(), spans.clone()).times(times.clone());
        let batch = adaptive(tableau, Tolerance::both(1e-6)).lanes(&Bell, &rows).unwrap();
        for (i, t1) in t1.into_iter().enumerate() {
            assert_eq!((batch.t[i], &batch.ends[i]), (t1, &RowEnd::Reached));
            let saved = batch.saved(i);
            assert_eq!(saved.nrows(), 3);
            assert_eq!((saved[[0, 0]], saved[[2, 0]]), (1.0, batch.y[[i, 0]]));
            for (k, t) in [0.0, 0.5 * t1, t1].into_iter().enumerate() {
                assert!((saved[[k, 0]] - (-t * t).exp()).abs() < 1e-4, "{} at {t}", saved[[k, 0]]);
            }
        }
        assert_eq!(batch.stats[2].evals, 0);
    }
}

#[test]
fn times_between_steps_are_interpolated_and_change_nothing() {
    let y0 = Array2::<f64>::ones((40, 1));
    let span = Span { t0: 0.0, t1: 2.0 };
    let times: Vec<f64> = (0..=200).map(|k| 0.01 * f64::from(k)).collect();
    let solve = adaptive(TSIT5, TIGHT);
    let plain = solve.lanes(&Bell, &Rows::new(y0.view(), span)).unwrap();
    let saved = solve.lanes(&Bell, &Rows::new(y0.view(), span).times(times.clone().into())).unwrap();
    assert_eq!((&plain.y, &plain.stats), (&saved.y, &saved.stats));
    for i in 0..40 {
        assert_eq!(saved.saved(i).nrows(), 201);
        for (y, t) in saved.saved(i).column(0).iter().zip(&times) {
            assert!((y - (-t * t).exp()).abs() < 1e-6, "{y} at {t}");
        }
    }
    // Interpolants with stages of their own: as good as the steps, and paid for in the rows that save alone.
    for tableau in [DOPRI8, VERNER7] {
        let solve = adaptive(tableau, TIGHT);
        let plain = solve.lanes(&Bell, &Rows::new(y0.view(), span)).unwrap();
        let each = PerRow::Each((0..40).map(|i| if i == 7 { times.clone() } else { vec![] }).collect());
        let some = solve.lanes(&Bell, &Rows::new(y0.view(), span).times(each)).unwrap();
        assert_eq!(plain.y, some.y);
        for i in 0..40 {
            let more = some.stats[i].evals - plain.stats[i].evals;
            let (extra, steps) = (tableau.extra().c.len(), some.stats[i].accepted);
            let in_so_many_steps = more.checked_div(extra).expect("it has extra stages");
            assert_eq!(more, in_so_many_steps * extra);
            assert!(if i == 7 { (2..=steps).contains(&in_so_many_steps) } else { more == 0 });
        }
        for (y, t) in some.saved(7).column(0).iter().zip(&times) {
            assert!((y - (-t * t).exp()).abs() < 2e-8, "{y} at {t}");
        }
    }
    // A row that stops on the way keeps what it came to.
    let short = solve.max_steps(8).lanes(&Bell, &Rows::new(y0.view(), span).times(times.into())).unwrap();
    let came = short.saved(3).nrows();
    assert_eq!(came, (short.t[3] / 0.01).floor() as usize + 1);
    assert_eq!(short.saved(3), saved.saved(3).slice(s![..came, ..]));
}

#[test]
fn each_row_is_held_to_its_own_tolerance_and_first_step() {
    let y0 = Array2::<f64>::ones((3, 1));
    let span = Span { t0: 0.0, t1: 2.0 };
    let tolerances = vec![Tolerance::both(1e-4), Tolerance::both(1e-10), Tolerance { rtol: 0.0, atol: -1.0 }];
    let rows = Rows::new(y0.view(), span).tolerances(tolerances);
    let batch = adaptive(DOPRI5, TIGHT).lanes(&Bell, &rows).unwrap();
    let error = |i: usize| (batch.y[[i, 0]] - (-4f64).exp()).abs();
    assert!(error(1) < 1e-9 && error(0) > 10.0 * error(1));
    assert!(batch.stats[1].accepted > 3 * batch.stats[0].accepted);
    let RowEnd::Failed(SolveError::BadTolerance(bad)) = &batch.ends[2] else { panic!("no tolerance") };
    assert!(matches!(bad, ToleranceError::Unmet { atol: -1.0, .. }), "{bad}");

    let rows = Rows::new(y0.view(), span).first_steps(vec![0.1, 1e-6, 0.0]);
    let batch = adaptive(DOPRI5, TIGHT).lanes(&Bell, &rows).unwrap();
    // The probe of the automatic first step is spared.
    assert_eq!(batch.stats[0].evals, 1 + 6 * (batch.stats[0].accepted + batch.stats[0].rejected));
    assert!(batch.stats[1].accepted > batch.stats[0].accepted);
    assert_eq!(batch.ends[2], RowEnd::Failed(SolveError::BadStep { what: "the first step", value: 0.0 }));
}

#[test]
fn save_times_that_make_no_sense_fail_their_row() {
    let y0 = Array2::<f64>::ones((4, 1));
    let span = Span { t0: 0.0, t1: 1.0 };
    let times = PerRow::Each(vec![vec![0.5, 0.4], vec![0.5, 1.1], vec![f64::NAN], vec![0.5, 0.5]]);
    let batch = adaptive(DOPRI5, TIGHT).lanes(&Bell, &Rows::new(y0.view(), span).times(times)).unwrap();
    assert_eq!(batch.ends[0], RowEnd::Failed(SolveError::TimesNotSorted { index: 1, time: 0.5, next: 0.4 }));
    assert_eq!(batch.ends[1], RowEnd::Failed(SolveError::TimeOutside { time: 1.1, t0: 0.0, t1: 1.0 }));
    assert!(matches!(batch.ends[2], RowEnd::Failed(SolveError::TimeOutside { time, .. }) if time.is_nan()));
    assert_eq!((&batch.ends[3], batch.saved(3).nrows()), (&RowEnd::Reached, 2));
    let rows = Rows::new(y0.view(), Span { t0: 0.0, t1: f64::NAN });
    let batch = adaptive(DOPRI5, TIGHT).lanes(&Bell, &rows).unwrap();
    assert!(batch.ends.iter().all(|end| matches!(end, RowEnd::Failed(SolveError::SpanNotFinite { .. }))));
}

#[test]
fn what_no_row_can_start_with_is_an_error_of_the_batch() {
    let y0 = Array2::<f64>::ones((3, 1));
    let span = Span { t0: 0.0, t1: 1.0 };
    let solve = adaptive(DOPRI5, TIGHT);
    let text = |result: Result<Batch<f64>, BatchError>| result.unwrap_err().to_string();
    assert_eq!(
        text(solve.lanes(&Bell, &Rows::new(y0.view(), vec![span; 2]))),
        "the list of spans has 2 entries for 3 rows; give one a row, or a single value for all"
    );
    let p = Array2::<f64>::ones((4, 1));
    assert_eq!(
        text(solve.lanes(&Bell, &Rows::new(y0.view(), span).parameters(p.view()))),
        "the array of parameters has 4 entries for 3 rows; give one a row, or a single value for all"
    );
    assert_eq!(
        text(adaptive(RK4, TIGHT).lanes(&Bell, &Rows::new(y0.view(), span))),
        "rk4 has no error estimate, so its steps cannot be controlled; take Fixed steps, or a pair such as tsit5"
    );
    let solve = BatchSolve::new(RK4, Fixed::new(-1.0));
    assert_eq!(
        text(solve.lanes(&Bell, &Rows::new(y0.view(), span))),
        "the fixed step size is -1, but must be finite and above zero"
    );
    assert!(adaptive(DOPRI5, Tolerance::both(0.0)).lanes(&Bell, &Rows::new(y0.view(), span)).is_err());
}

#[test]
fn single_precision_has_its_own_lanes() {
    let n = 100;
    let y0 = Array2::<f32>::from_shape_fn((n, 1), |(i, _)| 1.0 + i as f32);
    let span = Span { t0: 0.0, t1: 1.0 };
    let batch = adaptive(TSIT5, Tolerance::both(1e-5)).lanes(&Bell, &Rows::new(y0.view(), span)).unwrap();
    for i in 0..n {
        let exact = y0[[i, 0]] * (-1f32).exp();
        assert!((batch.y[[i, 0]] - exact).abs() < 1e-4 * exact, "{} {exact}", batch.y[[i, 0]]);
    }
    let one = Rows::new(y0.slice(s![70..71, ..]), span);
    let alone = adaptive(TSIT5, Tolerance::both(1e-5)).lanes(&Bell, &one).unwrap();
    assert_eq!((alone.y[[0, 0]], alone.stats[0]), (batch.y[[70, 0]], batch.stats[70]));
}

#[test]
fn a_closure_is_stepped_row_by_row() {
    let n = 30;
    let (y0, p) = starts(n);
    let field = |row: usize, t: f64, y: &[f64], dy: &mut [f64]| Lorenz.eval(t, y, &[p[[row, 0]]], dy);
    let rows = Rows::new(y0.view(), Span { t0: 0.0, t1: 1.0 }).parameters(p.view());
    let each = adaptive(TSIT5, TIGHT).each(&field, &rows).unwrap();
    let lanes = adaptive(TSIT5, TIGHT).lanes(&Lorenz, &rows).unwrap();
    for i in 0..n {
        assert!(each.stats[i].accepted.abs_diff(lanes.stats[i].accepted) <= 1);
        for j in 0..3 {
            assert!((each.y[[i, j]] - lanes.y[[i, j]]).abs() < 1e-5);
        }
    }
}

#[test]
fn a_batch_can_be_told_to_stop() {
    let (y0, p) = starts(20);
    let stop = AtomicBool::new(true);
    let rows = Rows::new(y0.view(), Span { t0: 0.5, t1: 1.0 }).parameters(p.view());
    let batch = adaptive(TSIT5, TIGHT).stop(&stop).lanes(&Lorenz, &rows).unwrap();
    assert!(batch.ends.iter().all(|end| *end == RowEnd::Stopped { t: 0.5 }));
    assert_eq!(batch.y, y0);
}

#[test]
fn no_rows_and_no_entries_are_no_trouble() {
    let span = Span { t0: 0.0, t1: 1.0 };
    let none = Array2::<f64>::zeros((0, 1));
    let batch = adaptive(TSIT5, TIGHT).lanes(&Bell, &Rows::new(none.view(), span)).unwrap();
    assert!(batch.ends.is_empty());
    struct Nothing;
    impl LaneField for Nothing {
        fn eval<L: Lane>(&self, _t: L, _y: &[L], _p: &[L], _dy: &mut [L]) {}
    }
    let empty = Array2::<f64>::zeros((3, 0));
    let batch = adaptive(TSIT5, TIGHT).lanes(&Nothing, &Rows::new(empty.view(), span)).unwrap();
    assert!(batch.ends.iter().all(|end| *end == RowEnd::Reached));
}
