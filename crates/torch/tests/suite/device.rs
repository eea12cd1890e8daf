//! Rows that step by themselves without leaving the device.

use crate::common::{apart, begin, noise};
use chreode_core::Tolerance;
use chreode_ode::{BOSH3, BatchSolve, DOPRI5, DOPRI8, ExplicitRk, Fixed, Pi, RK4, Rows, Solve, Span, TSIT5};
use chreode_torch::{DeviceSolve, TorchError, TorchState, array};
use ndarray::Array2;
use tch::{Device, Kind, Tensor};

/// y′ = (y₁, μ (1 − y₀²) y₁ − y₀), each row with its own stiffness in a third column that stays.
fn van_der_pol(_t: &Tensor, y: &Tensor) -> Tensor {
    let (x, v, mu) = (y.select(1, 0), y.select(1, 1), y.select(1, 2));
    let force = (x.square() * -1.0 + 1.0) * &v * &mu - &x;
    Tensor::stack(&[v, force, mu.zeros_like()], 1)
}

fn starts() -> Tensor {
    let rows: Vec<f64> = (0..6).flat_map(|i| [2.0, -0.5 + 0.1 * i as f64, 0.5 * i as f64]).collect();
    Tensor::from_slice(&rows).view([6, 3])
}

#[test]
fn rows_agree_with_the_solves_of_the_host() {
    begin();
    let times = [0.0, 0.7, 3.0];
    for (tableau, tolerance, digits) in
        [(DOPRI5, 1e-9, 1e-7), (TSIT5, 1e-9, 1e-7), (BOSH3, 1e-7, 1e-4), (DOPRI8, 1e-9, 1e-7)]
    {
        let pi = Pi::new(Tolerance::both(tolerance));
        let batch =
            DeviceSolve::new(tableau, pi).run(van_der_pol, &starts(), &Tensor::from_slice(&times)).unwrap();
        assert!(batch.reached.all().int64_value(&[]) == 1);
        let saved: ndarray::Array3<f64> = array(&batch.saved).unwrap();
        let field = |_row: usize, _t: f64, y: &[f64], dy: &mut [f64]| {
            dy.copy_from_slice(&[y[1], (1.0 - y[0] * y[0]) * y[1] * y[2] - y[0], 0.0]);
        };
        let y0: Array2<f64> = array(&starts()).unwrap();
        let rows = Rows::new(y0.view(), Span { t0: 0.0, t1: 3.0 });
        let host = BatchSolve::new(tableau, pi).each(&field, &rows).unwrap();
        for ((i, j), expected) in host.y.indexed_iter() {
            assert!((saved[[2, i, j]] - expected).abs() < digits, "{i} {j}: {} {expected}", saved[[2, i, j]]);
        }
        // As many steps as a row takes on the host, but for those that its save time costs.
        for (i, stats) in host.stats.iter().enumerate() {
            let taken = batch.accepted.int64_value(&[i as i64]);
            assert!((taken - stats.accepted as i64).abs() <= 4, "{i}: {taken} {stats:?}");
        }
    }
}

#[test]
fn each_row_has_its_own_times_direction_and_steps() {
    begin();
    // y′ = −k y, with times that differ from row to row, one of them backwards.
    let rates = Tensor::from_slice(&[0.1, 1.0, 30.0]);
    let field = |_t: &Tensor, y: &Tensor| -y * rates.unsqueeze(1);
    let times = Tensor::from_slice(&[0.0, 1.0, 4.0, 0.0, -0.5, -1.0, 2.0, 2.5, 2.5]).view([3, 3]);
    let y0 = Tensor::from_slice(&[1.0, 2.0, 3.0]).view([3, 1]);
    let solve = DeviceSolve::new(DOPRI5, Pi::new(Tolerance::both(1e-9)));
    let batch = solve.run(field, &y0, &times).unwrap();
    let elapsed = &times - times.narrow(1, 0, 1);
    let exact = (&y0 * (-rates.unsqueeze(1) * elapsed).exp()).tr();
    assert!(apart(&batch.saved.squeeze_dim(2), &exact) < 1e-7);
    assert_eq!(batch.t, times.select(1, 2));
    let steps: Vec<i64> = Vec::try_from(&batch.accepted).unwrap();
    assert!(steps[2] > 2 * steps[0], "{steps:?}");
}

#[test]
fn a_row_that_fails_touches_no_other() {
    begin();
    // y′ = y² is infinite at t = 1 / y₀; the row in the middle starts from no number.
    let field = |_t: &Tensor, y: &Tensor| y.square();
    let run = |y0: &[f64]| {
        let y0 = Tensor::from_slice(y0).view([-1, 1]);
        let solve = DeviceSolve::new(DOPRI5, Pi::new(Tolerance::both(1e-6)));
        solve.run(field, &y0, &Tensor::from_slice(&[0.0, 0.25, 1.0])).unwrap()
    };
    let (all, alone) = (run(&[0.5, f64::NAN, 2.0]), run(&[0.5]));
    let reached: Vec<bool> = Vec::try_from(&all.reached).unwrap();
    assert_eq!(reached, [true, false, false]);
    assert_eq!(all.saved.narrow(1, 0, 1), alone.saved);
    assert!(all.saved.double_value(&[2, 2, 0]).is_nan());
    assert!((all.saved.double_value(&[1, 2, 0]) - 4.0).abs() < 1e-4);
    assert!((all.t.double_value(&[2]) - 0.5).abs() < 1e-3);
}

