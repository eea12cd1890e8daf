//! The workspace's own commands: `cargo xtask check`, `cargo xtask libtorch`, `cargo xtask peers`,
//! `cargo xtask reproduce`, `cargo xtask work-precision`.

mod check;
mod docs;
mod libtorch;
mod licences;
mod member;
mod peers;
mod process;
mod programs;
mod reproduce;
mod tidy;
mod work_precision;

use anyhow::Result;
use clap::{Parser, Subcommand};
use std::path::PathBuf;
use work_precision::Page;

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
        /// The steps to run, in this order [default: all but torch, which needs `cargo xtask libtorch` before]
        steps: Vec<check::Step>,
    },
    /// Fetch the libtorch that crates/torch needs: 0.5 GB, by pip, installing nothing
    Libtorch {
        /// Where to [default: .libtorch, where cargo looks for it]
        folder: Option<PathBuf>,
        /// Take wheels that were fetched before, from this folder
        #[arg(long, value_name = "FOLDER")]
        wheels: Option<PathBuf>,
    },
    /// Time our code and a peer's on the same work, in one run
    Peers {
        /// The workload
        workload: peers::Workload,
        /// Threads on both sides
        #[arg(long, default_value_t = 1)]
        threads: usize,
        /// Only the cases whose names hold this text (cfm and ot)
        #[arg(long, default_value = "", hide_default_value = true)]
        only: String,
        /// Write one row a case to a file
        #[arg(long, value_name = "FILE")]
        json: Option<PathBuf>,
        /// Write the table into docs/benchmarks (ode and ot)
        #[arg(long, conflicts_with = "only")]
        docs: bool,
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
    /// Error against time and evaluations, ours and the peers'
    WorkPrecision {
        /// Only these problems [default: all]
        #[arg(long)]
        problem: Vec<String>,
        /// Write tables and charts into docs/benchmarks
        #[arg(long, conflicts_with = "problem")]
        docs: bool,
    },
}

fn main() -> Result<()> {
    match Cli::parse().command {
        Command::Check { steps } => check::run(&steps),
        Command::Libtorch { folder, wheels } => libtorch::fetch(folder, wheels),
        Command::Peers { workload, threads, only, json, docs } => {
            peers::run(workload, threads, &only, json.as_deref(), Page::from_flag(docs))
        }
        Command::WorkPrecision { problem, docs } => work_precision::run(&problem, Page::from_flag(docs)),
        Command::Reproduce { experiment, json, rest } => reproduce::run(experiment, json.as_deref(), &rest),
    }
}
