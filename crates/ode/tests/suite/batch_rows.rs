//! Rows under one field for all: it sees the active rows, each at its own time, and no others.

use chreode_core::{Network, ParameterView, Tolerance};
use chreode_ode::{
    BOSH3, BatchSolve, DOPRI5, DOPRI8, Fixed, HEUN, Lane, LaneField, NetworkRows, PerRow, Pi, RK4, RowEnd,
    RowEvent, Rows, SolveError, Span, TSIT5, VERNER6, VERNER9,
};
use ndarray::{Array2, ArrayView2, ArrayViewMut2, array};
use std::cell::{Cell, RefCell};

/// y' = −2 t y + p sin y, all rows at once; `p` of row i is i mod 5.
fn field(rows: &[usize], t: &[f64], y: ArrayView2<'_, f64>, mut dy: ArrayViewMut2<'_, f64>) {
    for (k, (y, mut dy)) in y.rows().into_iter().zip(dy.rows_mut()).enumerate() {
        for (y, dy) in y.iter().zip(&mut dy) {
            *dy = -2.0 * t[k] * y + (rows[k] % 5) as f64 * y.sin();
        }
    }
}

/// The same in lanes.
struct Lanes;

impl LaneField for Lanes {
    #[inline(always)]
    fn eval<L: Lane>(&self, t: L, y: &[L], p: &[L], dy: &mut [L]) {
        for (y, dy) in y.iter().zip(dy) {
            *dy = t * *y * -2.0 + p[0] * y.sin();
        }
    }
}

fn starts(n: usize) -> (Array2<f64>, Array2<f64>, PerRow<Span>) {
    let spans = (0..n).map(|i| Span { t0: 0.1 * (i % 4) as f64, t1: [2.0, -1.0, 0.5][i % 3] }).collect();
    (
        Array2::from_shape_fn((n, 3), |(i, j)| ((3 * i + j) as f64).cos()),
        Array2::from_shape_fn((n, 1), |(i, _)| (i % 5) as f64),
        PerRow::Each(spans),
    )
}

#[test]
fn rows_together_do_what_rows_in_lanes_do() {
    let n = 60;
    let (y0, p, spans) = starts(n);
    let times = PerRow::Each((0..n).map(|i| vec![spans.of(i).t0, spans.of(i).t1]).collect());
    let rows = Rows::new(y0.view(), spans).parameters(p.view()).times(times);
    for tableau in [DOPRI5, TSIT5, BOSH3, HEUN] {
        let solve = BatchSolve::new(tableau, Pi::new(Tolerance::both(1e-6)));
        let together = solve.rows(&field, &rows).unwrap();
        let lanes = solve.lanes(&Lanes, &rows).unwrap();
        for i in 0..n {
            assert_eq!((&together.ends[i], together.t[i]), (&lanes.ends[i], lanes.t[i]));
            assert!(together.stats[i].accepted.abs_diff(lanes.stats[i].accepted) <= 1);
            for j in 0..3 {
                assert!((together.y[[i, j]] - lanes.y[[i, j]]).abs() < 1e-7);
            }
            assert_eq!(together.saved(i).row(0), y0.row(i));
            assert_eq!(together.saved(i).row(1), together.y.row(i));
        }
    }
    let solve = BatchSolve::new(RK4, Fixed::steps(50));
    let (together, lanes) = (solve.rows(&field, &rows).unwrap(), solve.lanes(&Lanes, &rows).unwrap());
    assert_eq!(together.stats, lanes.stats);
    assert!((&together.y - &lanes.y).iter().all(|x| x.abs() < 1e-12));
}

