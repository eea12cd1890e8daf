//! The commands in the order of a first afternoon: inspect, train, predict, evaluate.

use crate::common;

use chreode_io::{AnnData, Annotation, Column, H5ad, Uns};
use common::{CELLS, OTHERS, RUN, SMALL, succeeds, table, text};
use ndarray::Array2;
use ndarray_npy::NpzWriter;
use serde_json::Value;
use std::fs;
use std::path::Path;

fn load(path: &Path) -> AnnData {
    H5ad::open(path).expect("an .h5ad").load().expect("all of it reads").data
}

fn coordinates(data: &AnnData, key: &str) -> Array2<f32> {
    match data.obsm.get(key) {
        Some(Annotation::F32(x)) => x.clone(),
        other => panic!("{key} is {other:?}"),
    }
}

fn numbers(data: &AnnData, name: &str) -> Vec<f64> {
    data.obs.column(name).and_then(Column::numbers).expect("a numeric column")
}

/// Predicts with the shared run, and reads what that writes.
fn predicted(file: &Path, more: &[&str]) -> AnnData {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let out = folder.path().join("out.h5ad");
    let said = succeeds(&[&["predict", text(&RUN), text(file), "--out", text(&out)], more].concat());
    assert!(said.contains(&format!("wrote    {} in ", out.display())), "{said}");
    load(&out)
}

#[test]
fn inspect_names_what_train_can_use() {
    let said = succeeds(&["inspect", text(&CELLS)]);
    let cells = CELLS.display();
    assert!(said.starts_with(&format!("{cells}: 400 cells x 50 genes\n")), "{said}");
    assert!(said.contains("\n  obsm/X_pca ") && said.contains("400 x 10"), "{said}");
    let end = format!(
        "train could use
  --rep   X_pca, X
  --time  day  (80 at 0, 80 at 1, 80 at 2, 80 at 3, 80 at 4)
next
  chreode train {cells} --time day --rep X_pca --out run
"
    );
    assert!(said.ends_with(&end), "{said}");
}

/// The line that `inspect` proposes, with a folder and less work; it must run.
fn run_proposed(file: &Path, proposed: &str) {
    let said = succeeds(&["inspect", text(file)]);
    let line = said.lines().last().expect("a last line").trim();
    assert_eq!(line, format!("chreode train {} {proposed} --out run", file.display()), "{said}");
    let folder = tempfile::tempdir().expect("a temporary folder");
    let out = folder.path().join("run");
    let mut arguments: Vec<&str> = line.split(' ').skip(1).collect();
    *arguments.last_mut().expect("the folder") = text(&out);
    succeeds(&[&arguments[..], &["--steps", "3"], &SMALL[2..]].concat());
}

#[test]
fn what_inspect_proposes_works_for_every_kind_of_file() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    run_proposed(&CELLS, "--time day --rep X_pca");
    table(&at("cells.csv"), &[0.0, 1.0, 2.5], 20);
    run_proposed(&at("cells.csv"), "--time day --rep PC");
    let csv = fs::read_to_string(at("cells.csv")).unwrap();
    fs::write(at("cells.tsv"), csv.replace(',', "\t").replace("PC1\tPC2\tPC3", "x\ty\tz")).unwrap();
    run_proposed(&at("cells.tsv"), "--time day");
    npz(&at("cells.npz"));
    run_proposed(&at("cells.npz"), "--time hour --rep pcs");
    fs::write(at("words.csv"), "name,kind\na,b\nc,d\n").unwrap();
    let said = succeeds(&["inspect", text(&at("words.csv"))]);
    assert!(said.ends_with("  --rep   nothing: there are no numbers to be coordinates\n"), "{said}");
}

/// 60 cells at 3 times in 4 dimensions.
fn npz(path: &Path) {
    let mut out = NpzWriter::new(fs::File::create(path).expect("a new file"));
    let points = Array2::from_shape_fn((60, 4), |(i, j)| ((i * 7 + j * 3) as f32).sin() + (i / 20) as f32);
    let hours = ndarray::Array1::from_shape_fn(60, |i| (i / 20) as f64 * 6.0);
    out.add_array("pcs", &points).expect("it is written");
    out.add_array("hour", &hours).expect("it is written");
    out.finish().expect("it is written");
}

