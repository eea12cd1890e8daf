//! `cargo xtask check`: what CI runs, in one command.

use crate::{libtorch, licences, process, reproduce, tidy};
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
    /// Unit, integration and documentation tests of every member that needs no libtorch
    Test,
    /// Documentation, warnings denied
    Doc,
    /// Lints and tests of what is off by default: HNSW, and libhdf5 where the system has it
    Features,
    /// The short form of every published experiment, which a broken method fails
    Reproduce,
    /// Lints, tests and documentation of what needs libtorch
    Torch,
}

/// Every member that needs no libtorch.
const REST: [&str; 3] = ["--workspace", "--exclude", "chreode-torch"];

/// What needs one.
const TORCH: [&str; 6] = ["-p", "chreode-torch", "-p", "chreode-cli", "--features", "chreode-cli/torch"];

fn run_step(step: Step) -> Result<()> {
    match step {
        Step::Fmt => process::run(process::cargo().args(["fmt", "--all", "--check"])),
        Step::Tidy => tidy::check(),
        Step::Licences => licences::check(),
        Step::Clippy => clippy(&REST),
        Step::Test => process::run(process::cargo().arg("test").args(REST)),
        Step::Doc => doc(&REST),
        Step::Features => features(),
        Step::Reproduce => reproduce::quick(),
        Step::Torch => {
            libtorch::expect()?;
            clippy(&TORCH)?;
            // One thread for libtorch: the tests themselves run beside each other.
            let test = |arguments: &[&str]| {
                process::run(process::cargo().arg("test").args(arguments).env("OMP_NUM_THREADS", "1"))
            };
            test(&["-p", "chreode-torch"])?;
            test(&[
                "-p",
                "chreode-cli",
                "--features",
                "torch",
                "--test",
                "suite",
                "--",
                "doctor::",
                "device::",
            ])?;
            doc(&TORCH[..2])
        }
    }
}

fn clippy(members: &[&str]) -> Result<()> {
    let command = ["--all-targets", "--", "-D", "warnings"];
    process::run(process::cargo().arg("clippy").args(members).args(command))
}

fn doc(members: &[&str]) -> Result<()> {
    let mut command = process::cargo();
    process::run(command.arg("doc").args(members).arg("--no-deps").env("RUSTDOCFLAGS", "-D warnings"))
}

/// What no other step turns on.
fn features() -> Result<()> {
    let with = |package: &str, feature: &str, tests: &str| {
        clippy(&["-p", package, "--features", feature])?;
        let arguments = ["test", "-p", package, "--features", feature, "--test", "suite", tests];
        process::run(process::cargo().args(arguments))
    };
    with("chreode-prep", "hnsw", "approximate::")?;
    let listed = std::process::Command::new("pkg-config").args(["--exists", "hdf5"]).status();
    if std::env::var_os("HDF5_DIR").is_some() || listed.is_ok_and(|status| status.success()) {
        with("chreode-io", "libhdf5", "exotic::")
    } else {
        println!(
            "skipped: libhdf5, which neither HDF5_DIR nor pkg-config knows (apt-get install libhdf5-dev)"
        );
        Ok(())
    }
}

/// Every step that needs no libtorch.
fn without_libtorch() -> Vec<Step> {
    Step::value_variants().iter().copied().filter(|step| *step != Step::Torch).collect()
}

/// Runs `steps` in order, or all that need no libtorch.
pub(crate) fn run(steps: &[Step]) -> Result<()> {
    let steps = if steps.is_empty() { without_libtorch() } else { steps.to_vec() };
    for step in steps {
        let name = step.to_possible_value().expect("no step is hidden").get_name().to_string();
        println!("== {name}");
        run_step(step).with_context(|| format!("the check `{name}` failed"))?;
    }
    println!("all checks passed");
    Ok(())
}
