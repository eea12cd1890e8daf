//! `cargo xtask reproduce physionet | hopper | spirals | brusselator`: published experiments on time series, trained and
//! scored anew.

mod brusselator;
mod hopper;
mod physionet;
mod row;
mod spirals;
mod stays;
mod training;

use anyhow::{Context, Result};
use chreode_benches::Heap;
use clap::{Parser, Subcommand};
use std::io::Write;
use std::path::PathBuf;
use training::Plan;

#[global_allocator]
static HEAP: Heap = Heap;

#[derive(Parser)]
#[command(about = "Retrains published experiments on time series")]
struct Cli {
    #[command(subcommand)]
    experiment: Experiment,
    /// Seeds, one after the other
    #[arg(long, global = true, default_value_t = 1)]
    seeds: u64,
    /// The first of them
    #[arg(long, global = true, default_value_t = 1)]
    first: u64,
    /// Passes over the training individuals [default: the experiment's own]
    #[arg(long, global = true)]
    epochs: Option<u64>,
    /// Threads in all; the numbers do not depend on it
    #[arg(long, global = true, default_value_t = 1)]
    threads: usize,
    /// Simulated data, small models, and bounds that fail the command when they are missed: a check of seconds
    #[arg(long, global = true)]
    quick: bool,
    /// Only the rows whose model and task contain this
    #[arg(long, global = true)]
    only: Option<String>,
    /// Say the test score every so many epochs; nothing is chosen by it
    #[arg(long, global = true)]
    watch: Option<u64>,
    /// Learn from four fifths of what there is to learn from and score on the rest: to choose settings by
    #[arg(long, global = true)]
    validate: bool,
    /// Another value of a setting of every model, e.g. shown=0.5 or fit.lr=1e-3
    #[arg(long = "set", global = true, value_name = "KEY=VALUE")]
    settings: Vec<String>,
    /// Where the data sets lie
    #[arg(long, global = true, env = "CHREODE_DATA", default_value = "data")]
    data: PathBuf,
    /// Write one row a model and task to a file
    #[arg(long, global = true, value_name = "FILE")]
    json: Option<PathBuf>,
}

#[derive(Clone, Copy, Subcommand)]
enum Experiment {
    /// Intensive care: interpolation, extrapolation, mortality (Rubanova et al. 2019, tables 4 and 5)
    Physionet,
    /// A hopping robot: interpolation and extrapolation (Rubanova et al. 2019, table 3)
    Hopper,
    /// Spirals in the plane (Chen et al. 2018, table 2)
    Spirals,
    /// The stochastic Brusselator (De Brouwer et al. 2019)
    Brusselator,
}

fn main() -> Result<()> {
    let cli = Cli::parse();
    rayon::ThreadPoolBuilder::new().num_threads(cli.threads).build_global().context("no thread pool")?;
    let plan = Plan {
        seeds: cli.first..cli.first + cli.seeds,
        epochs: cli.epochs,
        threads: cli.threads,
        quick: cli.quick,
        only: cli.only.clone(),
        watch: cli.watch,
        validate: cli.validate,
        settings: cli.settings.clone(),
        data: cli.data.clone(),
    };
    let mut rows = match cli.experiment {
        Experiment::Physionet => physionet::run(&plan)?,
        Experiment::Hopper => hopper::run(&plan)?,
        Experiment::Spirals => spirals::run(&plan)?,
        Experiment::Brusselator => brusselator::run(&plan)?,
    };
    if plan.quick {
        rows = rows.into_iter().map(row::Row::alone).collect();
    }
    let mut out = std::io::stdout();
    writeln!(out, "\n{}", row::table(&rows))?;
    if let Some(file) = cli.json {
        std::fs::write(&file, serde_json::to_string_pretty(&rows)? + "\n")
            .with_context(|| format!("cannot write {}", file.display()))?;
    }
    let missed: Vec<String> = rows.iter().filter_map(row::Row::missed).collect();
    anyhow::ensure!(missed.is_empty(), "{}", missed.join("\n"));
    Ok(())
}
