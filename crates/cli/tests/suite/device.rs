//! Where networks are computed.

use crate::common::{CELLS, fails, text, train_fails};
#[cfg(feature = "torch")]
use crate::{
    common::{SMALL, folder, succeeds},
    conditions, series,
};
#[cfg(feature = "torch")]
use chreode_models::{Card, Needs};

#[test]
fn a_device_that_is_not_there_is_refused() {
    let said = train_fails(&CELLS, &["--time", "day", "--device", "tpu"]);
    assert!(said.starts_with("there is no device tpu"), "{said}");
    #[cfg(not(feature = "torch"))]
    {
        for device in ["cuda", "cuda:1"] {
            let said = fails(&["train", text(&CELLS), "--time", "day", "--device", device]);
            let text = format!("this program was built without libtorch, which --device {device} needs");
            assert!(said.starts_with(&text), "{said}");
        }
    }
    #[cfg(feature = "torch")]
    {
        let said = fails(&["train", text(&CELLS), "--time", "day", "--device", "cuda:99"]);
        assert!(said.starts_with("there is no device cuda:99: "), "{said}");
    }
}

/// Trained on libtorch, a model stays near the run of the processor, whose run goes on there and predicts there.
#[cfg(feature = "torch")]
fn agrees(model: &str, file: &str, data: &[&str]) {
    let folder = folder();
    let losses: Vec<f64> = ["cpu", "torch"]
        .map(|device| {
            let run = folder.path().join(device);
            let train = ["train", file, "--model", model, "--device", device, "--steps", "6"];
            let said = succeeds(&[&train[..], data, &["--out", text(&run)]].concat());
            assert!(said.contains(&format!("device   {device}, ")), "{said}");
            let lines = std::fs::read_to_string(run.join("metrics.jsonl")).expect("the losses are there");
            let last = lines.lines().last().expect("a line a step");
            let last: serde_json::Value = serde_json::from_str(last).expect("JSON");
            last["loss"].as_f64().expect("a loss")
        })
        .to_vec();
    assert!((losses[0] - losses[1]).abs() < 1e-3 * losses[0].abs(), "{model}: {losses:?}");
    let (run, out) = (folder.path().join("cpu"), folder.path().join("out.h5ad"));
    succeeds(&["train", file, "--resume", text(&run), "--steps", "8", "--device", "torch"]);
    succeeds(&["predict", text(&run), file, "--device", "torch", "--out", text(&out)]);
}

#[cfg(feature = "torch")]
#[test]
fn models_of_snapshots_train_on_libtorch_as_they_do_here() {
    let data = [&["--time", "day"][..], &SMALL].concat();
    for model in ["ot-cfm", "sf2m", "mfm-land", "cnf", "wfr-fm"] {
        agrees(model, text(&CELLS), &data);
    }
    agrees("ot-flow", text(&CELLS), &[&data[..], &["--hidden", "16"]].concat());
}

#[cfg(feature = "torch")]
#[test]
fn models_of_conditions_train_on_libtorch_as_they_do_here() {
    let folder = folder();
    let file = folder.path().join("cells.csv");
    conditions::treated(&file, conditions::HEADER, false);
    let data = ["--time", "day", "--condition", "drug", "--covariates", "dose", "--hidden", "16,16"];
    let small = [&data[..], &["--batch", "32", "--threads", "1"]].concat();
    for card in Card::all().iter().filter(|card| card.needs == Needs::Conditions) {
        agrees(card.name, text(&file), &small);
        agrees(card.name, text(&file), &[&small[..], &["--set", "input=modulation"]].concat());
    }
}

#[cfg(feature = "torch")]
#[test]
fn models_of_series_train_on_libtorch_as_they_do_here() {
    let folder = folder();
    let table = series::long_table(folder.path());
    let data = [&series::DATA[..], &["--batch", "8", "--hidden", "8", "--threads", "1"]].concat();
    let labels = [&data[..], &["--set", "label_weight=1"]].concat();
    for card in Card::all().iter().filter(|card| card.needs == Needs::Series) {
        let labelled = !card.name.ends_with("neural-ode");
        agrees(card.name, text(&table), if labelled { &labels } else { &data });
    }
}

#[cfg(feature = "torch")]
#[test]
fn coupling_and_the_demo_run_on_libtorch() {
    let folder = folder();
    let run = folder.path().join("ot-cfm");
    let data = ["train", text(&CELLS), "--time", "day", "--steps", "6", "--device", "torch"];
    succeeds(&[&data[..], &["--out", text(&run)], &SMALL].concat());
    let data = ["--time", "day", "--dims", "5", "--sizes", "16", "--batches", "2"];
    let coupling = ["coupling", text(&CELLS), "--run", text(&run), "--device", "torch"];
    assert!(succeeds(&[&coupling[..], &data].concat()).contains("straight 0 to "));
    let demo = folder.path().join("demo");
    let small = ["--cells", "300", "--steps", "4", "--device", "torch"];
    let said = succeeds(&[&["demo", "--out", text(&demo)], &small[..]].concat());
    assert!(said.contains("device   torch, "), "{said}");
}
