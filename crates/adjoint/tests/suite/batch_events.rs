//! Gradients of rows that an event ends: of the state there, and of the time itself.

#![allow(clippy::unwrap_used, reason = "a test may fail where it unwraps")]

use chreode_adjoint::{AdjointError, BatchCotangents, BatchGradient, Discrete, Each, RowPull, RowVjp};
use chreode_core::Tolerance;
use chreode_ode::{
    Batch, BatchSolve, Crossing, DOPRI5, DOPRI8, Fixed, PerRow, Pi, RK4, RowEnd, RowEvent, Rows, Span, TSIT5,
    Tableau,
};
use ndarray::{Array2, array};

/// A stone under gravity: height and speed.
struct Fall(f64);

impl RowVjp<f64> for Fall {
    fn shared(&self) -> usize {
        1
    }
    fn eval(&self, _row: usize, _t: f64, y: &[f64], dy: &mut [f64]) {
        (dy[0], dy[1]) = (y[1], -self.0);
    }
    fn vjp(&self, _row: usize, _t: f64, _y: &[f64], a: &[f64], pull: RowPull<'_, f64>) {
        pull.state[1] += a[0];
        pull.shared[0] -= a[1];
    }
}

fn close(found: f64, want: f64, digits: f64, what: &str) {
    assert!((found - want).abs() <= digits * (1.0 + want.abs()), "{what}: {found} instead of {want}");
}

#[test]
fn a_landing_against_the_closed_form() {
    // From h at rest: t* = t₀ + √(2h/γ), and the speed there is −√(2hγ). Runge-Kutta methods solve it exactly.
    let (gravity, heights) = (9.0, [2.0, 5.0, 50.0]);
    let field = Fall(gravity);
    let y0 = array![[heights[0], 0.0], [heights[1], 0.0], [heights[2], 0.0]];
    let ground = |_: usize, _: f64, y: &[f64]| y[0];
    for adjoint in [Discrete::stored(), Discrete::checkpoints(1)] {
        let solve = BatchSolve::new(DOPRI5, Fixed::steps(7));
        let rows = Rows::new(y0.view(), Span { t0: 0.5, t1: 2.5 })
            .event(RowEvent::stop(&ground).crossing(Crossing::Falling));
        // L = Σ t* + 2 y₂(t*) over the rows that land; the last one is in the air at the end and counts with y₁.
        let loss = |batch: &Batch<f64>, a: &mut BatchCotangents<f64>| {
            assert_eq!(batch.ends[2], RowEnd::Reached);
            a.end[[2, 0]] = 1.0;
            for (i, crossing) in a.events.iter_mut().enumerate().take(2) {
                let crossing = crossing.as_mut().expect("it lands");
                close(crossing.t, 0.5 + (2.0 * heights[i] / gravity).sqrt(), 1e-12, "the time");
                assert_eq!(crossing.event, 0);
                (crossing.by_y[0], crossing.time) = (1.0, 1.0);
                a.end[[i, 1]] = 2.0;
            }
            assert!(a.events[2].is_none());
        };
        let (_, g) = adjoint.batch_gradient(&solve, &Each(&field), rows, loss).unwrap();
        assert!(g.failures.is_empty(), "{:?}", g.failures);
        let mut by_gravity = -0.5 * 2.0 * 2.0;
        for (i, h) in heights.into_iter().enumerate().take(2) {
            let (fall, speed) = ((2.0 * h / gravity).sqrt(), (2.0 * h * gravity).sqrt());
            close(g.y0[[i, 0]], 0.5 * fall / h - speed / h, 1e-11, "by the height");
            // dt*/dv = 1/γ, and the speed at the ground does not change at first order.
            close(g.y0[[i, 1]], 1.0 / gravity, 1e-11, "by the speed");
            by_gravity += -0.5 * fall / gravity - speed / gravity;
            close(g.spans[i][0], 1.0, 1e-8, "by the start");
            assert_eq!(g.spans[i][1], 0.0, "the end of the span was not reached");
        }
        close(g.shared[0], by_gravity, 1e-11, "by gravity");
        close(g.y0[[2, 1]], 2.0, 1e-12, "by the speed of the one in the air");
    }
}

