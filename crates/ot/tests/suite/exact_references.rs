//! Exact plans beside other programs: images on a grid, whole populations of cells, shapes and costs that failed them.

use crate::common;

use approx::assert_relative_eq;
use chreode_ot::{
    CostFunction, Coupling, Euclidean, Line, NetworkSimplex, OtError, OtSolver, PointCloud, SparseCosts,
    SquaredEuclidean, Transport,
};
use common::{cloud, weights};
use ndarray::{Array1, Array2, Axis, array};
use ndarray_npy::NpzReader;
use std::fs::File;
use std::path::PathBuf;

fn solve<C: CostFunction>(points: &Array2<f64>, cost: &C, a: &Array1<f64>, b: &Array1<f64>) -> f64 {
    let geometry = PointCloud::new(points.view(), points.view(), cost).expect("finite points");
    let problem = Transport::new(&geometry, a.view(), b.view()).expect("masses of one total");
    let plan = NetworkSimplex::default().solve(&problem).expect("feasible");
    assert!(plan.gap() <= 1e-12 * plan.cost(), "gap {}", plan.gap());
    plan.cost()
}

/// Two pairs of images of 32 x 32 pixels, by formula, most of one pair without mass and the other smooth; costs from POT
/// 0.9.7.post1, `emd2`.
#[test]
fn images_on_a_grid() {
    const SIDE: usize = 32;
    let grid = Array2::from_shape_fn(
        (SIDE * SIDE, 2),
        |(k, axis)| if axis == 0 { k / SIDE } else { k % SIDE } as f64,
    );
    let image = |pixel: &dyn Fn(usize, usize) -> f64| {
        let image = Array1::from_shape_fn(SIDE * SIDE, |k| pixel(k / SIDE, k % SIDE));
        let total = image.sum();
        image / total
    };
    let noise = |p: usize, q: usize, r: usize| {
        image(&|i, j| match (i * p + j * q + i * j * r) % 251 {
            dark if dark < 60 => 0.0,
            light => light as f64,
        })
    };
    let bump = |i: usize, j: usize, x: f64, y: f64, width: f64| {
        (1000.0 * (-((i as f64 - x).powi(2) + (j as f64 - y).powi(2)) / width).exp()).floor()
    };
    let (a, b) = (noise(37, 101, 7), noise(11, 53, 13));
    assert_relative_eq!(solve(&grid, &Euclidean, &a, &b), 0.6707308234187405, max_relative = 1e-12);
    assert_relative_eq!(solve(&grid, &SquaredEuclidean, &a, &b), 0.8903754759915063, max_relative = 1e-12);
    let a = image(&|i, j| bump(i, j, 8.0, 9.0, 40.0) + bump(i, j, 22.0, 24.0, 20.0));
    let b = image(&|i, j| bump(i, j, 20.0, 6.0, 60.0));
    assert_relative_eq!(solve(&grid, &Euclidean, &a, &b), 11.262526901653768, max_relative = 1e-12);
    assert_relative_eq!(solve(&grid, &SquaredEuclidean, &a, &b), 132.579248748365, max_relative = 1e-12);
}

/// Published values of W1 in two dimensions, from SciPy's tests (scipy/stats/tests/test_stats.py, after McCaffrey 2021).
#[test]
fn published_points_of_the_plane() {
    let count = |points: &[([f64; 2], usize)]| -> Array2<f64> {
        let rows: Vec<f64> = points.iter().flat_map(|(p, n)| p.repeat(*n)).collect();
        Array2::from_shape_vec((rows.len() / 2, 2), rows).expect("two coordinates a point")
    };
    let x = count(&[([1.0, 1.0], 10), ([4.0, 2.0], 1), ([6.0, 1.0], 2)]);
    let y = count(&[([2.0, 1.0], 2), ([3.0, 2.0], 3), ([5.0, 1.0], 7), ([7.0, 1.0], 1)]);
    let cloud = PointCloud::new(x.view(), y.view(), &Euclidean).unwrap();
    let plan = NetworkSimplex::default().solve(&Transport::uniform(&cloud).unwrap()).unwrap();
    assert_relative_eq!(plan.cost(), 2.4709551919132666, max_relative = 1e-14);
}

/// All cells of the first two times of the embryoid bodies, 2381 x 4163, whitened, in 5 dimensions, where the file is
/// present (below the folder `CHREODE_DATA`, or `../shared/data` beside the workspace). Cost from POT 0.9.7.post1.
#[test]
#[allow(clippy::print_stdout)]
fn whole_populations_of_cells() {
    let beside = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data");
    let folder = std::env::var_os("CHREODE_DATA").map_or(beside, PathBuf::from);
    let Ok(file) = File::open(folder.join("eb/eb_pcs5_whitened_f32.npz")) else {
        println!("skipped: no cells at {}; set CHREODE_DATA", folder.display());
        return;
    };
    let mut cells = NpzReader::new(file).unwrap();
    let pcs: Array2<f32> = cells.by_name("pcs.npy").unwrap();
    let labels: Array1<i32> = cells.by_name("sample_labels.npy").unwrap();
    let [x, y] = [0, 1].map(|time| {
        let rows: Vec<usize> = (0..labels.len()).filter(|&i| labels[i] == time).collect();
        pcs.select(Axis(0), &rows)
    });
    let cloud = PointCloud::new(x.view(), y.view(), &SquaredEuclidean).unwrap();
    let plan = NetworkSimplex::default().solve(&Transport::uniform(&cloud).unwrap()).unwrap();
    // The reference was computed from points in double precision, before they were rounded to the file.
    assert_relative_eq!(plan.cost(), 2.940695073743164, max_relative = 1e-6);
    assert!(plan.gap() < 1e-12);
}

