//! Fates: absorption of Brownian motion, ensembles, intervals, refusals.

use crate::common::{gaussian, series, small, trained};
use chreode_core::{Seed, Snapshot};
use chreode_models::{
    Bifurcation, Branch, Data, Dynamics, Ending, Fates, FlowConfig, Frame, Futures, Growth, ModelError,
    Sampler, Space, Steps, Terminal, Terminals,
};
use ndarray::{Array2, ArrayView2, array};
use rand_distr::{Distribution, StandardNormal};

/// dx = v dt + σ dW on a line.
struct Walk {
    space: Space,
    drift: f32,
    noise: f32,
}

impl Walk {
    fn new(drift: f32, noise: f32) -> Self {
        let data = series(vec![gaussian(4, &[0.0], 1), gaussian(4, &[0.0], 2)]);
        let space = data.space(Frame::identity(data.features().to_vec())).expect("two times");
        Self { space, drift, noise }
    }
}

impl Dynamics for Walk {
    fn space(&self) -> &Space {
        &self.space
    }

    fn evolve(
        &self,
        cells: &Snapshot,
        times: &[f64],
        _sampler: &Sampler,
        seed: Seed,
    ) -> Result<Vec<Snapshot>, ModelError> {
        let mut states = vec![Snapshot { time: times[0], ..cells.clone() }];
        for (k, pair) in times.windows(2).enumerate() {
            let h = (pair[1] - pair[0]) as f32;
            let mut rng = seed.stream("walk", k as u64);
            let step = |x: f32| {
                let z: f32 = StandardNormal.sample(&mut rng);
                x + self.drift * h + self.noise * h.sqrt() * z
            };
            let mut points = states[k].points.clone();
            points.mapv_inplace(step);
            states.push(Snapshot { time: pair[1], points, weights: cells.weights.clone() });
        }
        Ok(states)
    }

    fn velocity(&self, _t: f64, points: ArrayView2<'_, f32>) -> Result<Array2<f32>, ModelError> {
        Ok(Array2::from_elem(points.raw_dim(), self.drift))
    }
}

/// Balls whose inner ends are ±1.
fn ends() -> Terminals {
    let ball = |label: &str, at: f64| Terminal { label: label.into(), centre: vec![at], radius: 4.0 };
    Terminals::new(vec![ball("left", -5.0), ball("right", 5.0)]).expect("two balls")
}

static SAMPLER: Sampler = Sampler { method: chreode_ode::EULER, steps: Steps::PerInterval(1) };

fn futures(ending: Ending) -> Futures<'static> {
    Futures { until: 6.0, moments: 600, paths: 500, ending, sampler: &SAMPLER, seed: Seed(3) }
}

#[test]
fn brownian_motion_is_absorbed_as_the_gamblers_ruin_says() {
    // From x in (−1, 1) the right end is met first with probability (x + 1)/2. Looked at only every h = 0.01, the ends
    // are farther away by 0.5826 √h (Broadie, Glasserman and Kou 1997, doi:10.1111/1467-9965.00035).
    let x = [-0.6_f32, 0.0, 0.4];
    let cells = Snapshot::new(0.0, Array2::from_shape_fn((3, 1), |(i, _)| x[i]));
    let walk = Walk::new(0.0, 1.0);
    let fates = Fates::of(&[&walk], &cells, &ends(), &futures(Ending::FirstHit)).expect("simulates");
    let end = 1.0 + 0.5826 * 0.1;
    for (i, x) in x.iter().enumerate() {
        let (found, wanted) = (fates.probabilities[[i, 1]], (f64::from(*x) + end) / (2.0 * end));
        let error = (wanted * (1.0 - wanted) / 500.0).sqrt();
        assert!((found - wanted).abs() < 4.0 * error, "from {x}: {found} and not {wanted}");
        assert!((fates.probabilities.row(i).sum() - 1.0).abs() < 1e-12);
    }
    assert!(fates.absorbed > 0.99, "{} are absorbed", fates.absorbed);
    assert!(fates.spread.is_none(), "one model has no spread");
    let again = Fates::of(&[&walk], &cells, &ends(), &futures(Ending::FirstHit)).expect("simulates");
    assert_eq!(fates, again, "the same seed gives the same fates");
}

