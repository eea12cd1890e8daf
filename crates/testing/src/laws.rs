//! What every stepper must keep.

use crate::{Field, Problem};
use chreode_ode::{Dense, Stepper};

/// Holds a stepper to its contract on a few steps of a problem, forwards and backwards:
///
/// - a trial that is thrown away, or a step before, changes the next one by no more than `exact`;
/// - committing moves the state to the one proposed;
/// - the interpolant passes through both ends of the step, within `exact`;
/// - `interpolate` and the owned interpolant agree bit by bit.
///
/// # Panics
/// When a law is broken; the message names it.
pub fn stepper_laws<S, const N: usize>(stepper: &S, problem: &Problem<N>, exact: f64)
where
    S: Stepper<Field<N>, [f64; N]>,
{
    let field = &problem.field;
    let near = |a: &[f64; N], b: &[f64; N]| a.iter().zip(b).all(|(a, b)| (a - b).abs() <= exact);
    for h in [0.01 * (problem.span.t1 - problem.span.t0), -0.003] {
        let (mut t, mut y) = (problem.span.t0, problem.y0);
        let mut memory = stepper.init(field, t, &y).expect("the problem can be started");
        for _ in 0..4 {
            let mut fresh = stepper.init(field, t, &y).expect("the problem can be started");
            stepper.propose(field, t, h, &y, &mut fresh).expect("a smooth step");
            stepper.propose(field, t, 3.0 * h, &y, &mut memory).expect("a smooth step");
            stepper.propose(field, t, h, &y, &mut memory).expect("a smooth step");
            let y1 = *stepper.proposed(&memory);
            assert!(near(&y1, stepper.proposed(&fresh)), "a rejected trial left a trace at t = {t}");

            stepper.prepare_dense(field, t, h, &y, &memory);
            assert_eq!(stepper.prepare_dense(field, t, h, &y, &memory), 0, "the second time is free");
            let dense = stepper.dense(t, h, &y, &memory);
            assert!(near(&dense.at(t), &y), "the interpolant misses the start of the step at t = {t}");
            assert!(near(&dense.at(t + h), &y1), "the interpolant misses the end of the step at t = {t}");
            let at = t + 0.3 * h;
            let borrowed = stepper.interpolate(at, t, h, &y, &memory);
            assert_eq!(dense.at(at), borrowed, "the two interpolants differ at t = {at}");

            stepper.commit(&mut y, &mut memory);
            assert_eq!(y, y1, "committing did not move the state to the one proposed");
            t += h;
        }
    }
}

/// Holds a stepper with a history to what it owes: over `steps` steps of uneven sizes, trials that are thrown
/// away between them change nothing, to the last bit; committing moves the state to the one proposed; the
/// interpolant passes through both ends of each step, within `exact`, and its two forms agree.
///
/// For multistep methods, whose steps depend on those before, where [`stepper_laws`] asks that they do not.
///
/// # Panics
/// When a law is broken; the message names it.
pub fn history_laws<S, const N: usize>(stepper: &S, problem: &Problem<N>, steps: usize, exact: f64)
where
    S: Stepper<Field<N>, [f64; N]>,
{
    let field = &problem.field;
    let near = |a: &[f64; N], b: &[f64; N]| a.iter().zip(b).all(|(a, b)| (a - b).abs() <= exact);
    for direction in [1.0, -1.0] {
        let (mut t, mut y, mut calm) = (problem.span.t0, problem.y0, problem.y0);
        let mut memory = stepper.init(field, t, &y).expect("the problem can be started");
        let mut straight = stepper.init(field, t, &y).expect("the problem can be started");
        for i in 0..steps {
            let h = direction * 1e-3 * (problem.span.t1 - problem.span.t0) * (1.0 + 0.4 * (i as f64).sin());
            stepper.propose(field, t, 2.0 * h, &y, &mut memory).expect("a smooth step");
            stepper.propose(field, t, h, &y, &mut memory).expect("a smooth step");
            stepper.propose(field, t, h, &calm, &mut straight).expect("a smooth step");
            let y1 = *stepper.proposed(&memory);
            assert_eq!(&y1, stepper.proposed(&straight), "a rejected trial left a trace at t = {t}");

            stepper.prepare_dense(field, t, h, &y, &memory);
            let dense = stepper.dense(t, h, &y, &memory);
            assert!(near(&dense.at(t), &y), "the interpolant misses the start of the step at t = {t}");
            assert!(near(&dense.at(t + h), &y1), "the interpolant misses the end of the step at t = {t}");
            let at = t + 0.3 * h;
            let borrowed = stepper.interpolate(at, t, h, &y, &memory);
            assert_eq!(dense.at(at), borrowed, "the two interpolants differ at t = {at}");

            stepper.commit(&mut y, &mut memory);
            stepper.commit(&mut calm, &mut straight);
            assert_eq!(y, y1, "committing did not move the state to the one proposed");
            t += h;
        }
    }
}
