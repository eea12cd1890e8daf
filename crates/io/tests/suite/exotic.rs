//! Filters and layouts that only libhdf5 reads: through it with the feature `libhdf5`, else an error that says so.
//!
//! `exotic/` was made by `tests/reference/exotic.py`, which names its programs.

#[cfg(feature = "libhdf5")]
use crate::common;

#[cfg(feature = "libhdf5")]
use chreode_io::Column;
use chreode_io::{H5ad, IoError};
use std::path::PathBuf;

fn exotic() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/reference/exotic/exotic.h5ad")
}

/// Elements, and how the error calls their storage.
const ELEMENTS: [(&str, &str); 7] = [
    ("X", "behind filter 5 (nbit)"),
    ("layers/bits", "behind filter 5 (nbit)"),
    ("layers/real", "behind filter 5 (nbit)"),
    ("layers/half", "behind filter 5 (nbit)"),
    ("layers/szip", "behind filter 4 (szip)"),
    ("layers/virtual", "as a virtual dataset"),
    ("layers/external", "in other files"),
];

#[test]
#[cfg(not(feature = "libhdf5"))]
fn without_the_library_the_error_says_so() {
    let file = H5ad::open(exotic()).unwrap();
    for (element, how) in ELEMENTS {
        let error = file.backed(element).err().unwrap_or_else(|| panic!("{element} is read"));
        assert!(matches!(error, IoError::Storage { .. }), "{element}: {error}");
        let named = exotic().display().to_string();
        assert_eq!(
            error.to_string(),
            format!(
                "`{element}` in {named} is stored {how}, which is not read by this build; build it with `--features libhdf5`, or \
                 write the file again without it, e.g. with `h5repack -f NONE`"
            )
        );
    }
    assert!(matches!(file.obs_column("text"), Err(IoError::Storage { .. })));
    // The rest of the file is read, and what is missing is named.
    let loaded = file.load().unwrap();
    let mut left_out: Vec<&str> = loaded.left_out.iter().map(|l| l.element.as_str()).collect();
    left_out.sort_unstable();
    let mut expected: Vec<&str> = ELEMENTS.iter().map(|(element, _)| *element).collect();
    expected.extend(["obs/flag", "obs/text"]);
    expected.sort_unstable();
    assert_eq!(left_out, expected);
    assert_eq!(loaded.data.obs.index, ["c0", "c1", "c2", "c3"]);
}

#[test]
#[cfg(feature = "libhdf5")]
fn the_library_reads_what_we_do_not() {
    // Names of external files are relative to where the process runs, unless this says otherwise.
    const INNER: &str = "HDF5_EXTFILE_PREFIX";
    if std::env::var_os(INNER).is_none() {
        let outcome = std::process::Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "exotic::the_library_reads_what_we_do_not"])
            .env(INNER, "${ORIGIN}")
            .output()
            .unwrap();
        let text = String::from_utf8_lossy(&outcome.stdout);
        assert!(outcome.status.success() && text.contains("1 passed"), "{text}");
        return;
    }
    let loaded = H5ad::open(exotic()).unwrap().load().unwrap();
    assert_eq!(loaded.left_out, []);
    assert_eq!(loaded.data.x.as_ref().unwrap().to_dense(), common::dense());
    assert_eq!(loaded.data.layers.len(), ELEMENTS.len() - 1);
    for (key, layer) in &loaded.data.layers {
        assert_eq!(layer.to_dense(), common::dense(), "{key}");
    }
    let texts = ["a", "bc", "", "ü"].map(|text| Some(text.to_string()));
    assert_eq!(loaded.data.obs.column("text"), Some(&Column::Strings(texts.to_vec())));
    let flags = [true, false, true, true].map(Some);
    assert_eq!(loaded.data.obs.column("flag"), Some(&Column::Booleans(flags.to_vec())));
    // What is written of them is plain.
    let folder = tempfile::tempdir().unwrap();
    let copy = folder.path().join("copy.h5ad");
    let file = H5ad::open(exotic()).unwrap();
    assert_eq!(file.copy_with(&copy, &chreode_io::Additions::default()).unwrap(), []);
    let copied = H5ad::open(&copy).unwrap().load().unwrap();
    assert_eq!(copied.data, loaded.data);
    let rows = file.backed("layers/szip").unwrap().rows(&[1, 3]).unwrap().to_dense();
    assert_eq!(rows, common::dense().select(ndarray::Axis(0), &[1, 3]));
}

/// Bytes in memory have no path that the library could open.
#[test]
#[cfg(feature = "libhdf5")]
fn a_file_in_memory() {
    let file = H5ad::from_bytes("memory.h5ad", std::fs::read(exotic()).unwrap()).unwrap();
    let error = file.x().unwrap_err().to_string();
    assert!(matches!(file.x(), Err(IoError::Storage { .. })));
    assert!(error.contains("is read by libhdf5 from a file alone; open it from the disk"), "{error}");
}
