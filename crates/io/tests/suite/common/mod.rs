//! Examples that several tests share.
#![allow(dead_code, reason = "each test file uses a part")]

use chreode_io::{AnnData, Annotation, Categories, CategoryOrder, Column, Csc, Csr, Frame, Matrix, Uns};
use ndarray::{Array2, ArrayD, IxDyn, array};
use ndarray_npy::NpzWriter;
use std::fs::File;
use std::path::Path;

pub(crate) fn names(prefix: &str, n: usize) -> Vec<String> {
    (0..n).map(|i| format!("{prefix}{i}")).collect()
}

/// 4 × 3 with 5 entries:
/// ```text
/// 1 0 2
/// 0 0 0
/// 0 3 0
/// 4 0 5
/// ```
pub(crate) fn csr() -> Csr {
    Csr::new((4, 3), vec![0, 2, 2, 3, 5], vec![0, 2, 1, 0, 2], vec![1.0, 2.0, 3.0, 4.0, 5.0])
        .expect("the example is valid")
}

pub(crate) fn dense() -> Array2<f32> {
    array![[1.0, 0.0, 2.0], [0.0, 0.0, 0.0], [0.0, 3.0, 0.0], [4.0, 0.0, 5.0]]
}

pub(crate) fn csc() -> Csc {
    csr().to_csc()
}

/// Four cells, three variables, one of everything.
pub(crate) fn everything() -> AnnData {
    let mut data = AnnData::new(names("cell-", 4), names("gene-", 3));
    let text = |words: [&str; 4]| words.iter().map(|w| Some(w.to_string())).collect::<Vec<_>>();
    let columns = [
        ("number", Column::Numbers(vec![0.5, f64::NAN, -1.25, 3.0])),
        ("integer", Column::Integers(vec![Some(1), Some(-2), Some(3), Some(i64::MAX)])),
        ("integer_gap", Column::Integers(vec![Some(1), None, Some(3), None])),
        ("flag", Column::Booleans(vec![Some(true), Some(false), Some(true), Some(true)])),
        ("flag_gap", Column::Booleans(vec![None, Some(false), Some(true), None])),
        ("text", Column::Strings(text(["a", "", "β-cell", "a long one with spaces"]))),
        ("text_gap", Column::Strings(vec![Some("a".into()), None, Some("c".into()), None])),
        (
            "day",
            Column::Categorical {
                codes: vec![Some(0), Some(1), Some(1), Some(2)],
                categories: Categories::Strings(vec!["day0".into(), "day1".into(), "day2".into()]),
                order: CategoryOrder::Ordered,
            },
        ),
        (
            "cluster",
            Column::Categorical {
                codes: vec![Some(1), None, Some(0), Some(0)],
                categories: Categories::Integers(vec![10, 20]),
                order: CategoryOrder::Unordered,
            },
        ),
        (
            "level",
            Column::Categorical {
                codes: vec![Some(0), Some(0), Some(1), None],
                categories: Categories::Numbers(vec![0.5, 1.5]),
                order: CategoryOrder::Unordered,
            },
        ),
    ];
    for (name, column) in columns {
        data.obs.set(name, column).expect("four rows each");
    }
    data.var.set("length", Column::Integers(vec![Some(7), Some(8), Some(9)])).expect("three rows");
    data.x = Some(Matrix::Csr(csr()));
    data.layers.insert("dense".into(), Matrix::Dense(dense()));
    data.layers.insert("columns".into(), Matrix::Csc(csc()));
    let pca = Array2::from_shape_fn((4, 2), |(i, j)| (i * 2 + j) as f32 * 0.5);
    data.obsm.insert("X_pca".into(), Annotation::F32(pca));
    data.obsm.insert("X_umap".into(), Annotation::F64(Array2::from_elem((4, 2), 0.1)));
    data.obsm.insert("X_clone".into(), Annotation::Sparse(Matrix::Csr(csr())));
    let mut scores = Frame::new(data.obs.index.clone());
    scores.set("g1", Column::Numbers(vec![1.0, 2.0, 3.0, 4.0])).expect("four rows");
    data.obsm.insert("scores".into(), Annotation::Frame(scores));
    data.varm.insert("PCs".into(), Annotation::F64(Array2::from_elem((3, 2), 0.25)));
    let square = Csr::new((4, 4), vec![0, 1, 2, 3, 4], vec![1, 2, 3, 0], vec![1.0; 4]).expect("a cycle");
    data.obsp.insert("connectivities".into(), Matrix::Csr(square));
    let uns = [
        ("number", Uns::Number(2.5)),
        ("integer", Uns::Integer(-3)),
        ("flag", Uns::Boolean(true)),
        ("text", Uns::Text("a sentence".into())),
        ("nothing", Uns::Null),
        ("empty", Uns::Empty),
        ("deep/er/numbers", Uns::Numbers(shaped(&[2, 2], vec![1.0, 2.0, 3.0, 4.0]))),
        ("deep/er/integers", Uns::Integers(shaped(&[3], vec![1, 2, 3]))),
        ("deep/flags", Uns::Booleans(shaped(&[2], vec![true, false]))),
        ("texts", Uns::Texts(shaped(&[2], vec!["x".to_string(), "y".to_string()]))),
        ("graph", Uns::Sparse(Matrix::Csr(csr()))),
    ];
    data.uns.extend(uns.map(|(key, value)| (key.to_string(), value)));
    data
}

pub(crate) fn shaped<T>(shape: &[usize], values: Vec<T>) -> ArrayD<T> {
    ArrayD::from_shape_vec(IxDyn(shape), values).expect("as many values as the shape says")
}

/// `pcs` (4 × 2, f32), `labels` (i32), `weights` (f64).
pub(crate) fn write_npz(path: &Path) {
    let mut npz = NpzWriter::new_compressed(File::create(path).expect("the folder is writable"));
    npz.add_array("pcs", &array![[0.0f32, 1.0], [2.0, 3.0], [4.0, 5.0], [6.0, 7.0]]).expect("writable");
    npz.add_array("labels", &array![1i32, 0, 1, 0]).expect("writable");
    npz.add_array("weights", &array![1.0f64, 2.0, 3.0, 4.0]).expect("writable");
    npz.finish().expect("writable");
}
