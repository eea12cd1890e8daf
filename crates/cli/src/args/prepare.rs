//! The options of `prepare`.

use clap::{Args, ValueEnum};
use std::path::PathBuf;
use std::str::FromStr;

/// From counts to coordinates.
#[derive(Debug, Args)]
pub(crate) struct PrepareArgs {
    /// An .h5ad file with raw counts
    pub(crate) file: PathBuf,
    /// File to write
    #[arg(long, value_name = "FILE", default_value = "prepared.h5ad")]
    pub(crate) out: PathBuf,
    /// Layer that holds the counts [default: layers/counts if there is one, else X]
    #[arg(long, value_name = "KEY")]
    pub(crate) layer: Option<String>,

    /// Drop cells with fewer counts
    #[arg(long, value_name = "N", default_value_t = 1.0, help_heading = "Filters")]
    pub(crate) min_counts: f64,
    /// Drop cells with fewer genes
    #[arg(long, value_name = "N", default_value_t = 1, help_heading = "Filters")]
    pub(crate) min_genes: usize,
    /// Drop cells with more genes
    #[arg(long, value_name = "N", help_heading = "Filters")]
    pub(crate) max_genes: Option<usize>,
    /// Drop cells with more than this percentage of mitochondrial counts
    #[arg(long, value_name = "PERCENT", help_heading = "Filters")]
    pub(crate) max_mt: Option<f64>,
    /// How the names of mitochondrial genes begin, in upper or lower case
    #[arg(long, value_name = "PREFIX", default_value = "MT-", help_heading = "Filters")]
    pub(crate) mt_prefix: String,
    /// Drop genes in fewer cells
    #[arg(long, value_name = "N", default_value_t = 3, help_heading = "Filters")]
    pub(crate) min_cells: usize,

    /// Total that every cell is scaled to: a number, or `median`
    #[arg(long, value_name = "TOTAL", default_value = "median", help_heading = "Normalisation")]
    pub(crate) target: Target,
    /// Leave genes with more than this share of a cell's counts out of the totals
    #[arg(long, value_name = "SHARE", help_heading = "Normalisation")]
    pub(crate) exclude_above: Option<f64>,

    /// How variable genes are found
    #[arg(long, value_enum, default_value = "seurat", help_heading = "Variable genes")]
    pub(crate) flavor: Flavor,
    /// Variable genes to use
    #[arg(long, value_name = "N", default_value_t = 2000, help_heading = "Variable genes")]
    pub(crate) genes: usize,
    /// Column of obs with batches, in each of which genes are ranked alone
    #[arg(long, value_name = "COLUMN", help_heading = "Variable genes")]
    pub(crate) batch: Option<String>,

    /// What the components are of
    #[arg(long, value_enum, default_value = "logarithms", help_heading = "Components")]
    pub(crate) transform: Transform,
    /// Scale genes to unit variance, with values limited to this many standard deviations, e.g. 10
    #[arg(long, value_name = "LIMIT", help_heading = "Components")]
    pub(crate) scale: Option<f64>,
    /// Principal components [default: 50, or as many as there can be]
    #[arg(long, value_name = "N", help_heading = "Components")]
    pub(crate) components: Option<usize>,
    /// How they are computed
    #[arg(long, value_enum, default_value = "exact", help_heading = "Components")]
    pub(crate) method: Method,
    /// Seed of the randomised method, and of --knn hnsw
    #[arg(long, default_value_t = 42, help_heading = "Components")]
    pub(crate) seed: u64,

    /// Write the graph of this many nearest neighbours, the cell itself counted as scanpy does
    #[arg(long, value_name = "N", help_heading = "Graph")]
    pub(crate) neighbors: Option<usize>,
    /// How they are found
    #[arg(long, value_enum, default_value = "exact", requires = "neighbors", help_heading = "Graph")]
    pub(crate) knn: Knn,
    /// How distances become weights
    #[arg(long, value_enum, default_value = "umap", help_heading = "Graph")]
    pub(crate) kernel: Kernel,
    /// Write this many components of the diffusion map; needs --neighbors
    #[arg(long, value_name = "N", requires = "neighbors", help_heading = "Graph")]
    pub(crate) diffusion: Option<usize>,
    /// Write diffusion pseudotime from the cell of this name; needs --diffusion
    #[arg(long, value_name = "CELL", requires = "diffusion", help_heading = "Graph")]
    pub(crate) root: Option<String>,
}

/// A total, or the median of all.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Target {
    /// The median.
    Median,
    /// This.
    Total(f64),
}

impl FromStr for Target {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "median" => Ok(Self::Median),
            _ => text.parse().map(Self::Total).map_err(|_| "not a number and not `median`".to_string()),
        }
    }
}

/// How variable genes are found.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Flavor {
    /// Dispersion within bins of the mean (Satija et al. 2015)
    Seurat,
    /// The same with medians (Zheng et al. 2017)
    CellRanger,
    /// Variance of standardised counts (Stuart et al. 2019)
    SeuratV3,
    /// Variance of Pearson residuals (Lause et al. 2021)
    PearsonResiduals,
}

/// What the components are of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Transform {
    /// Logarithms of normalised counts
    Logarithms,
    /// Pearson residuals of counts
    PearsonResiduals,
}

/// How components are computed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Method {
    /// To ten digits
    Exact,
    /// By random projection, for very many genes
    Randomized,
}

/// How distances become weights.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Kernel {
    /// Fuzzy sets
    Umap,
    /// Gaussians with a width for each cell
    Gauss,
}

/// How nearest neighbours are found.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Knn {
    /// All pairs of cells
    Exact,
    /// Through a hierarchical graph, a few missed; for millions of cells
    Hnsw,
}
