//! Functions of lanes.

use chreode_ode::{BatchSolve, EULER, Fixed, Lane, LaneField, RowEnd, Rows, SolveError, Span};
use ndarray::{Array1, Array2, Axis};

/// Functions of x, by one step of Euler's method from zero.
struct Functions;

impl LaneField for Functions {
    #[inline(always)]
    fn eval<L: Lane>(&self, _t: L, _y: &[L], p: &[L], dy: &mut [L]) {
        let x = p[0];
        dy[0] = x.exp();
        dy[1] = x.abs().ln();
        dy[2] = x.abs().sqrt();
        dy[3] = x.tanh();
        dy[4] = x.sin();
        dy[5] = x.powi(-3);
        dy[6] = x.abs().powf(0.3);
        dy[7] = x.min(x.constant(0.5)).max(x.constant(-0.5));
    }
}

#[test]
fn functions_of_lanes_are_those_of_numbers() {
    let xs: Vec<f64> =
        (-400..400).map(|k| f64::from(k) * 0.173 + 0.01).chain([1e-8, 1e-300, 700.0, -700.0]).collect();
    let p = Array1::from(xs.clone()).insert_axis(Axis(1));
    let y0 = Array2::zeros((xs.len(), 8));
    let rows = Rows::new(y0.view(), Span { t0: 0.0, t1: 1.0 }).parameters(p.view());
    let batch = BatchSolve::new(EULER, Fixed::steps(1)).lanes(&Functions, &rows).unwrap();
    for (x, y) in xs.iter().zip(batch.y.rows()) {
        let exact = [
            x.exp(),
            x.abs().ln(),
            x.abs().sqrt(),
            x.tanh(),
            x.sin(),
            x.powi(-3),
            x.abs().powf(0.3),
            x.clamp(-0.5, 0.5),
        ];
        if *x == 1e-300 {
            continue; // x⁻³ overflows: the row cannot start.
        }
        for (j, (y, exact)) in y.iter().zip(exact).enumerate() {
            assert!((y - exact).abs() <= 4e-14 * exact.abs(), "function {j} of {x}: {y} {exact}");
        }
    }
    let i = xs.iter().position(|x| *x == 1e-300).unwrap();
    assert_eq!(batch.ends[i], RowEnd::Failed(SolveError::NotFinite { t: 0.0, stage: None, entry: None }));
}
