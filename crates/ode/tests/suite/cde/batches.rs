//! A path for each row.

use chreode_core::Tolerance;
use chreode_ode::{
    Branch, Cde, ControlPath, DataPath, DataPaths, ExplicitRk, Observations, PathError, Pi, Solve, Span,
    TSIT5,
};
use ndarray::Array2;

fn path(times: &[f64], values: &[f64]) -> DataPath {
    let rows: Vec<_> = values.iter().map(|x| [*x]).collect();
    DataPath::linear(&Observations::from_rows(times, &rows).expect("a table")).expect("a path")
}

/// Three rows: one long, one that ends early, one that begins late.
fn rows() -> Vec<DataPath> {
    vec![
        path(&[0.0, 1.0, 4.0], &[0.0, 1.0, -0.5]),
        path(&[0.0, 0.5, 2.0], &[0.3, 0.1, 0.9]),
        path(&[1.5, 3.0, 4.0], &[1.0, 0.0, 2.0]),
    ]
}

/// dz = z dX in every row: z = z₀ exp(X − X₀).
fn growth(_t: f64, z: &Array2<f64>, dx: &[f64]) -> Array2<f64> {
    let mut out = z.clone();
    for (mut row, dx) in out.rows_mut().into_iter().zip(dx) {
        row.mapv_inplace(|x| x * dx);
    }
    out
}

fn solve() -> Solve<ExplicitRk, Pi> {
    Solve::new(ExplicitRk::new(TSIT5), Pi::new(Tolerance::both(1e-10)))
}

#[test]
fn rows_wait_for_one_another() {
    let batch = DataPaths::new(rows()).unwrap();
    assert_eq!((batch.rows(), batch.channels(), batch.span()), (3, 1, Span { t0: 0.0, t1: 4.0 }));
    assert_eq!(batch.knots(), [0.0, 0.5, 1.0, 1.5, 2.0, 3.0, 4.0]);
    assert_eq!(batch.paths().len(), 3);
    let cde = Cde::new(growth, batch);
    let times = [0.0, 0.7, 1.5, 2.0, 2.5, 4.0];
    let zs = cde.at(&solve(), Array2::ones((3, 2)), &times).unwrap();
    for (t, z) in times.iter().zip(&zs) {
        let mut x = [0.0; 3];
        cde.path.value(*t, &mut x);
        for (row, start) in [0.0, 0.3, 1.0].iter().enumerate() {
            let exact = (x[row] - start).exp();
            assert!((z[[row, 1]] - exact).abs() < 1e-8, "row {row} at {t}");
        }
    }
    // Still before and after, on both branches.
    let mut dx = [0.0; 3];
    let mut at = |t, branch| {
        cde.path.derivative(t, branch, &mut dx);
        dx
    };
    assert_eq!(at(0.25, Branch::Right)[2], 0.0);
    assert_eq!((at(1.5, Branch::Left)[2], at(1.5, Branch::Right)[2]), (0.0, -1.0 / 1.5));
    assert_eq!((at(2.0, Branch::Right)[1], at(4.0, Branch::Right)[1]), (0.0, 0.0));
    assert!(at(2.0, Branch::Left)[1] > 0.5);
    assert!(at(4.1, Branch::Right)[0].is_nan());
}

/// Each row of a batch moved to common times ends where it ends by itself.
#[test]
fn rows_with_times_of_their_own_share_one_solve() {
    let unit = Span { t0: 0.0, t1: 1.0 };
    let moved = rows().iter().map(|path| path.on(unit)).collect::<Result<Vec<_>, _>>().unwrap();
    let cde = Cde::new(growth, DataPaths::new(moved).unwrap());
    let z = cde.end(&solve(), unit, Array2::ones((3, 1))).unwrap();
    for (row, path) in rows().into_iter().enumerate() {
        let span = path.span();
        let alone = Cde::new(growth, path).end(&solve(), span, Array2::ones((1, 1))).unwrap();
        assert!((z[[row, 0]] - alone[[0, 0]]).abs() < 1e-8, "row {row}");
    }
}

/// Smooth rows of different lengths jump only where one starts or stops.
#[test]
fn smooth_rows_jump_where_they_start_and_stop() {
    let smooth = |times: &[f64]| {
        let rows: Vec<_> = times.iter().map(|t| [t.sin()]).collect();
        DataPath::hermite(&Observations::from_rows(times, &rows).expect("a table")).expect("a path")
    };
    let batch = DataPaths::new(vec![smooth(&[0.0, 1.0, 2.0, 5.0]), smooth(&[0.0, 1.5, 3.0])]).unwrap();
    assert_eq!(batch.jumps(), [3.0]);
    assert_eq!(batch.knots(), [0.0, 1.0, 1.5, 2.0, 3.0, 5.0]);
    let cde = Cde::new(growth, batch);
    let z = cde.end(&solve(), Span { t0: 0.0, t1: 5.0 }, Array2::ones((2, 1))).unwrap();
    assert!((z[[0, 0]] - 5f64.sin().exp()).abs() < 1e-8 && (z[[1, 0]] - 3f64.sin().exp()).abs() < 1e-8);
}

#[test]
fn batches_that_are_none_say_why() {
    let error = DataPaths::new(Vec::new()).unwrap_err();
    assert_eq!(error, PathError::NoPaths);
    assert_eq!(error.to_string(), "there are no paths; give one path at least");
    let wide = Observations::from_rows(&[0.0, 1.0], &[[1.0, 2.0], [3.0, 4.0]]).unwrap();
    let error = DataPaths::new(vec![rows().remove(0), DataPath::linear(&wide).unwrap()]).unwrap_err();
    assert_eq!(error.to_string(), "path 1 has 2 channels where 1 were found before; give every row the same");
}
