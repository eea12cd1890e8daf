//! Gradients of batches: those of each row's own solve, whatever the others do.

#![allow(clippy::unwrap_used, reason = "a test may fail where it unwraps")]

use crate::common;

use chreode_adjoint::{
    Adjoint, AdjointError, Auto, BatchCotangents, BatchGradient, Blocks, Discrete, Each, InLanes, LaneVjp,
    RowPull, RowVjp, Times, Together, advances,
};
use chreode_core::{Network, Pullback, Seed, Tolerance, VectorField, Vjp};
use chreode_nn::{Activation, Mlp, MlpConfig};
use chreode_ode::{
    Batch, BatchSolve, Crossing, DOPRI5, DOPRI8, ExplicitRk, Fixed, Lane, LaneField, NetworkRows, Pi, RK4,
    RowEnd, RowEvent, Rows, Solve, Span, TSIT5, Tableau, Then,
};
use common::Lorenz;
use ndarray::{Array1, Array2};

/// x″ + δ x′ + κᵢ x = γ cos ωt: (δ, γ, ω) are shared, κᵢ is the row's own.
#[derive(Clone)]
struct Driven {
    shared: [f64; 3],
    own: Vec<f64>,
}

impl RowVjp<f64> for Driven {
    fn shared(&self) -> usize {
        3
    }
    fn own(&self) -> usize {
        1
    }
    fn eval(&self, row: usize, t: f64, y: &[f64], dy: &mut [f64]) {
        let [d, g, w] = self.shared;
        (dy[0], dy[1]) = (y[1], g * (w * t).cos() - d * y[1] - self.own[row] * y[0]);
    }
    fn vjp(&self, row: usize, t: f64, y: &[f64], a: &[f64], pull: RowPull<'_, f64>) {
        let [d, g, w] = self.shared;
        pull.state[0] -= self.own[row] * a[1];
        pull.state[1] += a[0] - d * a[1];
        pull.shared[0] -= a[1] * y[1];
        pull.shared[1] += a[1] * (w * t).cos();
        pull.shared[2] -= a[1] * g * t * (w * t).sin();
        pull.own[0] -= a[1] * y[0];
    }
}

/// One row of it by itself: parameters (δ, γ, ω, κ).
struct Alone([f64; 4]);

impl VectorField<[f64; 2]> for Alone {
    fn eval(&self, t: f64, y: &[f64; 2]) -> [f64; 2] {
        let [d, g, w, k] = self.0;
        [y[1], g * (w * t).cos() - d * y[1] - k * y[0]]
    }
}

impl Vjp<[f64; 2]> for Alone {
    type Params = [f64; 4];
    fn vjp(&self, t: f64, y: &[f64; 2], a: &[f64; 2]) -> Pullback<[f64; 2], [f64; 4]> {
        let [d, g, w, k] = self.0;
        Pullback {
            value: self.eval(t, y),
            state: [-k * a[1], a[0] - d * a[1]],
            params: [-y[1], (w * t).cos(), -g * t * (w * t).sin(), -y[0]].map(|p| a[1] * p),
        }
    }
}

const N: usize = 150;

fn driven() -> Driven {
    Driven { shared: [0.2, 0.7, 1.3], own: (0..N).map(|i| 0.5 + 0.02 * i as f64).collect() }
}

/// Spans that differ in both ends, some of them backwards, one of no length.
fn spans() -> Vec<Span> {
    let span = |i: usize| {
        let t0 = 0.01 * i as f64;
        let length = if i == 7 { 0.0 } else { (1.0 + 0.01 * i as f64) * if i % 3 == 2 { -1.0 } else { 1.0 } };
        Span { t0, t1: t0 + length }
    };
    (0..N).map(span).collect()
}

/// At the start, between steps, twice at one time, at the end; not all of them in each row.
fn saves() -> Vec<Vec<f64>> {
    let of = |(i, span): (usize, &Span)| {
        let at = |theta: f64| if theta == 1.0 { span.t1 } else { span.t0 + theta * (span.t1 - span.t0) };
        let thetas: &[f64] = match i % 4 {
            0 => &[],
            1 => &[0.0, 0.31, 0.31, 0.77, 1.0],
            2 => &[0.5],
            _ => &[0.25, 0.75, 1.0, 1.0],
        };
        thetas.iter().map(|theta| at(*theta)).collect()
    };
    spans().iter().enumerate().map(of).collect()
}

