//! Published files, where the data folder is present: every one opens, summarises and gives its X, obs and obsm.

use chreode_io::{Annotation, Column, Columns, H5ad, IoError, Matrix, read_populations};
use chreode_prep::{SparseRows, VelocityFilter, filter_and_normalize};
use std::path::{Path, PathBuf};

#[expect(clippy::print_stdout, reason = "a skipped test says why")]
/// The data folder: `CHREODE_DATA`, or `shared/data` beside the workspace.
fn data(file: &str) -> Option<PathBuf> {
    let beside = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data");
    let folder = std::env::var_os("CHREODE_DATA").map_or(beside, PathBuf::from);
    let path = folder.join(file);
    if !path.exists() {
        println!("skipped: no {file} in the data folder; set CHREODE_DATA");
        return None;
    }
    Some(path)
}

/// Cells, variables, sum of X, columns of obs and keys of obsm as anndata 0.12.19 reads them.
const FILES: [(&str, usize, usize, f64, usize, usize); 13] = [
    ("eb/eb_pcs100_f32.h5ad", 16819, 5, -1.9591653654060792e-05, 2, 1),
    ("scanpy_datasets/10x_pbmc68k_reduced.h5ad", 700, 765, -243.681057988666, 8, 2),
    ("cellrank_tests/adata_50.h5ad", 50, 143, 5205.115120738745, 13, 3),
    ("cellrank_tests/adata_100.h5ad", 100, 278, 14644.749582827091, 13, 3),
    ("larry_cospar/test_adata_preprocessed.h5ad", 781, 2481, 7810000.009021401, 3, 6),
    ("moscot_temporal/moscot_temporal_tests.h5ad", 250, 1479, 145075.46331715584, 3, 0),
    ("scvelo_tests/dentategyrus_50obs.h5ad", 50, 13913, 153832.0, 0, 0),
    ("scvelo_tests/dentategyrus_50obs_preprocessed.h5ad", 50, 194, 6133.20489089191, 4, 1),
    ("scvelo_tests/dentategyrus_100obs_preprocessed.h5ad", 100, 200, 9727.1766307652, 4, 1),
    ("scvelo_tests/pancreas_50obs.h5ad", 50, 27998, 335512.0, 0, 0),
    ("scvelo_tests/pancreas_50obs_preprocessed.h5ad", 50, 200, 8285.450878888369, 4, 1),
    ("scvelo_tests/pancreas_100obs_preprocessed.h5ad", 100, 200, 12246.778538644314, 4, 1),
    ("unitvelo_simulated/dyngen_splicing_sim.h5ad", 2000, 264, 15611301.0, 7, 1),
];

#[test]
fn every_file_opens_and_gives_all_its_parts() {
    for (name, cells, variables, total, columns, embeddings) in FILES {
        let Some(path) = data(name) else { continue };
        let file = H5ad::open(&path).unwrap();
        assert_eq!((file.n_obs(), file.n_vars()), (cells, variables), "{name}");
        let summary = file.summary().unwrap();
        assert!(summary.elements.iter().any(|e| e.path == "X"), "{name}");
        let x = file.x().unwrap();
        assert_eq!(x.shape(), (cells, variables), "{name}");
        let sum: f64 = x.to_dense().iter().map(|&v| f64::from(v)).sum();
        // The sum over 10^5 entries in another order.
        assert!((sum - total).abs() <= 1e-9 * total.abs().max(1e3), "{name}: {sum} for {total}");
        assert_eq!(file.obs().unwrap().len(), columns, "{name}");
        assert_eq!(file.keys("obsm").unwrap().len(), embeddings, "{name}");
        for column in file.obs().unwrap() {
            assert_eq!(file.obs_column(&column.name).unwrap().len(), file.n_obs(), "{name} {}", column.name);
        }
        for column in file.var().unwrap() {
            assert_eq!(file.var_column(&column.name).unwrap().len(), file.n_vars(), "{name} {}", column.name);
        }
        for key in file.keys("obsm").unwrap() {
            assert_eq!(file.obsm(&key).unwrap().nrows(), file.n_obs(), "{name} {key}");
        }
        let loaded = file.load().unwrap();
        assert_eq!(loaded.data.n_obs(), file.n_obs());
    }
}

