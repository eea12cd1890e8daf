//! Cost matrices: fast rows against single costs, both precisions, a cost of one's own.

mod common;

use approx::assert_relative_eq;
use chreode_ot::{CostFunction, Euclidean, Geometry, PointCloud, SquaredEuclidean};
use common::cloud;
use ndarray::Array2;

fn pairwise<C: CostFunction>(cost: &C, x: &Array2<f64>, y: &Array2<f64>) -> Array2<f64> {
    Array2::from_shape_fn((x.nrows(), y.nrows()), |(i, j)| cost.cost(&x.row(i).to_vec(), &y.row(j).to_vec()))
}

#[test]
fn matrices_are_pairwise_costs() {
    for (n, m, d) in [(3, 5, 1), (7, 600, 3), (20, 1031, 50)] {
        let (x, y) = (cloud(n, d, 0.0, 1), cloud(m, d, 1.0, 2));
        let l1 = |x: &[f64], y: &[f64]| x.iter().zip(y).map(|(x, y)| (x - y).abs()).sum::<f64>();
        assert_relative_eq!(
            SquaredEuclidean.matrix(x.view(), y.view()).unwrap(),
            pairwise(&SquaredEuclidean, &x, &y),
            max_relative = 1e-14
        );
        assert_relative_eq!(
            Euclidean.matrix(x.view(), y.view()).unwrap(),
            pairwise(&Euclidean, &x, &y),
            max_relative = 1e-14
        );
        assert_eq!(l1.matrix(x.view(), y.view()).unwrap(), pairwise(&l1, &x, &y));
    }
}

#[test]
fn single_precision_points_give_double_precision_costs() {
    let (x, y) = (cloud(4, 3, 0.0, 1).mapv(|v| v as f32), cloud(6, 3, 1.0, 2).mapv(|v| v as f32));
    let wide = SquaredEuclidean.matrix(x.mapv(f64::from).view(), y.mapv(f64::from).view()).unwrap();
    assert_eq!(SquaredEuclidean.matrix(x.view(), y.view()).unwrap(), wide);
    let cloud = PointCloud::new(x.view(), y.view(), &SquaredEuclidean).unwrap();
    assert_eq!(cloud.costs(2, 1..4, &mut Vec::new()), &wide.row(2).as_slice().unwrap()[1..4]);
    assert_eq!(cloud.cost(3, 5), wide[[3, 5]]);
}

#[test]
fn equal_points_cost_nothing() {
    let x = cloud(50, 7, 1e6, 1);
    let costs = SquaredEuclidean.matrix(x.view(), x.view()).unwrap();
    assert!(costs.diag().iter().all(|&c| c == 0.0));
    assert!(costs.iter().all(|&c| c >= 0.0));
}
