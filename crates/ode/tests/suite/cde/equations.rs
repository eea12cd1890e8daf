//! Solutions, held to closed forms, and to what must not change them.

use chreode_core::{Tolerance, VectorField};
use chreode_ode::{
    Branch, Cde, CdeError, ControlPath, DOPRI5, DataPath, ExplicitRk, Fixed, Last, Observations, Pi, RK4,
    Solve, SolveError, Span, TSIT5,
};

type Matrix = [[f64; 2]; 2];

fn times(a: &Matrix, b: &Matrix) -> Matrix {
    std::array::from_fn(|i| std::array::from_fn(|j| a[i][0] * b[0][j] + a[i][1] * b[1][j]))
}

fn mul(a: &Matrix, z: &[f64; 2]) -> [f64; 2] {
    a.map(|row| row[0] * z[0] + row[1] * z[1])
}

/// exp(A) by its series: 40 terms are exact for the small matrices here.
fn exp(a: &Matrix) -> Matrix {
    let (mut sum, mut term) = ([[1.0, 0.0], [0.0, 1.0]], [[1.0, 0.0], [0.0, 1.0]]);
    for n in 1..40 {
        term = times(&term, a).map(|row| row.map(|x| x / f64::from(n)));
        for i in 0..2 {
            for j in 0..2 {
                sum[i][j] += term[i][j];
            }
        }
    }
    sum
}

const A: Matrix = [[0.1, 1.0], [-1.0, 0.2]];
const B: Matrix = [[0.5, 0.3], [0.0, -0.7]];
const TIMES: [f64; 5] = [0.0, 0.5, 2.0, 3.0, 3.25];
const ROWS: [[f64; 2]; 5] = [[1.0, 0.0], [2.0, -1.0], [0.5, 1.0], [0.5, 2.0], [-1.0, 1.0]];

/// dz = A z dX₀ + B z dX₁; A and B do not commute.
fn linear(_t: f64, z: &[f64; 2], dx: &[f64]) -> [f64; 2] {
    let (a, b) = (mul(&A, z), mul(&B, z));
    [a[0] * dx[0] + b[0] * dx[1], a[1] * dx[0] + b[1] * dx[1]]
}

type Field = fn(f64, &[f64; 2], &[f64]) -> [f64; 2];

const Z0: [f64; 2] = [1.0, -0.5];

fn data() -> Observations {
    Observations::from_rows(&TIMES, &ROWS).expect("a table")
}

/// Along straight lines the solution is a product of exponentials, one a piece.
fn closed(pieces: usize) -> [f64; 2] {
    (0..pieces).fold(Z0, |z, i| {
        let dx: [f64; 2] = std::array::from_fn(|c| ROWS[i + 1][c] - ROWS[i][c]);
        let m = std::array::from_fn(|r| std::array::from_fn(|c| A[r][c] * dx[0] + B[r][c] * dx[1]));
        mul(&exp(&m), &z)
    })
}

fn gap(a: &[f64; 2], b: &[f64; 2]) -> f64 {
    (a[0] - b[0]).abs().max((a[1] - b[1]).abs())
}

fn adaptive(tolerance: f64) -> Solve<ExplicitRk, Pi> {
    Solve::new(ExplicitRk::new(TSIT5), Pi::new(Tolerance::both(tolerance)))
}