/// A field that is no number beyond a wall: no step is taken whose stages were there, with one error estimate or two.
#[test]
fn no_step_is_taken_into_a_wall() {
    begin();
    for tableau in [DOPRI5, DOPRI8] {
        let wall = |_t: &Tensor, y: &Tensor| {
            let beyond = y.greater(1.0);
            y.ones_like().where_self(&beyond.logical_not(), &y.full_like(f64::NAN))
        };
        let y0 = Tensor::from_slice(&[0.0, -5.0]).view([2, 1]);
        let solve = DeviceSolve::new(tableau, Pi::new(Tolerance::both(1e-6)));
        let batch = solve.run(wall, &y0, &Tensor::from_slice(&[0.0, 2.0])).unwrap();
        let reached: Vec<bool> = Vec::try_from(&batch.reached).unwrap();
        assert_eq!(reached, [false, true]);
        // It gives up at the wall, and not behind it.
        let t = batch.t.double_value(&[0]);
        assert!((t - 1.0).abs() < 1e-9, "{t}");
        assert!((batch.saved.double_value(&[1, 1, 0]) + 3.0).abs() < 1e-12);
    }
}

#[test]
fn the_host_asks_rarely() {
    begin();
    let solve = DeviceSolve::new(DOPRI5, Pi::new(Tolerance::both(1e-8)));
    let times = Tensor::from_slice(&[0.0, 3.0]);
    let run = |n| solve.ask_every(n).run(van_der_pol, &starts(), &times).unwrap();
    let (often, rarely) = (run(1), run(16));
    assert_eq!(often.waits, often.trials + 1);
    assert_eq!(rarely.waits, often.trials.div_ceil(16) + 1);
    assert!(rarely.trials < often.trials + 16);
    // Trials after the end change nothing.
    assert_eq!((rarely.saved, rarely.accepted), (often.saved, often.accepted));
    let few = solve.max_trials(3).run(van_der_pol, &starts(), &times).unwrap();
    assert!(few.trials == 3 && few.reached.any().int64_value(&[]) == 0);
}

#[test]
fn single_precision_keeps_its_tolerance() {
    begin();
    let y0 = starts().to_kind(Kind::Float);
    let times = Tensor::from_slice(&[0.0, 3.0]);
    let at = |tolerance, y0: &Tensor| {
        DeviceSolve::new(TSIT5, Pi::new(Tolerance::both(tolerance))).run(van_der_pol, y0, &times).unwrap()
    };
    let (single, double) = (at(1e-5, &y0), at(1e-10, &starts()));
    assert_eq!((single.saved.kind(), single.t.kind()), (Kind::Float, Kind::Double));
    assert!(apart(&single.saved, &double.saved) < 1e-3);
}

#[test]
fn equal_steps_are_those_of_the_host() {
    begin();
    let span = Span { t0: 0.2, t1: 2.0 };
    let y0 = noise(&[4, 2], 1);
    for tableau in [RK4, DOPRI5] {
        let field = |t: &Tensor, y: &Tensor| y.cos() * t.unsqueeze(1);
        let found = DeviceSolve::fixed(tableau, field, &y0, span, 11).unwrap();
        let host = |t: f64, y: &TorchState| TorchState::new(y.tensor().cos() * t);
        let solve = Solve::new(ExplicitRk::new(tableau), Fixed::steps(11));
        let expected = solve.end(&host, span, TorchState::new(y0.shallow_clone())).unwrap();
        assert!(apart(&found, expected.tensor()) < 1e-14);
    }
}

#[test]
fn what_makes_no_sense_is_refused() {
    begin();
    let pi = Pi::new(Tolerance::both(1e-6));
    let times = Tensor::from_slice(&[0.0, 1.0]);
    let error = |solve: DeviceSolve, y0: &Tensor, times: &Tensor| {
        solve.run(van_der_pol, y0, times).unwrap_err().to_string()
    };
    let fine = DeviceSolve::new(DOPRI5, pi);
    assert!(error(DeviceSolve::new(RK4, pi), &starts(), &times).contains("rk4 has no error estimate"));
    let loose = DeviceSolve::new(DOPRI5, Pi::new(Tolerance::both(-1.0)));
    assert!(error(loose, &starts(), &times).contains("cannot be met"));
    assert!(error(fine, &noise(&[3], 0), &times).contains("y0 has shape [3] where [rows, columns]"));
    let wrong = noise(&[2, 2], 0);
    assert!(error(fine, &starts(), &wrong).contains("the tensor of times has shape [2, 2]"));
    let unsorted = Tensor::from_slice(&[0.0, 2.0, 1.0, 3.0]);
    assert!(error(fine, &starts(), &unsorted).contains("time 1 at index 2 follows 2; sort the times"));
    let endless = Tensor::from_slice(&[0.0, f64::INFINITY]);
    assert!(error(fine, &starts(), &endless).contains("cannot solve from t = 0 to t = inf"));
    let whole = Tensor::ones([2, 2], (Kind::Int64, Device::Cpu));
    assert!(error(fine, &whole, &times).contains("y0 is of kind Int64"));
    let panic = fine.run(|_t, y| y.matmul(y), &starts(), &times).unwrap_err();
    assert!(matches!(panic, TorchError::Panic { .. }));
    assert!(error(fine.ask_every(0), &starts(), &times).contains("the number of trials to a question"));
}
