//! Where networks are computed.

use crate::common::{CELLS, fails, text, train_fails};
#[cfg(feature = "torch")]
use crate::common::{SMALL, folder, succeeds};

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
}

/// Every model whose networks libtorch has: trained there it stays near the run of the processor, goes on there and
/// predicts there.
#[cfg(feature = "torch")]
#[test]
fn models_train_on_libtorch_as_they_do_here() {
    let folder = folder();
    for model in ["ot-cfm", "sf2m", "mfm-land", "cnf", "wfr-fm"] {
        let losses: Vec<f64> = ["cpu", "torch"]
            .map(|device| {
                let run = folder.path().join(format!("{model}-{device}"));
                let data = ["train", text(&CELLS), "--time", "day", "--model", model, "--device", device];
                let said = succeeds(&[&data[..], &["--steps", "6", "--out", text(&run)], &SMALL].concat());
                assert!(said.contains(&format!("device   {device}, ")), "{said}");
                let lines = std::fs::read_to_string(run.join("metrics.jsonl")).unwrap();
                let last: serde_json::Value = serde_json::from_str(lines.lines().last().unwrap()).unwrap();
                last["loss"].as_f64().unwrap()
            })
            .to_vec();
        assert!((losses[0] - losses[1]).abs() < 1e-3 * losses[0].abs(), "{model}: {losses:?}");
        let run = folder.path().join(format!("{model}-cpu"));
        let out = folder.path().join("out.h5ad");
        succeeds(&["train", text(&CELLS), "--resume", text(&run), "--steps", "8", "--device", "torch"]);
        succeeds(&["predict", text(&run), text(&CELLS), "--device", "torch", "--out", text(&out)]);
    }
    let run = folder.path().join("ot-cfm-cpu");
    let data = ["--time", "day", "--dims", "5", "--sizes", "16", "--batches", "2"];
    let coupling = ["coupling", text(&CELLS), "--run", text(&run), "--device", "torch"];
    assert!(succeeds(&[&coupling[..], &data].concat()).contains("straight 0 to "));
    let demo = folder.path().join("demo");
    let small = ["--cells", "300", "--steps", "4", "--device", "torch"];
    let said = succeeds(&[&["demo", "--out", text(&demo)], &small[..]].concat());
    assert!(said.contains("device   torch, "), "{said}");
    let run = folder.path().join("native");
    let data = ["train", text(&CELLS), "--time", "day", "--model", "ot-flow", "--device", "torch"];
    let said = fails(&[&data[..], &["--out", text(&run)]].concat());
    assert!(
        said.starts_with("the device torch cannot be used: OT-Flow has networks that only the processor"),
        "{said}"
    );
}
