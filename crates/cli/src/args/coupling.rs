//! What `chreode coupling` accepts.

use super::{DataArgs, ModelArgs, SolverArgs};
use clap::Args;
use std::path::PathBuf;

#[derive(Debug, Args)]
pub(crate) struct CouplingArgs {
    /// An .h5ad, .npz, .csv or .tsv file
    pub(crate) file: PathBuf,
    #[command(flatten, next_help_heading = "Data")]
    pub(crate) data: DataArgs,
    #[command(flatten, next_help_heading = "Model")]
    pub(crate) model: ModelArgs,
    /// Cells a minibatch
    #[arg(long, value_delimiter = ',', value_name = "SIZES", default_value = "32,128,512")]
    pub(crate) sizes: Vec<usize>,
    /// Minibatches of each size
    #[arg(long, value_name = "N", default_value_t = 20)]
    pub(crate) batches: u64,
    /// And how straight the ways of this trained run are
    #[arg(long, value_name = "FOLDER")]
    pub(crate) run: Option<PathBuf>,
    #[command(flatten, next_help_heading = "Solver")]
    pub(crate) solver: SolverArgs,
}
