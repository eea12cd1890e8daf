//! After its start a solve with an explicit method asks for no memory, whatever the state is made of.

use chreode_core::{Passenger, Tolerance, VectorField, VectorSpace};
use chreode_ode::{
    Adams, ExplicitRk, Fixed, METHODS, Pi, Save, Segment, Solve, SolveError, Span, StepControl, Stepper,
};
use ndarray::{Array1, Array2};
use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;
use std::ops::ControlFlow;

thread_local! {
    static COUNT: Cell<usize> = const { Cell::new(0) };
}

/// The system's allocator, counting the calling thread's requests.
struct Counting;

// SAFETY: every call is passed on unchanged; the count is a thread-local without a destructor.
#[allow(unsafe_code, reason = "an allocator can only be replaced by unsafe code")]
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        COUNT.set(COUNT.get() + 1);
        // SAFETY: the caller's promise is passed on.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        // SAFETY: the caller's promise is passed on.
        unsafe { System.dealloc(pointer, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

/// dy/dt = −y, in place.
struct Decay;

impl<Y: VectorSpace> VectorField<Y> for Decay {
    fn eval(&self, _t: f64, y: &Y) -> Y {
        y.plus(&[(-2.0, y)])
    }

    fn eval_into(&self, _t: f64, y: &Y, dy: &mut Y) {
        Y::sum_into(&[(-1.0, y)], dy);
    }
}

/// Keeps nothing.
struct Nothing;

impl<Y, D> Save<Y, D> for Nothing {
    fn start(&mut self, _: Span, _: &Y) -> Result<(), SolveError> {
        Ok(())
    }

    fn segment(&mut self, _: &Segment<'_, Y, D>) -> ControlFlow<()> {
        ControlFlow::Continue(())
    }
}

/// Requests of a solve over `[0, t1]`, and its steps.
fn requests<S, C, Y>(solve: &Solve<S, C>, y: &Y, t1: f64) -> (usize, usize)
where
    Y: VectorSpace,
    S: Stepper<Decay, Y>,
    C: StepControl<Norm = Tolerance>,
{
    let y = y.duplicate();
    COUNT.set(0);
    let report = solve.run(&Decay, Span { t0: 0.0, t1 }, y, &mut Nothing).expect("a smooth field");
    (COUNT.get(), report.stats.accepted + report.stats.rejected)
}

/// Longer solves ask for no more.
fn check<S: Stepper<Decay, Y> + Copy, Y: VectorSpace>(stepper: S, y: &Y) {
    let about = stepper.about();
    let fixed = Solve::new(stepper, Fixed::new(0.05));
    let ((few, short), (many, long)) = (requests(&fixed, y, 2.0), requests(&fixed, y, 20.0));
    assert_eq!((short, long), (40, 400));
    assert_eq!(few, many, "{} asks for memory in the loop", about.name);
    if about.error_power.is_some() {
        let adaptive = Solve::new(stepper, Pi::new(Tolerance::both(1e-7)));
        let ((few, short), (many, long)) = (requests(&adaptive, y, 1.0), requests(&adaptive, y, 20.0));
        assert!(long > short + 5);
        assert_eq!(few, many, "{} asks for memory in the adaptive loop", about.name);
    }
}

fn every_method<Y: VectorSpace>(y: &Y) {
    for tableau in METHODS {
        check(ExplicitRk::new(*tableau), y);
    }
    check(Adams::new(), y);
    check(Adams::bashforth(4).expect("an order"), y);
    check(Adams::moulton(4).expect("an order"), y);
}

#[test]
fn longer_solves_ask_for_no_more_memory() {
    every_method(&[1.0, 2.0]);
    every_method(&Array1::<f64>::ones(2));
    every_method(&Array2::<f32>::ones((40, 5)));
    every_method(&vec![1.0f64; 3]);
    every_method(&vec![Array1::<f64>::ones(3), Array1::ones(20)]);
    every_method(&(Array1::<f64>::ones(3), Passenger([1.0])));
}

/// Steps that are interpolated make the stages of the interpolant once.
#[test]
fn interpolated_steps_make_their_stages_once() {
    let y = Array1::<f64>::ones(30);
    for tableau in METHODS {
        let solve = Solve::new(ExplicitRk::new(*tableau), Fixed::new(0.05));
        let born = |n: usize| {
            let times: Vec<f64> = (0..=n).map(|i| 0.07 * i as f64).collect();
            let y = y.clone();
            COUNT.set(0);
            let ys = solve.at(&Decay, y, &times).expect("a smooth field");
            COUNT.get() - ys.len()
        };
        assert_eq!(born(20), born(200), "{}", tableau.coefficients().name);
    }
}
