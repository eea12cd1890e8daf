//! What `chreode fates` accepts.

use super::{SolverArgs, UnderArgs};
use clap::{Args, ValueEnum};
use std::path::PathBuf;

#[derive(Debug, Args)]
pub(crate) struct FatesArgs {
    /// Folders of trained runs (seeds or resamples of one model: their spread is the uncertainty), and the file of cells
    #[arg(required = true, num_args = 2.., value_names = ["RUN", "FILE"])]
    pub(crate) paths: Vec<PathBuf>,
    /// Column of obs with the names of the ends that cells come to; cells without one are in none
    #[arg(long, value_name = "COLUMN")]
    pub(crate) terminal: String,
    /// The ends, of the names in that column [default: all of them]
    #[arg(long, value_delimiter = ',', value_name = "NAMES")]
    pub(crate) among: Option<Vec<String>>,
    /// When the cells that are named were measured, and the end of time [default: the last time]
    #[arg(long, value_name = "TIME", allow_negative_numbers = true)]
    pub(crate) at: Option<f64>,
    /// Fates of the cells measured at this time [default: all before --at]
    #[arg(long, value_name = "TIME", allow_negative_numbers = true)]
    pub(crate) from: Option<f64>,
    /// When a path is counted
    #[arg(long, value_enum, default_value = "first-hit")]
    pub(crate) ending: EndingName,
    /// An end is the ball around its cells that holds this share of them
    #[arg(long, value_name = "SHARE", default_value_t = 0.9)]
    pub(crate) share: f64,
    /// Moments until the end at which a path may be absorbed
    #[arg(long, value_name = "N", default_value_t = 50)]
    pub(crate) moments: usize,
    /// Paths a cell and model, where the model has noise
    #[arg(long, value_name = "N", default_value_t = 30)]
    pub(crate) paths_each: usize,
    /// Resamples of cells and models for the intervals
    #[arg(long, value_name = "N", default_value_t = 500)]
    pub(crate) replicates: usize,
    #[command(flatten, next_help_heading = "Conditions")]
    pub(crate) under: UnderArgs,
    #[command(flatten, next_help_heading = "Solver")]
    pub(crate) solver: SolverArgs,
    /// Seed of the paths and the resamples
    #[arg(long, default_value_t = 42)]
    pub(crate) seed: u64,
    /// File to write
    #[arg(long, value_name = "FILE", default_value = "fates.h5ad")]
    pub(crate) out: PathBuf,
}

/// When a path is counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum EndingName {
    /// At the first end that it meets, or for the nearest at the end of time
    FirstHit,
    /// For the nearest end at the end of time
    Last,
}
