//! Memory estimates against what a process takes; alone in its process, which has one highest point.
#![cfg(target_os = "linux")]

use chreode_core::Seed;
use chreode_ot::{
    Assignment, CostFunction, Coupling, Estimate, Memory, NetworkSimplex, OtSolver, PointCloud, Sinkhorn,
    SquaredEuclidean, Stop, Storage, Transport, Work,
};
use ndarray::Array2;
use rand::RngExt;

/// A field of /proc/self/status, in bytes.
fn status(field: &str) -> u64 {
    let text = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = text.lines().find_map(|line| line.strip_prefix(field)).unwrap();
    line.trim().trim_end_matches("kB").trim().parse::<u64>().unwrap() * 1024
}

/// How far the memory of the process rises above where it is.
fn rise(run: impl FnOnce()) -> u64 {
    std::fs::write("/proc/self/clear_refs", "5").unwrap(); // the highest point is measured from here
    let before = status("VmRSS:");
    run();
    status("VmHWM:").saturating_sub(before)
}

#[test]
fn estimates_bound_what_a_process_takes() {
    assert!(Memory::Available.bytes().unwrap() > 1_000_000);
    let (n, d) = (1600, 5);
    let mut rng = Seed(1).stream("points", 0);
    let mut points = || Array2::from_shape_simple_fn((n, d), || rng.random::<f64>());
    let (x, y) = (points(), points());
    // Threads and code of everything that is used, before anything is measured.
    let few = SquaredEuclidean.matrix(x.slice(ndarray::s![..50, ..]), y.slice(ndarray::s![..50, ..])).unwrap();
    NetworkSimplex::default().solve(&Transport::uniform(&few).unwrap()).unwrap();
    let check = |work, storage, run: &dyn Fn()| {
        let want = Estimate::new(work, storage, (n, n), d).peak();
        let found = rise(run);
        let slack = 2_000_000; // thread stacks, allocator
        assert!(found <= want + slack, "{work:?} {storage:?} took {found} bytes, more than {want}");
        assert!(want <= 3 * found + slack, "{work:?} {storage:?} took {found} bytes, far below {want}");
    };
    let lazy = || PointCloud::new(x.view(), y.view(), &SquaredEuclidean).unwrap();
    let dense = || SquaredEuclidean.matrix(x.view(), y.view()).unwrap();
    let sinkhorn = Sinkhorn::new(0.5, Stop::After { iterations: 2 });
    let work = Work::Sinkhorn { iterations: 2 };
    check(work, Storage::Matrix, &|| {
        sinkhorn.solve(&Transport::uniform(&dense()).unwrap()).unwrap();
    });
    check(work, Storage::OnDemand, &|| {
        sinkhorn.solve(&Transport::uniform(&lazy()).unwrap()).unwrap();
    });
    check(Work::NetworkSimplex, Storage::Matrix, &|| {
        NetworkSimplex::default().solve(&Transport::uniform(&dense()).unwrap()).unwrap();
    });
    check(Work::NetworkSimplex, Storage::OnDemand, &|| {
        NetworkSimplex::default().solve(&Transport::uniform(&lazy()).unwrap()).unwrap();
    });
    check(Work::Assignment, Storage::OnDemand, &|| {
        Assignment::new().solve_points(x.view(), y.view()).unwrap();
    });
    check(Work::DensePlan, Storage::OnDemand, &|| {
        sinkhorn.solve(&Transport::uniform(&lazy()).unwrap()).unwrap().to_matrix();
    });
}