#[test]
fn a_run_folder_holds_what_is_needed_to_repeat_it() {
    let facts: toml::Table = fs::read_to_string(RUN.join("run.toml")).unwrap().parse().unwrap();
    assert_eq!(facts["data"]["time"].as_str(), Some("day"));
    assert_eq!(facts["data"]["dims"].as_integer(), Some(5));
    let fit = &facts["model"]["flow-matching"]["fit"];
    assert_eq!(fit["seed"].as_integer(), Some(42));
    assert_eq!(fit["steps"].as_integer(), Some(40));
    let manifest = &facts["manifest"];
    assert_eq!(manifest["chreode"].as_str(), Some(env!("CARGO_PKG_VERSION")));
    assert_eq!(manifest["data_sha256"].as_str(), Some(&*chreode_io::data_hash(&*CELLS).unwrap().to_string()));
    assert_eq!(manifest["steps_done"].as_integer(), Some(40));
    assert_eq!(manifest["threads"].as_integer(), Some(1));
    assert_eq!(manifest["cells"].as_array().map(Vec::len), Some(5));
    assert!(manifest["seconds"].as_float().is_some_and(|s| s > 0.0));

    let metrics = fs::read_to_string(RUN.join("metrics.jsonl")).unwrap();
    let lines: Vec<Value> = metrics.lines().map(|l| serde_json::from_str(l).unwrap()).collect();
    let steps: Vec<_> = lines.iter().map(|l| l["step"].as_u64().unwrap()).collect();
    assert_eq!(steps, (1..=40).collect::<Vec<_>>());
    assert!(lines.iter().all(|l| l["loss"].as_f64().unwrap() > 0.0 && l["lr"].as_f64().unwrap() > 0.0));
    let rates: Vec<_> = lines.iter().map(|l| l["lr"].as_f64().unwrap()).collect();
    assert!(rates.windows(2).all(|pair| pair[0] > pair[1]), "the rate falls along the cosine: {rates:?}");
}

#[test]
fn predict_adds_trajectories_and_keeps_the_input() {
    let (input, output) = (load(&CELLS), predicted(&CELLS, &[]));
    let measured = numbers(&input, "day");
    for time in 0..5 {
        let there = coordinates(&output, &format!("X_pca_t{time}"));
        assert_eq!(there.dim(), (400, 5));
        let before = coordinates(&input, "X_pca");
        for (i, row) in there.rows().into_iter().enumerate() {
            assert!(row.iter().all(|v| v.is_finite()));
            let stays = row.iter().zip(before.row(i)).all(|(a, b)| (a - b).abs() < 1e-4);
            assert_eq!(stays, measured[i] == f64::from(time), "cell {i} of {} at {time}", measured[i]);
        }
    }
    let velocity = coordinates(&output, "velocity_X_pca");
    assert_eq!(velocity.dim(), (400, 5));
    assert!(velocity.iter().all(|v| v.is_finite()) && velocity.iter().any(|&v| v != 0.0));
    assert_eq!(numbers(&output, "chreode_time"), measured);
    let weights = numbers(&output, "chreode_weight");
    assert!(weights.iter().all(|&w| (w - 1.0 / 80.0).abs() < 1e-9), "equal weights a time");
    assert_eq!(output.layers.keys().collect::<Vec<_>>(), ["expression_t4"]);
    assert_eq!(output.layers["expression_t4"].shape(), (400, 50));
    let Uns::Text(hash) = &output.uns["chreode/data_sha256"] else { panic!("{:?}", output.uns) };
    assert_eq!(*hash, chreode_io::data_hash(&*CELLS).unwrap().to_string());

    // Without the additions it is the input.
    let mut rest = output;
    rest.obs.columns.retain(|(name, _)| !name.starts_with("chreode_"));
    rest.obsm.retain(|key, _| key == "X_pca");
    rest.layers.clear();
    rest.uns.retain(|key, _| !key.starts_with("chreode/"));
    assert!(rest == input);
}

/// Expression is μ + z PCsᵀ; where a cell was measured it is its own, up to the components left out.
#[test]
fn predicted_expression_is_that_of_the_components() {
    let output = predicted(&CELLS, &["--expression", "all"]);
    let input = load(&CELLS);
    let x = input.x.as_ref().expect("a simulated file has X");
    let all = x.rows(&(0..400).collect::<Vec<_>>());
    let mean = all.mean_axis(ndarray::Axis(0)).expect("cells");
    let Annotation::F64(loadings) = &input.varm["PCs"] else { panic!("PCs") };
    for time in 0..5 {
        let layer = output.layers[&format!("expression_t{time}")].rows(&[3, 200, 399]);
        let at = coordinates(&output, &format!("X_pca_t{time}"));
        for (row, &cell) in layer.rows().into_iter().zip(&[3, 200, 399]) {
            for (gene, &value) in row.iter().enumerate() {
                let moved: f64 = (0..5).map(|k| f64::from(at[[cell, k]]) * loadings[[gene, k]]).sum();
                let expected = f64::from(mean[gene]) + moved;
                assert!((f64::from(value) - expected).abs() < 1e-3, "{value} {expected}");
            }
        }
    }
    assert!(predicted(&CELLS, &["--expression", "none"]).layers.is_empty());
}

