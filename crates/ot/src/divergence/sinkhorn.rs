//! The Sinkhorn divergence: entropic transport without its bias.

use super::entropic::{is_kept, plan_gradient};
use super::symmetric::{SelfTransport, solve};
use super::{EntropicCost, EntropicValue, contiguous};
use crate::weights::Weights;
use crate::{
    Certificate, CloudGradient, CostFunction, DifferentiableCost, OtError, PointCloud, Sinkhorn, Stop,
};
use chreode_core::Real;
use ndarray::{Array2, ArrayView1, ArrayView2};

/// `S_ε(α, β) = OT_ε(α, β) − ½ OT_ε(α, α) − ½ OT_ε(β, β)` between weighted clouds.
///
/// Zero for equal clouds and positive else, for costs whose kernel `exp(−c/ε)` is positive definite, as those
/// of [`SquaredEuclidean`](crate::SquaredEuclidean) and [`Euclidean`](crate::Euclidean) are. It tends to the
/// transport cost as ε → 0, and to the MMD² of the kernel `−c/2` as ε → ∞: to the squared distance of the
/// means for the squared distance, to half the energy distance for the distance. J. Feydy et al., AISTATS
/// 2019, arXiv 1810.08278, equation (3) and theorem 1.
///
/// The cross term is a solve of [`Sinkhorn`]; the two self terms have one potential each, found by a
/// symmetric iteration that converges in a few steps. Weights are normalised on each side; `None` stands
/// for equal weights.
///
/// ```
/// use chreode_ot::{SinkhornDivergence, SquaredEuclidean, Stop};
/// use ndarray::array;
///
/// let x = array![[0.0], [1.0]];
/// let y = array![[0.5], [1.5]];
/// let divergence = SinkhornDivergence::new(1.0, Stop::Within { tolerance: 1e-9, max_iterations: 1000 });
/// let (value, gradient) = divergence.gradient(&SquaredEuclidean, x.view(), y.view(), None, None)?;
/// assert!((value.value - 0.25).abs() < 1e-6);         // a shift by h has h², whatever ε is
/// assert!((gradient.x.sum() + 1.0).abs() < 1e-6);     // its slope, −2h
/// # Ok::<(), chreode_ot::OtError>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct SinkhornDivergence {
    /// ε, in the units of the cost, and when each of the three solves ends.
    pub sinkhorn: Sinkhorn,
}

/// What [`SinkhornDivergence::value`] returns.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Divergence {
    /// `S_ε`. Where the clouds are equal it is zero up to the errors of the three terms, of either sign.
    pub value: f64,
    /// `OT_ε(α, β)`.
    pub cross: Certificate,
    /// `OT_ε(α, α)`.
    pub source: Certificate,
    /// `OT_ε(β, β)`.
    pub target: Certificate,
}

impl SinkhornDivergence {
    /// Regularised by `epsilon` from the first iteration on.
    pub fn new(epsilon: f64, stop: Stop) -> Self {
        Self { sinkhorn: Sinkhorn::new(epsilon, stop) }
    }

    /// The divergence.
    ///
    /// # Errors
    /// An empty cloud, different numbers of columns, a coordinate that is not finite, bad weights, a cost
    /// that is seen not to be symmetric, and what [`Sinkhorn`] says.
    pub fn value<T: Real, C: CostFunction>(
        &self,
        cost: &C,
        x: ArrayView2<'_, T>,
        y: ArrayView2<'_, T>,
        a: Option<ArrayView1<'_, T>>,
        b: Option<ArrayView1<'_, T>>,
    ) -> Result<Divergence, OtError> {
        let weights = Weights::pair(a, b, (x.nrows(), y.nrows()))?;
        Ok(self.solve(cost, &contiguous(x), &contiguous(y), &weights)?.0)
    }

    /// The divergence, and its gradient in the points and in the weights as given.
    ///
    /// By the envelope theorem, term by term: in `x_i`, `Σ_j P_ij ∂₁c(x_i, y_j) − Σ_k Q_ik ∂₁c(x_i, x_k)`
    /// with the plan Q of the cloud to itself; in the shares, the difference of the potentials. The error is
    /// of the order of the residuals.
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
    ) -> Result<(Divergence, CloudGradient), OtError> {
        let weights = Weights::pair(a, b, (x.nrows(), y.nrows()))?;
        let (x, y) = (contiguous(x), contiguous(y));
        let (divergence, cross, own) = self.solve(cost, &x, &y, &weights)?;
        let epsilon = self.sinkhorn.epsilon;
        let shares = [weights[0].shares.view(), weights[1].shares.view()];
        let (f, g) = (cross.source_potential.view(), cross.target_potential.view());
        let (mut dx, mut dy) = plan_gradient(cost, (&x, &y), epsilon, (shares[0], shares[1]), (f, g))?;
        for (points, (d, (own, shares))) in
            [&x, &y].into_iter().zip([&mut dx, &mut dy].into_iter().zip(own.iter().zip(shares)))
        {
            let p = own.potential.view();
            let (first, second) = plan_gradient(cost, (points, points), epsilon, (shares, shares), (p, p))?;
            *d -= &((first + second) * 0.5);
        }
        let gradient = CloudGradient {
            x: dx,
            y: dy,
            a: weights[0].gradient((&f - &own[0].potential).view()),
            b: weights[1].gradient((&g - &own[1].potential).view()),
        };
        Ok((divergence, gradient))
    }

    fn solve<C: CostFunction>(
        &self,
        cost: &C,
        x: &Array2<f64>,
        y: &Array2<f64>,
        weights: &[Weights; 2],
    ) -> Result<(Divergence, EntropicValue, [SelfTransport; 2]), OtError> {
        let cross = EntropicCost { sinkhorn: self.sinkhorn }.between(cost, x, y, weights)?;
        symmetric(cost, x, y)?;
        let own = [self.own(cost, x, &weights[0])?, self.own(cost, y, &weights[1])?];
        let [source, target] = [own[0].certificate, own[1].certificate];
        let value = cross.value - 0.5 * source.dual_cost - 0.5 * target.dual_cost;
        Ok((Divergence { value, cross: cross.certificate, source, target }, cross, own))
    }

    fn own<C: CostFunction>(&self, cost: &C, x: &Array2<f64>, a: &Weights) -> Result<SelfTransport, OtError> {
        let Sinkhorn { epsilon, stop, .. } = self.sinkhorn;
        if is_kept(x.nrows(), x.nrows()) {
            solve(&cost.matrix(x.view(), x.view())?, a.shares.view(), epsilon, stop)
        } else {
            solve(&PointCloud::new(x.view(), x.view(), cost)?, a.shares.view(), epsilon, stop)
        }
    }
}

/// Refuses a cost that differs with the order of its points, as seen on the pairs of one row and one column.
fn symmetric<C: CostFunction>(cost: &C, x: &Array2<f64>, y: &Array2<f64>) -> Result<(), OtError> {
    let (n, m) = (x.nrows(), y.nrows());
    for (row, column) in (0..n).map(|i| (i, 0)).chain((0..m).map(|j| (0, j))) {
        let point = |points: &Array2<f64>, k: usize| points.row(k).to_vec();
        let (x, y) = (point(x, row), point(y, column));
        let (forth, back) = (cost.cost(&x, &y), cost.cost(&y, &x));
        if (forth - back).abs() > 1e-9 * forth.abs().max(back.abs()) {
            return Err(OtError::AsymmetricCost { row, column, forth, back });
        }
    }
    Ok(())
}
