//! `cargo xtask reproduce two-dim`: the planar table of the flow-matching literature, trained and scored anew.
//!
//! Table 2 of Tong et al. (AISTATS 2024, arXiv 2307.03672) and its protocol (appendix F.3): 10,000 points of each
//! set to train on and 10,000 others to test on, drawn once for all seeds, 3 × 64 SELU, AdamW at 1e-3 with decay 1e-5,
//! batches of 512, σ 0.1, 100 Euler steps, seeds 42 to 46. Prints W₂ and the normalised path energy beside the published ones.

mod experiment;
mod published;
mod table;

use anyhow::{Context, Result};
use chreode_benches::Heap;
use clap::Parser;
use experiment::{Experiment, FIRST_SEED, Method, Points};
use published::SETS;
use std::io::Write;
use std::path::PathBuf;

#[global_allocator]
static HEAP: Heap = Heap;

#[derive(Parser)]
#[command(about = "Retrains the planar table of the flow-matching literature")]
struct Cli {
    /// Seeds, one after the other
    #[arg(long, default_value_t = 5, value_parser = clap::value_parser!(u64).range(1..))]
    seeds: u64,
    /// The first of them
    #[arg(long, default_value_t = FIRST_SEED)]
    first: u64,
    /// Updates of a model; 20,000 are the 1000 epochs of the publication
    #[arg(long, default_value_t = 20_000, value_parser = clap::value_parser!(u64).range(1..))]
    steps: u64,
    /// Points of each set, to train on and again to test on
    #[arg(long, default_value_t = 10_000)]
    points: usize,
    /// Draw the points anew for each seed of training, instead of once as published
    #[arg(long)]
    redraw: bool,
    /// Threads in all [default: as many as there are cores]
    #[arg(long)]
    threads: Option<usize>,
    /// Diffusion of SF2M; 1 as published
    #[arg(long, default_value_t = 1.0)]
    sigma: f64,
    /// Only the set of this name, e.g. N->moons
    #[arg(long, value_parser = SETS.map(|set| set.name))]
    set: Option<String>,
    /// Only these models, separated by commas
    #[arg(long, value_delimiter = ',')]
    models: Vec<Method>,
    /// A check within seconds on one set, which fails where a method is broken
    #[arg(long, conflicts_with_all = ["seeds", "first", "steps", "points", "set", "models"])]
    quick: bool,
    /// Write one row a set and model to a file
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,
}

fn main() -> Result<()> {
    let cli = Cli::parse();
    let threads = match cli.threads {
        Some(threads) => threads,
        None => std::thread::available_parallelism().context("the number of cores is unknown")?.get(),
    };
    rayon::ThreadPoolBuilder::new().num_threads(threads).build_global().context("no thread pool")?;
    let methods = if cli.models.is_empty() { Method::ALL.to_vec() } else { cli.models };
    let points = if cli.redraw { Points::Each } else { Points::Once };
    let (seeds, steps, count) = if cli.quick { (1, 700, 1000) } else { (cli.seeds, cli.steps, cli.points) };
    let first = cli.first;
    let experiment = Experiment { seeds, first, steps, count, points, threads, sigma: cli.sigma, methods };
    let only = if cli.quick { Some(table::QUICK.into()) } else { cli.set };
    let mut out = std::io::stdout();
    writeln!(out, "{}", table::header(&experiment))?;
    let mut rows = Vec::new();
    for set in SETS.iter().filter(|set| only.as_ref().is_none_or(|name| name == set.name)) {
        let runs = experiment.run(set)?;
        for method in experiment.methods.iter().copied().filter(|method| method.suits(set)) {
            let row = table::Row::of(set, method, experiment.points, &runs);
            writeln!(out, "{row}")?;
            if cli.quick {
                row.check()?;
            }
            rows.push(row);
        }
    }
    if let Some(file) = cli.json {
        std::fs::write(&file, serde_json::to_string_pretty(&rows)? + "\n")
            .with_context(|| format!("cannot write {}", file.display()))?;
    }
    Ok(())
}
