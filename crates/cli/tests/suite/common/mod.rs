//! The built program, a simulated file and a trained run, which several tests share.
#![allow(dead_code, reason = "each test file uses a part")]

use assert_cmd::cargo::cargo_bin_cmd;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Output;
use std::sync::LazyLock;
use std::time::Duration;
use tempfile::TempDir;

/// What the runs of the tests are trained with: small, so that a test takes milliseconds.
pub(crate) const SMALL: [&str; 8] = ["--dims", "5", "--hidden", "16,16", "--batch", "32", "--threads", "1"];

/// A folder that holds the shared files while a test program runs; a static is never dropped, so what
/// earlier programs left here is removed once it is an hour old.
static SHARED: LazyLock<PathBuf> = LazyLock::new(|| {
    const OLD: Duration = Duration::from_secs(3600);
    let all = Path::new(env!("CARGO_TARGET_TMPDIR")).join("shared");
    for left in fs::read_dir(&all).into_iter().flatten().flatten() {
        let age = left.metadata().and_then(|m| m.modified()).ok().and_then(|t| t.elapsed().ok());
        if age.is_some_and(|age| age > OLD) {
            _ = fs::remove_dir_all(left.path());
        }
    }
    fs::create_dir_all(&all).expect("a folder for temporary files");
    tempfile::tempdir_in(&all).expect("a folder for temporary files").keep()
});

/// 400 simulated cells at 5 times.
pub(crate) static CELLS: LazyLock<PathBuf> = LazyLock::new(|| simulated("cells.h5ad", 42));

/// Other cells.
pub(crate) static OTHERS: LazyLock<PathBuf> = LazyLock::new(|| simulated("others.h5ad", 7));

/// The folder of a run on [`CELLS`] with the settings [`SMALL`], 40 steps.
pub(crate) static RUN: LazyLock<PathBuf> = LazyLock::new(|| {
    let folder = SHARED.join("run");
    let arguments = ["train", text(&CELLS), "--time", "day", "--steps", "40", "--out", text(&folder)];
    succeeds(&[&arguments[..], &SMALL].concat());
    folder
});

fn simulated(name: &str, seed: u64) -> PathBuf {
    let path = SHARED.join(name);
    let seed = seed.to_string();
    succeeds(&["simulate", "bifurcation", "--cells", "400", "--seed", &seed, "--out", text(&path)]);
    path
}

/// A path as an argument.
pub(crate) fn text(path: &Path) -> &str {
    path.to_str().expect("a path in UTF-8")
}

/// Runs the program.
pub(crate) fn chreode(arguments: &[&str]) -> Output {
    cargo_bin_cmd!("chreode").args(arguments).env_remove("RUST_BACKTRACE").output().expect("the program runs")
}

/// Runs the program, which must succeed and complain about nothing; returns what it prints.
pub(crate) fn succeeds(arguments: &[&str]) -> String {
    let outcome = chreode(arguments);
    let complaint = String::from_utf8_lossy(&outcome.stderr);
    assert!(outcome.status.success(), "{arguments:?}: {complaint}");
    assert!(complaint.is_empty(), "{arguments:?}: {complaint}");
    String::from_utf8(outcome.stdout).expect("UTF-8")
}

/// Runs the program, which must fail with `code` and one line; returns the line without `error: `.
pub(crate) fn fails_with(code: i32, arguments: &[&str]) -> String {
    one_line(code, &chreode(arguments), &format!("{arguments:?}"))
}

/// Runs the program, which must fail with code 1 and one line; returns the line without `error: `.
pub(crate) fn fails(arguments: &[&str]) -> String {
    fails_with(1, arguments)
}

/// The one line of a failure, after checks that it is no more and no less.
pub(crate) fn one_line(code: i32, outcome: &Output, what: &str) -> String {
    let said = String::from_utf8_lossy(&outcome.stderr).to_string();
    assert_eq!(outcome.status.code(), Some(code), "{what}: {said}");
    assert_eq!(said.lines().count(), 1, "{what}: {said}");
    assert!(!said.contains("panicked") && !said.contains("RUST_BACKTRACE"), "{what}: {said}");
    let line = said.trim_end().strip_prefix("error: ");
    line.unwrap_or_else(|| panic!("{what}: no `error: ` at the start of {said}")).to_string()
}

/// A table of `cells` cells at each of the `times`, with the coordinates PC1 to PC3 on smooth curves.
pub(crate) fn table(path: &Path, times: &[f64], cells: usize) {
    let mut lines = vec!["day,PC1,PC2,PC3".to_string()];
    for time in times {
        for i in 0..cells {
            let angle = i as f64 * 0.7;
            lines.push(format!("{time},{},{},{}", time + angle.sin(), angle.cos(), (2.0 * angle).sin()));
        }
    }
    fs::write(path, lines.join("\n") + "\n").expect("a temporary folder can be written to");
}

/// A temporary folder.
pub(crate) fn folder() -> TempDir {
    tempfile::tempdir().expect("a temporary folder")
}

/// `chreode train FILE …` in a folder of its own, which must fail.
pub(crate) fn train_fails(file: &Path, arguments: &[&str]) -> String {
    let folder = folder();
    let out = folder.path().join("run");
    let said = fails(&[&["train", text(file), "--out", text(&out)], arguments].concat());
    assert!(!out.exists(), "a run that cannot start leaves no folder");
    said
}
