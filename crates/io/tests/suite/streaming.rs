//! Rows from files larger than memory: batches, subsets.
#![allow(clippy::unwrap_used, reason = "these are tests, and so are their helpers")]

use crate::common;

use chreode_core::Seed;
use chreode_io::{
    AnnData, Annotation, Batches, Categories, CategoryOrder, Column, Compression, Csr, H5ad, Join, Matrix,
    Subset, concatenate, shuffled, write_h5ad_as, write_rows,
};
use ndarray::{Array2, Axis, array};
use std::num::NonZeroUsize;
use std::path::Path;

/// A row index beyond the matrix, in rows that are read by column.
#[test]
fn columns_with_a_row_that_is_not_there() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("cells.h5ad");
    write(&path, Matrix::Csc(counts(50, 20).to_csc()), Compression::None);
    let x = H5ad::open(&path).unwrap().backed("X").unwrap();
    let rows = x.rows(&[0, 7, 49]).unwrap();
    assert_eq!(rows, Matrix::Csr(counts(50, 20).select_rows(&[0, 7, 49])));
    assert_eq!(x.rows(&[]).unwrap().shape(), (0, 20));
    // The first index of the file, wherever it stands.
    let mut bytes = std::fs::read(&path).unwrap();
    let indices: Vec<u8> = counts(50, 20).to_csc().indices().iter().flat_map(|i| i.to_le_bytes()).collect();
    let at = bytes.windows(indices.len()).position(|window| window == indices).unwrap();
    bytes[at..at + 4].copy_from_slice(&999u32.to_le_bytes());
    std::fs::write(&path, bytes).unwrap();
    let error = H5ad::open(&path).unwrap().backed("X").unwrap().rows(&[3]).unwrap_err().to_string();
    assert!(error.contains("index 999 at position 0 is outside 0..50"), "{error}");
}

/// Rows with uneven numbers of entries, some with none, in several chunks of the file.
fn counts(n: usize, p: usize) -> Csr {
    let (mut indptr, mut indices, mut values) = (vec![0], Vec::new(), Vec::new());
    for i in 0..n {
        for j in (0..p).filter(|j| (i * 31 + j * 17) % 11 < i % 7) {
            indices.push(j as u32);
            values.push((1 + (i + j) % 9) as f32);
        }
        indptr.push(indices.len());
    }
    Csr::new((n, p), indptr, indices, values).unwrap()
}

fn write(path: &Path, x: Matrix, compression: Compression) -> AnnData {
    let (n, p) = x.shape();
    let mut data = AnnData::new(common::names("cell-", n), common::names("gene-", p));
    data.x = Some(x);
    data.obs.set("i", Column::Integers((0..n as i64).map(Some).collect())).unwrap();
    data.obsm
        .insert("X_pca".into(), Annotation::F32(Array2::from_shape_fn((n, 3), |(i, j)| (3 * i + j) as f32)));
    write_h5ad_as(path, &data, compression).unwrap();
    data
}

#[test]
fn batches_give_the_rows_of_the_order_whatever_memory_they_have() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("cells.h5ad");
    let csr = counts(4000, 60);
    let dense = Matrix::Csr(csr.clone()).to_dense();
    for (x, compression) in [
        (Matrix::Csr(csr.clone()), Compression::Gzip),
        (Matrix::Csr(csr.clone()), Compression::None),
        (Matrix::Csc(csr.to_csc()), Compression::Gzip),
        (Matrix::Dense(dense.clone()), Compression::Gzip),
    ] {
        write(&path, x, compression);
        let x = H5ad::open(&path).unwrap().backed("X").unwrap();
        let order = shuffled(4000, &mut Seed(3).stream("epoch", 0));
        let mut seen = Vec::new();
        for memory in [1, 1 << 16, 1 << 30] {
            let batches = Batches::new(x.clone(), order.clone(), NonZeroUsize::new(96).unwrap(), memory);
            let rows: Vec<usize> = batches
                .flat_map(|batch| {
                    let batch = batch.unwrap();
                    assert_eq!(batch.values.to_dense(), dense.select(Axis(0), &batch.rows));
                    batch.rows
                })
                .collect();
            assert_eq!(rows, order);
            seen.push(rows.len());
        }
        assert_eq!(seen, [4000; 3]);
    }
    // A permutation, and another for another seed.
    let order = shuffled(4000, &mut Seed(3).stream("epoch", 0));
    let mut sorted = order.clone();
    sorted.sort_unstable();
    assert_eq!(sorted, (0..4000).collect::<Vec<_>>());
    assert_ne!(order, shuffled(4000, &mut Seed(4).stream("epoch", 0)));
}

