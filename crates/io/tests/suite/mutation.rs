//! Damaged files give errors: no panic, no hang, no memory beyond reason.

use crate::common;

use chreode_io::{Columns, Compression, H5ad, convert, read_bytes, read_populations, write_h5ad};
use proptest::prelude::*;
use std::path::Path;
use std::process::Command;

/// Reads all headers and all values; only whether it returns matters.
fn read_all(path: &Path) {
    let columns = Columns { representation: Some("X_pca".into()), ..Columns::new("day") };
    _ = read_populations(path, &columns);
    let Ok(file) = H5ad::open(path) else { return };
    _ = file.summary();
    _ = file.load();
}

#[derive(Clone, Debug)]
enum Damage {
    Bytes(Vec<(usize, u8)>),
    Cut(usize),
    Zeros(usize, usize),
}

fn damage(length: usize) -> impl Strategy<Value = Damage> {
    prop_oneof![
        8 => prop::collection::vec((0..length, any::<u8>()), 1..6).prop_map(Damage::Bytes),
        1 => (0..length).prop_map(Damage::Cut),
        1 => (0..length, 1usize..64).prop_map(|(at, n)| Damage::Zeros(at, n)),
    ]
}

fn damaged(bytes: &[u8], how: &Damage) -> Vec<u8> {
    let mut bytes = bytes.to_vec();
    match how {
        Damage::Bytes(changes) => changes.iter().for_each(|&(at, value)| bytes[at] = value),
        Damage::Cut(at) => bytes.truncate(*at),
        Damage::Zeros(at, n) => {
            let end = (at + n).min(bytes.len());
            bytes[*at..end].fill(0);
        }
    }
    bytes
}

/// `PROPTEST_CASES` for a longer search.
fn cases(default: u32) -> u32 {
    std::env::var("PROPTEST_CASES").ok().and_then(|n| n.parse().ok()).unwrap_or(default)
}

const INNER: &str = "CHREODE_MUTATION_INNER";

/// Runs the damaging in a process that may map no more than 1 GiB, where the system has `ulimit`.
#[test]
fn damaged_files_give_errors_in_bounded_memory() {
    if std::env::var_os(INNER).is_some() || !cfg!(unix) {
        damage_many();
        return;
    }
    let outcome = Command::new("sh")
        .args([
            "-c",
            "ulimit -v 1048576; exec \"$0\" --exact mutation::damaged_files_give_errors_in_bounded_memory",
        ])
        .arg(std::env::current_exe().unwrap())
        .env(INNER, "1")
        .output()
        .unwrap();
    let text =
        String::from_utf8_lossy(&outcome.stdout).into_owned() + &String::from_utf8_lossy(&outcome.stderr);
    assert!(outcome.status.success(), "{text}");
    assert!(text.contains("1 passed"), "{text}");
}

fn damage_many() {
    let folder = tempfile::tempdir().expect("a temporary folder can be made");
    let path = folder.path().join("cells.h5ad");
    write_h5ad(&path, &common::everything()).expect("the example is valid");
    let bytes = std::fs::read(&path).expect("it was just written");
    let config = ProptestConfig { cases: cases(300), failure_persistence: None, ..ProptestConfig::default() };
    proptest!(config, |(how in damage(bytes.len()))| {
        std::fs::write(&path, damaged(&bytes, &how)).expect("the folder is writable");
        read_all(&path);
    });
}

#[test]
fn damaged_archives_and_tables_give_errors() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("cells.npz");
    common::write_npz(&path);
    let bytes = std::fs::read(&path).unwrap();
    let table = folder.path().join("cells.csv");
    let text = b"time,x1,x2\n0,1.5,2\n1,\"3\",4\n".to_vec();
    let config = ProptestConfig { cases: cases(300), failure_persistence: None, ..ProptestConfig::default() };
    proptest!(config, |(how in damage(bytes.len()), other in damage(text.len()))| {
        std::fs::write(&path, damaged(&bytes, &how)).unwrap();
        _ = read_populations(&path, &Columns::new("labels"));
        std::fs::write(&table, damaged(&text, &other)).unwrap();
        _ = read_populations(&table, &Columns::new("time"));
    });
}

/// The short form of the example `mutate`, which damages millions.
#[test]
fn damaged_files_of_every_format_give_errors() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    let mut data = common::everything();
    data.uns.clear();
    write_h5ad(at("cells.h5ad"), &data).unwrap();
    for name in ["cells.npz", "cells.safetensors", "cells.csv", "folder"] {
        convert(at("cells.h5ad"), at(name), Compression::None).unwrap();
    }
    std::fs::rename(at("folder/matrix.mtx.gz"), at("cells.mtx.gz")).unwrap();
    for name in ["cells.h5ad", "cells.npz", "cells.safetensors", "cells.csv", "cells.mtx.gz"] {
        let bytes = std::fs::read(at(name)).unwrap();
        assert!(read_bytes(name, bytes.clone()).is_ok(), "{name}");
        let config =
            ProptestConfig { cases: cases(200), failure_persistence: None, ..ProptestConfig::default() };
        proptest!(config, |(how in damage(bytes.len()))| {
            _ = read_bytes(name, damaged(&bytes, &how));
        });
    }
}

/// An array that says it has 2^50 elements is told off before memory is asked for.
#[test]
fn an_archive_that_lies_about_its_size() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("cells.npy");
    let header = b"{'descr': '<f8', 'fortran_order': False, 'shape': (1125899906842624, 1), }";
    let mut bytes = b"\x93NUMPY\x01\x00".to_vec();
    bytes.extend((header.len() as u16).to_le_bytes());
    bytes.extend(header);
    bytes.extend([0; 16]);
    std::fs::write(&path, &bytes).unwrap();
    let error = read_bytes("cells.npy", bytes).unwrap_err().to_string();
    assert!(
        error.contains("`X`") && error.contains("declares 9007199254740992 bytes where there are 16"),
        "{error}"
    );
    assert!(read_populations(&path, &Columns::new("X")).is_err());
}
