//! How long does an entropic plan take, to an L1 error of its marginals of 1e-6?
//!
//! Baselines, single-threaded, on clouds of the same laws with ε of 0.05 times the mean cost (CPU time, one core of an
//! AMD EPYC 9004): POT 0.9.7 `sinkhorn` 44 ms in f64 and 21 ms in f32 at n = 1024, 1.65 s in f64 at n = 4096. With
//! 0.005 times the mean cost at n = 1024 no peer gets there in 10 s.

use chreode_ot::{CostFunction, Form, OtSolver, PointCloud, Sinkhorn, SquaredEuclidean, Stop, Transport};
use criterion::{Criterion, criterion_group, criterion_main};
use ndarray::Array2;
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;
use rand_distr::{Distribution, StandardNormal};

const SEED: u64 = 4;

/// Two Gaussian clouds in 5 dimensions, the second wider and moved.
fn clouds(n: usize) -> (Array2<f64>, Array2<f64>) {
    let mut rng = ChaCha8Rng::seed_from_u64(SEED);
    let mut normal = |scale: f64, by: f64| {
        Array2::from_shape_simple_fn((n, 5), || {
            let z: f64 = StandardNormal.sample(&mut rng);
            scale * z + by
        })
    };
    (normal(1.0, 0.0), normal(1.1, 0.7))
}

fn sinkhorn(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("sinkhorn to 1e-6, d=5, seed 4");
    group.sample_size(10);
    for (n, share) in [(256, 0.05), (1024, 0.05), (1024, 0.005), (4096, 0.05)] {
        let (x, y) = clouds(n);
        let costs = SquaredEuclidean.matrix(x.view(), y.view()).expect("finite points");
        let epsilon = share * costs.mean().expect("not empty");
        let stop = Stop::Within { tolerance: 1e-6, max_iterations: 20_000 };
        let problem = Transport::uniform(&costs).expect("points on both sides");
        for form in [Form::Kernel, Form::Log] {
            let solver = Sinkhorn { form, ..Sinkhorn::new(epsilon, stop) };
            group.bench_function(format!("{form:?}, eps {share} of the mean, n={n}"), |bencher| {
                bencher.iter(|| solver.solve(&problem).expect("it converges").dual_cost());
            });
        }
        let points = PointCloud::new(x.view(), y.view(), &SquaredEuclidean).expect("finite points");
        let problem = Transport::uniform(&points).expect("points on both sides");
        let solver = Sinkhorn::new(epsilon, stop);
        group.bench_function(format!("points, eps {share} of the mean, n={n}"), |bencher| {
            bencher.iter(|| solver.solve(&problem).expect("it converges").dual_cost());
        });
    }
    let (x, _) = clouds(1024);
    let costs = SquaredEuclidean.matrix(x.view(), x.view()).expect("finite points");
    let problem = Transport::uniform(&costs).expect("points on both sides");
    let stop = Stop::Within { tolerance: 1e-6, max_iterations: 1000 };
    let solver = Sinkhorn::new(0.05 * costs.mean().expect("not empty"), stop);
    group.bench_function("symmetric, eps 0.05 of the mean, n=1024", |bencher| {
        bencher.iter(|| solver.solve_symmetric(&problem).expect("it converges").dual_cost());
    });
    group.finish();
}

criterion_group!(benches, sinkhorn);
criterion_main!(benches);
