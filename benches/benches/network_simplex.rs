//! How long does exact transport with unequal or weighted marginals take?
//!
//! Gaussian clouds in 5 dimensions, squared Euclidean costs computed outside the timed region. The
//! baseline is POT's `ot.emd` on problems of the same law and size: 0.27 s CPU for 1000 x 1500 weighted.

use chreode_core::{Seed, Stream};
use chreode_ot::{CostFunction, NetworkSimplex, OtSolver, SquaredEuclidean, Transport};
use criterion::{BenchmarkId, Criterion, criterion_group, criterion_main};
use ndarray::{Array1, Array2};
use rand::RngExt;
use std::hint::black_box;

/// Sums of twelve uniforms: standard normal for the purpose.
fn cloud(n: usize, shift: f64, rng: &mut Stream) -> Array2<f64> {
    Array2::from_shape_simple_fn((n, 5), || shift - 6.0 + (0..12).map(|_| rng.random::<f64>()).sum::<f64>())
}

fn weights(n: usize, rng: &mut Stream) -> Array1<f64> {
    let w = Array1::from_shape_simple_fn(n, || 1e-3 - f64::ln(1.0 - rng.random::<f64>()));
    let total = w.sum();
    w / total
}

fn bench(c: &mut Criterion) {
    let mut group = c.benchmark_group("network_simplex");
    group.sample_size(10);
    for (n, m) in [(256, 300), (1000, 1500)] {
        let mut rng = Seed(4).stream("bench", 0);
        let (x, y) = (cloud(n, 0.0, &mut rng), cloud(m, 0.9, &mut rng));
        let costs = SquaredEuclidean.matrix(x.view(), y.view()).expect("finite points");
        let (a, b) = (weights(n, &mut rng), weights(m, &mut rng));
        let uniform = Transport::uniform(&costs).expect("not empty");
        let weighted = Transport::new(&costs, a.view(), b.view()).expect("positive masses");
        for (name, problem) in [("uniform", &uniform), ("weighted", &weighted)] {
            let id = BenchmarkId::new(name, format!("{n}x{m} d=5 seed=4"));
            group.bench_function(id, |bencher| {
                bencher.iter(|| NetworkSimplex::default().solve(black_box(problem)).expect("feasible"));
            });
        }
    }
    group.finish();
}

criterion_group!(benches, bench);
criterion_main!(benches);