#[test]
fn one_channel_is_a_matrix_exponential_of_the_increment() {
    // Whatever the course: only X(t) − X(0) counts, for every kind of path.
    let rows = ROWS.map(|row| [row[0]]);
    let data = Observations::from_rows(&TIMES, &rows).unwrap();
    let field = |_t: f64, z: &[f64; 2], dx: &[f64]| mul(&A, z).map(|x| x * dx[0]);
    for path in [DataPath::linear(&data), DataPath::hermite(&data), DataPath::cubic(&data)] {
        let cde = Cde::new(field, path.unwrap());
        let zs = cde.at(&adaptive(1e-10), Z0, &[0.0, 0.3, 2.0, 2.9, 3.25]).unwrap();
        assert_eq!((zs.len(), zs[0]), (5, Z0));
        for (t, z) in [0.3, 2.0, 2.9, 3.25].iter().zip(&zs[1..]) {
            let mut x = [0.0];
            cde.path.value(*t, &mut x);
            let exact = mul(&exp(&A.map(|row| row.map(|a| a * (x[0] - 1.0)))), &Z0);
            assert!(gap(z, &exact) < 1e-8, "{t}: {z:?}, {exact:?}");
        }
    }
}

#[test]
fn along_lines_the_solution_is_a_product_of_exponentials() {
    let cde = Cde::new(linear as Field, DataPath::linear(&data()).unwrap());
    let zs = cde.at(&adaptive(1e-11), Z0, &TIMES).unwrap();
    for (i, z) in zs.iter().enumerate() {
        assert!(gap(z, &closed(i)) < 1e-9, "{i}");
    }
    let end = cde.end(&adaptive(1e-11), Span { t0: 0.0, t1: 3.25 }, Z0).unwrap();
    assert_eq!(end, zs[4]);
    // And back again.
    let back = cde.at(&adaptive(1e-11), end, &[3.25, 3.0, 1.0, 0.0]).unwrap();
    assert!(gap(&back[1], &closed(3)) < 1e-8 && gap(&back[3], &Z0) < 1e-8);
}

/// Piece by piece a method keeps its order; a plain solve does not, although its steps end at the knots.
#[test]
fn jumps_cost_the_order_unless_each_step_sees_its_own_side() {
    let cde = Cde::new(linear as Field, DataPath::linear(&data()).unwrap());
    let exact = closed(4);
    let span = Span { t0: 0.0, t1: 3.25 };
    let pieces =
        |n| gap(&cde.end(&Solve::new(ExplicitRk::new(RK4), Fixed::steps(n)), span, Z0).unwrap(), &exact);
    let order = (pieces(10) / pieces(20)).log2();
    assert!((order - 4.0).abs() < 0.3, "{order}");
    let plain = |n: usize| {
        gap(&Solve::new(ExplicitRk::new(RK4), Fixed::steps(13 * n)).end(&cde, span, Z0).unwrap(), &exact)
    };
    let order = (plain(20) / plain(40)).log2();
    assert!((order - 1.0).abs() < 0.3, "{order}");
    // Where nothing jumps the plain solve is right as well.
    let smooth = Cde::new(linear as Field, DataPath::hermite(&data()).unwrap());
    let reference = smooth.end(&adaptive(1e-12), span, Z0).unwrap();
    let plain = |n: usize| {
        gap(
            &Solve::new(ExplicitRk::new(RK4), Fixed::steps(13 * n)).end(&smooth, span, Z0).unwrap(),
            &reference,
        )
    };
    let order = (plain(4) / plain(8)).log2();
    assert!((order - 4.0).abs() < 0.3, "{order}");
}

/// One stretch of the path is a field that any stepper can be given by hand.
#[test]
fn a_piece_by_itself_is_a_field() {
    let cde = Cde::new(linear as Field, DataPath::linear(&data()).unwrap());
    let mut last = Last::new();
    let piece = cde.within(Span { t0: 0.5, t1: 2.0 });
    let _ = Solve::new(ExplicitRk::new(DOPRI5), Fixed::steps(40))
        .run(&piece, Span { t0: 0.5, t1: 2.0 }, closed(1), &mut last)
        .unwrap();
    assert!(gap(&last.0.unwrap().1, &closed(2)) < 1e-9);
    // At its right end it has its own derivative where the equation has the next one's.
    let z = [1.0, 2.0];
    assert_ne!(piece.eval(2.0, &z), cde.eval(2.0, &z));
    assert_eq!(piece.eval(1.9, &z), cde.eval(1.9, &z));
    let left = Cde::new(linear as Field, DataPath::linear(&data()).unwrap()).backwards();
    assert_eq!(piece.eval(2.0, &z), left.eval(2.0, &z));
    let mut into = [0.0; 2];
    cde.eval_into(1.3, &z, &mut into);
    assert_eq!(into, cde.eval(1.3, &z));
}

