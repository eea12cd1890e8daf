//! Which genes the components are of, with scanpy's columns of `var`.

use crate::args::{Flavor, PrepareArgs};
use crate::say::say;
use anyhow::{Context, Result, bail};
use chreode_io::{AnnData, Column, Uns};
use chreode_prep::{
    BatchOrder, Binning, GeneMoments, LibrarySizes, Logarithm, Normalized, ResidualClip, Selection,
    SparseRows, Values, dispersions, residual_variances, standardized_variances,
};

/// The share of the genes in a local fit, as in Seurat.
const SPAN: f64 = 0.3;
/// θ of Pearson residuals, as published.
pub(super) const THETA: f64 = 100.0;
/// Bins of the mean, as in Seurat.
const BINS: usize = 20;

/// Marks them, and writes what they were chosen by.
pub(super) fn choose(
    data: &mut AnnData,
    args: &PrepareArgs,
    counts: &SparseRows,
    logs: &SparseRows,
    sizes: &LibrarySizes,
) -> Result<Vec<bool>> {
    let (batch, batches) = batches(data, args)?;
    let top = args.genes.min(data.n_vars());
    let var = &mut data.var;
    let mut numbers = |name: &str, values: Vec<f64>| var.set(name, Column::Numbers(values));
    let (selected, times, flavor) = match args.flavor {
        Flavor::Seurat | Flavor::CellRanger => {
            let (moments, binning, flavor) = if args.flavor == Flavor::Seurat {
                let normalized = Normalized::new(counts, sizes, Logarithm::None)?;
                let moments = GeneMoments::by_batch(&normalized, Values::AsStored, &batch, batches)?;
                (moments, Binning::Seurat(BINS), "seurat")
            } else {
                let moments = GeneMoments::by_batch(logs, Values::AsStored, &batch, batches)?;
                (moments, Binning::CellRanger, "cell_ranger")
            };
            let genes = dispersions(&moments, binning, Selection::Top(top))?;
            numbers("means", genes.means)?;
            numbers("dispersions", genes.dispersions)?;
            numbers("dispersions_norm", genes.normalized)?;
            (genes.selected, genes.batches, flavor)
        }
        Flavor::SeuratV3 => {
            let order = (top, BatchOrder::RankFirst);
            let genes = standardized_variances(counts, &batch, batches, order, SPAN)?;
            numbers("highly_variable_rank", genes.rank)?;
            numbers("means", genes.means)?;
            numbers("variances", genes.variances)?;
            numbers("variances_norm", genes.normalized)?;
            (genes.selected, genes.batches, "seurat_v3")
        }
        Flavor::PearsonResiduals => {
            let clip = ResidualClip::SquareRoot;
            let genes = residual_variances(counts, &batch, batches, top, THETA, clip)?;
            numbers("highly_variable_rank", genes.rank)?;
            numbers("means", genes.means)?;
            numbers("variances", genes.variances)?;
            numbers("residual_variances", genes.residual)?;
            (genes.selected, genes.batches, "pearson_residuals")
        }
    };
    if batches > 1 {
        let times = times.into_iter().map(|t| Some(t as i64)).collect();
        var.set("highly_variable_nbatches", Column::Integers(times))?;
    }
    var.set("highly_variable", Column::Booleans(selected.iter().map(|&s| Some(s)).collect()))?;
    data.uns.insert("hvg/flavor".into(), Uns::Text(flavor.into()));
    let count = selected.iter().filter(|&&s| s).count();
    if count == 0 {
        bail!(
            "no gene of {} is more variable than others of its mean, so there is nothing to choose; try --flavor seurat-v3 or pearson-residuals",
            args.file.display()
        );
    }
    let within = if batches > 1 { format!(" over {batches} batches") } else { String::new() };
    say!("chose    {count} of {} genes by {flavor}{within}", selected.len());
    Ok(selected)
}

/// The batch of each cell, and how many there are.
fn batches(data: &AnnData, args: &PrepareArgs) -> Result<(Vec<usize>, usize)> {
    let Some(name) = &args.batch else { return Ok((vec![0; data.n_obs()], 1)) };
    let Some(column) = data.obs.column(name) else {
        let names: Vec<&str> = data.obs.columns.iter().map(|(n, _)| n.as_str()).collect();
        bail!("{} has no column `{name}` in obs; it has {}", args.file.display(), names.join(", "));
    };
    let mut seen: Vec<String> = Vec::new();
    let mut batch = Vec::with_capacity(data.n_obs());
    for (row, label) in column.labels().into_iter().enumerate() {
        let label =
            label.with_context(|| format!("cell {row} has no `{name}`; fill the column or drop the cell"))?;
        batch.push(seen.iter().position(|s| *s == label).unwrap_or_else(|| {
            seen.push(label);
            seen.len() - 1
        }));
    }
    Ok((batch, seen.len()))
}
