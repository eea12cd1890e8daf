//! Values and derivatives of paths.

use chreode_ode::{Branch, ControlPath, DataPath, Observations, Span};

const TIMES: [f64; 5] = [0.0, 0.5, 2.0, 3.0, 3.25];
const ROWS: [[f64; 2]; 5] = [[1.0, 0.0], [2.0, -1.0], [0.5, 3.0], [0.5, 2.0], [-1.0, 5.0]];

fn data() -> Observations {
    Observations::from_rows(&TIMES, &ROWS).expect("a table")
}

fn value(path: &DataPath, t: f64) -> [f64; 2] {
    let mut out = [0.0; 2];
    path.value(t, &mut out);
    out
}

fn slope(path: &DataPath, t: f64, branch: Branch) -> [f64; 2] {
    let mut out = [0.0; 2];
    path.derivative(t, branch, &mut out);
    out
}

fn near(a: [f64; 2], b: [f64; 2], exact: f64) -> bool {
    a.iter().zip(b).all(|(a, b)| (a - b).abs() < exact)
}

fn all() -> [DataPath; 3] {
    let data = data();
    [DataPath::linear(&data), DataPath::hermite(&data), DataPath::cubic(&data)].map(|p| p.expect("a path"))
}

#[test]
fn paths_go_through_the_data_and_are_the_integrals_of_their_derivatives() {
    for path in all() {
        assert_eq!((path.channels(), path.rows(), path.span()), (2, 1, Span { t0: 0.0, t1: 3.25 }));
        assert_eq!(path.knots(), TIMES);
        for (t, row) in TIMES.iter().zip(ROWS) {
            assert!(near(value(&path, *t), row, 1e-14), "{t}");
        }
        // Simpson's rule is exact for the derivative of a cubic, with the one-sided values at the ends.
        for i in 0..4 {
            let (a, b) = (TIMES[i], TIMES[i + 1]);
            let (left, middle, right) = (
                slope(&path, a, Branch::Right),
                slope(&path, 0.5 * (a + b), Branch::Right),
                slope(&path, b, Branch::Left),
            );
            for c in 0..2 {
                let integral = (b - a) / 6.0 * (left[c] + 4.0 * middle[c] + right[c]);
                assert!((integral - (ROWS[i + 1][c] - ROWS[i][c])).abs() < 1e-13);
            }
            // A piece by itself, at both its ends.
            assert_eq!(slope(&path, a, Branch::Within { from: a, to: b }), left);
            assert_eq!(slope(&path, b, Branch::Within { from: a, to: b }), right);
        }
    }
}

#[test]
fn derivatives_jump_or_not_as_they_say() {
    let [linear, hermite, cubic] = all();
    assert_eq!(linear.jumps(), TIMES);
    assert!(hermite.jumps().is_empty() && cubic.jumps().is_empty());
    for t in &TIMES[1..4] {
        assert!(!near(slope(&linear, *t, Branch::Left), slope(&linear, *t, Branch::Right), 0.1));
        for path in [&hermite, &cubic] {
            assert!(near(slope(path, *t, Branch::Left), slope(path, *t, Branch::Right), 1e-13));
        }
    }
    // From the right by the rule, from the left at the last.
    assert_eq!(slope(&linear, 0.5, Branch::Right), [-1.0, 4.0 / 1.5]);
    assert_eq!(slope(&linear, 0.5, Branch::Left), [2.0, -2.0]);
    assert_eq!(slope(&linear, 3.25, Branch::Right), [-6.0, 12.0]);
}

#[test]
fn hermite_slopes_are_backward_differences() {
    let [_, hermite, _] = all();
    for i in 1..4 {
        let backward: [f64; 2] =
            std::array::from_fn(|c| (ROWS[i][c] - ROWS[i - 1][c]) / (TIMES[i] - TIMES[i - 1]));
        assert!(near(slope(&hermite, TIMES[i], Branch::Right), backward, 1e-13));
    }
    // The first piece is a line.
    assert!(near(value(&hermite, 0.25), [1.5, -0.5], 1e-14));
}

#[test]
fn the_spline_is_natural_and_twice_continuous() {
    let [_, _, cubic] = all();
    let second = |t: f64, piece: usize| {
        let e = 1e-4;
        let branch = Branch::Within { from: TIMES[piece], to: TIMES[piece + 1] };
        let (a, b) = (slope(&cubic, t - e, branch), slope(&cubic, t + e, branch));
        [(b[0] - a[0]) / (2.0 * e), (b[1] - a[1]) / (2.0 * e)]
    };
    // The derivative of a piece is a parabola: central differences are exact, and may reach beyond an end
    // that is not the path's.
    for (i, t) in TIMES.iter().enumerate().take(4).skip(1) {
        assert!(near(second(*t, i - 1), second(*t, i), 1e-8), "{i}");
    }
    // At the ends by extrapolation from inside: the second derivative of a cubic is a line.
    for (end, a, b, piece) in [(0.0, 0.1, 0.2, 0), (3.25, 3.2, 3.15, 3)] {
        let (x, y) = (second(a, piece), second(b, piece));
        assert!(near([2.0 * x[0] - y[0], 2.0 * x[1] - y[1]], [0.0, 0.0], 1e-7), "{end}");
    }
    // Two points: a line; and a line is its own spline.
    let line = Observations::from_rows(&[0.0, 1.0, 4.0], &[[1.0, 0.0], [3.0, 1.0], [9.0, 4.0]]).unwrap();
    assert!(near(value(&DataPath::cubic(&line).unwrap(), 2.5), [6.0, 2.5], 1e-14));
}

