//! Geometries against the matrices they stand for: clouds, grids, singles, scaled costs.

use crate::common;

use approx::assert_relative_eq;
use chreode_ot::{
    CostFunction, Coupling, Euclidean, Geometry, Grid, LpPower, NetworkSimplex, OtError, OtSolver,
    PointCloud, Scaled, Sinkhorn, SquaredEuclidean, Stop, Transport, Unit,
};
use common::{cloud, weights};
use ndarray::{Array2, array, s};

/// All costs, a row at a time, in pieces, and one by one: they must agree to the bit.
fn read(geometry: &impl Geometry) -> Array2<f64> {
    let (n, m) = geometry.shape();
    let mut whole = Array2::zeros((n, m));
    let mut buffer = vec![7.0; 3];
    for row in 0..n {
        let costs = geometry.costs(row, 0..m, &mut buffer).to_vec();
        assert_eq!(costs.len(), m);
        for (start, end) in [(0, m / 2), (m / 3, m), (m - 1, m), (m / 2, m / 2)] {
            assert_eq!(geometry.costs(row, start..end, &mut buffer), &costs[start..end]);
        }
        for (column, &c) in costs.iter().enumerate() {
            assert_eq!(geometry.cost(row, column), c);
            whole[[row, column]] = c;
        }
    }
    whole
}

/// The coordinates of a grid's nodes, the last axis fastest.
fn nodes(axes: &[Vec<f64>]) -> Array2<f64> {
    let count = axes.iter().map(Vec::len).product();
    Array2::from_shape_fn((count, axes.len()), |(node, axis)| {
        let after: usize = axes[axis + 1..].iter().map(Vec::len).product();
        axes[axis][node / after % axes[axis].len()]
    })
}

#[test]
fn matrices_in_any_layout_and_precision() {
    let costs = cloud(7, 11, 1.0, 3);
    assert_eq!(read(&costs), costs);
    assert_eq!(read(&costs.view()), costs);
    assert_eq!(read(&&costs), costs);
    assert_eq!(read(&costs.t()), costs.t());
    assert_eq!(read(&costs.slice(s![1..;2, ..;3])), costs.slice(s![1..;2, ..;3]));
    let single = costs.mapv(|c| c as f32);
    let wide = single.mapv(f64::from);
    assert_eq!(read(&single.view()), wide);
    assert_eq!(read(&single.t()), wide.t());
    assert_eq!(read(&single.slice(s![..;-1, 2..])), wide.slice(s![..;-1, 2..]));
}

#[test]
fn single_precision_costs_give_double_precision_plans() {
    let single = cloud(20, 31, 1.0, 4).mapv(|c| c as f32);
    let (a, b) = (weights(20, 1), weights(31, 2));
    let (view, wide) = (single.view(), single.mapv(f64::from));
    let solver = NetworkSimplex::default();
    let from_single = solver.solve(&Transport::new(&view, a.view(), b.view()).unwrap()).unwrap();
    let from_double = solver.solve(&Transport::new(&wide, a.view(), b.view()).unwrap()).unwrap();
    assert_eq!(from_single, from_double);
    assert!(from_single.gap() < 1e-14);
}

#[test]
fn grids_are_their_points() {
    let axes = [vec![0.0, 0.5, 1.5], vec![-1.0, 2.0], vec![0.0, 1.0, 1.25, 4.0]];
    let others = [vec![0.3, 0.9], vec![0.0, 1.0, 5.0], vec![2.0]];
    let cubic = LpPower::new(3.0).unwrap();
    for dimensions in 1..=3 {
        let (x, y) = (&axes[..dimensions], &others[..dimensions]);
        let slices = |axes: &'static [Vec<f64>]| axes.iter().map(Vec::as_slice).collect::<Vec<_>>();
        let (points, there) = (nodes(x), nodes(y));
        let leak = |axes: &[Vec<f64>]| slices(Box::leak(axes.to_vec().into_boxed_slice()));
        let grid = Grid::between(&leak(x), &leak(y), &SquaredEuclidean).unwrap();
        assert_relative_eq!(
            read(&grid),
            SquaredEuclidean.matrix(points.view(), there.view()).unwrap(),
            max_relative = 1e-14
        );
        let grid = Grid::between(&leak(x), &leak(y), &cubic).unwrap();
        assert_relative_eq!(
            read(&grid),
            cubic.matrix(points.view(), there.view()).unwrap(),
            max_relative = 1e-14
        );
    }
    let regular = Grid::regular(&[4, 5], &[1.0, 0.5], &SquaredEuclidean).unwrap();
    let lines = [vec![0.0, 1.0, 2.0, 3.0], vec![0.0, 0.5, 1.0, 1.5, 2.0]];
    let points = nodes(&lines);
    assert_eq!(read(&regular), SquaredEuclidean.matrix(points.view(), points.view()).unwrap());
}

