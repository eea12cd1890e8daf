//! The tests of one member, built as part of a larger selection.

use crate::process;
use anyhow::{Result, ensure};
use serde_json::Value;
use std::path::{Path, PathBuf};
use std::process::Command;

/// Runs the tests of the member in `folder` whose names contain one of `names`, or all of them, built with the features of
/// `selection`.
///
/// Tests of libtorch run beside each other, so libtorch itself has one thread.
pub(crate) fn test(selection: &[&str], folder: &str, names: &[&str]) -> Result<()> {
    let mut build = process::cargo();
    build.arg("test").args(selection).args(["--no-run", "--message-format", "json-render-diagnostics"]);
    let folder = process::root().join(folder);
    let programs = programs(&process::output(&mut build)?, &folder);
    ensure!(!programs.is_empty(), "{} has no tests", folder.display());
    for program in programs {
        println!("{}", program.display());
        process::run(Command::new(program).args(names).current_dir(&folder).env("OMP_NUM_THREADS", "1"))?;
    }
    Ok(())
}

/// The test programs of the member in `folder` among the messages of a build, a line of JSON each.
fn programs(messages: &str, folder: &Path) -> Vec<PathBuf> {
    let manifest = folder.join("Cargo.toml");
    let lines = messages.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
    let here = |message: &Value| {
        message["manifest_path"].as_str().is_some_and(|path| Path::new(path) == manifest)
            && message["profile"]["test"] == true
    };
    lines.filter(here).filter_map(|message| message["executable"].as_str().map(PathBuf::from)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn test_programs_of_a_member_are_found_among_all_messages() {
        let messages = [
            r#"{"reason":"compiler-artifact","manifest_path":"/w/a/Cargo.toml","profile":{"test":true},"executable":"/t/a"}"#,
            r#"{"reason":"compiler-artifact","manifest_path":"/w/a/Cargo.toml","profile":{"test":false},"executable":"/t/bin"}"#,
            r#"{"reason":"compiler-artifact","manifest_path":"/w/b/Cargo.toml","profile":{"test":true},"executable":"/t/b"}"#,
            r#"{"reason":"compiler-artifact","manifest_path":"/w/a/Cargo.toml","profile":{"test":true},"executable":null}"#,
            "not a message",
        ];
        assert_eq!(programs(&messages.join("\n"), Path::new("/w/a")), [PathBuf::from("/t/a")]);
    }
}
