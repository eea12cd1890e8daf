//! Models of time series through every command, on a long table.

use crate::common::{CELLS, fails, folder, succeeds, text};
use chreode_models::{Card, Needs};
use std::fmt::Write;
use std::fs;
use std::path::{Path, PathBuf};

/// 30 waves of two features; at some times one of them was not measured.
pub(crate) fn long_table(folder: &Path) -> PathBuf {
    let mut table = String::from("who,when,a,b,died\n");
    for k in 0..30_u32 {
        for i in 0..8_u32 {
            let t = f64::from(i) + 0.1 * f64::from(k % 7);
            let wave = |shift: f64| (t + shift + f64::from(k)).sin();
            let b = if i > 2 && (i + k) % 3 == 0 { String::new() } else { format!("{:.4}", wave(1.0)) };
            writeln!(table, "p{k},{t:.1},{:.4},{b},{}", wave(0.0), k % 2).expect("a string grows");
        }
    }
    let path = folder.join("long.csv");
    fs::write(&path, table).expect("a file is written");
    path
}

pub(crate) const DATA: [&str; 6] = ["--series", "who", "--time", "when", "--label", "died"];
const SMALL: [&str; 6] = ["--batch", "8", "--hidden", "8", "--threads", "1"];

#[test]
fn every_model_of_series_trains_resumes_and_predicts() {
    let folder = folder();
    let table = long_table(folder.path());
    for card in Card::all().iter().filter(|card| card.needs == Needs::Series) {
        let run = folder.path().join(card.name);
        let train = ["train", text(&table), "--model", card.name, "--steps", "4", "--out", text(&run)];
        let said = succeeds(&[&train[..], &DATA, &SMALL].concat());
        assert!(said.contains("series   30 of 240 times, ") && said.contains("30 labelled"), "{said}");
        succeeds(&["train", text(&table), "--resume", text(&run), "--steps", "6"]);
        let out = folder.path().join("said.csv");
        let predict = ["predict", text(&run), text(&table), "--times", "0.5,7.5", "--until", "5"];
        succeeds(&[&predict[..], &["--out", text(&out)]].concat());
        let said = fs::read_to_string(&out).unwrap();
        assert!(said.starts_with("who,when,a,b"), "{}: {said}", card.name);
        assert_eq!(said.lines().count(), 61, "{}", card.name);
        assert!(said.lines().nth(2).unwrap().starts_with("p0,7.5,"), "{said}");
    }
}

#[test]
fn unseen_individuals_are_scored_between_and_after() {
    let folder = folder();
    let table = long_table(folder.path());
    let json = folder.path().join("scores.json");
    let evaluate = ["evaluate", text(&table), "--model", "latent-ode", "--steps", "30", "--seeds", "1"];
    let label = ["--set", "label_weight=10", "--json", text(&json)];
    let said = succeeds(&[&evaluate[..], &label, &DATA, &SMALL].concat());
    assert!(said.contains("between  ") && said.contains("after    ") && said.contains("AUC "), "{said}");
    let scores: serde_json::Value = serde_json::from_str(&fs::read_to_string(&json).unwrap()).unwrap();
    let number = |key: &str| scores["summary"][key].as_f64().expect("a number");
    assert!(number("interpolation_mean") > 0.0 && number("extrapolation_mean") > 0.0);
    assert!((0.0..=1.0).contains(&number("auc_mean")));
    assert_eq!(scores["manifest"]["individuals"], 30);
}

/// 30 individuals without labels, of which some have one time, and others lack a value of their first.
fn uneven(path: &Path) {
    let mut table = String::from("who,when,a,b\n");
    for k in 0..30_u32 {
        for i in 0..if k % 6 == 1 { 1 } else { 6_u32 } {
            let b =
                if i == 0 && k % 5 == 0 { String::new() } else { format!("{:.3}", f64::from(i + k).cos()) };
            writeln!(table, "p{k},{i},{:.3},{b}", f64::from(i + k).sin()).expect("a string grows");
        }
    }
    fs::write(path, table).expect("a file is written");
}

#[test]
fn individuals_that_a_model_cannot_start_from_are_not_asked_of_it() {
    let folder = folder();
    let table = folder.path().join("uneven.csv");
    uneven(&table);
    let data = ["--series", "who", "--time", "when", "--seeds", "8", "--steps", "1"];
    for model in [&["neural-cde"][..], &["neural-ode", "--set", "window=3"]] {
        let evaluate = [&["evaluate", text(&table), "--model"], model, &data, &SMALL].concat();
        let said = succeeds(&evaluate);
        assert!(said.contains("between  ") && !said.contains("AUC"), "{said}");
    }
}

