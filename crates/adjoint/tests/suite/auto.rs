//! The choice by memory, and whether what it predicts comes true.

use crate::common;

use chreode_adjoint::{Adjoint, AdjointError, Auto, Discrete, gradient};
use chreode_ode::{BOSH3, DOPRI5, ExplicitRk, Pi, Solve, SolveError, VERNER6};
use common::{Counting, DUFFING, adaptive, fixed};

#[test]
fn it_stores_what_fits() {
    let solve = fixed(DOPRI5, 300);
    let plan = |memory: usize| Auto { memory }.plan(&solve, &DUFFING, [0.6, -0.2], &[0.0, 9.0]).unwrap();
    let all = plan(300 * 16);
    assert_eq!((all.states, all.advances), (300, 0));
    assert_eq!(all.tape, 300 * 16 + 300 * 32);
    let less = plan(300 * 16 - 1);
    let stages = plan(8 * 300 * 16);
    assert_eq!((stages.states, stages.advances, all.evals - stages.evals), (2400, 0, 5 * 300));
    // Every second state kept.
    assert_eq!((less.states, less.advances), (299, 150));
    let little = plan(16);
    assert_eq!((little.states, little.advances), (1, 300 * 299 / 2));
    assert!(little.scratch == all.scratch && little.tape < all.tape);
    // The binomial formula: 7 * 300 - 462.
    assert_eq!(
        plan(64).to_string(),
        "discrete, 4 checkpoints for 300 steps, 1638 of them taken again: 9664 bytes and 896 of scratch space, \
         11357 evaluations, 1800 pullbacks"
    );
    assert!(
        all.to_string().starts_with("discrete, 300 states and stages of 300 steps stored: 14400 bytes and"),
        "{all}"
    );
}

#[test]
fn what_it_predicts_comes_true() {
    let field = Counting::new(DUFFING);
    let every = [0.0, 0.3, 0.31, 1.7, 4.0];
    for times in [&every[..], &[0.0, 4.0], &[4.0, 0.5, 0.0]] {
        let w: Vec<_> = times.iter().map(|t| [1.0, 0.2 * t]).collect();
        for tableau in [BOSH3, DOPRI5, VERNER6] {
            let solve = Solve::new(ExplicitRk::new(tableau), Pi::new(adaptive(1e-7).control.tolerance));
            let (_, exact) = gradient(&solve, &field, [0.6, -0.2], times, |_| w.clone()).unwrap();
            for memory in [16, 60, 100, 1 << 20] {
                let auto = Auto { memory };
                let plan = auto.plan(&solve, &field, [0.6, -0.2], times).unwrap();
                let (_, tape) = auto.forward(&solve, &field, [0.6, -0.2], times).unwrap();
                assert_eq!(tape.plan(), &plan);
                field.take();
                let g = auto.backward(&solve, &field, &tape, &w).unwrap();
                let (evals, pulls) = field.take();
                assert_eq!(g, exact);
                assert!(evals <= plan.evals && pulls <= plan.pulls, "{evals}, {pulls}: {plan}");
                assert!(
                    10 * evals + 200 >= 8 * plan.evals && 10 * pulls >= 8 * plan.pulls,
                    "{evals}, {pulls}: {plan}"
                );
            }
        }
    }
}

#[test]
fn bad_input() {
    let solve = fixed(DOPRI5, 3);
    let error = Auto { memory: 15 }.plan(&solve, &DUFFING, [0.6, -0.2], &[0.0, 9.0]).unwrap_err();
    assert_eq!(
        error.to_string(),
        "15 bytes were allowed for states, but one state takes 16; allow that at least"
    );
    let none = Auto { memory: 160 }.plan(&solve, &DUFFING, [0.6, -0.2], &[]).unwrap_err();
    assert_eq!(none, AdjointError::Solve(SolveError::NoTimes));
    let still = Auto { memory: 160 }.plan(&solve, &DUFFING, [0.6, -0.2], &[1.0]).unwrap();
    assert_eq!((still.steps, still.pulls, still.advances), (0, 0, 0));
    assert_eq!(Discrete::default().checkpoints, 256);
}