#[test]
fn batches_may_repeat_rows_and_stop_early() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("cells.h5ad");
    write(&path, Matrix::Csr(counts(500, 20)), Compression::Gzip);
    let x = H5ad::open(&path).unwrap().backed("X").unwrap();
    let order: Vec<usize> = (0..5000).map(|i| (i * 7) % 10).collect();
    let mut batches = Batches::new(x.clone(), order, NonZeroUsize::new(32).unwrap(), 1);
    let first = batches.next().unwrap().unwrap();
    assert_eq!(first.values.to_dense(), x.rows(&(0..10).collect::<Vec<_>>()).unwrap().rows(&first.rows));
    drop(batches);
    // An error ends the batches.
    let mut beyond = Batches::new(x, vec![500, 1], NonZeroUsize::new(1).unwrap(), 1);
    assert!(beyond.next().unwrap().is_err());
    assert!(beyond.next().is_none());
}

#[test]
fn a_subset_is_what_selecting_in_memory_gives() {
    let folder = tempfile::tempdir().unwrap();
    let (path, part) = (folder.path().join("cells.h5ad"), folder.path().join("part.h5ad"));
    let csr = counts(3000, 40);
    let cells: Vec<usize> = (0..3000).filter(|i| i % 3 != 1).collect();
    let variables: Vec<usize> = (0..40).filter(|j| j % 5 < 3).collect();
    for x in [
        Matrix::Csr(csr.clone()),
        Matrix::Csc(csr.to_csc()),
        Matrix::Dense(Matrix::Csr(csr.clone()).to_dense()),
    ] {
        let data = write(&path, x.clone(), Compression::Gzip);
        let subset = Subset { cells: Some(cells.clone()), variables: Some(variables.clone()) };
        let file = H5ad::open(&path).unwrap();
        assert_eq!(file.write_subset(&part, &subset, Compression::Gzip).unwrap(), []);
        let loaded = H5ad::open(&part).unwrap().load().unwrap().data;
        let expected = x.rows(&cells).select(Axis(1), &variables);
        assert_eq!(loaded.x.as_ref().unwrap().to_dense(), expected);
        assert_eq!(std::mem::discriminant(loaded.x.as_ref().unwrap()), std::mem::discriminant(&x));
        assert_eq!(loaded.obs, data.obs.select(&cells));
        assert_eq!(loaded.var, data.var.select(&variables));
        let Annotation::F32(pca) = &loaded.obsm["X_pca"] else { panic!("it was f32") };
        assert_eq!(pca[[1, 0]], 6.0);
        let outside = Subset { cells: Some(vec![3000]), variables: None };
        let error = file.write_subset(&part, &outside, Compression::Gzip).unwrap_err().to_string();
        assert!(error.contains("`obs`") && error.contains("3000 rows"), "{error}");
    }
}

