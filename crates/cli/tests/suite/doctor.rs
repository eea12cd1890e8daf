//! What the program says of itself and of the machine.

use crate::common;

use common::{CELLS, fails, succeeds, text};

#[test]
fn what_is_built_in_and_what_is_missing_is_said() {
    let said = succeeds(&["doctor", "--threads", "2"]);
    let of = |name: &str| {
        let line = said.lines().find_map(|line| line.strip_prefix(name));
        line.unwrap_or_else(|| panic!("nothing of {name} in {said}")).trim()
    };
    assert_eq!((of("chreode"), of("threads")), (env!("CARGO_PKG_VERSION"), "2"));
    assert!(!of("processor").is_empty() && !of("instructions").is_empty() && !of("memory").is_empty());
    if cfg!(feature = "torch") {
        assert!(of("libtorch").starts_with("2.11.0 in "));
        assert!(!of("CUDA").is_empty());
    } else {
        assert_eq!(of("libtorch"), "not built in; everything here runs without it");
        assert!(said.contains("to have it: `cargo xtask libtorch` in the source, then `cargo install"));
    }
}

#[test]
fn a_file_is_looked_at_instead() {
    let said = succeeds(&["doctor", text(&CELLS)]);
    assert!(said.contains("nothing that other tools would stumble over"), "{said}");
    assert!(fails(&["doctor", "absent.h5ad"]).contains("there is no file absent.h5ad"));
}
