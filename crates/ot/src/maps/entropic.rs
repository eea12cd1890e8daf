//! The entropic map: where any point goes, from the potential of an entropic plan.

use crate::divergence::{contiguous, soft_minimum, weighted};
use crate::sinkhorn::exp;
use crate::weights::Weights;
use crate::{CostFunction, OtError, PointCloud, SquaredEuclidean};
use chreode_core::Real;
use ndarray::{Array1, Array2, ArrayView1, ArrayView2};
use rayon::prelude::*;

/// `T(x) = Σ_j p_j(x) y_j` with `p_j(x) ∝ b_j exp((g_j − c(x, y_j))/ε)`: the mean of the entropic plan's
/// conditional, continued to every point of the space.
///
/// At a source point it is the barycentric projection of the plan; for the squared distance it is the
/// gradient `x − ½ ∇f(x)` of the continued potential, and an estimate of the optimal map from samples: A.-A.
/// Pooladian and J. Niles-Weed, 2021, arXiv 2109.12004. Far outside the source the continuation is only the
/// formula. O(m d) a point, nothing is stored a point.
///
/// ```
/// use chreode_ot::{EntropicMap, OtSolver, PointCloud, Sinkhorn, SquaredEuclidean, Stop, Transport};
/// use ndarray::array;
///
/// let (x, y) = (array![[0.0], [1.0]], array![[5.0], [6.0]]);
/// let cloud = PointCloud::new(x.view(), y.view(), &SquaredEuclidean)?;
/// let problem = Transport::uniform(&cloud)?;
/// let plan = Sinkhorn::new(1.0, Stop::Within { tolerance: 1e-9, max_iterations: 1000 }).solve(&problem)?;
/// let map = EntropicMap::new(&SquaredEuclidean, y.view(), None, plan.target_potential(), 1.0)?;
/// let moved = map.apply(array![[-3.0], [0.5]].view())?;
/// assert!((moved[[0, 0]] - 5.0).abs() < 1e-2 && (moved[[1, 0]] - 5.5).abs() < 1e-9);
/// # Ok::<(), chreode_ot::OtError>(())
/// ```
#[derive(Clone, Debug)]
pub struct EntropicMap<'c, C> {
    cost: &'c C,
    targets: Array2<f64>,
    columns: Array2<f64>,
    weighted: Vec<f64>,
    epsilon: f64,
}

impl<'c, C: CostFunction> EntropicMap<'c, C> {
    /// From the target points, their weights (`None`: equal) and the plan's target potential at the same
    /// `epsilon`.
    ///
    /// # Errors
    /// No target, a coordinate or a potential that is not finite, sizes that differ, bad weights, or an ε
    /// that is not positive.
    pub fn new<T: Real>(
        cost: &'c C,
        targets: ArrayView2<'_, T>,
        weights: Option<ArrayView1<'_, T>>,
        potential: ArrayView1<'_, f64>,
        epsilon: f64,
    ) -> Result<Self, OtError> {
        PointCloud::new(targets, targets, cost).map_err(|error| match error {
            OtError::Empty { .. } => OtError::Empty { side: "target" },
            OtError::BadPoint { row, column, value, .. } => {
                OtError::BadPoint { side: "target", row, column, value }
            }
            other => other,
        })?;
        if !(epsilon > 0.0 && epsilon.is_finite()) {
            return Err(OtError::BadParameter {
                name: "epsilon",
                value: epsilon,
                range: "positive and finite",
            });
        }
        if potential.len() != targets.nrows() {
            let (expected, found) = (targets.nrows(), potential.len());
            return Err(OtError::Shape { what: "the target potential", expected, found });
        }
        if let Some(point) = potential.iter().position(|p| !p.is_finite()) {
            return Err(OtError::BadPotential { point, value: potential[point] });
        }
        let weights = Weights::new("target", "the target weights", weights, targets.nrows())?;
        let weighted = weighted(potential, weights.shares.view(), epsilon);
        let targets = contiguous(targets);
        let columns = contiguous(targets.t());
        Ok(Self { cost, targets, columns, weighted, epsilon })
    }

    /// The image of each row of `x`.
    ///
    /// # Errors
    /// Points of another dimension, a coordinate that is not finite, or a point from which the cost forbids
    /// every move.
    pub fn apply<T: Real>(&self, x: ArrayView2<'_, T>) -> Result<Array2<f64>, OtError> {
        let x = self.checked(x)?;
        let rows = self.each(&x, |_, shares| ArrayView1::from(shares).dot(&self.targets));
        stacked(&rows, x.dim())
    }

