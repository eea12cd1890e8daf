//! Exact semidiscrete transport in the plane: closed forms, its certificate, finer and finer grids.

use crate::common;

use approx::{assert_abs_diff_eq, assert_relative_eq};
use chreode_core::{Seed, Stream};
use chreode_ot::{
    CostFunction, NetworkSimplex, OtError, OtSolver, Semidiscrete, SquaredEuclidean, Stop, Transport,
    power_transport,
};
use common::{cloud, weights};
use ndarray::{Array1, Array2, array};
use rand::RngExt;

fn exact() -> Stop {
    Stop::Within { tolerance: 1e-11, max_iterations: 60 }
}

fn square() -> Array2<f64> {
    array![[0.0, 0.0], [1.0, 0.0], [1.0, 1.0], [0.0, 1.0]]
}

#[test]
fn points_on_a_line_cut_the_square_in_strips() {
    // As on an interval: strips of these widths, and the potentials of tests/semidiscrete.rs; in the other
    // direction every point is at ½, which adds 1/12 to the cost.
    let (y, b) = (array![[0.1, 0.5], [0.4, 0.5], [0.5, 0.5], [0.9, 0.5]], array![0.3, 0.2, 0.4, 0.1]);
    let borders = [0.0, 0.3, 0.5, 0.9, 1.0];
    let diagram = power_transport(square().view(), y.view(), Some((&b * 3.0).view()), exact()).unwrap();
    let mut v = Array1::<f64>::zeros(4);
    for j in 1..4 {
        let t: f64 = borders[j];
        v[j] = v[j - 1] + (t - y[[j, 0]]).powi(2) - (t - y[[j - 1, 0]]).powi(2);
    }
    let centre = b.dot(&v);
    assert!((&diagram.potential - &(v - centre)).iter().all(|d| d.abs() < 1e-10));
    let cube = |t: f64, y: f64| (t - y).powi(3) / 3.0;
    let cost: f64 = (0..4).map(|j| cube(borders[j + 1], y[[j, 0]]) - cube(borders[j], y[[j, 0]])).sum();
    assert_relative_eq!(diagram.certificate.primal_cost, cost + 1.0 / 12.0, max_relative = 1e-10);
    let cell = diagram.cell(2);
    assert_eq!(cell.nrows(), 4);
    assert!(cell.column(0).iter().all(|x| (x - 0.5).abs() < 1e-9 || (x - 0.9).abs() < 1e-9));
}

#[test]
fn many_points_get_their_areas_and_the_cost_is_the_dual() {
    // Points far outside the polygon too, and a polygon that is not a square, given clockwise.
    let triangle = array![[0.0, 0.0], [1.0, 3.0], [2.0, 0.5]];
    for (m, spread, seed) in [(1, 1.0, 1), (2, 1.0, 2), (60, 1.0, 3), (60, 30.0, 4)] {
        let (y, b) = (cloud(m, 2, 0.0, seed) * spread + 1.0, weights(m, seed));
        for polygon in [square(), triangle.clone()] {
            let diagram = power_transport(polygon.view(), y.view(), Some(b.view()), exact()).unwrap();
            assert!((&diagram.masses - &b).iter().all(|d| d.abs() < 1e-11));
            let certificate = diagram.certificate;
            assert_relative_eq!(certificate.primal_cost, certificate.dual_cost, max_relative = 1e-9);
            assert!(certificate.iterations < 40, "{certificate:?}");
            // Cells are where they are said to be.
            for j in 0..m {
                let cell = diagram.cell(j);
                let middle = cell.mean_axis(ndarray::Axis(0)).unwrap();
                assert_eq!(diagram.assign(middle.insert_axis(ndarray::Axis(0)).view()).unwrap(), [j]);
            }
        }
    }
}

