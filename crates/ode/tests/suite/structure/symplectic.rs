//! Orders, energies, symplectic forms, and time turned round.

use super::common::{
    KEPLER, PENDULUM, PERIAPSIS, Plane, apart, kepler_energy, order, pendulum_energy, reference,
};
use chreode_core::{VectorField, VectorSpace};
use chreode_ode::{
    Dense, EULER, Every, ExplicitRk, FOREST_RUTH, Fixed, RK4, Reversible, SPLITTINGS, Save, Segment,
    Separated, Solve, Span, Splitting, Stepper, Symplectic, VERLET,
};
use std::ops::ControlFlow;

/// Steps for the asymptotic range of each splitting, in the order of the list.
const STEPS: [usize; 6] = [3200, 800, 400, 400, 100, 60];

#[test]
fn measured_orders_agree_with_the_claims() {
    // Not over a full period, where errors of first order cancel.
    let part = Span { t0: 0.0, t1: 3.0 };
    let there = reference(&KEPLER, part, PERIAPSIS);
    // Relativistic speed and a force with time of its own: neither half is linear or autonomous.
    let driven = Separated {
        velocity: |t: f64, p: &[f64; 1]| [p[0] / (1.0 + p[0] * p[0]).sqrt() + 0.2 * t.sin()],
        force: |t: f64, q: &[f64; 1]| [-q[0].sin() + 0.3 * (2.0 * t).cos()],
    };
    let (span, start) = (Span { t0: 0.0, t1: 4.0 }, ([0.7], [0.4]));
    let exact = reference(&driven, span, start);
    for (splitting, steps) in SPLITTINGS.iter().zip(STEPS) {
        let method = Symplectic::new(*splitting);
        let claimed = f64::from(splitting.order());
        let found = order(method, &KEPLER, part, PERIAPSIS, 2 * steps, |y: &Plane| {
            apart(&y.0, &there.0).max(apart(&y.1, &there.1))
        });
        assert!((found - claimed).abs() < 0.3, "{} shows order {found} on Kepler", splitting.name());
        let steps = (steps / 5).max(20);
        let found = order(method, &driven, span, start, steps, |y: &([f64; 1], [f64; 1])| {
            apart(&y.0, &exact.0).max(apart(&y.1, &exact.1))
        });
        assert!((found - claimed).abs() < 0.3, "{} shows order {found} when driven", splitting.name());
    }
}

/// The worst energy error of the first and of the last tenth of a solve.
struct Energies<E> {
    energy: E,
    start: f64,
    steps: usize,
    total: usize,
    worst: [f64; 2],
}

impl<Y, D, E: Fn(&Y) -> f64> Save<Y, D> for Energies<E> {
    fn start(&mut self, _span: Span, y0: &Y) -> Result<(), chreode_ode::SolveError> {
        self.start = (self.energy)(y0);
        Ok(())
    }

    fn segment(&mut self, segment: &Segment<'_, Y, D>) -> ControlFlow<()> {
        self.steps += 1;
        let error = ((self.energy)(segment.y1) - self.start).abs();
        if self.steps <= self.total / 10 {
            self.worst[0] = self.worst[0].max(error);
        } else if self.steps > self.total - self.total / 10 {
            self.worst[1] = self.worst[1].max(error);
        }
        ControlFlow::Continue(())
    }
}

fn energies<S, P, Y>(
    stepper: S,
    problem: &P,
    y0: Y,
    h: f64,
    total: usize,
    energy: impl Fn(&Y) -> f64,
) -> [f64; 2]
where
    S: Stepper<P, Y>,
    Y: VectorSpace,
{
    let mut save = Energies { energy, start: 0.0, steps: 0, total, worst: [0.0; 2] };
    let span = Span { t0: 0.0, t1: h * total as f64 };
    let report =
        Solve::new(stepper, Fixed::steps(total)).run(problem, span, y0, &mut save).expect("a smooth problem");
    assert_eq!(report.stats.accepted, total);
    save.worst
}