#[test]
fn predictions_need_no_labels_and_keep_to_the_features_of_training() {
    let folder = folder();
    let table = long_table(folder.path());
    let run = folder.path().join("run");
    let train = ["train", text(&table), "--model", "ode-rnn", "--steps", "2", "--dims", "1"];
    let label = ["--set", "label_weight=1", "--out", text(&run)];
    succeeds(&[&train[..], &label, &DATA, &SMALL].concat());
    let (out, other) = (folder.path().join("said.csv"), folder.path().join("unlabelled.csv"));
    let predict = |file: &Path, more: &[&str]| {
        let run = ["predict", text(&run), text(file), "--times", "3", "--out", text(&out)];
        succeeds(&[&run[..], more].concat());
        fs::read_to_string(&out).unwrap()
    };
    let said = predict(&table, &[]);
    assert!(said.starts_with("who,when,a,a_sd,probability\n"), "{said}");
    let unlabelled: Vec<String> = fs::read_to_string(&table)
        .unwrap()
        .lines()
        .map(|line| line.rsplit_once(',').expect("five columns").0.to_string())
        .collect();
    fs::write(&other, unlabelled.join("\n") + "\n").unwrap();
    assert_eq!(predict(&other, &[]), said);
    let refused =
        |more: &[&str]| fails(&[&["predict", text(&run), text(&table), "--out", text(&out)], more].concat());
    assert!(refused(&["--times", "inf"]).starts_with("time inf is asked of individual p0"));
    assert!(refused(&["--times", "1.8e9"]).starts_with("the times of individual p0 are "));
    assert!(refused(&["--until", "nan"]).starts_with("--until must be a number"));
    for flag in [
        &["--from", "1"][..],
        &["--as", "x"],
        &["--guidance", "1"],
        &["--rates", "all"],
        &["--expression", "none"],
        &["--solver", "rk4"],
        &["--substeps", "3"],
        &["--tol", "1e-3"],
    ] {
        let said = refused(flag);
        let text = format!("{} is for cells in snapshots, and ODE-RNN is of individuals", flag[0]);
        assert!(said.starts_with(&text), "{said}");
    }
}

#[test]
fn predictions_go_to_h5ad_too() {
    let folder = folder();
    let table = long_table(folder.path());
    let run = folder.path().join("run");
    let train = ["train", text(&table), "--model", "gru-ode-bayes", "--steps", "2", "--out", text(&run)];
    succeeds(&[&train[..], &DATA, &SMALL].concat());
    let out = folder.path().join("said.h5ad");
    succeeds(&["predict", text(&run), text(&table), "--out", text(&out)]);
    let shown = succeeds(&["inspect", text(&out)]);
    assert!(shown.contains("who") && shown.contains("when") && shown.contains("spread"), "{shown}");
}

#[test]
fn what_is_missing_is_said() {
    let folder = folder();
    let table = long_table(folder.path());
    let out = folder.path().join("run");
    let train =
        |file: &Path, more: &[&str]| fails(&[&["train", text(file), "--out", text(&out)], more].concat());
    let said = train(&table, &["--time", "when", "--model", "latent-ode"]);
    assert!(
        said.starts_with("Latent ODE learns from individuals measured in time; say with --series COLUMN"),
        "{said}"
    );
    let said = train(&table, &["--time", "when", "--series", "who"]);
    assert!(
        said.starts_with("OT-CFM cannot learn from these data; it needs cells at two times at least"),
        "{said}"
    );
    let said = train(&table, &["--time", "then", "--series", "who", "--model", "latent-ode"]);
    assert!(said.contains("there is no column `then`; there are who, when, a, b, died"), "{said}");
    let said = train(&table, &["--time", "when", "--series", "who", "--label", "b", "--model", "latent-ode"]);
    assert!(said.contains("labels are 0 or 1"), "{said}");
    let data = ["--time", "when", "--series", "who", "--model", "latent-ode"];
    for flag in [&["--whiten"][..], &["--weight", "a"], &["--condition", "a"]] {
        let said = train(&table, &[&data[..], flag].concat());
        assert!(said.starts_with(&format!("{} is for cells in snapshots", flag[0])), "{said}");
    }
    let evaluate = |file: &Path, more: &[&str]| fails(&[&["evaluate", text(file)], more].concat());
    let said = evaluate(&table, &["--time", "when", "--model", "latent-ode"]);
    assert!(
        said.starts_with("Latent ODE learns from individuals measured in time; say with --series"),
        "{said}"
    );
    let said = evaluate(&table, &[&data[..], &["--hold-out", "1"]].concat());
    assert!(said.starts_with("--hold-out is for cells in snapshots"), "{said}");
    let said = evaluate(&table, &[&data[..], &["--tol", "1e-3"]].concat());
    assert!(said.starts_with("--tol is for cells in snapshots"), "{said}");
    let said = evaluate(&table, &["--time", "when", "--series", "who"]);
    assert!(
        said.starts_with("--series is for individuals measured in time, and OT-CFM is of cells"),
        "{said}"
    );
    let said = train(&table, &["--time", "when", "--label", "died"]);
    assert!(said.starts_with("--label is for individuals measured in time"), "{said}");
    let said = train(&CELLS, &["--time", "day", "--series", "who", "--model", "latent-ode"]);
    assert!(said.contains("obs has no column `who`"), "{said}");
    let no_labels = ["--time", "when", "--series", "who", "--model", "latent-ode", "--set", "label_weight=1"];
    let said = train(&table, &no_labels);
    assert!(said.contains("no individual has one; name their column with --label"), "{said}");
    fs::write(&table, "who,when,a\np,0,1\np,0,2\n").unwrap();
    let said = train(&table, &["--time", "when", "--series", "who", "--model", "latent-ode"]);
    assert!(said.contains("the times of individual p are not increasing numbers"), "{said}");
    fs::write(&table, "who,when,a\np,0,1\np,1,2\nq,0,2\n").unwrap();
    let said = evaluate(&table, &data);
    assert!(
        said.contains("has 2 individuals, and a fifth of them is left out to score on; give 3 or more"),
        "{said}"
    );
    fs::write(&table, "who,when,a,when\np,0,1,5\n").unwrap();
    let said = train(&table, &data);
    assert!(said.contains("column 4 is called `when` as one before it is"), "{said}");
    fs::write(&table, "who,when,a\np,0,one\n").unwrap();
    let said = train(&table, &["--time", "when", "--series", "who", "--model", "latent-ode"]);
    assert!(said.contains("`a` of row 1 is `one`, which is no number"), "{said}");
}
