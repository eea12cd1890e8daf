//! After its start a solve asks only for the in-place forms: a state that reuses memory is stepped
//! without allocation.

use chreode_core::{Tolerance, VectorField, VectorSpace};
use chreode_ode::{ExplicitRk, Fixed, Last, METHODS, Pi, Solve, Span, StepControl};
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

/// dy/dt = -y, in place.
struct Decay;

impl VectorField<Counted> for Decay {
    fn eval(&self, _t: f64, y: &Counted) -> Counted {
        Counted::born(-&y.0)
    }
    fn eval_into(&self, _t: f64, y: &Counted, dy: &mut Counted) {
        dy.0.zip_mut_with(&y.0, |d, y| *d = -y);
    }
}

/// States made by a solve over `[0, t1]`, and its steps.
fn births<C: StepControl<Norm = Tolerance>>(solve: &Solve<ExplicitRk, C>, t1: f64) -> (usize, usize) {
    BORN.set(0);
    let y0 = Counted::born(Array1::ones(100));
    let report = solve.run(&Decay, Span { t0: 0.0, t1 }, y0, &mut Last::new()).expect("a smooth field");
    (BORN.get(), report.stats.accepted + report.stats.rejected)
}

#[test]
fn more_steps_make_no_more_states() {
    for tableau in METHODS {
        let stepper = ExplicitRk::new(*tableau);
        let fixed = Solve::new(stepper, Fixed::new(0.05));
        let ((few, short), (many, long)) = (births(&fixed, 0.5), births(&fixed, 20.0));
        assert_eq!((short, long), (10, 400));
        assert_eq!(few, many, "{} allocates in the loop", tableau.coefficients().name);
        // One a stage, the next state, scratch space, the initial state, and the saver's copy.
        assert_eq!(many, tableau.stages() + 4);
        if tableau.coefficients().embedded.is_some() {
            let adaptive = Solve::new(stepper, Pi::new(Tolerance::both(1e-6)));
            let ((few, short), (many, long)) = (births(&adaptive, 0.5), births(&adaptive, 20.0));
            assert!(long > short + 5);
            assert_eq!(few, many, "{} allocates in the adaptive loop", tableau.coefficients().name);
        }
    }
}