/// A value left out of one channel: the spline and the lines are those of the values there are.
#[test]
fn missing_values_leave_the_path_of_the_others() {
    let mut rows = ROWS;
    rows[2][1] = f64::NAN;
    let gappy = Observations::from_rows(&TIMES, &rows).unwrap();
    let kept: Vec<_> = (0..5).filter(|i| *i != 2).collect();
    let times: Vec<_> = kept.iter().map(|i| TIMES[*i]).collect();
    let without =
        Observations::from_rows(&times, &kept.iter().map(|i| ROWS[*i]).collect::<Vec<_>>()).unwrap();
    for make in [DataPath::linear, DataPath::cubic] {
        let (full, gappy, without) = (make(&data()).unwrap(), make(&gappy).unwrap(), make(&without).unwrap());
        for j in 0..=65 {
            let t = 0.05 * f64::from(j);
            assert!((value(&gappy, t)[0] - value(&full, t)[0]).abs() < 1e-13);
            assert!((value(&gappy, t)[1] - value(&without, t)[1]).abs() < 1e-13, "{t}");
        }
    }
    // At the ends: constant, and said to jump.
    rows[0][1] = f64::NAN;
    rows[4][1] = f64::NAN;
    let late = Observations::from_rows(&TIMES, &rows).unwrap();
    let cubic = DataPath::cubic(&late).unwrap();
    assert_eq!(cubic.jumps(), TIMES);
    assert_eq!(value(&cubic, 0.2)[1], -1.0);
    assert_eq!((value(&cubic, 3.2)[1], slope(&cubic, 3.2, Branch::Right)[1]), (2.0, 0.0));
}

#[test]
fn off_the_path_there_is_nothing() {
    for path in all() {
        for t in [-0.1, 3.3, f64::NAN] {
            assert!(value(&path, t).iter().chain(&slope(&path, t, Branch::Right)).all(|x| x.is_nan()));
        }
        // But for the rounding of a step's last stage.
        assert!(slope(&path, 3.25f64.next_up(), Branch::Right).iter().all(|x| x.is_finite()));
    }
}

#[test]
fn a_path_moves_to_other_times() {
    for path in all() {
        let moved = path.on(Span { t0: 10.0, t1: 16.5 }).unwrap();
        assert_eq!(moved.span(), Span { t0: 10.0, t1: 16.5 });
        for j in 0..=26 {
            let t = 0.125 * f64::from(j);
            assert!(near(value(&moved, 10.0 + 2.0 * t), value(&path, t), 1e-12), "{t}");
        }
        let (there, here) = (slope(&moved, 12.5, Branch::Right), slope(&path, 1.25, Branch::Right));
        assert!(near([2.0 * there[0], 2.0 * there[1]], here, 1e-12));
        assert_eq!(moved.jumps().len(), path.jumps().len());
    }
}

#[test]
fn rectilinear_paths_move_time_first() {
    let data = Observations::from_rows(&[0.0, 1.0, 3.0], &[[1.0], [f64::NAN], [4.0]]).unwrap();
    let path = DataPath::rectilinear(&data).unwrap();
    assert_eq!((path.channels(), path.span()), (2, Span { t0: 0.0, t1: 4.0 }));
    let corners = [[0.0, 1.0], [1.0, 1.0], [1.0, 1.0], [3.0, 1.0], [3.0, 4.0]];
    for (s, corner) in corners.iter().enumerate() {
        assert_eq!(value(&path, s as f64), *corner);
    }
    assert_eq!(value(&path, 2.5), [2.0, 1.0]);
    assert_eq!(slope(&path, 2.5, Branch::Right), [2.0, 0.0]);
    assert_eq!(slope(&path, 3.5, Branch::Right), [0.0, 3.0]);
    // Times are found where all observed until then has been taken in.
    let found = [-0.1, 0.0, 0.5, 1.0, 2.0, 3.0, 3.1].map(|t| path.parameter(t));
    assert_eq!(path.parameter(f64::NAN), None);
    let moved = path.on(Span { t0: 0.0, t1: 1.0 }).unwrap();
    assert_eq!([0.5, 1.0, 3.0].map(|t| moved.parameter(t)), [Some(0.125), Some(0.5), Some(1.0)]);
    let plain = DataPath::linear(&data).unwrap();
    assert_eq!([-0.1, 0.5, 3.0].map(|t| plain.parameter(t)), [None, Some(0.5), Some(3.0)]);
    assert_eq!(found, [None, Some(0.0), Some(0.5), Some(2.0), Some(2.5), Some(4.0), None]);
}