/// Shapes that failed on one system (PythonOT/POT#93): all costs alike, both ways round, and long and thin.
#[test]
fn shapes_that_failed_on_one_system() {
    for shape in [(292, 2), (2, 292), (1, 500), (500, 1), (3, 701), (293, 7)] {
        let ones = Array2::<f64>::ones(shape);
        let (a, b) = (weights(shape.0, 1), weights(shape.1, 2));
        for problem in
            [Transport::uniform(&ones).unwrap(), Transport::new(&ones, a.view(), b.view()).unwrap()]
        {
            let plan = NetworkSimplex::default().solve(&problem).unwrap();
            assert_relative_eq!(plan.cost(), 1.0, max_relative = 1e-13);
            let (rows, columns) = plan.marginals();
            assert!((&rows - &problem.source()).iter().all(|e| e.abs() < 1e-14));
            assert!((&columns - &problem.target()).iter().all(|e| e.abs() < 1e-14));
        }
    }
}

/// Equal masses of 1/5 in single and double precision are one problem (PythonOT/POT#342).
#[test]
fn single_precision_masses_give_the_plan_of_double_ones() {
    let costs = Euclidean.matrix(cloud(5, 2, 0.0, 3).view(), cloud(5, 2, 0.3, 4).view()).unwrap();
    let (single, double) = (Array1::from_elem(5, 1.0_f32 / 5.0), Array1::from_elem(5, 1.0 / 5.0));
    let plan = |problem: Transport<'_, Array2<f64>>| NetworkSimplex::default().solve(&problem).unwrap();
    let a = plan(Transport::new(&costs, single.view(), single.view()).unwrap());
    let b = plan(Transport::new(&costs, double.view(), double.view()).unwrap());
    let pairs =
        |plan: &chreode_ot::SparsePlan| plan.entries().iter().map(|e| (e.row, e.column)).collect::<Vec<_>>();
    assert_eq!(pairs(&a), pairs(&b));
    assert_eq!(a.entries().len(), 5, "a permutation, without residues");
    assert_relative_eq!(a.cost(), b.cost(), max_relative = 1e-7);
}

/// A row or a column of infinities leaves mass nowhere to go (PythonOT/POT#229); of NaN it is no cost.
#[test]
fn rows_that_make_the_problem_infeasible() {
    let open = Euclidean.matrix(cloud(30, 2, 0.0, 3).view(), cloud(20, 2, 0.3, 4).view()).unwrap();
    let error = |costs: &Array2<f64>| {
        NetworkSimplex::default().solve(&Transport::uniform(costs).unwrap()).unwrap_err()
    };
    let mut row = open.clone();
    row.row_mut(17).fill(f64::INFINITY);
    let OtError::Infeasible { unplaced, row } = error(&row) else { panic!("infeasible") };
    assert_eq!(row, 17);
    assert_relative_eq!(unplaced, 1.0 / 30.0, max_relative = 1e-12);
    let mut column = open.clone();
    column.column_mut(11).fill(f64::INFINITY);
    let OtError::Infeasible { unplaced, .. } = error(&column) else { panic!("infeasible") };
    assert_relative_eq!(unplaced, 1.0 / 20.0, max_relative = 1e-12);
    let all = Array2::from_elem((3, 3), f64::INFINITY);
    let OtError::Infeasible { unplaced, row: 0 } = error(&all) else { panic!("infeasible") };
    assert_relative_eq!(unplaced, 1.0, max_relative = 1e-12);
    let mut nan = open;
    nan.row_mut(4).fill(f64::NAN);
    assert!(matches!(error(&nan), OtError::BadCost { row: 4, column: 0, value } if value.is_nan()));
    // An infinity that no mass needs is none of its business.
    let far = array![[1.0, f64::INFINITY], [f64::INFINITY, 2.0]];
    let plan = NetworkSimplex::default().solve(&Transport::uniform(&far).unwrap()).unwrap();
    assert_eq!(plan.cost(), 1.5);
}

/// Whatever the geometry, bad masses are named with their side, place and value.
#[test]
fn bad_masses_are_named_for_every_geometry() {
    let half = array![0.5, 0.5];
    let line = Line::new(array![0.0, 1.0].view(), array![0.0, 1.0].view(), 1.0).unwrap();
    let graph = SparseCosts::from_moves((2, 2), vec![(0, 0, 1.0), (1, 1, 1.0)]).unwrap();
    let texts = |a: &Array1<f64>, b: &Array1<f64>| {
        let on_line = Transport::new(&line, a.view(), b.view()).unwrap_err().to_string();
        assert_eq!(on_line, Transport::new(&graph, a.view(), b.view()).unwrap_err().to_string());
        on_line
    };
    let bad = "masses must be finite and not negative";
    assert_eq!(texts(&half, &array![1.25, -0.25]), format!("the target mass of point 1 is -0.25; {bad}"));
    assert_eq!(texts(&array![0.5, f64::NAN], &half), format!("the source mass of point 1 is NaN; {bad}"));
    assert_eq!(
        texts(&half, &array![f64::INFINITY, 0.0]),
        format!("the target mass of point 0 is inf; {bad}")
    );
    assert_eq!(texts(&half, &array![1.0]), "the target masses has size 1 where 2 was expected");
    assert_eq!(
        texts(&half, &array![0.0, 0.0]),
        "the target masses are all zero; at least one must be positive"
    );
    assert_eq!(
        texts(&half, &array![0.5, 1.0]),
        "the source masses sum to 1 and the target masses to 1.5; normalise them to one total, or relax a marginal"
    );
}