/// A hundred thousand steps: symplectic methods end no worse than they began, others drift.
#[test]
fn energy_errors_stay_bounded_where_others_drift() {
    let total = 100_000;
    let cases: [(Splitting, f64); 4] =
        [(VERLET, 0.02), (FOREST_RUTH, 0.05), (SPLITTINGS[2], 0.02), (SPLITTINGS[4], 0.1)];
    let mut first_worst = Vec::new();
    for (splitting, h) in cases {
        let [first, last] = energies(Symplectic::new(splitting), &KEPLER, PERIAPSIS, h, total, kepler_energy);
        assert!(last < 1.1 * first, "{}: {first:e} then {last:e}", splitting.name());
        assert!(first < 0.02, "{}: {first:e}", splitting.name());
        first_worst.push(first);
    }
    // At 60 forces a unit of time each, Blanes and Moan's is the more exact of the two of order 4.
    assert!(first_worst[3] < first_worst[1] / 3.0, "{first_worst:?}");
    let rk4 = ExplicitRk::new(RK4);
    let [first, last] = energies(rk4, &KEPLER, PERIAPSIS, 0.05, total, kepler_energy);
    assert!(last > 3.0 * first, "rk4: {first:e} then {last:e}");
    for splitting in SPLITTINGS {
        let method = Symplectic::new(*splitting);
        let [first, last] = energies(method, &PENDULUM, ([2.0], [0.0]), 0.1, total, pendulum_energy);
        assert!(last < 1.1 * first + 1e-9, "{}: {first:e} then {last:e}", splitting.name());
    }
    let [first, last] = energies(rk4, &PENDULUM, ([2.0], [0.0]), 0.1, total, pendulum_energy);
    assert!(last > 5.0 * first, "rk4: {first:e} then {last:e}");
    let [first, last] =
        energies(ExplicitRk::new(EULER), &PENDULUM, ([0.1], [0.0]), 1e-3, total, pendulum_energy);
    assert!(last > 5.0 * first, "euler: {first:e} then {last:e}");
}

/// The largest entry of JᵀΩJ − Ω for one step, J by central differences.
fn defect<S, P>(stepper: &S, problem: &P, h: f64) -> f64
where
    S: Stepper<P, Plane>,
{
    let step = |y: Plane| {
        let mut memory = stepper.init(problem, 0.0, &y).expect("the problem can be started");
        stepper.propose(problem, 0.0, h, &y, &mut memory).expect("a smooth step");
        let (q, p) = stepper.proposed(&memory);
        [q[0], q[1], p[0], p[1]]
    };
    let (epsilon, from) = (1e-5, [0.7, 0.2, -0.3, 1.1]);
    let columns: [[f64; 4]; 4] = std::array::from_fn(|j| {
        let moved = |by: f64| {
            let mut y = from;
            y[j] += by;
            step(([y[0], y[1]], [y[2], y[3]]))
        };
        let (ahead, behind) = (moved(epsilon), moved(-epsilon));
        std::array::from_fn(|i| (ahead[i] - behind[i]) / (2.0 * epsilon))
    });
    let form = |a: &[f64; 4], b: &[f64; 4]| a[0] * b[2] + a[1] * b[3] - a[2] * b[0] - a[3] * b[1];
    let mut worst = 0.0f64;
    for i in 0..4 {
        for j in 0..4 {
            let unit = |k: usize| std::array::from_fn(|l| f64::from(l == k));
            worst = worst.max((form(&columns[i], &columns[j]) - form(&unit(i), &unit(j))).abs());
        }
    }
    worst
}

#[test]
fn a_step_keeps_the_symplectic_form() {
    for splitting in SPLITTINGS {
        let found = defect(&Symplectic::new(*splitting), &KEPLER, 0.1);
        assert!(found < 1e-8, "{}: {found:e}", splitting.name());
    }
    // The same measure finds a method that does not.
    assert!(defect(&ExplicitRk::new(RK4), &KEPLER, 0.1) > 1e-6);
    assert!(defect(&ExplicitRk::new(EULER), &KEPLER, 0.1) > 1e-2);
}

/// Symmetric methods: reverse the momentum, go as far again, and reverse it: the start.
#[test]
fn time_can_be_turned_round() {
    let span = Span { t0: 0.0, t1: 30.0 };
    let back_and_forth = |splitting| {
        let solve = Solve::new(Symplectic::new(splitting), Fixed::steps(1000));
        let (q, p) = solve.end(&KEPLER, span, PERIAPSIS).unwrap();
        let (q, p) = solve.end(&KEPLER, span, (q, [-p[0], -p[1]])).unwrap();
        apart(&q, &PERIAPSIS.0).max(apart(&[-p[0], -p[1]], &PERIAPSIS.1))
    };
    for splitting in SPLITTINGS {
        let gap = back_and_forth(*splitting);
        if splitting.symmetric() {
            assert!(gap < 1e-9, "{}: {gap:e}", splitting.name());
        } else {
            assert!(gap > 1e-6, "{} is not symmetric, and yet {gap:e}", splitting.name());
        }
        // A solve with the span reversed is the same thing for the symmetric ones.
        let solve = Solve::new(Symplectic::new(*splitting), Fixed::steps(1000));
        let there = solve.end(&KEPLER, span, PERIAPSIS).unwrap();
        let back = solve.end(&KEPLER, Span { t0: 30.0, t1: 0.0 }, there).unwrap();
        assert_eq!(apart(&back.0, &PERIAPSIS.0) < 1e-9, splitting.symmetric(), "{}", splitting.name());
    }
}

