//! Every instruction set of this machine takes the same rows to the same states.

use crate::{BatchSolve, DOPRI5, DOPRI8, Lane, LaneField, Pi, RowEnd, Rows, Span, TSIT5};
use chreode_core::simd::Machine;
use chreode_core::{Real, Tolerance};
use ndarray::{Array2, ArrayView2, ArrayViewMut2};

/// A field with every operation that lanes have.
struct Mixed;

impl LaneField for Mixed {
    #[inline(always)]
    fn eval<L: Lane>(&self, t: L, y: &[L], p: &[L], dy: &mut [L]) {
        let root = (y[0] * y[0] + 1.0).sqrt();
        dy[0] = y[1] / root - (t * -0.5).exp() * p[0];
        let ahead = y[0] - y[1];
        // Two branches that meet smoothly: where they bend, the steps would depend on the last bit.
        dy[1] = ahead.less(t.constant(0.0), ahead * 0.0, ahead * ahead * ahead) * 0.1 - y[0];
        dy[2] = (y[1] * y[1] + root.abs()).ln() - y[2] * p[0];
    }
}

fn start<A: Real>() -> (Array2<A>, Array2<A>) {
    let y0 = Array2::from_shape_fn((83, 3), |(i, j)| A::from_f64(((7 * i + j) as f64).sin()));
    (y0, Array2::from_shape_fn((83, 1), |(i, _)| A::from_f64(0.5 + 0.01 * i as f64)))
}

#[test]
fn lanes_of_every_width() {
    let (y0, p) = start::<f64>();
    let times: Vec<f64> = (0..=8).map(|k| 0.25 * f64::from(k)).collect();
    for tableau in [TSIT5, DOPRI8] {
        let on = |machine| {
            let rows = Rows::new(y0.view(), Span { t0: 0.0, t1: 2.0 });
            let rows = rows.parameters(p.view()).times(times.clone().into());
            let mut solve = BatchSolve::new(tableau, Pi::new(Tolerance::both(1e-10)));
            solve.machine = machine;
            solve.lanes(&Mixed, &rows).unwrap()
        };
        let machines = Machine::all();
        let plain = on(machines[0]);
        for machine in &machines[1..] {
            let wide = on(*machine);
            for i in 0..83 {
                assert_eq!(wide.ends[i], RowEnd::Reached);
                for (a, b) in wide.saved(i).iter().zip(plain.saved(i)) {
                    assert!((a - b).abs() < 1e-9, "{machine:?}: {a} {b} in row {i}");
                }
            }
        }
    }
}

#[test]
fn single_precision_and_a_common_field() {
    let (y0, p) = start::<f32>();
    let turn = |_: &[usize], _: &[f64], y: ArrayView2<'_, f32>, mut dy: ArrayViewMut2<'_, f32>| {
        for (y, mut dy) in y.rows().into_iter().zip(dy.rows_mut()) {
            (dy[0], dy[1], dy[2]) = (y[1], -y[0], -y[2]);
        }
    };
    let on = |machine| {
        let mut solve = BatchSolve::new(DOPRI5, Pi::new(Tolerance::both(1e-5)));
        solve.machine = machine;
        let span = Span { t0: 0.0, t1: 2.0 };
        let lanes = solve.lanes(&Mixed, &Rows::new(y0.view(), span).parameters(p.view())).unwrap();
        (lanes, solve.rows(&turn, &Rows::new(y0.view(), span)).unwrap())
    };
    let machines = Machine::all();
    let (plain, plain_turn) = on(machines[0]);
    for machine in &machines[1..] {
        let (wide, wide_turn) = on(*machine);
        for (a, b) in wide.y.iter().zip(&plain.y).chain(wide_turn.y.iter().zip(&plain_turn.y)) {
            assert!((a - b).abs() < 1e-4, "{machine:?}: {a} {b}");
        }
    }
    for (i, row) in plain_turn.y.rows().into_iter().enumerate() {
        let (sin, cos) = 2f32.sin_cos();
        assert!((row[0] - (y0[[i, 0]] * cos + y0[[i, 1]] * sin)).abs() < 1e-4);
    }
}
