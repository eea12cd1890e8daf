//! Replacing a file: the old content or the new, never a part; hashes; what cannot be opened.

use crate::common;

use chreode_io::{Columns, H5ad, IoError, data_hash, read_populations, write_atomically, write_h5ad};
use std::fs;
use std::io::{Error, ErrorKind};

#[test]
fn a_failure_leaves_the_old_file() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("model.bin");
    write_atomically(&path, |out| {
        out.write_all(b"old").expect("room for three bytes");
        Ok(())
    })
    .unwrap();
    let full = |source: Error| IoError::Write { path: path.clone(), source };
    let error = write_atomically(&path, |out| {
        out.write_all(b"half of the new").map_err(full)?;
        Err(full(Error::from(ErrorKind::StorageFull)))
    })
    .unwrap_err();
    assert_eq!(
        error.to_string(),
        format!(
            "cannot write {}: no storage space; choose another place or make room (a file that was there before is unchanged)",
            path.display()
        )
    );
    assert_eq!(fs::read(&path).unwrap(), b"old");
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1, "nothing is left behind");
    write_atomically(&path, |out| out.write_all(b"new").map_err(full)).unwrap();
    assert_eq!(fs::read(&path).unwrap(), b"new");
}

#[test]
fn a_folder_that_is_not_there_and_a_folder_in_place_of_a_file() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("absent/cells.h5ad");
    let error = write_h5ad(&path, &common::everything()).unwrap_err();
    assert!(
        matches!(&error, IoError::Write { source, .. } if source.kind() == ErrorKind::NotFound),
        "{error}"
    );
    assert!(error.to_string().starts_with(&format!("cannot write {}: ", path.display())), "{error}");
    let error = write_h5ad(folder.path(), &common::everything()).unwrap_err();
    assert_eq!(
        error.to_string(),
        format!("{} is a folder; give the file inside it", folder.path().display())
    );
}

/// A file-size limit stands for a full disk: the kernel refuses the write in the middle.
#[test]
#[cfg(unix)]
fn a_full_disk_leaves_the_old_file() {
    const INNER: &str = "CHREODE_FULL_DISK";
    if let Some(path) = std::env::var_os(INNER) {
        let mut data = chreode_io::AnnData::new(common::names("cell", 4000), Vec::new());
        let noise =
            ndarray::Array2::from_shape_fn((4000, 50), |(i, j)| ((i * 7919 + j * 104_729) as f32).sin());
        data.obsm.insert("X_pca".into(), chreode_io::Annotation::F32(noise));
        let error = write_h5ad(path, &data).unwrap_err();
        assert!(
            matches!(&error, IoError::Write { source, .. } if source.kind() == ErrorKind::FileTooLarge),
            "{error}"
        );
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("cells.h5ad");
    fs::write(&path, b"old").unwrap();
    let outcome = std::process::Command::new("sh")
        .args([
            "-c",
            "trap '' XFSZ; ulimit -f 100; exec \"$0\" --exact files::a_full_disk_leaves_the_old_file",
        ])
        .arg(std::env::current_exe().unwrap())
        .env(INNER, &path)
        .output()
        .unwrap();
    let text = String::from_utf8_lossy(&outcome.stdout);
    assert!(outcome.status.success() && text.contains("1 passed"), "{text}");
    assert_eq!(fs::read(&path).unwrap(), b"old");
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1, "nothing is left behind");
}

#[test]
fn what_is_no_h5ad_file() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    let say = |name: &str| H5ad::open(at(name)).err().expect("it cannot be opened").to_string();
    let shown = |name: &str| at(name).display().to_string();
    assert_eq!(
        say("absent.h5ad"),
        format!("there is no file {}; check the spelling and the folder", shown("absent.h5ad"))
    );
    fs::create_dir(at("folder.h5ad")).unwrap();
    assert_eq!(say("folder.h5ad"), format!("{} is a folder; give the file inside it", shown("folder.h5ad")));
    for (name, content) in [("text.h5ad", "a,b\n1,2\n"), ("empty.h5ad", "")] {
        fs::write(at(name), content).unwrap();
        assert_eq!(
            say(name),
            format!(
                "{} is not an HDF5 file; export it as .h5ad, or name it .npz, .csv or .tsv if it is one",
                shown(name)
            )
        );
    }
    write_h5ad(at("whole.h5ad"), &common::everything()).unwrap();
    let bytes = fs::read(at("whole.h5ad")).unwrap();
    fs::write(at("cut.h5ad"), &bytes[..bytes.len() / 2]).unwrap();
    let text = say("cut.h5ad");
    let (half, all) = (bytes.len() / 2, bytes.len());
    assert_eq!(
        text,
        format!(
            "{} is damaged or cut short at `/` (it ends at byte {half} of {all}); copy or export it again",
            shown("cut.h5ad")
        )
    );
    fs::write(at("cells.xlsx"), "").unwrap();
    let error = read_populations(at("cells.xlsx"), &Columns::new("t")).unwrap_err();
    assert_eq!(
        error.to_string(),
        format!(
            "{} is in no format that is known; those are .h5ad, zarr, 10x .h5, .loom, Matrix Market, .npz, .npy, \
             .safetensors, .csv and .tsv",
            shown("cells.xlsx")
        )
    );
}

/// FIPS 180-4's example: SHA-256 of `abc`.
#[test]
fn the_hash_of_a_file() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("abc");
    fs::write(&path, "abc").unwrap();
    assert_eq!(
        data_hash(&path).unwrap().to_string(),
        "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
    );
    assert!(matches!(data_hash(folder.path().join("absent")), Err(IoError::NoSuchFile { .. })));
}