fn start() -> Array2<f64> {
    Array2::from_shape_fn((N, 2), |(i, j)| ((3 * i + 7 * j) as f64).sin() + 0.1)
}

/// Cotangents that no state explains.
fn fill(_batch: &Batch<f64>, a: &mut BatchCotangents<f64>) {
    for (i, x) in a.end.iter_mut().chain(a.saved.iter_mut().flatten()).enumerate() {
        *x = 0.3 + (1.7 * i as f64).cos();
    }
}

fn close(a: f64, b: f64, digits: f64, what: &str) {
    assert!((a - b).abs() <= digits * (1.0 + a.abs().max(b.abs())), "{what}: {a} {b}");
}

/// Each row alone, in the same equal steps.
fn row_by_row(tableau: Tableau, steps: usize, adjoint: Discrete) {
    let (field, y0, spans, saves) = (driven(), start(), spans(), saves());
    let rows = Rows::new(y0.view(), spans.clone()).times(chreode_ode::PerRow::Each(saves.clone()));
    let solve = BatchSolve::new(tableau, Fixed::steps(steps));
    let mut cotangents = None;
    let (batch, g) = adjoint
        .batch_gradient(&solve, &Each(&field), rows, |batch, a| {
            fill(batch, a);
            cotangents = Some(a.clone());
        })
        .unwrap();
    let (cotangents, alone) =
        (cotangents.unwrap(), Solve::new(ExplicitRk::new(tableau), Fixed::steps(steps)));
    assert!(g.failures.is_empty());
    let mut shared = [0.0; 3];
    for i in (0..N).filter(|i| *i != 7) {
        let [d, gamma, w] = field.shared;
        let one = Alone([d, gamma, w, field.own[i]]);
        let times: Vec<f64> =
            [spans[i].t0].into_iter().chain(saves[i].iter().copied()).chain([spans[i].t1]).collect();
        let loss = |_: &[[f64; 2]]| {
            let saved = cotangents.saved[i].rows().into_iter().map(|row| [row[0], row[1]]);
            let end = [cotangents.end[[i, 0]], cotangents.end[[i, 1]]];
            [[0.0; 2]].into_iter().chain(saved).chain([end]).collect()
        };
        let (ys, want) = adjoint.gradient(&alone, &one, [y0[[i, 0]], y0[[i, 1]]], &times, loss).unwrap();
        close(ys[times.len() - 1][0], batch.y[[i, 0]], 1e-13, "the last state");
        for j in 0..2 {
            close(want.y0[j], g.y0[[i, j]], 1e-12, "by y0");
        }
        (0..3).for_each(|p| shared[p] += want.params[p]);
        close(want.params[3], g.own[[i, 0]], 1e-12, "by the row's own parameter");
        let m = times.len() - 1;
        close(want.times[0], g.spans[i][0], 1e-8, "by t0");
        close(want.times[m], g.spans[i][1], 1e-8, "by t1");
        for (s, t) in g.times[i].iter().enumerate() {
            close(want.times[s + 1], *t, 1e-8, "by a save time");
        }
    }
    // The row of no length: everything there moves with its state.
    let still: Vec<f64> =
        (0..2).map(|j| cotangents.end[[7, j]] + cotangents.saved[7].column(j).sum()).collect();
    (0..2).for_each(|j| close(g.y0[[7, j]], still[j], 1e-14, "by y0 of the row at rest"));
    (0..3).for_each(|p| close(shared[p], g.shared[p], 1e-11, "by a shared parameter"));
}

#[test]
fn each_row_has_the_gradient_of_its_own_solve() {
    row_by_row(DOPRI5, 9, Discrete::stored());
    row_by_row(DOPRI5, 9, Discrete::checkpoints(2));
    row_by_row(DOPRI8, 3, Discrete::stored());
    row_by_row(RK4, 12, Discrete::checkpoints(5));
}

fn adaptive() -> BatchSolve<'static> {
    BatchSolve::new(TSIT5, Pi::new(Tolerance::both(1e-5)))
}

fn gradient_with(adjoint: Discrete, threads: usize) -> BatchGradient<f64> {
    let (field, y0) = (driven(), start());
    let tolerances: Vec<_> = (0..N).map(|i| Tolerance::both(10f64.powi(-3 - (i % 6) as i32))).collect();
    let rows = Rows::new(y0.view(), spans()).times(chreode_ode::PerRow::Each(saves())).tolerances(tolerances);
    let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
    pool.install(|| adjoint.batch_gradient(&adaptive(), &Each(&field), rows, fill).unwrap().1)
}

