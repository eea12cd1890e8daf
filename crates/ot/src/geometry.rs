//! Where costs come from: matrices, clouds of points, grids, or anything that can say a piece of a row.

mod cloud;
mod graph;
mod grid;
mod heat;
mod matrix;
mod nearest;
mod order;
mod scaled;
mod separable;

pub use cloud::PointCloud;
pub use graph::Graph;
pub use grid::Grid;
pub use heat::{Affinity, HeatKernel, Laplacian};
pub use scaled::{Scaled, Unit};

use crate::Moves;
use std::ops::Range;

/// All that a solver may ask of the costs between `n` source and `m` target points.
///
/// A solver reads costs a piece of a row at a time and keeps the pieces it needs, so a geometry may
/// compute them on demand ([`PointCloud`], [`Grid`]) and the `n × m` matrix need not exist. A reference to a geometry is
/// a geometry.
pub trait Geometry: Sync {
    /// `(n, m)`.
    fn shape(&self) -> (usize, usize);

    /// The costs from source point `row` to the target points `columns`.
    ///
    /// `buffer` is memory to write them to where they do not lie in memory already.
    fn costs<'s>(&'s self, row: usize, columns: Range<usize>, buffer: &'s mut Vec<f64>) -> &'s [f64];

    /// One cost.
    fn cost(&self, row: usize, column: usize) -> f64 {
        self.costs(row, column..column + 1, &mut Vec::new())[0]
    }

    /// All costs from source point `row`, or a list of the few allowed moves where there is one: then for every row.
    fn moves<'g: 'b, 'b>(&'g self, row: usize, buffer: &'b mut Vec<f64>) -> Moves<'g, 'b> {
        Moves::All(self.costs(row, 0..self.shape().1, buffer))
    }

    /// `f_i = −ε log Σ_j exp((h_j − c_ij)/ε)` for every source, where the geometry knows a faster way than to read all its
    /// costs; `None` where it does not. `h_j` may be −∞, and `f_i` is `+∞` where no term counts.
    ///
    /// The hook of [`Grid`], whose sums go axis by axis; an entropic solver may ask it before it reads costs.
    fn soft_rows(&self, _epsilon: f64, _h: &[f64]) -> Option<Vec<f64>> {
        None
    }

    /// The same for every target: `g_j = −ε log Σ_i exp((h_i − c_ij)/ε)`.
    fn soft_columns(&self, _epsilon: f64, _h: &[f64]) -> Option<Vec<f64>> {
        None
    }
}

impl<G: Geometry + ?Sized> Geometry for &G {
    fn shape(&self) -> (usize, usize) {
        (**self).shape()
    }

    fn costs<'s>(&'s self, row: usize, columns: Range<usize>, buffer: &'s mut Vec<f64>) -> &'s [f64] {
        (**self).costs(row, columns, buffer)
    }

    fn cost(&self, row: usize, column: usize) -> f64 {
        (**self).cost(row, column)
    }

    fn moves<'g: 'b, 'b>(&'g self, row: usize, buffer: &'b mut Vec<f64>) -> Moves<'g, 'b> {
        (**self).moves(row, buffer)
    }

    fn soft_rows(&self, epsilon: f64, h: &[f64]) -> Option<Vec<f64>> {
        (**self).soft_rows(epsilon, h)
    }

    fn soft_columns(&self, epsilon: f64, h: &[f64]) -> Option<Vec<f64>> {
        (**self).soft_columns(epsilon, h)
    }
}
