//! Weak optimal transport with barycentric cost.

mod nearest;

use crate::divergence::contiguous;
use crate::weights::Weights;
use crate::{
    Certificate, CostFunction, Coupling, Entry, NetworkSimplex, OtError, OtSolver, PointCloud, SparsePlan,
    SquaredEuclidean, Stop, Transport,
};
use chreode_core::Real;
use ndarray::{Array1, Array2, ArrayView1, ArrayView2};
use nearest::Hull;
use rand::Rng;
use std::collections::BTreeMap;

/// Minimises `Σ_i a_i |x_i − Σ_j P_ij y_j / a_i|²` over the plans between two weighted clouds.
///
/// A source point pays for the distance to the *mean* of where it goes, not to each place: the value is zero
/// exactly where the target is the source with noise of mean zero added (the convex order, V. Strassen), and
/// never above `W₂²`. The means are the nearest measure to the source that the target dominates in this
/// order. N. Gozlan et al., J. Funct. Anal. 273, 2017, doi 10.1016/j.jfa.2017.08.015; N. Gozlan and N.
/// Juillet, Probab. Theory Relat. Fields 177, 2020, arXiv 1808.04911.
///
/// The set of possible means is a polytope, whose vertices in a direction come from a plan of
/// [`NetworkSimplex`]; the nearest point of the hull of those found is kept exactly, by Wolfe's method (P.
/// Wolfe, Math. Program. 11, 1976, doi 10.1007/BF01580381), the fully corrective form of conditional
/// gradients. So it ends at the optimum and not on a tail of O(1/k). Each iteration is one exact transport
/// problem, whose value bounds the optimum from below.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct WeakTransport {
    /// When to end; the residual is the duality gap as a share of `W₂²`.
    pub stop: Stop,
}

/// What [`WeakTransport::solve`] returns.
#[derive(Clone, Debug, PartialEq)]
pub struct WeakPlan {
    plan: SparsePlan,
    /// `Σ_j P_ij y_j / a_i`, where each source point goes on average; `x_i` itself for a point without mass.
    pub means: Array2<f64>,
}