/// X(φ(s)) for a smooth φ.
struct Sped<'a>(&'a DataPath);

impl ControlPath for Sped<'_> {
    fn channels(&self) -> usize {
        self.0.channels()
    }

    fn span(&self) -> Span {
        Span { t0: 0.0, t1: 3.25f64.sqrt() }
    }

    fn value(&self, s: f64, out: &mut [f64]) {
        self.0.value(s * s, out);
    }

    fn derivative(&self, s: f64, _branch: Branch, out: &mut [f64]) {
        // The paths it is used with have no jumps; a branch would have to be moved to their times.
        self.0.derivative(s * s, Branch::Right, out);
        out.iter_mut().for_each(|x| *x *= 2.0 * s);
    }
}

#[test]
fn the_speed_of_the_path_changes_nothing() {
    let field = |_t: f64, z: &[f64; 2], dx: &[f64]| {
        [dx[0] * z[1].sin() - dx[1] * z[0], dx[0] * 0.5 + dx[1] * z[0].cos()]
    };
    // The same values at other times, in lines.
    let at = |t: &[f64; 5]| {
        let path = DataPath::linear(&Observations::from_rows(t, &ROWS).expect("a table")).expect("a path");
        let span = path.span();
        Cde::new(field, path).end(&adaptive(1e-11), span, Z0).expect("on the path")
    };
    let one = at(&TIMES);
    for t in [[0.0, 1.0, 2.0, 3.0, 4.0], [-7.0, -6.9, 0.0, 0.1, 5.0], [0.0, 1e-3, 2e-3, 3e-3, 4e-3]] {
        assert!(gap(&at(&t), &one) < 1e-9);
    }
    // At other times throughout, smoothly.
    let path = DataPath::hermite(&data()).unwrap();
    let sped = Cde::new(field, Sped(&path));
    // The slope bends at the knots, and steps do not end on them: the error is the tolerance some thousand times.
    let fast = sped.end(&adaptive(1e-12), sped.path.span(), Z0).unwrap();
    let moved = path.on(Span { t0: 0.0, t1: 1.0 }).unwrap();
    let cde = Cde::new(field, path.clone());
    let slow = cde.end(&adaptive(1e-12), path.span(), Z0).unwrap();
    assert!(gap(&fast, &slow) < 1e-9, "{fast:?} {slow:?}");
    let cde = Cde::new(field, moved);
    assert!(gap(&cde.end(&adaptive(1e-12), Span { t0: 0.0, t1: 1.0 }, Z0).unwrap(), &slow) < 1e-9);
    // Lent paths are paths.
    let lent = Cde::new(field, &path);
    assert_eq!((lent.path.rows(), lent.path.channels(), lent.path.knots()), (1, 2, path.knots()));
    assert_eq!(lent.end(&adaptive(1e-12), path.span(), Z0).unwrap(), slow);
    // A field that looks at the time sees the speed: the invariance above is no accident.
    let clocked = |t: f64, z: &[f64; 2], dx: &[f64]| [dx[0] * t, z[0] * dx[1]];
    let (cde, sped) = (Cde::new(clocked, path.clone()), Cde::new(clocked, Sped(&path)));
    let (slow, fast) = (
        cde.end(&adaptive(1e-9), path.span(), Z0).unwrap(),
        sped.end(&adaptive(1e-9), sped.path.span(), Z0).unwrap(),
    );
    assert!(gap(&slow, &fast) > 1e-2);
}

/// A control that is a function and not data: X(t) = (t, sin t), three methods long.
struct Sine;

