//! What is known when: paths that may be used while data come in, and paths that may not.

use chreode_core::Tolerance;
use chreode_ode::{Branch, Cde, ControlPath, DataPath, ExplicitRk, Observations, Pi, Solve, Span, TSIT5};

const TIMES: [f64; 5] = [0.0, 1.0, 1.5, 3.0, 4.0];

fn data(last: [f64; 2]) -> Observations {
    let rows = [[0.3, f64::NAN], [1.0, 0.5], [f64::NAN, -0.5], [0.2, 0.1], last];
    let counted = Observations::from_rows(&TIMES, &rows).expect("a table").with_counts();
    counted.fill_start(&[0.0; 4]).expect("a start")
}

/// A field whose two or three columns do not commute.
fn field(_t: f64, z: &[f64; 2], dx: &[f64]) -> [f64; 2] {
    let last = dx[dx.len() - 1];
    [dx[0] * z[1].sin() - last * z[0], dx[0] * 0.5 + dx[1] * z[0].cos() + last * z[1]]
}

fn end(path: &DataPath, t1: f64) -> [f64; 2] {
    let cde = Cde::new(field as fn(f64, &[f64; 2], &[f64]) -> [f64; 2], path.clone());
    let solve = Solve::new(ExplicitRk::new(TSIT5), Pi::new(Tolerance::both(1e-8)));
    cde.end(&solve, Span { t0: path.span().t0, t1 }, [1.0, 0.5]).expect("on the path")
}

#[test]
fn along_a_rectilinear_path_the_future_does_not_change_the_past() {
    let path = |last| DataPath::rectilinear(&data(last)).expect("a path");
    let (one, other) = (path([5.0, f64::NAN]), path([-3.0, 2.0]));
    // Until just before the last observation, to the bit; the time of it is known by then.
    for t in [0.0, 0.7, 1.0, 2.9, 3.0, 3.999] {
        let s = one.parameter(t).unwrap();
        assert_eq!(other.parameter(t), Some(s));
        assert_eq!(end(&one, s), end(&other, s), "{t}");
    }
    assert_eq!(end(&one, 7.0), end(&other, 7.0));
    assert_ne!(end(&one, 8.0), end(&other, 8.0));
    // And a path through fewer observations is the beginning of the longer one.
    let rows: Vec<_> = (0..4).map(|i| data([5.0, 1.0]).row(i).unwrap().to_vec()).collect();
    let short = Observations::from_rows(&TIMES[..4], &rows).unwrap();
    let short = DataPath::rectilinear(&short).unwrap();
    assert_eq!(end(&short, 6.0), end(&one, 6.0));
}

#[test]
fn backward_differences_look_one_observation_ahead_and_no_further() {
    let path = |last| DataPath::hermite(&data(last)).expect("a path");
    let (one, other) = (path([5.0, 1.0]), path([-3.0, 2.0]));
    assert_eq!(end(&one, 3.0), end(&other, 3.0));
    assert_ne!(end(&one, 3.5), end(&other, 3.5));
    // The natural spline looks ahead to the end.
    let spline = |last| DataPath::cubic(&data(last)).expect("a path");
    assert_ne!(end(&spline([5.0, 1.0]), 1.0), end(&spline([-3.0, 2.0]), 1.0));
    // A line to a value that is still missing looks as far as that value; filled forward it does not.
    let gappy = |last: f64| {
        Observations::from_rows(&[0.0, 1.0, 2.0], &[[0.0, 0.0], [f64::NAN, 1.0], [last, 2.0]])
            .expect("a table")
    };
    let linear = |last| end(&DataPath::linear(&gappy(last)).expect("a path"), 1.0);
    assert_ne!(linear(1.0), linear(2.0));
    let filled = |last| {
        let data = gappy(last).forward_filled().expect("begins with values");
        end(&DataPath::hermite(&data).expect("a path"), 1.0)
    };
    assert_eq!(filled(1.0), filled(2.0));
}

#[test]
fn waiting_moves_time_alone() {
    let path = DataPath::rectilinear(&data([1.0, 1.0])).unwrap();
    let mut dx = [0.0; 5];
    for i in 0..4 {
        path.derivative(2.0 * f64::from(i) + 0.5, Branch::Right, &mut dx);
        assert!(dx[0] > 0.0 && dx[1..] == [0.0; 4]);
        path.derivative(2.0 * f64::from(i) + 1.5, Branch::Right, &mut dx);
        assert_eq!(dx[0], 0.0);
    }
}
