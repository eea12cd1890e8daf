//! Series: checks, splits, scores, courses; and what every model of series is held to.

use chreode_core::Seed;
use chreode_models::{
    Checkpoint, Course, Data, Dataset, Individual, ModelConfig, Objective, Pool, Predicted, Recipe, Series,
    SeriesScore, area_under_curve,
};
use ndarray::{Array2, array};
use std::collections::BTreeMap;
use std::ops::ControlFlow;

/// Relative error of the slope of the loss along its gradient: central differences of two steps, so that curvature does
/// not count.
pub(crate) fn slope_error<R: Recipe<Data = Series>>(config: &R, data: &Series, index: u64) -> f64 {
    let space = data.space(data.standardising().expect("valid")).expect("valid");
    let inside = data.inside(&space.frame).expect("valid");
    let batch = config.batches(&inside, &space).expect("valid").batch(index).expect("valid");
    let mut objective = config.objective(&space).expect("valid");
    let n = objective.parameter_count();
    let (mut flat, mut gradient) = (vec![0.0; n], vec![0.0; n]);
    objective.read_parameters(&mut flat);
    objective.loss(0, &batch, &mut gradient).expect("valid");
    let norm = gradient.iter().map(|g| f64::from(*g).powi(2)).sum::<f64>().sqrt();
    assert!(norm > 0.0);
    let mut at = |step: f64| {
        let moved = |(p, g): (&f32, &f32)| p + (step * f64::from(*g) / norm) as f32;
        let moved: Vec<f32> = flat.iter().zip(&gradient).map(moved).collect();
        objective.write_parameters(&moved);
        objective.loss(0, &batch, &mut vec![0.0; n]).expect("valid")
    };
    let mut central = |h: f64| (at(h) - at(-h)) / (2.0 * h);
    let (coarse, fine) = (central(1e-2), central(5e-3));
    ((4.0 * fine - coarse) / 3.0 - norm).abs() / norm
}

fn one(id: &str, times: &[f64], values: Array2<f32>) -> Individual {
    Individual { id: id.into(), times: times.to_vec(), values, label: None }
}

fn names(n: usize) -> Vec<String> {
    (0..n).map(|j| format!("x{j}")).collect()
}

#[test]
fn what_is_no_series_is_refused_by_name() {
    let refused = |one: Individual, n: usize| Series::new(vec![one], names(n)).unwrap_err().to_string();
    let said = refused(one("p1", &[0.0, 1.0], array![[1.0], [2.0]]), 2);
    assert!(said.starts_with("individual p1 has 1 columns where there are 2 features"), "{said}");
    let said = refused(one("p1", &[0.0], array![[1.0], [2.0]]), 1);
    assert!(said.starts_with("individual p1 has 1 times and 2 rows"), "{said}");
    for times in [[1.0, 1.0], [1.0, 0.5], [0.0, f64::NAN]] {
        let said = refused(one("p2", &times, array![[1.0], [2.0]]), 1);
        assert!(said.starts_with("the times of individual p2 are not increasing numbers"), "{said}");
    }
    let said = refused(one("p3", &[0.0, 2.5], array![[1.0], [f32::INFINITY]]), 1);
    assert!(said.starts_with("x0 of individual p3 is inf at time 2.5"), "{said}");
    let said = Series::new(vec![], names(1)).unwrap_err().to_string();
    assert!(said.starts_with("there are 0 individuals with 1 features"), "{said}");
}

#[test]
fn frames_are_of_what_was_measured() {
    let a = one(
        "a",
        &[0.0, 1.0, 2.0],
        array![[1.0, f32::NAN, 4.0], [3.0, f32::NAN, 4.0], [f32::NAN, f32::NAN, 4.0]],
    );
    let series = Series::new(vec![a], names(3)).unwrap();
    let frame = series.standardising().unwrap();
    assert_eq!((frame.mean, frame.scale), (vec![2.0, 0.0, 4.0], vec![1.0, 1.0, 1.0]));
    let frame = series.min_max().unwrap();
    assert_eq!((frame.mean, frame.scale), (vec![1.0, 0.0, 4.0], vec![2.0, 1.0, 1.0]));
    let inside = series.inside(&series.standardising().unwrap()).unwrap();
    assert_eq!(inside.individuals()[0].values[[0, 0]], -1.0);
    assert!(inside.individuals()[0].values[[0, 1]].is_nan());
    assert_eq!((series.measurements(), series.span()), (5, Some((0.0, 2.0))));
}

#[test]
fn splits_leave_nothing_out_and_share_nothing() {
    let all = Course::Periodic { points: 9 }.sample(10, 0.0, Seed(1)).unwrap();
    let (train, test) = all.split(0.7, Seed(2)).unwrap();
    assert_eq!((train.len(), test.len()), (7, 3));
    let mut ids: Vec<&str> =
        train.individuals().iter().chain(test.individuals()).map(|one| &one.id[..]).collect();
    ids.sort_unstable();
    assert_eq!(ids, ["0", "1", "2", "3", "4", "5", "6", "7", "8", "9"]);
    assert!(all.split(1.0, Seed(2)).is_err());
    let (before, after) = all.split_at(2.5).unwrap();
    for ((one, before), after) in all.individuals().iter().zip(before.individuals()).zip(after.individuals())
    {
        assert_eq!([&before.times[..], &after.times[..]].concat(), one.times);
        assert!(before.times.iter().all(|t| *t < 2.5) && after.times.iter().all(|t| *t >= 2.5));
    }
    let thin = all.thinned(0.5, Seed(3)).unwrap();
    assert!(thin.individuals().iter().all(|one| one.times.len() == 5));
    assert_eq!(thin, all.thinned(0.5, Seed(3)).unwrap());
    assert_ne!(thin, all.thinned(0.5, Seed(4)).unwrap());
}

