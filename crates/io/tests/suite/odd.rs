//! Files as they should not be, but are: names with slashes, empty groups, locks, marks of a writer, no permission.
//!
//! `odd/` was made by `tests/reference/odd.py`, which names its programs.

use crate::common;

use chreode_io::{
    Additions, AnnData, Annotation, Column, H5ad, IoError, ZarrVersion, write_h5ad, write_zarr,
};
use std::fs::{self, File};
use std::io::ErrorKind;
use std::path::PathBuf;

/// Everything but a column with NaN, which equals nothing.
fn whole() -> AnnData {
    let mut data = common::everything();
    data.obs.columns.retain(|(name, _)| name != "number");
    data
}

fn odd(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/reference/odd").join(name)
}

#[test]
fn names_with_slashes_and_empty_groups_are_read_and_kept() {
    let file = H5ad::open(odd("slashes.h5ad")).unwrap();
    let loaded = file.load().unwrap();
    let numbers: Vec<Option<i64>> = (0..4).map(Some).collect();
    assert_eq!(loaded.data.obs.column("a/b"), Some(&Column::Integers(numbers)));
    let all = file.backed("layers/a/b").unwrap().rows(&[0, 1, 2, 3]).unwrap();
    assert_eq!(all.to_dense(), common::dense());
    assert!(matches!(file.layer("a/b"), Err(IoError::NoSuchElement { .. })), "a layer is a member of layers");
    // A group without an encoding is no layer.
    let lost: Vec<&str> = loaded.left_out.iter().map(|l| l.element.as_str()).collect();
    assert_eq!(lost, ["layers/a", "layers/nothing"]);
    assert!(loaded.data.obsm.is_empty() && loaded.data.obsp.is_empty());
    // What is not understood is in a copy all the same.
    let folder = tempfile::tempdir().unwrap();
    let copy = folder.path().join("copy.h5ad");
    assert_eq!(file.copy_with(&copy, &Additions::default()).unwrap(), []);
    let copied = H5ad::open(&copy).unwrap();
    assert_eq!(copied.load().unwrap(), loaded);
    assert_eq!(copied.backed("layers/a/b").unwrap().rows(&[0, 1, 2, 3]).unwrap(), all);
    assert_eq!(copied.keys("uns").unwrap(), file.keys("uns").unwrap());
    // New files have no such names.
    let error = write_h5ad(folder.path().join("new.h5ad"), &loaded.data).unwrap_err();
    assert!(matches!(error, IoError::Key { .. }), "{error}");
}

#[test]
fn empty_groups_come_back_empty() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("empty.h5ad");
    let mut data = AnnData::new(common::names("c", 3), Vec::new());
    data.obsm.insert("none".into(), Annotation::F32(ndarray::Array2::zeros((3, 0))));
    write_h5ad(&path, &data).unwrap();
    assert_eq!(H5ad::open(&path).unwrap().load().unwrap().data, data);
    write_zarr(folder.path().join("empty.zarr"), &data, ZarrVersion::V3).unwrap();
    assert_eq!(H5ad::open(folder.path().join("empty.zarr")).unwrap().load().unwrap().data, data);
}

/// Found by damaging stores: a group whose description lacks what it is.
#[test]
fn a_node_that_does_not_say_what_it_is() {
    let folder = tempfile::tempdir().unwrap();
    let store = folder.path().join("cells.zarr");
    write_zarr(&store, &whole(), ZarrVersion::V3).unwrap();
    for group in ["obs", "uns"] {
        let description = store.join(group).join("zarr.json");
        let text = fs::read_to_string(&description).unwrap();
        fs::write(&description, text.replace("node_type", "node_tape")).unwrap();
        let said = H5ad::open(&store).and_then(|file| file.load()).map(|_| ()).unwrap_err().to_string();
        assert!(said.contains("its zarr.json has no node_type"), "{said}");
        fs::write(&description, text).unwrap();
    }
    assert_eq!(H5ad::open(&store).unwrap().load().unwrap().data, whole());
}

/// A lock binds those who ask for one: it keeps nobody from reading, and a file that is replaced is another file.
#[test]
fn a_locked_file() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("cells.h5ad");
    let data = whole();
    write_h5ad(&path, &data).unwrap();
    let holder = File::options().read(true).write(true).open(&path).unwrap();
    holder.lock().unwrap();
    assert!(File::open(&path).unwrap().try_lock_shared().is_err(), "it is locked");
    assert_eq!(H5ad::open(&path).unwrap().load().unwrap().data, data);
    let mut other = data.clone();
    other.uns.clear();
    write_h5ad(&path, &other).unwrap();
    assert_eq!(H5ad::open(&path).unwrap().load().unwrap().data, other);
}

/// What stands in a file that is being written to may be half of something, so libhdf5 refuses it, and so do we.
#[test]
fn a_file_that_a_writer_has_marked() {
    let error = H5ad::open(odd("open.h5ad")).err().expect("it is in use");
    let name = odd("open.h5ad").display().to_string();
    assert!(matches!(error, IoError::InUse { .. }));
    assert_eq!(
        error.to_string(),
        format!(
            "{name} is marked as open for writing: a program has it open, or ended without closing it; close it there, or run \
             `h5clear -s {name}`"
        )
    );
}

/// Whoever may write anywhere runs it again as nobody.
#[test]
#[cfg(unix)]
fn a_file_and_a_folder_that_may_only_be_read() {
    use std::os::unix::fs::PermissionsExt;
    const INNER: &str = "CHREODE_ONLY_READ";
    let mode =
        |path: &std::path::Path, mode| fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
    let check = |folder: &std::path::Path| {
        let path = folder.join("cells.h5ad");
        assert_eq!(H5ad::open(&path).unwrap().load().unwrap().data, whole());
        let error = write_h5ad(&path, &whole()).unwrap_err();
        assert!(
            matches!(&error, IoError::Write { source, .. } if source.kind() == ErrorKind::PermissionDenied),
            "{error}"
        );
        let error = write_zarr(folder.join("cells.zarr"), &whole(), ZarrVersion::V2).unwrap_err();
        assert!(matches!(&error, IoError::Write { .. }), "{error}");
    };
    if let Some(folder) = std::env::var_os(INNER) {
        return check(folder.as_ref());
    }
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("cells.h5ad");
    write_h5ad(&path, &whole()).unwrap();
    mode(&path, 0o444);
    write_h5ad(&path, &whole()).unwrap();
    assert_eq!(
        fs::metadata(&path).unwrap().permissions().mode() & 0o777,
        0o444,
        "the new file is as the old"
    );
    mode(folder.path(), 0o555);
    if File::create(folder.path().join("probe")).is_err() {
        check(folder.path());
        return mode(folder.path(), 0o755);
    }
    fs::remove_file(folder.path().join("probe")).unwrap();
    let outcome = std::process::Command::new("setpriv")
        .args(["--reuid=65534", "--regid=65534", "--clear-groups"])
        .arg(std::env::current_exe().unwrap())
        .args(["--exact", "odd::a_file_and_a_folder_that_may_only_be_read"])
        .env(INNER, folder.path())
        .output();
    mode(folder.path(), 0o755);
    match outcome {
        Ok(outcome) if String::from_utf8_lossy(&outcome.stdout).contains("running 1 test") => {
            let text = String::from_utf8_lossy(&outcome.stdout);
            assert!(text.contains("1 passed"), "{text}");
        }
        _ => println!("skipped: this user may write anywhere and cannot become another"),
    }
}
