//! What the assignment solver says about bad input.

use chreode_ot::{Assignment, OtError};
use ndarray::{Array2, array};

/// The text of the error of a matrix.
fn matrix(cost: Array2<f64>) -> String {
    Assignment::new().solve(cost.view()).expect_err("the input is bad").to_string()
}

/// The text of the error of two lists of points.
fn points(x: Array2<f32>, y: Array2<f32>) -> String {
    Assignment::new().solve_points(x.view(), y.view()).expect_err("the input is bad").to_string()
}

#[test]
fn costs_must_be_a_finite_square() {
    assert_eq!(
        matrix(Array2::zeros((0, 0))),
        "the source side has no points; transport needs at least one on each side"
    );
    assert_eq!(
        matrix(Array2::zeros((2, 3))),
        "the second axis of the cost matrix has size 3 where 2 was expected"
    );
    let text = matrix(array![[0.0, 1.0], [f64::NEG_INFINITY, f64::NAN]]);
    assert!(text.starts_with("the cost of moving point 1 to point 0 is -inf;"), "{text}");
    for bad in [f64::NAN, f64::INFINITY] {
        let mut cost = Array2::zeros((20, 20));
        cost[[13, 17]] = bad;
        let error = Assignment::new().solve(cost.view()).unwrap_err();
        assert!(matches!(error, OtError::BadCost { row: 13, column: 17, .. }), "{error}");
    }
}

#[test]
fn points_must_be_finite_and_alike() {
    assert_eq!(
        points(Array2::zeros((3, 2)), Array2::zeros((0, 2))),
        "the target side has no points; transport needs at least one on each side"
    );
    assert_eq!(
        points(Array2::zeros((3, 2)), Array2::zeros((4, 2))),
        "the list of target points has size 4 where 3 was expected"
    );
    assert_eq!(
        points(Array2::zeros((3, 2)), Array2::zeros((3, 5))),
        "a target point has size 5 where 2 was expected"
    );
    assert_eq!(
        points(array![[0.0], [1.0]], array![[2.0], [f32::NAN]]),
        "the target point 1 has value NaN in column 0; every coordinate must be finite"
    );
    let far = array![[0.0, 1e200], [0.0, 0.0]];
    let near = Array2::zeros((2, 2));
    let error = Assignment::new().solve_points(near.view(), far.view()).unwrap_err();
    assert_eq!(error, OtError::BadCost { row: 0, column: 0, value: f64::INFINITY });
}

#[test]
fn potentials_must_be_finite_and_one_a_point() {
    let cost = Array2::eye(3);
    let mut solver = Assignment::new();
    let error = solver.solve_from(cost.view(), &[0.0; 2]).unwrap_err().to_string();
    assert_eq!(error, "the list of target potentials has size 2 where 3 was expected");
    let error = solver.solve_from(cost.view(), &[0.0, f64::INFINITY, 0.0]).unwrap_err().to_string();
    assert_eq!(error, "the potential of target point 1 is inf; start from finite potentials, or from none");
}
