//! `cargo xtask reproduce gaussian-bridge`: the Schrödinger bridge between two Gaussians, against its closed form.
//!
//! Tables 3 and 7 of Tong et al. (AISTATS 2024, arXiv 2307.03672): from N(−0.1, I) to N(0.1, I), 10,000 points, σ = 1,
//! 20 Euler steps; the Kullback-Leibler divergence from the Gaussian fitted to 10,000 pushed points to the exact marginal,
//! `q_t = N((2t − 1) 0.1, (t (1 − t) √(4 + σ⁴) + (1 − t)² + t²) I)`, at the end and in the mean over the 21 times.

mod closed;

use anyhow::{Context, Result, ensure};
use chreode_benches::{Cost, Heap, moments};
use chreode_core::{Populations, Seed, Snapshot};
use chreode_models::{Dynamics, Fit, Frame, Motion, Pool, Run, Sampler, ScoreFlowConfig, Steps};
use chreode_nn::Shortcut;
use clap::Parser;
use closed::{SHIFT, divergence};
use ndarray::Array2;
use rand_distr::{Distribution, StandardNormal};
use serde::Serialize;
use std::io::Write;
use std::ops::ControlFlow;
use std::path::PathBuf;

#[global_allocator]
static HEAP: Heap = Heap;

#[derive(Parser)]
#[command(about = "Trains Schrödinger bridges between Gaussians and measures them against the closed form")]
struct Cli {
    /// Dimensions
    #[arg(long, value_delimiter = ',', default_values_t = [2, 5, 20, 50, 100])]
    dims: Vec<usize>,
    /// Seeds, from 42 on
    #[arg(long, default_value_t = 3, value_parser = clap::value_parser!(u64).range(1..))]
    seeds: u64,
    /// Updates of a model
    #[arg(long, default_value_t = 4000, value_parser = clap::value_parser!(u64).range(1..))]
    steps: u64,
    /// Points a step
    #[arg(long, default_value_t = 256)]
    batch: usize,
    /// Width of the three hidden layers; a score of d coordinates needs d of it, or the shortcut
    #[arg(long, default_value_t = 64)]
    width: usize,
    /// Leave out the affine map beside the layers of the score's network, as published
    #[arg(long)]
    plain: bool,
    /// Points of each end, to train on and again to test on
    #[arg(long, default_value_t = 10_000)]
    points: usize,
    /// Threads in all [default: as many as there are cores]
    #[arg(long)]
    threads: Option<usize>,
    /// A check within seconds in 2 and 10 dimensions, which fails where a method is broken
    #[arg(long, conflicts_with_all = ["dims", "seeds", "steps", "points"])]
    quick: bool,
    /// Write one row a model and dimension to a file
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,
}

/// One model in one number of dimensions.
#[derive(Serialize)]
struct Row {
    model: &'static str,
    motion: Motion,
    dims: usize,
    kl_end_mean: f64,
    kl_end_sd: Option<f64>,
    kl_path_mean: f64,
    kl_path_sd: Option<f64>,
    /// Of 10,000 exact draws: what no model can pass in the mean.
    kl_floor: f64,
    published_end: Option<f64>,
    published_path: Option<f64>,
    /// Training alone, of one seed.
    #[serde(flatten)]
    cost: Cost,
}

/// Table 7 by dimension: exact plans at the end and in the mean, then entropic ones.
const PUBLISHED: [(usize, [f64; 4]); 5] = [
    (2, [0.003, 0.004, 0.002, 0.001]),
    (5, [0.007, 0.006, 0.004, 0.004]),
    (20, [0.029, 0.028, 0.029, 0.042]),
    (50, [0.124, 0.258, 0.122, 0.276]),
    (100, [0.486, 0.977, 0.493, 1.000]),
];

fn main() -> Result<()> {
    let mut cli = Cli::parse();
    let threads = match cli.threads {
        Some(threads) => threads,
        None => std::thread::available_parallelism().context("the number of cores is unknown")?.get(),
    };
    rayon::ThreadPoolBuilder::new().num_threads(threads).build_global().context("no thread pool")?;
    if cli.quick {
        (cli.dims, cli.seeds, cli.steps, cli.points) = (vec![2, 10], 1, 500, 2000);
    }
    let mut out = std::io::stdout();
    writeln!(out, "{} seeds, {} updates of {} points, {threads} threads", cli.seeds, cli.steps, cli.batch)?;
    writeln!(
        out,
        "{:<18}{:<15}{:>5}{:>19}{:>10}{:>19}{:>10}{:>8}{:>11}{:>10}",
        "model",
        "motion",
        "dims",
        "KL at 1",
        "published",
        "mean KL",
        "published",
        "floor",
        "train (s)",
        "peak MiB"
    )?;
    let mut rows = Vec::new();
    for &dims in &cli.dims {
        for (k, recipe) in
            [ScoreFlowConfig::default(), ScoreFlowConfig::schroedinger()].into_iter().enumerate()
        {
            for row in score(&cli, threads, dims, k, &recipe)? {
                writeln!(out, "{}", line(&row))?;
                if cli.quick {
                    check(&row)?;
                }
                rows.push(row);
            }
        }
    }
    if let Some(file) = cli.json {
        std::fs::write(&file, serde_json::to_string_pretty(&rows)? + "\n")
            .with_context(|| format!("cannot write {}", file.display()))?;
    }
    Ok(())
}

