//! Our side of `cargo xtask peers`: times one case and prints it as a line of JSON.
//!
//! `ours --threads 1 cfm/moons/256/exact --data DIR`. Without `--data` the arrays are made here, from the
//! same laws. `--profile` says where the time of a training step goes.

mod arrays;
mod case;
mod cfm;
mod laws;
mod nn;
mod ot;
mod prep;
mod profile;
mod timing;

use anyhow::{Context, Result, bail};
use arrays::Arrays;
use case::Case;
use clap::Parser;
use std::io::Write;
use std::path::PathBuf;

#[derive(Parser)]
#[command(about = "Times one of our cases; called by cargo xtask peers")]
struct Cli {
    /// The case, e.g. cfm/moons/256/exact or ot/assignment/256/5
    name: String,
    /// Threads in all
    #[arg(long, default_value_t = 1)]
    threads: usize,
    /// The folder of the peers' arrays [default: arrays of the same laws, made here]
    #[arg(long, value_name = "DIR")]
    data: Option<PathBuf>,
    /// Say where the time of a training step goes, instead
    #[arg(long)]
    profile: bool,
}

fn main() -> Result<()> {
    let cli = Cli::parse();
    let case: Case = cli.name.parse()?;
    rayon::ThreadPoolBuilder::new().num_threads(cli.threads).build_global().context("no thread pool")?;
    let folder = cli.data.clone();
    let arrays = cli.data.map_or(Arrays::Made, Arrays::Dumped);
    let mut report = match (case, cli.profile) {
        (Case::Cfm(case), false) => serde_json::to_value(cfm::time(case, &arrays, cli.threads)?)?,
        (Case::Cfm(case), true) => serde_json::to_value(profile::steps(case, &arrays)?)?,
        (Case::Transport(case), false) => serde_json::to_value(ot::time(case, &arrays)?)?,
        (Case::Network(case), false) => serde_json::to_value(nn::time(&case)?)?,
        (Case::Prepare { n, p }, false) => serde_json::to_value(prep::time(n, p, folder.as_deref())?)?,
        (Case::Transport(_) | Case::Network(_) | Case::Prepare { .. }, true) => {
            bail!("only training has a profile; {} is one call", cli.name)
        }
    };
    report["case"] = cli.name.into();
    report["threads"] = cli.threads.into();
    writeln!(std::io::stdout(), "{report}")?;
    Ok(())
}
