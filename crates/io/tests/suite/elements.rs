//! A matrix of files with every element, encoding and compression, made by Python's anndata where `PEERS_PYTHON` names a
//! Python that has it; what is written of them goes back to it.
#![allow(clippy::unwrap_used, reason = "these are tests, and so are their helpers")]

use crate::common;

use chreode_io::{
    Categories, CategoryOrder, Column, Compression, Format, H5ad, IoError, Matrix, Subset, Uns, ZarrVersion,
    convert, read, write_h5ad, write_zarr,
};
use std::path::{Path, PathBuf};
use std::process::Command;

#[expect(clippy::print_stdout, reason = "a skipped test says why")]
fn python(task: &str, folder: &Path) -> Option<()> {
    let Some(python) = std::env::var_os("PEERS_PYTHON") else {
        println!("skipped: set PEERS_PYTHON to a Python with anndata");
        return None;
    };
    let script = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/elements.py");
    let outcome = Command::new(python).arg(script).arg(task).arg(folder).output().expect("PEERS_PYTHON runs");
    let text = String::from_utf8_lossy(&outcome.stderr);
    assert!(outcome.status.success() && outcome.stdout.ends_with(b"ok\n"), "{task}: {text}");
    Some(())
}

#[test]
fn every_element_is_read_and_written_again() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    if python("write", folder.path()).is_none() {
        return;
    }
    let mut names: Vec<String> = std::fs::read_dir(folder.path())
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .filter(|name| name.ends_with(".h5ad"))
        .collect();
    names.sort();
    assert!(names.len() > 30, "{names:?}");
    for name in &names {
        let stem = name.trim_end_matches(".h5ad");
        let file = H5ad::open(at(name)).unwrap();
        let loaded = file.load().unwrap_or_else(|error| panic!("{name}: {error}"));
        let left_out: Vec<&str> = loaded.left_out.iter().map(|l| l.element.as_str()).collect();
        let known: &[&str] = match stem {
            "unknown" => &["obsm/ragged", "extra"],
            _ => &[],
        };
        assert_eq!(left_out, known, "{name}");
        match stem {
            "no_x" => assert_eq!(loaded.data.x, None),
            _ if stem.starts_with("big") => assert_eq!(loaded.data.n_obs(), 3000),
            "with_raw" => {
                assert_eq!(loaded.data.raw.as_ref().unwrap().x.as_ref().unwrap().to_dense(), common::dense())
            }
            _ => {
                assert_eq!(loaded.data.x.as_ref().unwrap().to_dense(), common::dense(), "{name}");
                for (key, layer) in &loaded.data.layers {
                    let expected = if key.ends_with("bool") {
                        common::dense().mapv(|v| if v == 0.0 { 0.0 } else { 1.0 })
                    } else {
                        common::dense()
                    };
                    assert_eq!(layer.to_dense(), expected, "{name} {key}");
                }
            }
        }
        // Files before 0.8 become present ones in memory only.
        if !stem.starts_with("old") && stem != "unknown" {
            convert(at(name), at(&format!("{stem}.copy.h5ad")), Compression::Gzip).unwrap();
        }
        if stem != "old6" {
            write_h5ad(at(&format!("{stem}.mem.h5ad")), &loaded.data).unwrap();
            assert_eq!(
                H5ad::open(at(&format!("{stem}.mem.h5ad"))).unwrap().load().unwrap().data,
                loaded.data,
                "{name}"
            );
        }
        if !stem.starts_with("old") && stem != "uns" && stem != "nullable" {
            for (version, suffix) in [(ZarrVersion::V2, "mem2.zarr"), (ZarrVersion::V3, "mem3.zarr")] {
                let store = at(&format!("{stem}.{suffix}"));
                write_zarr(&store, &loaded.data, version).unwrap();
                assert_eq!(H5ad::open(&store).unwrap().load().unwrap().data, loaded.data, "{name} {suffix}");
            }
        }
    }
    backed_rows(
        &at("big.npy"),
        [at("big_csr_gzip.h5ad"), at("big_dense_lzf.h5ad"), at("big_csr_None.mem2.zarr")],
    );
    particular(&at);
    others(&at);
    python("check", folder.path()).unwrap();
}