#[test]
fn every_solver_takes_a_grid() {
    let grid = Grid::regular(&[5, 4], &[1.0, 1.0], &SquaredEuclidean).unwrap();
    let (a, b) = (weights(20, 3), weights(20, 4));
    let matrix = read(&grid);
    let exact = NetworkSimplex::default().solve(&Transport::new(&grid, a.view(), b.view()).unwrap()).unwrap();
    let same =
        NetworkSimplex::default().solve(&Transport::new(&matrix, a.view(), b.view()).unwrap()).unwrap();
    assert_eq!(exact, same);
    let sinkhorn = Sinkhorn::new(0.5, Stop::Within { tolerance: 1e-9, max_iterations: 10_000 });
    let plan = sinkhorn.solve(&Transport::new(&grid, a.view(), b.view()).unwrap()).unwrap();
    assert!(plan.cost() >= exact.cost() - 1e-12);
}

/// Axis by axis or over all pairs: the same soft minima, at any ε, with nodes that do not count and forbidden moves.
#[test]
fn soft_minima_of_a_grid() {
    let mut line = SquaredEuclidean.matrix(cloud(5, 1, 0.0, 1).view(), cloud(7, 1, 0.3, 2).view()).unwrap();
    line[[2, 3]] = f64::INFINITY;
    line.row_mut(4).fill(f64::INFINITY);
    let other = SquaredEuclidean.matrix(cloud(4, 1, 0.0, 3).view(), cloud(3, 1, 0.3, 4).view()).unwrap();
    let third = SquaredEuclidean.matrix(cloud(2, 1, 0.0, 5).view(), cloud(11, 1, 0.3, 6).view()).unwrap();
    let brute = |costs: &Array2<f64>, h: &[f64], epsilon: f64| -> Vec<f64> {
        let rows = costs.rows().into_iter();
        rows.map(|row| {
            let terms: Vec<f64> = row.iter().zip(h).map(|(c, h)| h - c).collect();
            let most = terms.iter().copied().fold(f64::NEG_INFINITY, f64::max);
            if most == f64::NEG_INFINITY {
                return f64::INFINITY;
            }
            -most - epsilon * terms.iter().map(|t| ((t - most) / epsilon).exp()).sum::<f64>().ln()
        })
        .collect()
    };
    for axes in [vec![line.clone()], vec![line.clone(), other.clone()], vec![third, line, other]] {
        let grid = Grid::separable(axes).unwrap();
        let costs = read(&grid);
        let (n, m) = grid.shape();
        let weigh = |count: usize| -> Vec<f64> {
            let some = |i: usize| if i % 5 == 2 { f64::NEG_INFINITY } else { (i as f64).sin() };
            (0..count).map(some).collect()
        };
        let same = |found: Vec<f64>, want: Vec<f64>| {
            assert_eq!(found.len(), want.len());
            for (f, w) in found.iter().zip(&want) {
                assert!(f == w || (f - w).abs() < 1e-13, "{f} {w}");
            }
        };
        let scaled = Scaled::new(&grid, Unit::Mean).unwrap();
        let by_unit = &costs / scaled.unit();
        for epsilon in [1e-4, 0.05, 3.0] {
            let (rows, columns) = (weigh(m), weigh(n));
            same(grid.soft_rows(epsilon, &rows).unwrap(), brute(&costs, &rows, epsilon));
            same(
                grid.soft_columns(epsilon, &columns).unwrap(),
                brute(&costs.t().to_owned(), &columns, epsilon),
            );
            same(scaled.soft_rows(epsilon, &rows).unwrap(), brute(&by_unit, &rows, epsilon));
            same(
                scaled.soft_columns(epsilon, &columns).unwrap(),
                brute(&by_unit.t().to_owned(), &columns, epsilon),
            );
        }
    }
    assert_eq!(Array2::<f64>::zeros((2, 2)).soft_rows(1.0, &[0.0, 0.0]), None);
}