/// x″ + δ x′ + κᵢ sin x = cos 2t, δ shared, κᵢ of the row.
#[derive(Clone)]
struct Swing {
    damping: f64,
    own: Vec<f64>,
}

impl RowVjp<f64> for Swing {
    fn shared(&self) -> usize {
        1
    }
    fn own(&self) -> usize {
        1
    }
    fn eval(&self, row: usize, t: f64, y: &[f64], dy: &mut [f64]) {
        (dy[0], dy[1]) = (y[1], (2.0 * t).cos() - self.damping * y[1] - self.own[row] * y[0].sin());
    }
    fn vjp(&self, row: usize, _t: f64, y: &[f64], a: &[f64], pull: RowPull<'_, f64>) {
        pull.state[0] -= self.own[row] * y[0].cos() * a[1];
        pull.state[1] += a[0] - self.damping * a[1];
        pull.shared[0] -= a[1] * y[1];
        pull.own[0] -= a[1] * y[0].sin();
    }
}

const ROWS: usize = 6;

fn swing() -> (Swing, Array2<f64>) {
    let own = (0..ROWS).map(|i| 0.8 + 0.3 * i as f64).collect();
    (Swing { damping: 0.15, own }, Array2::from_shape_fn((ROWS, 2), |(i, j)| [0.6, 0.1][j] + 0.07 * i as f64))
}

/// g = x + 0.1 t² − 0.2, with its derivatives.
fn line(t: f64, y: &[f64]) -> (f64, f64, [f64; 2]) {
    (y[0] + 0.1 * t * t - 0.2, 0.2 * t, [1.0, 0.0])
}

/// The batch in equal steps, its loss, and its gradient. Row 3 is too short to meet the event.
fn solve(tableau: Tableau, adjoint: Discrete, field: &Swing, y0: &Array2<f64>) -> (f64, BatchGradient<f64>) {
    let when = |_: usize, t: f64, y: &[f64]| line(t, y).0;
    let spans: Vec<_> = (0..ROWS).map(|i| Span { t0: 0.0, t1: if i == 3 { 0.2 } else { 4.0 } }).collect();
    let rows = Rows::new(y0.view(), spans)
        .times(PerRow::Each((0..ROWS).map(|i| if i == 3 { vec![0.1] } else { vec![0.3, 3.9] }).collect()))
        .event(RowEvent::stop(&when));
    let mut value = 0.0;
    let loss = |batch: &Batch<f64>, a: &mut BatchCotangents<f64>| {
        for i in 0..ROWS {
            // L = Σ 0.7 x x′ + ½ t*² + 0.4 x(first save time)
            let (x, v) = (batch.y[[i, 0]], batch.y[[i, 1]]);
            value += 0.7 * x * v + 0.4 * batch.saved(i)[[0, 0]];
            (a.end[[i, 0]], a.end[[i, 1]], a.saved[i][[0, 0]]) = (0.7 * v, 0.7 * x, 0.4);
            let met = matches!(batch.ends[i], RowEnd::Event { .. });
            assert_eq!((met, a.events[i].is_some()), (i != 3, i != 3), "row {i}");
            if let Some(crossing) = &mut a.events[i] {
                assert_eq!(batch.saved(i).nrows(), 1, "the other time is never reached");
                let (_, by_t, by_y) = line(crossing.t, &[x, v]);
                (crossing.by_t, crossing.by_y, crossing.time) = (by_t, by_y.to_vec(), crossing.t);
                value += 0.5 * crossing.t * crossing.t;
                // A state that was not reached says nothing.
                a.saved[i][[1, 0]] = 1e6;
            }
        }
    };
    let solve = BatchSolve::new(tableau, Fixed::steps(25));
    let (_, g) = adjoint.batch_gradient(&solve, &Each(field), rows, loss).unwrap();
    assert!(g.failures.is_empty(), "{:?}", g.failures);
    (value, g)
}

