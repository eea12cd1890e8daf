//! Semidiscrete transport: closed forms on a line and in a square, and its interval.

use approx::{assert_abs_diff_eq, assert_relative_eq};
use chreode_core::{Seed, Stream};
use chreode_ot::{Euclidean, OtError, Semidiscrete, SquaredEuclidean};
use ndarray::{Array1, Array2, array};
use rand::RngExt;

fn uniform(rng: &mut Stream, x: &mut [f64]) {
    x.iter_mut().for_each(|x| *x = rng.random());
}

#[test]
fn on_a_line_the_cells_are_intervals() {
    // Uniform on [0, 1] to y with weights b: cells in order with these lengths, and borders where c − v
    // agree.
    let (y, b) = (array![[0.1], [0.4], [0.5], [0.9]], array![0.3, 0.2, 0.4, 0.1]);
    let borders = [0.0, 0.3, 0.5, 0.9, 1.0];
    let cost: f64 = (0..4)
        .map(|j| {
            let cube = |t: f64| (t - y[[j, 0]]).powi(3) / 3.0;
            cube(borders[j + 1]) - cube(borders[j])
        })
        .sum();
    // v_{j+1} − v_j = (t − y_{j+1})² − (t − y_j)² at the border t.
    let mut v = Array1::<f64>::zeros(4);
    for j in 1..4 {
        let t: f64 = borders[j];
        v[j] = v[j - 1] + (t - y[[j, 0]]).powi(2) - (t - y[[j - 1, 0]]).powi(2);
    }
    let centre = b.dot(&v);
    let v = v - centre;
    let solver = Semidiscrete::new(6000, 64, 0.5, Seed(1));
    let plan = solver.solve(&uniform, &SquaredEuclidean, y.view(), Some((&b * 5.0).view())).unwrap();
    assert!((&plan.potential() - &v).iter().all(|d| d.abs() < 5e-3), "{} {v}", plan.potential());
    assert_abs_diff_eq!(b.dot(&plan.potential()), 0.0, epsilon = 1e-15);
    let value = plan.value(100_000, 4.0).unwrap();
    assert!(value.low < cost && cost < value.high && value.high - value.low < 0.1 * cost, "{value:?} {cost}");
    assert_relative_eq!(value.high - value.value, 4.0 * value.standard_error, max_relative = 1e-9);
    let masses = plan.masses(100_000).unwrap();
    // Noise of 1.5e-3 a cell, and the ascent's own.
    assert!((&masses - &b).iter().all(|d| d.abs() < 0.01), "{masses}");
    assert_eq!(plan.assign(array![[0.05], [0.35], [0.6], [0.97]].view()).unwrap(), [0, 1, 2, 3]);
}

#[test]
fn a_square_to_its_corners() {
    // By symmetry v = 0: each corner gets its quarter, at 4 ∫∫ over a quarter of x² + y² = 2/12.
    let y = array![[0.0, 0.0], [1.0, 0.0], [0.0, 1.0], [1.0, 1.0]];
    let plan = Semidiscrete::new(3000, 64, 0.5, Seed(2))
        .solve(&uniform, &SquaredEuclidean, y.view(), None::<ndarray::ArrayView1<f64>>)
        .unwrap();
    assert!(plan.potential().iter().all(|v| v.abs() < 0.01));
    let value = plan.value(50_000, 4.0).unwrap();
    assert!(value.low < 1.0 / 6.0 && 1.0 / 6.0 < value.high);
    let at = array![[0.2, 0.1], [0.9, 0.3], [0.1, 0.8], [0.7, 0.95]];
    assert_eq!(plan.assign(at.view()).unwrap(), [0, 1, 2, 3]);
}

