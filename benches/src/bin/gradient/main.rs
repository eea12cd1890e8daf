//! Our side of `cargo xtask peers gradient`: gradients through neural fields, and the training of a spiral. Each row is
//! a line of JSON.

#[expect(dead_code, reason = "the Lorenz systems are for the program `ode`")]
#[path = "../ode/arrays.rs"]
mod arrays;
mod field;
mod memory;
mod spiral;
#[path = "../ode/turns.rs"]
mod turns;

use anyhow::{Context, Result};
use clap::{Parser, Subcommand, ValueEnum};
use std::io::Write;
use std::path::PathBuf;

#[derive(Parser)]
#[command(about = "Times our gradients through solves; called by cargo xtask peers gradient")]
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
    /// The gradient of Σ z(1)² by the parameters of a neural field
    Field {
        /// Rows
        n: usize,
        /// Width
        d: usize,
        /// The type of states and parameters
        scalar: Scalar,
        /// Who has a step size
        #[arg(long, value_enum, default_value_t = Steps::Shared)]
        steps: Steps,
    },
    /// 500 steps of training on the cubic spiral
    Spiral,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Scalar {
    F32,
    F64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Steps {
    /// The batch
    Shared,
    /// Each row
    Each,
}

fn main() -> Result<()> {
    let Cli { data, threads, case } = Cli::parse();
    rayon::ThreadPoolBuilder::new().num_threads(threads).build_global().context("no thread pool")?;
    let mut row = match case {
        Case::Field { n, d, scalar: Scalar::F32, steps } => field::row::<f32>(n, d, data.as_deref(), steps)?,
        Case::Field { n, d, scalar: Scalar::F64, steps } => field::row::<f64>(n, d, data.as_deref(), steps)?,
        Case::Spiral => spiral::row()?,
    };
    row["threads"] = threads.into();
    writeln!(std::io::stdout(), "{row}")?;
    Ok(())
}
