//! scVelo's preparation of spliced and unspliced counts, in one call.

use crate::error::length;
use crate::{
    Binning, Exclusion, GeneMoments, LibrarySizes, Logarithm, Normalized, PrepError, Rows, Select, Selection,
    SparseRows, TargetSum, Values, dispersions, shared_counts,
};

/// Bins of the mean that dispersions are held against.
const BINS: usize = 20;

/// Which genes [`filter_and_normalize`] keeps.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct VelocityFilter {
    /// Spliced and unspliced counts that a gene has at least, in the cells that have both: [`shared_counts`].
    pub min_shared_counts: f64,
    /// Of those genes so many, the ones with the largest normalised dispersion; all of them if `None` or if they are no
    /// more.
    pub genes: Option<usize>,
}

impl Default for VelocityFilter {
    /// 20 counts and 2000 genes, as in scVelo's tutorials.
    fn default() -> Self {
        Self { min_shared_counts: 20.0, genes: Some(2000) }
    }
}

/// Counts of the genes that were kept, ready for components, neighbours and [`Moments`](crate::Moments).
#[derive(Clone, Debug, PartialEq)]
pub struct VelocityCounts {
    /// Marks the genes kept, of those that came.
    pub genes: Vec<bool>,
    /// `X`: ln(1 + x), each cell scaled to the median total.
    pub logs: SparseRows,
    /// `layers/spliced`, each cell scaled to the median total of this layer.
    pub spliced: SparseRows,
    /// `layers/unspliced`, alike.
    pub unspliced: SparseRows,
}

/// scVelo's `pp.filter_and_normalize`: genes with shared counts, cells scaled in `x` and both layers, variable genes
/// (Seurat's dispersions of scaled `x`), the logarithm of `x` (Bergen et al. 2020, doi:10.1038/s41587-020-0591-3).
///
/// Totals are those before any gene is dropped, as scVelo takes them; their median is over cells with counts.
///
/// # Errors
/// [`PrepError::Length`] for matrices of different shapes, [`PrepError::NothingLeft`] if no gene has the shared counts,
/// [`PrepError::NotACount`], [`PrepError::Parameter`] for 0 genes.
pub fn filter_and_normalize(
    x: &SparseRows,
    spliced: &SparseRows,
    unspliced: &SparseRows,
    filter: VelocityFilter,
) -> Result<VelocityCounts, PrepError> {
    let shared = shared_counts(spliced, unspliced)?;
    length("X", "genes", shared.len(), x.shape().1)?;
    length("X", "cells", spliced.shape().0, x.shape().0)?;
    let mut genes: Vec<bool> = shared.iter().map(|&counts| counts >= filter.min_shared_counts).collect();
    let left = genes.iter().filter(|&&keep| keep).count();
    if left == 0 {
        let most = shared.iter().copied().fold(0.0, f64::max);
        let reason = format!("the best gene has {most} spliced and unspliced counts in the cells with both");
        return Err(PrepError::NothingLeft { what: "gene", total: shared.len(), reason });
    }
    let scaled = |layer: &SparseRows, genes: &[bool], log: Logarithm| {
        let sizes = LibrarySizes::measure(layer, TargetSum::Median, Exclusion::Nothing)?;
        SparseRows::collect(&Select::new(Normalized::new(layer, &sizes, log)?).genes(genes)?)
    };
    if let Some(count) = filter.genes.filter(|&count| count < left) {
        let moments = GeneMoments::measure(&scaled(x, &genes, Logarithm::None)?, Values::AsStored)?;
        let chosen = dispersions(&[moments], Binning::Seurat(BINS), Selection::Top(count))?.selected;
        let kept = genes.iter_mut().filter(|keep| **keep);
        kept.zip(chosen).for_each(|(keep, chosen)| *keep = chosen);
    }
    Ok(VelocityCounts {
        logs: scaled(x, &genes, Logarithm::Natural)?,
        spliced: scaled(spliced, &genes, Logarithm::None)?,
        unspliced: scaled(unspliced, &genes, Logarithm::None)?,
        genes,
    })
}
