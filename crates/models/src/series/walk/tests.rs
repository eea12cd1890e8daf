//! The way back, against finite differences in double precision.

use super::*;
use crate::series::modules::{gru_input, gru_state, perceptron};
use chreode_core::Seed;
use chreode_nn::{Activation, Field};
use rand::RngExt;

const STATE: usize = 5;
const INPUTS: usize = 3;

fn walk() -> Walk<Field<f64>> {
    let rng = &mut Seed(3).stream("walk", 0);
    Walk {
        input: Some(gru_input(INPUTS, STATE, rng).unwrap()),
        flow: Some(perceptron(STATE, &[7], Activation::Tanh, STATE, rng).unwrap()),
        jump: gru_state(STATE, rng).unwrap(),
        state: STATE,
    }
}

/// Three individuals of different lengths, one of them never visited.
fn visits() -> Vec<Vec<Visit>> {
    let rng = &mut Seed(4).stream("visits", 0);
    let mut visit = |at: f64, jump: bool, before: bool, after: bool| {
        let jump = jump.then(|| (0..INPUTS).map(|_| rng.random_range(-1.0..1.0)).collect());
        Visit { at, jump, before, after }
    };
    vec![
        vec![visit(0.9, true, false, true), visit(0.35, true, true, false), visit(0.3, false, true, false)],
        vec![],
        vec![visit(0.5, true, true, true)],
    ]
}

/// A loss: random weights of everything that comes out; and its gradient in the start and the parameters.
fn loss(
    walk: &Walk<Field<f64>>,
    program: &Program<f64>,
    start: &Array2<f64>,
) -> (f64, Array2<f64>, Vec<f64>) {
    let rng = &mut Seed(5).stream("weights", 0);
    let mut tape = Tape::default();
    let mut h = start.clone();
    let reads = walk.forward(program, &mut h, &mut tape);
    let dreads = Array2::from_shape_simple_fn(reads.raw_dim(), || rng.random_range(-1.0..1.0));
    let mut dh = Array2::from_shape_simple_fn(h.raw_dim(), || rng.random_range(-1.0..1.0));
    let value = (&reads * &dreads).sum() + (&h * &dh).sum();
    let counts: Vec<usize> =
        walk.modules().iter().map(|(_, net)| net.layout().iter().map(|v| v.size()).sum()).collect();
    let mut gradient = vec![0.0; counts.iter().sum()];
    let (input, rest) = gradient.split_at_mut(counts[0]);
    let (flow, jump) = rest.split_at_mut(counts[1]);
    let into = WalkGradient { input: Some(input), flow: Some(flow), jump };
    walk.pullback(program, &mut dh, &dreads, &mut tape, into);
    (value, dh, gradient)
}

#[test]
fn the_gradient_is_that_of_central_differences() {
    let way = Way::Flow { longest: 0.1, from: Some(1.0), to: Some(0.0) };
    let program = Program::<f64>::new(&visits(), INPUTS, way);
    let mut walk = walk();
    let mut start = Array2::from_shape_fn((3, STATE), |(i, j)| 0.1 * (i as f64) - 0.05 * (j as f64));
    let (_, by_start, gradient) = loss(&walk, &program, &start);
    let step = 1e-6;
    for (i, j) in [(0, 1), (1, 2), (2, 4)] {
        let kept = start[[i, j]];
        let mut at = |x: f64| {
            start[[i, j]] = x;
            loss(&walk, &program, &start).0
        };
        let difference = (at(kept + step) - at(kept - step)) / (2.0 * step);
        start[[i, j]] = kept;
        assert!((difference - by_start[[i, j]]).abs() < 1e-7, "{difference} {}", by_start[[i, j]]);
    }
    let mut offset = 0;
    for k in 0..3 {
        let count: usize = walk.modules()[k].1.layout().iter().map(|v| v.size()).sum();
        let mut flat = vec![0.0; count];
        walk.modules()[k].1.read_parameters(&mut flat);
        for i in (0..count).step_by(count / 7) {
            let kept = flat[i];
            let mut at = |x: f64| {
                flat[i] = x;
                walk.modules_mut()[k].write_parameters(&flat);
                loss(&walk, &program, &start).0
            };
            let difference = (at(kept + step) - at(kept - step)) / (2.0 * step);
            at(kept);
            let found = gradient[offset + i];
            assert!((difference - found).abs() < 1e-7, "net {k}, entry {i}: {difference} {found}");
        }
        offset += count;
    }
}

#[test]
fn an_individual_walks_alone_as_in_company() {
    let way = Way::Flow { longest: 0.1, from: None, to: Some(0.0) };
    let walk = walk();
    let all = visits();
    let mut together = Array2::zeros((3, STATE));
    walk.forward(&Program::new(&all, INPUTS, way), &mut together, &mut Tape::default());
    for (b, visits) in all.into_iter().enumerate() {
        let mut alone = Array2::zeros((1, STATE));
        walk.forward(&Program::new(&[visits], INPUTS, way), &mut alone, &mut Tape::default());
        assert_eq!(alone.row(0), together.row(b));
    }
}

#[test]
fn states_without_a_way_back_are_the_same() {
    let way = Way::Flow { longest: 0.1, from: Some(1.0), to: Some(0.0) };
    let program = Program::new(&visits(), INPUTS, way);
    let walk = walk();
    let [mut kept, mut free] = [Array2::zeros((3, STATE)), Array2::zeros((3, STATE))];
    let reads = walk.forward(&program, &mut kept, &mut Tape::default());
    assert_eq!((reads, kept), (walk.states(&program, &mut free), free));
}

#[test]
fn ways_of_too_many_steps_are_refused() {
    let one = crate::series::Individual {
        id: "p7".into(),
        times: vec![],
        values: Array2::zeros((0, 1)),
        label: None,
    };
    let said = |at: f64| {
        let way = Way::Flow { longest: 0.02, from: Some(0.0), to: None };
        way.check(&[&one], &[vec![Visit { at, ..Visit::default() }]]).map_err(|error| error.to_string())
    };
    assert_eq!(said(2e4), Ok(()));
    for at in [2.1e4, -2.1e4, f64::INFINITY, f64::NAN] {
        let said = said(at).unwrap_err();
        assert!(
            said.starts_with("the times of individual p7 are ") && said.contains("1e6 are allowed"),
            "{said}"
        );
    }
    assert_eq!(Way::Still.check(&[&one], &[vec![Visit { at: 1e30, ..Visit::default() }]]), Ok(()));
}

#[test]
fn gaps_are_taken_in_equal_steps_no_longer_than_asked() {
    let visits = vec![vec![Visit { at: 0.25, ..Visit::default() }, Visit { at: 0.95, ..Visit::default() }]];
    let way = Way::Flow { longest: 0.2, from: Some(0.0), to: Some(1.0) };
    let program = Program::<f64>::new(&visits, INPUTS, way);
    let of = |op: &Op| if let Op::Flow { dt, times, .. } = op { vec![dt[0]; *times] } else { vec![] };
    let steps: Vec<f64> = program.ops.iter().flat_map(of).collect();
    assert_eq!(steps.len(), 2 + 4 + 1);
    assert!(
        (steps.iter().sum::<f64>() - 1.0).abs() < 1e-12 && steps.iter().all(|dt| *dt <= 0.2 + 1e-9),
        "{steps:?}"
    );
}
