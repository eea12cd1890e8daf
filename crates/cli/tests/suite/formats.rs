//! Files of other programs as input: loom, and counts of Cell Ranger.
//!
//! They were made by `tests/reference/formats.py`, which names its programs.

use crate::common::{SMALL, fails, folder, succeeds, text};
use chreode_io::{Column, H5ad, Matrix, write_h5ad};
use std::path::{Path, PathBuf};

fn reference(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/reference").join(name)
}

/// The dimensions are genes, of which there are five.
const STEPS: [&str; 2] = ["--steps", "5"];

#[test]
fn a_loom_file_trains() {
    let folder = folder();
    let loom = reference("cells.loom");
    let said = succeeds(&["inspect", text(&loom)]);
    assert!(said.contains("60 cells x 5 genes") && said.contains("day"), "{said}");
    let run = folder.path().join("run");
    let said = succeeds(
        &[&["train", text(&loom), "--time", "day", "--out", text(&run)], &SMALL[..], &STEPS].concat(),
    );
    assert!(run.join("model.safetensors").exists(), "{said}");
    let out = folder.path().join("out.h5ad");
    succeeds(&["convert", text(&loom), text(&out)]);
    let data = H5ad::open(&out).unwrap().load().unwrap().data;
    assert_eq!((data.n_obs(), data.n_vars()), (60, 5));
    assert!(matches!(data.obs.column("day"), Some(Column::Integers(_))), "{:?}", data.obs.columns);
}

/// Cell Ranger knows no times: the error says what there is, and a file to which they are added trains.
#[test]
fn counts_of_cell_ranger_train_once_they_have_times() {
    let folder = folder();
    let tenx = reference("tenx.h5");
    let said = succeeds(&["inspect", text(&tenx)]);
    assert!(said.contains("60 cells x 5 genes"), "{said}");
    let run = folder.path().join("run");
    let line =
        fails(&[&["train", text(&tenx), "--time", "day", "--out", text(&run)], &SMALL[..], &STEPS].concat());
    assert!(line.starts_with("no `day` in obs of ") && !run.exists(), "{line}");
    let path = folder.path().join("cells.h5ad");
    succeeds(&["convert", text(&tenx), text(&path)]);
    let mut data = H5ad::open(&path).unwrap().load().unwrap().data;
    let loom = folder.path().join("loom.h5ad");
    succeeds(&["convert", text(&reference("cells.loom")), text(&loom)]);
    let same = H5ad::open(&loom).unwrap().load().unwrap().data;
    let dense = |x: &Option<Matrix>| x.as_ref().map(Matrix::to_dense);
    assert_eq!((dense(&data.x), &data.obs.index), (dense(&same.x), &same.obs.index));
    // The day stands at the end of each barcode.
    let day = |name: &String| name.rsplit('-').next().and_then(|day| day.parse().ok());
    let days = data.obs.index.iter().map(day).collect();
    data.obs.set("day", Column::Integers(days)).unwrap();
    write_h5ad(&path, &data).unwrap();
    succeeds(&[&["train", text(&path), "--time", "day", "--out", text(&run)], &SMALL[..], &STEPS].concat());
    assert!(run.join("model.safetensors").exists());
}