impl ControlPath for Sine {
    fn channels(&self) -> usize {
        2
    }

    fn span(&self) -> Span {
        Span { t0: 0.0, t1: 10.0 }
    }

    fn value(&self, t: f64, out: &mut [f64]) {
        out.copy_from_slice(&[t, t.sin()]);
    }

    fn derivative(&self, t: f64, _branch: Branch, out: &mut [f64]) {
        out.copy_from_slice(&[1.0, t.cos()]);
    }
}

#[test]
fn a_function_is_a_path_too() {
    // dz = z (dX₁ − dX₀): z = exp(sin t − t).
    let cde = Cde::new(|_t: f64, z: &[f64; 1], dx: &[f64]| [z[0] * (dx[1] - dx[0])], Sine);
    let z = cde.end(&adaptive(1e-10), Span { t0: 0.0, t1: 2.0 }, [1.0]).unwrap();
    assert!((z[0] - (2f64.sin() - 2.0).exp()).abs() < 1e-8);
    // As an ordinary vector field, under an ordinary solve, it is the same.
    let plain = adaptive(1e-10).end(&cde, Span { t0: 0.0, t1: 2.0 }, [1.0]).unwrap();
    assert_eq!(plain, z);
}

#[test]
fn many_channels_are_no_different() {
    let n = 100;
    let rows: Vec<Vec<f64>> = (0..2).map(|i| (0..n).map(|c| f64::from(i * (c % 7))).collect()).collect();
    let data = Observations::from_rows(&[0.0, 1.0], &rows).unwrap();
    let cde = Cde::new(
        |_t: f64, _z: &[f64; 1], dx: &[f64]| [dx.iter().sum::<f64>()],
        DataPath::linear(&data).unwrap(),
    );
    let z = cde.end(&adaptive(1e-9), Span { t0: 0.0, t1: 1.0 }, [0.0]).unwrap();
    let exact: f64 = (0..n).map(|c| f64::from(c % 7)).sum();
    assert!((z[0] - exact).abs() < 1e-9);
}

#[test]
fn solves_that_leave_the_path_say_so() {
    let cde = Cde::new(linear as Field, DataPath::linear(&data()).unwrap());
    let solve = adaptive(1e-6);
    let error = cde.end(&solve, Span { t0: 0.0, t1: 4.0 }, Z0).unwrap_err();
    assert_eq!(error, CdeError::OffPath { t0: 0.0, t1: 4.0, start: 0.0, end: 3.25 });
    assert_eq!(
        error.to_string(),
        "cannot solve from t = 0 to t = 4 along a path from 0 to 3.25; stay on the path"
    );
    let at = |times: &[f64]| cde.at(&solve, Z0, times).unwrap_err();
    assert!(matches!(at(&[-1.0, 1.0]), CdeError::OffPath { .. }));
    assert_eq!(at(&[]), SolveError::NoTimes.into());
    assert_eq!(at(&[0.0, 2.0, 1.0]), SolveError::TimesNotSorted { index: 2, time: 2.0, next: 1.0 }.into());
    assert!(at(&[0.0, f64::NAN]).to_string().contains("NaN"));
}

/// A plain solve knows nothing of the path's ends: the field is not a number there, and it stops.
#[test]
fn a_plain_solve_stops_where_the_data_stop() {
    let cde = Cde::new(linear as Field, DataPath::hermite(&data()).unwrap());
    let error = adaptive(1e-6).end(&cde, Span { t0: 0.0, t1: 5.0 }, Z0).unwrap_err();
    let SolveError::NotFinite { t, .. } = error else { panic!("{error}") };
    assert!((t - 3.25).abs() < 1e-6, "{t}");
    let fixed = Solve::new(ExplicitRk::new(RK4), Fixed::steps(50));
    assert!(matches!(fixed.end(&cde, Span { t0: 0.0, t1: 5.0 }, Z0), Err(SolveError::NotFinite { .. })));
}
