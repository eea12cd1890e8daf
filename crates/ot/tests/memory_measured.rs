//! Memory estimates against what a process takes. Each case runs in a process of its own, as what an allocator keeps
//! from one case would hide what the next one takes.
#![cfg(target_os = "linux")]

use chreode_core::Seed;
use chreode_ot::{
    Assignment, CostFunction, Coupling, Estimate, Memory, NetworkSimplex, OtSolver, Permutation, PointCloud,
    Sinkhorn, SquaredEuclidean, Stop, Storage, Transport, Work,
};
use ndarray::{Array2, s};
use rand::RngExt;
use std::process::Command;

const N: usize = 1600;
const D: usize = 5;
const SINKHORN: Work = Work::Sinkhorn { iterations: 2 };
const CASES: [(Work, Storage); 6] = [
    (SINKHORN, Storage::Matrix),
    (SINKHORN, Storage::OnDemand),
    (Work::NetworkSimplex, Storage::Matrix),
    (Work::NetworkSimplex, Storage::OnDemand),
    (Work::Assignment, Storage::OnDemand),
    (Work::DensePlan, Storage::OnDemand),
];

/// A field of /proc/self/status, in bytes.
fn status(field: &str) -> u64 {
    let text = std::fs::read_to_string("/proc/self/status").expect("Linux has it");
    let line = text.lines().find_map(|line| line.strip_prefix(field)).expect("a field that exists");
    line.trim().trim_end_matches("kB").trim().parse::<u64>().expect("a number") * 1024
}

fn solve(work: Work, storage: Storage, x: &Array2<f64>, y: &Array2<f64>) {
    let (x, y) = (x.view(), y.view());
    let lazy = PointCloud::new(x, y, &SquaredEuclidean).expect("finite points");
    let dense;
    let geometry: &dyn chreode_ot::Geometry = match storage {
        Storage::Matrix => {
            dense = SquaredEuclidean.matrix(x, y).expect("finite points");
            &dense
        }
        _ => &lazy,
    };
    let problem = Transport::uniform(geometry).expect("points");
    let sinkhorn = Sinkhorn::new(0.5, Stop::After { iterations: 2 });
    match work {
        Work::NetworkSimplex => drop(NetworkSimplex::default().solve(&problem).expect("a solution")),
        Work::Assignment => drop(Assignment::new().solve_points(x, y).expect("a solution").clone()),
        Work::DensePlan => {
            let plan = Permutation::new((0..x.nrows()).collect(), 0.0).expect("a permutation");
            drop(plan.to_matrix());
        }
        _ => drop(sinkhorn.solve(&problem).expect("a plan")),
    }
}

fn measure((work, storage): (Work, Storage)) {
    let mut rng = Seed(1).stream("points", 0);
    let mut points = || Array2::from_shape_simple_fn((N, D), || rng.random::<f64>());
    let (x, y) = (points(), points());
    // Threads and code of all that is used, before anything is measured.
    solve(work, storage, &x.slice(s![..50, ..]).to_owned(), &y.slice(s![..50, ..]).to_owned());
    let before = status("VmRSS:");
    solve(work, storage, &x, &y);
    let found = status("VmHWM:").saturating_sub(before);
    let want = Estimate::new(work, storage, (N, N), D).peak();
    let slack = 2_000_000; // stacks of threads, what the allocator had
    assert!(found <= want + slack, "took {found} bytes, more than the estimate of {want}");
    assert!(want <= 3 * found + slack, "took {found} bytes, far below the estimate of {want}");
}

#[test]
fn estimates_bound_what_a_process_takes() {
    const CASE: &str = "CHREODE_MEMORY_CASE";
    if let Ok(case) = std::env::var(CASE) {
        return measure(CASES[case.parse::<usize>().unwrap()]);
    }
    assert!(Memory::Available.bytes().unwrap() > 1_000_000);
    for (number, case) in CASES.iter().enumerate() {
        let mut child = Command::new(std::env::current_exe().unwrap());
        let done = child.env(CASE, number.to_string()).env("RAYON_NUM_THREADS", "2").output().unwrap();
        let told =
            String::from_utf8_lossy(&done.stdout).into_owned() + &String::from_utf8_lossy(&done.stderr);
        let line = told.lines().find(|line| line.starts_with("took")).unwrap_or(&told);
        assert!(done.status.success(), "{case:?} {line}");
    }
}
