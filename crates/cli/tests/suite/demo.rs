//! The demo leaves every file it promises, and they can be used.

use crate::common;

use chreode_io::H5ad;
use common::{succeeds, text};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

#[test]
fn a_small_demo_leaves_a_whole_run() {
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("demo");
    let said = succeeds(&["demo", "--cells", "300", "--steps", "60", "--out", text(&out)]);
    for part in ["1/5 ", "2/5 ", "3/5 ", "4/5 ", "5/5 ", "| OT-CFM", "next     open "] {
        assert!(said.contains(part), "{part}: {said}");
    }
    for name in
        ["cells.h5ad", "model.safetensors", "run.toml", "metrics.jsonl", "trajectories.h5ad", "report.html"]
    {
        assert!(fs::metadata(out.join(name)).unwrap().len() > 100, "{name}");
    }
    let hidden = fs::read_dir(&out)
        .unwrap()
        .filter(|f| f.as_ref().is_ok_and(|f| f.file_name().to_string_lossy().starts_with('.')));
    assert_eq!(hidden.count(), 0, "nothing temporary is left");

    let page = fs::read_to_string(out.join("report.html")).unwrap();
    for reference in ["src=\"http", "href=\"http", "@import", "url(http", "<link", "<script src"] {
        assert!(!page.contains(reference), "{reference}");
    }
    assert!(page.matches("<svg").count() >= 3 && page.contains("OT-CFM"));

    let trajectories = H5ad::open(out.join("trajectories.h5ad")).unwrap();
    assert_eq!((trajectories.n_obs(), trajectories.n_vars()), (300, 50));
    for time in 0..5 {
        assert_eq!(trajectories.obsm(&format!("X_pca_t{time}")).unwrap().dim(), (300, 5));
    }
    let (cells, run) = (out.join("cells.h5ad"), out.as_path());
    let again = folder.path().join("again.h5ad");
    let solver = ["--solver", "rk4", "--substeps", "20"];
    succeeds(&[&["predict", text(run), text(&cells), "--out", text(&again)], &solver[..]].concat());
    let last = |path: &Path| H5ad::open(path).unwrap().obsm("X_pca_t4").unwrap();
    assert_eq!(last(&again), last(&out.join("trajectories.h5ad")), "the report's commands repeat the demo");

    anndata_opens(&out);
}

/// Runs the script beside this file, where `PEERS_PYTHON` names a Python that has anndata.
#[expect(clippy::print_stdout, reason = "a skipped check says why")]
fn anndata_opens(folder: &Path) {
    let Some(python) = std::env::var_os("PEERS_PYTHON") else {
        println!("skipped: set PEERS_PYTHON to a Python with anndata to open the files there");
        return;
    };
    let script = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/anndata_opens.py");
    let outcome = Command::new(python).arg(script).arg(folder).output().expect("PEERS_PYTHON runs");
    let trouble = String::from_utf8_lossy(&outcome.stderr);
    assert!(outcome.status.success() && outcome.stdout.ends_with(b"ok\n"), "{trouble}");
}
