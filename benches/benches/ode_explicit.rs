//! What does the abstraction of chreode-ode cost against a loop written by hand?
//!
//! Baselines: the Dormand-Prince pair on Lotka-Volterra (`[f64; 2]`, T = 100, tolerance 1e-8) and the
//! classical method on the same problem (20 000 steps), both unrolled by hand with the same controller;
//! and, for a field on 256 x 5 `f32` rows, the evaluations alone. Beside them the same solve with states on
//! the heap, and with methods of higher order.

use chreode_core::{Tolerance, VectorField};
use chreode_ode::{Adams, DOPRI5, DOPRI8, EULER, ExplicitRk, Fixed, Pi, RK4, Solve, Span, TSIT5, VERNER9};
use criterion::{Criterion, criterion_group, criterion_main};
use ndarray::{Array1, Array2, Zip};
use std::cell::Cell;
use std::hint::black_box;

type State = [f64; 2];

const SPAN: Span = Span { t0: 0.0, t1: 100.0 };
const START: State = [1.0, 1.0];
const TOLERANCE: f64 = 1e-8;

#[inline]
fn lotka_volterra(_t: f64, y: &State) -> State {
    [1.5 * y[0] - y[0] * y[1], -3.0 * y[1] + y[0] * y[1]]
}

/// `y + h Σ cᵢ kᵢ`, unrolled.
macro_rules! step {
    ($y:expr, $h:expr, $(($c:expr, $k:expr)),+) => {{
        let y = $y;
        [y[0] + $h * (0.0 $(+ $c * $k[0])+), y[1] + $h * (0.0 $(+ $c * $k[1])+)]
    }};
}

/// Scaled root mean square of `e` between `a` and `b`.
#[inline]
fn norm(e: &State, a: &State, b: &State) -> f64 {
    let scaled = |i: usize| e[i] / (TOLERANCE + TOLERANCE * a[i].abs().max(b[i].abs()));
    ((scaled(0).powi(2) + scaled(1).powi(2)) / 2.0).sqrt()
}

/// Dormand-Prince 5(4) by hand; the controller and the first step are those of `Pi`.
fn dopri5_by_hand(mut y: State) -> (State, usize) {
    let f = lotka_volterra;
    let (mut t, mut k1, mut evals) = (SPAN.t0, f(SPAN.t0, &y), 2);
    let probe = 0.01 * norm(&y, &y, &y) / norm(&k1, &y, &y);
    let ahead = f(t + probe, &step!(y, probe, (1.0, k1)));
    let bend = norm(&[ahead[0] - k1[0], ahead[1] - k1[1]], &y, &y) / probe;
    let mut h = (0.01 / bend.max(norm(&k1, &y, &y))).powf(0.2).min(100.0 * probe);
    let (mut before, mut grow) = (1e-4f64.ln(), 10.0);
    while t < SPAN.t1 {
        let next = if SPAN.t1 - t <= 1.01 * h { SPAN.t1 } else { t + h };
        let step = next - t;
        let k2 = f(t + 0.2 * step, &step!(y, step, (0.2, k1)));
        let k3 = f(t + 0.3 * step, &step!(y, step, (3.0 / 40.0, k1), (9.0 / 40.0, k2)));
        let k4 = f(t + 0.8 * step, &step!(y, step, (44.0 / 45.0, k1), (-56.0 / 15.0, k2), (32.0 / 9.0, k3)));
        let k5 = f(
            t + 8.0 / 9.0 * step,
            &step!(
                y,
                step,
                (19372.0 / 6561.0, k1),
                (-25360.0 / 2187.0, k2),
                (64448.0 / 6561.0, k3),
                (-212.0 / 729.0, k4)
            ),
        );
        let k6 = f(
            next,
            &step!(
                y,
                step,
                (9017.0 / 3168.0, k1),
                (-355.0 / 33.0, k2),
                (46732.0 / 5247.0, k3),
                (49.0 / 176.0, k4),
                (-5103.0 / 18656.0, k5)
            ),
        );
        let y1 = step!(
            y,
            step,
            (35.0 / 384.0, k1),
            (500.0 / 1113.0, k3),
            (125.0 / 192.0, k4),
            (-2187.0 / 6784.0, k5),
            (11.0 / 84.0, k6)
        );
        let k7 = f(next, &y1);
        let error = step!(
            [0.0, 0.0],
            step,
            (71.0 / 57600.0, k1),
            (-71.0 / 16695.0, k3),
            (71.0 / 1920.0, k4),
            (-17253.0 / 339200.0, k5),
            (22.0 / 525.0, k6),
            (-1.0 / 40.0, k7)
        );
        evals += 6;
        let ratio = norm(&error, &y, &y1);
        let log = ratio.ln();
        let factor = 0.9 * ((0.2 * before - 0.85 * log) / 5.0).exp();
        if ratio <= 1.0 {
            h = step * factor.clamp(0.2, grow);
            (t, y, k1, before, grow) = (next, y1, k7, log.max(1e-4f64.ln()), 10.0);
        } else {
            h = step * factor.clamp(0.2, 0.9);
            grow = 1.0;
        }
    }
    (y, evals)
}

/// The classical method by hand.
fn rk4_by_hand(mut y: State, n: usize) -> State {
    let f = lotka_volterra;
    for i in 0..n {
        let t = SPAN.t1 * (i as f64 / n as f64);
        let h = SPAN.t1 * ((i + 1) as f64 / n as f64) - t;
        let k1 = f(t, &y);
        let k2 = f(t + 0.5 * h, &step!(y, h, (0.5, k1)));
        let k3 = f(t + 0.5 * h, &step!(y, h, (0.5, k2)));
        let k4 = f(t + h, &step!(y, h, (1.0, k3)));
        y = step!(y, h, (1.0 / 6.0, k1), (1.0 / 3.0, k2), (1.0 / 3.0, k3), (1.0 / 6.0, k4));
    }
    y
}

