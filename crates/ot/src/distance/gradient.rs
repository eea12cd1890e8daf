//! Gradients of the exact distances and of the kernel distances.

use super::kernel::{Kernel, field};
use super::mmd::{Gaussians, widths};
use super::wasserstein::with_plan;
use crate::cost_gradient::EuclideanPower;
use crate::divergence::contiguous;
use crate::weights::Weights;
use crate::{Bandwidth, DifferentiableCost, Mmd, Order, OtError, PointCloud, SparsePlan, Wasserstein};
use chreode_core::Real;
use ndarray::{Array1, Array2, ArrayView1, ArrayView2};

/// The gradient of a number computed from two weighted clouds.
///
/// The weights are normalised on each side, and the derivatives in them are those of the whole computation,
/// this division included: in the weights as given, with `Σ_i a_i ∂/∂a_i = 0`. Where no weights were given,
/// they are `1/n`.
#[derive(Clone, Debug, PartialEq)]
pub struct CloudGradient {
    /// In the source points, n × d.
    pub x: Array2<f64>,
    /// In the target points, m × d.
    pub y: Array2<f64>,
    /// In the source weights.
    pub a: Array1<f64>,
    /// In the target weights.
    pub b: Array1<f64>,
}

/// `W_p` with the gradient of `W_pᵖ` (the field `cost`), and the plan, which is its derivative in the costs.
///
/// By the envelope theorem: `Σ_j P_ij p |x_i − y_j|ᵖ⁻² (x_i − y_j)` in `x_i`, and the dual potentials in the
/// shares. Where the optimal plan or the potentials are not unique (ties), and for p = 1 where points
/// coincide, it is one of the subgradients. Divide by `p W_pᵖ⁻¹` for the gradient of the distance itself.
///
/// # Errors
/// As [`wasserstein`](crate::wasserstein).
pub fn wasserstein_gradient<T: Real>(
    x: ArrayView2<'_, T>,
    y: ArrayView2<'_, T>,
    a: Option<ArrayView1<'_, T>>,
    b: Option<ArrayView1<'_, T>>,
    order: Order,
) -> Result<(Wasserstein, CloudGradient, SparsePlan), OtError> {
    let weights = Weights::pair(a, b, (x.nrows(), y.nrows()))?;
    let (distance, plan) = with_plan(x, y, [&weights[0].shares, &weights[1].shares], order)?;
    let (x, y) = (contiguous(x), contiguous(y));
    let (mut dx, mut dy) = (Array2::zeros(x.dim()), Array2::zeros(y.dim()));
    let cost = EuclideanPower(order.power());
    let mut slope = vec![0.0; x.ncols()];
    for entry in plan.entries() {
        let (from, to) = (x.row(entry.row), y.row(entry.column));
        cost.gradient(from.to_slice().expect("contiguous"), to.to_slice().expect("contiguous"), &mut slope);
        let slope = ArrayView1::from(&slope);
        dx.row_mut(entry.row).scaled_add(entry.mass, &slope);
        dy.row_mut(entry.column).scaled_add(-entry.mass, &slope);
    }
    let gradient = CloudGradient {
        x: dx,
        y: dy,
        a: weights[0].gradient(plan.source_potential()),
        b: weights[1].gradient(plan.target_potential()),
    };
    Ok((distance, gradient, plan))
}

/// The energy distance `2 E|X − Y| − E|X − X'| − E|Y − Y'|` of weighted clouds, and its gradient.
///
/// With equal weights the value is that of [`energy_distance`](crate::energy_distance). Where points
/// coincide, the distance between them counts with slope 0. O((n + m)² d) time, O((n + m) d) memory.
///
/// # Errors
/// An empty cloud, different numbers of columns, a coordinate that is not finite, or bad weights.
pub fn energy_distance_gradient<T: Real>(
    x: ArrayView2<'_, T>,
    y: ArrayView2<'_, T>,
    a: Option<ArrayView1<'_, T>>,
    b: Option<ArrayView1<'_, T>>,
) -> Result<(f64, CloudGradient), OtError> {
    discrepancy(x, y, a, b, &Distance)
}

/// MMD² of weighted clouds, and its gradient at the widths that the rule gives.
///
/// With equal weights the value is that of [`mmd`](crate::mmd). The widths are taken as constants: the way in
/// which a median moves with the points is left out. O((n + m)² d) time, O((n + m) d) memory.
///
/// # Errors
/// As [`mmd`](crate::mmd), and bad weights.
pub fn mmd_gradient<T: Real>(
    x: ArrayView2<'_, T>,
    y: ArrayView2<'_, T>,
    a: Option<ArrayView1<'_, T>>,
    b: Option<ArrayView1<'_, T>>,
    bandwidth: &Bandwidth,
) -> Result<(Mmd, CloudGradient), OtError> {
    let bandwidths = widths(x, y, bandwidth)?;
    let (squared, gradient) = discrepancy(x, y, a, b, &Gaussians(&bandwidths))?;
    Ok((Mmd { squared, bandwidths }, gradient))
}

/// The kernel `−|x − y|`.
struct Distance;

impl Kernel for Distance {
    #[inline(always)]
    fn value_and_slope(&self, square: f64) -> (f64, f64) {
        let distance = square.sqrt();
        (-distance, if distance > 0.0 { -0.5 / distance } else { 0.0 })
    }
}

/// `aᵀ K_xx a + bᵀ K_yy b − 2 aᵀ K_xy b`, with its gradient.
fn discrepancy<T: Real>(
    x: ArrayView2<'_, T>,
    y: ArrayView2<'_, T>,
    a: Option<ArrayView1<'_, T>>,
    b: Option<ArrayView1<'_, T>>,
    kernel: &impl Kernel,
) -> Result<(f64, CloudGradient), OtError> {
    PointCloud::new(x, y, &crate::Euclidean)?;
    let [a, b] = Weights::pair(a, b, (x.nrows(), y.nrows()))?;
    let (x, y) = (contiguous(x), contiguous(y));
    // The witness function ∫ k(·, x) da − ∫ k(·, y) db and its gradient, at the points of both clouds.
    let witness = |points: &Array2<f64>| {
        let (xs, dxs) = field(points, &x, &a.shares, kernel);
        let (ys, dys) = field(points, &y, &b.shares, kernel);
        (xs - ys, dxs - dys)
    };
    let (at_x, mut dx) = witness(&x);
    let (at_y, mut dy) = witness(&y);
    let value = (a.shares.dot(&at_x) - b.shares.dot(&at_y)).max(0.0);
    dx.rows_mut().into_iter().zip(&a.shares).for_each(|(mut row, a)| row *= 2.0 * a);
    dy.rows_mut().into_iter().zip(&b.shares).for_each(|(mut row, b)| row *= -2.0 * b);
    let (a, b) = (a.gradient((&at_x * 2.0).view()), b.gradient((&at_y * -2.0).view()));
    Ok((value, CloudGradient { x: dx, y: dy, a, b }))
}
