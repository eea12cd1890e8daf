//! Which cells and which genes to keep.

use crate::{CellQuality, GeneQuality, PrepError};

/// What a cell must have; a limit that is `None` keeps all.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct CellFilter {
    /// Fewest counts.
    pub min_counts: Option<f64>,
    /// Most counts.
    pub max_counts: Option<f64>,
    /// Fewest genes with a count.
    pub min_genes: Option<usize>,
    /// Most genes with a count.
    pub max_genes: Option<usize>,
    /// Largest percentage of counts in any of the measured groups of genes.
    pub max_percent: Option<f64>,
}

impl CellFilter {
    /// Marks the cells to keep.
    ///
    /// # Errors
    /// [`PrepError::NothingLeft`] with the limits if no cell passes.
    pub fn keep(&self, cells: &CellQuality) -> Result<Vec<bool>, PrepError> {
        let share = |i: usize| cells.groups.iter().map(|(_, _, p)| p[i]).fold(0.0, f64::max);
        let one = |i: usize| {
            within(cells.total[i], self.min_counts, self.max_counts)
                && within(cells.genes[i], self.min_genes, self.max_genes)
                && within(share(i), None, self.max_percent)
        };
        let keep: Vec<bool> = (0..cells.total.len()).map(one).collect();
        if keep.contains(&true) {
            return Ok(keep);
        }
        let highest = |v: f64| cells.total.iter().copied().fold(v, f64::max);
        let most = cells.genes.iter().max().copied().unwrap_or(0);
        let reason = format!("the best cell has {} counts in {most} genes", highest(0.0));
        Err(PrepError::NothingLeft { what: "cell", total: keep.len(), reason })
    }
}

/// What a gene must have; a limit that is `None` keeps all.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct GeneFilter {
    /// Fewest cells with a count.
    pub min_cells: Option<usize>,
    /// Most cells with a count.
    pub max_cells: Option<usize>,
    /// Fewest counts in all.
    pub min_counts: Option<f64>,
    /// Most counts in all.
    pub max_counts: Option<f64>,
}

impl GeneFilter {
    /// Marks the genes to keep.
    ///
    /// # Errors
    /// [`PrepError::NothingLeft`] if no gene passes.
    pub fn keep(&self, genes: &GeneQuality) -> Result<Vec<bool>, PrepError> {
        let one = |j: usize| {
            within(genes.cells[j], self.min_cells, self.max_cells)
                && within(genes.total[j], self.min_counts, self.max_counts)
        };
        let keep: Vec<bool> = (0..genes.total.len()).map(one).collect();
        if keep.contains(&true) {
            return Ok(keep);
        }
        let most = genes.cells.iter().max().copied().unwrap_or(0);
        let reason = format!("the most frequent gene is in {most} of {} cells", genes.of);
        Err(PrepError::NothingLeft { what: "gene", total: keep.len(), reason })
    }
}

fn within<T: PartialOrd>(value: T, low: Option<T>, high: Option<T>) -> bool {
    low.is_none_or(|low| value >= low) && high.is_none_or(|high| value <= high)
}
