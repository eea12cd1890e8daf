//! What a time series of populations accepts, and the text of every refusal.

use chreode_core::{CoreError, Populations, Snapshot};
use ndarray::{Array1, Array2, array};

fn named(n: usize) -> Vec<String> {
    (0..n).map(|i| format!("PC{}", i + 1)).collect()
}

fn series(times: &[f64]) -> Populations {
    let snapshots = times.iter().map(|&t| Snapshot::new(t, Array2::from_elem((4, 2), t as f32))).collect();
    Populations::new(snapshots, named(2)).expect("a valid series")
}

fn refusal(snapshots: Vec<Snapshot>) -> String {
    Populations::new(snapshots, named(2)).expect_err("an invalid series").to_string()
}

#[test]
fn holds_out_an_inner_time_and_only_that() {
    let all = series(&[0.0, 1.0, 3.0]);
    let (rest, held) = all.hold_out(1.0).unwrap();
    assert_eq!((rest.times(), held.time), (vec![0.0, 3.0], 1.0));
    assert_eq!(all.intervals().map(|(a, b)| b.time - a.time).collect::<Vec<_>>(), [1.0, 2.0]);
    let end = all.hold_out(3.0).unwrap_err().to_string();
    assert_eq!(end, "time 3 is an end of the series and cannot be held out; choose one of 1");
    let none = all.hold_out(2.0).unwrap_err().to_string();
    assert_eq!(none, "there is no snapshot at time 2; the times are 0, 1, 3");
    assert!(matches!(series(&[0.0]).hold_out(0.0), Err(CoreError::HeldOutEnd { .. })));
    assert!(
        series(&[0.0, 1.0])
            .hold_out(0.0)
            .unwrap_err()
            .to_string()
            .contains("; give cells at three times at least")
    );
}

#[test]
fn refuses_what_is_not_a_time_series_and_says_where() {
    let good = |t| Snapshot::new(t, Array2::zeros((3, 2)));
    assert!(refusal(vec![]).starts_with("there are no snapshots"));
    assert!(refusal(vec![good(f64::NAN)]).starts_with("snapshot 0 has time NaN"));
    assert!(refusal(vec![good(1.0), good(1.0)]).contains("time 1 follows time 1"));
    assert!(refusal(vec![Snapshot::new(0.0, Array2::zeros((0, 2)))]).contains("time 0 has no cells"));
    assert!(refusal(vec![Snapshot::new(0.0, Array2::zeros((3, 5)))]).contains("has 5 features where 2"));
    let nan = Snapshot::new(2.0, array![[0.0, 1.0], [f32::NAN, 0.0]]);
    assert!(refusal(vec![nan]).starts_with("cell 1 at time 2 has value NaN in feature 0"));
    let weighted = |w: Array1<f32>| Snapshot { weights: Some(w), ..good(0.0) };
    assert!(refusal(vec![weighted(array![1.0])]).contains("3 cells and 1 weights"));
    assert!(refusal(vec![weighted(array![1.0, -1.0, 1.0])]).contains("cell 1 at time 0 has weight -1"));
    assert!(refusal(vec![weighted(array![0.0, 0.0, 0.0])]).contains("not all zero"));
}

#[test]
fn weights_become_probabilities() {
    let s = Snapshot { time: 0.0, points: Array2::zeros((3, 1)), weights: Some(array![1.0, 2.0, 1.0]) };
    assert_eq!(s.probabilities(), array![0.25, 0.5, 0.25]);
    assert_eq!(Snapshot::new(0.0, Array2::zeros((4, 1))).probabilities().sum(), 1.0);
}
