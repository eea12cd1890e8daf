//! Files that cannot be used: one line says what is wrong, where, and what to try; the exit code is 1; nothing panics.

use crate::common;

use common::{CELLS, RUN, fails, folder, table, text, train_fails};
use std::fs;

#[test]
fn a_missing_file() {
    let said = "there is no file absent.h5ad; check the spelling and the folder";
    let run = text(&RUN);
    for arguments in [
        &["inspect", "absent.h5ad"][..],
        &["train", "absent.h5ad", "--time", "day"],
        &["evaluate", "absent.h5ad", "--time", "day"],
        &["predict", run, "absent.h5ad"],
        &["train", "absent.h5ad", "--resume", run],
    ] {
        assert_eq!(fails(arguments), said);
    }
}

#[test]
fn a_truncated_h5ad() {
    let folder = folder();
    let path = folder.path().join("cut.h5ad");
    let bytes = fs::read(&*CELLS).unwrap();
    fs::write(&path, &bytes[..bytes.len() / 2]).unwrap();
    let said = format!(
        "{} is damaged or cut short at `/` (it ends at byte {} of {}); copy or export it again",
        path.display(),
        bytes.len() / 2,
        bytes.len()
    );
    for command in ["inspect", "train", "evaluate"] {
        let time: &[&str] = if command == "inspect" { &[] } else { &["--time", "day"] };
        assert_eq!(fails(&[&[command, text(&path)], time].concat()), said);
    }
}

#[test]
fn files_of_no_known_kind() {
    let folder = folder();
    let at = |name: &str| folder.path().join(name);
    fs::write(at("cells.xlsx"), "").unwrap();
    fs::write(at("text.h5ad"), "day,PC1\n").unwrap();
    let unknown = "is in no format that is known; those are .h5ad, zarr, 10x .h5, .loom, Matrix Market, .npz, .npy, \
         .safetensors, .csv and .tsv";
    assert_eq!(
        train_fails(&at("cells.xlsx"), &["--time", "day"]),
        format!("{} {unknown}", at("cells.xlsx").display())
    );
    assert_eq!(
        fails(&["inspect", text(&at("cells.xlsx"))]),
        format!("{} {unknown}", at("cells.xlsx").display())
    );
    let said = fails(&["inspect", text(&at("text.h5ad"))]);
    assert!(
        said.ends_with("is not an HDF5 file; export it as .h5ad, or name it .npz, .csv or .tsv if it is one")
    );
    let said = train_fails(folder.path(), &["--time", "day"]);
    assert!(said.ends_with("is a folder; give the file inside it"), "{said}");
}

#[test]
fn a_key_that_is_not_there_lists_those_that_are() {
    let cells = CELLS.display();
    let columns = "it has day, true_fate_probability, true_branch, true_growth_rate";
    assert_eq!(train_fails(&CELLS, &["--time", "dya"]), format!("no `dya` in obs of {cells}; {columns}"));
    assert_eq!(
        train_fails(&CELLS, &["--time", "day", "--weight", "mass"]),
        format!("no `mass` in obs of {cells}; {columns}")
    );
    assert_eq!(
        train_fails(&CELLS, &["--time", "day", "--rep", "X_umap"]),
        format!("no `X_umap` in obsm of {cells}; it has X_pca")
    );
    let folder = folder();
    let path = folder.path().join("cells.csv");
    table(&path, &[0.0, 1.0], 20);
    assert_eq!(
        train_fails(&path, &["--time", "hour"]),
        format!("no `hour` in the header of {}; it has day, PC1, PC2, PC3", path.display())
    );
    assert_eq!(
        train_fails(&path, &["--time", "day", "--rep", "UMAP"]),
        format!("no `UMAP*` in the header of {}; it has day, PC1, PC2, PC3", path.display())
    );
}

#[test]
fn columns_that_are_no_times_or_weights() {
    let cells = CELLS.display();
    assert_eq!(
        train_fails(&CELLS, &[]),
        "which column of obs holds the times? say so with --time COLUMN (`chreode inspect FILE` lists them)"
    );
    assert_eq!(
        train_fails(&CELLS, &["--time", "true_branch"]),
        format!(
            "`true_branch` in {cells} does not name times: `first`, `second`, `undecided` hold no single number; use a numeric column, or labels such as `day 3`"
        )
    );
    let said = train_fails(&CELLS, &["--time", "true_fate_probability"]);
    assert!(said.contains("cells where 10 are needed at least; leave this time out"), "{said}");
    assert!(said.ends_with("or name another column than `true_fate_probability` with --time"), "{said}");
    assert_eq!(
        train_fails(&CELLS, &["--time", "day", "--weight", "true_branch"]),
        format!(
            "`true_branch` in {cells} has no number at row 0; a weight column needs a number for each cell"
        )
    );
}

