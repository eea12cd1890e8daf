//! Problems with many unknowns: dense, banded and sparse Jacobians lead to one answer.

use chreode_core::{FiniteDifference, Tolerance};
use chreode_ode::{
    Dirk, Formula, Forward, KVAERNO5, Known, Last, Pattern, Pi, RODAS5P, Report, Rosenbrock, Scalar, Solve,
    SolveError, Span, StepError, Work,
};
use ndarray::Array1;

/// The Brusselator with diffusion on a line of `cells` cells, u and v of a cell side by side:
/// u′ = 1 + u² v − 4 u + α (uₗ − 2 u + uᵣ), v′ = 3 u − u² v + α (vₗ − 2 v + vᵣ), u = 1 and v = 3 at both ends.
///
/// Hairer & Wanner, Solving ODEs II, IV.10, problem BRUSS.
struct Brusselator {
    cells: usize,
}

impl Formula for Brusselator {
    fn formula<S: Scalar>(&self, _t: S, y: &[S], dy: &mut [S]) {
        let alpha = 0.02 * ((self.cells + 1) as f64).powi(2);
        let at = |cell: Option<usize>, part: usize| {
            let inside = cell.and_then(|cell| y.get(2 * cell + part)).copied();
            inside.unwrap_or(S::from(if part == 0 { 1.0 } else { 3.0 }))
        };
        for cell in 0..self.cells {
            let (left, here, right) = (cell.checked_sub(1), Some(cell), Some(cell + 1));
            let spread = |part| (at(left, part) - at(here, part) * 2.0 + at(right, part)) * alpha;
            let (u, v) = (at(here, 0), at(here, 1));
            let reaction = u * u * v;
            dy[2 * cell] = reaction + 1.0 - u * 4.0 + spread(0);
            dy[2 * cell + 1] = u * 3.0 - reaction + spread(1);
        }
    }
}

impl Brusselator {
    fn start(&self) -> Array1<f64> {
        let x = |i: usize| (i / 2 + 1) as f64 / (self.cells + 1) as f64;
        Array1::from_shape_fn(2 * self.cells, |i| match i % 2 {
            0 => 1.0 + (std::f64::consts::TAU * x(i)).sin(),
            _ => 3.0,
        })
    }

    fn pattern(&self) -> Pattern {
        let n = 2 * self.cells;
        let near = |i: usize| [i.checked_sub(2), Some(i), Some(i ^ 1), Some(i + 2)];
        let places = (0..n).flat_map(|i| near(i).into_iter().flatten().map(move |j| (i, j)));
        Pattern::new(n, places.filter(|(_, j)| *j < n)).expect("inside")
    }
}

const CELLS: usize = 30;
const SPAN: Span = Span { t0: 0.0, t1: 10.0 };

fn outcome(result: Result<Report, SolveError>, last: Last<Array1<f64>>) -> (Array1<f64>, Report) {
    let report = result.expect("a smooth problem");
    (last.0.expect("a solve has an end").1, report)
}

macro_rules! solved {
    ($stepper:expr, $problem:expr) => {{
        let solve = Solve::new($stepper, Pi::new(Tolerance::both(1e-7)));
        let mut last = Last::new();
        let result = solve.run(&$problem, SPAN, Brusselator { cells: CELLS }.start(), &mut last);
        outcome(result, last)
    }};
}

/// Evaluations of f besides those of Jacobians, whose price each is known.
fn evaluations(report: &Report, price: usize) -> usize {
    report.stats.evals - price * report.work.jacobians
}

#[test]
fn structures_agree_and_evaluations_follow_colours() {
    let it = || Brusselator { cells: CELLS };
    let n = 2 * CELLS;
    let dense = solved!(Rosenbrock::new(RODAS5P), Forward(it()).autonomous());
    // A band of 2 + 1 + 2, and the pattern without the corners of the band: 4 entries a row.
    let cases = [
        (solved!(Rosenbrock::new(RODAS5P), Forward(it()).banded(2, 2).autonomous()), 1),
        (solved!(Rosenbrock::new(RODAS5P), Forward(it()).sparse(it().pattern()).autonomous()), 1),
        (solved!(Rosenbrock::new(RODAS5P), FiniteDifference(Forward(it())).autonomous()), n),
        (solved!(Rosenbrock::new(RODAS5P), FiniteDifference(Forward(it())).banded(2, 2).autonomous()), 5),
    ];
    let plain = evaluations(&dense.1, n.div_ceil(8));
    for ((y, report), price) in &cases {
        let off = (y - &dense.0).mapv(f64::abs).fold(0.0, |a: f64, b| a.max(*b));
        assert!(off < 1e-6, "{off:e}");
        let steps = report.stats.accepted as isize - dense.1.stats.accepted as isize;
        assert!(steps.abs() <= 2, "{report:?} and {:?}", dense.1);
        if steps == 0 && report.stats.rejected == dense.1.stats.rejected {
            assert_eq!(evaluations(report, *price), plain, "{report:?}");
        }
    }
    let exact = &cases[0].0.1;
    assert_eq!(exact.stats, cases[1].0.1.stats);
    assert_eq!(exact.work, dense.1.work);
}

#[test]
fn iterated_methods_agree_with_linear_ones() {
    let it = || Brusselator { cells: CELLS };
    let (y, linear) = solved!(Rosenbrock::new(RODAS5P), Forward(it()).banded(2, 2).autonomous());
    let (z, iterated) = solved!(Dirk::new(KVAERNO5), Forward(it()).sparse(it().pattern()));
    let off = (&y - &z).mapv(f64::abs).fold(0.0, |a: f64, b| a.max(*b));
    assert!(off < 1e-5, "{off:e}");
    assert!(iterated.work.jacobians < linear.work.jacobians, "{iterated:?}");
    assert_eq!(linear.work.solves, 8 * linear.work.factorisations);
    assert_ne!(iterated.work, Work::default());
}

#[test]
fn an_entry_outside_the_structure_is_an_error() {
    use chreode_ode::{Matrix, WithJacobian};
    let field = |_t: f64, y: &[f64; 3]| [-y[2], -y[1], -y[0]];
    let jacobian = |_t: f64, _y: &[f64; 3], out: &mut Matrix| {
        out.set(0, 2, -1.0);
        out.set(1, 1, -1.0);
        out.set(2, 0, -1.0);
    };
    let solve = Solve::new(Rosenbrock::new(RODAS5P), Pi::new(Tolerance::both(1e-6)));
    let problem = WithJacobian { field, jacobian }.banded(1, 1);
    let error = solve.end(&problem, Span { t0: 0.0, t1: 1.0 }, [1.0; 3]).unwrap_err();
    assert_eq!(error, SolveError::Step(StepError::OutsideStructure { t: 0.0, row: 0, column: 2 }));
    assert_eq!(
        error.to_string(),
        "the Jacobian at t = 0 has an entry in row 0 and column 2, outside its structure; widen the band or \
         add the place to the pattern"
    );
    let problem = FiniteDifference(field).sparse(Pattern::new(2, [(0, 0)]).unwrap());
    let error = solve.end(&problem, Span { t0: 0.0, t1: 1.0 }, [1.0; 3]).unwrap_err();
    assert_eq!(
        error.to_string(),
        "the Jacobian's pattern has 2 rows where the state has 3 entries; give one row an entry"
    );
}
