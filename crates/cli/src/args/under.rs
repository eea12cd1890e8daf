//! Under which conditions cells are moved.

use clap::Args;

/// Of a model of conditions: under which, and how strongly.
#[derive(Clone, Debug, Default, Args)]
pub(crate) struct UnderArgs {
    /// Of a model of conditions: move all cells as if they were under this one [default: each cell's own]
    #[arg(long = "as", value_name = "VALUE")]
    pub(crate) condition: Option<String>,
    /// With --as: the covariates, e.g. --covariate dose=0.5
    #[arg(long, value_name = "COLUMN=NUMBER", requires = "condition")]
    pub(crate) covariate: Vec<String>,
    /// Of a model of conditions: weight of the condition, 0 for none, above 1 to exaggerate [default: as trained]
    #[arg(long, value_name = "W", allow_negative_numbers = true)]
    pub(crate) guidance: Option<f64>,
}