/// The same field on states on the heap.
struct Heap;

impl VectorField<Array1<f64>> for Heap {
    fn eval(&self, t: f64, y: &Array1<f64>) -> Array1<f64> {
        let mut dy = y.clone();
        self.eval_into(t, y, &mut dy);
        dy
    }

    fn eval_into(&self, t: f64, y: &Array1<f64>, dy: &mut Array1<f64>) {
        [dy[0], dy[1]] = lotka_volterra(t, &[y[0], y[1]]);
    }
}

impl VectorField<Vec<f64>> for Heap {
    fn eval(&self, t: f64, y: &Vec<f64>) -> Vec<f64> {
        lotka_volterra(t, &[y[0], y[1]]).to_vec()
    }

    fn eval_into(&self, t: f64, y: &Vec<f64>, dy: &mut Vec<f64>) {
        dy.copy_from_slice(&lotka_volterra(t, &[y[0], y[1]]));
    }
}

fn small(c: &mut Criterion) {
    let field = |t: f64, y: &State| lotka_volterra(t, y);
    let control = Pi::new(Tolerance::both(TOLERANCE));
    let dopri5 = Solve::new(ExplicitRk::new(DOPRI5), control);
    let tsit5 = Solve::new(ExplicitRk::new(TSIT5), control);
    let rk4 = Solve::new(ExplicitRk::new(RK4), Fixed::steps(20_000));
    let end = |solve: &Solve<ExplicitRk, Pi>, y| solve.end(&field, SPAN, y).expect("a smooth field");

    let (by_hand, evals) = dopri5_by_hand(START);
    let mut save = chreode_ode::Last::new();
    let stats = dopri5.run(&field, SPAN, START, &mut save).expect("a smooth field").stats;
    assert_eq!(stats.evals, evals, "the two loops do the same work");
    let (_, y) = save.0.expect("finished");
    assert!((y[0] - by_hand[0]).abs() < 1e-8, "and come to the same end");

    let mut group = c.benchmark_group("lotka_volterra");
    group.bench_function("dopri5/by_hand", |b| b.iter(|| dopri5_by_hand(black_box(START))));
    group.bench_function("dopri5/solve", |b| b.iter(|| end(&dopri5, black_box(START))));
    group.bench_function("tsit5/solve", |b| b.iter(|| end(&tsit5, black_box(START))));
    group.bench_function("dopri5/array1", |b| {
        b.iter(|| {
            dopri5.end(&Heap, SPAN, Array1::from_vec(black_box(START).to_vec())).expect("a smooth field")
        });
    });
    group.bench_function("dopri5/vec", |b| {
        b.iter(|| dopri5.end(&Heap, SPAN, black_box(START).to_vec()).expect("a smooth field"));
    });
    for (name, tableau) in [("dopri8/solve", DOPRI8), ("verner9/solve", VERNER9)] {
        let solve = Solve::new(ExplicitRk::new(tableau), control);
        group.bench_function(name, |b| b.iter(|| end(&solve, black_box(START))));
    }
    let adams = Solve::new(Adams::new(), control);
    group.bench_function("adams/solve", |b| {
        b.iter(|| adams.end(&field, SPAN, black_box(START)).expect("a smooth field"));
    });
    group.bench_function("rk4/by_hand", |b| b.iter(|| rk4_by_hand(black_box(START), 20_000)));
    group.bench_function("rk4/solve", |b| {
        b.iter(|| rk4.end(&field, SPAN, black_box(START)).expect("a smooth field"));
    });
    group.finish();
}

/// dx/dt = tanh(-x), entry by entry: a field far cheaper than any network, so that what is left is the
/// solver.
struct Squash(Cell<usize>);

impl VectorField<Array2<f32>> for Squash {
    fn eval(&self, t: f64, y: &Array2<f32>) -> Array2<f32> {
        let mut dy = y.clone();
        self.eval_into(t, y, &mut dy);
        dy
    }

    fn eval_into(&self, _t: f64, y: &Array2<f32>, dy: &mut Array2<f32>) {
        self.0.set(self.0.get() + 1);
        Zip::from(dy).and(y).for_each(|d, y| *d = (-y).tanh());
    }
}

fn rows(c: &mut Criterion) {
    let field = Squash(Cell::new(0));
    let y = Array2::from_shape_fn((256, 5), |(i, j)| ((i * 5 + j) as f32 * 0.37).sin());
    let span = Span { t0: 0.0, t1: 1.0 };
    let mut group = c.benchmark_group("rows_256x5_f32");
    let dopri5 = Solve::new(ExplicitRk::new(DOPRI5), Pi::new(Tolerance::both(1e-5)));
    let euler = Solve::new(ExplicitRk::new(EULER), Fixed::steps(100));
    dopri5.end(&field, span, y.clone()).expect("a smooth field");
    let evals = field.0.get();
    group.bench_function(format!("field_alone/{evals}_evals"), |b| {
        let mut dy = y.clone();
        b.iter(|| (0..evals).for_each(|_| field.eval_into(0.0, black_box(&y), &mut dy)));
    });
    group.bench_function(format!("dopri5/{evals}_evals"), |b| {
        b.iter(|| dopri5.end(&field, span, y.clone()).expect("a smooth field"));
    });
    group.bench_function("euler/100_evals", |b| {
        b.iter(|| euler.end(&field, span, y.clone()).expect("a smooth field"));
    });
    group.finish();
}

criterion_group!(benches, small, rows);
criterion_main!(benches);
