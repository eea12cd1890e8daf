//! Mean and variance of each gene.

use crate::fold::{add_to, fold};
use crate::{PrepError, Rows};

/// What is averaged.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Values {
    /// The entries as they are.
    AsStored,
    /// eˣ - 1: the normalised counts behind natural logarithms.
    Exponential,
}

/// Mean and variance of each gene over the cells of one batch.
#[derive(Clone, Debug, PartialEq)]
pub struct GeneMoments {
    /// The number of cells.
    pub cells: usize,
    /// The mean of each gene.
    pub mean: Vec<f64>,
    /// The variance, with divisor n - 1.
    pub variance: Vec<f64>,
}

impl GeneMoments {
    /// Over all rows.
    ///
    /// # Errors
    /// Those of the source.
    pub fn measure(rows: &(impl Rows + ?Sized), values: Values) -> Result<Self, PrepError> {
        let one = vec![0; rows.shape().0];
        Ok(Self::by_batch(rows, values, &one, 1)?.swap_remove(0))
    }

    /// Over the rows of each batch, `batch[i] < batches` being that of row `i`; one pass.
    ///
    /// # Errors
    /// [`PrepError::Length`] unless there is a batch for each row, [`PrepError::Parameter`] for a batch that is not below
    /// `batches`, and those of the source.
    pub fn by_batch(
        rows: &(impl Rows + ?Sized),
        values: Values,
        batch: &[usize],
        batches: usize,
    ) -> Result<Vec<Self>, PrepError> {
        let p = rows.shape().1;
        check_batches(batch, batches, rows.shape().0)?;
        let mut sums = vec![(vec![0f64; p], vec![0f64; p]); batches];
        fold(
            rows,
            || vec![(Vec::new(), Vec::new()); batches],
            |part, row, columns, data| {
                let (sum, squares): &mut (Vec<f64>, Vec<f64>) = &mut part[batch[row]];
                if sum.is_empty() {
                    sum.resize(p, 0.0);
                    squares.resize(p, 0.0);
                }
                for (&j, &v) in columns.iter().zip(data) {
                    let v = match values {
                        Values::AsStored => f64::from(v),
                        Values::Exponential => f64::from(v).exp_m1(),
                    };
                    sum[j as usize] += v;
                    squares[j as usize] += v * v;
                }
            },
            |part| {
                for (all, part) in sums.iter_mut().zip(part) {
                    add_to(&mut all.0, &part.0);
                    add_to(&mut all.1, &part.1);
                }
            },
        )?;
        let of = |(b, (sum, squares)): (usize, (Vec<f64>, Vec<f64>))| {
            let cells = batch.iter().filter(|&&x| x == b).count();
            let n = cells as f64;
            let mean: Vec<f64> = sum.iter().map(|s| s / n).collect();
            let spread = |(s, m): (&f64, &f64)| ((s / n - m * m) * (n / (n - 1.0))).max(0.0);
            let variance = squares.iter().zip(&mean).map(spread).collect();
            Self { cells, mean, variance }
        };
        Ok(sums.into_iter().enumerate().map(of).collect())
    }
}

/// A batch for each of `n` rows, each with rows.
pub(crate) fn check_batches(batch: &[usize], batches: usize, n: usize) -> Result<(), PrepError> {
    crate::error::length("batches", "cells", n, batch.len())?;
    let wrong = batch.iter().find(|&&b| b >= batches);
    let value = wrong.map_or(0.0, |&b| b as f64);
    crate::error::require(wrong.is_none(), "batch", value, "below the number of batches")?;
    for b in 0..batches {
        let cells = batch.iter().filter(|&&x| x == b).count();
        if cells < 2 {
            return Err(PrepError::Fit {
                what: "a variance in each batch",
                needed: "two cells at least".into(),
                got: format!("{cells} in batch {b}"),
                hint: "merge it with another batch or remove it",
            });
        }
    }
    Ok(())
}
