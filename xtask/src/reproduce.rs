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
    /// Models of growth: W1 and mass error (Peng et al. 2026), of the data in CHREODE_DATA
    GeneGrowth,
    /// Normalising flows: the likelihood of planar sets beside their entropy
    Cnf,
}

/// Reruns `experiment`.
pub(crate) fn run(experiment: Experiment, json: Option<&Path>, rest: &[String]) -> Result<()> {
    let binary = match experiment {
        Experiment::TwoDim => "two-dim",
        Experiment::GeneGrowth => "gene-growth",
        Experiment::Cnf => "cnf",
    };
    let mut command = cargo();
    command.args(["run", "--release", "--quiet", "--package", "chreode-benches", "--bin", binary, "--"]);
    if let Some(file) = json {
        command.arg("--json").arg(std::path::absolute(file)?);
    }
    run_command(command.args(rest))
}