fn particular(at: &dyn Fn(&str) -> PathBuf) {
    let frames = H5ad::open(at("frames.h5ad")).unwrap();
    assert_eq!(
        frames.obs_column("cat").unwrap(),
        Column::Categorical {
            codes: vec![Some(1), Some(0), None, Some(1)],
            categories: Categories::Strings(vec!["b".into(), "a".into(), "unused".into()]),
            order: CategoryOrder::Ordered,
        }
    );
    assert_eq!(frames.obs_column("u8").unwrap(), Column::Integers(vec![Some(1), None, Some(3), Some(255)]));
    let subset = Subset { cells: Some(vec![0, 2, 3]), variables: Some(vec![0, 2]) };
    assert_eq!(frames.write_subset(at("frames.part.h5ad"), &subset, Compression::None).unwrap(), []);
    let part = H5ad::open(at("frames.part.h5ad")).unwrap().load().unwrap().data;
    for store in ["frames_v2.zarr", "frames_v3.zarr"] {
        let from = H5ad::open(at(store)).unwrap();
        assert_eq!(from.write_subset(at("part.h5ad"), &subset, Compression::Gzip).unwrap(), [], "{store}");
        assert_eq!(H5ad::open(at("part.h5ad")).unwrap().load().unwrap().data, part, "{store}");
    }

    let uns = H5ad::open(at("uns.h5ad")).unwrap();
    let complex = common::shaped(&[2], vec![[1.0, 2.0], [3.0, -1.0]]);
    assert_eq!(uns.uns("complex").unwrap(), Uns::Complexes(complex));
    assert_eq!(uns.uns("bytes").unwrap(), Uns::Bytes(b"abc".to_vec()));
    let texts = |words: [&str; 2]| Column::Strings(words.iter().map(|w| Some(w.to_string())).collect());
    let records = vec![("x".into(), texts(["a", "b"])), ("y".into(), texts(["c", "dd"]))];
    assert_eq!(uns.uns("rec").unwrap(), Uns::Records(records));

    let nullable = H5ad::open(at("nullable.h5ad")).unwrap();
    assert_eq!(nullable.obs_index().unwrap(), ["c0", "c1", "c2", "c3"]);
    assert_eq!(nullable.obs_column("s").unwrap().labels()[1], None);

    for old in ["old6.h5ad", "old7.h5ad"] {
        let file = H5ad::open(at(old)).unwrap();
        let labels = file.obs_column("k").unwrap().labels();
        assert_eq!(labels[..2], [Some("a".to_string()), Some("b".to_string())], "{old}");
    }
    assert!(H5ad::open(at("old6.h5ad")).unwrap().raw().unwrap().is_some());

    let unknown = H5ad::open(at("unknown.h5ad")).unwrap();
    assert_eq!(convert(at("unknown.h5ad"), at("unknown.copy2.h5ad"), Compression::Gzip).unwrap(), []);
    let error = unknown.obsm("ragged").unwrap_err();
    assert!(
        matches!(&error, IoError::Encoding { element, encoding, .. } if element == "obsm/ragged" && encoding == "awkward-array")
    );
}

/// Rows of the same matrix, whatever its storage.
fn backed_rows(npy: &Path, files: [PathBuf; 3]) {
    let whole = read(npy).unwrap().data.x.unwrap();
    let rows: Vec<usize> = (0..3000).filter(|row| row % 7 < 2 || *row > 2990).collect();
    for path in files {
        let x = H5ad::open(&path).unwrap().backed("X").unwrap();
        assert_eq!(x.rows(&rows).unwrap().to_dense(), whole.rows(&rows), "{}", path.display());
        assert!(matches!(x.rows(&[3000]), Err(IoError::Length { .. })));
        assert!(matches!(x.rows(&[2, 1]), Err(IoError::Length { .. })));
    }
}

fn others(at: &dyn Fn(&str) -> PathBuf) {
    let formats = [
        ("tenx_v2.h5", Format::TenX),
        ("tenx_v3.h5", Format::TenX),
        ("cells.loom", Format::Loom),
        ("mtx", Format::MatrixMarket),
        ("arrays.npz", Format::Npz),
        ("frames_v2.zarr", Format::Zarr),
        ("frames_v3.zarr", Format::Zarr),
        ("uns_v2.zarr", Format::Zarr),
        ("uns_v3.zarr", Format::Zarr),
        ("sharded.zarr", Format::Zarr),
    ];
    for (name, format) in formats {
        assert_eq!(Format::of(at(name)).unwrap(), format, "{name}");
        let loaded = read(at(name)).unwrap_or_else(|error| panic!("{name}: {error}"));
        assert_eq!(loaded.data.x.as_ref().unwrap().to_dense(), common::dense(), "{name}");
        assert_eq!(loaded.left_out, [], "{name}");
        if format != Format::Npz {
            assert_eq!(loaded.data.obs.index, ["c0", "c1", "c2", "c3"], "{name}");
            assert_eq!(loaded.data.var.index, ["g0", "g1", "g2"], "{name}");
        }
    }
    // The same object from HDF5 and from zarr.
    let frames = read(at("frames.h5ad")).unwrap().data;
    for store in ["frames_v2.zarr", "frames_v3.zarr"] {
        assert_eq!(read(at(store)).unwrap().data, frames, "{store}");
    }
    let tenx = read(at("tenx_v3.h5")).unwrap().data;
    assert_eq!(tenx.var.column("gene_ids").unwrap().labels()[1], Some("E1".to_string()));
    assert!(matches!(read(at("cells.loom")).unwrap().data.layers["spliced"], Matrix::Csc(_)));
    for out in ["out_mtx", "out.npz", "out.safetensors", "out.tsv"] {
        convert(at("tenx_v3.h5"), at(out), Compression::Gzip).unwrap();
        assert_eq!(read(at(out)).unwrap().data.x.unwrap().to_dense(), common::dense(), "{out}");
    }
}
