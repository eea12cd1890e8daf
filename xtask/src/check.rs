//! `cargo xtask check`: what CI runs, in one command.

use crate::{licences, process, tidy};
use anyhow::{Context, Result};
use clap::ValueEnum;

/// One check.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Step {
    /// Formatting
    Fmt,
    /// The rules of the house that no tool knows
    Tidy,
    /// Licences of all dependencies
    Licences,
    /// Lints, warnings denied
    Clippy,
    /// Unit, integration and documentation tests of every member
    Test,
    /// Documentation, warnings denied
    Doc,
}

fn run_step(step: Step) -> Result<()> {
    match step {
        Step::Fmt => process::run(process::cargo().args(["fmt", "--all", "--check"])),
        Step::Tidy => tidy::check(),
        Step::Licences => licences::check(),
        Step::Clippy => process::run(process::cargo().args([
            "clippy",
            "--workspace",
            "--all-targets",
            "--",
            "-D",
            "warnings",
        ])),
        Step::Test => process::run(process::cargo().args(["test", "--workspace"])),
        Step::Doc => process::run(
            process::cargo().args(["doc", "--workspace", "--no-deps"]).env("RUSTDOCFLAGS", "-D warnings"),
        ),
    }
}

/// Runs `steps` in order, or all of them.
pub(crate) fn run(steps: &[Step]) -> Result<()> {
    let steps = if steps.is_empty() { Step::value_variants() } else { steps };
    for &step in steps {
        let name = step.to_possible_value().expect("no step is hidden").get_name().to_string();
        println!("== {name}");
        run_step(step).with_context(|| format!("the check `{name}` failed"))?;
    }
    println!("all checks passed");
    Ok(())
}