#[test]
fn times_that_are_too_few_and_times_with_too_few_cells() {
    let folder = folder();
    let path = folder.path().join("cells.csv");
    table(&path, &[3.0], 20);
    assert_eq!(
        train_fails(&path, &["--time", "day"]),
        format!(
            "all 20 cells of {} are at time 3 and a flow needs two times at least; name another column than `day` with --time",
            path.display()
        )
    );
    table(&path, &[0.0, 1.0], 9);
    assert_eq!(
        train_fails(&path, &["--time", "day"]),
        format!(
            "time 0 of {} has only 9 cells where 10 are needed at least; leave this time out, merge it with its neighbour, or name another column than `day` with --time",
            path.display()
        )
    );
}

#[test]
fn coordinates_that_are_no_numbers() {
    let folder = folder();
    let path = folder.path().join("cells.csv");
    table(&path, &[0.0, 1.0], 20);
    let good = fs::read_to_string(&path).unwrap();
    let with = |field: &str| {
        let mut lines: Vec<_> = good.lines().map(str::to_string).collect();
        lines[8] = format!("0,1.0,{field},2.0");
        fs::write(&path, lines.join("\n")).unwrap();
        train_fails(&path, &["--time", "day", "--rep", "PC"])
    };
    assert_eq!(
        with("nan"),
        format!(
            "row 7 of `PC` in {} has NaN in column 1; remove the cell or impute the value",
            path.display()
        )
    );
    assert_eq!(
        with("inf"),
        format!(
            "row 7 of `PC` in {} has inf in column 1; remove the cell or impute the value",
            path.display()
        )
    );
    assert_eq!(
        with("high"),
        format!(
            "line 9 of {} has `high` in column `PC2`, which is not a number; choose the feature columns by their common prefix, or clean the table",
            path.display()
        )
    );
    fs::write(&path, "day,PC1\n0,1\n0,1,2\n").unwrap();
    let said = train_fails(&path, &["--time", "day"]);
    assert!(said.contains("is not a table with a header: "), "{said}");
    assert!(said.ends_with("every line needs the same number of fields"), "{said}");
}

#[test]
fn nan_in_an_embedding_of_an_h5ad() {
    let folder = folder();
    let path = folder.path().join("nan.h5ad");
    let mut data = chreode_io::H5ad::open(&*CELLS).unwrap().load().unwrap().data;
    match data.obsm.get_mut("X_pca") {
        Some(chreode_io::Annotation::F32(x)) => x[[11, 2]] = f32::NAN,
        other => panic!("X_pca is {other:?}"),
    }
    chreode_io::write_h5ad(&path, &data).unwrap();
    assert_eq!(
        train_fails(&path, &["--time", "day"]),
        format!(
            "row 11 of `obsm/X_pca` in {} has NaN in column 2; remove the cell or impute the value",
            path.display()
        )
    );
    // The dimensions before it are sound.
    let out = folder.path().join("run");
    let arguments = ["train", text(&path), "--time", "day", "--dims", "2", "--steps", "2", "--hidden", "8"];
    common::succeeds(&[&arguments[..], &["--out", text(&out)]].concat());
}

#[test]
fn dimensions_out_of_range() {
    for (asked, others) in [("11", &[][..]), ("0", &[]), ("50", &["--whiten"])] {
        assert_eq!(
            train_fails(&CELLS, &[&["--time", "day", "--dims", asked], others].concat()),
            format!(
                "{asked} dimensions of `obsm/X_pca` were asked for in {}, which has 10; ask for 1 to 10",
                CELLS.display()
            )
        );
    }
}

#[test]
fn a_constant_coordinate_cannot_be_whitened() {
    let folder = folder();
    let path = folder.path().join("cells.csv");
    let row = |i: usize| format!("{},{},7\n", i / 20, (i as f64).sin());
    fs::write(&path, format!("day,PC1,PC2\n{}", (0..60).map(row).collect::<String>())).unwrap();
    let said =
        "feature PC2 has scale 0 over all cells and cannot be standardised; leave it out with fewer dims";
    assert_eq!(train_fails(&path, &["--time", "day", "--whiten"]), said);
    assert_eq!(fails(&["evaluate", text(&path), "--time", "day", "--whiten"]), said);
}