#[test]
fn a_field_sees_only_the_rows_that_go_on() {
    let n = 30;
    let (y0, _, spans) = starts(n);
    let (calls, seen) = (Cell::new(0usize), RefCell::new(vec![0usize; n]));
    let counting = |rows: &[usize], t: &[f64], y: ArrayView2<'_, f64>, dy: ArrayViewMut2<'_, f64>| {
        calls.set(calls.get() + 1);
        assert_eq!((rows.len(), t.len()), (y.nrows(), y.nrows()));
        rows.iter().for_each(|row| seen.borrow_mut()[*row] += 1);
        field(rows, t, y, dy);
    };
    let batch = BatchSolve::new(DOPRI5, Pi::new(Tolerance::both(1e-8)))
        .rows(&counting, &Rows::new(y0.view(), spans))
        .unwrap();
    // All rows start together, so that each is in every call until its own end.
    for (i, seen) in seen.borrow().iter().enumerate() {
        assert_eq!(*seen, batch.stats[i].evals, "row {i}");
    }
    let most = batch.stats.iter().map(|stats| stats.evals).max().unwrap();
    assert_eq!(calls.get(), most);
    assert!(batch.total().evals < most * n);
}

#[test]
fn blocks_and_orders_give_the_same_bits() {
    let n = 101;
    let (y0, _, spans) = starts(n);
    let rows = Rows::new(y0.view(), spans);
    let solve = BatchSolve::new(TSIT5, Pi::new(Tolerance::both(1e-7)));
    let whole = solve.rows(&field, &rows).unwrap();
    for block in [1, 7, 50, 200] {
        assert_eq!(whole, solve.row_blocks(|| field, &rows, block).unwrap());
    }
    let error = solve.row_blocks(|| field, &rows, 0).unwrap_err();
    assert_eq!(error.to_string(), "the number of rows of a block is 0, but must be finite and above zero");
}

#[test]
fn a_row_fails_alone_under_a_common_field() {
    let square = |_: &[usize], _: &[f64], y: ArrayView2<'_, f64>, mut dy: ArrayViewMut2<'_, f64>| {
        dy.zip_mut_with(&y, |dy, y| *dy = y * y);
    };
    let y0 = array![[0.5], [1.0], [f64::NAN], [-1.0], [1e200]];
    let rows = Rows::new(y0.view(), Span { t0: 0.0, t1: 1.5 });
    let solve = BatchSolve::new(DOPRI5, Pi::new(Tolerance::both(1e-8)));
    let batch = solve.rows(&square, &rows).unwrap();
    assert!(
        matches!(batch.ends[1], RowEnd::Failed(SolveError::StepTooSmall { t, .. }) if (t - 1.0).abs() < 1e-6)
    );
    assert_eq!(batch.ends[2], RowEnd::Failed(SolveError::NotFinite { t: 0.0, stage: None, entry: None }));
    // 10⁴⁰⁰ is no number.
    assert_eq!(batch.ends[4], RowEnd::Failed(SolveError::NotFinite { t: 0.0, stage: None, entry: None }));
    for (i, y0) in [(0, 0.5), (3, -1.0)] {
        assert_eq!(batch.ends[i], RowEnd::Reached);
        let exact: f64 = y0 / (1.0 - 1.5 * y0);
        assert!((batch.y[[i, 0]] - exact).abs() < 1e-6);
    }
    let short = solve.max_steps(3).rows(&square, &rows).unwrap();
    assert!(matches!(short.ends[0], RowEnd::Failed(SolveError::MaxSteps { steps: 3, .. })));
}

#[test]
fn interpolants_with_stages_of_their_own_serve_a_common_field_too() {
    // exp(-t²) times the start, each row over a span of its own, under one field.
    let bell = |_: &[usize], t: &[f64], y: ArrayView2<'_, f64>, mut dy: ArrayViewMut2<'_, f64>| {
        for (i, t) in t.iter().enumerate() {
            dy.row_mut(i).assign(&(&y.row(i) * (-2.0 * t)));
        }
    };
    let y0 = array![[1.0, 2.0], [3.0, -1.0], [0.5, 0.25]];
    let spans: Vec<Span> = [1.0, 2.0, -1.5].map(|t1| Span { t0: 0.0, t1 }).to_vec();
    let times =
        PerRow::Each(spans.iter().map(|s| (0..=30).map(|k| s.t1 * f64::from(k) / 30.0).collect()).collect());
    for tableau in [DOPRI8, VERNER6, VERNER9] {
        let rows = Rows::new(y0.view(), spans.clone()).times(times.clone());
        let batch = BatchSolve::new(tableau, Pi::new(Tolerance::both(1e-9))).rows(&bell, &rows).unwrap();
        for i in 0..3 {
            for (k, t) in times.of(i).iter().enumerate() {
                for j in 0..2 {
                    let exact = y0[[i, j]] * (-t * t).exp();
                    let found = batch.saved(i)[[k, j]];
                    assert!((found - exact).abs() < 1e-8, "{}: {found} {exact}", tableau.coefficients().name);
                }
            }
        }
    }
}

