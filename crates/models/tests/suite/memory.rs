//! What a run takes in memory, as it is said beforehand.

use crate::common::{gaussian, run, series, small};
use chreode_core::Seed;
use chreode_models::{
    BatchSource, Card, CnfConfig, Course, Dataset, Exact, FlowConfig, FlowMatcher, Frame, Needs, Pool,
    Sampling, Straight,
};
use std::collections::BTreeMap;
use std::ops::ControlFlow;

#[test]
fn the_memory_of_a_run_is_what_its_arrays_take() {
    let data =
        series(vec![gaussian(40, &[0.0; 3], 1), gaussian(60, &[0.0; 3], 2), gaussian(50, &[0.0; 3], 3)]);
    let config = FlowConfig { fit: small(5, 16), ..FlowConfig::default() };
    let mut run = run(&data, data.features(), config);
    let pool = Pool { workers: 2, depth: 4 };
    let plan = run.memory(pool).expect("batches and losses");
    assert_eq!(plan.data, 2 * 4 * 3 * 150, "points as read and as the network sees them");
    run.train(Pool::with_threads(1), |_| ControlFlow::Continue(())).expect("trains");
    let kept = run.checkpoint(BTreeMap::new());
    let moments = kept.first_moment.len() + kept.second_moment.len();
    // In the checkpoint: the average and the parameters. Beside: the network's own and the gradient.
    let numbers = kept.model.len() + 2 * kept.parameters.len() + moments + kept.parameters.len();
    assert_eq!(plan.state, 4 * numbers);
    let pairing = Exact::new(Sampling::Permutation);
    let batch = FlowMatcher::new(&data, pairing, Straight { sigma: 0.1 }, 16, Seed(1)).expect("valid");
    let batch = batch.batch(0).expect("a plan");
    assert_eq!(plan.batches, 4 * 5 * (batch.t.len() + batch.x.len() + batch.u.len()));
    assert_eq!(plan.plans, 8 * 16 * 16 * 3);
    assert_eq!(plan.total(), plan.data + plan.state + plan.batches + plan.activations + plan.plans);
    assert_eq!(plan.solves, 0, "a regression solves nothing");
}

#[test]
fn the_states_of_a_solve_are_counted() {
    let data = series(vec![gaussian(40, &[0.0; 3], 1), gaussian(60, &[0.0; 3], 2)]);
    let solves = |steps: usize, probes: usize| {
        let config = CnfConfig { steps, probes, matching: 2, fit: small(5, 16), ..CnfConfig::default() };
        run(&data, data.features(), config).memory(Pool::with_threads(1)).expect("solves").solves
    };
    // Rows of both snapshots, from one unit before the first to the second: 2 · steps of RK4, whose states and four stages are
    // rows of three coordinates and four integrals.
    let (rows, steps) = (2 * 16, 2 * 3);
    let states = 5 * steps * 4 * rows * (3 + 4);
    // Of each stage the velocity, its derivative along every direction, and the values of the network's layers.
    let passes = |directions: usize| 4 * steps * 4 * rows * 3 * (1 + directions);
    let (exact, probed) = (solves(3, 0), solves(3, 1));
    assert_eq!(exact - probed, passes(3) - passes(1));
    let layers = 4 * steps * 4 * rows * 2 * 32;
    let least = states + passes(3) + layers;
    assert!((least..3 * least).contains(&exact), "{exact}, where {least} is the least");
    assert!(solves(6, 0) > 2 * exact - 1000, "twice the steps");
}

#[test]
fn every_model_that_solves_equations_says_what_that_keeps() {
    let data = series(vec![gaussian(40, &[0.0; 3], 1), gaussian(60, &[0.0; 3], 2)]);
    let course = Course::Damped { points: 12 }.sample(20, 0.05, Seed(1)).expect("a course");
    let solving = [
        "cnf",
        "ffjord",
        "rnode",
        "ot-flow",
        "vgfm",
        "tigon",
        "trajectorynet",
        "mioflow",
        "neural-ode",
        "augmented-neural-ode",
        "second-order-neural-ode",
        "latent-ode",
        "latent-ode-poisson",
        "latent-ode-rnn",
        "rnn-vae",
        "ode-rnn",
        "rnn-gaps",
        "gru-ode-bayes",
        "neural-cde",
    ];
    for card in Card::all().iter().filter(|card| card.needs != Needs::Conditions) {
        let mut config = (card.config)();
        (config.fit_mut().batch, config.fit_mut().hidden) = (16, vec![8, 8]);
        let (data, frame) = match card.needs {
            Needs::Series => (Dataset::Series(course.clone()), course.standardising().expect("not flat")),
            _ => (Dataset::Populations(data.clone()), Frame::identity(data.features().to_vec())),
        };
        let memory = config.start(&data, frame).expect(card.name).memory(Pool::with_threads(1));
        assert_eq!(memory.expect(card.name).solves > 0, solving.contains(&card.name), "{}", card.name);
    }
}
