//! The value of entropic transport between two clouds, and its gradient.

use super::{PlanRows, contiguous, point_gradient};
use crate::weights::Weights;
use crate::{
    Certificate, CloudGradient, CostFunction, Coupling, DifferentiableCost, Geometry, OtError, OtSolver,
    PointCloud, Sinkhorn, Stop, Transport,
};
use chreode_core::Real;
use ndarray::{Array1, Array2, ArrayView1, ArrayView2};

/// The largest matrix of costs that is kept, in entries: 128 MiB.
const KEPT: usize = 1 << 24;

/// `OT_ε(α, β) = min ⟨C, P⟩ + ε KL(P | a bᵀ)` between weighted clouds.
///
/// Not zero for equal clouds; [`SinkhornDivergence`](crate::SinkhornDivergence) takes that bias away.
/// Weights are normalised on each side; `None` stands for equal weights.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct EntropicCost {
    /// ε, in the units of the cost, and when to end.
    pub sinkhorn: Sinkhorn,
}

/// What [`EntropicCost::value`] returns.
#[derive(Clone, Debug, PartialEq)]
pub struct EntropicValue {
    /// The dual value, below the optimum by an amount quadratic in the residual.
    pub value: f64,
    /// `f`, one a source point.
    pub source_potential: Array1<f64>,
    /// `g`, one a target point.
    pub target_potential: Array1<f64>,
    /// Iterations, residual, primal and dual value.
    pub certificate: Certificate,
}

impl EntropicCost {
    /// Regularised by `epsilon` from the first iteration on.
    pub fn new(epsilon: f64, stop: Stop) -> Self {
        Self { sinkhorn: Sinkhorn::new(epsilon, stop) }
    }

    /// The value. O(n m d) time an iteration; the costs are kept up to 128 MiB, and computed anew above that.
    ///
    /// # Errors
    /// An empty cloud, different numbers of columns, a coordinate that is not finite, bad weights, and
    /// what [`Sinkhorn`] says.
    pub fn value<T: Real, C: CostFunction>(
        &self,
        cost: &C,
        x: ArrayView2<'_, T>,
        y: ArrayView2<'_, T>,
        a: Option<ArrayView1<'_, T>>,
        b: Option<ArrayView1<'_, T>>,
    ) -> Result<EntropicValue, OtError> {
        let weights = Weights::pair(a, b, (x.nrows(), y.nrows()))?;
        self.between(cost, &contiguous(x), &contiguous(y), &weights)
    }

    /// The value, and its gradient in the points and in the weights as given.
    ///
    /// By the envelope theorem: the derivative in `c_ij` is `P_ij`, so that in `x_i` is
    /// `Σ_j P_ij ∂₁c(x_i, y_j)`, and that in the shares is `f` up to a constant, which the division by the
    /// total fixes. Nothing is unrolled; the error is of the order of the residual.
    ///
    /// # Errors
    /// As [`value`](Self::value).
    pub fn gradient<T: Real, C: DifferentiableCost>(
        &self,
        cost: &C,
        x: ArrayView2<'_, T>,
        y: ArrayView2<'_, T>,
        a: Option<ArrayView1<'_, T>>,
        b: Option<ArrayView1<'_, T>>,
    ) -> Result<(EntropicValue, CloudGradient), OtError> {
        let weights = Weights::pair(a, b, (x.nrows(), y.nrows()))?;
        let (x, y) = (contiguous(x), contiguous(y));
        let value = self.between(cost, &x, &y, &weights)?;
        let potentials = (value.source_potential.view(), value.target_potential.view());
        let shares = (weights[0].shares.view(), weights[1].shares.view());
        let (dx, dy) = plan_gradient(cost, (&x, &y), self.sinkhorn.epsilon, shares, potentials)?;
        let gradient = CloudGradient {
            x: dx,
            y: dy,
            a: weights[0].gradient(potentials.0),
            b: weights[1].gradient(potentials.1),
        };
        Ok((value, gradient))
    }

    pub(super) fn between<C: CostFunction>(
        &self,
        cost: &C,
        x: &Array2<f64>,
        y: &Array2<f64>,
        weights: &[Weights; 2],
    ) -> Result<EntropicValue, OtError> {
        if is_kept(x.nrows(), y.nrows()) {
            self.solve(&cost.matrix(x.view(), y.view())?, weights)
        } else {
            self.solve(&PointCloud::new(x.view(), y.view(), cost)?, weights)
        }
    }

    fn solve<G: Geometry>(&self, geometry: &G, [a, b]: &[Weights; 2]) -> Result<EntropicValue, OtError> {
        let problem = Transport::new(geometry, a.shares.view(), b.shares.view())?;
        let plan = self.sinkhorn.solve(&problem)?;
        let certificate = plan.certificate();
        Ok(EntropicValue {
            value: certificate.dual_cost,
            source_potential: plan.source_potential().to_owned(),
            target_potential: plan.target_potential().to_owned(),
            certificate,
        })
    }
}

/// Whether the costs of an `n × m` problem are kept as a matrix.
pub(super) fn is_kept(n: usize, m: usize) -> bool {
    n.saturating_mul(m) <= KEPT
}

/// The gradient in the points of `OT_ε` with potentials `(f, g)`.
pub(super) fn plan_gradient<C: DifferentiableCost>(
    cost: &C,
    (x, y): (&Array2<f64>, &Array2<f64>),
    epsilon: f64,
    masses: (ArrayView1<'_, f64>, ArrayView1<'_, f64>),
    potentials: (ArrayView1<'_, f64>, ArrayView1<'_, f64>),
) -> Result<(Array2<f64>, Array2<f64>), OtError> {
    let cloud = PointCloud::new(x.view(), y.view(), cost)?;
    let rows = PlanRows { geometry: &cloud, epsilon, masses, potentials };
    Ok(point_gradient(cost, x.view(), y.view(), |i, buffer, out| rows.row_into(i, buffer, out)))
}