#[test]
fn bad_grids() {
    let text = |grid: Result<Grid, OtError>| grid.unwrap_err().to_string();
    assert_eq!(
        text(Grid::regular(&[2, 3], &[1.0], &SquaredEuclidean)),
        "the list of steps of the grid has size 1 where 2 was expected"
    );
    assert_eq!(Grid::separable(vec![]).unwrap_err(), OtError::Empty { side: "source" });
    assert_eq!(
        Grid::regular(&[2, 0], &[1.0, 1.0], &SquaredEuclidean),
        Err(OtError::Empty { side: "source" })
    );
    assert_eq!(
        Grid::between(&[&[0.0]], &[&[0.0], &[1.0]], &SquaredEuclidean),
        Err(OtError::Dimension { source_columns: 1, target_columns: 2 })
    );
    assert!(matches!(
        Grid::between(&[&[0.0, f64::NAN]], &[&[0.0]], &SquaredEuclidean),
        Err(OtError::BadPoint { row: 1, .. })
    ));
    assert!(matches!(
        Grid::separable(vec![array![[0.0, f64::NAN]]]),
        Err(OtError::BadCost { row: 0, column: 1, .. })
    ));
    let huge = vec![Array2::zeros((1 << 16, 1)); 5];
    assert!(text(Grid::separable(huge)).starts_with("the number of nodes of the grid is"));
}

#[test]
fn scaled_costs() {
    let mut costs = cloud(9, 14, 2.0, 8);
    costs[[3, 4]] = f64::INFINITY;
    let finite: Vec<f64> = costs.iter().copied().filter(|c| c.is_finite()).collect();
    let mean = finite.iter().sum::<f64>() / finite.len() as f64;
    let largest = finite.iter().copied().fold(0.0, f64::max);
    let mut sorted = finite.clone();
    sorted.sort_by(f64::total_cmp);
    let median = sorted[sorted.len() / 2]; // 125 of them
    for (unit, want) in
        [(Unit::Mean, mean), (Unit::Max, largest), (Unit::Median, median), (Unit::Of(0.3), 0.3)]
    {
        let scaled = Scaled::new(&costs, unit).unwrap();
        assert_relative_eq!(scaled.unit(), want, max_relative = 1e-14);
        assert_eq!(read(&scaled), &costs / scaled.unit());
    }
    // Costs that are computed, not lent.
    let (x, y) = (cloud(6, 3, 0.0, 1), cloud(8, 3, 1.0, 2));
    let points = PointCloud::new(x.view(), y.view(), &Euclidean).unwrap();
    let scaled = Scaled::new(&points, Unit::Median).unwrap();
    let matrix = Euclidean.matrix(x.view(), y.view()).unwrap();
    assert_eq!(read(&scaled), &matrix / scaled.unit());
    assert_eq!(Scaled::new(&matrix, Unit::Median).unwrap().unit(), scaled.unit());
    // The same plan, its cost in other units.
    let plan = NetworkSimplex::default().solve(&Transport::uniform(&scaled).unwrap()).unwrap();
    let plain = NetworkSimplex::default().solve(&Transport::uniform(&points).unwrap()).unwrap();
    assert_relative_eq!(plan.cost() * scaled.unit(), plain.cost(), max_relative = 1e-13);
}

#[test]
fn scales_are_the_same_for_any_number_of_threads() {
    let costs = cloud(300, 70, 2.0, 8);
    let units = |threads: usize| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        pool.install(|| {
            [Unit::Mean, Unit::Median, Unit::Max].map(|unit| Scaled::new(&costs, unit).unwrap().unit())
        })
    };
    assert_eq!(units(1), units(3));
}

#[test]
fn costs_without_a_unit() {
    let text = |costs: Array2<f64>, unit| Scaled::new(costs, unit).unwrap_err().to_string();
    assert_eq!(
        text(Array2::zeros((2, 2)), Unit::Mean),
        "the mean of the allowed costs is 0; it must be positive and finite to scale by it"
    );
    assert_eq!(
        text(array![[-1.0, 1.0, -2.0]], Unit::Median),
        "the median of the allowed costs is -1; it must be positive and finite to scale by it"
    );
    assert_eq!(
        text(Array2::from_elem((1, 2), f64::INFINITY), Unit::Max),
        "the largest of the allowed costs is -inf; it must be positive and finite to scale by it"
    );
    assert_eq!(
        text(array![[1.0]], Unit::Of(-2.0)),
        "the unit of the costs is -2; it must be positive and finite to scale by it"
    );
    assert!(
        text(array![[1.0, f64::NAN]], Unit::Mean).starts_with("the cost of moving point 0 to point 1 is NaN")
    );
    assert_eq!(Scaled::new(Array2::zeros((0, 2)), Unit::Max).unwrap_err(), OtError::Empty { side: "source" });
}
