//! Quality control: how much was measured of each cell and each gene.

use crate::error::length;
use crate::fold::{fold, map};
use crate::{PrepError, Rows};

/// What each cell holds, as `scanpy.pp.calculate_qc_metrics` counts it.
#[derive(Clone, Debug, PartialEq)]
pub struct CellQuality {
    /// `total_counts`: the counts of all genes.
    pub total: Vec<f64>,
    /// `n_genes_by_counts`: genes with a count.
    pub genes: Vec<usize>,
    /// `pct_counts_in_top_N_genes`: percent of the counts in the cell's `N` largest genes, for each `N`; 0 for an empty
    /// cell.
    pub top: Vec<(usize, Vec<f64>)>,
    /// `total_counts_NAME` and `pct_counts_NAME`: counts in a group of genes and their percentage, 0 for an empty cell.
    pub groups: Vec<(String, Vec<f64>, Vec<f64>)>,
}

impl CellQuality {
    /// Counts for each cell; `top` are sizes of the largest genes, `groups` marks genes, e.g. the mitochondrial ones.
    ///
    /// # Errors
    /// [`PrepError::Length`] for a group without one mark a gene, and those of the source.
    pub fn measure(
        rows: &(impl Rows + ?Sized),
        top: &[usize],
        groups: &[(String, Vec<bool>)],
    ) -> Result<Self, PrepError> {
        for (_, marks) in groups {
            length("a group of genes", "genes", rows.shape().1, marks.len())?;
        }
        let cells = map(rows, |_, columns, values| {
            let total: f64 = values.iter().map(|&v| f64::from(v)).sum();
            let percent = |part: f64| if total > 0.0 { 100.0 * part / total } else { 0.0 };
            let genes = values.iter().filter(|&&v| v != 0.0).count();
            let tops: Vec<f64> = if top.is_empty() {
                Vec::new()
            } else {
                let mut sorted = values.to_vec();
                sorted.sort_unstable_by(|a, b| b.total_cmp(a));
                let of = |&n: &usize| percent(sorted.iter().take(n).map(|&v| f64::from(v)).sum());
                top.iter().map(of).collect()
            };
            let marked = |marks: &[bool]| -> f64 {
                let part = columns.iter().zip(values).filter(|(j, _)| marks[**j as usize]);
                part.map(|(_, &v)| f64::from(v)).sum()
            };
            let parts: Vec<(f64, f64)> =
                groups.iter().map(|(_, marks)| marked(marks)).map(|part| (part, percent(part))).collect();
            (total, genes, tops, parts)
        })?;
        let named = groups.iter().enumerate().map(|(g, (name, _))| {
            let (counts, percents) = cells.iter().map(|c| c.3[g]).unzip();
            (name.clone(), counts, percents)
        });
        Ok(Self {
            total: cells.iter().map(|c| c.0).collect(),
            genes: cells.iter().map(|c| c.1).collect(),
            top: top.iter().enumerate().map(|(t, &n)| (n, cells.iter().map(|c| c.2[t]).collect())).collect(),
            groups: named.collect(),
        })
    }
}

/// How often each gene was seen, with `scanpy.pp.calculate_qc_metrics`' meanings.
#[derive(Clone, Debug, PartialEq)]
pub struct GeneQuality {
    /// `total_counts`: the counts in all cells.
    pub total: Vec<f64>,
    /// `n_cells_by_counts`: cells with a count.
    pub cells: Vec<usize>,
    /// The number of cells.
    pub of: usize,
}

impl GeneQuality {
    /// Counts for each gene.
    ///
    /// # Errors
    /// Those of the source.
    pub fn measure(rows: &(impl Rows + ?Sized)) -> Result<Self, PrepError> {
        let (of, p) = rows.shape();
        let mut all = Self { total: vec![0.0; p], cells: vec![0; p], of };
        fold(
            rows,
            || (vec![0f64; p], vec![0usize; p]),
            |(total, cells), _, columns, values| {
                for (&j, &v) in columns.iter().zip(values) {
                    total[j as usize] += f64::from(v);
                    cells[j as usize] += usize::from(v != 0.0);
                }
            },
            |(total, cells)| {
                crate::fold::add_to(&mut all.total, &total);
                all.cells.iter_mut().zip(&cells).for_each(|(a, b)| *a += b);
            },
        )?;
        Ok(all)
    }

    /// `mean_counts`: the mean over all cells.
    pub fn mean(&self) -> Vec<f64> {
        self.total.iter().map(|t| t / self.of as f64).collect()
    }

    /// `pct_dropout_by_counts`: percent of the cells without a count.
    pub fn dropout(&self) -> Vec<f64> {
        self.cells.iter().map(|&c| 100.0 * (1.0 - c as f64 / self.of as f64)).collect()
    }
}

/// Marks the genes whose name begins with one of `prefixes`, in upper or lower case, e.g. `MT-`.
pub fn genes_with_prefix(names: &[String], prefixes: &[&str]) -> Vec<bool> {
    let starts = |name: &str, prefix: &str| {
        name.get(..prefix.len()).is_some_and(|start| start.eq_ignore_ascii_case(prefix))
    };
    names.iter().map(|name| prefixes.iter().any(|prefix| starts(name, prefix))).collect()
}
