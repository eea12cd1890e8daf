//! How long does an exact minibatch plan take, from points or from a given matrix?
//!
//! Baselines, single-threaded, on clouds of the same laws (CPU time, one core of an AMD EPYC 9004): POT 0.9.7 `emd`
//! 6.2 ms for 8 Gaussians to two moons at n = 256; 5.9 ms and 226 ms in 5-D at n = 256 and 1024; lapjv 1.3.29
//! 1.8 ms and 32 ms in 50-D at the same sizes. Those times are without the making of the cost matrix.

use chreode_ot::Assignment;
use criterion::{Criterion, criterion_group, criterion_main};
use ndarray::Array2;
use rand::{Rng, RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use rand_distr::{Distribution, StandardNormal};

const SEED: u64 = 4;

fn normal(rng: &mut impl Rng) -> f32 {
    StandardNormal.sample(rng)
}

/// Two Gaussian clouds, the second wider and moved.
fn clouds(n: usize, d: usize) -> (Array2<f32>, Array2<f32>) {
    let mut rng = ChaCha8Rng::seed_from_u64(SEED);
    let move_by = 2.0 / (d as f32).sqrt();
    let x = Array2::from_shape_simple_fn((n, d), || normal(&mut rng));
    let y = Array2::from_shape_simple_fn((n, d), || 1.1 * normal(&mut rng) + move_by * 0.7);
    (x, y)
}

/// Eight Gaussians on a circle, and two moons: the first workload of flow matching.
fn eight_gaussians_and_moons(n: usize) -> (Array2<f32>, Array2<f32>) {
    let mut rng = ChaCha8Rng::seed_from_u64(SEED);
    let (mut x, mut y) = (Array2::zeros((n, 2)), Array2::zeros((n, 2)));
    for mut point in x.rows_mut() {
        let angle = rng.random_range(0..8) as f32 * std::f32::consts::FRAC_PI_4;
        point[0] = 5.0 * angle.cos() + 0.1_f32.sqrt() * normal(&mut rng);
        point[1] = 5.0 * angle.sin() + 0.1_f32.sqrt() * normal(&mut rng);
    }
    for mut point in y.rows_mut() {
        let (sin, cos) = rng.random_range(0.0..std::f32::consts::PI).sin_cos();
        let (a, b) = if rng.random_bool(0.5) { (cos, sin) } else { (1.0 - cos, 0.5 - sin) };
        point[0] = 3.0 * (a + 0.2 * normal(&mut rng)) - 1.0;
        point[1] = 3.0 * (b + 0.2 * normal(&mut rng)) - 1.0;
    }
    (x, y)
}

fn assignment(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("assignment, 1 thread, seed 4");
    group.sample_size(20);
    let mut problems = Vec::new();
    for n in [128, 256, 512] {
        problems.push((format!("8 gaussians to moons, d=2, n={n}"), eight_gaussians_and_moons(n)));
    }
    for (d, n) in [(5, 256), (5, 1024), (50, 256), (50, 1024)] {
        problems.push((format!("clouds, d={d}, n={n}"), clouds(n, d)));
    }
    for (name, (x, y)) in &problems {
        let mut solver = Assignment::new();
        group.bench_function(format!("points: {name}"), |bencher| {
            bencher.iter(|| solver.solve_points(x.view(), y.view()).expect("finite points").cost);
        });
        let cost = Array2::from_shape_fn((x.nrows(), y.nrows()), |(i, j)| {
            x.row(i).iter().zip(y.row(j)).map(|(&a, &b)| (f64::from(a) - f64::from(b)).powi(2)).sum()
        });
        group.bench_function(format!("matrix: {name}"), |bencher| {
            bencher.iter(|| solver.solve(cost.view()).expect("finite costs").cost);
        });
        let plan = solver.solve(cost.view()).expect("finite costs").clone();
        group.bench_function(format!("own potentials: {name}"), |bencher| {
            bencher
                .iter(|| solver.solve_from(cost.view(), &plan.target_potential).expect("finite costs").cost);
        });
    }
    group.finish();
}

criterion_group!(benches, assignment);
criterion_main!(benches);
