//! Variance over mean, held against genes of the same mean.

use super::batches::{self, OneBatch};
use crate::normalize::median;
use crate::{GeneMoments, PrepError};

/// What genes are held against.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Binning {
    /// This many bins of equal width over ln(1 + mean), mean and standard deviation of the logarithm of the dispersions
    /// of a bin (Satija et al. 2015, doi:10.1038/nbt.3192). A gene alone in its bin gets 1.
    Seurat(usize),
    /// Bins between the percentiles 10, 15, …, 100 of the means, median and median absolute deviation of a bin
    /// (Zheng et al. 2017, doi:10.1038/ncomms14049).
    CellRanger,
}

/// Which genes are taken.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Selection {
    /// This many, the most variable ones; more where several are equal to the last.
    Top(usize),
    /// Those strictly between the limits of the mean and of the normalised dispersion.
    Between {
        /// Limits of the mean (with [`Binning::Seurat`], of ln(1 + mean)).
        mean: (f64, f64),
        /// Limits of the normalised dispersion.
        dispersion: (f64, f64),
    },
}

/// Genes and how variable they are, as `scanpy.pp.highly_variable_genes` writes them.
#[derive(Clone, Debug, PartialEq)]
pub struct Dispersions {
    /// `highly_variable`
    pub selected: Vec<bool>,
    /// `means`; ln(1 + mean) with [`Binning::Seurat`].
    pub means: Vec<f64>,
    /// `dispersions`; their logarithm with [`Binning::Seurat`]; NaN for a gene without variance there.
    pub dispersions: Vec<f64>,
    /// `dispersions_norm`
    pub normalized: Vec<f64>,
    /// `highly_variable_nbatches`: in how many batches a gene was selected.
    pub batches: Vec<usize>,
}

/// Normalised dispersions from the moments of each batch: of normalised counts for [`Binning::Seurat`] (see
/// [`Values::Exponential`](crate::Values::Exponential)), of their logarithms for [`Binning::CellRanger`].
///
/// With several batches each is treated alone, over the genes seen in it; genes are then ordered by the number of
/// batches that selected them and the mean normalised dispersion.
///
/// # Errors
/// [`PrepError::Parameter`] for 0 bins or genes, [`PrepError::Fit`] without batches or genes.
pub fn dispersions(
    batches: &[GeneMoments],
    binning: Binning,
    selection: Selection,
) -> Result<Dispersions, PrepError> {
    if let Binning::Seurat(0) = binning {
        crate::error::require(false, "number of bins", 0.0, "1 at least")?;
    }
    if let Selection::Top(0) = selection {
        crate::error::require(false, "number of genes", 0.0, "1 at least")?;
    }
    match batches {
        [] => Err(PrepError::Fit {
            what: "a selection of genes",
            needed: "one batch at least".into(),
            got: "none".into(),
            hint: "measure the moments of all cells",
        }),
        [one] => {
            let all = vec![true; one.mean.len()];
            let OneBatch { means, dispersions, normalized } = single(one, binning, &all);
            let selected = select(&means, &normalized, selection);
            let batches = selected.iter().map(|&s| usize::from(s)).collect();
            Ok(Dispersions { selected, means, dispersions, normalized, batches })
        }
        many => Ok(batches::joined(many, binning, selection)),
    }
}

