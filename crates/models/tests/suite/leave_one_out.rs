//! The leave-one-time-out protocol: closed forms, what methods may see, statistics, refusals.

use chreode_core::{Populations, Seed, Snapshot};
use chreode_models::{
    Dataset, Descendants, Fold, Frame, HeldOut, Mass, ModelConfig, ModelError, Planar, Protocol, TigonConfig,
    TrajectoryNetConfig, VgfmConfig, WfrConfig, displacement, halves,
};
use ndarray::{Array1, Array2, array};
use std::sync::Mutex;

/// One cloud and its copies, moved by `(3, 4) · x(t)`: every W₁ and W₂ is `5 |x(t) − x(s)|`.
fn moving(positions: &[f64], times: &[f64]) -> Populations {
    let cloud = Planar::Normal.sample(120, Seed(5)).expect("points");
    let snapshots = times
        .iter()
        .zip(positions)
        .map(|(&t, &x)| Snapshot::new(t, &cloud + &array![[3.0 * x as f32, 4.0 * x as f32]]));
    Populations::new(snapshots.collect(), vec!["x".into(), "y".into()]).expect("a series")
}

fn protocol(seeds: &[u64]) -> Protocol {
    Protocol { seeds: seeds.to_vec(), ..Protocol::default() }
}

/// Moves the source by `step` along `(3, 4)`.
fn shifted(fold: &Fold<'_>, step: f64) -> Snapshot {
    let [x, y] = [3.0, 4.0].map(|v| (v * step) as f32);
    Snapshot::new(fold.time, &fold.source.points + &array![[x, y]])
}

#[test]
fn baselines_of_translated_copies_are_the_shifts() {
    // Unequal times: the straight line reaches x = 2 at time 2 only at the right fraction, ⅔.
    let data = moving(&[0.0, 2.0, 3.0, 7.0], &[0.0, 2.0, 3.0, 4.0]);
    let [first, second] = protocol(&[1]).baselines(&data).unwrap()[..] else { panic!("two inner times") };
    let close = |a: f64, b: f64| assert!((a - b).abs() < 1e-5, "{a} where {b} is exact");
    assert_eq!((first.time, second.time), (2.0, 3.0));
    close(first.no_motion, 10.0);
    close(first.other_neighbour, 5.0);
    close(first.midpoint, 0.0);
    close(second.no_motion, 5.0);
    close(second.other_neighbour, 20.0);
    // Halfway in time between x = 2 and x = 7 is x = 4.5, where the cells are at 3.
    close(second.midpoint, 7.5);
    // Two halves of 60 draws from N(0, I) differ, but by less than their width.
    let floor = first.split_half.unwrap();
    assert!(floor > 0.05 && floor < 1.0, "{floor}");
}

#[test]
fn displacement_of_two_points_is_by_hand() {
    // Unequal numbers: 0 and 2 with ½ each, to 0, 1, 5 with ⅓ each. In order of position
    // ⅓: 0→0, ⅙: 0→1, ⅙: 2→1, ⅓: 2→5; at a quarter of the way: 0, ¼, 7/4, 11/4.
    let from = Snapshot::new(0.0, array![[0.0], [2.0]]);
    let to = Snapshot::new(4.0, array![[0.0], [1.0], [5.0]]);
    let middle = displacement(&from, &to, 1.0).unwrap();
    let mut found: Vec<(f32, f32)> =
        middle.points.column(0).iter().copied().zip(middle.weights.unwrap()).collect();
    found.sort_by(|a, b| a.0.total_cmp(&b.0));
    let expected = [(0.0, 1.0 / 3.0), (0.25, 1.0 / 6.0), (1.75, 1.0 / 6.0), (2.75, 1.0 / 3.0)];
    assert_eq!(found.len(), 4);
    for ((x, w), (y, v)) in found.into_iter().zip(expected) {
        assert!((x - y).abs() < 1e-6 && (w - v).abs() < 1e-6, "({x}, {w}) where ({y}, {v})");
    }
    let late = displacement(&from, &to, 5.0).unwrap_err().to_string();
    assert_eq!(
        late,
        "the fraction of the way between the snapshots is 1.25; it must be between 0 and 1; take a time between the two snapshots"
    );
}