#[test]
fn threads_change_no_bit_and_checkpoints_only_the_last_ones() {
    let all = gradient_with(Discrete::stored(), 1);
    for threads in [2, 5] {
        assert!(gradient_with(Discrete::stored(), threads) == all);
    }
    for checkpoints in [1, 2, 3] {
        let few = gradient_with(Discrete::checkpoints(checkpoints), 3);
        let numbers = |g: &BatchGradient<f64>| {
            let times = g.times.iter().flatten().chain(g.spans.iter().flatten());
            g.y0.iter().chain(&g.shared).chain(&g.own).chain(times).copied().collect::<Vec<_>>()
        };
        for (a, b) in numbers(&few).into_iter().zip(numbers(&all)) {
            close(a, b, 1e-8, "with few checkpoints");
        }
        (0..3).for_each(|p| close(few.shared[p], all.shared[p], 1e-12, "the sum with few checkpoints"));
        assert!(few.failures.is_empty());
    }
}

#[test]
fn errors_shrink_with_the_tolerance() {
    // y' = -θ cᵢ y by rows that take steps of their own, against its closed form.
    let error = |tolerance: f64| {
        let field = Driven { shared: [0.3, 0.0, 0.0], own: vec![0.0; 40] };
        let y0 = Array2::from_shape_fn((40, 2), |(i, j)| if j == 0 { 0.0 } else { 1.0 + i as f64 });
        let rows = Rows::new(y0.view(), Span { t0: 0.0, t1: 4.0 });
        let solve = BatchSolve::new(DOPRI5, Pi::new(Tolerance { rtol: tolerance, atol: tolerance * 1e-3 }));
        let loss = |_: &Batch<f64>, a: &mut BatchCotangents<f64>| a.end.column_mut(1).fill(1.0);
        let (_, g) = Discrete::default().batch_gradient(&solve, &Each(&field), rows, loss).unwrap();
        let sum: f64 = y0.column(1).sum();
        let decay = (-0.3f64 * 4.0).exp();
        (g.shared[0] / (-4.0 * decay * sum) - 1.0).abs() + (g.y0[[3, 1]] / decay - 1.0).abs()
    };
    assert!(error(1e-4) < 1e-3 && error(1e-7) < 1e-6 && error(1e-10) < 1e-9);
}

#[test]
fn a_row_that_fails_leaves_the_others_as_they_are() {
    let field = driven();
    let bad = [3usize, 11, 64, 100];
    let mut y0 = start();
    let good: Vec<usize> = (0..N).filter(|i| !bad.contains(i)).collect();
    let gradient = |y0: &Array2<f64>, spoil: bool| {
        let rows = Rows::new(y0.view(), spans()).times(chreode_ode::PerRow::Each(saves()));
        let loss = |batch: &Batch<f64>, a: &mut BatchCotangents<f64>| {
            fill(batch, a);
            for i in bad {
                a.end.row_mut(i).fill(0.0);
                a.saved[i].fill(0.0);
            }
            if spoil {
                // Of a state that cannot be, of one that overflows on the way back, and of one that is not given.
                a.end[[11, 0]] = f64::NAN;
                a.end[[64, 1]] = f64::MAX;
                a.end[[64, 0]] = f64::MAX;
                a.saved[100].fill(0.0);
            }
        };
        Discrete::stored().batch_gradient(&adaptive(), &Each(&field), rows, loss).unwrap()
    };
    let (_, clean) = gradient(&y0, false);
    y0[[3, 1]] = f64::INFINITY;
    let (batch, spoilt) = gradient(&y0, true);
    assert!(matches!(batch.ends[3], RowEnd::Failed(_)));
    let failed: Vec<_> = spoilt.failures.iter().map(|(row, _)| *row).collect();
    assert_eq!(failed, [3, 11, 64]);
    assert!(matches!(spoilt.failures[0].1, AdjointError::Solve(_)));
    assert!(matches!(spoilt.failures[1].1, AdjointError::CotangentNotFinite { index: 11, .. }));
    assert!(matches!(spoilt.failures[2].1, AdjointError::NotFinite { .. }));
    for i in good {
        assert_eq!(spoilt.y0.row(i), clean.y0.row(i));
        assert_eq!((spoilt.own.row(i), spoilt.spans[i]), (clean.own.row(i), clean.spans[i]));
    }
    assert!(spoilt.y0.row(64).iter().all(|x| *x == 0.0));
    // Their parts of the sum were zero before.
    (0..3).for_each(|p| close(spoilt.shared[p], clean.shared[p], 1e-13, "the sum"));
}

