//! After its start a solve with an implicit method asks only for the in-place forms of its state.

use chreode_core::{Coordinates, FiniteDifference, Tolerance, VectorField, VectorSpace};
use chreode_ode::{
    Dirk, Fixed, IMPLICIT_EULER, Imex, Jacobian, KENCARP4, KVAERNO5, Known, Last, Pi, RODAS5P, Rosenbrock,
    Solve, Span, Split, StepControl, Stepper,
};
use ndarray::Array1;
use std::cell::Cell;

thread_local! {
    static BORN: Cell<usize> = const { Cell::new(0) };
}

/// An array that counts how often a new one is made.
struct Counted(Array1<f64>);

impl Counted {
    fn born(array: Array1<f64>) -> Self {
        BORN.set(BORN.get() + 1);
        Self(array)
    }
}

/// The arrays behind the terms.
fn inner<'a>(terms: &[(f64, &'a Counted)]) -> Vec<(f64, &'a Array1<f64>)> {
    terms.iter().map(|(c, x)| (*c, &x.0)).collect()
}

impl VectorSpace for Counted {
    fn plus(&self, terms: &[(f64, &Self)]) -> Self {
        Self::born(self.0.plus(&inner(terms)))
    }
    fn zeros_like(&self) -> Self {
        Self::born(self.0.zeros_like())
    }
    fn dot(&self, other: &Self) -> f64 {
        self.0.dot(&other.0)
    }
    fn scaled_square_sum(&self, a: &Self, b: &Self, tolerance: Tolerance) -> (f64, usize) {
        self.0.scaled_square_sum(&a.0, &b.0, tolerance)
    }
    fn plus_into(&self, terms: &[(f64, &Self)], out: &mut Self) {
        self.0.plus_into(&inner(terms), &mut out.0);
    }
    fn sum_into(terms: &[(f64, &Self)], out: &mut Self) {
        Array1::sum_into(&inner(terms), &mut out.0);
    }
}

impl Coordinates for Counted {
    fn size(&self) -> usize {
        self.0.len()
    }
    fn read(&self, out: &mut [f64]) {
        self.0.read(out);
    }
    fn write(&mut self, values: &[f64]) {
        self.0.write(values);
    }
}

/// dy/dt = -y³ + cos t, in place.
struct Decay;

impl VectorField<Counted> for Decay {
    fn eval(&self, t: f64, y: &Counted) -> Counted {
        Counted::born(y.0.mapv(|y| t.cos() - y * y * y))
    }
    fn eval_into(&self, t: f64, y: &Counted, dy: &mut Counted) {
        dy.0.zip_mut_with(&y.0, |d, y| *d = t.cos() - y * y * y);
    }
}

/// States made by a solve over `[0, t1]`, and its steps.
fn births<P, S: Stepper<P, Counted>, C: StepControl<Norm = Tolerance>>(
    solve: &Solve<S, C>,
    problem: &P,
    t1: f64,
) -> (usize, usize) {
    BORN.set(0);
    let y0 = Counted::born(Array1::linspace(0.5, 1.0, 12));
    let report = solve.run(problem, Span { t0: 0.0, t1 }, y0, &mut Last::new()).expect("a smooth field");
    (BORN.get(), report.stats.accepted + report.stats.rejected)
}

fn check<P, S: Stepper<P, Counted> + Copy>(stepper: S, problem: &P) {
    let name = stepper.about().name;
    let fixed = Solve::new(stepper, Fixed::new(0.05));
    let ((few, short), (many, long)) = (births(&fixed, problem, 0.5), births(&fixed, problem, 20.0));
    assert_eq!((short, long), (10, 400));
    assert_eq!(few, many, "{name} makes states in the loop");
    if stepper.about().error_power.is_some() {
        let adaptive = Solve::new(stepper, Pi::new(Tolerance::both(1e-6)));
        let ((few, short), (many, long)) =
            (births(&adaptive, problem, 0.5), births(&adaptive, problem, 20.0));
        assert!(long > short + 5);
        assert_eq!(few, many, "{name} makes states in the adaptive loop");
    }
}

fn problem() -> impl Jacobian<Counted> {
    FiniteDifference(Decay).banded(0, 0).autonomous()
}

#[test]
fn more_steps_make_no_more_states() {
    check(Rosenbrock::new(RODAS5P), &problem());
    check(Dirk::new(KVAERNO5), &problem());
    check(Dirk::new(IMPLICIT_EULER), &problem());
    check(Imex::new(KENCARP4), &Split { explicit: Decay, implicit: problem() });
}
