//! How easy it stays to extend the solver from outside: each part here is what a user would write.

use chreode_core::{Tolerance, VectorField, VectorSpace};
use chreode_ode::{
    About, Chord, Coefficients, Embedded, End, ExplicitRk, Fixed, Interpolant, Pi, Save, Segment, Solve,
    SolveError, Span, StepError, Stepper, TSIT5, Tableau,
};
use chreode_testing::{HARMONIC_OSCILLATOR, LOTKA_VOLTERRA, measured_order, order_residual, stepper_laws};
use ndarray::{Array1, array};
use std::ops::ControlFlow;

// A new Runge-Kutta pair: Ralston's method (1962) with Euler's as its error estimate.
const RALSTON: Tableau = Tableau::checked(Coefficients {
    name: "ralston",
    order: 2,
    c: &[0.0, 2.0 / 3.0],
    a: &[&[], &[2.0 / 3.0]],
    b: &[0.25, 0.75],
    embedded: Some(Embedded { error: &[-0.75, 0.75], order: 1 }),
    interpolant: Interpolant::Quadratic,
});

// A new stepper: the implicit midpoint rule, its stage found by fixed-point iteration.
#[derive(Clone, Copy)]
struct ImplicitMidpoint;

impl<P: VectorField<Y> + ?Sized, Y: VectorSpace> Stepper<P, Y> for ImplicitMidpoint {
    type Memory = Y;
    type Dense = Chord<Y>;
    fn about(&self) -> About {
        About { name: "implicit_midpoint", order: 2.0, error_power: None }
    }
    fn init(&self, _: &P, _: f64, y: &Y) -> Result<Y, StepError> {
        Ok(y.duplicate())
    }
    fn propose(&self, field: &P, t: f64, h: f64, y: &Y, next: &mut Y) -> Result<usize, StepError> {
        let mut k = field.eval(t, y);
        for iterations in 1..100 {
            let again = field.eval(t + 0.5 * h, &y.plus(&[(0.5 * h, &k)]));
            let change = again.plus(&[(-1.0, &k)]);
            k = again;
            if change.dot(&change) <= 1e-30 * k.dot(&k) {
                *next = y.plus(&[(h, &k)]);
                return Ok(iterations + 1);
            }
        }
        Err(StepError::NotConverged { t, h, iterations: 100, residual: k.dot(&k).sqrt() })
    }
    fn proposed<'m>(&self, next: &'m Y) -> &'m Y {
        next
    }
    fn dense(&self, t: f64, h: f64, y: &Y, next: &Y) -> Chord<Y> {
        Chord { t, h, y0: y.duplicate(), y1: next.duplicate() }
    }
    fn commit(&self, y: &mut Y, next: &mut Y) {
        std::mem::swap(y, next);
    }
}

// A new saver: stops at the first step that ends below a level.
struct Below(f64);

impl<D> Save<[f64; 2], D> for Below {
    fn start(&mut self, _: Span, _: &[f64; 2]) -> Result<(), SolveError> {
        Ok(())
    }
    fn segment(&mut self, segment: &Segment<'_, [f64; 2], D>) -> ControlFlow<()> {
        if segment.y1[0] < self.0 { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    }
}

#[test]
fn a_closure_is_a_field_and_may_borrow() {
    let rates = array![1.0, 2.0];
    let field = |_t: f64, y: &Array1<f64>| &rates * y * -1.0;
    let solve = Solve::new(ExplicitRk::new(TSIT5), Pi::new(Tolerance::both(1e-10)));
    let y = solve.end(&field, Span { t0: 0.0, t1: 1.0 }, array![1.0, 1.0]).unwrap();
    assert!((y[0] - (-1f64).exp()).abs() < 1e-9 && (y[1] - (-2f64).exp()).abs() < 1e-9);
}

#[test]
fn a_new_pair_works_with_every_controller() {
    let it = RALSTON.coefficients();
    assert!(order_residual(it, it.b, 1) < 1e-15 && order_residual(it, it.b, 2) < 1e-15);
    let stepper = ExplicitRk::new(RALSTON);
    stepper_laws(&stepper, &LOTKA_VOLTERRA, 1e-13);
    assert!((measured_order(stepper, &HARMONIC_OSCILLATOR, &[400, 800]).unwrap() - 2.0).abs() < 0.1);
    let problem = HARMONIC_OSCILLATOR;
    let solve = Solve::new(stepper, Pi::new(Tolerance::both(1e-7)));
    let y = solve.end(&problem.field, problem.span, problem.y0).unwrap();
    assert!(problem.deviation(&y) < 1e-4, "{:e}", problem.deviation(&y));
}

#[test]
fn a_new_stepper_works_in_the_loop() {
    stepper_laws(&ImplicitMidpoint, &HARMONIC_OSCILLATOR, 1e-13);
    let order = measured_order(ImplicitMidpoint, &HARMONIC_OSCILLATOR, &[100, 200, 400]).unwrap();
    assert!((order - 2.0).abs() < 0.1, "{order}");
    // The implicit midpoint rule keeps quadratic invariants, here the energy, over any time.
    let solve = Solve::new(ImplicitMidpoint, Fixed::steps(1000));
    let y = solve.end(&HARMONIC_OSCILLATOR.field, Span { t0: 0.0, t1: 100.0 }, [1.0, 0.0]).unwrap();
    assert!((y[0] * y[0] + y[1] * y[1] - 1.0).abs() < 1e-11);
}

#[test]
fn what_a_stepper_cannot_do_is_a_typed_error() {
    let field = &HARMONIC_OSCILLATOR.field;
    let span = Span { t0: 0.0, t1: 10.0 };
    // With h = 5 the fixed-point iteration diverges.
    let error = Solve::new(ImplicitMidpoint, Fixed::new(5.0)).end(field, span, [1.0, 0.0]).unwrap_err();
    assert!(matches!(error, SolveError::Step(StepError::NotConverged { t: 0.0, h: 5.0, .. })), "{error}");
    assert!(error.to_string().ends_with("take smaller steps"), "{error}");
    let adaptive = Solve::new(ImplicitMidpoint, Pi::new(Tolerance::both(1e-6)));
    let error = adaptive.end(field, span, [1.0, 0.0]).unwrap_err();
    assert_eq!(error, SolveError::NoErrorEstimate { method: "implicit_midpoint" });
}

#[test]
fn a_new_saver_can_stop_a_solve() {
    let problem = HARMONIC_OSCILLATOR;
    let solve = Solve::new(ExplicitRk::new(TSIT5), Fixed::new(0.1));
    let report = solve.run(&problem.field, problem.span, problem.y0, &mut Below(0.0)).unwrap();
    // cos t is below zero first at the grid time 1.6, the one after π/2.
    assert_eq!(report.end, End::Stopped { t: 1.6 });
    assert_eq!(report.stats.accepted, 16);
}
