//! Costs between the nodes of two grids, as sums over the axes.

use super::Geometry;
use super::separable::soft_minima;
use crate::{CostFunction, OtError};
use ndarray::Array2;
use std::ops::Range;

/// Costs between grids in any number of dimensions: `c(x, y) = Σ_a c_a(x_a, y_a)`.
///
/// Squared Euclidean distance is such a sum, and so are the [`LpPower`](crate::LpPower)s. Nodes are numbered as the
/// elements of an `ndarray` of the grid's shape: the last axis runs fastest. Holds one small matrix an axis, `O(Σ_a n_a m_a)`
/// numbers, where a cost matrix has `Π_a n_a m_a`; a row costs one addition a target.
///
/// ```
/// use chreode_ot::{Geometry, Grid, SquaredEuclidean};
///
/// // Images of 30 × 40 pixels that are 0.5 apart.
/// let grid = Grid::regular(&[30, 40], &[0.5, 0.5], &SquaredEuclidean)?;
/// assert_eq!(grid.shape(), (1200, 1200));
/// assert_eq!(grid.cost(0, 2 * 40 + 1), 1.0 + 0.25); // two pixels down, one to the right
/// # Ok::<(), chreode_ot::OtError>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Grid {
    axes: Vec<Array2<f64>>,
    shape: (usize, usize),
}

impl Grid {
    /// A regular grid, source and target alike: `sizes[a]` nodes along axis `a`, `steps[a]` apart.
    ///
    /// # Errors
    /// No axes, an axis without nodes, as many steps as axes not given, a step that is not finite, or a bad cost.
    pub fn regular(sizes: &[usize], steps: &[f64], cost: &impl CostFunction) -> Result<Self, OtError> {
        if steps.len() != sizes.len() {
            let what = "the list of steps of the grid";
            return Err(OtError::Shape { what, expected: sizes.len(), found: steps.len() });
        }
        let axes: Vec<Vec<f64>> = sizes
            .iter()
            .zip(steps)
            .map(|(&size, step)| (0..size).map(|i| i as f64 * step).collect())
            .collect();
        let axes: Vec<&[f64]> = axes.iter().map(Vec::as_slice).collect();
        Self::between(&axes, &axes, cost)
    }

    /// Two grids by the coordinates of their nodes along each axis, in any order and at any distance.
    ///
    /// # Errors
    /// No axes, axes without nodes, different numbers of axes, a coordinate that is not finite, or a bad cost.
    pub fn between(source: &[&[f64]], target: &[&[f64]], cost: &impl CostFunction) -> Result<Self, OtError> {
        if source.len() != target.len() {
            return Err(OtError::Dimension { source_columns: source.len(), target_columns: target.len() });
        }
        let column =
            |axis: &[f64]| Array2::from_shape_vec((axis.len(), 1), axis.to_vec()).expect("one column");
        let axes = source.iter().zip(target).map(|(x, y)| cost.matrix(column(x).view(), column(y).view()));
        Self::separable(axes.collect::<Result<_, _>>()?)
    }

    /// Grids with any costs along each axis: entry `[i, j]` of matrix `a` is what node `i` to node `j` of axis `a` adds.
    ///
    /// # Errors
    /// No axes, an axis without nodes, a cost that is NaN or −∞ ([`OtError::BadCost`], with nodes of its axis), or
    /// more nodes than can be counted.
    pub fn separable(axes: Vec<Array2<f64>>) -> Result<Self, OtError> {
        let sides = [("source", 0), ("target", 1)];
        for (side, axis) in sides {
            if axes.is_empty() || axes.iter().any(|costs| costs.shape()[axis] == 0) {
                return Err(OtError::Empty { side });
            }
        }
        for costs in &axes {
            if let Some(((row, column), &value)) =
                costs.indexed_iter().find(|(_, c)| c.is_nan() || **c == f64::NEG_INFINITY)
            {
                return Err(OtError::BadCost { row, column, value });
            }
        }
        let nodes = |axis: usize| {
            let sizes = axes.iter().map(|costs| costs.shape()[axis]);
            sizes.clone().try_fold(1_usize, usize::checked_mul).ok_or(OtError::BadParameter {
                name: "the number of nodes of the grid",
                value: sizes.map(|size| size as f64).product(),
                range: "countable in a machine word",
            })
        };
        let shape = (nodes(0)?, nodes(1)?);
        // Rows are read along the last axis of the targets; a standard layout makes them slices.
        let axes = axes.into_iter().map(|costs| costs.as_standard_layout().into_owned()).collect();
        Ok(Self { axes, shape })
    }

    /// The matrices of the axes.
    pub fn axes(&self) -> &[Array2<f64>] {
        &self.axes
    }
}

impl Geometry for Grid {
    fn shape(&self) -> (usize, usize) {
        self.shape
    }

    fn costs<'s>(&'s self, row: usize, columns: Range<usize>, buffer: &'s mut Vec<f64>) -> &'s [f64] {
        let (last, others) = self.axes.split_last().expect("a grid has axes");
        let width = last.ncols();
        let line = last.row(row % last.nrows());
        let line = line.to_slice().expect("a standard layout");
        let row = row / last.nrows();
        buffer.clear();
        let mut column = columns.start;
        while column < columns.end {
            let (outer, inner) = (column / width, column % width);
            let end = width.min(inner + columns.end - column);
            let base = sum(others, row, outer);
            buffer.extend(line[inner..end].iter().map(|c| base + c));
            column += end - inner;
        }
        buffer
    }

    fn cost(&self, row: usize, column: usize) -> f64 {
        let (last, others) = self.axes.split_last().expect("a grid has axes");
        let base = sum(others, row / last.nrows(), column / last.ncols());
        base + last[[row % last.nrows(), column % last.ncols()]]
    }

    fn soft_rows(&self, epsilon: f64, h: &[f64]) -> Option<Vec<f64>> {
        let axes: Vec<_> = self.axes.iter().map(|costs| costs.view()).collect();
        Some(soft_minima(&axes, epsilon, h))
    }

    fn soft_columns(&self, epsilon: f64, h: &[f64]) -> Option<Vec<f64>> {
        let axes: Vec<_> = self.axes.iter().map(|costs| costs.t()).collect();
        Some(soft_minima(&axes, epsilon, h))
    }
}

/// The costs of the given axes between two nodes, from the first axis on.
fn sum(axes: &[Array2<f64>], row: usize, column: usize) -> f64 {
    match axes.split_last() {
        None => 0.0,
        Some((last, others)) => {
            let (i, j) = (row % last.nrows(), column % last.ncols());
            sum(others, row / last.nrows(), column / last.ncols()) + last[[i, j]]
        }
    }
}
