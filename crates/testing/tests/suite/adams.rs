//! Adams methods: orders, exactness, history, and reference values.

use chreode_core::Tolerance;
use chreode_ode::{Adams, Fixed, Pi, Solve, Span, Stepper};
use chreode_testing::{
    BRUSSELATOR, FORCED_DECAY, Field, HARMONIC_OSCILLATOR, LOGISTIC, LOTKA_VOLTERRA, Problem, Visit, detest,
    history_laws, measured_order,
};

fn every_method() -> Vec<Adams> {
    let mut methods = vec![Adams::new(), Adams::up_to(4).expect("an order")];
    methods.extend((1..=8).map(|k| Adams::bashforth(k).expect("an order")));
    methods.extend((2..=8).map(|k| Adams::moulton(k).expect("an order")));
    methods
}

#[test]
fn fixed_orders_show_as_slopes() {
    let check = |method: Adams, order: usize, problem: &Problem<2>| {
        // Steps small enough to be stable at every order, large enough not to drown in rounding.
        let steps: &[usize] = match order {
            1 | 2 => &[800, 1600, 3200],
            3 | 4 => &[200, 400, 800],
            5 | 6 => &[100, 150, 200],
            _ => &[160, 200, 240],
        };
        let shown = measured_order(method, problem, steps).expect("a smooth problem");
        let name = Stepper::<Field<2>, [f64; 2]>::about(&method);
        assert_eq!(name.order, order as f64);
        assert!((shown - order as f64).abs() < 0.3, "{name:?} shows {shown} on {}", problem.name);
    };
    for order in 1..=7 {
        check(Adams::bashforth(order).unwrap(), order, &HARMONIC_OSCILLATOR);
    }
    for order in 2..=8 {
        check(Adams::moulton(order).unwrap(), order, &HARMONIC_OSCILLATOR);
    }
    for order in 1..=6 {
        let steps: &[usize] = if order < 3 { &[800, 1600, 3200] } else { &[100, 150, 200] };
        let shown = measured_order(Adams::bashforth(order).unwrap(), &FORCED_DECAY, steps).unwrap();
        assert!((shown - order as f64).abs() < 0.3, "order {order} shows {shown}");
    }
}

/// Order k integrates a slope that is a polynomial of degree k − 1 exactly, whatever the steps, between
/// them too; corrected, one degree more.
#[test]
fn uneven_steps_integrate_polynomials_exactly() {
    const SLOPES: [Field<1>; 8] = [
        |_, _| [1.0],
        |t, _| [2.0 * t],
        |t, _| [3.0 * t.powi(2)],
        |t, _| [4.0 * t.powi(3)],
        |t, _| [5.0 * t.powi(4)],
        |t, _| [6.0 * t.powi(5)],
        |t, _| [7.0 * t.powi(6)],
        |t, _| [8.0 * t.powi(7)],
    ];
    for (method, order) in (1..=8)
        .map(|k| (Adams::bashforth(k).unwrap(), k))
        .chain((2..=8).map(|k| (Adams::moulton(k).unwrap(), k)))
    {
        for degree in 1..=order {
            let field = SLOPES[degree - 1];
            let (mut t, mut y) = (0.0, [0.0]);
            let mut memory = method.init(&field, t, &y).unwrap();
            for i in 0..30 {
                let h = 0.05 * (1.0 + 0.5 * f64::from(i).sin());
                method.propose(&field, t, h, &y, &mut memory).unwrap();
                method.prepare_dense(&field, t, h, &y, &memory);
                let at = t + 0.6 * h;
                let between = Stepper::<Field<1>, _>::interpolate(&method, at, t, h, &y, &memory)[0];
                let exact = at.powi(degree as i32);
                // The interpolant of the starting steps is one of order 7.
                let started = i >= order as i32 || degree < 8;
                assert!(!started || (between - exact).abs() < 1e-11, "{method:?}, degree {degree}, {at}");
                Stepper::<Field<1>, _>::commit(&method, &mut y, &mut memory);
                t += h;
                let exact = t.powi(degree as i32);
                assert!((y[0] - exact).abs() < 1e-11, "{method:?}, degree {degree}: {} at {t}", y[0] - exact);
            }
        }
    }
}

#[test]
fn every_method_keeps_the_laws_of_histories() {
    for method in every_method() {
        history_laws(&method, &LOTKA_VOLTERRA, 40, 1e-13);
        history_laws(&method, &FORCED_DECAY, 40, 1e-13);
    }
}

/// After a restart nothing of the history is left.
#[test]
fn a_restart_is_a_start() {
    let field = &LOTKA_VOLTERRA.field;
    for method in every_method() {
        let (mut t, mut y) = (0.0, [1.0, 1.0]);
        let mut used = method.init(field, t, &y).unwrap();
        for _ in 0..10 {
            method.propose(field, t, 0.01, &y, &mut used).unwrap();
            Stepper::<Field<2>, _>::commit(&method, &mut y, &mut used);
            t += 0.01;
        }
        (t, y) = (3.0, [2.0, 0.5]);
        method.restart(field, t, &y, &mut used).unwrap();
        let mut fresh = method.init(field, t, &y).unwrap();
        let mut other = y;
        for i in 0..15 {
            let h = 0.01 + 0.003 * f64::from(i % 3);
            let evals = method.propose(field, t, h, &y, &mut used).unwrap();
            assert_eq!(evals, method.propose(field, t, h, &other, &mut fresh).unwrap());
            Stepper::<Field<2>, _>::commit(&method, &mut y, &mut used);
            Stepper::<Field<2>, _>::commit(&method, &mut other, &mut fresh);
            assert_eq!(y, other, "{method:?} remembers, step {i}");
            t += h;
        }
    }
}