impl WeakTransport {
    /// The plan between the rows of `x` and of `y`; weights are divided by their sum, `None` stands for equal
    /// ones.
    ///
    /// # Errors
    /// An empty cloud, different numbers of columns, a coordinate that is not finite, bad weights, or
    /// [`OtError::NotConverged`] where the stop asks for a gap.
    pub fn solve<T: Real>(
        &self,
        x: ArrayView2<'_, T>,
        y: ArrayView2<'_, T>,
        a: Option<ArrayView1<'_, T>>,
        b: Option<ArrayView1<'_, T>>,
    ) -> Result<WeakPlan, OtError> {
        self.stop.check()?;
        PointCloud::new(x, y, &SquaredEuclidean)?;
        let [a, b] = Weights::pair(a, b, (x.nrows(), y.nrows()))?.map(|w| w.shares);
        let (x, y) = (contiguous(x), contiguous(y));
        // Moves from `from` to y that gain most: least squared distance is largest correlation.
        let vertex = |from: &Array2<f64>| -> Result<SparsePlan, OtError> {
            let costs = SquaredEuclidean.matrix(from.view(), y.view())?;
            NetworkSimplex::default().solve(&Transport::new(&costs, a.view(), b.view())?)
        };
        // √a_i (x_i − mean_i), one row a point.
        let offset = |plan: &SparsePlan| {
            let mut out = x.clone();
            let pulled = plan.pull(y.view());
            for ((mut out, pulled), &a) in out.rows_mut().into_iter().zip(pulled.rows()).zip(&a) {
                out *= a.sqrt();
                if a > 0.0 {
                    out.scaled_add(-1.0 / a.sqrt(), &pulled);
                }
            }
            out
        };
        let first = vertex(&x)?;
        let scale = first.primal_cost();
        let mut hull = Hull::new(offset(&first));
        let mut plans = vec![first];
        let mut iterations = 0;
        let (residual, gap) = loop {
            let nearest = hull.nearest();
            // The gradient at the means: x_i − mean_i, whatever the mass.
            let mut from = nearest.clone();
            from.rows_mut()
                .into_iter()
                .zip(&a)
                .for_each(|(mut row, a)| row /= if *a > 0.0 { a.sqrt() } else { 1.0 });
            let found = vertex(&from)?;
            let next = offset(&found);
            let square = (nearest * nearest).sum();
            // Every mean lies beyond the plane through `next`: no cost is below its squared distance from the
            // origin.
            let reach = (nearest * &next).sum().max(0.0);
            let gap = if square > 0.0 { (square - reach * reach / square).max(0.0) } else { 0.0 };
            let residual = if scale > 0.0 { gap / scale } else { 0.0 };
            let not_converged = move |tolerance| OtError::NotConverged {
                method: "weak transport",
                iterations,
                residual,
                tolerance,
            };
            match self.stop {
                Stop::Within { tolerance, .. } if residual <= tolerance => break (residual, gap),
                Stop::Within { tolerance, max_iterations } if iterations >= max_iterations => {
                    return Err(not_converged(tolerance));
                }
                Stop::After { iterations: last } if iterations >= last => break (residual, gap),
                _ => {}
            }
            iterations += 1;
            plans.push(found);
            let Some(kept) = hull.add(next) else {
                // The new vertex lies in the span of the others to rounding: nothing is left to gain.
                plans.pop();
                match self.stop {
                    Stop::Within { tolerance, .. } => return Err(not_converged(tolerance)),
                    Stop::After { .. } => break (residual, gap),
                }
            };
            let mut keep = kept.into_iter();
            plans.retain(|_| keep.next().unwrap_or(true));
        };
        let primal_cost = (hull.nearest() * hull.nearest()).sum();
        let certificate = Certificate { iterations, residual, primal_cost, dual_cost: primal_cost - gap };
        let plan = combination(&plans, hull.weights(), certificate);
        let mut means = plan.pull(y.view());
        for ((mut mean, x), &a) in means.rows_mut().into_iter().zip(x.rows()).zip(&a) {
            if a > 0.0 {
                mean /= a;
            } else {
                mean.assign(&x);
            }
        }
        Ok(WeakPlan { plan, means })
    }
}

/// `Σ_k λ_k P_k`.
fn combination(plans: &[SparsePlan], weights: &[f64], certificate: Certificate) -> SparsePlan {
    let mut masses = BTreeMap::new();
    for (plan, weight) in plans.iter().zip(weights) {
        for entry in plan.entries() {
            *masses.entry((entry.row, entry.column)).or_insert(0.0) += weight * entry.mass;
        }
    }
    let entries = masses.into_iter().map(|((row, column), mass)| Entry { row, column, mass }).collect();
    let (n, m) = plans[0].shape();
    SparsePlan::from_parts((n, m), entries, Array1::zeros(n), Array1::zeros(m), certificate)
}

impl WeakPlan {
    /// The entries, by source and then by target.
    pub fn entries(&self) -> &[Entry] {
        self.plan.entries()
    }
}

impl Coupling for WeakPlan {
    fn shape(&self) -> (usize, usize) {
        self.plan.shape()
    }

    fn push(&self, x: ArrayView2<'_, f64>) -> Array2<f64> {
        self.plan.push(x)
    }

    fn pull(&self, y: ArrayView2<'_, f64>) -> Array2<f64> {
        self.plan.pull(y)
    }

    /// The weak cost `Σ_i a_i |x_i − mean_i|²`.
    fn cost(&self) -> f64 {
        self.plan.cost()
    }

    fn certificate(&self) -> Certificate {
        self.plan.certificate()
    }

    fn sample_target<R: Rng + ?Sized>(&self, row: usize, rng: &mut R) -> Option<usize> {
        self.plan.sample_target(row, rng)
    }
}
