//! Counts to components, and the page of the guide that goes on to trajectories.

use crate::common;

use chreode_io::{AnnData, Annotation, Column, Csr, H5ad, Matrix, Uns, write_h5ad};
use common::{fails, folder, succeeds, text};
use ndarray::{Array2, array};
use std::path::Path;
use std::process::Command;

const PAGE: &str = include_str!("../../../../docs/guide/from-counts-to-trajectories.md");

/// The commands of the page, with the sizes that a test has time for.
fn commands() -> Vec<String> {
    let blocks = PAGE.split("```sh\n").skip(1).filter_map(|rest| rest.split("\n```").next());
    let lines = blocks.flat_map(str::lines).filter(|line| line.starts_with("chreode "));
    let small =
        [("--cells 5000", "--cells 500"), ("--genes 200", "--genes 60"), ("--genes 150", "--genes 40")];
    let small = small.iter().chain(&[("--components 20", "--components 8"), ("--steps 2000", "--steps 30")]);
    lines
        .map(|line| small.clone().fold(line.to_string(), |line, (from, to)| line.replace(from, to)))
        .collect()
}

fn load(path: &Path) -> AnnData {
    H5ad::open(path).expect("an .h5ad").load().expect("all of it reads").data
}

/// A number that looks random.
fn draw(i: usize, j: usize) -> usize {
    (i * 8191 + j * 131 + 17).pow(3) / 64 % 1009
}

/// Writes counts of `cells` cells and 12 genes, two of them mitochondrial, that differ from cell to cell.
fn counts(path: &Path, cells: usize) -> Array2<f32> {
    let x = Array2::from_shape_fn((cells, 12), |(i, j)| (draw(i, j) % 5 * (1 + j % 3)) as f32);
    write(path, Matrix::Dense(x.clone()));
    x
}

fn write(path: &Path, x: Matrix) {
    let (n, p) = x.shape();
    let genes = (0..p).map(|j| if j < 2 { format!("mt-{j}") } else { format!("g{j}") }).collect();
    let mut data = AnnData::new((0..n).map(|i| format!("c{i}")).collect(), genes);
    let batch = (0..n).map(|i| Some(format!("b{}", i % 2))).collect();
    data.obs.set("batch", Column::Strings(batch)).expect("one batch a cell");
    data.x = Some(x);
    write_h5ad(path, &data).expect("a temporary folder");
}

#[test]
fn the_commands_of_the_guide_run() {
    let folder = folder();
    let commands = commands();
    let names: Vec<&str> = commands.iter().filter_map(|c| c.split(' ').nth(1)).collect();
    assert_eq!(names, ["simulate", "prepare", "train", "predict", "evaluate"]);
    for command in &commands {
        let arguments = command.split(' ').skip(1);
        let outcome = Command::new(assert_cmd::cargo::cargo_bin!("chreode"))
            .args(arguments)
            .current_dir(folder.path())
            .output()
            .expect("the program runs");
        assert!(outcome.status.success(), "{command}: {}", String::from_utf8_lossy(&outcome.stderr));
    }
    let prepared = load(&folder.path().join("prepared.h5ad"));
    let layer = &prepared.layers["counts"];
    assert_eq!(layer.shape(), prepared.x.as_ref().unwrap().shape());
    assert!(
        layer.to_dense().iter().all(|v| v.fract() == 0.0) && prepared.obsp["connectivities"].shape().0 == 500
    );
    let scores = match &prepared.obsm["X_pca"] {
        Annotation::F32(z) => z.clone(),
        other => panic!("{other:?}"),
    };
    assert_eq!(scores.dim(), (500, 8));
    let trajectories = load(&folder.path().join("trajectories.h5ad"));
    assert_eq!(trajectories.n_obs(), 100);
    assert!(
        trajectories.layers.keys().any(|key| key.starts_with("expression_t")),
        "expression from varm/PCs"
    );
}