#[test]
fn files_are_joined_by_the_names_of_their_variables() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    let day = |labels: [&str; 2], codes: [u32; 3]| Column::Categorical {
        codes: codes.iter().map(|&c| Some(c)).collect(),
        categories: Categories::Strings(labels.map(String::from).to_vec()),
        order: CategoryOrder::Unordered,
    };
    let mut one = AnnData::new(common::names("a", 3), vec!["g0".into(), "g1".into(), "g2".into()]);
    one.x = Some(Matrix::Dense(array![[1.0, 0.0, 2.0], [0.0, 0.0, 0.0], [0.0, 3.0, 0.0]]));
    one.obs.set("day", day(["d0", "d1"], [0, 1, 1])).unwrap();
    one.obs.set("only", Column::Integers(vec![Some(1), None, Some(3)])).unwrap();
    let mut two = AnnData::new(common::names("b", 3), vec!["g2".into(), "g3".into(), "g0".into()]);
    let csr = Csr::new((3, 3), vec![0, 2, 3, 3], vec![0, 2, 1], vec![7.0, 8.0, 9.0]).unwrap();
    two.x = Some(Matrix::Csc(csr.to_csc()));
    two.obs.set("day", day(["d1", "d2"], [0, 1, 0])).unwrap();
    for (name, data) in [("one.h5ad", &one), ("two.h5ad", &two)] {
        write_h5ad_as(at(name), data, Compression::Gzip).unwrap();
    }
    let files = [H5ad::open(at("one.h5ad")).unwrap(), H5ad::open(at("two.h5ad")).unwrap()];
    concatenate(&files, at("inner.h5ad"), Join::Inner, Compression::Gzip).unwrap();
    let inner = H5ad::open(at("inner.h5ad")).unwrap().load().unwrap().data;
    assert_eq!(inner.var.index, ["g0", "g2"]);
    assert_eq!(inner.obs.index, ["a0", "a1", "a2", "b0", "b1", "b2"]);
    let x = array![[1.0, 2.0], [0.0, 0.0], [0.0, 0.0], [8.0, 7.0], [0.0, 0.0], [0.0, 0.0]];
    assert_eq!(inner.x.unwrap().to_dense(), x);
    let labels: Vec<String> = inner.obs.column("day").unwrap().labels().into_iter().flatten().collect();
    assert_eq!(labels, ["d0", "d1", "d1", "d1", "d2", "d1"]);
    assert!(inner.obs.column("only").is_none());
    concatenate(&files, at("outer.h5ad"), Join::Outer, Compression::None).unwrap();
    let outer = H5ad::open(at("outer.h5ad")).unwrap().load().unwrap().data;
    assert_eq!(outer.var.index, ["g0", "g1", "g2", "g3"]);
    assert_eq!(outer.x.unwrap().to_dense().row(4), array![0.0, 0.0, 0.0, 9.0]);
    let only = Column::Integers(vec![Some(1), None, Some(3), None, None, None]);
    assert_eq!(outer.obs.column("only"), Some(&only));
}

#[test]
fn rows_that_are_made_while_they_are_written() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("cells.h5ad");
    let csr = counts(9000, 20);
    let mut row = 0;
    write_rows(&path, (9000, 20), Compression::Gzip, |_, rows, out| {
        for _ in 0..rows {
            csr.row(row).for_each(|(column, value)| out.push(column as u32, value));
            out.end_row();
            row += 1;
        }
    })
    .unwrap();
    let loaded = H5ad::open(&path).unwrap().load().unwrap().data;
    assert_eq!(loaded.x, Some(Matrix::Csr(csr)));
    assert_eq!(loaded.obs.index[8999], "cell8999");
    let error = write_rows(&path, (3, 2), Compression::None, |_, _, out| {
        out.push(2, 1.0);
        (0..3).for_each(|_| out.end_row());
    })
    .unwrap_err()
    .to_string();
    assert!(error.contains("`X` has 3 columns where 2 are needed"), "{error}");
}

/// One writer, any number of threads: the same bytes.
#[test]
fn files_do_not_depend_on_the_number_of_threads() {
    let folder = tempfile::tempdir().unwrap();
    let bytes = |threads: usize| {
        let path = folder.path().join(format!("{threads}.h5ad"));
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        pool.install(|| write(&path, Matrix::Csr(counts(3000, 300)), Compression::Gzip));
        std::fs::read(&path).unwrap()
    };
    assert_eq!(bytes(1), bytes(3));
}
