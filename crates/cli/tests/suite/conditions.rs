//! Models of conditions through every command; fates, couplings and plans.

use crate::common::{CELLS, RUN, SMALL, fails, folder, succeeds, text, train_fails};
use chreode_io::{Column, H5ad};
use std::fs;
use std::path::Path;

/// 40 cells under each of two drugs at three days, which go to two sides, and untreated ones at day 0.
pub(crate) fn treated(path: &Path, header: &str, control: bool) {
    let mut lines = vec![header.to_string()];
    for day in 0..3 {
        for i in 0..80 {
            let (angle, drug) = (i as f64 * 0.7, if i % 2 == 0 { "a" } else { "b" });
            let side = if i % 2 == 0 { 2.0 } else { -2.0 } * f64::from(day);
            let name = if control && day == 0 { "none" } else { drug };
            let dose = if i % 4 < 2 { 1.0 } else { 0.5 };
            lines.push(format!("{day},{name},{dose},{},{}", side + angle.sin(), angle.cos()));
        }
    }
    fs::write(path, lines.join("\n") + "\n").expect("a temporary folder can be written to");
}

pub(crate) const HEADER: &str = "day,drug,dose,x,y";
const TINY: [&str; 8] = ["--steps", "60", "--hidden", "16,16", "--batch", "32", "--threads", "1"];

/// Mean of the first coordinate at the last time.
fn mean(file: &Path, key: &str, chosen: impl Fn(usize) -> bool) -> f32 {
    let array = H5ad::open(file).expect("a file that was written").obsm(key).expect("positions");
    let some: Vec<f32> = (0..array.nrows()).filter(|&i| chosen(i)).map(|i| array[[i, 0]]).collect();
    some.iter().sum::<f32>() / some.len() as f32
}

#[test]
fn conditions_are_trained_predicted_evaluated_and_resumed() {
    let folder = folder();
    let (file, run, out) =
        (folder.path().join("t.csv"), folder.path().join("run"), folder.path().join("o.h5ad"));
    treated(&file, HEADER, false);
    let data = [text(&file), "--time", "day", "--condition", "drug", "--covariates", "dose"];
    let model = ["--model", "c-ot-cfm", "--lr", "1e-2"];
    let said = succeeds(&[&["train"], &data[..], &model, &TINY, &["--out", text(&run)]].concat());
    assert!(said.contains("under    2 (a, b) with dose"), "{said}");
    succeeds(&["train", text(&file), "--resume", text(&run), "--steps", "300"]);
    let predict = |more: &[&str]| {
        succeeds(&[&["predict", text(&run), text(&file), "--from", "0", "--out", text(&out)], more].concat())
    };
    predict(&[]);
    let (a, b) = (mean(&out, "X_t2", |i| i % 2 == 0), mean(&out, "X_t2", |i| i % 2 == 1));
    assert!(a > 2.0 && b < -2.0, "each cell moves under its own drug: {a}, {b}");
    predict(&["--as", "b", "--covariate", "dose=0.7"]);
    let b = mean(&out, "X_t2", |_| true);
    assert!(b < -2.0, "all cells as if under b: {b}");
    predict(&["--as", "b", "--covariate", "dose=0.7", "--guidance", "0"]);
    let none = mean(&out, "X_t2", |_| true);
    assert!(none.abs() < 1.5, "without guidance cells go between: {none}");
    let refused =
        |more: &[&str]| fails(&[&["predict", text(&run), text(&file), "--out", text(&out)], more].concat());
    assert_eq!(
        refused(&["--as", "c", "--covariate", "dose=1"]),
        "there is no condition c; the conditions are a, b"
    );
    assert_eq!(refused(&["--as", "b"]), "--as b needs a value of dose; give it with --covariate dose=NUMBER");
    let said = refused(&["--as", "b", "--covariate", "dosis=1"]);
    assert_eq!(said, "this run knows no covariate dosis; it was trained with dose");
    let said = succeeds(&[&["evaluate"], &data[..], &model, &TINY, &["--seeds", "1"]].concat());
    assert!(said.contains("under    a 1 at time 1: W1 "), "{said}");
}

#[test]
fn what_is_missing_of_conditions_is_said() {
    let folder = folder();
    let file = folder.path().join("t.csv");
    treated(&file, HEADER, true);
    let time = ["--time", "day", "--model", "c-ot-cfm"];
    let refused = |more: &[&str]| train_fails(&file, &[&time[..], more].concat());
    let said = refused(&["--rep", "x"]);
    assert!(said.ends_with("say with --condition COLUMN what each cell was under"), "{said}");
    let said = refused(&["--condition", "dragee"]);
    assert!(said.starts_with("no `dragee` in the header of"), "{said}");
    let said = refused(&["--condition", "drug", "--covariates", "dose"]);
    assert!(said.starts_with("condition none 1 has cells at time 0 only, where two times"), "{said}");
    let said = refused(&["--condition", "drug", "--covariates", "dose", "--control", "DMSO"]);
    assert_eq!(said, "there is no condition DMSO; the conditions are a, b, none");
    let said = train_fails(&file, &["--time", "day", "--condition", "drug"]);
    assert_eq!(said, "OT-CFM knows no conditions; choose --model c-ot-cfm, or leave out --condition drug");
    let text_of = fs::read_to_string(&file).unwrap().replacen(",a,", ",,", 1);
    let other = folder.path().join("missing.csv");
    fs::write(&other, text_of).unwrap();
    let said = train_fails(&other, &[&time[..], &["--condition", "drug", "--rep", "x"]].concat());
    assert!(said.contains("has no `drug`; leave such cells out or give them a condition"), "{said}");
    // The control's cells are where the others start, and not a condition of their own.
    let run = folder.path().join("run");
    let control = ["--condition", "drug", "--control", "none", "--rep", "x", "--out", text(&run)];
    let said = succeeds(&[&["train", text(&file)], &time[..], &control, &TINY].concat());
    assert!(said.contains("under    3 (a, b, none), from none"), "{said}");
    let out = folder.path().join("o.h5ad");
    let predict = ["predict", text(&run), text(&file), "--from", "0", "--out", text(&out)];
    let said = fails(&predict);
    assert!(
        said.starts_with("say with --as VALUE under which condition all cells are to move: there is no"),
        "{said}"
    );
    succeeds(&[&predict[..], &["--as", "a"]].concat());
    let said = fails(&["predict", text(&RUN), text(&CELLS), "--as", "a", "--out", text(&out)]);
    assert_eq!(said, "this run knows no conditions; leave out --as and --guidance");
}