#[test]
fn predict_from_one_time_to_chosen_times() {
    let output =
        predicted(&CELLS, &["--from", "1", "--times", "1,2.5", "--solver", "rk4", "--substeps", "4"]);
    assert_eq!(output.n_obs(), 80);
    assert_eq!(numbers(&output, "day"), vec![1.0; 80]);
    let keys: Vec<_> = output.obsm.keys().map(String::as_str).collect();
    assert_eq!(keys, ["X_pca", "X_pca_t1", "X_pca_t2.5", "velocity_X_pca"]);
    let all = predicted(&CELLS, &["--times", "1,2.5", "--solver", "rk4", "--substeps", "4"]);
    let rows: Vec<usize> = (80..160).collect();
    assert_eq!(
        coordinates(&all, "X_pca_t2.5").select(ndarray::Axis(0), &rows),
        coordinates(&output, "X_pca_t2.5")
    );
    assert_eq!(output.obs.index, all.obs.index[80..160]);
}

#[test]
fn predict_moves_cells_it_was_not_trained_on() {
    let output = predicted(&OTHERS, &[]);
    assert_eq!(coordinates(&output, "X_pca_t4").dim(), (400, 5));
    let Uns::Text(trained_on) = &output.uns["chreode/trained_on_sha256"] else { panic!("{:?}", output.uns) };
    assert_eq!(*trained_on, chreode_io::data_hash(&*CELLS).unwrap().to_string());
    let Uns::Text(moved) = &output.uns["chreode/data_sha256"] else { panic!("{:?}", output.uns) };
    assert_eq!(*moved, chreode_io::data_hash(&*OTHERS).unwrap().to_string());
}

#[test]
fn a_file_can_be_replaced_by_its_prediction() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("cells.h5ad");
    fs::copy(&*CELLS, &path).unwrap();
    for _ in 0..2 {
        succeeds(&["predict", text(&RUN), text(&path), "--out", text(&path)]);
        assert_eq!(coordinates(&load(&path), "X_pca_t4"), coordinates(&predicted(&CELLS, &[]), "X_pca_t4"));
    }
}

#[test]
fn tables_and_arrays_train_and_predict() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    table(&at("cells.csv"), &[0.0, 1.0, 2.5], 20);
    npz(&at("cells.npz"));
    for (name, data, key, dims) in [
        ("cells.csv", &["--time", "day", "--rep", "PC"][..], "PC_t2.5", 3),
        ("cells.csv", &["--time", "day"], "X_t2.5", 3),
        ("cells.npz", &["--time", "hour", "--rep", "pcs", "--dims", "2"], "pcs_t12", 2),
        ("cells.npz", &["--time", "hour"], "pcs_t0", 4),
    ] {
        let (file, run, out) = (at(name), at("run"), at("out.h5ad"));
        let arguments = ["train", text(&file), "--steps", "5", "--out", text(&run)];
        succeeds(&[&arguments[..], &SMALL[2..], data].concat());
        succeeds(&["predict", text(&run), text(&file), "--out", text(&out)]);
        let output = load(&out);
        assert_eq!(coordinates(&output, key).dim(), (60, dims), "{:?}", output.obsm.keys());
        assert_eq!(output.n_obs(), 60);
    }
}

#[test]
fn couplings_and_whitening_are_kept_in_the_run() {
    let folder = tempfile::tempdir().unwrap();
    let mut models = vec![fs::read(RUN.join("model.safetensors")).unwrap()];
    for (i, more) in [
        &["--coupling", "sinkhorn"][..],
        &["--coupling", "independent"],
        &["--sampling", "replacement"],
        &["--whiten"],
    ]
    .iter()
    .enumerate()
    {
        let out = folder.path().join(i.to_string());
        let arguments = ["train", text(&CELLS), "--time", "day", "--steps", "40", "--out", text(&out)];
        let said = succeeds(&[&arguments[..], &SMALL, more].concat());
        let facts: toml::Table = fs::read_to_string(out.join("run.toml")).unwrap().parse().unwrap();
        match more {
            ["--whiten"] => assert_eq!(facts["data"]["whiten"].as_bool(), Some(true)),
            [flag, value] => assert_eq!(facts["model"]["flow-matching"][&flag[2..]].as_str(), Some(*value)),
            _ => panic!("{more:?}"),
        }
        assert_eq!(said.contains("whitened"), *more == ["--whiten"], "{said}");
        let model = fs::read(out.join("model.safetensors")).unwrap();
        assert!(!models.contains(&model), "{more:?} is another model");
        models.push(model);
        succeeds(&["predict", text(&out), text(&CELLS), "--out", text(&folder.path().join("out.h5ad"))]);
    }
}

