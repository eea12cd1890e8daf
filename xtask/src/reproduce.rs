//! `cargo xtask reproduce`: reruns a published experiment with the release build. Their short forms are tests of the benches.

use crate::process::{cargo, run as run_command};
use anyhow::Result;
use clap::ValueEnum;
use std::path::Path;
use std::process::Command;

/// A published experiment.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub(crate) enum Experiment {
    /// Two-dimensional sets: W2 and normalised path energy (Tong et al. 2024, table 2)
    TwoDim,
    /// Embryoid bodies in five components, one time left out: W1 (Tong et al. 2024, table 4)
    Eb5,
    /// The same in 50 components
    Eb50,
    /// The same in 100 components
    Eb100,
    /// Schroedinger bridges between Gaussians, against their closed form (Tong et al. 2024, table 7)
    GaussianBridge,
    /// Models of growth: W1 and mass error (Peng et al. 2026), of the data in CHREODE_DATA
    GeneGrowth,
    /// Normalising flows: the likelihood of planar sets beside their entropy
    Cnf,
    /// Intensive care: interpolation, extrapolation, mortality (Rubanova et al. 2019)
    Physionet,
    /// A hopping robot: interpolation and extrapolation (Rubanova et al. 2019)
    Hopper,
    /// Spirals in the plane (Chen et al. 2018)
    Spirals,
    /// The stochastic Brusselator (De Brouwer et al. 2019)
    Brusselator,
}

/// The command that runs `experiment`.
fn command(experiment: Experiment) -> Command {
    // A program, and which of its experiments.
    let (binary, fixed): (&str, &[&str]) = match experiment {
        Experiment::TwoDim => ("two-dim", &[]),
        Experiment::Eb5 => ("eb", &["--dims", "5"]),
        Experiment::Eb50 => ("eb", &["--dims", "50"]),
        Experiment::Eb100 => ("eb", &["--dims", "100"]),
        Experiment::GaussianBridge => ("gaussian-bridge", &[]),
        Experiment::GeneGrowth => ("gene-growth", &[]),
        Experiment::Cnf => ("cnf", &[]),
        Experiment::Physionet => ("series", &["physionet"]),
        Experiment::Hopper => ("series", &["hopper"]),
        Experiment::Spirals => ("series", &["spirals"]),
        Experiment::Brusselator => ("series", &["brusselator"]),
    };
    let mut command = cargo();
    command.args(["run", "--quiet", "--release", "--package", "chreode-benches", "--bin", binary, "--"]);
    command.args(fixed);
    command
}

/// Reruns `experiment`.
pub(crate) fn run(experiment: Experiment, json: Option<&Path>, rest: &[String]) -> Result<()> {
    let mut command = command(experiment);
    if let Some(file) = json {
        command.arg("--json").arg(std::path::absolute(file)?);
    }
    run_command(command.args(rest))
}
