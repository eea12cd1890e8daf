//! Events of rows: each row has its own.

use chreode_core::Tolerance;
use chreode_ode::{
    BatchSolve, Crossing, DOPRI5, Lane, LaneField, PerRow, Pi, RowEnd, RowEvent, Rows, Span, TSIT5,
};
use ndarray::{Array2, array, s};
use std::f64::consts::PI;

/// A ball that falls: (height, velocity).
struct Fall;

impl LaneField for Fall {
    #[inline(always)]
    fn eval<L: Lane>(&self, t: L, y: &[L], _p: &[L], dy: &mut [L]) {
        dy[0] = y[1];
        dy[1] = t.constant(-1.0);
    }
}

/// The oscillator: (sin t, cos t) from (0, 1).
struct Turn;

impl LaneField for Turn {
    #[inline(always)]
    fn eval<L: Lane>(&self, _t: L, y: &[L], _p: &[L], dy: &mut [L]) {
        dy[0] = y[1];
        dy[1] = -y[0];
    }
}

fn solve() -> BatchSolve<'static> {
    BatchSolve::new(TSIT5, Pi::new(Tolerance::both(1e-10)))
}

fn first(_row: usize, _t: f64, y: &[f64]) -> f64 {
    y[0]
}

#[test]
fn each_row_stops_at_its_own_event() {
    let n = 40;
    let y0 = Array2::from_shape_fn((n, 2), |(i, j)| if j == 0 { 0.5 * i as f64 } else { 0.0 });
    let span = Span { t0: 0.0, t1: 5.0 };
    let times: Vec<f64> = (0..=10).map(|k| 0.5 * f64::from(k)).collect();
    let rows = Rows::new(y0.view(), span).event(RowEvent::stop(&first)).times(times.into());
    let batch = solve().lanes(&Fall, &rows).unwrap();
    for i in 0..n {
        // h = t²/2. The ball on the ground has not crossed it, and falls through.
        let hit = (i as f64).sqrt();
        if (1..=24).contains(&i) {
            let RowEnd::Event { event: 0, t } = batch.ends[i] else { panic!("row {i}: {:?}", batch.ends[i]) };
            assert!((t - hit).abs() < 1e-9, "{t} {hit}");
            assert_eq!(batch.t[i], t);
            assert!(batch.y[[i, 0]].abs() < 1e-9 && (batch.y[[i, 1]] + hit).abs() < 1e-9);
            // Nothing is saved behind the event.
            assert_eq!(batch.saved(i).nrows(), (t / 0.5).floor() as usize + 1);
        } else if i != 25 {
            assert_eq!(batch.ends[i], RowEnd::Reached, "row {i}");
            assert_eq!(batch.saved(i).nrows(), 11);
        }
    }
    assert_eq!(batch.hits().count(), 24 + usize::from(batch.ends[25] != RowEnd::Reached));
}

#[test]
fn directions_are_told_apart_and_every_crossing_is_kept() {
    let y0 = array![[0.0, 1.0], [0.0, -1.0], [0.0, 1.0]];
    let spans = vec![Span { t0: 0.0, t1: 10.0 }, Span { t0: 0.0, t1: 10.0 }, Span { t0: 0.0, t1: -10.0 }];
    for (crossing, expected) in [
        (
            Crossing::Either,
            [vec![PI, 2.0 * PI, 3.0 * PI], vec![PI, 2.0 * PI, 3.0 * PI], vec![-PI, -2.0 * PI, -3.0 * PI]],
        ),
        (Crossing::Rising, [vec![2.0 * PI], vec![PI, 3.0 * PI], vec![-PI, -3.0 * PI]]),
        (Crossing::Falling, [vec![PI, 3.0 * PI], vec![2.0 * PI], vec![-2.0 * PI]]),
    ] {
        let event = RowEvent::record(&first).crossing(crossing);
        let batch = solve().lanes(&Turn, &Rows::new(y0.view(), spans.clone()).event(event)).unwrap();
        for (i, expected) in expected.iter().enumerate() {
            let found: Vec<f64> = batch.hits().filter(|hit| hit.row == i).map(|hit| hit.t).collect();
            assert_eq!(found.len(), expected.len(), "{crossing:?} in row {i}: {found:?}");
            for (t, exact) in found.iter().zip(expected) {
                assert!((t - exact).abs() < 1e-7, "{t} {exact}");
            }
            assert_eq!(batch.ends[i], RowEnd::Reached);
        }
    }
}