/// The genes of one batch; those not `seen` get zeros.
pub(super) fn single(moments: &GeneMoments, binning: Binning, seen: &[bool]) -> OneBatch {
    let p = seen.len();
    let mut out = OneBatch { means: vec![0.0; p], dispersions: vec![0.0; p], normalized: vec![0.0; p] };
    let genes: Vec<usize> = (0..p).filter(|&j| seen[j]).collect();
    for &j in &genes {
        let mean = if moments.mean[j] == 0.0 { 1e-12 } else { moments.mean[j] };
        let dispersion = moments.variance[j] / mean;
        (out.means[j], out.dispersions[j]) = match binning {
            Binning::Seurat(_) if dispersion == 0.0 => (mean.ln_1p(), f64::NAN),
            Binning::Seurat(_) => (mean.ln_1p(), dispersion.ln()),
            Binning::CellRanger => (mean, dispersion),
        };
    }
    let means: Vec<f64> = genes.iter().map(|&j| out.means[j]).collect();
    let edges = match binning {
        Binning::Seurat(bins) => equal_widths(&means, bins),
        Binning::CellRanger => percentiles(&means),
    };
    // Bin i holds the means in (edges[i - 1], edges[i]].
    let mut bins: Vec<Vec<usize>> = vec![Vec::new(); edges.len() + 1];
    for &j in &genes {
        bins[edges.partition_point(|&e| e < out.means[j])].push(j);
    }
    for bin in bins {
        let known: Vec<f64> = bin.iter().map(|&j| out.dispersions[j]).filter(|d| !d.is_nan()).collect();
        let (centre, spread) = match binning {
            Binning::Seurat(_) => {
                let n = known.len() as f64;
                let mean = known.iter().sum::<f64>() / n;
                match known.len() {
                    0 => (f64::NAN, f64::NAN),
                    1 => (0.0, mean),
                    _ => {
                        let squares: f64 = known.iter().map(|d| (d - mean).powi(2)).sum();
                        (mean, (squares / (n - 1.0)).sqrt())
                    }
                }
            }
            Binning::CellRanger if known.is_empty() => (f64::NAN, f64::NAN),
            Binning::CellRanger => {
                // The 3/4 quantile of the normal law makes the deviation one of σ.
                const QUANTILE: f64 = 0.674_489_750_196_081_7;
                let centre = median(known.clone());
                let away = known.iter().map(|d| (d - centre).abs()).collect();
                (centre, median(away) / QUANTILE)
            }
        };
        bin.iter().for_each(|&j| out.normalized[j] = (out.dispersions[j] - centre) / spread);
    }
    out
}

/// Upper edges of equal bins over the range, the lowest bin open below by a thousandth of it.
fn equal_widths(means: &[f64], bins: usize) -> Vec<f64> {
    let low = means.iter().copied().fold(f64::INFINITY, f64::min);
    let high = means.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let (low, high) = if low == high {
        let by = if low == 0.0 { 1e-3 } else { 1e-3 * low.abs() };
        (low - by, high + by)
    } else {
        (low, high)
    };
    let edge = |i: usize| if i == bins { high } else { low + (high - low) * i as f64 / bins as f64 };
    (1..=bins).map(edge).collect()
}

/// The percentiles 10, 15, …, 100, by linear interpolation; equal ones once.
fn percentiles(means: &[f64]) -> Vec<f64> {
    let mut sorted = means.to_vec();
    sorted.sort_by(f64::total_cmp);
    if sorted.is_empty() {
        return Vec::new();
    }
    let at = |percent: usize| {
        let place = percent as f64 / 100.0 * (sorted.len() - 1) as f64;
        let (below, part) = (place.floor() as usize, place.fract());
        let above = (below + 1).min(sorted.len() - 1);
        sorted[below] + (sorted[above] - sorted[below]) * part
    };
    let mut edges: Vec<f64> = (10..=100).step_by(5).map(at).collect();
    edges.dedup();
    edges
}

/// The selected genes of one batch.
pub(super) fn select(means: &[f64], normalized: &[f64], selection: Selection) -> Vec<bool> {
    match selection {
        Selection::Between { mean, dispersion } => means
            .iter()
            .zip(normalized)
            .map(|(&m, &d)| {
                let d = if d.is_nan() { 0.0 } else { d };
                m > mean.0 && m < mean.1 && d > dispersion.0 && d < dispersion.1
            })
            .collect(),
        Selection::Top(n) => {
            let mut known: Vec<f64> = normalized.iter().copied().filter(|d| !d.is_nan()).collect();
            known.sort_by(|a, b| b.total_cmp(a));
            let cut = known.get(n.min(known.len()).wrapping_sub(1)).copied().unwrap_or(f64::INFINITY);
            normalized.iter().map(|&d| d >= cut).collect()
        }
    }
}
