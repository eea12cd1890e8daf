//! Series: checks, splits, scores, courses; and what every model of series is held to.

use chreode_core::Seed;
use chreode_models::{
    Checkpoint, Course, Data, Dataset, Individual, ModelConfig, Objective, Pool, Predicted, Recipe, Series,
    SeriesScore, area_under_curve,
};
use ndarray::{Array2, array};
use std::collections::BTreeMap;
use std::ops::ControlFlow;

/// The largest relative error of the slope of the loss along one direction a net, in which every parameter moves with the
/// sign of its gradient: one whose gradient is wrongly 0 shows in the difference. `nets` are all of the model, each of which
/// the loss must depend on. Central differences of two steps, so that curvature does not count.
pub(crate) fn slope_error<R: Recipe<Data = Series>>(
    config: &R,
    data: &Series,
    index: u64,
    nets: &[&str],
) -> f64 {
    let space = data.space(data.standardising().expect("valid")).expect("valid");
    let inside = data.inside(&space.frame).expect("valid");
    let batch = config.batches(&inside, &space).expect("valid").batch(index).expect("valid");
    let mut objective = config.objective(&space).expect("valid");
    let n = objective.parameter_count();
    let (mut flat, mut gradient) = (vec![0.0; n], vec![0.0; n]);
    objective.read_parameters(&mut flat);
    objective.loss(0, &batch, &mut gradient).expect("valid");
    let layout = objective.layout();
    let mut moved = 0;
    let mut slopes = Vec::new();
    for net in nets {
        let mut direction = vec![0.0_f32; n];
        for view in layout.iter().filter(|view| view.name.starts_with(&format!("{net}."))) {
            let range = view.offset..view.offset + view.size();
            moved += range.len();
            direction[range.clone()].iter_mut().zip(&gradient[range]).for_each(|(d, g)| *d = g.signum());
        }
        let norm = direction.iter().map(|d| d * d).sum::<f32>().sqrt();
        direction.iter_mut().for_each(|d| *d /= norm);
        let along: f64 = direction.iter().zip(&gradient).map(|(d, g)| f64::from(d * g)).sum();
        assert!(along > 0.0, "the loss does not depend on {net}");
        let mut at = |step: f64| {
            let ahead: Vec<f32> = flat.iter().zip(&direction).map(|(p, d)| p + step as f32 * d).collect();
            objective.write_parameters(&ahead);
            objective.loss(0, &batch, &mut vec![0.0; n]).expect("valid")
        };
        let mut central = |h: f64| (at(h) - at(-h)) / (2.0 * h);
        let (coarse, fine) = (central(1e-2), central(5e-3));
        slopes.push((along, (4.0 * fine - coarse) / 3.0));
    }
    assert_eq!(moved, n, "every parameter is of one of {nets:?}");
    // Single precision says nothing of slopes that are far below the greatest.
    let least = 1e-2 * slopes.iter().fold(0.0, |most: f64, (along, _)| most.max(*along));
    let error = |(along, slope): &(f64, f64)| (slope - along).abs() / along.max(least);
    slopes.iter().map(error).fold(0.0, f64::max)
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
    assert_eq!(area_under_curve(&[0.1, f64::NAN, 0.3], &[true, false, true]), None);
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
    let step = 6.0 * std::f64::consts::PI / 499.0;
    // r = 0.3 s about (5, 0) with the angle s, or r = 15/s about (−5, 0) with an s that falls.
    let fits = |one: &Individual, centre: f64, turn: f64, measure: fn(f64) -> f64| {
        let at = |k: usize| [f64::from(one.values[[k, 0]]) - centre, f64::from(one.values[[k, 1]])];
        (1..one.times.len()).all(|k| {
            let ([x, y], [u, v]) = (at(k - 1), at(k));
            let angle = (x * v - y * u).atan2(x * u + y * v);
            let grown = measure(u.hypot(v)) - measure(x.hypot(y));
            (angle - turn).abs() < 1e-4 && (grown - turn).abs() < 1e-4
        })
    };
    let growing = |one: &&Individual| fits(one, 5.0, step, |r| r / 0.3);
    let falling = |one: &&Individual| fits(one, -5.0, -step, |r| 15.0 / r);
    let all = spirals.individuals();
    let counts = (all.iter().filter(growing).count(), all.iter().filter(falling).count());
    assert!((8..32).contains(&counts.0) && counts.0 + counts.1 == 40, "half of them: {counts:?}");
    for one in all {
        let last = one.times.len() - 1;
        assert!((100..200).contains(&last) && (one.times[last] - last as f64 * step).abs() < 1e-12, "{last}");
        // The last of 500 points is at an s of 6π, or of 1.
        let radius = f64::from((one.values[[last, 0]] - 5.0).hypot(one.values[[last, 1]]));
        let other = f64::from((one.values[[last, 0]] + 5.0).hypot(one.values[[last, 1]]));
        let ended = (radius / 0.3 - 6.0 * std::f64::consts::PI).abs() < 1e-3 || (other - 15.0).abs() < 1e-3;
        assert!(last == 199 || ended, "to the end of its curve: {last}");
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

#[test]
fn resumed_runs_are_the_uninterrupted_ones() {
    let data = Dataset::Series(Course::Damped { points: 6 }.sample(9, 0.01, Seed(1)).unwrap());
    let Dataset::Series(series) = &data else { panic!("it is one") };
    for card in chreode_models::Card::all().iter().filter(|card| card.needs == chreode_models::Needs::Series)
    {
        let mut config = (card.config)();
        (config.fit_mut().steps, config.fit_mut().batch) = (5, 4);
        let start = || config.start(&data, series.standardising().unwrap()).unwrap();
        let mut whole = start();
        whole.train(Pool::with_threads(1), &mut |_| ControlFlow::Continue(())).unwrap();
        let mut half = start();
        let stop = &mut |p: chreode_models::Progress| match p.step {
            3 => ControlFlow::Break(()),
            _ => ControlFlow::Continue(()),
        };
        half.train(Pool::with_threads(2), stop).unwrap();
        let kept = Checkpoint::from_bytes(&half.checkpoint(BTreeMap::new()).to_bytes().unwrap()).unwrap();
        assert_eq!(kept.header.step, 3, "{}", card.name);
        let mut resumed = ModelConfig::resume(&data, &kept, 5).unwrap();
        resumed.train(Pool::with_threads(1), &mut |_| ControlFlow::Continue(())).unwrap();
        let [whole, resumed] =
            [whole, resumed].map(|run| run.checkpoint(BTreeMap::new()).to_bytes().unwrap());
        assert_eq!(whole, resumed, "{}", card.name);
    }
}

#[test]
fn times_out_of_reach_are_refused() {
    let data = Course::Damped { points: 6 }.sample(4, 0.01, Seed(1)).unwrap();
    for card in chreode_models::Card::all().iter().filter(|card| card.needs == chreode_models::Needs::Series)
    {
        let mut config = (card.config)();
        (config.fit_mut().steps, config.fit_mut().batch) = (1, 4);
        let run = config.start(&Dataset::Series(data.clone()), data.standardising().unwrap()).unwrap();
        let model = run.finish().forecaster().unwrap();
        let said = |given: &Series, time: f64| {
            let times = vec![vec![0.5, time]; 4];
            model.predict(given, &times, 1, Seed(0)).map_err(|error| error.to_string())
        };
        for time in [f64::INFINITY, f64::NEG_INFINITY, f64::NAN] {
            let said = said(&data, time).unwrap_err();
            let text = format!("time {time} is asked of individual 0; ask for times that are numbers");
            assert_eq!(said, text, "{}", card.name);
        }
        let seconds = |one: &Individual| {
            let times = one.times.iter().map(|t| 1.8e9 + t).collect();
            Individual { times, ..one.clone() }
        };
        let shifted = data.map(seconds).unwrap();
        let refused = |said: Result<Vec<Predicted>, String>| {
            let said = said.unwrap_err();
            assert!(said.starts_with("the times of individual 0 are "), "{}: {said}", card.name);
        };
        match card.name {
            "latent-ode" | "latent-ode-poisson" => refused(said(&shifted, 1.0)),
            "ode-rnn" | "gru-ode-bayes" => {
                refused(said(&shifted, 1.0));
                refused(said(&data, 1.8e9));
            }
            _ => {}
        }
    }
}