#[test]
fn models_that_disagree_spread_and_the_interval_covers_both() {
    let cells = Snapshot { weights: Some(array![3.0, 1.0]), ..Snapshot::new(0.0, array![[0.2], [-0.2]]) };
    let (left, right) = (Walk::new(-0.1, 0.0), Walk::new(0.1, 0.0));
    let models: [&dyn Dynamics; 2] = [&left, &right];
    let fates = Fates::of(&models, &cells, &ends(), &futures(Ending::Last)).expect("simulates");
    assert_eq!(fates.probabilities, array![[0.5, 0.5], [0.5, 0.5]]);
    let spread = fates.spread.as_ref().expect("two models");
    assert!((spread[[0, 0]] - 0.5_f64.sqrt()).abs() < 1e-12, "{spread}");
    let shares = fates.shares(200, Seed(1)).expect("replicates");
    assert_eq!((shares[0].label.as_str(), shares[0].share), ("left", 0.5));
    assert_eq!(shares[0].interval, [0.0, 1.0], "either model may be alone in a resample");
    let still = Walk::new(0.0, 0.0);
    let fates = Fates::of(&[&still], &cells, &ends(), &futures(Ending::FirstHit)).expect("simulates");
    assert_eq!(
        (fates.absorbed, fates.probabilities[[0, 1]]),
        (0.0, 1.0),
        "not absorbed, and nearer to the right"
    );
    let shares = fates.shares(50, Seed(1)).expect("replicates");
    assert_eq!(shares[1].share, 0.75, "cells count by their weights");
    let error = fates.shares(0, Seed(1)).unwrap_err().to_string();
    assert_eq!(error, "the number of replicates is 0; it must be at least 1");
}

#[test]
fn terminal_sets_are_balls_around_labelled_cells() {
    let points = array![[0.0_f32, 0.0], [2.0, 0.0], [10.0, 0.0], [10.0, 4.0], [50.0, 50.0]];
    let labels = [Some("b"), Some("b"), Some("a"), Some("a"), None].map(|l| l.map(String::from));
    let sets = Terminals::around(points.view(), &labels, 1.0).expect("two labels");
    assert_eq!(sets.sets()[0], Terminal { label: "a".into(), centre: vec![10.0, 2.0], radius: 2.0 });
    assert_eq!(sets.sets()[1], Terminal { label: "b".into(), centre: vec![1.0, 0.0], radius: 1.0 });
    assert_eq!(sets.holding([10.0, 3.9].iter()), Some(0));
    assert_eq!(sets.holding([5.0, 0.0].iter()), None);
    assert_eq!(sets.nearest([5.0, 0.0].iter()), 1);
    let refused = |labels: &[Option<String>], share| {
        Terminals::around(points.view(), labels, share).unwrap_err().to_string()
    };
    assert_eq!(refused(&labels, 0.0), "share is 0; it must be above 0 and at most 1");
    assert_eq!(refused(&labels[..2], 1.0), "the number of labels is 2; it must be that of the cells");
    let one = labels.clone().map(|l| l.filter(|l| l == "a"));
    assert_eq!(refused(&one, 1.0), "the number of terminal sets is 1; it must be at least 2");
}

#[test]
fn the_fates_of_simulated_cells_are_those_of_the_simulation() {
    let experiment = Bifurcation {
        cells: 200,
        founders: 250,
        genes: 6,
        growth: Growth::NONE,
        futures: 16,
        step: 0.05,
        ..Bifurcation::default()
    };
    let simulation = experiment.simulate(Seed(5)).expect("a valid experiment");
    let (cells, last) = (&simulation.populations, simulation.truth.last().expect("five times"));
    let name = |branch: &Branch| match branch {
        Branch::First => Some("first".to_string()),
        Branch::Second => Some("second".to_string()),
        Branch::Undecided => None,
    };
    let labels: Vec<_> = last.branch.iter().map(name).collect();
    let ends = Terminals::around(cells.points(4), &labels, 0.9).expect("two branches");
    let flow = trained(cells, FlowConfig { fit: small(500, 128), ..FlowConfig::default() });
    let futures = Futures { until: 4.0, moments: 20, ..futures(Ending::FirstHit) };
    let share = |k: usize| {
        let snapshot = &cells.snapshots()[k];
        let fates = Fates::of(&[&flow], snapshot, &ends, &futures).expect("integrates");
        let (mut right, mut decided) = (0.0, 0.0);
        for (i, branch) in simulation.truth[k].branch.iter().enumerate() {
            let Some(name) = name(branch) else { continue };
            let set = fates.labels.iter().position(|label| *label == name).expect("an end");
            decided += 1.0;
            right += fates.probabilities[[i, set]];
        }
        (right / decided, decided)
    };
    let (right, decided) = share(3);
    assert!(
        decided > 100.0 && right > 0.9,
        "{right} of {decided} decided cells of time 3 come to their own end"
    );
}

#[test]
fn futures_must_lie_ahead() {
    let cells = Snapshot::new(6.0, array![[0.2_f32]]);
    let error = Fates::of(&[&Walk::new(0.0, 1.0)], &cells, &ends(), &futures(Ending::Last)).unwrap_err();
    assert_eq!(error.to_string(), "until is 6; it must be after the time of the cells");
    let none = Snapshot::new(0.0, Array2::zeros((0, 1)));
    let error = Fates::of(&[&Walk::new(0.0, 1.0)], &none, &ends(), &futures(Ending::Last)).unwrap_err();
    assert_eq!(error.to_string(), "the number of cells is 0; it must be at least 1");
    let wide = Snapshot::new(0.0, array![[0.2_f32, 0.1]]);
    let error = Fates::of(&[&Walk::new(0.0, 1.0)], &wide, &ends(), &futures(Ending::Last)).unwrap_err();
    assert!(matches!(error, ModelError::Dimensions { expected: 1, found: 2 }), "{error}");
}