/// X is the logarithm of scaled counts, loadings of genes that were not chosen are 0, and X = μ + z PCsᵀ on the others.
#[test]
fn what_is_written_leads_back_to_the_counts() {
    let folder = folder();
    let (from, out) = (folder.path().join("counts.h5ad"), folder.path().join("out.h5ad"));
    let x = counts(&from, 40);
    let arguments = [
        "prepare",
        text(&from),
        "--out",
        text(&out),
        "--target",
        "1000",
        "--genes",
        "5",
        "--components",
        "5",
    ];
    let said = succeeds(&arguments);
    assert!(said.contains("kept     40 of 40 cells and 12 of 12 genes, 2 of them mitochondrial\n"), "{said}");
    assert!(said.contains("scaled   every cell to 1000 counts; X is ln(1 + x)\n"), "{said}");
    assert!(said.contains("chose    5 of 12 genes by seurat\n"), "{said}");
    let data = load(&out);
    let logs = data.x.as_ref().unwrap().to_dense();
    let total: f32 = x.row(3).sum();
    for j in 0..12 {
        assert!((logs[[3, j]] - (1000.0 * x[[3, j]] / total).ln_1p()).abs() < 1e-5);
    }
    let chosen = match data.var.column("highly_variable") {
        Some(Column::Booleans(marks)) => marks.iter().map(|m| *m == Some(true)).collect::<Vec<_>>(),
        other => panic!("{other:?}"),
    };
    let (Annotation::F32(z), Annotation::F64(v)) = (&data.obsm["X_pca"], &data.varm["PCs"]) else {
        panic!("scores and loadings")
    };
    let back = z.mapv(f64::from).dot(&v.t());
    for j in 0..12 {
        let mean = logs.column(j).mapv(f64::from).mean().unwrap();
        let expected = if chosen[j] { f64::from(logs[[3, j]]) - mean } else { 0.0 };
        assert!((back[[3, j]] - expected).abs() < 1e-4, "gene {j}");
    }
    let percents = data.obs.column("pct_counts_mt").and_then(Column::numbers).unwrap();
    assert!((percents[3] - f64::from(100.0 * (x[[3, 0]] + x[[3, 1]]) / total)).abs() < 1e-4);
    assert_eq!(data.uns["hvg/flavor"], Uns::Text("seurat".into()));
    assert_eq!(data.layers["counts"].to_dense(), x);
    // What it wrote it refuses, unless it is told where the counts are, which it finds by itself.
    assert!(
        succeeds(&["prepare", text(&out), "--out", text(&out), "--genes", "5"])
            .contains("counts in layers/counts")
    );
}

/// Every way to components, over batches too, on one file.
#[test]
fn every_flavor_and_transform() {
    let folder = folder();
    let (from, out) = (folder.path().join("counts.h5ad"), folder.path().join("out.h5ad"));
    counts(&from, 60);
    let run = |more: &[&str]| {
        succeeds(&[&["prepare", text(&from), "--out", text(&out), "--genes", "8"], more].concat())
    };
    for flavor in ["seurat", "cell-ranger", "seurat-v3", "pearson-residuals"] {
        let said = run(&["--flavor", flavor, "--batch", "batch"]);
        assert!(said.contains("over 2 batches"), "{said}");
    }
    assert!(run(&["--transform", "pearson-residuals"]).contains("varm/PCs_residuals"));
    assert!(
        run(&["--scale", "10", "--method", "randomized", "--components", "3"]).contains("varm/PCs_scaled")
    );
    let graph = ["--neighbors", "6", "--kernel", "gauss", "--diffusion", "4", "--root", "c5"];
    assert!(run(&graph).contains("in obs/dpt_pseudotime"));
    let time = load(&out).obs.column("dpt_pseudotime").and_then(Column::numbers).unwrap();
    assert!(time[5] == 0.0 && time.len() == 60);
}