#[test]
fn events_and_restarts_under_a_common_field() {
    // A sawtooth: y' = 1, back to zero at 1.
    let ramp = |_: &[usize], _: &[f64], _: ArrayView2<'_, f64>, mut dy: ArrayViewMut2<'_, f64>| dy.fill(1.0);
    let y0 = array![[0.0], [0.5], [0.25]];
    let full = |_: usize, _: f64, y: &[f64]| y[0] - 1.0;
    let empty = |row: usize, _: f64, y: &mut [f64]| y[0] = if row == 1 { 0.5 } else { 0.0 };
    let times: Vec<f64> = vec![0.0, 0.6, 1.4, 2.3];
    let rows = Rows::new(y0.view(), Span { t0: 0.0, t1: 2.3 })
        .times(times.clone().into())
        .event(RowEvent::reset(&full, &empty));
    let batch = BatchSolve::new(TSIT5, Pi::new(Tolerance::both(1e-8))).rows(&ramp, &rows).unwrap();
    let saw = |i: usize, t: f64| match i {
        0 => t % 1.0,
        1 => 0.5 + t % 0.5,
        _ => (t + 0.25) % 1.0,
    };
    for i in 0..3 {
        for (k, t) in times.iter().enumerate() {
            assert!((batch.saved(i)[[k, 0]] - saw(i, *t)).abs() < 1e-9, "row {i} at {t}");
        }
    }
    let hits: Vec<_> = batch.hits().map(|hit| hit.row).collect();
    assert_eq!(hits, [0, 0, 1, 1, 1, 1, 2, 2]);
}

/// v(t, x) = w t x: one parameter.
struct Scale(f32, Vec<ParameterView>);

impl Network for Scale {
    type Scalar = f32;
    type Memory = ();
    fn width(&self) -> (usize, usize) {
        (2, 2)
    }
    fn layout(&self) -> &[ParameterView] {
        &self.1
    }
    fn read_parameters(&self, flat: &mut [f32]) {
        flat[0] = self.0;
    }
    fn write_parameters(&mut self, flat: &[f32]) {
        self.0 = flat[0];
    }
    fn forward(&self, t: &[f32], x: ArrayView2<'_, f32>, mut out: ArrayViewMut2<'_, f32>, (): &mut ()) {
        for ((t, x), mut out) in t.iter().zip(x.rows()).zip(out.rows_mut()) {
            out.zip_mut_with(&x, |out, x| *out = self.0 * t * x);
        }
    }
    fn pullback(
        &self,
        _: ArrayView2<'_, f32>,
        _: Option<ArrayViewMut2<'_, f32>>,
        _: Option<&mut [f32]>,
        (): &mut (),
    ) {
    }
}

#[test]
fn a_network_sees_a_time_for_each_row() {
    let network = Scale(-0.5, Vec::new());
    let y0: Array2<f32> = array![[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]];
    let t1 = [1.0, 2.0, -1.5];
    let rows = Rows::new(y0.view(), t1.map(|t1| Span { t0: 0.0, t1 }).to_vec());
    let solve = BatchSolve::new(DOPRI5, Pi::new(Tolerance::both(1e-5)));
    let batch = solve.rows(&NetworkRows::new(&network), &rows).unwrap();
    for (i, t1) in t1.into_iter().enumerate() {
        for j in 0..2 {
            let exact = y0[[i, j]] * (-0.25 * t1 * t1).exp() as f32;
            assert!((batch.y[[i, j]] - exact).abs() < 1e-4);
        }
    }
    assert_eq!(batch, solve.row_blocks(|| NetworkRows::new(&network), &rows, 2).unwrap());
}