#[test]
fn embryoid_bodies_by_time() {
    let Some(path) = data("eb/eb_pcs100_f32.h5ad") else { return };
    let columns = Columns { representation: Some("X_pca".into()), dims: Some(5), ..Columns::new("t") };
    let series = read_populations(&path, &columns).unwrap();
    let sizes: Vec<usize> = series.populations.snapshots().iter().map(|s| s.len()).collect();
    assert_eq!(sizes, [2381, 4163, 3278, 3665, 3332]);
    assert_eq!(series.populations.dims(), 5);
    assert_eq!(series.populations.times(), [0.0, 1.0, 2.0, 3.0, 4.0]);
    assert_eq!(series.rows.iter().map(Vec::len).sum::<usize>(), 16819);

    let Some(table) = data("eb/eb_pcs100_f32.npz") else { return };
    let columns =
        Columns { representation: Some("pcs".into()), dims: Some(5), ..Columns::new("sample_labels") };
    let same = read_populations(&table, &columns).unwrap();
    for (a, b) in series.populations.snapshots().iter().zip(same.populations.snapshots()) {
        assert_eq!(a.points, b.points);
    }
    assert_eq!(series.rows, same.rows);
}

#[test]
fn tables_of_simulated_cells() {
    let Some(path) = data("gaussian_growth/gaussian_10d.csv") else { return };
    let columns = Columns { representation: Some("x".into()), ..Columns::new("samples") };
    let series = read_populations(&path, &columns).unwrap();
    assert_eq!(series.populations.dims(), 10);
    assert!(series.populations.times().len() > 1);
}

/// Layouts of 2018 (records) and 2020 (`__categories`), against what h5py shows of the same files.
#[test]
fn old_layouts() {
    let Some(path) = data("scanpy_datasets/10x_pbmc68k_reduced.h5ad") else { return };
    let file = H5ad::open(&path).unwrap();
    let Column::Categorical { categories, codes, .. } = file.obs_column("bulk_labels").unwrap() else {
        panic!("bulk_labels has categories in uns");
    };
    assert_eq!(categories.len(), 10);
    assert_eq!(codes.len(), 700);
    assert!(matches!(file.obsm_annotation("X_pca").unwrap(), Annotation::F64(a) if a.dim() == (700, 50)));
    assert_eq!(file.obsm("X_umap").unwrap().dim(), (700, 2));
    assert_eq!(file.var_index().unwrap().len(), 765);

    let Some(path) = data("larry_cospar/test_adata_preprocessed.h5ad") else { return };
    let file = H5ad::open(&path).unwrap();
    let Column::Categorical { categories, .. } = file.obs_column("time_info").unwrap() else {
        panic!("time_info has old categories");
    };
    assert_eq!(categories.len(), 3);
    assert!(matches!(file.x().unwrap(), Matrix::Csr(_)));
    let columns = Columns { representation: Some("X_pca".into()), ..Columns::new("time_info") };
    let series = read_populations(&path, &columns).unwrap();
    assert_eq!(series.populations.times(), [2.0, 4.0, 6.0]);
    assert_eq!(series.populations.cells(), 781);
    let missing = read_populations(&path, &Columns { representation: Some("X_foo".into()), ..columns });
    assert!(matches!(missing, Err(IoError::NoSuchElement { .. })));
}

/// The genes and the numbers of scVelo's own preparation of the same 50 cells.
#[test]
fn the_preparation_of_scvelo() {
    let (Some(raw), Some(ready)) =
        (data("scvelo_tests/pancreas_50obs.h5ad"), data("scvelo_tests/pancreas_50obs_preprocessed.h5ad"))
    else {
        return;
    };
    let (raw, ready) = (H5ad::open(raw).unwrap(), H5ad::open(ready).unwrap());
    let rows = |matrix: Matrix| {
        let csr = match matrix {
            Matrix::Csr(csr) => csr,
            Matrix::Csc(csc) => csc.to_csr(),
            Matrix::Dense(dense) => chreode_io::Csr::from_dense(&dense),
        };
        SparseRows::new(csr.shape().1, csr.indptr(), csr.indices(), csr.data()).unwrap()
    };
    let layer = |key: &str| rows(raw.layer(key).unwrap());
    let filter = VelocityFilter { min_shared_counts: 20.0, genes: Some(200) };
    let ours = filter_and_normalize(&rows(raw.x().unwrap()), &layer("spliced"), &layer("unspliced"), filter)
        .unwrap();
    let names: Vec<String> =
        raw.var_index().unwrap().into_iter().zip(&ours.genes).filter(|(_, k)| **k).map(|(n, _)| n).collect();
    assert_eq!(names, ready.var_index().unwrap());
    for (name, ours, theirs) in [
        ("X", &ours.logs, ready.x()),
        ("spliced", &ours.spliced, ready.layer("spliced")),
        ("unspliced", &ours.unspliced, ready.layer("unspliced")),
    ] {
        let theirs = theirs.unwrap().to_dense();
        let (indptr, indices, values) = ours.clone().into_parts();
        let ours = chreode_io::Csr::new(theirs.dim(), indptr, indices, values).unwrap();
        let ours = Matrix::Csr(ours).to_dense();
        for (a, b) in ours.iter().zip(&theirs) {
            assert!((a - b).abs() <= 1e-5 * b.abs().max(1.0), "{name}: {a} for {b}");
        }
    }
}
