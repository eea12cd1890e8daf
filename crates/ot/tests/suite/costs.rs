//! Cost matrices: fast rows against single costs, both precisions, a cost of one's own.

use crate::common;

use approx::assert_relative_eq;
use chreode_ot::{
    Cosine, CostFunction, Euclidean, Geometry, Lp, LpPower, NegativeDot, OtError, PointCloud,
    SquaredEuclidean,
};
use common::cloud;
use ndarray::{Array2, array};

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

fn lp(p: f64) -> Lp {
    Lp::new(p).expect("an exponent of at least 1")
}

/// `scipy.spatial.distance.cdist`, SciPy 1.17.1.
#[test]
fn lp_and_cosine_agree_with_scipy() {
    let x = array![[0.3, -1.2, 2.0], [1.5, 0.25, -0.75]];
    let y = array![[-0.5, 0.8, 1.1], [2.0, -1.0, 0.5], [0.1, 0.2, -0.3]];
    let check = |found: Array2<f64>, want: [[f64; 3]; 2]| {
        let want = Array2::from_shape_fn((2, 3), |(i, j)| want[i][j]);
        assert_relative_eq!(found, want, max_relative = 4e-15);
    };
    let of = |p: f64| lp(p).matrix(x.view(), y.view()).unwrap();
    check(of(1.0), [[3.6999999999999997, 3.4, 3.8999999999999995], [4.4, 3.0, 1.9]]);
    check(
        of(1.5),
        [
            [2.6842476801468838, 2.5795829488791044, 3.0145759306394],
            [3.2105217687363643, 2.1482353313461555, 1.5712487548203053],
        ],
    );
    check(
        of(2.7),
        [
            [2.1397431072775874, 2.076530427302301, 2.5078363879320906],
            [2.507159532457118, 1.6407388196607893, 1.4239197148546243],
        ],
    );
    check(
        of(3.0),
        [
            [2.0984871946642687, 2.0243685477177236, 2.4617648780113317],
            [2.438387360462907, 1.591524190104223, 1.4153497951118292],
        ],
    );
    check(
        of(4.0),
        [
            [2.032502211050686, 1.9138477281503656, 2.375198713942524],
            [2.2963113566254987, 1.4912430584355287, 1.403721694899814],
        ],
    );
    check(of(f64::INFINITY), [[2.0, 1.7, 2.3], [2.0, 1.25, 1.4]]);
    check(
        Cosine.matrix(x.view(), y.view()).unwrap(),
        [
            [0.6801441597430858, 0.4803441580306953, 1.920573428831916],
            [1.5595953876950799, 0.38868502051660236, 0.3301061546967645],
        ],
    );
}

#[test]
fn rows_have_the_bits_of_single_costs() {
    fn check(cost: &impl CostFunction) {
        for (n, m, d) in [(2, 3, 1), (3, 65, 2), (5, 700, 17)] {
            let (x, y) = (cloud(n, d, 0.2, 5), cloud(m, d, 0.7, 6));
            assert_eq!(cost.matrix(x.view(), y.view()).unwrap(), pairwise(cost, &x, &y));
        }
    }
    check(&SquaredEuclidean);
    check(&Euclidean);
    check(&NegativeDot);
    check(&Cosine);
    for p in [1.0, 1.5, 2.0, 2.5, 3.0, 4.0, f64::INFINITY] {
        check(&lp(p));
        if p.is_finite() {
            check(&LpPower::new(p).unwrap());
        }
    }
}

#[test]
fn powers_and_dots_are_what_they_say() {
    let (x, y) = (cloud(6, 4, 0.0, 1), cloud(9, 4, 0.4, 2));
    for p in [1.0, 1.5, 2.0, 2.5, 3.0, 4.0] {
        let power = LpPower::new(p).unwrap().matrix(x.view(), y.view()).unwrap();
        let distance = lp(p).matrix(x.view(), y.view()).unwrap();
        assert_relative_eq!(distance.mapv(|d| d.powf(p)), power, max_relative = 1e-14);
    }
    assert_relative_eq!(NegativeDot.matrix(x.view(), y.view()).unwrap(), -x.dot(&y.t()), epsilon = 1e-15);
    let norms =
        |points: &Array2<f64>| points.rows().into_iter().map(|r| r.dot(&r).sqrt()).collect::<Vec<_>>();
    let (a, b, dot) = (norms(&x), norms(&y), x.dot(&y.t()));
    let plain = Array2::from_shape_fn((6, 9), |(i, j)| 1.0 - dot[[i, j]] / (a[i] * b[j]));
    assert_relative_eq!(Cosine.matrix(x.view(), y.view()).unwrap(), plain, epsilon = 1e-14);
}