type Swing = ([f64; 1], [f64; 1]);

/// The distance from the start after `steps` of `h` there and, from nothing but the end, back.
fn there_and_back<S, P>(method: &S, problem: &P, start: Swing, h: f64, steps: i32) -> f64
where
    S: Reversible<P, Swing, Auxiliary = ()>,
{
    let mut y = start;
    let mut memory = method.init(problem, 0.0, &y).expect("the problem can be started");
    for i in 0..steps {
        method.propose(problem, f64::from(i) * h, h, &y, &mut memory).expect("a smooth step");
        method.commit(&mut y, &mut memory);
    }
    assert!(apart(&y.0, &start.0) > 1e-3, "it moved");
    let end = f64::from(steps) * h;
    let mut memory = method.resume(problem, end, &y, &()).expect("the problem can be started");
    for i in (0..steps).rev() {
        method.retrace(problem, f64::from(i) * h, h, &mut y, &mut memory).expect("a smooth step");
    }
    apart(&y.0, &start.0).max(apart(&y.1, &start.1))
}

/// Every splitting, symmetric or not, can be taken back step by step.
#[test]
fn every_splitting_retraces() {
    let driven = Separated {
        velocity: |t: f64, p: &[f64; 1]| [p[0] / (1.0 + p[0] * p[0]).sqrt() + 0.2 * t.sin()],
        force: |t: f64, q: &[f64; 1]| [-q[0].sin() + 0.3 * (2.0 * t).cos()],
    };
    for splitting in SPLITTINGS {
        let gap = there_and_back(&Symplectic::new(*splitting), &driven, ([0.3], [0.1]), 0.01, 10_000);
        assert!(gap < 1e-9, "{}: {gap:e}", splitting.name());
    }
}

/// The laws of steppers, on states that are pairs.
fn laws<S, P>(method: &S, problem: &P)
where
    P: VectorField<Plane>,
    S: Stepper<P, Plane>,
{
    let near = |a: &Plane, b: &Plane| apart(&a.0, &b.0).max(apart(&a.1, &b.1)) < 1e-13;
    for h in [0.03, -0.02] {
        let (mut t, mut y) = (0.0, PERIAPSIS);
        let mut memory = method.init(problem, t, &y).expect("the problem can be started");
        for _ in 0..4 {
            let mut fresh = method.init(problem, t, &y).expect("the problem can be started");
            method.propose(problem, t, h, &y, &mut fresh).expect("a smooth step");
            method.propose(problem, t, 3.0 * h, &y, &mut memory).expect("a smooth step");
            method.propose(problem, t, h, &y, &mut memory).expect("a smooth step");
            let y1 = *method.proposed(&memory);
            assert!(near(&y1, method.proposed(&fresh)), "a rejected trial left a trace");
            let dense = method.dense(t, h, &y, &memory);
            assert!(near(&dense.at(t), &y) && near(&dense.at(t + h), &y1));
            assert_eq!(dense.at(t + 0.3 * h), method.interpolate(t + 0.3 * h, t, h, &y, &memory));
            // The slope at the start is that of the field.
            let slope = problem.eval(t, &y);
            let ahead = dense.at(t + 1e-6 * h);
            assert!((ahead.0[1] - y.0[1] - 1e-6 * h * slope.0[1]).abs() < 1e-11);
            method.commit(&mut y, &mut memory);
            assert_eq!(y, y1);
            t += h;
        }
    }
}

#[test]
fn every_splitting_keeps_the_laws_of_steppers() {
    for splitting in SPLITTINGS {
        laws(&Symplectic::new(*splitting), &KEPLER);
    }
}

/// Saving at every step and resolving between them does not change the steps.
#[test]
fn savers_see_every_step() {
    let mut every = Every::step();
    let span = Span { t0: 0.0, t1: 1.0 };
    let solve = Solve::new(Symplectic::new(VERLET), Fixed::steps(8));
    let _ = solve.run(&PENDULUM, span, ([1.0], [0.0]), &mut every).unwrap();
    assert_eq!(every.ys.len(), 9);
    // Verlet's own recursion: q₊ − 2 q + q₋ = h² f(q).
    for i in 1..8 {
        let q = |j: usize| every.ys[j].0[0];
        let left = q(i + 1) - 2.0 * q(i) + q(i - 1);
        assert!((left + q(i).sin() / 64.0).abs() < 1e-14, "step {i}");
    }
}