#[test]
fn scores_of_known_shifts_are_known() {
    let data = moving(&[0.0, 1.0, 2.0], &[0.0, 1.0, 2.0]);
    let perfect = protocol(&[7]).run(&data, &|f: &Fold<'_>| Ok(shifted(f, 1.0))).unwrap();
    let d = perfect.scores[0].distances;
    assert!(d.w1 < 1e-6 && d.w2 < 1e-6 && d.energy.abs() < 1e-6 && d.mmd.abs() < 1e-6, "{d:?}");
    let half = protocol(&[7]).run(&data, &|f: &Fold<'_>| Ok(shifted(f, 0.5))).unwrap();
    let d = half.scores[0].distances;
    assert!((d.w1 - 2.5).abs() < 1e-5 && (d.w2 - 2.5).abs() < 1e-5, "{d:?}");
    assert!(d.energy > 0.1 && d.mmd > 0.01, "{d:?}");
    assert!(d.w1_interval[0] < d.w1 && d.w1 < d.w1_interval[1], "{d:?}");
}

#[test]
fn weights_of_a_forecast_count() {
    // Two points at 0 and 1 with weights 3 : 1 against the truth at 0: W₁ = ¼, W₂ = ½.
    let points = |x: &[f32]| Array2::from_shape_vec((x.len(), 1), x.to_vec()).expect("a column");
    let snapshots = (0..3).map(|t| Snapshot::new(f64::from(t), points(&[0.0]))).collect();
    let data = Populations::new(snapshots, vec!["x".into()]).unwrap();
    let weighted = |_: &Fold<'_>| {
        Ok(Snapshot { time: -1.0, points: points(&[0.0, 1.0]), weights: Some(array![3.0, 1.0]) })
    };
    let scores = protocol(&[1]).run(&data, &weighted).unwrap();
    assert_eq!(scores.baselines[0].split_half, None);
    let d = scores.scores[0].distances;
    assert!((d.w1 - 0.25).abs() < 1e-12 && (d.w2 - 0.5).abs() < 1e-12, "{d:?}");
    // E|X − Y| = ¼, E|X − X'| = 2 · ¾ · ¼ = ⅜: energy distance ½ − ⅜ = ⅛.
    assert!((d.energy - 0.125).abs() < 1e-12, "{d:?}");
    // With k₁ = mean exp(−1 / 2σ²): (10/16 + 6/16 k₁) + 1 − 2 (¾ + ¼ k₁) = (1 − k₁) / 8.
    let k = [0.01, 0.1, 1.0, 10.0, 100.0].map(|s: f64| (-0.5 / (s * s)).exp()).iter().sum::<f64>() / 5.0;
    assert!((d.mmd.powi(2) - (1.0 - k) / 8.0).abs() < 1e-12, "{d:?}");
}

#[test]
fn equal_weights_are_no_weights() {
    let data = moving(&[0.0, 1.0, 2.0], &[0.0, 1.0, 2.0]);
    let bare = |f: &Fold<'_>| Ok(shifted(f, 0.3));
    let weighted =
        |f: &Fold<'_>| Ok(Snapshot { weights: Some(Array1::from_elem(120, 2.0)), ..shifted(f, 0.3) });
    let bare = protocol(&[1]).run(&data, &bare).unwrap().scores[0].distances;
    let weighted = protocol(&[1]).run(&data, &weighted).unwrap().scores[0].distances;
    for (a, b) in [
        (bare.w1, weighted.w1),
        (bare.w2, weighted.w2),
        (bare.mmd, weighted.mmd),
        (bare.energy, weighted.energy),
    ] {
        assert!((a - b).abs() < 1e-9 * a, "{bare:?} and {weighted:?}");
    }
}

#[test]
fn a_method_sees_the_real_source_and_never_the_held_out_cells() {
    let data = moving(&[0.0, 1.0, 2.0, 3.0, 4.0], &[0.0, 1.0, 2.0, 3.5, 4.0]);
    let seen = Mutex::new(Vec::new());
    let spy = |fold: &Fold<'_>| {
        assert!(!fold.training.times().contains(&fold.time));
        assert_eq!(fold.training.times().len(), 4);
        let before = data.times().into_iter().rfind(|t| *t < fold.time).expect("an inner time");
        assert_eq!(fold.source, data.at(before).expect("a time of the series"));
        seen.lock().expect("one thread").push((fold.time, fold.seed.0));
        Ok(shifted(fold, 1.0))
    };
    let scores = protocol(&[3, 9]).run(&data, &spy).unwrap();
    let expected = [(1.0, 3), (1.0, 9), (2.0, 3), (2.0, 9), (3.5, 3), (3.5, 9)];
    assert_eq!(*seen.lock().unwrap(), expected);
    assert_eq!(scores.scores.iter().map(|s| (s.time, s.seed)).collect::<Vec<_>>(), expected);
    let chosen = Protocol { held_out: HeldOut::Times(vec![2.0]), ..protocol(&[1]) };
    assert_eq!(chosen.run(&data, &|f: &Fold<'_>| Ok(shifted(f, 1.0))).unwrap().scores.len(), 1);
}

#[test]
fn the_summary_is_that_of_the_publications() {
    // W₁ = 5 |error|. Errors by (time, seed): (1: 0.2, 0.4, 0.9), (2: 0.4, 0.4, 0.3).
    // Seed averages of W₁: 1.5, 2, 3; mean 13/6; sd = √((4/9 + 1/36 + 25/36) / 2) = √(7/12).
    let data = moving(&[0.0, 1.0, 2.0, 3.0], &[0.0, 1.0, 2.0, 3.0]);
    let wrong = |fold: &Fold<'_>| {
        let errors = if fold.time == 1.0 { [0.2, 0.4, 0.9] } else { [0.4, 0.4, 0.3] };
        Ok(shifted(fold, 1.0 + errors[fold.seed.0 as usize]))
    };
    let summary = protocol(&[0, 1, 2]).run(&data, &wrong).unwrap().summary;
    let close = |a: f64, b: f64| assert!((a - b).abs() < 1e-5, "{a} where {b} by hand");
    close(summary.w1.mean, 13.0 / 6.0);
    close(summary.w1.sd.unwrap(), (7.0_f64 / 12.0).sqrt());
    close(summary.w2.mean, 13.0 / 6.0);
    let [(t1, at1), (t2, at2)] = summary.w1_by_time[..] else { panic!("two times") };
    assert_eq!((t1, t2), (1.0, 2.0));
    close(at1.mean, 2.5);
    close(at1.sd.unwrap(), (13.0_f64 / 4.0).sqrt());
    close(at2.mean, 11.0 / 6.0);
    let single = protocol(&[0]).run(&data, &wrong).unwrap().summary;
    close(single.w1.mean, 1.5);
    assert_eq!(single.w1.sd, None);
}

#[test]
fn halves_are_a_seeded_partition() {
    let points = Array2::from_shape_fn((7, 1), |(i, _)| i as f32);
    let weights = Some(points.column(0).to_owned() + 1.0);
    let whole = Snapshot { time: 1.0, points, weights };
    let (one, other) = halves(&whole, Seed(4)).unwrap();
    assert_eq!((one.len(), other.len()), (3, 4));
    let mut all: Vec<f32> = one.points.iter().chain(&other.points).copied().collect();
    all.sort_by(f32::total_cmp);
    assert_eq!(all, [0.0, 1.0, 2.0, 3.0, 4.0, 5.0, 6.0]);
    assert_eq!(one.weights.unwrap(), &one.points.column(0) + 1.0);
    assert_eq!(halves(&whole, Seed(4)).unwrap().1, other);
    let lone = halves(&Snapshot::new(2.0, array![[0.0]]), Seed(0)).unwrap_err();
    assert_eq!(
        lone.to_string(),
        "the snapshot at time 2 has 1 cell; at least 2 are needed to split it in halves"
    );
}

#[test]
fn threads_change_nothing() {
    let times = [0.0, 1.0, 2.0];
    let snapshots =
        times.map(|t| Snapshot::new(t, Planar::Moons.sample(150, Seed(t as u64)).expect("points")));
    let data = Populations::new(snapshots.to_vec(), vec!["x".into(), "y".into()]).unwrap();
    let with = |threads| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().expect("a pool");
        pool.install(|| {
            let run = protocol(&[1, 2]).run(&data, &|f: &Fold<'_>| Ok(shifted(f, 0.01))).expect("scores");
            (run.scores.iter().map(|s| s.distances).collect::<Vec<_>>(), run.baselines)
        })
    };
    assert_eq!(with(1), with(4));
}

#[test]
fn bad_requests_are_refused() {
    let data = moving(&[0.0, 1.0, 2.0], &[0.0, 1.0, 2.0]);
    let stay = |f: &Fold<'_>| Ok(shifted(f, 0.0));
    let refusal =
        |p: Protocol, data: &Populations| p.run(data, &stay).expect_err("a bad request").to_string();
    let times = |t: &[f64]| Protocol { held_out: HeldOut::Times(t.to_vec()), ..protocol(&[1]) };
    assert_eq!(
        refusal(times(&[2.0]), &data),
        "time 2 is an end of the series and cannot be held out; choose one of 1"
    );
    assert_eq!(refusal(times(&[1.5]), &data), "there is no snapshot at time 1.5; the times are 0, 1, 2");
    assert_eq!(refusal(times(&[1.0, 1.0]), &data), "a held-out time is 1; it must be given once");
    let two = moving(&[0.0, 1.0], &[0.0, 1.0]);
    assert!(
        refusal(protocol(&[1]), &two)
            .ends_with("give cells at three times at least, so that one is between two others")
    );
    assert!(refusal(times(&[0.0]), &moving(&[0.0], &[0.0])).contains("three times at least"));
    assert_eq!(refusal(protocol(&[]), &data), "the number of seeds is 0; it must be at least 1");
    assert_eq!(refusal(protocol(&[4, 4]), &data), "a seed is 4; it must be given once");
    let mut odd = protocol(&[1]);
    odd.bootstrap.level = 1.0;
    let widths = |w: &[f64]| refusal(Protocol { mmd_widths: w.to_vec(), ..protocol(&[1]) }, &data);
    assert_eq!(widths(&[]), "the number of mmd_widths is 0; it must be at least 1");
    assert_eq!(widths(&[1.0, -2.0]), "a width in mmd_widths is -2; it must be above 0");
    assert_eq!(refusal(odd, &data), "level is 1; it must be between 0 and 1, both excluded");
}

#[test]
fn a_forecast_that_fails_is_named() {
    let data = moving(&[0.0, 1.0, 2.0], &[0.0, 1.0, 2.0]);
    let refusal = |answer: Result<Array2<f32>, ModelError>| {
        let method = |f: &Fold<'_>| answer.clone().map(|points| Snapshot::new(f.time, points));
        protocol(&[42]).run(&data, &method).expect_err("a bad forecast").to_string()
    };
    assert_eq!(
        refusal(Ok(array![[0.0, 0.0], [1.0, f32::NAN]])),
        "the forecast of time 1 with seed 42 failed: cell 1 at time 1 has value NaN in feature 1; remove the cell or impute the value"
    );
    assert!(refusal(Ok(array![[0.0]])).contains("has 1 features where 2"));
    assert!(refusal(Ok(Array2::zeros((0, 2)))).contains("time 1 has no cells"));
    assert_eq!(
        refusal(Err(ModelError::Diverged { row: 3, time: 0.5 })),
        "the forecast of time 1 with seed 42 failed: point 3 is not finite at time 0.5; take more steps or bound the velocity"
    );
}

#[test]
fn scores_can_be_written() {
    let data = moving(&[0.0, 1.0, 2.0], &[0.0, 1.0, 2.0]);
    let scores = protocol(&[1, 2]).run(&data, &|f: &Fold<'_>| Ok(shifted(f, 0.5))).unwrap();
    let json = serde_json::to_value(&scores).unwrap();
    assert_eq!(json["scores"][1]["seed"], 2);
    assert_eq!(json["scores"][0]["w1_interval"].as_array().unwrap().len(), 2);
    assert!((json["summary"]["w1"]["mean"].as_f64().unwrap() - 2.5).abs() < 1e-5);
    assert!((json["baselines"][0]["no_motion"].as_f64().unwrap() - 5.0).abs() < 1e-5);
}

#[test]
fn the_mass_of_a_held_out_time_is_left_out_of_a_list() {
    let data = moving(&[0.0, 1.0, 2.0, 3.0], &[0.0, 1.0, 2.0, 3.0]);
    let mass = Mass::Given(vec![1.0, 2.0, 3.0, 4.0]);
    assert_eq!(mass.clone().without(&data.times(), 1.0), Mass::Given(vec![1.0, 3.0, 4.0]));
    assert_eq!(Mass::default().without(&data.times(), 1.0), Mass::default());
    let growing = |mass: &Mass| -> [ModelConfig; 4] {
        let mass = mass.clone();
        [
            WfrConfig { mass: mass.clone(), ..WfrConfig::default() }.into(),
            VgfmConfig { mass: mass.clone(), ..VgfmConfig::default() }.into(),
            TigonConfig { mass: mass.clone(), ..TigonConfig::default() }.into(),
            TrajectoryNetConfig { mass, descendants: Descendants::Transported, ..Default::default() }.into(),
        ]
    };
    for config in growing(&mass) {
        let with = |config: &ModelConfig, fold: &Fold<'_>| {
            let training = Dataset::Populations(fold.training.clone());
            config.start(&training, Frame::identity(fold.training.features().to_vec()))?;
            Ok(shifted(fold, 1.0))
        };
        let left_out = |f: &Fold<'_>| with(&config.clone().without(&data.times(), f.time), f);
        assert_eq!(protocol(&[1]).run(&data, &left_out).expect("trains").scores.len(), 2);
        let error = protocol(&[1]).run(&data, &|f: &Fold<'_>| with(&config, f)).unwrap_err().to_string();
        assert!(error.contains("one mass a time where 4 are given for 3 times"), "{error}");
    }
}