#[test]
fn distances_neither_overflow_nor_vanish() {
    for p in [1.5, 2.0, 2.5, 3.0, 4.0] {
        let unit = lp(p).cost(&[1.0, 2.0], &[3.0, -1.0]);
        for scale in [1e-200, 1e200] {
            let x = array![[scale, 2.0 * scale]];
            let y = Array2::from_shape_fn((40, 2), |(_, k)| [3.0 * scale, -scale][k]);
            let costs = lp(p).matrix(x.view(), y.view()).unwrap();
            assert!(costs.iter().all(|c| (c / scale / unit - 1.0).abs() < 1e-14), "{costs}");
            assert_eq!(costs, pairwise(&lp(p), &x, &y));
        }
        assert_eq!(lp(p).cost(&[1.0, 2.0], &[1.0, 2.0]), 0.0);
    }
    // The cosine of an angle of 1e-9 is 1 to all its digits; its distance is 5e-19.
    let small = Cosine.cost(&[1.0, 0.0], &[1.0, 1e-9]);
    assert!((small / 5e-19 - 1.0).abs() < 1e-6, "{small:e}");
    assert_eq!(Cosine.cost(&[0.3, 0.7, 11.0], &[0.3, 0.7, 11.0]), 0.0);
}

#[test]
fn costs_into_memory_that_exists() {
    let (x, y) = (cloud(33, 3, 0.0, 1), cloud(700, 3, 0.4, 2));
    let want = SquaredEuclidean.matrix(x.view(), y.view()).unwrap();
    let mut out = Array2::from_elem((33, 700), f64::NAN);
    SquaredEuclidean.matrix_into(x.view(), y.view(), out.view_mut()).unwrap();
    assert_eq!(out, want);
    let mut turned = Array2::from_elem((700, 33), f64::NAN).reversed_axes();
    SquaredEuclidean.matrix_into(x.view(), y.view(), turned.view_mut()).unwrap();
    assert_eq!(turned, want);
    let mut narrow = Array2::zeros((33, 699));
    assert_eq!(
        SquaredEuclidean.matrix_into(x.view(), y.view(), narrow.view_mut()).unwrap_err().to_string(),
        "the second axis of the output has size 699 where 700 was expected"
    );
    // One cost of many is no number: its place is said.
    let bad = |x: &[f64], y: &[f64]| if x == [7.0] && y == [613.0] { f64::NEG_INFINITY } else { 0.0 };
    let line = |n| Array2::from_shape_fn((n, 1), |(i, _)| i as f64);
    let error = bad.matrix(line(20).view(), line(700).view()).unwrap_err();
    assert_eq!(error, OtError::BadCost { row: 7, column: 613, value: f64::NEG_INFINITY });
}

#[test]
fn costs_that_cannot_be_are_refused() {
    for p in [0.5, -1.0, f64::NAN, f64::NEG_INFINITY] {
        assert_eq!(
            Lp::new(p).unwrap_err().to_string(),
            format!(
                "the exponent p of the cost is {p}; it must be at least 1; infinity gives the largest difference"
            )
        );
    }
    assert_eq!(
        LpPower::new(f64::INFINITY).unwrap_err().to_string(),
        "the exponent p of the cost is inf; it must be at least 1 and finite"
    );
    let (origin, there) = (array![[1.0, 0.0], [0.0, 0.0]], array![[1.0, 1.0]]);
    let error = Cosine.matrix(origin.view(), there.view()).unwrap_err();
    assert!(matches!(error, OtError::BadCost { row: 1, column: 0, .. }), "{error}");
}