#[test]
fn events_and_stops_are_told_apart() {
    let field = driven();
    let y0 = start();
    let when = |row: usize, t: f64, _: &[f64]| if row == 1 || row == 4 { t - 0.3 } else { 1.0 };
    let reset = |_: usize, _: f64, y: &mut [f64]| y[1] = -y[1];
    for then in [Then::Stop, Then::Reset(&reset), Then::Record] {
        let (record, stop) = (matches!(then, Then::Record), matches!(then, Then::Stop));
        let event = RowEvent { when: &when, crossing: Crossing::Either, pieces: 1, then };
        let rows = Rows::new(y0.slice(ndarray::s![..6, ..]), Span { t0: 0.0, t1: 1.0 }).event(event);
        let (_, g) = Discrete::stored().batch_gradient(&adaptive(), &Each(&field), rows, fill).unwrap();
        if record {
            assert!(g.failures.is_empty());
            continue;
        }
        assert_eq!(g.failures.iter().map(|(row, _)| *row).collect::<Vec<_>>(), [1, 4]);
        let text = g.failures[0].1.to_string();
        if stop {
            assert!(
                text.starts_with("the row ended at an event at t = 0.3") && text.contains("`by_y`"),
                "{text}"
            );
        } else {
            assert!(text.starts_with("an event changed the row at t = 0.3"), "{text}");
        }
    }
    let stop = std::sync::atomic::AtomicBool::new(true);
    let rows = Rows::new(y0.slice(ndarray::s![..2, ..]), Span { t0: 0.0, t1: 1.0 });
    let (_, g) =
        Discrete::stored().batch_gradient(&adaptive().stop(&stop), &Each(&field), rows, fill).unwrap();
    assert!(g.failures[1].1.to_string().starts_with("the row was stopped at t = 0"));
    let error = Discrete::checkpoints(0)
        .solve_batch(&adaptive(), &Each(&field), Rows::new(y0.view(), spans()))
        .unwrap_err();
    assert_eq!(error, AdjointError::NoCheckpoints);
    let (_, tape) =
        Discrete::stored().solve_batch(&adaptive(), &Each(&field), Rows::new(y0.view(), spans())).unwrap();
    let mut wrong = tape.cotangents();
    wrong.saved.pop();
    let error = Discrete::stored().pull_batch(&Each(&field), &tape, &wrong).unwrap_err();
    assert_eq!(error, AdjointError::CotangentCount { found: N - 1, expected: N });
}

impl LaneField for Lorenz {
    #[inline(always)]
    fn eval<L: Lane>(&self, _t: L, y: &[L], p: &[L], dy: &mut [L]) {
        dy[0] = (y[1] - y[0]) * p[0];
        dy[1] = y[0] * (p[1] - y[2]) - y[1];
        dy[2] = y[0] * y[1] - y[2] * p[2];
    }
}

impl LaneVjp for Lorenz {
    fn vjp<L: Lane>(&self, _t: L, y: &[L], p: &[L], a: &[L], state: &mut [L], own: &mut [L]) {
        state[0] = a[1] * (p[1] - y[2]) + a[2] * y[1] - a[0] * p[0];
        state[1] = a[0] * p[0] - a[1] + a[2] * y[0];
        state[2] = -(a[1] * y[0]) - a[2] * p[2];
        (own[0], own[1], own[2]) = (a[0] * (y[1] - y[0]), a[1] * y[0], -(a[2] * y[2]));
    }
}

#[test]
fn rows_in_lanes() {
    let y0 = Array2::from_shape_fn((37, 3), |(i, j)| 1.0 + 0.1 * (i * j) as f64);
    let p = Array2::from_shape_fn((37, 3), |(i, j)| [10.0, 28.0, 8.0 / 3.0][j] + 0.01 * i as f64);
    let rows = Rows::new(y0.view(), Span { t0: 0.0, t1: 0.5 }).parameters(p.view());
    let solve = BatchSolve::new(TSIT5, Fixed::steps(60));
    let adjoint = Discrete::checkpoints(20);
    let loss = |batch: &Batch<f64>, a: &mut BatchCotangents<f64>| a.end.assign(&batch.y);
    let field = Lorenz([0.0; 3]);
    let (_, g) = adjoint.batch_gradient(&solve, &InLanes(&field), rows, loss).unwrap();
    let alone = Solve::new(ExplicitRk::new(TSIT5), Fixed::steps(60));
    for i in [0, 5, 36] {
        let one = Lorenz([p[[i, 0]], p[[i, 1]], p[[i, 2]]]);
        let y = [y0[[i, 0]], y0[[i, 1]], y0[[i, 2]]];
        let (_, want) = adjoint.gradient(&alone, &one, y, &[0.0, 0.5], |ys| vec![[0.0; 3], ys[1]]).unwrap();
        for j in 0..3 {
            close(want.y0[j], g.y0[[i, j]], 1e-10, "by y0");
            close(want.params[j], g.own[[i, j]], 1e-10, "by p");
        }
    }
}