#[test]
fn the_gradient_is_that_of_the_numbers_of_the_solve() {
    let (field, y0) = swing();
    for tableau in [RK4, DOPRI5, TSIT5, DOPRI8] {
        let name = tableau.coefficients().name;
        let value = |field: &Swing, y0: &Array2<f64>| solve(tableau, Discrete::stored(), field, y0).0;
        let g = solve(tableau, Discrete::stored(), &field, &y0).1;
        let few = solve(tableau, Discrete::checkpoints(2), &field, &y0).1;
        let e = 1e-5;
        let moved = |by: f64| (Swing { damping: field.damping + by, ..field.clone() }, y0.clone());
        let slope = |up: (Swing, Array2<f64>), down: (Swing, Array2<f64>)| {
            (value(&up.0, &up.1) - value(&down.0, &down.1)) / (2.0 * e)
        };
        close(g.shared[0], slope(moved(e), moved(-e)), 1e-7, &format!("{name}, damping"));
        for i in 0..ROWS {
            let moved = |by: f64| {
                let mut field = field.clone();
                field.own[i] += by;
                (field, y0.clone())
            };
            close(g.own[[i, 0]], slope(moved(e), moved(-e)), 1e-7, &format!("{name}, own {i}"));
            for j in 0..2 {
                let moved = |by: f64| {
                    let mut y0 = y0.clone();
                    y0[[i, j]] += by;
                    (field.clone(), y0)
                };
                close(g.y0[[i, j]], slope(moved(e), moved(-e)), 1e-7, &format!("{name}, y0 {i} {j}"));
                close(few.y0[[i, j]], g.y0[[i, j]], 1e-12, &format!("{name}, checkpoints"));
            }
        }
    }
}

#[test]
fn what_has_no_derivative_says_so_and_leaves_the_others() {
    let field = Fall(9.0);
    let y0 = array![[2.0, 0.0], [3.0, 0.0]];
    let ground = |_: usize, _: f64, y: &[f64]| y[0];
    let solve = BatchSolve::new(DOPRI5, Pi::new(Tolerance::both(1e-8)));
    let rows = || Rows::new(y0.view(), Span { t0: 0.0, t1: 2.0 }).event(RowEvent::stop(&ground));
    let fill = |_: &Batch<f64>, a: &mut BatchCotangents<f64>| {
        a.end.fill(1.0);
        a.events[1].as_mut().unwrap().by_y[0] = 1.0;
    };
    let (_, g) = Discrete::default().batch_gradient(&solve, &Each(&field), rows(), fill).unwrap();
    let [(0, AdjointError::RowGrazes { t })] = g.failures[..] else { panic!("{:?}", g.failures) };
    close(t, (4.0f64 / 9.0).sqrt(), 1e-8, "the time of the row without derivatives");
    // y₁ is zero at the ground, so that only the speed counts there: dv/dh = −√(γ/(2h)).
    close(g.y0[[1, 0]], -(9.0f64 / 6.0).sqrt(), 1e-7, "by the height of the other");
    assert_eq!(g.y0.row(0).to_vec(), [0.0; 2]);
    let (_, tape) = Discrete::default().solve_batch(&solve, &Each(&field), rows()).unwrap();
    let mut wrong = tape.cotangents();
    wrong.events[0].as_mut().unwrap().by_y.pop();
    let error = Discrete::default().pull_batch(&Each(&field), &tape, &wrong).unwrap_err();
    assert_eq!(error, AdjointError::CotangentSize { index: 0, found: 1, expected: 2 });
    wrong.events[0] = None;
    assert!(Discrete::default().pull_batch(&Each(&field), &tape, &wrong).is_err());
}
