//! Diffusion maps and pseudotime.

use crate::error::require;
use crate::krylov::{self, Operator};
use crate::neighbors::components;
use crate::{PrepError, Rows, SparseRows};
use faer::{Mat, MatRef};
use ndarray::{Array1, Array2};
use rayon::prelude::*;

/// Eigenvalues from here on belong to a stationary state: its distance is not stretched.
const STATIONARY: f64 = 0.9994;

/// How the density of cells enters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Density {
    /// Divided out: the geometry alone matters (Coifman & Lafon 2006 with α = 1).
    Normalized,
    /// As it is.
    Kept,
}

/// A diffusion map: eigenvectors of the symmetric transition matrix of a graph.
///
/// K' = D⁻¹ K D⁻¹ with the degrees D of the connectivities K, T = Z⁻¹ K' Z⁻¹ with Z² the degrees of K'; the eigenvectors of
/// T with the largest eigenvalues (Coifman & Lafon 2006, doi:10.1016/j.acha.2006.04.006; Haghverdi et al. 2016,
/// doi:10.1038/nmeth.3971), as `scanpy.tl.diffmap` computes them. The entry of largest absolute value of an eigenvector
/// is positive.
#[derive(Clone, Debug, PartialEq)]
pub struct DiffusionMap {
    /// `uns["diffmap_evals"]`: the eigenvalues, the largest first; the first is 1.
    pub values: Array1<f64>,
    /// `obsm["X_diffmap"]`: cells by components.
    pub vectors: Array2<f64>,
    components: Vec<usize>,
}

impl DiffusionMap {
    /// The first `count` components of the graph of `connectivities`.
    ///
    /// # Errors
    /// [`PrepError::Length`] for a matrix that is not square, [`PrepError::Fit`] for as many components as cells or a
    /// cell without neighbours.
    pub fn fit(connectivities: &SparseRows, count: usize, density: Density) -> Result<Self, PrepError> {
        let (n, columns) = connectivities.shape();
        crate::error::length("a row of connectivities", "cells", n, columns)?;
        if count == 0 || count >= n {
            return Err(PrepError::Fit {
                what: "a diffusion map",
                needed: format!("more than {count} cells and a component at least"),
                got: format!("{n} cells"),
                hint: "ask for fewer components",
            });
        }
        let transitions = Transitions::new(connectivities, density)?;
        let krylov::Pairs { values, vectors } = krylov::largest(&transitions, count, "a diffusion map")?;
        let mut vectors = Array2::from_shape_fn((n, count), |(i, j)| vectors[(i, j)]);
        crate::pca::flip(&mut vectors);
        Ok(Self { values: values.into(), vectors, components: components(connectivities) })
    }

    /// Diffusion pseudotime: the distance of every cell from the cell `root` in the map with component j stretched by
    /// λⱼ / (1 - λⱼ), scaled to a largest of 1 (Haghverdi et al. 2016, as `scanpy.tl.dpt`). Cells that no path joins to
    /// the root get infinity.
    ///
    /// # Errors
    /// [`PrepError::Parameter`] for a root that is no cell.
    pub fn pseudotime(&self, root: usize) -> Result<Array1<f64>, PrepError> {
        let n = self.vectors.nrows();
        require(root < n, "root", root as f64, "the number of a cell")?;
        let stretch = self.values.mapv(|v| if v < STATIONARY { v / (1.0 - v) } else { 1.0 });
        let from = self.vectors.row(root).to_owned();
        let mut distances = Array1::from_shape_fn(n, |i| {
            if self.components[i] != self.components[root] {
                return f64::INFINITY;
            }
            let squares = (&from - &self.vectors.row(i)) * &stretch;
            squares.iter().map(|d| d * d).sum::<f64>().sqrt()
        });
        let largest = distances.iter().copied().filter(|d| d.is_finite()).fold(0.0, f64::max);
        if largest > 0.0 {
            distances /= largest;
        }
        Ok(distances)
    }
}

/// The symmetric transition matrix.
struct Transitions<'a> {
    graph: &'a SparseRows,
    values: Vec<f64>,
}

impl<'a> Transitions<'a> {
    fn new(graph: &'a SparseRows, density: Density) -> Result<Self, PrepError> {
        let mut values: Vec<f64> = graph.data().iter().map(|&v| f64::from(v)).collect();
        if density == Density::Normalized {
            let degrees = degrees(graph, &values)?;
            divide(graph, &mut values, &degrees);
        }
        let roots: Vec<f64> = degrees(graph, &values)?.iter().map(|d| d.sqrt()).collect();
        divide(graph, &mut values, &roots);
        Ok(Self { graph, values })
    }
}

fn degrees(graph: &SparseRows, values: &[f64]) -> Result<Vec<f64>, PrepError> {
    let sums: Vec<f64> = graph.indptr().windows(2).map(|e| values[e[0]..e[1]].iter().sum()).collect();
    // Not `<= 0`: a weight that is not a number is none.
    if let Some(i) = sums.iter().position(|s| !(*s > 0.0 && s.is_finite())) {
        return Err(PrepError::Fit {
            what: "a diffusion map",
            needed: "neighbours for every cell".into(),
            got: format!("none for cell {i}"),
            hint: "remove it or ask for more neighbours",
        });
    }
    Ok(sums)
}

/// v_ij / (by_i by_j)
fn divide(graph: &SparseRows, values: &mut [f64], by: &[f64]) {
    for (i, ends) in graph.indptr().windows(2).enumerate() {
        for at in ends[0]..ends[1] {
            values[at] /= by[i] * by[graph.indices()[at] as usize];
        }
    }
}

impl Operator for Transitions<'_> {
    fn side(&self) -> usize {
        self.graph.shape().0
    }

    fn apply(&self, v: MatRef<'_, f64>) -> Result<Mat<f64>, PrepError> {
        let (n, width) = (v.nrows(), v.ncols());
        let by_row: Vec<f64> = (0..n).flat_map(|i| (0..width).map(move |j| v[(i, j)])).collect();
        let mut out = vec![0f64; n * width];
        out.par_chunks_mut(width).with_min_len(256).enumerate().for_each(|(i, out)| {
            for at in self.graph.indptr()[i]..self.graph.indptr()[i + 1] {
                let row = &by_row[self.graph.indices()[at] as usize * width..][..width];
                out.iter_mut().zip(row).for_each(|(o, v)| *o += self.values[at] * v);
            }
        });
        Ok(Mat::from_fn(n, width, |i, j| out[i * width + j]))
    }
}