#[test]
fn scores_are_those_of_the_definitions() {
    let measured = one("a", &[0.0, 1.0], array![[1.0, f32::NAN], [3.0, 5.0]]);
    let series = Series::new(vec![measured], vec!["x".into(), "y".into()]).unwrap();
    let mean = array![[2.0_f32, 9.0], [3.0, 7.0]];
    let said = Predicted { times: vec![0.0, 1.0], mean, spread: None, label: None };
    let score = SeriesScore::of(&[said], &series, &[1.0, 2.0]);
    // Errors 1 and 0 of x; 2 of y, over its scale of 2.
    assert_eq!((score.mse, score.mse_by_feature, score.values), (2.0 / 3.0, 0.75, 3));
    let area = area_under_curve(&[0.1, 0.4, 0.4, 0.8], &[false, true, false, true]);
    assert_eq!(area, Some(0.875));
    assert_eq!(area_under_curve(&[0.1, 0.2], &[true, true]), None);
}

#[test]
fn courses_obey_their_laws() {
    let damped = Course::Damped { points: 30 }.sample(5, 0.0, Seed(1)).unwrap();
    for one in damped.individuals() {
        let radius = |i: usize| one.values[[i, 0]].hypot(one.values[[i, 1]]);
        for (i, t) in one.times.iter().enumerate() {
            assert!((radius(i) - radius(0) * (-0.2 * t).exp() as f32).abs() < 1e-5);
        }
    }
    let spirals = Course::Spirals.sample(40, 0.0, Seed(1)).unwrap();
    let right = spirals.individuals().iter().filter(|one| one.values.column(0).mean().unwrap() > 0.0).count();
    assert!((8..32).contains(&right), "half of them: {right}");
    for one in spirals.individuals() {
        // The radius about the spiral's own centre is 0.3 s forwards, or 15/s backwards, and s grows by the time.
        let right = one.values.column(0).mean().unwrap() > 0.0;
        let centre = if right { 5.0 } else { -5.0 };
        let s = |i: usize| {
            let radius = f64::from((one.values[[i, 0]] - centre).hypot(one.values[[i, 1]]));
            if right { radius / 0.3 } else { 6.0 * std::f64::consts::PI + 1.0 - 15.0 / radius }
        };
        let length = one.times.len();
        assert!((101..=200).contains(&length) && (s(0) > 3.0), "{length}");
        assert!((0..length).all(|i| (s(i) - s(0) - one.times[i]).abs() < 1e-3), "a constant turn");
        assert!(length == 200 || s(length - 1) > 18.8, "to the end of the curve");
    }
    let species = Course::Brusselator.sample(200, 0.0, Seed(1)).unwrap();
    let times: usize = species.individuals().iter().map(|one| one.times.len()).sum();
    assert!(species.individuals().iter().all(|one| (20..30).contains(&one.times.len())));
    // Both are measured at four of five times, one at the others: 90 % of all.
    let share = species.measurements() as f64 / (2 * times) as f64;
    assert!((share - 0.9).abs() < 0.01, "{share}");
    // The deterministic equations rest at (1, b/a), and circle it.
    let mean = species.standardising().unwrap().mean;
    assert!((mean[0] - 1.0).abs() < 0.1 && (mean[1] - 1.4 / 0.3).abs() < 0.3, "{mean:?}");
}

/// Trains every model of the list on series for a few steps, stores it, and asks it.
#[test]
fn every_model_of_series_trains_is_stored_and_predicts() {
    let data = Course::Damped { points: 8 }.sample(12, 0.01, Seed(1)).unwrap();
    for card in chreode_models::Card::all().iter().filter(|card| card.needs == chreode_models::Needs::Series)
    {
        let mut config = (card.config)();
        config.fit_mut().steps = 3;
        config.fit_mut().batch = 6;
        let mut run = config.start(&Dataset::Series(data.clone()), data.standardising().unwrap()).unwrap();
        run.train(Pool::with_threads(2), &mut |_| ControlFlow::Continue(())).unwrap();
        let bytes = run.checkpoint(BTreeMap::new()).to_bytes().unwrap();
        let stored = Checkpoint::from_bytes(&bytes).unwrap();
        assert_eq!(stored.header.config, config, "{}", card.name);
        let asked = vec![vec![0.3, 2.9, 1.0]; data.len()];
        let before = run.finish().forecaster().unwrap().predict(&data, &asked, 2, Seed(1)).unwrap();
        let after =
            stored.trained().unwrap().forecaster().unwrap().predict(&data, &asked, 2, Seed(1)).unwrap();
        assert_eq!(before, after, "{}", card.name);
        assert!(
            before.iter().all(|p| p.mean.dim() == (3, 2) && p.mean.iter().all(|x| x.is_finite())),
            "{}",
            card.name
        );
        let again = ModelConfig::resume(&Dataset::Series(data.clone()), &stored, 4).unwrap();
        assert_eq!(again.steps(), 3);
    }
}
