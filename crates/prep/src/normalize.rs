//! Library sizes and logarithms, applied as the rows go by.

use crate::error::require;
use crate::fold::{fold, map};
use crate::{Block, PrepError, Rows, SparseRows};
use rayon::prelude::*;

/// The total that every cell is scaled to.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum TargetSum {
    /// The median of the totals of the cells that have counts.
    Median,
    /// This total.
    Total(f64),
}

/// Genes that do not count towards a cell's total.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Exclusion {
    /// None: all count.
    Nothing,
    /// Those with more than this share of the total of at least one cell (Weinreb et al. 2017,
    /// doi:10.1101/165738): a few genes that dominate a cell would depress all others.
    Above(f64),
}

/// What is done to the scaled counts.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Logarithm {
    /// Nothing.
    None,
    /// ln(1 + x).
    Natural,
    /// ln(1 + x) / ln(base).
    Base(f64),
}

/// The totals of cells and what they are scaled to, as `scanpy.pp.normalize_total` finds them.
///
/// Where scanpy 1.11 takes the median over all cells of a sparse matrix, and over the cells with counts of a dense one,
/// this takes the latter, which its documentation promises for both.
#[derive(Clone, Debug, PartialEq)]
pub struct LibrarySizes {
    /// The total of each cell, over the genes that count.
    pub totals: Vec<f64>,
    /// What they are scaled to.
    pub target: f64,
    /// Marks the genes that do not count towards totals.
    pub excluded: Vec<bool>,
}

impl LibrarySizes {
    /// One pass over the rows, three with an exclusion.
    ///
    /// # Errors
    /// [`PrepError::Parameter`] for a target that is not positive and finite or a share outside (0, 1],
    /// [`PrepError::NotACount`] for a negative or not finite entry.
    pub fn measure(
        rows: &(impl Rows + ?Sized),
        target: TargetSum,
        exclusion: Exclusion,
    ) -> Result<Self, PrepError> {
        let p = rows.shape().1;
        let totals: Vec<Result<f64, PrepError>> = map(rows, |row, columns, values| {
            let sum: f64 = values.iter().map(|&v| f64::from(v)).sum();
            match values.iter().position(|v| !(v.is_finite() && *v >= 0.0)) {
                Some(at) => {
                    Err(PrepError::NotACount { row, column: columns[at] as usize, value: values[at] })
                }
                None => Ok(sum),
            }
        })?;
        let mut totals = totals.into_iter().collect::<Result<Vec<f64>, _>>()?;
        let mut excluded = vec![false; p];
        if let Exclusion::Above(share) = exclusion {
            require(share > 0.0 && share <= 1.0, "share", share, "above 0 and at most 1")?;
            fold(
                rows,
                || vec![false; p],
                |found, row, columns, values| {
                    let limit = share * totals[row];
                    columns.iter().zip(values).for_each(|(&j, &v)| found[j as usize] |= f64::from(v) > limit);
                },
                |part| excluded.iter_mut().zip(part).for_each(|(e, p)| *e |= p),
            )?;
            totals = map(rows, |_, columns, values| {
                let counted = columns.iter().zip(values).filter(|(j, _)| !excluded[**j as usize]);
                counted.map(|(_, &v)| f64::from(v)).sum()
            })?;
        }
        let target = match target {
            TargetSum::Total(total) => total,
            TargetSum::Median => {
                let counted: Vec<f64> = totals.iter().copied().filter(|&t| t > 0.0).collect();
                if counted.is_empty() { 1.0 } else { median(counted) }
            }
        };
        require(target.is_finite() && target > 0.0, "target sum", target, "positive and finite")?;
        Ok(Self { totals, target, excluded })
    }
}

/// The median of at least one number.
pub(crate) fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    let n = values.len();
    if n % 2 == 1 { values[n / 2] } else { 0.5 * (values[n / 2 - 1] + values[n / 2]) }
}

/// Rows scaled to one total, and their logarithm: log(1 + x target / total), rounded to `f32` once a step.
///
/// A cell without counts stays as it is.
#[derive(Clone, Debug)]
pub struct Normalized<R> {
    rows: R,
    factors: Vec<f64>,
    logarithm: Logarithm,
}

impl<R: Rows> Normalized<R> {
    /// `rows` scaled by `sizes`, then the logarithm.
    ///
    /// # Errors
    /// [`PrepError::Length`] unless there is a total for each row, [`PrepError::Parameter`] for a base that is not above
    /// 1.
    pub fn new(rows: R, sizes: &LibrarySizes, logarithm: Logarithm) -> Result<Self, PrepError> {
        crate::error::length("library sizes", "cells", rows.shape().0, sizes.totals.len())?;
        if let Logarithm::Base(base) = logarithm {
            require(base > 1.0 && base.is_finite(), "base", base, "above 1 and finite")?;
        }
        let factor = |&total: &f64| if total > 0.0 { sizes.target / total } else { 1.0 };
        Ok(Self { rows, factors: sizes.totals.iter().map(factor).collect(), logarithm })
    }
}

impl<R: Rows> Rows for Normalized<R> {
    fn shape(&self) -> (usize, usize) {
        self.rows.shape()
    }

    fn each(&self, visit: &mut dyn FnMut(&Block<'_>) -> Result<(), PrepError>) -> Result<(), PrepError> {
        let per = match self.logarithm {
            Logarithm::Base(base) => 1.0 / base.ln(),
            _ => 1.0,
        };
        let mut scaled = SparseRows::empty(self.rows.shape().1);
        self.rows.each(&mut |block| {
            scaled.clear();
            let mut ends = Vec::with_capacity(block.len());
            for i in 0..block.len() {
                let (columns, values) = block.row(i);
                scaled.push(columns, values);
                ends.push(values.len());
            }
            let mut rest = scaled.data_mut();
            let mut parts = Vec::with_capacity(ends.len());
            for (i, &length) in ends.iter().enumerate() {
                let (row, after) = rest.split_at_mut(length);
                parts.push((self.factors[block.first() + i], row));
                rest = after;
            }
            parts.into_par_iter().with_min_len(64).for_each(|(factor, row)| {
                let scale = |v: f32| (f64::from(v) * factor) as f32;
                match self.logarithm {
                    Logarithm::None => row.iter_mut().for_each(|v| *v = scale(*v)),
                    _ => logarithms(row, |v| (f64::from(scale(v)).ln_1p() * per) as f32),
                }
            });
            visit(&scaled.block(block.first()))
        })
    }
}

/// Applies `of` to a row; small counts, which are most of them, are looked up.
fn logarithms(row: &mut [f32], of: impl Fn(f32) -> f32) {
    const SMALL: usize = 16;
    let mut known = [f32::NAN; SMALL];
    for v in row {
        let at = *v as usize;
        *v = if at < SMALL && at as f32 == *v {
            if known[at].is_nan() {
                known[at] = of(*v);
            }
            known[at]
        } else {
            of(*v)
        };
    }
}