#[test]
fn a_ball_bounces_on_in_its_own_row() {
    // From height h at rest it lands after √2h, and then every 2 e √2h, e² ..., with restitution e.
    let heights = [0.5, 2.0, 1.0];
    let y0 = Array2::from_shape_fn((3, 2), |(i, j)| if j == 0 { heights[i] } else { 0.0 });
    let bounce = |_row: usize, _t: f64, y: &mut [f64]| {
        y[0] = 0.0;
        y[1] *= -0.5;
    };
    let rows = Rows::new(y0.view(), Span { t0: 0.0, t1: 3.5 })
        .event(RowEvent::reset(&first, &bounce).crossing(Crossing::Falling));
    let batch = solve().lanes(&Fall, &rows).unwrap();
    for (i, height) in heights.into_iter().enumerate() {
        let fall = (2.0 * height).sqrt();
        let (mut t, mut flight, mut landings) = (fall, fall, Vec::new());
        while t < 3.5 && landings.len() < 6 {
            landings.push(t);
            flight *= if landings.len() == 1 { 1.0 } else { 0.5 };
            t += flight;
        }
        let found: Vec<f64> = batch.hits().filter(|hit| hit.row == i).map(|hit| hit.t).collect();
        assert!(found.len() >= landings.len().min(5));
        for (t, exact) in found.iter().zip(&landings) {
            assert!((t - exact).abs() < 1e-8, "row {i}: {t} {exact}");
        }
    }
    // The state of a hit is the one before the reset.
    let hit = batch.hits().next().unwrap();
    assert!((hit.y[1] + 1.0).abs() < 1e-8 && hit.row == 0 && hit.event == 0);
}

#[test]
fn events_of_one_row_leave_the_others_alone() {
    let n = 60;
    let y0 = Array2::from_shape_fn((n, 2), |(i, j)| if j == 0 { 0.0 } else { 1.0 + 0.1 * i as f64 });
    let only = |row: usize, _t: f64, y: &[f64]| if row.is_multiple_of(3) { y[0] - 0.5 } else { 1.0 };
    let spans = PerRow::Shared(Span { t0: 0.0, t1: 4.0 });
    let with =
        solve().lanes(&Turn, &Rows::new(y0.view(), spans.clone()).event(RowEvent::stop(&only))).unwrap();
    let without = solve().lanes(&Turn, &Rows::new(y0.view(), spans)).unwrap();
    for i in 0..n {
        if i.is_multiple_of(3) {
            let t = (0.5 / (1.0 + 0.1 * i as f64)).asin();
            assert!((with.t[i] - t).abs() < 1e-8);
        } else {
            assert_eq!((with.y.row(i), with.stats[i]), (without.y.row(i), without.stats[i]));
        }
    }
}

#[test]
fn pieces_of_a_step_show_what_its_ends_hide() {
    // Two crossings of a grazing level inside one long step.
    let y0 = array![[0.0, 1.0]];
    let level = |_row: usize, _t: f64, y: &[f64]| y[0] - 0.99;
    let wide = BatchSolve::new(DOPRI5, Pi::new(Tolerance::both(1e-2)));
    let count = |pieces: usize| {
        let rows =
            Rows::new(y0.view(), Span { t0: 0.0, t1: 3.0 }).event(RowEvent::record(&level).pieces(pieces));
        wide.lanes(&Turn, &rows).unwrap().hits().count()
    };
    assert_eq!((count(1), count(20)), (0, 2));
}

#[test]
fn two_events_of_a_step_come_in_the_order_of_their_times() {
    let y0 = array![[0.0, 1.0], [0.0, 1.0]];
    let levels = [0.30, 0.31, 0.29];
    let at = |level: f64| move |_row: usize, _t: f64, y: &[f64]| y[0] - level;
    let (a, b, c) = (at(levels[0]), at(levels[1]), at(levels[2]));
    let rows = Rows::new(y0.view(), Span { t0: 0.0, t1: 1.0 })
        .event(RowEvent::record(&a))
        .event(RowEvent::stop(&b))
        .event(RowEvent::record(&c));
    let batch = solve().lanes(&Turn, &rows).unwrap();
    let found: Vec<_> = batch.hits().map(|hit| (hit.row, hit.event)).collect();
    assert_eq!(found, [(0, 2), (0, 0), (0, 1), (1, 2), (1, 0), (1, 1)]);
    assert!((batch.t[1] - 0.31f64.asin()).abs() < 1e-9);
    let rest = batch.y.slice(s![.., 0]).to_owned();
    assert!(rest.iter().all(|y| (y - 0.31).abs() < 1e-9));
}

#[test]
fn a_reset_that_leaves_the_numbers_fails_its_row() {
    let y0 = array![[1.0, 0.0], [-1.0, 0.0]];
    let bad = |_row: usize, _t: f64, y: &mut [f64]| y[0] = f64::NAN;
    let rows = Rows::new(y0.view(), Span { t0: 0.0, t1: 2.0 }).event(RowEvent::reset(&first, &bad));
    let batch = solve().lanes(&Fall, &rows).unwrap();
    assert!(batch.ends[0].error().is_some());
    assert_eq!(batch.ends[1], RowEnd::Reached);
}
