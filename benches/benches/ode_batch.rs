//! What do rows that each step by themselves cost against lanes that step together, written by hand?
//!
//! 10 000 Lorenz systems from (1, 1, 25) plus normal noise to t = 5, tolerance 1e-6, `f64`, in a pool of two
//! threads. Baseline: `L` rows in arrays under one step size for all of them (the largest error decides),
//! Dormand-Prince 5(4) unrolled by hand, compiled for the registers of the machine; the fastest `L` counts.
//! It neither reports nor isolates anything. Before the timings, minima of alternating runs are printed to
//! stderr: they stand on a busy machine.

use chreode_core::Tolerance;
use chreode_ode::{BatchSolve, DOPRI5, Lane, LaneField, Pi, Rows, Span, TSIT5};
use criterion::{Criterion, criterion_group, criterion_main};
use ndarray::Array2;
use pulp::{Arch, Simd, WithSimd};
use rand::SeedableRng;
use rand_distr::{Distribution, StandardNormal};
use rayon::prelude::*;
use std::hint::black_box;
use std::time::{Duration, Instant};

const ROWS: usize = 10_000;
const END: f64 = 5.0;
const TOLERANCE: f64 = 1e-6;

struct Lorenz;

impl LaneField for Lorenz {
    #[inline(always)]
    fn eval<L: Lane>(&self, _t: L, y: &[L], _p: &[L], dy: &mut [L]) {
        dy[0] = (y[1] - y[0]) * 10.0;
        dy[1] = y[0] * (-y[2] + 28.0) - y[1];
        dy[2] = y[0] * y[1] - y[2] * (8.0 / 3.0);
    }
}

fn starts() -> Array2<f64> {
    let mut rng = rand_chacha::ChaCha8Rng::seed_from_u64(1);
    Array2::from_shape_fn((ROWS, 3), |(_, j)| {
        let noise: f64 = StandardNormal.sample(&mut rng);
        [1.0, 1.0, 25.0][j] + noise
    })
}

type Lanes<const L: usize> = [[f64; L]; 3];

#[inline(always)]
fn slope<const L: usize>(y: &Lanes<L>) -> Lanes<L> {
    let mut dy = [[0.0; L]; 3];
    for l in 0..L {
        dy[0][l] = 10.0 * (y[1][l] - y[0][l]);
        dy[1][l] = y[0][l] * (28.0 - y[2][l]) - y[1][l];
        dy[2][l] = y[0][l] * y[1][l] - 8.0 / 3.0 * y[2][l];
    }
    dy
}

#[inline(always)]
fn ahead<const L: usize, const N: usize>(y: &Lanes<L>, h: f64, terms: [(f64, &Lanes<L>); N]) -> Lanes<L> {
    let mut out = *y;
    for i in 0..3 {
        for l in 0..L {
            let mut sum = 0.0;
            for (c, k) in terms {
                sum += c * k[i][l];
            }
            out[i][l] += h * sum;
        }
    }
    out
}

/// `L` rows under one step size.
struct Together<const L: usize>(Lanes<L>);

impl<const L: usize> WithSimd for Together<L> {
    type Output = Lanes<L>;

    #[inline(always)]
    fn with_simd<S: Simd>(self, _simd: S) -> Lanes<L> {
        let (mut t, mut y, mut h) = (0.0, self.0, 1e-3);
        let mut k1 = slope(&y);
        loop {
            let last = t + h >= END;
            if last {
                h = END - t;
            }
            let k2 = slope(&ahead(&y, h, [(0.2, &k1)]));
            let k3 = slope(&ahead(&y, h, [(3.0 / 40.0, &k1), (9.0 / 40.0, &k2)]));
            let k4 = slope(&ahead(&y, h, [(44.0 / 45.0, &k1), (-56.0 / 15.0, &k2), (32.0 / 9.0, &k3)]));
            let k5 = slope(&ahead(
                &y,
                h,
                [
                    (19372.0 / 6561.0, &k1),
                    (-25360.0 / 2187.0, &k2),
                    (64448.0 / 6561.0, &k3),
                    (-212.0 / 729.0, &k4),
                ],
            ));
            let k6 = slope(&ahead(
                &y,
                h,
                [
                    (9017.0 / 3168.0, &k1),
                    (-355.0 / 33.0, &k2),
                    (46732.0 / 5247.0, &k3),
                    (49.0 / 176.0, &k4),
                    (-5103.0 / 18656.0, &k5),
                ],
            ));
            let z = ahead(
                &y,
                h,
                [
                    (35.0 / 384.0, &k1),
                    (500.0 / 1113.0, &k3),
                    (125.0 / 192.0, &k4),
                    (-2187.0 / 6784.0, &k5),
                    (11.0 / 84.0, &k6),
                ],
            );
            let k7 = slope(&z);
            let mut square = [0.0; L];
            for i in 0..3 {
                for l in 0..L {
                    let error = h
                        * (71.0 / 57600.0 * k1[i][l] - 71.0 / 16695.0 * k3[i][l] + 71.0 / 1920.0 * k4[i][l]
                            - 17253.0 / 339200.0 * k5[i][l]
                            + 22.0 / 525.0 * k6[i][l]
                            - 1.0 / 40.0 * k7[i][l]);
                    let scaled = error / (TOLERANCE + TOLERANCE * y[i][l].abs().max(z[i][l].abs()));
                    square[l] += scaled * scaled;
                }
            }
            let largest = square.iter().fold(0.0f64, |a, &b| a.max(b));
            let ratio = (largest / 3.0).sqrt();
            let factor = (0.9 * ratio.max(1e-10).powf(-0.2)).clamp(0.2, 10.0);
            if ratio <= 1.0 {
                t += h;
                h *= factor;
                (y, k1) = (z, k7);
                if last {
                    return y;
                }
            } else {
                h *= factor.min(1.0);
            }
        }
    }
}

