//! Files go to Python's anndata and come from there, where `PEERS_PYTHON` names a Python that has it.

use crate::common;

use chreode_io::{
    Additions, AnnData, Annotation, Categories, CategoryOrder, Column, Columns, Csr, H5ad, IoError, Matrix,
    Uns, read_populations, write_h5ad,
};
use ndarray::{Array2, array};
use std::path::{Path, PathBuf};
use std::process::Command;

#[expect(clippy::print_stdout, reason = "a skipped test says why")]
/// Runs the script beside this file; `None` if there is no Python to run it.
fn python(task: &str, file: &Path) -> Option<()> {
    let Some(python) = std::env::var_os("PEERS_PYTHON") else {
        println!("skipped: set PEERS_PYTHON to a Python with anndata");
        return None;
    };
    let script = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/anndata_reads.py");
    let outcome = Command::new(python).arg(script).arg(task).arg(file).output().expect("PEERS_PYTHON runs");
    let text = String::from_utf8_lossy(&outcome.stderr);
    assert!(outcome.status.success() && outcome.stdout.ends_with(b"ok\n"), "{task}: {text}");
    Some(())
}

#[test]
fn anndata_reads_what_is_written() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("cells.h5ad");
    write_h5ad(&path, &common::everything()).unwrap();
    python("check", &path);
}

/// Sides beyond 2^16, where the HDF5 library's own choice of a width is one that libhdf5 refuses.
#[test]
fn anndata_reads_large_arrays() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("cells.h5ad");
    let (n, p) = (70_000, 3);
    let mut data = AnnData::new(common::names("cell-", n), common::names("gene-", p));
    let indices = (0..2 * n).map(|i| if i % 2 == 0 { 0 } else { 2 }).collect();
    let values = (0..2 * n).map(|i| (i % 1000) as f32).collect();
    let x = Csr::new((n, p), (0..=n).map(|i| 2 * i).collect(), indices, values).unwrap();
    data.x = Some(Matrix::Csr(x));
    data.obs.set("t", Column::Numbers((0..n).map(|i| i as f64 / 4.0).collect())).unwrap();
    let wide = common::shaped(&[2, n], (0..2 * n as i64).collect());
    data.uns.insert("wide".into(), Uns::Integers(wide));
    write_h5ad(&path, &data).unwrap();
    assert_eq!(H5ad::open(&path).unwrap().load().unwrap().data, data);
    python("large", &path);
}

#[test]
fn what_anndata_writes_is_read_and_copied() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("cells.h5ad");
    if python("write", &path).is_none() {
        return;
    }
    let file = H5ad::open(&path).unwrap();
    assert!(matches!(file.x().unwrap(), Matrix::Csc(_)));
    assert_eq!(file.x().unwrap().to_dense(), common::dense());
    assert_eq!(file.obs_index().unwrap(), ["c0", "c1", "c2", "c3"]);
    let column = |name: &str| file.obs_column(name).unwrap();
    assert_eq!(
        column("day"),
        Column::Categorical {
            codes: vec![Some(0), Some(1), Some(0), Some(2)],
            categories: Categories::Strings(vec!["E8.5".into(), "E9.5".into(), "E10".into()]),
            order: CategoryOrder::Ordered,
        }
    );
    assert_eq!(column("gap").labels(), [Some("x".into()), None, Some("y".into()), Some("x".into())]);
    assert_eq!(column("int"), Column::Integers(vec![Some(1), None, Some(3), Some(4)]));
    assert_eq!(column("bool"), Column::Booleans(vec![Some(true), None, Some(false), Some(true)]));
    assert_eq!(column("str").labels(), [Some("a".into()), None, Some("c".into()), Some("d".into())]);
    assert_eq!(column("u8"), Column::Integers(vec![Some(1), Some(2), Some(3), Some(255)]));
    assert_eq!(column("f32").numbers().unwrap()[2], 1.5);
    assert_eq!(file.obsm("frame").unwrap(), array![[1.0, 5.0], [2.0, 6.0], [3.0, 7.0], [4.0, 8.0]]);
    assert_eq!(file.uns("none").unwrap(), Uns::Null);
    assert_eq!(file.uns("scalar").unwrap(), Uns::Integer(3));
    assert_eq!(file.uns("half").unwrap(), Uns::Numbers(common::shaped(&[2], vec![0.5, -2.0])));
    assert_eq!(file.uns("nest/x/y").unwrap(), Uns::Integers(common::shaped(&[2, 3], (0..6).collect())));
    assert!(matches!(file.uns("strange"), Err(IoError::Encoding { .. })));
    let loaded = file.load().unwrap();
    let left_out: Vec<&str> = loaded.left_out.iter().map(|l| l.element.as_str()).collect();
    assert_eq!(left_out, ["uns/strange"]);
    assert_eq!(loaded.data.raw.as_ref().unwrap().x.as_ref().unwrap().to_dense(), common::dense());
    assert_eq!(loaded.narrowed, ["X"]);

    let columns = Columns { representation: Some("X_pca".into()), ..Columns::new("day") };
    let series = read_populations(&path, &columns).unwrap();
    assert_eq!(series.populations.times(), [8.5, 9.5, 10.0]);
    assert_eq!(series.rows, [vec![0, 2], vec![1], vec![3]]);

    let additions = Additions {
        obs: vec![("fate".into(), Column::Numbers(vec![0.0, 0.25, 0.5, 0.75]))],
        obsm: vec![("velocity_pca".into(), Annotation::F32(Array2::ones((4, 2))))],
        uns: vec![("chreode/seed".into(), Uns::Integer(7))],
        ..Additions::default()
    };
    let copy = folder.path().join("copy.h5ad");
    assert_eq!(file.copy_with(&copy, &additions).unwrap(), []);
    python("copy", &copy);
}
