//! What the command line accepts; strings become types here and nowhere else.

mod coupling;
mod fates;
mod predict;
mod prepare;
mod under;

use chreode_io::Compression;
use chreode_nn::Activation;
use clap::{Args, Parser, Subcommand, ValueEnum};
pub(crate) use coupling::CouplingArgs;
pub(crate) use fates::{EndingName, FatesArgs};
pub(crate) use predict::{Expression, PredictArgs, Rates};
pub(crate) use prepare::{Flavor, Kernel, Knn, Method, PrepareArgs, Target, Transform};
use std::path::PathBuf;
pub(crate) use under::UnderArgs;

/// From snapshots of cells at a few times to the motion between them.
#[derive(Debug, Parser)]
#[command(name = "chreode", version, max_term_width = 100, arg_required_else_help = true)]
pub(crate) struct Cli {
    /// Threads to use; the results do not depend on it [default: all]
    #[arg(long, global = true, value_parser = clap::value_parser!(u16).range(1..=1024))]
    pub(crate) threads: Option<u16>,
    /// Where networks are computed: cpu, or by libtorch: torch, cuda, cuda:N
    #[arg(long, global = true, value_name = "DEVICE", default_value = "cpu")]
    pub(crate) device: String,
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Simulate, train, score and draw: a whole run on simulated cells, in a minute
    Demo(DemoArgs),
    /// Show what is in a file, and what `train` could use
    Inspect(InspectArgs),
    /// Counts to principal components: what `train` and scanpy go on from
    Prepare(PrepareArgs),
    /// Convert between formats; the name of OUT chooses
    Convert(ConvertArgs),
    /// Learn the flow between the snapshots of a file
    Train(TrainArgs),
    /// Move cells along a trained flow
    Predict(PredictArgs),
    /// Say which end each cell comes to, and how sure that is
    Fates(FatesArgs),
    /// Score a method by leaving out one time after the other
    Evaluate(EvaluateArgs),
    /// Say how far pairs of minibatches are from the plan of all cells, and how straight a flow is
    Coupling(CouplingArgs),
    /// Write simulated cells to a file
    Simulate(SimulateArgs),
    /// List the models, or show the settings of one
    Models(ModelsArgs),
    /// Say what this program is made of and runs on, libtorch and CUDA included, or what other tools will stumble over in
    /// FILE; and how to mend it
    Doctor(DoctorArgs),
}

