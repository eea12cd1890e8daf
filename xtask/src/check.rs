//! `cargo xtask check`: what CI runs, in one command.

use crate::{libtorch, licences, member, process, tidy};
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
    /// Lints without what is on by default; lints and tests of what is off: libhdf5, where the system has it
    Features,
    /// Lints, tests and documentation of what needs libtorch
    Torch,
}

/// Every member that needs no libtorch.
const REST: [&str; 3] = ["--workspace", "--exclude", "chreode-torch"];

/// Every member. Cargo turns on the features that a selection of members asks for together: with a smaller one almost
/// all would be built anew.
const TORCH: [&str; 3] = ["--workspace", "--features", "chreode-cli/torch"];

/// What of the members is tested with libtorch: not the examples and the benches, which do not ask for it.
const TORCH_TESTS: [&str; 7] = ["--lib", "--bin", "chreode", "--test", "suite", "--test", "memory"];

fn run_step(step: Step) -> Result<()> {
    match step {
        Step::Fmt => process::run(process::cargo().args(["fmt", "--all", "--check"])),
        Step::Tidy => tidy::check(),
        Step::Licences => licences::check(),
        Step::Clippy => clippy(&REST),
        Step::Test => process::run(process::cargo().arg("test").args(REST)),
        Step::Doc => doc(&REST),
        Step::Features => features(),
        Step::Torch => {
            libtorch::expect()?;
            clippy(&TORCH)?;
            let tests = [&TORCH[..], &TORCH_TESTS].concat();
            member::test(&tests, "crates/torch", &[])?;
            member::test(&tests, "crates/cli", &["doctor::", "device::"])?;
            process::run(process::cargo().arg("test").args(TORCH).args(["--doc", "--", "crates/torch"]))?;
            doc(&TORCH)
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
    clippy(&[&REST[..], &["--no-default-features"]].concat())?;
    let listed = std::process::Command::new("pkg-config").args(["--exists", "hdf5"]).status();
    if std::env::var_os("HDF5_DIR").is_none() && !listed.is_ok_and(|status| status.success()) {
        println!(
            "skipped: libhdf5, which neither HDF5_DIR nor pkg-config knows (apt-get install libhdf5-dev)"
        );
        return Ok(());
    }
    let selection = ["-p", "chreode-io", "--features", "libhdf5"];
    clippy(&selection)?;
    process::run(process::cargo().arg("test").args(selection).args(["--test", "suite", "exotic::"]))
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