    /// The continued potential `f(x) = −ε log Σ_j b_j exp((g_j − c(x, y_j))/ε)` at each row of `x`.
    ///
    /// # Errors
    /// As [`apply`](Self::apply).
    pub fn potential<T: Real>(&self, x: ArrayView2<'_, T>) -> Result<Array1<f64>, OtError> {
        let x = self.checked(x)?;
        let one = |i: usize, costs: &mut Vec<f64>| {
            self.costs(&x, i, costs);
            soft_minimum(costs, &self.weighted, self.epsilon)
        };
        let values: Vec<f64> =
            (0..x.nrows()).into_par_iter().map_init(Vec::new, |costs, i| one(i, costs)).collect();
        Ok(values.into())
    }

    fn checked<T: Real>(&self, x: ArrayView2<'_, T>) -> Result<Array2<f64>, OtError> {
        if x.ncols() != self.targets.ncols() {
            return Err(OtError::Dimension {
                source_columns: x.ncols(),
                target_columns: self.targets.ncols(),
            });
        }
        let x = contiguous(x);
        match x.indexed_iter().find(|(_, v)| !v.is_finite()) {
            Some(((row, column), &value)) => Err(OtError::BadPoint { side: "source", row, column, value }),
            None => Ok(x),
        }
    }

    fn costs(&self, x: &Array2<f64>, i: usize, out: &mut Vec<f64>) {
        let columns: Vec<&[f64]> =
            self.columns.rows().into_iter().map(|c| c.to_slice().expect("contiguous")).collect();
        out.resize(self.weighted.len(), 0.0);
        self.cost.row(x.row(i).to_slice().expect("contiguous"), &columns, out);
    }

    /// A function of the conditional `p(x_i)` of every row, in order.
    fn each<R: Send>(&self, x: &Array2<f64>, f: impl Fn(usize, &[f64]) -> R + Sync) -> Vec<R> {
        (0..x.nrows())
            .into_par_iter()
            .map_init(Vec::new, |shares, i| {
                self.costs(x, i, shares);
                let low = soft_minimum(shares, &self.weighted, self.epsilon);
                for (share, h) in shares.iter_mut().zip(&self.weighted) {
                    *share =
                        if low.is_finite() { exp((low - (*share - h)) / self.epsilon) } else { f64::NAN };
                }
                f(i, shares)
            })
            .collect()
    }
}

impl EntropicMap<'_, SquaredEuclidean> {
    /// `DT(x_i) v_i` for each row: `(2/ε) Cov_p(x)(y) v`, for the squared distance. The derivative is
    /// symmetric and positive semidefinite, as that of the gradient of a convex function is.
    ///
    /// # Errors
    /// As [`apply`](Self::apply), or as many tangents as there are not points.
    pub fn jvp<T: Real>(&self, x: ArrayView2<'_, T>, v: ArrayView2<'_, T>) -> Result<Array2<f64>, OtError> {
        if v.nrows() != x.nrows() {
            return Err(OtError::Shape { what: "the tangents", expected: x.nrows(), found: v.nrows() });
        }
        let (x, v) = (self.checked(x)?, self.checked(v)?);
        let rows = self.each(&x, |i, shares| {
            let mean = ArrayView1::from(shares).dot(&self.targets);
            let along = self.targets.dot(&v.row(i)) - mean.dot(&v.row(i));
            let pulled = (&along * &ArrayView1::from(shares)).dot(&self.targets);
            let centre = mean * along.dot(&ArrayView1::from(shares));
            (pulled - centre) * (2.0 / self.epsilon)
        });
        stacked(&rows, x.dim())
    }
}

/// The rows as a matrix; a row without allowed move is not a number.
fn stacked(rows: &[Array1<f64>], shape: (usize, usize)) -> Result<Array2<f64>, OtError> {
    let lost = |row: &Array1<f64>| row.iter().any(|v| v.is_nan());
    if let Some(row) = rows.iter().position(lost) {
        let unplaced = rows.iter().filter(|row| lost(row)).count() as f64 / rows.len() as f64;
        return Err(OtError::Infeasible { unplaced, row });
    }
    let mut out = Array2::zeros(shape);
    out.rows_mut().into_iter().zip(rows).for_each(|(mut out, row)| out.assign(row));
    Ok(out)
}
