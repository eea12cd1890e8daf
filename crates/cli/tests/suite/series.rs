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
    let said = train(&CELLS, &["--time", "day", "--series", "who", "--model", "latent-ode"]);
    assert!(said.contains("obs has no column `who`"), "{said}");
    let no_labels = ["--time", "when", "--series", "who", "--model", "latent-ode", "--set", "label_weight=1"];
    let said = train(&table, &no_labels);
    assert!(said.contains("no individual has one; name their column with --label"), "{said}");
    fs::write(&table, "who,when,a\np,0,1\np,0,2\n").unwrap();
    let said = train(&table, &["--time", "when", "--series", "who", "--model", "latent-ode"]);
    assert!(said.contains("the times of individual p are not increasing numbers"), "{said}");
    fs::write(&table, "who,when,a\np,0,one\n").unwrap();
    let said = train(&table, &["--time", "when", "--series", "who", "--model", "latent-ode"]);
    assert!(said.contains("`a` of row 1 is `one`, which is no number"), "{said}");
}
