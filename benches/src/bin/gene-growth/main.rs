//! `cargo xtask reproduce gene-growth`: the small tables of models of growth, trained and scored anew.
//!
//! Protocol of Peng et al. (*WFR-FM*, ICLR 2026, arXiv:2601.06810): the first cells are carried through all times with
//! their masses; W₁ between them and the measured cells, and the relative error of the mass, averaged over the times.
//! The data of Zhang, Li and Zhou (DeepRUOT, ICLR 2025) are read from a folder; without it a simulated culture stands
//! in, of which nothing was published.

mod published;
mod quick;
mod sets;
mod table;

use anyhow::{Context, Result};
use chreode_benches::{Cost, Heap};
use chreode_core::Seed;
use chreode_models::{Dataset, Mass, ModelConfig, Pool, Sampler, Steps, score_growth};
use clap::Parser;
use sets::Set;
use std::io::Write;
use std::ops::ControlFlow;
use std::path::PathBuf;

/// The first seed.
const FIRST_SEED: u64 = 42;

#[global_allocator]
static HEAP: Heap = Heap;

#[derive(Parser)]
#[command(about = "Retrains the small tables of models of growth")]
struct Cli {
    /// Folder with gene_simulation/ and gaussian_growth/; without it only the simulated culture is run
    #[arg(long, env = "CHREODE_DATA", value_name = "FOLDER")]
    data: Option<PathBuf>,
    /// Seeds, one after the other
    #[arg(long, default_value_t = 5, value_parser = clap::value_parser!(u64).range(1..))]
    seeds: u64,
    /// The first of them
    #[arg(long, default_value_t = FIRST_SEED)]
    first: u64,
    /// Only the set of this name: gene, gaussian-10, gaussian-100, culture
    #[arg(long)]
    set: Option<String>,
    /// Only the model of this name, e.g. wfr-fm
    #[arg(long)]
    model: Option<String>,
    /// Updates of a model [default: those of each model]
    #[arg(long)]
    steps: Option<u64>,
    /// Threads in all [default: as many as there are cores]
    #[arg(long)]
    threads: Option<usize>,
    /// One seed of few updates on the simulated culture alone, refused where a bound is missed; not comparable with the table
    #[arg(long, conflicts_with_all = ["seeds", "first", "steps", "set"])]
    quick: bool,
    /// Write one row a set and model to a file
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,
}

/// One seed of one model.
pub(crate) struct Scored {
    pub(crate) w1: f64,
    pub(crate) mass_error: f64,
    pub(crate) by_time: Vec<(f64, f64, f64)>,
    pub(crate) cost: Cost,
}

/// Trains and scores.
fn run(set: &Set, config: &ModelConfig, seed: u64, threads: usize) -> Result<Scored> {
    let mut config = config.clone();
    config.fit_mut().seed = seed;
    let (model, cost) = Cost::of(&HEAP, || {
        let mut training = config.start(&Dataset::Populations(set.populations.clone()), set.frame()?)?;
        training.train(Pool::with_threads(threads), &mut |_| ControlFlow::Continue(()))?;
        Ok(training.finish().dynamics()?)
    })?;
    let sampler = Sampler { method: chreode_ode::RK4, steps: Steps::PerInterval(20) };
    let scores = score_growth(&*model, &set.populations, &set.mass, &sampler, Seed(seed))?;
    let mean = |f: &dyn Fn(&chreode_models::GrowthScore) -> f64| {
        scores.iter().map(f).sum::<f64>() / scores.len() as f64
    };
    Ok(Scored {
        w1: mean(&|s| s.w1),
        mass_error: mean(&|s| s.mass_error()),
        by_time: scores.iter().map(|s| (s.time, s.w1, s.mass_error())).collect(),
        cost,
    })
}

fn main() -> Result<()> {
    let cli = Cli::parse();
    let threads = match cli.threads {
        Some(threads) => threads,
        None => std::thread::available_parallelism().context("the number of cores is unknown")?.get(),
    };
    rayon::ThreadPoolBuilder::new().num_threads(threads).build_global().context("no thread pool")?;
    let seeds = if cli.quick { 1 } else { cli.seeds };
    let data = cli.data.as_deref().filter(|_| !cli.quick);
    let mut out = std::io::stdout();
    writeln!(out, "{seeds} seeds, {threads} threads\n{}", table::HEADER)?;
    let mut rows = Vec::new();
    for set in sets::all(data)?.iter().filter(|set| cli.set.as_ref().is_none_or(|name| name == set.name)) {
        for (name, mut config) in
            set.models().into_iter().filter(|(name, _)| cli.model.as_ref().is_none_or(|m| m == name))
        {
            if let Some(steps) = cli.steps {
                config.fit_mut().steps = steps;
            }
            if cli.quick {
                quick::shorten(&mut config);
            }
            let runs: Vec<Scored> = (cli.first..cli.first + seeds)
                .map(|seed| run(set, &config, seed, threads))
                .collect::<Result<_>>()?;
            let row = table::Row::of(set.name, name, &runs);
            writeln!(out, "{row}")?;
            if cli.quick {
                quick::check(name, runs[0].w1, runs[0].mass_error)?;
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

/// What the masses of a file are: its counts.
pub(crate) fn counts() -> Mass {
    Mass::default()
}
