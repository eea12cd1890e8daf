//! What every cost must keep, and what a metric must.

use chreode_ot::CostFunction;
use ndarray::ArrayView2;

/// Holds a cost to its contract between the rows of `x` and of `y`: its rows and its matrix are its single costs, to a
/// relative difference of `exact`, for any number of targets, and asking twice gives the same bits.
///
/// # Panics
/// When a law is broken; the message names it.
pub fn cost_laws<C: CostFunction>(cost: &C, x: ArrayView2<'_, f64>, y: ArrayView2<'_, f64>, exact: f64) {
    let points: Vec<Vec<f64>> = y.rows().into_iter().map(|y| y.to_vec()).collect();
    let columns: Vec<Vec<f64>> = y.columns().into_iter().map(|column| column.to_vec()).collect();
    let near = |a: f64, b: f64| a == b || (a - b).abs() <= exact * a.abs().max(b.abs());
    let matrix = cost.matrix(x, y).expect("costs that are numbers");
    for (i, x) in x.rows().into_iter().enumerate() {
        let x = x.to_vec();
        for count in [0, 1, points.len() / 2, points.len()] {
            let few: Vec<&[f64]> = columns.iter().map(|column| &column[..count]).collect();
            let (mut row, mut again) = (vec![f64::NAN; count], vec![0.0; count]);
            cost.row(&x, &few, &mut row);
            cost.row(&x, &few, &mut again);
            assert_eq!(row, again, "the cost of source {i} changed when it was asked for again");
            for (j, &c) in row.iter().enumerate() {
                let single = cost.cost(&x, &points[j]);
                assert!(
                    near(c, single),
                    "a row of {count} says {c} where the cost of ({i}, {j}) is {single}"
                );
                assert!(near(matrix[[i, j]], single), "the matrix differs from the cost of ({i}, {j})");
            }
        }
    }
}

/// Holds a cost to being a metric on the rows of `points`: symmetric, 0 exactly from a point to itself, never negative, and
/// with the triangle inequality to a relative `exact`.
///
/// # Panics
/// When a law is broken; the message names it.
pub fn metric_laws<C: CostFunction>(cost: &C, points: ArrayView2<'_, f64>, exact: f64) {
    let d = cost.matrix(points, points).expect("costs that are numbers");
    let n = points.nrows();
    for i in 0..n {
        assert_eq!(d[[i, i]], 0.0, "the distance of point {i} to itself is not 0");
        for j in 0..n {
            assert!(d[[i, j]] >= 0.0, "the distance from {i} to {j} is negative");
            let (there, back) = (d[[i, j]], d[[j, i]]);
            assert!((there - back).abs() <= exact * there, "from {i} to {j} it is {there}, and {back} back");
            for k in 0..n {
                let around = d[[i, k]] + d[[k, j]];
                assert!(there <= around * (1.0 + exact), "from {i} to {j} it is longer than through {k}");
            }
        }
    }
}