#[test]
fn a_network_pulls_all_rows_back_at_once() {
    let config = MlpConfig::new(2).hidden([16, 16]).activation(Activation::Tanh);
    let mut net = Mlp::<f64>::new(config, &mut Seed(3).stream("init", 0)).unwrap();
    let y0 = Array2::from_shape_fn((70, 2), |(i, j)| (1.3 * i as f64 + j as f64).sin());
    let spans: Vec<_> = (0..70).map(|i| Span { t0: 0.0, t1: 0.5 + 0.02 * f64::from(i) }).collect();
    let rows = || Rows::new(y0.view(), spans.clone());
    let solve = BatchSolve::new(DOPRI5, Fixed::steps(8));
    let loss = |batch: &Batch<f64>, a: &mut BatchCotangents<f64>| a.end.assign(&(2.0 * &batch.y));
    let adjoint = Discrete::stored().times(Times::Constant);
    let (_, g) = adjoint.batch_gradient(&solve, &Together(NetworkRows::new(&net)), rows(), loss).unwrap();
    assert!(g.spans.is_empty() && g.times.is_empty());
    // In blocks: the same rows to the bit, sums in another order.
    let blocks = Blocks { new: || NetworkRows::new(&net), rows: 16 };
    let (_, other) = adjoint.batch_gradient(&solve, &blocks, rows(), loss).unwrap();
    assert_eq!(g.y0, other.y0);
    let size = g.shared.dot(&g.shared).sqrt();
    let apart: Array1<f64> = &g.shared - &other.shared;
    assert!(apart.dot(&apart).sqrt() < 1e-13 * size && size > 1.0);
    // Along a direction, by differences.
    let theta = net.parameters();
    let along: Vec<f64> = (0..theta.len()).map(|i| (2.1 * i as f64).cos()).collect();
    let mut value = |e: f64| {
        let moved: Vec<f64> = theta.iter().zip(&along).map(|(p, d)| p + e * d).collect();
        net.write_parameters(&moved);
        let batch = solve.rows(&NetworkRows::new(&net), &rows()).unwrap();
        batch.y.iter().map(|y| y * y).sum::<f64>()
    };
    let slope = (value(1e-5) - value(-1e-5)) / 2e-5;
    let dot: f64 = g.shared.iter().zip(&along).map(|(a, b)| a * b).sum();
    close(slope, dot, 1e-8, "along a direction of the parameters");
}

#[test]
fn a_plan_for_a_batch_is_kept() {
    let (field, y0) = (driven(), start());
    let solve = BatchSolve::new(DOPRI5, Fixed::steps(100));
    let rows = || Rows::new(y0.view(), Span { t0: 0.0, t1: 1.0 });
    // Ten states of two numbers of eight bytes for each of 150 rows.
    let memory = 10 * 16 * N;
    let adjoint = Auto { memory }.for_batch(&rows(), Times::Constant).unwrap();
    let (_, tape) = adjoint.solve_batch(&solve, &Each(&field), rows()).unwrap();
    let plan = tape.plan();
    assert_eq!((plan.steps, tape.steps(5)), (100, 100));
    assert!(plan.states * 16 <= memory && plan.tape <= memory + 16 * 100 * N);
    assert!(plan.advances <= advances(100, 10), "{plan:?}");
    assert_eq!((plan.evals, plan.pulls), (6 * (100 + plan.advances), 600));
    assert!(plan.to_string().contains("checkpoints"), "{plan}");
    let error = Auto { memory: 16 * N - 1 }.for_batch(&rows(), Times::Constant).unwrap_err();
    assert_eq!(error, AdjointError::Memory { memory: 16 * N - 1, state: 16 * N });
}
