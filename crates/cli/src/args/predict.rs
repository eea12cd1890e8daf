//! What `chreode predict` accepts.

use super::{SolverArgs, UnderArgs};
use clap::{Args, ValueEnum};
use std::path::PathBuf;

#[derive(Debug, Args)]
pub(crate) struct PredictArgs {
    /// Folder of a trained run
    pub(crate) run: PathBuf,
    /// The cells to move
    pub(crate) file: PathBuf,
    /// File to write
    #[arg(long, value_name = "FILE", default_value = "trajectories.h5ad")]
    pub(crate) out: PathBuf,
    /// Move only the cells measured at this time [default: all cells]
    #[arg(long, value_name = "TIME", allow_negative_numbers = true)]
    pub(crate) from: Option<f64>,
    /// Times to move them to, e.g. 0,1.5,3 [default: the times trained on]
    #[arg(long, value_delimiter = ',', value_name = "TIMES", allow_negative_numbers = true)]
    pub(crate) times: Option<Vec<f64>>,
    #[command(flatten, next_help_heading = "Solver")]
    pub(crate) solver: SolverArgs,
    #[command(flatten, next_help_heading = "Conditions")]
    pub(crate) under: UnderArgs,
    /// Of a model of time series: show it only what was measured before this time [default: all]
    #[arg(long, value_name = "TIME", allow_negative_numbers = true)]
    pub(crate) until: Option<f64>,
    /// Seed of the paths of a model with noise
    #[arg(long, default_value_t = 42)]
    pub(crate) seed: u64,
    /// Where velocities and growth rates are asked for [default: measured]
    #[arg(long, value_enum)]
    pub(crate) rates: Option<Rates>,
    /// Which times get predicted expression, where the file has varm/PCs [default: last]
    #[arg(long, value_enum)]
    pub(crate) expression: Option<Expression>,
}

/// Where the velocity and the growth rate of a model are asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Rates {
    /// Where and when each cell was measured
    Measured,
    /// And where each cell is at each of the times
    All,
}

/// Predicted expression is cells × genes a time: large.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Expression {
    /// None
    None,
    /// The last time
    Last,
    /// Every time
    All,
}
