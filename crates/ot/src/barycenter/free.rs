//! Barycenters that choose their points.

use super::{in_measure, shares};
use crate::problem::masses;
use crate::{CostFunction, Coupling, OtError, OtSolver, SquaredEuclidean, Stop, Transport};
use ndarray::{Array1, Array2, ArrayView1, ArrayView2, Axis};

/// The W₂ barycenter of point clouds: `n` points with given masses that move to where they are best.
///
/// Minimises `Σ_k λ_k W₂²(X, Y_k)` over the points `X`. Each iteration plans the way from `X` to every
/// cloud by the solver it is given, exact ([`NetworkSimplex`](crate::NetworkSimplex)) or entropic
/// ([`Sinkhorn`](crate::Sinkhorn)), and moves each point to the mean of its images, `x_i ← Σ_k λ_k Σ_j
/// P^k_ij y^k_j / a_i`, the minimum for these plans. With exact plans the objective never rises. It is not
/// convex in the points: another start may end elsewhere.
///
/// The stop rule's residual is the root mean square move of the last iteration over the spread of the clouds.
///
/// M. Cuturi and A. Doucet, ICML 2014, algorithm 2, with fixed masses; P. C.
/// Álvarez-Esteban, E. del Barrio, J. A. Cuesta-Albertos and C. Matrán, J. Math. Anal. Appl. 441, 2016, doi
/// 10.1016/j.jmaa.2016.04.045.
///
/// ```
/// use chreode_ot::{FreeSupportBarycenter, NetworkSimplex, Stop};
/// use ndarray::array;
///
/// let (left, right) = (array![[0.0, 0.0], [0.0, 1.0]], array![[2.0, 0.0], [2.0, 1.0]]);
/// let even = array![0.5, 0.5];
/// let stop = Stop::Within { tolerance: 1e-12, max_iterations: 100 };
/// let middle = FreeSupportBarycenter::new(NetworkSimplex::default(), stop).solve(
///     left.view(),
///     even.view(),
///     &[(left.view(), even.view()), (right.view(), even.view())],
///     array![0.5, 0.5].view(),
/// )?;
/// assert_eq!(middle.points(), array![[1.0, 0.0], [1.0, 1.0]]);
/// # Ok::<(), chreode_ot::OtError>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct FreeSupportBarycenter<S> {
    /// What makes the plans.
    pub solver: S,
    /// When to end.
    pub stop: Stop,
}

/// Points of a barycenter, and how the objective came down.
#[derive(Clone, Debug, PartialEq)]
pub struct FreeBarycenter {
    points: Array2<f64>,
    history: Vec<f64>,
    residual: f64,
}

impl FreeBarycenter {
    /// The points, one a row.
    pub fn points(&self) -> ArrayView2<'_, f64> {
        self.points.view()
    }

    /// `Σ λ_k ⟨C_k, P_k⟩` before each move: the objective, where the plans are exact.
    pub fn history(&self) -> &[f64] {
        &self.history
    }

    /// The number of moves.
    pub fn iterations(&self) -> usize {
        self.history.len()
    }

    /// The last move over the spread of the clouds.
    pub fn residual(&self) -> f64 {
        self.residual
    }
}

/// A cloud: its points, one a row, and their masses.
type Cloud<'c> = (ArrayView2<'c, f64>, ArrayView1<'c, f64>);

impl<S: OtSolver> FreeSupportBarycenter<S> {
    /// Barycenters by this solver.
    pub fn new(solver: S, stop: Stop) -> Self {
        Self { solver, stop }
    }

    /// The barycenter of `clouds` with weights λ, from the points `start` with masses `a`. Masses and
    /// weights are taken as shares of their sums; a point without mass stays where it is.
    ///
    /// # Errors
    /// No clouds, sizes that differ, masses or weights that are negative, not finite or all zero, a
    /// coordinate that is not finite, what the solver says, or [`OtError::NotConverged`] where the stop
    /// asks for a tolerance.
    pub fn solve(
        &self,
        start: ArrayView2<'_, f64>,
        a: ArrayView1<'_, f64>,
        clouds: &[Cloud<'_>],
        weights: ArrayView1<'_, f64>,
    ) -> Result<FreeBarycenter, OtError> {
        self.stop.check()?;
        let weights = shares(weights, clouds.len())?;
        let a = masses("source", "the masses of the barycenter", a, start.nrows())?;
        let a = &a / a.sum();
        let mut measures = Vec::with_capacity(clouds.len());
        for (index, (y, b)) in clouds.iter().enumerate() {
            let b = masses("target", "the masses", *b, y.nrows()).map_err(in_measure(index))?;
            measures.push((*y, &b / b.sum()));
        }
        let mut points = start.to_owned();
        let mut history = Vec::new();
        let mut residual = f64::INFINITY;
        // Known once the first costs have checked the coordinates.
        let mut spread = 0.0;
        loop {
            let iterations = history.len();
            match self.stop {
                Stop::Within { tolerance, .. } if residual <= tolerance => break,
                Stop::Within { tolerance, max_iterations } if iterations >= max_iterations => {
                    let method = "free-support barycenter";
                    return Err(OtError::NotConverged { method, iterations, residual, tolerance });
                }
                Stop::After { iterations: last } if iterations >= last => break,
                _ => {}
            }
            let mut moved = Array2::<f64>::zeros(points.dim());
            let mut objective = 0.0;
            for (index, ((y, b), &weight)) in measures.iter().zip(&weights).enumerate() {
                let wrap = in_measure(index);
                let costs = SquaredEuclidean.matrix(points.view(), *y).map_err(&wrap)?;
                let problem = Transport::new(&costs, a.view(), b.view()).map_err(&wrap)?;
                let plan = self.solver.solve(&problem).map_err(&wrap)?;
                objective += weight * plan.cost();
                moved.scaled_add(weight, &plan.barycentric(*y));
            }
            if spread == 0.0 {
                spread = deviation(&measures, &weights);
            }
            let mut squares = 0.0;
            for ((mut old, new), &mass) in points.rows_mut().into_iter().zip(moved.rows()).zip(&a) {
                if mass > 0.0 {
                    squares += mass * old.iter().zip(new).map(|(x, y)| (x - y) * (x - y)).sum::<f64>();
                    old.assign(&new);
                }
            }
            residual = if squares > 0.0 { squares.sqrt() / spread.max(f64::MIN_POSITIVE) } else { 0.0 };
            history.push(objective);
        }
        Ok(FreeBarycenter { points, history, residual })
    }
}

/// The root of the clouds' mean variance about their common mean.
fn deviation(measures: &[(ArrayView2<'_, f64>, Array1<f64>)], weights: &Array1<f64>) -> f64 {
    let zero = Array1::<f64>::zeros(measures[0].0.ncols());
    let mean = measures.iter().zip(weights).fold(zero, |sum, ((y, b), &w)| sum + &(y.t().dot(b) * w));
    let variance = |(y, b): &(ArrayView2<'_, f64>, Array1<f64>)| {
        let squares = y.axis_iter(Axis(0)).map(|y| (&y - &mean).mapv(|e| e * e).sum());
        squares.zip(b).map(|(s, b)| s * b).sum::<f64>()
    };
    measures.iter().zip(weights).map(|(measure, w)| w * variance(measure)).sum::<f64>().sqrt()
}
