//! The gradient of the sliced distance.

use super::line::{Lines, Side, power, slope};
use super::{Clouds, Sliced};
use crate::{CloudGradient, Order, OtError};
use chreode_core::Real;
use ndarray::{Array1, Array2, ArrayView1, ArrayView2};

/// `SW_p` with the gradient of `SW_pᵖ` (the field `cost`) in the points and in the weights as given.
///
/// The mean over the directions of the gradient of one-dimensional transport: a matched pair at distance `d =
/// ⟨θ, x_i − y_j⟩` with mass P pulls `x_i` by `P p |d|ᵖ⁻¹ sign(d) θ`; in the weights, the dual potentials
/// along the line. Where points tie, one of the subgradients. O(K (n + m)) memory for K directions.
///
/// # Errors
/// As [`sliced_wasserstein`](crate::sliced_wasserstein).
pub fn sliced_wasserstein_gradient<T: Real>(
    x: ArrayView2<'_, T>,
    y: ArrayView2<'_, T>,
    a: Option<ArrayView1<'_, T>>,
    b: Option<ArrayView1<'_, T>>,
    order: Order,
    directions: ArrayView2<'_, f64>,
) -> Result<(Sliced, CloudGradient), OtError> {
    let clouds = Clouds::new(x, y, a, b, order, directions)?;
    let rows = clouds.each_direction(directions, |lines, x, y| Pull::new(lines, x, y, order));
    let count = rows.len() as f64;
    let mean = |part: &dyn Fn(&Pull) -> &[f64], size: usize| {
        let mut sum = Array1::<f64>::zeros(size);
        rows.iter().for_each(|row| sum += &ArrayView1::from(part(row)));
        sum / count
    };
    let points = |part: &dyn Fn(&Pull) -> &[f64], size: usize| {
        let mut slopes = Array2::zeros((rows.len(), size));
        slopes
            .rows_mut()
            .into_iter()
            .zip(&rows)
            .for_each(|(mut out, row)| out.assign(&ArrayView1::from(part(row))));
        slopes.t().dot(&directions) / count
    };
    let (n, m) = (clouds.x.nrows(), clouds.y.nrows());
    let gradient = CloudGradient {
        x: points(&|row| &row.x, n),
        y: points(&|row| &row.y, m),
        a: clouds.weights[0].gradient(mean(&|row| &row.u, n).view()),
        b: clouds.weights[1].gradient(mean(&|row| &row.v, m).view()),
    };
    Ok((Sliced::new(rows.iter().map(|row| row.cost).collect(), order), gradient))
}

/// Transport along one direction with its derivatives in the coordinates, and its dual potentials.
pub(super) struct Pull {
    pub(super) cost: f64,
    pub(super) x: Vec<f64>,
    pub(super) y: Vec<f64>,
    u: Vec<f64>,
    v: Vec<f64>,
}

impl Pull {
    pub(super) fn new(lines: &mut Lines<'_>, x: Side<'_>, y: Side<'_>, order: Order) -> Self {
        let zeros = |side: Side<'_>| vec![0.0; side.len()];
        let mut pull = Self { cost: 0.0, x: zeros(x), y: zeros(y), u: zeros(x), v: zeros(y) };
        let mut last = None;
        lines.moves(x, y, |i, j, mass| {
            let d = x[i] - y[j];
            let cost = power(order, d);
            pull.cost += mass * cost;
            let force = mass * slope(order, d);
            pull.x[i] += force;
            pull.y[j] -= force;
            // The staircase of moves is a tree: u_i + v_j = c_ij along it. For a convex cost that is dual
            // feasible.
            match last {
                Some((before, _)) if before == i => pull.v[j] = cost - pull.u[i],
                Some(_) => pull.u[i] = cost - pull.v[j],
                None => pull.v[j] = cost,
            }
            last = Some((i, j));
        });
        pull
    }
}
