//! `inspect`, `convert` and `doctor` on files of several formats.

use crate::common::{CELLS, fails, folder, succeeds, text};

#[test]
fn a_file_goes_to_other_formats_and_back() {
    let folder = folder();
    let at = |name: &str| folder.path().join(name);
    let said = succeeds(&["convert", text(&CELLS), text(&at("cells.zarr"))]);
    assert!(said.contains("is now"), "{said}");
    succeeds(&["convert", text(&at("cells.zarr")), text(&at("back.h5ad")), "--compression", "none"]);
    let lines = |file: &std::path::Path| -> Vec<String> {
        let said = succeeds(&["inspect", text(file)]);
        said.lines().filter(|l| l.starts_with("  obs") || l.starts_with("  X")).map(String::from).collect()
    };
    assert_eq!(lines(&at("back.h5ad")), lines(&CELLS));
    assert_eq!(lines(&at("cells.zarr")), lines(&CELLS));
    let said = fails(&["convert", text(&CELLS), text(&at("cells.xlsx"))]);
    assert!(said.contains("is in no format that is known"), "{said}");
}

#[test]
fn the_doctor_finds_what_is_wrong() {
    let folder = folder();
    let mtx = folder.path().join("m.mtx");
    std::fs::write(&mtx, "%%MatrixMarket matrix coordinate real general\n3 2 2\n1 1 nan\n3 2 1\n").unwrap();
    let said = succeeds(&["doctor", text(&mtx)]);
    assert!(said.contains("broken") && said.contains("1 values are not finite"), "{said}");
    let said = succeeds(&["inspect", text(&mtx)]);
    assert!(said.contains("3 cells x 2 genes"), "{said}");
}