#[test]
fn it_is_the_limit_of_grids() {
    // A grid of s² cells with mass at their middles: the exact cost misses by the second moment of a cell,
    // 1/(6 s²), less what does not fit at the borders, O(1/s²).
    let (y, b) = (cloud(12, 2, 0.5, 5), weights(12, 5));
    let whole =
        power_transport(square().view(), y.view(), Some(b.view()), exact()).unwrap().certificate.primal_cost;
    let misses = [10, 20, 40].map(|side| {
        let middle = |k: usize| (k as f64 + 0.5) / side as f64;
        let grid = Array2::from_shape_fn((side * side, 2), |(k, c)| {
            middle(if c == 0 { k / side } else { k % side })
        });
        let costs = SquaredEuclidean.matrix(grid.view(), y.view()).unwrap();
        let even = Array1::from_elem(side * side, 1.0 / (side * side) as f64);
        let problem = Transport::new(&costs, even.view(), b.view()).unwrap();
        (NetworkSimplex::default().solve(&problem).unwrap().primal_cost() - whole).abs()
            * (side * side) as f64
    });
    assert!(misses.iter().all(|miss| *miss < 0.5), "{misses:?}");
}

#[test]
fn the_stochastic_solver_comes_near() {
    let (y, b) = (cloud(8, 2, 0.5, 7), weights(8, 7));
    let diagram = power_transport(square().view(), y.view(), Some(b.view()), exact()).unwrap();
    let uniform = |rng: &mut Stream, x: &mut [f64]| x.iter_mut().for_each(|x| *x = rng.random());
    let plan = Semidiscrete::new(4000, 64, 0.3, Seed(1)).solve(
        &uniform,
        &SquaredEuclidean,
        y.view(),
        Some(b.view()),
    );
    let plan = plan.unwrap();
    assert!((&plan.potential() - &diagram.potential).iter().all(|d| d.abs() < 0.01));
    let value = plan.value(50_000, 4.0).unwrap();
    assert!(value.low < diagram.certificate.dual_cost && diagram.certificate.dual_cost < value.high);
}

#[test]
fn does_not_depend_on_the_number_of_threads() {
    let y = cloud(40, 2, 0.5, 1);
    let run = |threads: usize| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        pool.install(|| power_transport(square().view(), y.view(), None, exact()).unwrap())
    };
    assert_eq!(run(1), run(3));
}

#[test]
fn refuses_bad_input() {
    let y = array![[0.2, 0.1], [0.7, 0.6]];
    let said = |polygon: Array2<f64>, y: Array2<f64>| {
        power_transport(polygon.view(), y.view(), None, exact()).unwrap_err().to_string()
    };
    assert_eq!(
        said(array![[0.0, 0.0], [1.0, 0.0]], y.clone()),
        "the area of the polygon is 0; it must be positive"
    );
    let dart = array![[0.0, 0.0], [2.0, 0.0], [0.5, 0.5], [0.0, 2.0]];
    assert_eq!(
        said(dart, y.clone()),
        "the turn at a corner of the polygon is -2; it must be of one sense: the polygon must be convex"
    );
    assert_eq!(said(square(), array![[0.0]]), "a point of the plane has size 1 where 2 was expected");
    assert_eq!(
        said(square(), array![[0.2, 0.1], [0.7, 0.6], [0.2, 0.1]]),
        "target points 0 and 2 are in one place; merge them and add their weights"
    );
    assert_eq!(
        said(square(), array![[0.2, f64::NAN]]),
        "the target point 0 has value NaN in column 1; every coordinate must be finite"
    );
    let error =
        power_transport(square().view(), y.view(), Some(array![1.0, 0.0].view()), exact()).unwrap_err();
    assert_eq!(error.to_string(), "a target weight is 0; it must be positive: leave out points without mass");
    let stop = Stop::Within { tolerance: 1e-12, max_iterations: 1 };
    let error = power_transport(square().view(), y.view(), Some(array![0.9, 0.1].view()), stop).unwrap_err();
    assert!(matches!(error, OtError::NotConverged { method: "power transport", iterations: 1, .. }));
    let after = Stop::After { iterations: 1 };
    let some = power_transport(square().view(), y.view(), Some(array![0.9, 0.1].view()), after).unwrap();
    assert!(some.certificate.residual > 1e-12 && some.certificate.iterations == 1);
    assert_abs_diff_eq!(some.masses.sum(), 1.0, epsilon = 1e-14);
    let error = some.assign(Array2::zeros((0, 2)).view()).unwrap_err();
    assert_eq!(error, OtError::Empty { side: "source" });
}
