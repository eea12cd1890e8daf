//! Every model of the list through every command.

use crate::common::{CELLS, SMALL, fails, folder, succeeds, table, text, train_fails};
use chreode_models::{Card, Needs};
use std::fs;

#[test]
fn every_model_of_snapshots_trains_resumes_and_predicts() {
    let folder = folder();
    for card in Card::all()
        .iter()
        .filter(|card| matches!(card.needs, Needs::Snapshots | Needs::Cells | Needs::Masses))
    {
        let run = folder.path().join(card.name);
        let data = ["train", text(&CELLS), "--time", "day", "--model", card.name];
        let out = ["--steps", "6", "--out", text(&run)];
        let said = succeeds(&[&data[..], &out, &SMALL].concat());
        assert!(said.contains("model    ") && said.contains("steps    0 to 6"), "{}: {said}", card.name);
        let before = fs::read(run.join("model.safetensors")).unwrap();
        let said = succeeds(&["train", text(&CELLS), "--resume", text(&run), "--steps", "9"]);
        assert!(said.contains("trained  9 of 9 steps"), "{}: {said}", card.name);
        assert!(before != fs::read(run.join("model.safetensors")).unwrap(), "{} goes on", card.name);
        let out = folder.path().join("out.h5ad");
        succeeds(&["predict", text(&run), text(&CELLS), "--from", "0", "--out", text(&out)]);
    }
}

#[test]
fn every_model_of_snapshots_is_evaluated() {
    for card in Card::all()
        .iter()
        .filter(|card| matches!(card.needs, Needs::Snapshots | Needs::Cells | Needs::Masses))
    {
        let ask = ["evaluate", text(&CELLS), "--time", "day", "--model", card.name, "--steps", "4"];
        let quick = ["--seeds", "1", "--hold-out", "2", "--substeps", "5"];
        let said = succeeds(&[&ask[..], &quick, &SMALL].concat());
        assert!(said.contains("split-half floor"), "{}: {said}", card.name);
        let density = matches!(card.needs, Needs::Cells) || card.name == "trajectorynet";
        assert_eq!(said.contains("nats a held-out cell"), density, "{}: {said}", card.name);
    }
}

#[test]
fn the_list_names_every_model_and_the_settings_of_one() {
    let list = succeeds(&["models"]);
    for card in Card::all() {
        assert!(
            list.contains(card.name) && list.contains(card.line) && list.contains(card.reference),
            "{list}"
        );
        let shown = succeeds(&["models", card.name]);
        assert!(shown.contains("[model.") && shown.contains("steps = "), "{shown}");
    }
    let said = fails(&["models", "unheard-of"]);
    assert!(said.starts_with("there is no model called unheard-of; the models are ot-cfm, "), "{said}");
}

#[test]
fn steps_are_those_of_all_stages() {
    let folder = folder();
    let run = folder.path().join("run");
    let data = ["train", text(&CELLS), "--time", "day", "--model", "mioflow", "--out", text(&run)];
    let said = succeeds(&[&data[..], &["--steps", "23"], &SMALL].concat());
    assert!(said.contains("steps    0 to 23 (encoding 15, local 3, fit.steps 5), about "), "{said}");
    assert!(said.contains("trained  23 of 23 steps"), "{said}");
    let said = succeeds(&["train", text(&CELLS), "--resume", text(&run), "--steps", "25"]);
    assert!(said.contains("steps    23 to 25 (encoding 15, local 3, fit.steps 7), about "), "{said}");
    let said = succeeds(&[&data[..], &["--steps", "12", "--set", "encoding=4"], &SMALL].concat());
    assert!(said.contains("steps    0 to 12 (encoding 4, local 3, fit.steps 5), about "), "{said}");
    let said = fails(&[&data[..], &["--steps", "5", "--set", "encoding=4"], &SMALL].concat());
    assert!(
        said.starts_with("5 steps in all cannot be shared out: 4 are set for stages, and 2 further "),
        "{said}"
    );
}

#[test]
fn any_setting_can_be_set_and_a_wrong_one_is_refused() {
    let folder = folder();
    let run = folder.path().join("run");
    let data = ["train", text(&CELLS), "--time", "day", "--steps", "3", "--out", text(&run)];
    let set = ["--set", "sigma=1", "--set", "fit.lr=2e-3", "--set", "coupling=independent"];
    succeeds(&[&data[..], &set, &SMALL].concat());
    let facts: toml::Table = fs::read_to_string(run.join("run.toml")).unwrap().parse().unwrap();
    let settings = &facts["model"]["flow-matching"];
    assert_eq!(settings["sigma"].as_float(), Some(1.0));
    assert_eq!(settings["fit"]["lr"].as_float(), Some(2e-3));
    assert_eq!(settings["coupling"].as_str(), Some("independent"));
    let refused = |set: &str| train_fails(&CELLS, &["--time", "day", "--set", set]);
    let said = refused("sgima=1");
    assert!(said.starts_with("OT-CFM has no setting `sgima`; it has coupling, "), "{said}");
    assert_eq!(refused("sigma"), "--set sigma is not KEY=VALUE; write e.g. --set fit.lr=1e-4");
    assert!(refused("fit.lr=fast").contains("expected f64"), "{}", refused("fit.lr=fast"));
    assert_eq!(refused("fit.batch=1"), "batch is 1; it must be 2 to 32768");
}

#[test]
fn a_density_of_cells_at_one_time_is_learnt_and_asked() {
    let folder = folder();
    let (file, run, out) =
        (folder.path().join("t.csv"), folder.path().join("run"), folder.path().join("out.h5ad"));
    table(&file, &[3.0], 60);
    let train =
        ["train", text(&file), "--time", "day", "--model", "cnf", "--steps", "4", "--out", text(&run)];
    succeeds(&[&train[..], &["--hidden", "8", "--batch", "16", "--threads", "1"]].concat());
    let said = succeeds(&["predict", text(&run), text(&file), "--out", text(&out)]);
    assert!(said.contains("density  "), "{said}");
    let said = train_fails(&file, &["--time", "day"]);
    assert!(said.contains("are at time 3 and a flow needs two times at least"), "{said}");
}
