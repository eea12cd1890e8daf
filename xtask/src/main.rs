//! The workspace's own commands: `cargo xtask check`, `cargo xtask peers`, `cargo xtask reproduce`.

mod check;
mod licences;
mod peers;
mod process;
mod reproduce;
mod tidy;

use anyhow::Result;
use clap::{Parser, Subcommand};
use std::path::PathBuf;

#[derive(Parser)]
#[command(name = "cargo xtask", about = "The workspace's own commands")]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Run what CI runs: all steps, or those named
    Check {
        /// The steps to run, in this order [default: all]
        steps: Vec<check::Step>,
    },
    /// Time our code and a peer's on the same work, in one run
    Peers {
        /// The workload
        workload: peers::Workload,
        /// Threads on both sides
        #[arg(long, default_value_t = 1)]
        threads: usize,
        /// Write one row a case to a file
        #[arg(long, value_name = "FILE")]
        json: Option<PathBuf>,
    },
    /// Rerun a published experiment
    Reproduce {
        /// The experiment
        experiment: reproduce::Experiment,
        /// Write one row a model to a file
        #[arg(long, value_name = "FILE")]
        json: Option<PathBuf>,
        /// Further arguments for the experiment
        #[arg(last = true)]
        rest: Vec<String>,
    },
}

fn main() -> Result<()> {
    match Cli::parse().command {
        Command::Check { steps } => check::run(&steps),
        Command::Peers { workload, threads, json } => peers::run(workload, threads, json.as_deref()),
        Command::Reproduce { experiment, json, rest } => reproduce::run(experiment, json.as_deref(), &rest),
    }
}
