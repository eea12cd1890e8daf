#![doc = include_str!("../README.md")]

mod args;
mod cells;
mod commands;
mod draw;
mod interrupt;
mod manifest;
mod progress;
pub mod report;
mod run_dir;
mod save;
mod settings;
mod solver;
mod table;

use anyhow::{Context, Result};
use args::{Cli, Command};
use clap::Parser;
use std::process::ExitCode;

/// Parses the arguments, runs the command, and turns an error into one line and exit code 1.
pub fn main() -> ExitCode {
    match run(&Cli::parse()) {
        Ok(()) if interrupt::asked() => ExitCode::from(130),
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run(cli: &Cli) -> Result<()> {
    let threads = match cli.threads {
        Some(n) => usize::from(n),
        None => std::thread::available_parallelism().map_or(1, usize::from),
    };
    rayon::ThreadPoolBuilder::new()
        .num_threads(threads)
        .build_global()
        .with_context(|| format!("cannot start {threads} threads"))?;
    match &cli.command {
        Command::Demo(args) => commands::demo::run(args, threads),
        Command::Inspect(args) => commands::inspect::run(args),
        Command::Train(args) => commands::train::run(args, threads),
        Command::Predict(args) => commands::predict::run(args),
        Command::Evaluate(args) => commands::evaluate::run(args, threads),
        Command::Simulate(args) => commands::simulate::run(args),
    }
}