/// Empty cells and rare genes go, with everything that belongs to them.
#[test]
fn what_is_dropped_is_dropped_everywhere() {
    let folder = folder();
    let (from, out) = (folder.path().join("counts.h5ad"), folder.path().join("out.h5ad"));
    let mut x = Array2::from_shape_fn((20, 6), |(i, j)| (1 + draw(i, j) % (4 + j)) as f32);
    x.row_mut(4).fill(0.0);
    x.column_mut(5).fill(0.0);
    x[[0, 5]] = 2.0;
    write(&from, Matrix::Dense(x.clone()));
    let said = succeeds(&["prepare", text(&from), "--out", text(&out)]);
    assert!(said.contains("kept     19 of 20 cells and 5 of 6 genes"), "{said}");
    let data = load(&out);
    assert_eq!(data.obs.index[4], "c5");
    assert_eq!(data.obs.column("batch").unwrap().labels()[4], Some("b1".to_string()));
    assert_eq!(data.layers["counts"].to_dense().row(4), x.slice(ndarray::s![5, ..5]));
}

#[test]
fn what_cannot_be_prepared() {
    let folder = folder();
    let (from, out) = (folder.path().join("x.h5ad"), folder.path().join("out.h5ad"));
    let said = |x: Array2<f32>, more: &[&str]| {
        write(&from, Matrix::Dense(x));
        let line = fails(&[&["prepare", text(&from), "--out", text(&out)], more].concat());
        assert!(!out.exists(), "nothing is written");
        line
    };
    assert_eq!(
        said(array![[0.5, 1.0], [1.0, 2.5]], &[]),
        "these are no raw counts: 2 of 4 entries are not whole, the first 0.5 at row 0, column 0; the largest is 2.5, as \
         after a logarithm; give the raw counts, often kept as layers/counts or raw/X"
    );
    assert!(said(array![[1.0, -1.0]], &[]).contains("row 0 has -1 in column 1"));
    let fine = Array2::from_shape_fn((9, 4), |(i, j)| (1 + draw(i, j) % 7) as f32);
    assert_eq!(
        said(fine.clone(), &["--layer", "raw"]),
        format!("{} has no layer `raw`; its layers: none", from.display())
    );
    assert!(said(fine.clone(), &["--components", "9"]).contains("ask for fewer components"));
    assert!(said(fine.clone(), &["--neighbors", "12"]).contains("a search of nearest neighbours needs"));
    assert!(said(fine.clone(), &["--min-genes", "5"]).contains("no cell of 9 is left"));
    assert!(said(fine.clone(), &["--batch", "donor"]).contains("has no column `donor` in obs; it has batch"));
    assert!(
        said(fine.clone(), &["--max-mt", "5", "--mt-prefix", "Mito"]).contains("no gene of"),
        "a limit that holds nothing is no limit"
    );
    if cfg!(not(feature = "hnsw")) {
        let error = said(fine.clone(), &["--neighbors", "4", "--knn", "hnsw"]);
        assert!(error.contains("HNSW is not part of this build; build it with `--features hnsw`"), "{error}");
    }
    let root = said(fine, &["--neighbors", "4", "--diffusion", "3", "--root", "x9"]);
    assert_eq!(root, "no cell is called `x9`, or it was dropped; name one of obs, such as `c0`");
    let sparse = Csr::new((1, 2), vec![0, 2], vec![1, 1], vec![1.0, 1.0]).unwrap();
    write(&from, Matrix::Csr(sparse));
    assert!(fails(&["prepare", text(&from), "--out", text(&out)]).contains("no gene of 2 is left"));
}

/// With few cells no neighbour is missed, so that both ways write the same graph.
#[test]
#[cfg(feature = "hnsw")]
fn neighbours_by_hnsw() {
    let folder = folder();
    let at = |name: &str| folder.path().join(name);
    counts(&at("counts.h5ad"), 90);
    let graph = |knn: &str| {
        let (from, out) = (at("counts.h5ad"), at(&format!("{knn}.h5ad")));
        let arguments = ["--genes", "8", "--components", "4", "--neighbors", "6", "--knn", knn];
        succeeds(&[&["prepare", text(&from), "--out", text(&out)], &arguments[..]].concat());
        load(&out)
    };
    let (exact, hnsw) = (graph("exact"), graph("hnsw"));
    assert_eq!(exact.obsp, hnsw.obsp);
    assert_eq!(hnsw.uns["neighbors/params/knn"], Uns::Text("hnsw".into()));
}
