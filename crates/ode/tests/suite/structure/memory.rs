//! After its start no method makes a state: the number made does not depend on the number of steps.

use chreode_core::{Tolerance, VectorField, VectorSpace};
use chreode_ode::{
    AsynchronousLeapfrog, DOPRI5, Fixed, LeapfrogMidpoint, Pi, Reversible, ReversibleHeun, ReversibleRk,
    SPLITTINGS, SecondOrder, Solve, Span, Stepper, Symplectic,
};
use std::cell::Cell;

thread_local! {
    static BORN: Cell<usize> = const { Cell::new(0) };
}

/// A number that counts how often a new one is made.
struct Counted([f64; 1]);

impl Counted {
    fn born(value: [f64; 1]) -> Self {
        BORN.set(BORN.get() + 1);
        Self(value)
    }

    fn sum(&self, terms: &[(f64, &Self)]) -> [f64; 1] {
        [terms.iter().fold(self.0[0], |sum, (c, x)| sum + c * x.0[0])]
    }
}

impl VectorSpace for Counted {
    fn plus(&self, terms: &[(f64, &Self)]) -> Self {
        Self::born(self.sum(terms))
    }
    fn zeros_like(&self) -> Self {
        Self::born([0.0])
    }
    fn dot(&self, other: &Self) -> f64 {
        self.0.dot(&other.0)
    }
    fn scaled_square_sum(&self, a: &Self, b: &Self, tolerance: Tolerance) -> (f64, usize) {
        self.0.scaled_square_sum(&a.0, &b.0, tolerance)
    }
    fn plus_into(&self, terms: &[(f64, &Self)], out: &mut Self) {
        out.0 = self.sum(terms);
    }
    fn sum_into(terms: &[(f64, &Self)], out: &mut Self) {
        out.0 = [terms.iter().fold(0.0, |sum, (c, x)| sum + c * x.0[0])];
    }
}

/// dy/dt = −y, in place.
struct Decay;

impl VectorField<Counted> for Decay {
    fn eval(&self, _t: f64, y: &Counted) -> Counted {
        Counted::born([-y.0[0]])
    }
    fn eval_into(&self, _t: f64, y: &Counted, dy: &mut Counted) {
        dy.0 = [-y.0[0]];
    }
}

/// States made in `n` steps there and back by hand.
fn made<S: Reversible<P, Y>, P, Y>(method: &S, problem: &P, mut y: Y, n: i32) -> usize {
    BORN.set(0);
    let mut memory = method.init(problem, 0.0, &y).expect("the problem can be started");
    for i in 0..n {
        method.propose(problem, 0.01 * f64::from(i), 0.01, &y, &mut memory).expect("a smooth step");
        method.commit(&mut y, &mut memory);
    }
    for i in (0..n).rev() {
        method.retrace(problem, 0.01 * f64::from(i), 0.01, &mut y, &mut memory).expect("a smooth step");
    }
    BORN.get()
}

#[test]
fn steps_there_and_back_make_no_state() {
    fn check<S: Reversible<Decay, Counted>>(method: &S) {
        let few = made(method, &Decay, Counted([1.0]), 2);
        let many = made(method, &Decay, Counted([1.0]), 50);
        assert_eq!(few, many, "{}", method.about().name);
    }
    check(&ReversibleRk::new(DOPRI5));
    check(&ReversibleHeun);
    check(&AsynchronousLeapfrog::new());
    check(&LeapfrogMidpoint);
    for splitting in SPLITTINGS {
        let method = Symplectic::new(*splitting);
        let start = || (Counted([1.0]), Counted([0.0]));
        let few = made(&method, &SecondOrder(Decay), start(), 2);
        assert_eq!(few, made(&method, &SecondOrder(Decay), start(), 50), "{}", splitting.name());
    }
}

#[test]
fn solves_make_no_state_a_step() {
    fn fixed<S: Stepper<Decay, Counted> + Copy>(method: S) {
        let made = |n| {
            BORN.set(0);
            let solve = Solve::new(method, Fixed::steps(n));
            let _ = solve.end(&Decay, Span { t0: 0.0, t1: 1.0 }, Counted([1.0])).expect("a smooth problem");
            BORN.get()
        };
        assert_eq!(made(3), made(300), "{}", method.about().name);
    }
    fn adaptive<S: Stepper<Decay, Counted> + Copy>(method: S) {
        let made = |tolerance| {
            BORN.set(0);
            let solve = Solve::new(method, Pi::new(Tolerance::both(tolerance)));
            let _ = solve.end(&Decay, Span { t0: 0.0, t1: 1.0 }, Counted([1.0])).expect("a smooth problem");
            BORN.get()
        };
        assert_eq!(made(1e-3), made(1e-6), "{}", method.about().name);
    }
    fixed(ReversibleRk::new(DOPRI5));
    fixed(ReversibleHeun);
    fixed(AsynchronousLeapfrog::new());
    fixed(LeapfrogMidpoint);
    adaptive(ReversibleRk::new(DOPRI5));
    adaptive(ReversibleHeun);
    adaptive(AsynchronousLeapfrog::new());
}