/// Holds the solves of each problem to a multiple of the tolerance.
struct Trial {
    method: Adams,
    tolerance: f64,
    bound: f64,
    evals: usize,
}

impl Visit for Trial {
    fn visit<const N: usize>(&mut self, problem: &Problem<N>) {
        let mut last = chreode_ode::Last::new();
        let solve = Solve::new(self.method, Pi::new(Tolerance::both(self.tolerance)));
        let report = solve.run(&problem.field, problem.span, problem.y0, &mut last).expect("smooth");
        self.evals += report.stats.evals;
        let (_, y) = last.0.expect("finished");
        let size = problem.end().iter().fold(1.0, |size: f64, y| size.max(y.abs()));
        let error = problem.deviation(&y) / size / self.tolerance;
        assert!(error < self.bound, "{:?} on {}: {error} tolerances", self.method, problem.name);
    }
}

#[test]
fn variable_order_meets_the_references_with_few_evaluations() {
    for (tolerance, bound, most) in [(1e-6, 1e4, 9_500), (1e-10, 3e3, 17_000)] {
        let mut trial = Trial { method: Adams::new(), tolerance, bound, evals: 0 };
        detest(&mut trial);
        assert!(trial.evals < most, "{} evaluations at {tolerance:e}", trial.evals);
    }
    let mut trial = Trial { method: Adams::moulton(5).unwrap(), tolerance: 1e-8, bound: 5e3, evals: 0 };
    detest(&mut trial);
    let mut trial = Trial { method: Adams::bashforth(4).unwrap(), tolerance: 1e-7, bound: 5e3, evals: 0 };
    detest(&mut trial);
}

#[test]
fn dense_output_is_as_accurate_as_the_steps() {
    let (tolerance, problem) = (1e-10, LOGISTIC);
    let solve = Solve::new(Adams::new(), Pi::new(Tolerance::both(tolerance)));
    let times: Vec<f64> = (0..=400).map(|i| 0.05 * f64::from(i)).collect();
    let ys = solve.at(&problem.field, problem.y0, &times).unwrap();
    for (t, y) in times.iter().zip(ys) {
        let exact = 20.0 / (1.0 + 19.0 * (-t / 4.0).exp());
        assert!((y[0] - exact).abs() < 1e-7, "{:e} at {t}", y[0] - exact);
    }
    // And it does not depend on which times are asked for.
    let few = solve.at(&problem.field, problem.y0, &[0.0, 7.77, 20.0]).unwrap();
    let more = solve.at(&problem.field, problem.y0, &[0.0, 3.0, 7.77, 12.0, 20.0]).unwrap();
    assert_eq!((few[1], few[2]), (more[2], more[4]));
}

#[test]
fn backwards_is_the_way_back() {
    let solve = Solve::new(Adams::new(), Pi::new(Tolerance::both(1e-11)));
    let there = solve.end(&BRUSSELATOR.field, Span { t0: 0.0, t1: 3.0 }, [1.5, 3.0]).unwrap();
    let back = solve.end(&BRUSSELATOR.field, Span { t0: 3.0, t1: 0.0 }, there).unwrap();
    assert!((back[0] - 1.5).abs() < 1e-6 && (back[1] - 3.0).abs() < 1e-6, "{back:?}");
}

/// A jump of the field: the history of before is worth nothing, and the solve goes on.
#[test]
fn a_jump_is_passed() {
    let field = |t: f64, _: &[f64; 1]| [if t < 1.0 { t.cos() } else { 50.0 }];
    let solve = Solve::new(Adams::new(), Pi::new(Tolerance::both(1e-9)));
    let y = solve.end(&field, Span { t0: 0.0, t1: 2.0 }, [0.0]).unwrap();
    assert!((y[0] - (1f64.sin() + 50.0)).abs() < 1e-6, "{:e}", y[0] - 1f64.sin() - 50.0);
}

#[test]
fn single_precision_and_lists_are_states() {
    let field = |_t: f64, y: &Vec<f32>| vec![y[1], -y[0]];
    let solve = Solve::new(Adams::new(), Pi::new(Tolerance::both(1e-5)));
    let y = solve.end(&field, Span { t0: 0.0, t1: 5.0 }, vec![1.0, 0.0]).unwrap();
    assert!((y[0] - 5f32.cos()).abs() < 1e-3 && (y[1] + 5f32.sin()).abs() < 1e-3, "{y:?}");
}

#[test]
fn one_evaluation_a_step_or_two() {
    let evals = |method: Adams| {
        let span = Span { t0: 0.0, t1: 1.0 };
        let solve = Solve::new(method, Fixed::steps(100));
        solve.run(&LOTKA_VOLTERRA.field, span, [1.0, 1.0], &mut chreode_ode::Last::new()).unwrap().stats.evals
    };
    assert_eq!(evals(Adams::bashforth(1).unwrap()), 101);
    assert_eq!(evals(Adams::moulton(2).unwrap()), 200);
    // Three starting steps of 12 evaluations, one more for its first slope, and the slopes of the history.
    assert_eq!(evals(Adams::bashforth(4).unwrap()), 3 * 12 + 1 + 4 + 97);
}

#[test]
fn orders_that_are_none_say_which_are() {
    let text = |method: Result<Adams, chreode_ode::SolveError>| method.unwrap_err().to_string();
    assert_eq!(text(Adams::up_to(13)), "order is 13, but must lie between 1 and 12");
    assert_eq!(text(Adams::bashforth(0)), "order is 0, but must lie between 1 and 8");
    assert_eq!(text(Adams::moulton(1)), "order is 1, but must lie between 2 and 8");
    assert_eq!(text(Adams::moulton(0)), "order is 0, but must lie between 2 and 8");
}
