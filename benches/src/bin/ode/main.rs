//! Our side of `cargo xtask peers ode` where a problem is not one of the work-precision harness: floors, batches, fields.
//! Each row is a line of JSON.

mod arrays;
mod by_hand;
mod field;
mod floor;
mod lanes;
mod lorenz;
mod turns;

use anyhow::Result;
use clap::{Parser, Subcommand};
use std::io::Write;
use std::path::PathBuf;

#[derive(Parser)]
#[command(about = "Times our integrators beside loops written by hand; called by cargo xtask peers ode")]
struct Cli {
    /// The folder of the peers' arrays [default: arrays of the same laws, made here]
    #[arg(long, value_name = "DIR", global = true)]
    data: Option<PathBuf>,
    /// Threads in all
    #[arg(long, default_value_t = 1, global = true)]
    threads: usize,
    #[command(subcommand)]
    case: Case,
}

#[derive(Subcommand)]
enum Case {
    /// Lotka-Volterra against the same loop by hand
    Floor,
    /// 10,000 Lorenz systems, beside lanes by hand or at an error
    Lorenz {
        /// The fastest of ours whose error is no larger
        #[arg(long)]
        error: Option<f64>,
    },
    /// A neural field
    Field {
        /// Rows
        n: usize,
        /// Width
        d: usize,
        /// The fastest of ours whose error is no larger
        #[arg(long)]
        error: Option<f64>,
    },
}

fn main() -> Result<()> {
    let Cli { data, threads, case } = Cli::parse();
    let data = data.as_deref();
    let rows = match case {
        Case::Floor => floor::rows(),
        Case::Lorenz { error } => vec![lorenz::row(threads, data, error)?],
        Case::Field { n, d, error } => vec![field::row(n, d, threads, data, error)?],
    };
    let mut out = std::io::stdout();
    rows.iter().try_for_each(|row| writeln!(out, "{row}"))?;
    Ok(())
}
