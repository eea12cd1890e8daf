//! Costs as linear maps: factored, or read from any geometry a block of rows at a time.

use crate::gromov::product;
use crate::{Geometry, OtError};
use chreode_core::Real;
use ndarray::{Array1, Array2, ArrayView2, Axis};
use rayon::prelude::*;
use std::ops::Range;

/// Costs `c_ij = Σ_k left_ik right_jk`: memory O((n + m) d), products with a matrix O((n + m) d) a column.
///
/// A [`Geometry`] like any other, so that every solver takes it; `LowRankSinkhorn::solve_factored` makes
/// use of the factors.
#[derive(Clone, Debug, PartialEq)]
pub struct FactoredCost {
    left: Array2<f64>,
    right: Array2<f64>,
}

impl FactoredCost {
    /// `left rightᵀ`.
    ///
    /// # Errors
    /// An empty side, different numbers of columns, an entry that is not finite.
    pub fn new(left: Array2<f64>, right: Array2<f64>) -> Result<Self, OtError> {
        for (side, factor) in [("source", &left), ("target", &right)] {
            if factor.nrows() == 0 {
                return Err(OtError::Empty { side });
            }
            if let Some(((row, column), &value)) = factor.indexed_iter().find(|(_, v)| !v.is_finite()) {
                return Err(OtError::BadPoint { side, row, column, value });
            }
        }
        if left.ncols() != right.ncols() {
            return Err(OtError::Dimension { source_columns: left.ncols(), target_columns: right.ncols() });
        }
        Ok(Self { left, right })
    }

    /// `|x_i - y_j|²` with `d + 2` columns. The points are centred first, so that little cancels; an entry
    /// is still off by rounding of the largest, and may be a negative one.
    ///
    /// # Errors
    /// An empty side, different numbers of columns, a coordinate that is not finite.
    pub fn squared_euclidean<T: Real>(x: ArrayView2<'_, T>, y: ArrayView2<'_, T>) -> Result<Self, OtError> {
        let (left, right) = squared_euclidean_factors("source", x, y)?;
        Ok(Self { left, right })
    }

    /// The factors.
    pub fn factors(&self) -> (ArrayView2<'_, f64>, ArrayView2<'_, f64>) {
        (self.left.view(), self.right.view())
    }
}

impl Geometry for FactoredCost {
    fn shape(&self) -> (usize, usize) {
        (self.left.nrows(), self.right.nrows())
    }

    fn costs<'s>(&'s self, row: usize, columns: Range<usize>, buffer: &'s mut Vec<f64>) -> &'s [f64] {
        let left = self.left.row(row);
        buffer.clear();
        buffer.extend(columns.map(|column| left.dot(&self.right.row(column))));
        buffer
    }
}

/// `(|x|², 1, -2x)` and `(1, |y|², y)` of the points less their common mean.
pub(crate) fn squared_euclidean_factors<T: Real>(
    side: &'static str,
    x: ArrayView2<'_, T>,
    y: ArrayView2<'_, T>,
) -> Result<(Array2<f64>, Array2<f64>), OtError> {
    for (side, points) in [(side, &x), ("target", &y)] {
        if points.nrows() == 0 {
            return Err(OtError::Empty { side });
        }
        if let Some(((row, column), value)) = points.indexed_iter().find(|(_, v)| !v.is_finite()) {
            return Err(OtError::BadPoint { side, row, column, value: Real::to_f64(*value) });
        }
    }
    if x.ncols() != y.ncols() {
        return Err(OtError::Dimension { source_columns: x.ncols(), target_columns: y.ncols() });
    }
    let d = x.ncols();
    let (mut x, mut y) = (x.mapv(Real::to_f64), y.mapv(Real::to_f64));
    let centre: Array1<f64> = (x.sum_axis(Axis(0)) + y.sum_axis(Axis(0))) / (x.nrows() + y.nrows()) as f64;
    x -= &centre;
    y -= &centre;
    let squares =
        |points: &Array2<f64>| points.rows().into_iter().map(|row| row.dot(&row)).collect::<Vec<_>>();
    let (x_squares, y_squares) = (squares(&x), squares(&y));
    let left = Array2::from_shape_fn((x.nrows(), d + 2), |(i, k)| match k {
        0 => x_squares[i],
        1 => 1.0,
        _ => -2.0 * x[[i, k - 2]],
    });
    let right = Array2::from_shape_fn((y.nrows(), d + 2), |(j, k)| match k {
        0 => 1.0,
        1 => y_squares[j],
        _ => y[[j, k - 2]],
    });
    Ok((left, right))
}

/// Costs as a linear map.
pub(crate) trait CostProduct {
    /// `C y`.
    fn product(&self, y: ArrayView2<'_, f64>) -> Array2<f64>;

    /// `Cᵀ x`.
    fn transposed(&self, x: ArrayView2<'_, f64>) -> Array2<f64>;
}

impl CostProduct for FactoredCost {
    fn product(&self, y: ArrayView2<'_, f64>) -> Array2<f64> {
        product(self.left.view(), self.right.t().dot(&y).view())
    }

    fn transposed(&self, x: ArrayView2<'_, f64>) -> Array2<f64> {
        product(self.right.view(), self.left.t().dot(&x).view())
    }
}

/// Any geometry, a block of rows at a time.
pub(crate) struct Blocks<'g, G: ?Sized>(pub(crate) &'g G);

/// Rows of one block; fixed, so that the bits do not depend on the number of threads.
const ROWS: usize = 64;

/// Parts into which the rows of a transposed product are cut, each with a sum of its own; fixed too.
const PARTS: usize = 16;

impl<G: Geometry + ?Sized> Blocks<'_, G> {
    /// The costs of one block of rows.
    fn block(&self, start: usize, buffer: &mut Vec<f64>) -> Array2<f64> {
        let (n, m) = self.0.shape();
        let mut costs = Array2::zeros((ROWS.min(n - start), m));
        for (row, mut out) in costs.rows_mut().into_iter().enumerate() {
            let from = self.0.costs(start + row, 0..m, buffer);
            out.iter_mut().zip(from).for_each(|(out, &c)| *out = c);
        }
        costs
    }
}

impl<G: Geometry + ?Sized> CostProduct for Blocks<'_, G> {
    fn product(&self, y: ArrayView2<'_, f64>) -> Array2<f64> {
        let mut out = Array2::zeros((self.0.shape().0, y.ncols()));
        let blocks: Vec<_> = out.axis_chunks_iter_mut(Axis(0), ROWS).enumerate().collect();
        blocks.into_par_iter().for_each_init(Vec::new, |buffer, (block, mut out)| {
            out.assign(&self.block(block * ROWS, buffer).dot(&y));
        });
        out
    }

    fn transposed(&self, x: ArrayView2<'_, f64>) -> Array2<f64> {
        let (n, m) = self.0.shape();
        let blocks = n.div_ceil(ROWS);
        let each = blocks.div_ceil(PARTS);
        let parts: Vec<Array2<f64>> = (0..blocks.div_ceil(each))
            .into_par_iter()
            .map_init(Vec::new, |buffer, part| {
                let mut sum = Array2::zeros((m, x.ncols()));
                for block in part * each..((part + 1) * each).min(blocks) {
                    let costs = self.block(block * ROWS, buffer);
                    let rows = x.slice(ndarray::s![block * ROWS..block * ROWS + costs.nrows(), ..]);
                    ndarray::linalg::general_mat_mul(1.0, &costs.t(), &rows, 1.0, &mut sum);
                }
                sum
            })
            .collect();
        parts.into_iter().fold(Array2::zeros((m, x.ncols())), |sum, part| sum + &part)
    }
}
