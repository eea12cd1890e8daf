//! What does a Brownian path that any step may ask again cost, against numbers drawn once and gone?
//!
//! Baseline: the same number of draws from rand_distr's `StandardNormal` (ziggurat) on ChaCha8, the
//! generator of `Seed::stream`, scaled by √h. Then the whole solve: 1000 Euler-Maruyama steps of a field
//! that costs nothing, against the loop written by hand with those draws.

use chreode_core::Seed;
use chreode_ode::{Fixed, Solve, Span};
use chreode_sde::{BrownianPath, BrownianTree, Diagonal, EulerMaruyama, LevyPath, Sde, Shark, SpaceTime};
use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use ndarray::Array2;
use rand_distr::{Distribution, StandardNormal};
use std::hint::black_box;

const SPAN: Span = Span { t0: 0.0, t1: 1.0 };
/// Steps a pass: of leaves, and of a count that meets no boundary of leaves but the ends.
const ALIGNED: usize = 1024;
const ASKEW: usize = 1000;

/// All increments over equal steps, in order.
fn pass<P: BrownianPath>(tree: &P, steps: usize) -> P::Noise {
    let (mut cursor, mut w) = (tree.cursor(), tree.shape());
    for i in 0..steps {
        let at = |i: usize| i as f64 / steps as f64;
        tree.increment_into(at(i), at(i + 1), &mut cursor, &mut w).expect("inside the span");
    }
    w
}

/// The same with areas.
fn pass_area<P: LevyPath>(tree: &P, steps: usize) -> (P::Noise, P::Noise) {
    let (mut cursor, mut w, mut h) = (tree.cursor(), tree.shape(), tree.shape());
    for i in 0..steps {
        let at = |i: usize| i as f64 / steps as f64;
        tree.area_into(at(i), at(i + 1), &mut cursor, &mut w, &mut h).expect("inside the span");
    }
    (w, h)
}

/// Increments drawn one after the other.
fn drawn(out: &mut [f64], steps: usize) {
    let mut rng = Seed(1).stream("draws", 0);
    let scale = (1.0 / steps as f64).sqrt();
    for _ in 0..steps {
        for w in out.iter_mut() {
            let z: f64 = StandardNormal.sample(&mut rng);
            *w = scale * z;
        }
        black_box(&*out);
    }
}

fn queries(c: &mut Criterion) {
    let mut group = c.benchmark_group("brownian_sequential");
    for size in [1, 4, 100, 2000] {
        let shape = Array2::<f64>::zeros((1, size));
        group.throughput(Throughput::Elements((ALIGNED * size) as u64));
        group.bench_function(BenchmarkId::new("drawn", size), |b| {
            let mut out = vec![0.0; size];
            b.iter(|| drawn(&mut out, ALIGNED));
        });
        let tolerance = 1.0 / ALIGNED as f64;
        let tree = BrownianTree::new(Seed(1), SPAN, shape.clone(), tolerance).expect("a unit span");
        let area = BrownianTree::with_area(Seed(1), SPAN, shape, tolerance).expect("a unit span");
        group.bench_function(BenchmarkId::new("tree/aligned", size), |b| b.iter(|| pass(&tree, ALIGNED)));
        group.bench_function(BenchmarkId::new("tree/askew", size), |b| b.iter(|| pass(&tree, ASKEW)));
        group
            .bench_function(BenchmarkId::new("area/aligned", size), |b| b.iter(|| pass_area(&area, ALIGNED)));
        group.bench_function(BenchmarkId::new("area/askew", size), |b| b.iter(|| pass_area(&area, ASKEW)));
    }
    group.finish();
}

fn solves(c: &mut Criterion) {
    let mut group = c.benchmark_group("sde_1000_steps");
    let drift = |_t: f64, y: &[f64; 1]| [-y[0]];
    let noise = |_t: f64, _y: &[f64; 1]| [0.3];
    let by_hand = |seed: u64| {
        let mut rng = Seed(seed).stream("draws", 0);
        let (mut y, h) = (1.0, 1e-3_f64);
        for _ in 0..1000 {
            let z: f64 = StandardNormal.sample(&mut rng);
            y += -y * h + 0.3 * h.sqrt() * z;
        }
        y
    };
    group.bench_function("euler_maruyama/by_hand", |b| b.iter(|| by_hand(black_box(1))));
    let tree = BrownianTree::new(Seed(1), SPAN, [0.0], 1e-3).expect("a unit span");
    let sde = Sde::ito(drift, Diagonal(noise), &tree);
    let solve = Solve::new(EulerMaruyama, Fixed::steps(1000));
    group.bench_function("euler_maruyama/solve", |b| {
        b.iter(|| solve.end(&sde, SPAN, black_box([1.0])).expect("a smooth field"));
    });
    let tree = BrownianTree::<_, SpaceTime>::with_area(Seed(1), SPAN, [0.0], 1e-3).expect("a unit span");
    let additive = chreode_sde::Additive::new(|_t: f64, dw: &[f64; 1]| [0.3 * dw[0]]);
    let sde = Sde::ito(drift, additive, &tree);
    let solve = Solve::new(Shark, Fixed::steps(1000));
    group.bench_function("shark/solve", |b| {
        b.iter(|| solve.end(&sde, SPAN, black_box([1.0])).expect("a smooth field"));
    });
    group.finish();
}

criterion_group!(benches, queries, solves);
criterion_main!(benches);
