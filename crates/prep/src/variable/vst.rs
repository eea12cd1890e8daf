//! Variance after standardisation by a smooth law of variance over mean.

use super::loess::Loess;
use super::rank::{BatchOrder, rank};
use crate::error::require;
use crate::fold::{add_to, fold};
use crate::{GeneMoments, PrepError, Rows, Values};

/// Genes and how variable they are, as `scanpy.pp.highly_variable_genes(flavor="seurat_v3")` writes them.
#[derive(Clone, Debug, PartialEq)]
pub struct StandardizedVariances {
    /// `highly_variable`
    pub selected: Vec<bool>,
    /// `highly_variable_rank`: the median rank over batches, NaN for a gene that no batch selects.
    pub rank: Vec<f64>,
    /// `highly_variable_nbatches`
    pub batches: Vec<usize>,
    /// `means`
    pub means: Vec<f64>,
    /// `variances`
    pub variances: Vec<f64>,
    /// `variances_norm`: the variance of the standardised counts, averaged over batches.
    pub normalized: Vec<f64>,
}

/// The variance of counts standardised with σ from a [`Loess`] curve of log₁₀ variance over log₁₀ mean, clipped at √n σ
/// above the mean (Stuart et al. 2019, doi:10.1016/j.cell.2019.05.031, "vst"). Two passes over raw counts.
///
/// `span` is the share of the genes that a local fit uses; Seurat and scanpy use 0.3.
///
/// # Errors
/// [`PrepError::Parameter`] for a span outside (0, 1] or no genes, [`PrepError::Fit`] for fewer than three genes that
/// vary in a batch, [`PrepError::Length`] unless there is a batch for each row.
pub fn standardized_variances(
    rows: &(impl Rows + ?Sized),
    batch: &[usize],
    batches: usize,
    (genes, order): (usize, BatchOrder),
    span: f64,
) -> Result<StandardizedVariances, PrepError> {
    require(genes > 0, "number of genes", genes as f64, "1 at least")?;
    let moments = GeneMoments::by_batch(rows, Values::AsStored, batch, batches)?;
    let p = rows.shape().1;
    let laws = moments.iter().map(|m| deviations(m, span)).collect::<Result<Vec<_>, _>>()?;
    let limits: Vec<Vec<f64>> = moments
        .iter()
        .zip(&laws)
        .map(|(m, sd)| {
            let widest = (m.cells as f64).sqrt();
            sd.iter().zip(&m.mean).map(|(sd, mean)| sd * widest + mean).collect()
        })
        .collect();
    let mut clipped = vec![(vec![0f64; p], vec![0f64; p]); batches];
    fold(
        rows,
        || vec![(vec![0f64; p], vec![0f64; p]); batches],
        |part, row, columns, values| {
            let (sum, squares) = &mut part[batch[row]];
            for (&j, &v) in columns.iter().zip(values) {
                let v = f64::from(v).min(limits[batch[row]][j as usize]);
                sum[j as usize] += v;
                squares[j as usize] += v * v;
            }
        },
        |part| {
            for (all, part) in clipped.iter_mut().zip(part) {
                add_to(&mut all.0, &part.0);
                add_to(&mut all.1, &part.1);
            }
        },
    )?;
    let scores: Vec<Vec<f64>> = (0..batches)
        .map(|b| {
            let (m, sd, n) = (&moments[b].mean, &laws[b], moments[b].cells as f64);
            let one = |j: usize| {
                let about = n * m[j] * m[j] + clipped[b].1[j] - 2.0 * clipped[b].0[j] * m[j];
                about / ((n - 1.0) * sd[j] * sd[j])
            };
            (0..p).map(one).collect()
        })
        .collect();
    let ranked = rank(&scores, genes, order);
    let mean = |j: usize| scores.iter().map(|s| s[j]).sum::<f64>() / batches as f64;
    let normalized = (0..p).map(mean).collect();
    let all = if batches == 1 {
        moments.into_iter().next().expect("one batch")
    } else {
        GeneMoments::measure(rows, Values::AsStored)?
    };
    Ok(StandardizedVariances {
        selected: ranked.selected,
        rank: ranked.rank,
        batches: ranked.batches,
        means: all.mean,
        variances: all.variance,
        normalized,
    })
}

/// The standard deviation that a gene of its mean should have; 1 for a gene that does not vary.
fn deviations(moments: &GeneMoments, span: f64) -> Result<Vec<f64>, PrepError> {
    let varies: Vec<usize> = (0..moments.mean.len()).filter(|&j| moments.variance[j] > 0.0).collect();
    let log = |of: &[f64]| -> Vec<f64> { varies.iter().map(|&j| of[j].log10()).collect() };
    let x = log(&moments.mean);
    let fitted = Loess::fit(&x, &log(&moments.variance), span)?;
    let mut deviations = vec![1.0; moments.mean.len()];
    for (&j, &x) in varies.iter().zip(&x) {
        deviations[j] = 10f64.powf(fitted.at(x)).sqrt();
    }
    Ok(deviations)
}
