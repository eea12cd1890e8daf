//! The variance of analytic Pearson residuals.

use super::rank::{BatchOrder, rank};
use crate::error::require;
use crate::fold::{add_to, fold};
use crate::moments::check_batches;
use crate::pearson::{Model, Residual};
use crate::{GeneMoments, PrepError, Rows, Values};

pub use crate::pearson::ResidualClip;

/// Genes and how variable they are, as `scanpy.experimental.pp.highly_variable_genes` writes them.
#[derive(Clone, Debug, PartialEq)]
pub struct ResidualVariances {
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
    /// `residual_variances`, averaged over batches.
    pub residual: Vec<f64>,
}

/// The variance over cells of z = (x - μ) / √(μ + μ² / θ), clipped, with μ the outer product of the totals of cells and
/// genes over the total of all (Lause, Berens & Kobak 2021, doi:10.1186/s13059-021-02451-7). Of raw counts.
///
/// Where scanpy 1.11 clips every batch at the √n of the first, each batch has its own here.
///
/// # Errors
/// [`PrepError::Parameter`] for θ that is not positive or no genes, [`PrepError::Length`] unless there is a batch for
/// each row.
pub fn residual_variances(
    rows: &(impl Rows + ?Sized),
    batch: &[usize],
    batches: usize,
    genes: usize,
    theta: f64,
    clip: ResidualClip,
) -> Result<ResidualVariances, PrepError> {
    require(genes > 0, "number of genes", genes as f64, "1 at least")?;
    let (n, p) = rows.shape();
    check_batches(batch, batches, n)?;
    let models = Model::by_batch(rows, batch, batches, theta, clip)?;
    let mut sums = vec![(vec![0f64; p], vec![0f64; p]); batches];
    fold(
        rows,
        || (vec![0f64; p], vec![(Vec::new(), Vec::new()); batches]),
        |(dense, part), row, columns, values| {
            let residuals = Residual::of(&models[batch[row]], columns, values);
            residuals.write(dense);
            let (sum, squares): &mut (Vec<f64>, Vec<f64>) = &mut part[batch[row]];
            if sum.is_empty() {
                sum.resize(p, 0.0);
                squares.resize(p, 0.0);
            }
            for j in 0..p {
                sum[j] += dense[j];
                squares[j] += dense[j] * dense[j];
            }
        },
        |(_, part)| {
            for (all, part) in sums.iter_mut().zip(part) {
                add_to(&mut all.0, &part.0);
                add_to(&mut all.1, &part.1);
            }
        },
    )?;
    let scores: Vec<Vec<f64>> = (0..batches)
        .map(|b| {
            let n = batch.iter().filter(|&&x| x == b).count() as f64;
            let one = |j: usize| sums[b].1[j] / n - (sums[b].0[j] / n).powi(2);
            (0..p).map(one).collect()
        })
        .collect();
    let ranked = rank(&scores, genes, BatchOrder::BatchesFirst);
    let all = GeneMoments::measure(rows, Values::AsStored)?;
    Ok(ResidualVariances {
        selected: ranked.selected,
        rank: ranked.rank,
        batches: ranked.batches,
        means: all.mean,
        variances: all.variance,
        residual: (0..p).map(|j| scores.iter().map(|s| s[j]).sum::<f64>() / batches as f64).collect(),
    })
}