#[test]
fn fates_are_written_with_their_spread() {
    let folder = folder();
    let (out, second) = (folder.path().join("fates.h5ad"), folder.path().join("second"));
    let train = ["train", text(&CELLS), "--time", "day", "--seed", "7", "--steps", "40"];
    succeeds(&[&train[..], &["--out", text(&second)], &SMALL].concat());
    let models = ["fates", text(&RUN), text(&second), text(&CELLS), "--terminal", "true_branch"];
    let small = ["--moments", "8", "--replicates", "50", "--out", text(&out)];
    let said = succeeds(&[&models[..], &["--among", "first,second"], &small].concat());
    assert!(said.contains("ends     first, second at time ") && said.contains("| time 0 "), "{said}");
    let file = H5ad::open(&out).unwrap();
    let (fates, spread) = (file.obsm("chreode_fates").unwrap(), file.obsm("chreode_fates_spread").unwrap());
    assert_eq!(fates.dim(), spread.dim());
    assert!(fates.rows().into_iter().all(|row| (row.sum() - 1.0).abs() < 1e-6));
    let most = file.obs_column("chreode_fate").unwrap().labels();
    let wanted = if fates[[0, 0]] >= fates[[0, 1]] { "first" } else { "second" };
    assert!(fates[[0, 0]] == 0.5 || most[0].as_deref() == Some(wanted), "{:?} and {}", most[0], fates.row(0));
    let said = fails(&[&models[..], &["--among", "first,third"], &small].concat());
    assert!(said.starts_with("no cell at time ") && said.contains("has `third` in `true_branch`"), "{said}");
    let said = fails(&["fates", text(&RUN), text(&CELLS), "--terminal", "branch", "--out", text(&out)]);
    assert!(said.starts_with("no `branch` in obs of"), "{said}");
}

#[test]
fn couplings_and_plans_are_told_and_nothing_is_written() {
    let data = ["--time", "day", "--dims", "5", "--threads", "1"];
    let sizes = ["--sizes", "16,64", "--batches", "3", "--run", text(&RUN)];
    let said = succeeds(&[&["coupling", text(&CELLS)], &data[..], &sizes].concat());
    assert!(said.contains("bias at 16") && said.contains("straight 0 to "), "{said}");
    let said = fails(&[&["coupling", text(&CELLS), "--model", "cnf"], &data[..]].concat());
    assert!(said.starts_with("CNF pairs no minibatches; name a model"), "{said}");
    let said = fails(&[&["coupling", text(&CELLS), "--model", "c-ot-cfm"], &data[..]].concat());
    assert!(said.contains("pairs the cells of each condition apart"), "{said}");
    let folder = folder();
    let run = folder.path().join("run");
    let train = ["train", text(&CELLS), "--time", "day", "--plan", "--steps", "30", "--out", text(&run)];
    let said = succeeds(&[&train[..], &SMALL].concat());
    for line in ["data ", "state ", "plans ", "memory ", "time     about "] {
        assert!(said.contains(line), "{line}: {said}");
    }
    assert!(!run.exists(), "a plan writes nothing");
}

#[test]
fn a_density_model_says_how_likely_cells_are_and_a_growth_model_how_they_grow() {
    let folder = folder();
    let out = folder.path().join("out.h5ad");
    for (model, column) in [("cnf", "chreode_log_density"), ("wfr-fm", "chreode_growth")] {
        let run = folder.path().join(model);
        let data = ["train", text(&CELLS), "--time", "day", "--model", model, "--steps", "4"];
        succeeds(&[&data[..], &["--out", text(&run)], &SMALL].concat());
        let predict = ["predict", text(&run), text(&CELLS), "--from", "0", "--rates", "all"];
        let said = succeeds(&[&predict[..], &["--out", text(&out)]].concat());
        assert_eq!(said.contains("density  "), model == "cnf", "{said}");
        let file = H5ad::open(&out).unwrap();
        let Column::Numbers(values) = file.obs_column(column).unwrap() else { panic!("numbers") };
        assert!(values.iter().all(|v| v.is_finite()), "{column}");
        let keys = file.keys("obsm").unwrap();
        assert!(keys.contains(&"velocity_X_pca_t0".to_string()), "{keys:?}");
        assert_eq!(keys.contains(&"chreode_growth".to_string()), model == "wfr-fm", "{keys:?}");
        // Where and when a cell was measured, both are the same velocity.
        let [here, there] = ["velocity_X_pca", "velocity_X_pca_t0"].map(|key| file.obsm(key).unwrap());
        let off = (&here - &there).mapv(f32::abs).fold(0.0_f32, |a, b| a.max(*b));
        assert!(off < 1e-3, "{model}: off by {off}");
    }
}
