//! Moments of spliced and unspliced counts for RNA velocity.

use crate::error::length;
use crate::fold::fold;
use crate::{PrepError, Rows, SparseRows};
use ndarray::Array2;
use rayon::prelude::*;

/// Averages over a cell and its neighbours in a graph, all with the same weight, as scVelo takes them.
///
/// `Ms` and `Mu` are [`first`](Self::first) of the normalised layers `spliced` and `unspliced`, `Mss` and `Mus` are
/// [`second`](Self::second) of spliced with spliced and with unspliced (Bergen et al. 2020,
/// doi:10.1038/s41587-020-0591-3; scVelo's `pp.moments`).
#[derive(Clone, Debug, PartialEq)]
pub struct Moments {
    weights: SparseRows,
}

impl Moments {
    /// The neighbours of a cell are those with an entry above 0 in its row, of connectivities or of distances.
    ///
    /// # Errors
    /// [`PrepError::Length`] for a matrix that is not square.
    pub fn new(graph: &SparseRows) -> Result<Self, PrepError> {
        let (n, columns) = graph.shape();
        length("a row of the graph", "cells", n, columns)?;
        let mut weights = SparseRows::empty(n);
        let block = graph.block(0);
        for i in 0..n {
            let (columns, values) = block.row(i);
            let mut near: Vec<u32> =
                columns.iter().zip(values).filter(|(_, v)| **v > 0.0).map(|(&j, _)| j).collect();
            if let Err(at) = near.binary_search(&(i as u32)) {
                near.insert(at, i as u32);
            }
            weights.push(&near, &vec![1.0 / near.len() as f32; near.len()]);
        }
        Ok(Self { weights })
    }

    /// Σⱼ wᵢⱼ xⱼ of each cell: cells by genes.
    ///
    /// # Errors
    /// [`PrepError::Length`] for another number of cells.
    pub fn first(&self, x: &SparseRows) -> Result<Array2<f32>, PrepError> {
        self.average(x, |out, weight, j| {
            let (columns, values) = x.block(0).row(j);
            columns.iter().zip(values).for_each(|(&g, &v)| out[g as usize] += weight * f64::from(v));
        })
    }

    /// Σⱼ wᵢⱼ xⱼ yⱼ of each cell, gene by gene.
    ///
    /// # Errors
    /// [`PrepError::Length`] for another number of cells or genes.
    pub fn second(&self, x: &SparseRows, y: &SparseRows) -> Result<Array2<f32>, PrepError> {
        length("the second layer", "genes", x.shape().1, y.shape().1)?;
        length("the second layer", "cells", x.shape().0, y.shape().0)?;
        self.average(x, |out, weight, j| {
            let (a, b) = (x.block(0).row(j), y.block(0).row(j));
            shared(a, b, |g, a, b| out[g] += weight * f64::from(a) * f64::from(b));
        })
    }

    fn average(
        &self,
        x: &SparseRows,
        add: impl Fn(&mut [f64], f64, usize) + Sync,
    ) -> Result<Array2<f32>, PrepError> {
        let (n, p) = x.shape();
        length("a layer", "cells", self.weights.shape().0, n)?;
        let mut out = Array2::<f32>::zeros((n, p));
        let rows = out.as_slice_mut().expect("a new array is contiguous");
        rows.par_chunks_mut(p.max(1)).enumerate().for_each_init(
            || vec![0f64; p],
            |sum, (i, out)| {
                sum.fill(0.0);
                let (cells, weights) = self.weights.block(0).row(i);
                for (&j, &w) in cells.iter().zip(weights) {
                    add(sum, f64::from(w), j as usize);
                }
                out.iter_mut().zip(&*sum).for_each(|(o, s)| *o = *s as f32);
            },
        );
        Ok(out)
    }
}

/// For each gene, the spliced and unspliced counts together in the cells that have both: scVelo's `min_shared_counts`
/// asks for 20 of them.
///
/// # Errors
/// [`PrepError::Length`] for layers of different shapes.
pub fn shared_counts(spliced: &SparseRows, unspliced: &SparseRows) -> Result<Vec<f64>, PrepError> {
    let p = spliced.shape().1;
    length("the unspliced layer", "genes", p, unspliced.shape().1)?;
    length("the unspliced layer", "cells", spliced.shape().0, unspliced.shape().0)?;
    let mut all = vec![0.0; p];
    fold(
        spliced,
        || vec![0f64; p],
        |sum, row, columns, values| {
            let other = unspliced.block(0).row(row);
            shared((columns, values), other, |g, a, b| {
                if a > 0.0 && b > 0.0 {
                    sum[g] += f64::from(a) + f64::from(b);
                }
            });
        },
        |part| crate::fold::add_to(&mut all, &part),
    )?;
    Ok(all)
}

/// Visits what two sparse rows both store.
fn shared(a: (&[u32], &[f32]), b: (&[u32], &[f32]), mut visit: impl FnMut(usize, f32, f32)) {
    let (mut i, mut j) = (0, 0);
    while i < a.0.len() && j < b.0.len() {
        match a.0[i].cmp(&b.0[j]) {
            std::cmp::Ordering::Less => i += 1,
            std::cmp::Ordering::Greater => j += 1,
            std::cmp::Ordering::Equal => {
                visit(a.0[i] as usize, a.1[i], b.1[j]);
                (i, j) = (i + 1, j + 1);
            }
        }
    }
}