#[test]
fn entropy_lowers_the_dual_less_than_its_bound() {
    // −ε log Σ b e^{−·/ε} is above the minimum, by at most ε log(1/min b); one point: nothing to choose.
    let y = array![[0.2], [0.7]];
    let none = None::<ndarray::ArrayView1<f64>>;
    let hard = Semidiscrete::new(2000, 32, 0.5, Seed(3));
    let soft = Semidiscrete { epsilon: 0.05, ..hard };
    let value = |s: &Semidiscrete| {
        s.solve(&uniform, &SquaredEuclidean, y.view(), none).unwrap().value(50_000, 2.0).unwrap()
    };
    let (h, s) = (value(&hard), value(&soft));
    assert!(s.value > h.value && s.value < h.value + 0.05 * 2_f64.ln());
    // By symmetry about 0.45? No: the interval's middle is 0.5. The border lies there, where the shares are
    // equal.
    let plan = soft.solve(&uniform, &SquaredEuclidean, y.view(), none).unwrap();
    let masses = plan.masses(50_000).unwrap();
    assert_abs_diff_eq!(masses[0], 0.5, epsilon = 0.01);
    assert_relative_eq!(masses.sum(), 1.0, max_relative = 1e-9);
    let one = Semidiscrete { epsilon: 0.3, ..hard };
    let plan = one.solve(&uniform, &SquaredEuclidean, array![[0.5]].view(), none).unwrap();
    let got = plan.value(50_000, 4.0).unwrap();
    assert!(got.low < 1.0 / 12.0 && 1.0 / 12.0 < got.high);
}

#[test]
fn does_not_depend_on_the_number_of_threads() {
    let y = Array2::from_shape_fn((10, 2), |(k, c)| ((k * 7 + c * 3) % 10) as f64 / 10.0);
    let run = |threads: usize| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        pool.install(|| {
            let solver = Semidiscrete { epsilon: 0.01, ..Semidiscrete::new(200, 100, 0.5, Seed(4)) };
            let plan =
                solver.solve(&uniform, &Euclidean, y.view(), None::<ndarray::ArrayView1<f64>>).unwrap();
            (plan.potential().to_owned(), plan.value(1000, 2.0).unwrap(), plan.masses(5000).unwrap())
        })
    };
    assert_eq!(run(1), run(3));
}

#[test]
fn refuses_bad_input() {
    let y = array![[0.2], [0.7]];
    let none = None::<ndarray::ArrayView1<f64>>;
    let good = Semidiscrete::new(10, 4, 0.5, Seed(1));
    let said = |s: Semidiscrete| s.solve(&uniform, &Euclidean, y.view(), none).unwrap_err().to_string();
    assert_eq!(
        said(Semidiscrete { iterations: 0, ..good }),
        "the number of iterations is 0; it must be at least 1"
    );
    assert_eq!(said(Semidiscrete { batch: 0, ..good }), "the batch is 0; it must be at least 1");
    assert_eq!(said(Semidiscrete { step: 0.0, ..good }), "the step is 0; it must be positive and finite");
    assert_eq!(
        said(Semidiscrete { epsilon: -1.0, ..good }),
        "epsilon is -1; it must be zero or positive, and finite"
    );
    let lost = |_: &mut Stream, x: &mut [f64]| x.fill(f64::NAN);
    let error = good.solve(&lost, &Euclidean, y.view(), none).unwrap_err();
    assert_eq!(
        error.to_string(),
        "the source point 0 has value NaN in column 0; every coordinate must be finite"
    );
    let nan = |_: &[f64], y: &[f64]| if y[0] > 0.5 { f64::NAN } else { 0.0 };
    let error = good.solve(&uniform, &nan, y.view(), none).unwrap_err();
    assert!(matches!(error, OtError::BadCost { column: 1, .. }));
    let never = |_: &[f64], _: &[f64]| f64::INFINITY;
    assert!(matches!(good.solve(&uniform, &never, y.view(), none), Err(OtError::Infeasible { .. })));
    let error = good.solve(&uniform, &Euclidean, y.view(), Some(array![1.0].view())).unwrap_err();
    assert_eq!(error.to_string(), "the target weights has size 1 where 2 was expected");
    let empty = Array2::<f64>::zeros((0, 1));
    let error = good.solve(&uniform, &Euclidean, empty.view(), none).unwrap_err();
    assert_eq!(error, OtError::Empty { side: "target" });
    let plan = good.solve(&uniform, &Euclidean, y.view(), none).unwrap();
    assert_eq!(
        plan.value(1, 2.0).unwrap_err().to_string(),
        "the number of samples is 1; it must be at least 2"
    );
    let error = plan.assign(array![[0.0, 1.0]].view()).unwrap_err();
    assert_eq!(error, OtError::Dimension { source_columns: 2, target_columns: 1 });
}
