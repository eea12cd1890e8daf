//! The rules of the house that no tool knows.

use crate::process::{root, tracked};
use anyhow::{Result, bail};
use std::fs;
use std::path::Path;

/// Lines of code a file may hold; tables of coefficients say so in their name.
const CEILING: usize = 400;

/// What must not stand in a source file, and why.
const FORBIDDEN: &[(&str, &str)] = &[
    (concat!("#[ign", "ore"), "a test that never runs"),
    (concat!("to", "do!("), "a stub"),
    (concat!("unimpl", "emented!("), "a stub"),
    (concat!("FIX", "ME"), "unfinished work: finish it or open an issue"),
];

/// Checks every tracked file; lists all that is wrong.
pub(crate) fn check() -> Result<()> {
    let mut wrong = Vec::new();
    for path in tracked()? {
        let Ok(text) = fs::read_to_string(root().join(&path)) else { continue };
        machine_paths(&path, &text, &mut wrong);
        if path.extension().is_some_and(|e| e == "rs") {
            source(&path, &text, &mut wrong);
        }
    }
    crates(&mut wrong)?;
    if !wrong.is_empty() {
        bail!("{} things are untidy:\n  {}", wrong.len(), wrong.join("\n  "));
    }
    Ok(())
}

fn source(path: &Path, text: &str, wrong: &mut Vec<String>) {
    let name = path.display();
    let opens = |line: &str| line.starts_with("//!") || line.starts_with("#![doc = include_str!");
    if !text.lines().next().is_some_and(opens) {
        wrong.push(format!("{name}: does not open with `//!`"));
    }
    for (what, why) in FORBIDDEN {
        if text.contains(what) {
            wrong.push(format!("{name}: contains `{what}` ({why})"));
        }
    }
    let lines = code_lines(text);
    if lines > CEILING && !name.to_string().ends_with("table.rs") {
        wrong.push(format!("{name}: {lines} lines of code; one idea a file, {CEILING} at most"));
    }
}

/// Lines before the unit tests that are neither blank nor comments.
fn code_lines(text: &str) -> usize {
    text.lines()
        .map(str::trim)
        .take_while(|line| *line != "#[cfg(test)]")
        .filter(|line| !line.is_empty() && !line.starts_with("//"))
        .count()
}

fn machine_paths(path: &Path, text: &str, wrong: &mut Vec<String>) {
    for folder in [concat!("/wo", "rk/"), concat!("/ro", "ot/"), concat!("/ho", "me/")] {
        let at_start =
            |i: usize| !text[..i].ends_with(|c: char| c.is_ascii_alphanumeric() || "_.~-}".contains(c));
        if text.match_indices(folder).any(|(i, _)| at_start(i)) {
            wrong.push(format!("{}: names a path of one machine ({folder}…)", path.display()));
        }
    }
}

/// Every crate has a README, which is its documentation.
fn crates(wrong: &mut Vec<String>) -> Result<()> {
    for entry in fs::read_dir(root().join("crates"))? {
        let folder = entry?.path();
        if folder.join("Cargo.toml").is_file() && !folder.join("README.md").is_file() {
            wrong.push(format!("{}: has no README.md", folder.display()));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn complaints(text: &str) -> Vec<String> {
        let mut wrong = Vec::new();
        source(Path::new("a.rs"), text, &mut wrong);
        machine_paths(Path::new("a.rs"), text, &mut wrong);
        wrong
    }

    #[test]
    fn a_tidy_file_passes_and_each_fault_is_named() {
        assert!(complaints("//! One idea.\nfn main() {}\n").is_empty());
        assert!(complaints("fn main() {}\n")[0].contains("does not open"));
        assert!(complaints(&format!("//! x\n{}\n", FORBIDDEN[1].0))[0].contains("a stub"));
        assert!(complaints(&format!("//! x\n{}", "let a = 1;\n".repeat(401)))[0].contains("401 lines"));
        let path = format!("//! x\n// see \"{}data\"\n", concat!("/wo", "rk/"));
        assert!(complaints(&path)[0].contains("one machine"));
    }
}
