//! What is written is read back, entry by entry.

use crate::common;

use chreode_io::{
    Additions, AnnData, Annotation, Column, ColumnKind, ElementKind, H5ad, IoError, Matrix, Uns, write_h5ad,
};
use common::{csr, dense, everything, shaped};
use ndarray::{Array2, array};

/// NaN in one column: equal in bits there, equal everywhere else.
fn assert_same(a: &AnnData, b: &AnnData) {
    let (mut a, mut b) = (a.clone(), b.clone());
    for data in [&mut a, &mut b] {
        for (_, column) in &mut data.obs.columns {
            if let Column::Numbers(values) = column {
                *column = Column::Integers(values.iter().map(|v| Some(v.to_bits() as i64)).collect());
            }
        }
    }
    assert_eq!(a, b);
}

#[test]
fn an_object_with_one_of_everything() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("cells.h5ad");
    let data = everything();
    write_h5ad(&path, &data).unwrap();
    let file = H5ad::open(&path).unwrap();
    assert_eq!((file.n_obs(), file.n_vars()), (4, 3));
    let loaded = file.load().unwrap();
    assert_eq!(loaded.left_out, []);
    assert_eq!(loaded.narrowed, Vec::<String>::new());
    assert_same(&loaded.data, &data);
    assert_eq!(file.x().unwrap(), Matrix::Csr(csr()));
    assert_eq!(file.layer("columns").unwrap().to_dense(), dense());
    assert_eq!(file.obsm("scores").unwrap(), array![[1.0], [2.0], [3.0], [4.0]]);
    assert_eq!(file.obsm("X_clone").unwrap(), dense());
    assert_eq!(file.uns("deep/flags").unwrap(), Uns::Booleans(shaped(&[2], vec![true, false])));
}

#[test]
fn an_empty_object_and_no_x() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("cells.h5ad");
    for data in [AnnData::new(Vec::new(), Vec::new()), AnnData::new(common::names("c", 2), Vec::new())] {
        write_h5ad(&path, &data).unwrap();
        assert_same(&H5ad::open(&path).unwrap().load().unwrap().data, &data);
        assert!(matches!(H5ad::open(&path).unwrap().x(), Err(IoError::NoSuchElement { .. })));
    }
}

#[test]
fn arrays_large_enough_for_chunks() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("cells.h5ad");
    let (n, p) = (1500, 70);
    let mut data = AnnData::new(common::names("cell", n), common::names("gene", p));
    let x = Array2::from_shape_fn((n, p), |(i, j)| ((i * 31 + j * 17) % 101) as f32 / 7.0);
    data.x = Some(Matrix::Dense(x.clone()));
    data.obs.set("t", Column::Numbers((0..n).map(|i| i as f64).collect())).unwrap();
    write_h5ad(&path, &data).unwrap();
    assert_same(&H5ad::open(&path).unwrap().load().unwrap().data, &data);
    assert!(std::fs::metadata(&path).unwrap().len() < (n * p * 4) as u64, "the matrix is compressed");
}

#[test]
fn summary_and_columns_without_values() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("cells.h5ad");
    write_h5ad(&path, &everything()).unwrap();
    let file = H5ad::open(&path).unwrap();
    let summary = file.summary().unwrap();
    let find = |path: &str| summary.elements.iter().find(|e| e.path == path).unwrap();
    assert_eq!((find("X").kind.clone(), find("X").shape.clone()), (ElementKind::Csr, vec![4, 3]));
    assert_eq!((find("X").dtype.as_deref(), find("X").stored), (Some("f32"), Some(5)));
    assert_eq!(
        (find("layers/columns").kind.clone(), find("obs").shape.clone()),
        (ElementKind::Csc, vec![4, 10])
    );
    assert_eq!((find("obs/day").kind.clone(), find("obs/day").stored), (ElementKind::Categorical, Some(3)));
    assert_eq!(find("obs/flag_gap").kind, ElementKind::NullableBoolean);
    assert_eq!(find("uns/nothing").kind, ElementKind::Null);
    assert_eq!(find("uns/deep/er/numbers").shape, [2, 2]);
    let kinds: Vec<(String, ColumnKind)> =
        file.obs().unwrap().into_iter().map(|c| (c.name, c.kind)).collect();
    assert_eq!(kinds[0], ("number".to_string(), ColumnKind::Numbers));
    assert_eq!(kinds[2], ("integer_gap".to_string(), ColumnKind::Integers));
    assert_eq!(kinds[6], ("text_gap".to_string(), ColumnKind::Strings));
    assert_eq!(kinds[8], ("cluster".to_string(), ColumnKind::Categorical { categories: 2 }));
    assert_eq!(file.obs_index().unwrap()[3], "cell-3");
    assert_eq!(file.var_index().unwrap().len(), 3);
}

#[test]
fn a_copy_keeps_everything_and_adds() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("cells.h5ad");
    let mut data = everything();
    write_h5ad(&path, &data).unwrap();
    let speed = array![[1.0, 0.0], [2.0, 0.0], [3.0, 0.0], [4.0, 0.5]];
    let additions = Additions {
        obs: vec![("fate".into(), Column::Numbers(vec![0.1, 0.2, 0.3, 0.4]))],
        obsm: vec![("velocity".into(), Annotation::F32(speed.clone()))],
        layers: vec![("more".into(), Matrix::Dense(dense()))],
        uns: vec![("chreode/seed".into(), Uns::Integer(7)), ("deep/more".into(), Uns::Number(1.0))],
    };
    // Over itself.
    let left_out = H5ad::open(&path).unwrap().copy_with(&path, &additions).unwrap();
    assert_eq!(left_out, []);
    data.obs.set("fate", Column::Numbers(vec![0.1, 0.2, 0.3, 0.4])).unwrap();
    data.obsm.insert("velocity".into(), Annotation::F32(speed));
    data.layers.insert("more".into(), Matrix::Dense(dense()));
    data.uns.insert("chreode/seed".into(), Uns::Integer(7));
    data.uns.insert("deep/more".into(), Uns::Number(1.0));
    assert_same(&H5ad::open(&path).unwrap().load().unwrap().data, &data);
}

#[test]
fn parts_that_do_not_fit_are_refused_and_nothing_is_written() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("cells.h5ad");
    let mut data = everything();
    data.obsm.insert("X_bad".into(), Annotation::F32(Array2::zeros((3, 2))));
    let error = write_h5ad(&path, &data).unwrap_err();
    assert_eq!(
        error.to_string(),
        "`obsm/X_bad` has 3 rows where 4 are needed; give every part the same cells and variables"
    );
    assert!(!path.exists());
    data.obsm.clear();
    data.uns.insert("text/below".into(), Uns::Number(1.0));
    let error = write_h5ad(&path, &data).unwrap_err();
    assert_eq!(
        error.to_string(),
        "`text/below` cannot be written to uns: another value stands on its way; rename it"
    );
    data.uns.clear();
    data.layers.insert("a/b".into(), Matrix::Dense(dense()));
    let error = write_h5ad(&path, &data).unwrap_err();
    assert_eq!(error.to_string(), "`a/b` cannot be written to layers: a slash separates groups; rename it");
}
