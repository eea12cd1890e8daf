#![doc = include_str!("../README.md")]

mod args;
mod cells;
mod commands;
mod conditions;
mod device;
mod draw;
mod individuals;
mod interrupt;
mod manifest;
mod progress;
pub mod report;
mod run_dir;
mod save;
mod say;
mod settings;
mod solver;
mod source;
mod table;

use anyhow::{Context, Error, Result, anyhow};
use args::{Cli, Command};
use clap::{Parser, error::ErrorKind};
use std::process::ExitCode;

/// Parses the arguments, runs the command, and turns an error into one line on standard error.
///
/// The exit code is 0, or 1 after an error, 2 for arguments that cannot be understood, 130 after Ctrl-C.
pub fn main() -> ExitCode {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) if one_line(&error) => {
            say::error(&misunderstood(&error.to_string()));
            return ExitCode::from(2);
        }
        // Help and version.
        Err(error) => error.exit(),
    };
    let printed = |()| match say::lost() {
        Some(error) => Err(anyhow!("cannot write to standard output: {error}; send it elsewhere")),
        None => Ok(()),
    };
    let outcome = run(&cli).and_then(printed);
    if let Err(error) = &outcome {
        say::error(&described(error));
    }
    match outcome {
        _ if interrupt::asked() => ExitCode::from(130),
        Ok(()) => ExitCode::SUCCESS,
        Err(_) => ExitCode::FAILURE,
    }
}

/// The error and its causes in one line, without those that are part of what is said already.
fn described(error: &Error) -> String {
    let mut text = error.to_string();
    for cause in error.chain().skip(1).map(ToString::to_string) {
        if !text.contains(&cause) {
            text = format!("{text}: {cause}");
        }
    }
    text.lines().map(str::trim).collect::<Vec<_>>().join(" ")
}

fn one_line(error: &clap::Error) -> bool {
    error.use_stderr() && error.kind() != ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand
}

/// The paragraphs of a parse error in one line.
fn misunderstood(text: &str) -> String {
    let said = text.strip_prefix("error: ").unwrap_or(text).lines().map(str::trim);
    let said = said.filter(|l| !l.is_empty() && !l.starts_with("Usage:") && !l.starts_with("For more"));
    let text = said.collect::<Vec<_>>().join(" ").replace(" tip: ", "; ");
    format!("{text}; --help says what can be given")
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
    let device = device::named(&cli.device)?;
    match &cli.command {
        Command::Demo(args) => commands::demo::run(args, threads, &device),
        Command::Doctor(args) => commands::doctor::run(args, threads),
        Command::Inspect(args) => commands::inspect::run(args),
        Command::Prepare(args) => commands::prepare::run(args),
        Command::Convert(args) => commands::convert::run(args),
        Command::Train(args) => commands::train::run(args, threads, &device),
        Command::Predict(args) => commands::predict::run(args, &device),
        Command::Evaluate(args) => commands::evaluate::run(args, threads, &device),
        Command::Fates(args) => commands::fates::run(args, &device),
        Command::Coupling(args) => commands::coupling::run(args, &device),
        Command::Simulate(args) => commands::simulate::run(args),
        Command::Models(args) => commands::models::run(args),
    }
}