#[derive(Debug, Args)]
pub(crate) struct DoctorArgs {
    /// Look at this file instead, any that `inspect` reads
    pub(crate) file: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub(crate) struct ModelsArgs {
    /// Show the settings of this model
    pub(crate) name: Option<String>,
}

#[derive(Debug, Args)]
pub(crate) struct DemoArgs {
    /// Folder to write to
    #[arg(long, default_value = "chreode-demo")]
    pub(crate) out: PathBuf,
    /// Cells to simulate, all times together
    #[arg(long, default_value_t = 5000)]
    pub(crate) cells: usize,
    /// Training steps
    #[arg(long, default_value_t = 4000)]
    pub(crate) steps: u64,
    /// Seed of every random number
    #[arg(long, default_value_t = 42)]
    pub(crate) seed: u64,
}

#[derive(Debug, Args)]
pub(crate) struct InspectArgs {
    /// An .h5ad, zarr, 10x .h5, loom, Matrix Market, .npz, .npy, .safetensors, .csv or .tsv file
    pub(crate) file: PathBuf,
}

#[derive(Debug, Args)]
pub(crate) struct ConvertArgs {
    /// An .h5ad, zarr, 10x .h5, loom, Matrix Market, .npz, .npy, .safetensors, .csv or .tsv file
    #[arg(value_name = "IN")]
    pub(crate) input: PathBuf,
    /// File to write: .h5ad, .zarr, .npz, .safetensors, .csv, .tsv, or a folder for Matrix Market
    pub(crate) out: PathBuf,
    /// How an .h5ad file is compressed
    #[arg(long, value_enum, default_value = "gzip")]
    pub(crate) compression: CompressionName,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
pub(crate) enum CompressionName {
    /// Not at all: largest, fastest to read
    None,
    /// Shuffle and gzip, which every reader has
    Gzip,
}

impl From<CompressionName> for Compression {
    fn from(name: CompressionName) -> Self {
        match name {
            CompressionName::None => Self::None,
            CompressionName::Gzip => Self::Gzip,
        }
    }
}

/// Which cells, at which times, in which coordinates.
#[derive(Clone, Debug, Default, PartialEq, Args)]
pub(crate) struct DataArgs {
    /// Column of obs with the time each cell was measured at
    #[arg(long, value_name = "COLUMN")]
    pub(crate) time: Option<String>,
    /// Coordinates: a key of obsm, or X [default: X_pca if there is one, else X]; in a table, how their
    /// columns begin [default: all other columns]; in an .npz, an array
    #[arg(long, value_name = "KEY")]
    pub(crate) rep: Option<String>,
    /// Use the first N coordinates [default: all]
    #[arg(long, value_name = "N")]
    pub(crate) dims: Option<usize>,
    /// Shift and scale each coordinate to mean 0 and standard deviation 1 over all cells
    #[arg(long)]
    pub(crate) whiten: bool,
    /// Column of obs with a weight for each cell [default: equal weights]
    #[arg(long, value_name = "COLUMN")]
    pub(crate) weight: Option<String>,
    /// For models of conditions: column of obs with what each cell was under, e.g. a drug or a donor
    #[arg(long, value_name = "COLUMN")]
    pub(crate) condition: Option<String>,
    /// For models of conditions: columns of obs with numbers, e.g. a dose [default: none]
    #[arg(long, value_delimiter = ',', value_name = "COLUMNS", requires = "condition")]
    pub(crate) covariates: Vec<String>,
    /// For models of conditions: the condition whose cells the others start from, where they have none of their own
    #[arg(long, value_name = "VALUE", requires = "condition")]
    pub(crate) control: Option<String>,
    /// For models of time series: column that says whose measurement a row is
    #[arg(long, value_name = "COLUMN")]
    pub(crate) series: Option<String>,
    /// For models of time series: column with a yes or no about each individual [default: none]
    #[arg(long, value_name = "COLUMN")]
    pub(crate) label: Option<String>,
}

/// Which model, and how it is learnt.
#[derive(Clone, Debug, Default, PartialEq, Args)]
pub(crate) struct ModelArgs {
    /// The model, of those that `chreode models` lists [default: ot-cfm]
    #[arg(long, value_name = "NAME")]
    pub(crate) model: Option<String>,
    /// Any setting of the model, as in a run.toml, e.g. --set sigma=0.2 --set fit.lr=1e-4
    #[arg(long, value_name = "KEY=VALUE")]
    pub(crate) set: Vec<String>,
    /// Updates in all; a model that learns in stages shares them out in the proportion of its settings, between the
    /// stages that are not --set
    #[arg(long, value_name = "N")]
    pub(crate) steps: Option<u64>,
    /// Passes over the smallest snapshot, instead of --steps
    #[arg(long, value_name = "N", conflicts_with = "steps")]
    pub(crate) epochs: Option<u64>,
    /// Learning rate at the start
    #[arg(long, allow_negative_numbers = true)]
    pub(crate) lr: Option<f64>,
    /// Widths of the hidden layers, e.g. 64,64,64
    #[arg(long, value_delimiter = ',', value_name = "WIDTHS")]
    pub(crate) hidden: Option<Vec<usize>>,
    /// Activation of the hidden layers
    #[arg(long)]
    pub(crate) activation: Option<Activation>,
    /// Cells drawn from each snapshot at each step
    #[arg(long)]
    pub(crate) batch: Option<usize>,
    /// Noise of the path between two cells
    #[arg(long, allow_negative_numbers = true)]
    pub(crate) sigma: Option<f64>,
    /// How cells of neighbouring snapshots are paired
    #[arg(long, value_enum)]
    pub(crate) coupling: Option<CouplingName>,
    /// How pairs are taken from a plan
    #[arg(long, value_enum)]
    pub(crate) sampling: Option<SamplingName>,
    /// Regularisation of the sinkhorn coupling, relative to the mean cost
    #[arg(long, allow_negative_numbers = true)]
    pub(crate) epsilon: Option<f64>,
    /// Weight decay
    #[arg(long, allow_negative_numbers = true)]
    pub(crate) weight_decay: Option<f64>,
    /// Decay of the moving average of the parameters that predicts; 0 for none
    #[arg(long, allow_negative_numbers = true)]
    pub(crate) ema: Option<f64>,
    /// Largest norm of a step's gradient; 0 for no limit
    #[arg(long, allow_negative_numbers = true)]
    pub(crate) clip: Option<f64>,
    /// Seed of every random number
    #[arg(long)]
    pub(crate) seed: Option<u64>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum CouplingName {
    /// Exact minibatch optimal transport (OT-CFM)
    Exact,
    /// Entropic minibatch optimal transport
    Sinkhorn,
    /// Random pairs (I-CFM)
    Independent,
}

impl CouplingName {
    /// As in a settings file.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Exact => "exact",
            Self::Sinkhorn => "sinkhorn",
            Self::Independent => "independent",
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum SamplingName {
    /// Every drawn cell once
    Permutation,
    /// Independent draws from the plan, as published
    Replacement,
}

impl SamplingName {
    /// As in a settings file.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Permutation => "permutation",
            Self::Replacement => "replacement",
        }
    }
}

#[derive(Debug, Args)]
pub(crate) struct TrainArgs {
    /// An .h5ad, .npz, .csv or .tsv file
    pub(crate) file: PathBuf,
    #[command(flatten, next_help_heading = "Data")]
    pub(crate) data: DataArgs,
    #[command(flatten, next_help_heading = "Model")]
    pub(crate) model: ModelArgs,
    /// Folder to write to
    #[arg(long, value_name = "FOLDER", default_value = "run", conflicts_with = "resume")]
    pub(crate) out: PathBuf,
    /// Continue the run of this folder; only --steps or --epochs may change
    #[arg(long, value_name = "FOLDER")]
    pub(crate) resume: Option<PathBuf>,
    /// Settings from a file such as a run.toml; flags win
    #[arg(long, value_name = "FILE")]
    pub(crate) config: Option<PathBuf>,
    /// Say what training would take in memory and time, from a few steps, and write nothing
    #[arg(long, conflicts_with = "resume")]
    pub(crate) plan: bool,
}

/// How the flow is integrated.
#[derive(Clone, Debug, Args)]
pub(crate) struct SolverArgs {
    /// Runge-Kutta method: euler, midpoint, heun, rk4, bosh3, dopri5, tsit5
    #[arg(long, value_name = "METHOD")]
    pub(crate) solver: Option<String>,
    /// Equal steps between two times
    #[arg(long, value_name = "N", conflicts_with = "tol")]
    pub(crate) substeps: Option<usize>,
    /// Relative and absolute tolerance of adaptive steps
    #[arg(long, value_name = "TOL", allow_negative_numbers = true)]
    pub(crate) tol: Option<f64>,
}

#[derive(Debug, Args)]
pub(crate) struct EvaluateArgs {
    /// An .h5ad, .npz, .csv or .tsv file
    pub(crate) file: PathBuf,
    #[command(flatten, next_help_heading = "Data")]
    pub(crate) data: DataArgs,
    #[command(flatten, next_help_heading = "Model")]
    pub(crate) model: ModelArgs,
    /// Times to leave out, e.g. 1,2; or `each` for every inner time [default: each]
    #[arg(long, value_name = "TIMES", allow_hyphen_values = true)]
    pub(crate) hold_out: Option<String>,
    /// Runs a held-out time, with seeds SEED, SEED+1, …
    #[arg(long, value_name = "N", default_value_t = 5, value_parser = clap::value_parser!(u32).range(1..=1000))]
    pub(crate) seeds: u32,
    /// Write the scores to a file
    #[arg(long, value_name = "FILE")]
    pub(crate) json: Option<PathBuf>,
    /// Settings from a file such as a run.toml; flags win
    #[arg(long, value_name = "FILE")]
    pub(crate) config: Option<PathBuf>,
    #[command(flatten, next_help_heading = "Solver")]
    pub(crate) solver: SolverArgs,
}

#[derive(Debug, Args)]
pub(crate) struct SimulateArgs {
    /// What to simulate
    #[arg(value_enum)]
    pub(crate) system: System,
    /// Cells, all times together
    #[arg(long, default_value_t = 5000)]
    pub(crate) cells: usize,
    /// Genes in all
    #[arg(long, default_value_t = 50, value_parser = clap::value_parser!(u32).range(12..=50_000))]
    pub(crate) genes: u32,
    /// What is measured of each cell
    #[arg(long, value_enum, default_value = "logarithms")]
    pub(crate) measure: Measure,
    /// Seed of every random number
    #[arg(long, default_value_t = 42)]
    pub(crate) seed: u64,
    /// File to write
    #[arg(long, value_name = "FILE", default_value = "sim.h5ad")]
    pub(crate) out: PathBuf,
}

/// What a simulated instrument reports.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Measure {
    /// Logarithms of counts, corrected for the size of the cell, with their principal components
    Logarithms,
    /// Raw counts: negative binomial, with library sizes; `prepare` goes on from there
    Counts,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
pub(crate) enum System {
    /// A toggle switch that commits cells to one of two fates, with noise, division and death
    Bifurcation,
}
