//! `cargo xtask reproduce eb5` and `eb50`, `eb100`: the leave-one-time-out table of the embryoid bodies, retrained.
//!
//! 16,819 cells at five times (Moon et al. 2019), principal components, the published protocol (Tong et al. 2024,
//! arXiv 2307.03672, table 4): times 1, 2 and 3 are left out in turn, the cells of the time before are pushed to the one
//! left out with 100 Euler steps, and exact W1 to the measured cells is averaged over the three. Nothing of the time left
//! out is used to train or to choose. With `--inner` each fold leaves another inner time out of its training data and is
//! scored there: what settings may be chosen by.

mod data;
mod folds;
mod table;

use anyhow::{Context, Result, bail};
use chreode_models::{Card, ModelConfig};
use clap::Parser;
use folds::Experiment;
use serde_json::Value;
use std::io::Write;
use std::path::PathBuf;
use table::Row;

#[derive(Parser)]
#[command(about = "Retrains the leave-one-time-out table of the embryoid bodies")]
struct Cli {
    /// Principal components; five are scaled to unit variance as published
    #[arg(long, default_value_t = 5, value_parser = clap::value_parser!(u64).range(1..=100))]
    dims: u64,
    /// Models by name, separated by commas [default: those of the table]
    #[arg(long, value_delimiter = ',')]
    models: Vec<String>,
    /// Seeds, from 42 on
    #[arg(long, default_value_t = 5, value_parser = clap::value_parser!(u64).range(1..))]
    seeds: u64,
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
    /// One seed, 300 updates, 500 cells a time: a check of half a minute, not comparable with the table
    #[arg(long, conflicts_with = "seeds")]
    quick: bool,
    /// Write one row a model to a file
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,
}

/// The rows of the table.
const MODELS: [&str; 14] = [
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
];

fn main() -> Result<()> {
    let mut cli = Cli::parse();
    let threads = match cli.threads {
        Some(threads) => threads,
        None => std::thread::available_parallelism().context("the number of cores is unknown")?.get(),
    };
    rayon::ThreadPoolBuilder::new().num_threads(threads).build_global().context("no thread pool")?;
    if cli.models.is_empty() {
        cli.models = MODELS.map(Into::into).to_vec();
    }
    if cli.quick {
        cli.settings.insert(0, "fit.steps=300".into());
    }
    let cells = cli.quick.then_some(500);
    let folder = cli.data.clone().or_else(|| std::env::var_os("CHREODE_DATA").map(PathBuf::from));
    let folder =
        folder.context("give --data, or set CHREODE_DATA to the folder with eb/eb_pcs100_f32.npz")?;
    let populations = data::read(&folder, cli.dims as usize, cells)?;
    let experiment = Experiment {
        populations,
        whitened: cli.dims == 5,
        seeds: (42..42 + if cli.quick { 1 } else { cli.seeds }).collect(),
        inner: cli.inner,
        draws: cli.draws as usize,
        threads,
    };
    let mut out = std::io::stdout();
    writeln!(out, "{}", table::header(&experiment))?;
    let mut rows = Vec::new();
    let models = cli
        .models
        .iter()
        .map(|name| Ok((name.clone(), changed((Card::named(name)?.config)(), &cli.settings)?)));
    let models = models.collect::<Result<Vec<_>>>()?;
    if cli.choose {
        let (names, scores) = experiment.choose(&models)?;
        writeln!(out, "chosen: {}", names.join(", "))?;
        rows.push(Row::new("chosen", &scores));
        writeln!(out, "{}", rows[0])?;
    } else {
        for (name, config) in &models {
            let row = Row::new(name, &experiment.run(config)?);
            writeln!(out, "{row}")?;
            rows.push(row);
        }
    }
    if let Some(file) = cli.json {
        std::fs::write(&file, serde_json::to_string_pretty(&rows)? + "\n")
            .with_context(|| format!("cannot write {}", file.display()))?;
    }
    Ok(())
}

/// `config` with the settings given as `key=value`; keys reach into tables by dots.
fn changed(config: ModelConfig, settings: &[String]) -> Result<ModelConfig> {
    let mut document = serde_json::to_value(&config)?;
    let table =
        document.as_object_mut().and_then(|map| map.values_mut().next()).context("a model has settings")?;
    for setting in settings {
        let Some((path, text)) = setting.split_once('=') else { bail!("{setting} is not key=value") };
        let value = serde_json::from_str(text).unwrap_or_else(|_| Value::String(text.into()));
        let pointer = format!("/{}", path.replace('.', "/"));
        let place = table.pointer_mut(&pointer).with_context(|| format!("there is no setting {path}"))?;
        *place = value;
    }
    Ok(serde_json::from_value(document)?)
}