/// `n` points of N(mean, I).
fn normal(n: usize, dims: usize, mean: f64, seed: Seed) -> Array2<f32> {
    let mut rng = seed.stream("points", 0);
    Array2::from_shape_fn((n, dims), |_| {
        let z: f64 = StandardNormal.sample(&mut rng);
        (mean + z) as f32
    })
}

/// The recipe trained with every seed; a row for each way of moving.
fn score(cli: &Cli, threads: usize, dims: usize, model: usize, recipe: &ScoreFlowConfig) -> Result<Vec<Row>> {
    let features: Vec<String> = (0..dims).map(|k| format!("x{k}")).collect();
    let mut found = vec![(Vec::new(), Vec::new()); 2];
    let (mut costs, mut floors) = (Vec::new(), 0.0);
    for seed in (42..42 + cli.seeds).map(Seed) {
        let ends = [(0.0, -SHIFT, "source"), (1.0, SHIFT, "target")];
        let train = ends
            .map(|(time, mean, name)| Snapshot::new(time, normal(cli.points, dims, mean, seed.child(name))));
        let data = Populations::new(train.to_vec(), features.clone())?;
        let fit =
            Fit { batch: cli.batch.min(cli.points), steps: cli.steps, seed: seed.0, ..recipe.fit.clone() };
        let fit = Fit { hidden: vec![cli.width; 3], ..fit };
        let shortcut = if cli.plain { Shortcut::Absent } else { Shortcut::Affine };
        let config = ScoreFlowConfig { fit, shortcut, ..recipe.clone() };
        let (mut flow, cost) = Cost::of(&HEAP, || {
            let mut run = Run::new(&data, Frame::identity(features.clone()), config)?;
            run.train(Pool::with_threads(threads), |_| ControlFlow::Continue(()))?;
            Ok(run.finish())
        })?;
        costs.push(cost);
        let cells = Snapshot::new(0.0, normal(cli.points, dims, -SHIFT, seed.child("test")));
        floors += divergence(&normal(cli.points, dims, SHIFT, seed.child("floor")), 1.0)? / cli.seeds as f64;
        let times: Vec<f64> = (0..=20).map(|k| f64::from(k) / 20.0).collect();
        let sampler = Sampler { method: chreode_ode::EULER, steps: Steps::PerInterval(1) };
        for (motion, (end, path)) in [Motion::Stochastic, Motion::Deterministic].into_iter().zip(&mut found) {
            flow.motion = motion;
            let states = flow.evolve(&cells, &times, &sampler, seed)?;
            let kl: Vec<f64> = states.iter().map(|s| divergence(&s.points, s.time)).collect::<Result<_>>()?;
            end.push(*kl.last().expect("21 times"));
            path.push(kl.iter().sum::<f64>() / kl.len() as f64);
        }
    }
    let published = PUBLISHED
        .iter()
        .find(|(d, _)| *d == dims)
        .map(|(_, values)| [values[2 * model], values[2 * model + 1]]);
    let row = |(motion, (end, path)): (Motion, (Vec<f64>, Vec<f64>))| {
        let ((kl_end_mean, kl_end_sd), (kl_path_mean, kl_path_sd)) = (moments(&end), moments(&path));
        Row {
            model: recipe.method(),
            motion,
            dims,
            kl_end_mean,
            kl_end_sd,
            kl_path_mean,
            kl_path_sd,
            kl_floor: floors,
            published_end: published.map(|p| p[0]),
            published_path: published.map(|p| p[1]),
            cost: Cost::typical(&costs),
        }
    };
    Ok([Motion::Stochastic, Motion::Deterministic].into_iter().zip(found).map(row).collect())
}

/// Fails above the bounds of the short check: three times the floor of as many points, and what 500 updates cost.
fn check(row: &Row) -> Result<()> {
    let bound = 3.0 * row.kl_floor + 0.05;
    let Row { model, motion, dims, kl_end_mean, kl_path_mean, .. } = row;
    for (kl, of) in [(kl_end_mean, "at the end"), (kl_path_mean, "in the mean")] {
        ensure!(
            *kl <= bound,
            "{model}, {motion:?}, {dims} dimensions: KL {kl:.4} {of} is above its bound {bound:.4}"
        );
    }
    Ok(())
}

fn line(row: &Row) -> String {
    let pair = |mean: f64, sd: Option<f64>| match sd {
        Some(sd) => format!("{mean:.4} ± {sd:.4}"),
        None => format!("{mean:.4}"),
    };
    let published = |value: Option<f64>| value.map_or(String::new(), |v| format!("{v:.3}"));
    let motion = match row.motion {
        Motion::Stochastic => "stochastic",
        Motion::Deterministic => "deterministic",
    };
    format!(
        "{:<18}{motion:<15}{:>5}{:>19}{:>10}{:>19}{:>10}{:>8.4}{:>11.1}{:>10.1}",
        row.model,
        row.dims,
        pair(row.kl_end_mean, row.kl_end_sd),
        published(row.published_end),
        pair(row.kl_path_mean, row.kl_path_sd),
        published(row.published_path),
        row.kl_floor,
        row.cost.seconds,
        row.cost.peak_mib
    )
}
