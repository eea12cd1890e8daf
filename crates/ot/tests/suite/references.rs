//! Whole files of reference values, where they are present.
//!
//! Reads `ot_refs/ot_references.json` and `ot_refs/ot_inputs.npz` below the folder named by
//! `CHREODE_DATA`, or `../shared/data` beside the workspace. Made with POT 0.9.7.post1 (network
//! simplex, f64), small cases cross-checked with HiGHS; Sinkhorn by a log-domain numpy loop.

use approx::assert_relative_eq;
use chreode_ot::{
    Bandwidth, CostFunction, Coupling, Line, Order, OtSolver, Sinkhorn, SquaredEuclidean, Stop, Transport,
    energy_distance, mmd, wasserstein,
};
use ndarray::{Array1, Array2};
use ndarray_npy::NpzReader;
use std::fs::File;
use std::path::PathBuf;

/// The folder of the reference values; `None`, with the reason printed, where there is none.
#[allow(clippy::print_stdout)]
fn folder() -> Option<PathBuf> {
    let beside = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data");
    let folder = std::env::var_os("CHREODE_DATA").map_or(beside, PathBuf::from).join("ot_refs");
    if folder.join("ot_references.json").is_file() {
        return Some(folder);
    }
    println!("skipped: no reference values at {}; set CHREODE_DATA", folder.display());
    None
}

#[test]
fn gaussian_clouds() {
    let Some(folder) = folder() else { return };
    let file = File::open(folder.join("ot_references.json")).unwrap();
    let references: serde_json::Value = serde_json::from_reader(file).unwrap();
    let mut inputs = NpzReader::new(File::open(folder.join("ot_inputs.npz")).unwrap()).unwrap();
    let mut matrix = |name: String| -> Array2<f64> { inputs.by_name(&name).unwrap() };
    let mut checked = 0;
    for case in ["gauss_5x7x2", "gauss_32x32x2", "gauss_50x60x3", "gauss_200x150x5", "gauss_256x256x5"] {
        let wanted = &references["cases"][case];
        let number = |key: &str| wanted[key].as_f64().unwrap();
        let (x, y) = (matrix(format!("{case}_x.npy")), matrix(format!("{case}_y.npy")));
        let mut again = NpzReader::new(File::open(folder.join("ot_inputs.npz")).unwrap()).unwrap();
        let a: Array1<f64> = again.by_name(&format!("{case}_a.npy")).unwrap();
        let b: Array1<f64> = again.by_name(&format!("{case}_b.npy")).unwrap();
        let w = |order, weighted: bool| {
            let (a, b) = if weighted { (Some(a.view()), Some(b.view())) } else { (None, None) };
            wasserstein(x.view(), y.view(), a, b, order).unwrap().cost
        };
        assert_relative_eq!(w(Order::One, true), number("W1_weighted"), max_relative = 1e-12);
        assert_relative_eq!(w(Order::One, false), number("W1_uniform"), max_relative = 1e-12);
        assert_relative_eq!(w(Order::Two, true), number("W2sq_weighted"), max_relative = 1e-12);
        assert_relative_eq!(w(Order::Two, false), number("W2sq_uniform"), max_relative = 1e-12);
        let kernel = mmd(x.view(), y.view(), &Bandwidth::Fixed(1.0)).unwrap();
        assert_relative_eq!(kernel.squared, number("mmd2_rbf_sigma1_biased_uniform"), max_relative = 1e-9);
        let energy = energy_distance(x.view(), y.view()).unwrap();
        assert_relative_eq!(energy, number("energy_distance_uniform_2Exy-Exx-Eyy"), max_relative = 1e-9);

        let costs = SquaredEuclidean.matrix(x.view(), y.view()).unwrap();
        let problem = Transport::new(&costs, a.view(), b.view()).unwrap();
        for entropic in wanted["sinkhorn_sqeuclid_weighted"].as_array().unwrap() {
            let value = |key: &str| entropic[key].as_f64().unwrap();
            let stop = Stop::Within { tolerance: 1e-9, max_iterations: 5000 };
            let plan = Sinkhorn::new(value("eps"), stop).solve(&problem).unwrap();
            assert_relative_eq!(plan.cost(), value("primal_transport_cost"), max_relative = 1e-6);
            assert_relative_eq!(plan.dual_cost(), value("reg_ot_dual"), max_relative = 1e-8);
            let divergence = (plan.primal_cost() - plan.cost()) / value("eps");
            assert_relative_eq!(divergence, value("kl_to_product"), max_relative = 1e-6);
        }
        let first = |points: &Array2<f64>| points.column(0).to_owned();
        let line = Line::new(first(&x).view(), first(&y).view(), 1.0).unwrap();
        let plan = Transport::new(&line, a.view(), b.view()).unwrap().monotone_plan();
        assert_relative_eq!(plan.cost(), number("w1_1d_first_coord"), max_relative = 1e-12);
        checked += 1;
    }
    assert_eq!(checked, 5);
}

#[test]
fn embryoid_body_cells() {
    // The first 500 cells of each time, whitened, 5 principal components, Euclidean and squared.
    let Some(folder) = folder() else { return };
    let file = File::open(folder.join("ot_references.json")).unwrap();
    let references: serde_json::Value = serde_json::from_reader(file).unwrap();
    let file = File::open(folder.join("../eb/eb_pcs5_whitened_f32.npz")).unwrap();
    let mut cells = NpzReader::new(file).unwrap();
    let pcs: Array2<f32> = cells.by_name("pcs.npy").unwrap();
    let labels: Array1<i32> = cells.by_name("sample_labels.npy").unwrap();
    let first = |time: i32| {
        let rows: Vec<usize> = (0..labels.len()).filter(|&i| labels[i] == time).take(500).collect();
        pcs.select(ndarray::Axis(0), &rows)
    };
    for time in 0..4 {
        let wanted = &references["cases"][format!("eb5_first500_t{time}_t{}", time + 1)];
        let (x, y) = (first(time), first(time + 1));
        let one = wasserstein(x.view(), y.view(), None, None, Order::One).unwrap();
        assert_relative_eq!(one.value, wanted["W1"].as_f64().unwrap(), max_relative = 1e-6);
        let two = wasserstein(x.view(), y.view(), None, None, Order::Two).unwrap();
        assert_relative_eq!(two.cost, wanted["W2sq"].as_f64().unwrap(), max_relative = 1e-6);
        assert!(one.gap < 1e-12 && two.gap < 1e-12);
    }
}
