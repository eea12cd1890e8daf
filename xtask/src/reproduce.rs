//! `cargo xtask reproduce`: reruns a published experiment with the release build.

use crate::process::{cargo, run as run_command};
use anyhow::Result;
use clap::ValueEnum;
use std::path::Path;

/// A published experiment.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub(crate) enum Experiment {
    /// Two-dimensional sets: W2 and normalised path energy (Tong et al. 2024, table 2)
    TwoDim,
    /// Intensive care: interpolation, extrapolation, mortality (Rubanova et al. 2019)
    Physionet,
    /// A hopping robot: interpolation and extrapolation (Rubanova et al. 2019)
    Hopper,
    /// Spirals in the plane (Chen et al. 2018)
    Spirals,
    /// The stochastic Brusselator (De Brouwer et al. 2019)
    Brusselator,
}

/// Reruns `experiment`.
pub(crate) fn run(experiment: Experiment, json: Option<&Path>, rest: &[String]) -> Result<()> {
    // A program, and which of its experiments.
    let (binary, part) = match experiment {
        Experiment::TwoDim => ("two-dim", None),
        Experiment::Physionet => ("series", Some("physionet")),
        Experiment::Hopper => ("series", Some("hopper")),
        Experiment::Spirals => ("series", Some("spirals")),
        Experiment::Brusselator => ("series", Some("brusselator")),
    };
    let mut command = cargo();
    command.args(["run", "--release", "--quiet", "--package", "chreode-benches", "--bin", binary, "--"]);
    command.args(part);
    if let Some(file) = json {
        command.arg("--json").arg(std::path::absolute(file)?);
    }
    run_command(command.args(rest))
}