#[test]
fn epochs_are_passes_over_the_smallest_snapshot() {
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("run");
    // 80 cells a time in batches of 32 are 3 steps a pass.
    let arguments = ["train", text(&CELLS), "--time", "day", "--epochs", "4", "--out", text(&out)];
    let said = succeeds(&[&arguments[..], &SMALL].concat());
    assert!(said.contains("trained  12 of 12 steps"), "{said}");
    let said = succeeds(&["train", text(&CELLS), "--resume", text(&out), "--epochs", "5"]);
    assert!(said.contains("steps    12 to 15, "), "{said}");
}

#[test]
fn evaluate_writes_scores_that_can_be_read() {
    let folder = tempfile::tempdir().unwrap();
    let json = folder.path().join("scores.json");
    let data =
        ["evaluate", text(&CELLS), "--time", "day", "--steps", "20", "--seeds", "2", "--json", text(&json)];
    let said = succeeds(&[&data[..], &SMALL].concat());
    assert!(said.contains("| OT-CFM") && said.contains("| split-half floor"), "{said}");
    let scores: Value = serde_json::from_str(&fs::read_to_string(&json).unwrap()).unwrap();
    let each = scores["scores"].as_array().unwrap();
    let runs: Vec<_> =
        each.iter().map(|s| (s["time"].as_f64().unwrap(), s["seed"].as_u64().unwrap())).collect();
    let expected: Vec<_> = [1.0, 2.0, 3.0].into_iter().flat_map(|t| [(t, 42), (t, 43)]).collect();
    let mut sorted = runs.clone();
    sorted.sort_by(|a, b| a.partial_cmp(b).unwrap());
    assert_eq!(sorted, expected);

    // The summary is the mean over times, and its spread that over seeds.
    let w1 = |s: &Value| s["w1"].as_f64().or(s["distances"]["w1"].as_f64()).expect("a distance");
    let by_seed: Vec<f64> = [42, 43]
        .iter()
        .map(|&seed| each.iter().filter(|s| s["seed"] == seed).map(w1).sum::<f64>() / 3.0)
        .collect();
    let mean = (by_seed[0] + by_seed[1]) / 2.0;
    let sd = (by_seed[0] - by_seed[1]).abs() / 2f64.sqrt();
    let summary = &scores["summary"];
    assert!((summary["w1_mean"].as_f64().unwrap() - mean).abs() < 1e-12, "{summary}");
    assert!((summary["w1_sd"].as_f64().unwrap() - sd).abs() < 1e-12, "{summary}");
    assert_eq!(summary["by_time"].as_array().unwrap().len(), 3);

    let baselines = scores["baselines"].as_array().unwrap();
    assert_eq!(baselines.len(), 3);
    for baseline in baselines {
        for name in ["no_motion", "other_neighbour", "midpoint", "split_half"] {
            assert!(baseline[name].as_f64().unwrap() > 0.0, "{baseline}");
        }
    }
    let manifest = &scores["manifest"];
    assert_eq!(manifest["data_sha256"], chreode_io::data_hash(&*CELLS).unwrap().to_string());
    assert_eq!(manifest["model"]["flow-matching"]["fit"]["steps"], 20);
    assert_eq!(manifest["whitened"], false);
    assert_eq!(manifest["chreode"], env!("CARGO_PKG_VERSION"));
}

#[test]
fn evaluate_takes_times_and_one_seed() {
    let folder = tempfile::tempdir().unwrap();
    let json = folder.path().join("scores.json");
    let data = ["evaluate", text(&CELLS), "--time", "day", "--steps", "5", "--json", text(&json)];
    succeeds(&[&data[..], &["--hold-out", "2", "--seeds", "1", "--whiten"], &SMALL].concat());
    let scores: Value = serde_json::from_str(&fs::read_to_string(&json).unwrap()).unwrap();
    assert_eq!(scores["scores"].as_array().unwrap().len(), 1);
    assert_eq!(scores["scores"][0]["time"], 2.0);
    assert!(scores["summary"]["w1_sd"].is_null(), "one seed has no spread");
    assert_eq!(scores["manifest"]["whitened"], true);
}