/// All rows, `L` at a time; `ROWS` is a multiple of every `L` used.
fn by_hand<const L: usize>(starts: &Array2<f64>) -> Array2<f64> {
    let arch = Arch::new();
    let mut out = Array2::zeros((ROWS, 3));
    let (from, to) = (starts.as_slice().expect("row-major"), out.as_slice_mut().expect("row-major"));
    to.par_chunks_mut(3 * L).zip(from.par_chunks(3 * L)).for_each(|(to, from)| {
        let y = std::array::from_fn(|i| std::array::from_fn(|l| from[3 * l + i]));
        let y = arch.dispatch(Together::<L>(y));
        for (l, row) in to.chunks_mut(3).enumerate() {
            (0..3).for_each(|i| row[i] = y[i][l]);
        }
    });
    out
}

fn solve(starts: &Array2<f64>, tableau: chreode_ode::Tableau) -> chreode_ode::Batch<f64> {
    let rows = Rows::new(starts.view(), Span { t0: 0.0, t1: END });
    BatchSolve::new(tableau, Pi::new(Tolerance::both(TOLERANCE)))
        .lanes(&Lorenz, &rows)
        .expect("a sound batch")
}

/// Time this thread has spent on a processor, where the system tells (Linux does).
fn spent() -> Duration {
    std::thread::yield_now();
    let text = std::fs::read_to_string("/proc/thread-self/schedstat").unwrap_or_default();
    Duration::from_nanos(text.split(' ').next().and_then(|ns| ns.parse().ok()).unwrap_or(0))
}

/// The shortest times of each, run in turn: elapsed, and on the processors.
#[allow(clippy::print_stderr, reason = "a bench reports")]
fn minima(pool: &rayon::ThreadPool, runs: &[(&str, &(dyn Fn() + Sync))]) {
    let mut least = vec![(Duration::MAX, Duration::MAX); runs.len()];
    let processor = || pool.broadcast(|_| spent()).into_iter().sum::<Duration>();
    for _ in 0..20 {
        for ((wall, cpu), (_, run)) in least.iter_mut().zip(runs) {
            let (before, start) = (processor(), Instant::now());
            pool.install(run);
            *wall = start.elapsed().min(*wall);
            *cpu = (processor() - before).min(*cpu);
        }
    }
    for ((name, _), (wall, cpu)) in runs.iter().zip(&least) {
        let [wall, cpu] = [wall, cpu].map(|time| 1e3 * time.as_secs_f64());
        eprintln!("{name:>24}  {wall:8.2} ms elapsed, {cpu:8.2} ms on the processors, at least");
    }
}

fn lorenz(c: &mut Criterion) {
    let pool = rayon::ThreadPoolBuilder::new().num_threads(2).build().expect("two threads");
    let y0 = starts();
    let batch = pool.install(|| solve(&y0, DOPRI5));
    assert_eq!(batch.failures().count(), 0);
    let together = pool.install(|| by_hand::<8>(&y0));
    let mut apart: Vec<f64> = (&together - &batch.y).iter().map(|x| x.abs()).collect();
    apart.sort_by(f64::total_cmp);
    assert!(apart[apart.len() / 2] < 1e-2, "the two come to the same ends");

    minima(
        &pool,
        &[
            ("by hand, L = 8", &|| drop(black_box(by_hand::<8>(black_box(&y0))))),
            ("by hand, L = 16", &|| drop(black_box(by_hand::<16>(black_box(&y0))))),
            ("by hand, L = 40", &|| drop(black_box(by_hand::<40>(black_box(&y0))))),
            ("each its own, dopri5", &|| drop(black_box(solve(black_box(&y0), DOPRI5)))),
            ("each its own, tsit5", &|| drop(black_box(solve(black_box(&y0), TSIT5)))),
        ],
    );
    let mut group = c.benchmark_group("lorenz_10000_f64_2_threads");
    group.sample_size(20);
    group.bench_function("by_hand/8", |b| b.iter(|| pool.install(|| by_hand::<8>(black_box(&y0)))));
    group.bench_function("by_hand/16", |b| b.iter(|| pool.install(|| by_hand::<16>(black_box(&y0)))));
    group.bench_function("dopri5", |b| b.iter(|| pool.install(|| solve(black_box(&y0), DOPRI5))));
    group.bench_function("tsit5", |b| b.iter(|| pool.install(|| solve(black_box(&y0), TSIT5))));
    group.finish();
}

criterion_group!(benches, lorenz);
criterion_main!(benches);
