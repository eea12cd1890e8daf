//! `cargo xtask reproduce eb5` and `eb50`, `eb100`: the leave-one-time-out table of the embryoid bodies, retrained.
//!
//! 16,819 cells at five times (Moon et al. 2019), principal components, the published protocol (Tong et al. 2024,
//! arXiv 2307.03672, table 4): times 1, 2 and 3 are left out in turn, the cells of the time before are pushed to the one
//! left out with 100 Euler steps, and exact W1 to the measured cells is averaged over the three. Beyond the means and the
//! deviations by which five components are whitened, of all cells as published, nothing of the time left out is used to train
//! or to choose. With `--inner` each fold leaves another inner time out of its training data and is
//! scored there: what settings may be chosen by. A row may also push the cells of the time after backwards, which are data to
//! train on just as those of the time before, or put the predictions of several models together.

mod data;
mod folds;
mod quick;
mod rows;
mod table;

use anyhow::{Context, Result};
use chreode_benches::Heap;
use clap::Parser;
use folds::Experiment;
use rows::Rows;
use std::io::Write;
use std::path::PathBuf;
use table::Row;

#[global_allocator]
static HEAP: Heap = Heap;

#[derive(Parser)]
#[command(about = "Retrains the leave-one-time-out table of the embryoid bodies")]
struct Cli {
    /// Principal components; five are scaled to unit variance as published
    #[arg(long, default_value_t = 5, value_parser = clap::value_parser!(u64).range(1..=100))]
    dims: u64,
    /// Models by name, separated by commas, as in uot-fm/penalty=0.3/relax=earlier; with :after or :both the cells of the
    /// time after are pushed backwards, and + puts predictions together [default: those of the table]
    #[arg(long, value_delimiter = ',')]
    models: Vec<String>,
    /// Seeds, one after the other
    #[arg(long, default_value_t = 5, value_parser = clap::value_parser!(u64).range(1..))]
    seeds: u64,
    /// The first of them
    #[arg(long, default_value_t = 42)]
    first: u64,
    /// Another value of a setting of every model, e.g. fit.steps=2000 or penalty=0.2
    #[arg(long = "set", value_name = "KEY=VALUE")]
    settings: Vec<String>,
    /// Score other inner times than the one left out, as a choice of settings may
    #[arg(long)]
    inner: bool,
    /// Choose, for each time left out, among the models by the other inner times, and score the choice
    #[arg(long, conflicts_with = "inner")]
    choose: bool,
    /// Starts of each cell; more than one are drawn around it with the noise of the paths, 0.1, in five components
    #[arg(long, default_value_t = 1, value_parser = clap::value_parser!(u64).range(1..=32))]
    draws: u64,
    /// Threads in all [default: as many as there are cores]
    #[arg(long)]
    threads: Option<usize>,
    /// The folder with eb/eb_pcs100_f32.npz [default: CHREODE_DATA of the environment]
    #[arg(long, value_name = "FOLDER")]
    data: Option<PathBuf>,
    /// A check within seconds on simulated cells, which fails where a method is broken
    #[arg(long, conflicts_with_all = ["seeds", "first", "models", "inner", "choose", "data", "json"])]
    quick: bool,
    /// Write one row a model to a file
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,
}

/// The rows of the table.
const MODELS: [&str; 17] = [
    "i-cfm",
    "ot-cfm",
    "sb-cfm",
    "sf2m",
    "sf2m-sinkhorn",
    "mmfm",
    "mmfm-monotone",
    "otp-fm",
    "mfm-land",
    "mfm-rbf",
    "rf",
    "uot-cfm",
    "uot-fm",
    "uot-mmfm",
    "ot-cfm:both",
    "mmfm-monotone:both",
    "uot-mmfm:both",
];

fn main() -> Result<()> {
    let mut cli = Cli::parse();
    let threads = match cli.threads {
        Some(threads) => threads,
        None => std::thread::available_parallelism().context("the number of cores is unknown")?.get(),
    };
    rayon::ThreadPoolBuilder::new().num_threads(threads).build_global().context("no thread pool")?;
    if cli.quick {
        return quick::check(threads);
    }
    if cli.models.is_empty() {
        cli.models = MODELS.map(Into::into).to_vec();
    }
    let folder = cli.data.clone().or_else(|| std::env::var_os("CHREODE_DATA").map(PathBuf::from));
    let folder =
        folder.context("give --data, or set CHREODE_DATA to the folder with eb/eb_pcs100_f32.npz")?;
    let experiment = Experiment {
        populations: data::read(&folder, cli.dims as usize)?,
        whitened: cli.dims == 5,
        seeds: (cli.first..cli.first + cli.seeds).collect(),
        inner: cli.inner,
        draws: cli.draws as usize,
        threads,
    };
    let mut out = std::io::stdout();
    writeln!(out, "{}", table::header(&experiment))?;
    let asked = Rows::parse(&cli.models, &cli.settings)?;
    let mut rows = Vec::new();
    if cli.choose {
        let (names, scores) = experiment.choose(&asked)?;
        writeln!(out, "chosen: {}", names.join(", "))?;
        rows.push(Row::new("chosen", &scores));
    } else {
        let scores = experiment.run(&asked)?;
        rows.extend(asked.rows.iter().zip(&scores).map(|((name, _), scores)| Row::new(name, scores)));
    }
    for row in &rows {
        writeln!(out, "{row}")?;
    }
    if let Some(file) = cli.json {
        std::fs::write(&file, serde_json::to_string_pretty(&rows)? + "\n")
            .with_context(|| format!("cannot write {}", file.display()))?;
    }
    Ok(())
}
