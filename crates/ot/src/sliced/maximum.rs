//! The max-sliced distance: the direction along which the clouds differ most.

use super::gradient::Pull;
use super::{Clouds, Side};
use crate::{Order, OtError};
use chreode_core::Real;
use ndarray::{Array1, ArrayView1, ArrayView2};
use rayon::prelude::*;

/// What [`max_sliced_wasserstein`] returns.
#[derive(Clone, Debug, PartialEq)]
pub struct MaxSliced {
    /// `max W_p` over the directions visited: a lower bound of the maximum over the sphere.
    pub value: f64,
    /// Its p-th power.
    pub cost: f64,
    /// Where, of length 1.
    pub direction: Array1<f64>,
    /// Steps taken from the start that won.
    pub iterations: usize,
    /// The part of the gradient of `cost` along the sphere there; zero at a smooth maximum.
    pub slope: f64,
}

/// The max-sliced Wasserstein distance: `W_p` along the direction where it is largest.
///
/// Gradient ascent on the sphere from each of the given `starts`, with steps halved until `W_pᵖ` rises enough
/// (Armijo), at most `iterations` of them; the best end wins. The problem is not convex: more starts are more
/// sure, and no result is below the largest of the starts. I. Deshpande et al., CVPR 2019, arXiv 1904.05877;
/// S. Kolouri et al., NeurIPS 2019, arXiv 1902.00434.
///
/// # Errors
/// As [`sliced_wasserstein`](crate::sliced_wasserstein).
pub fn max_sliced_wasserstein<T: Real>(
    x: ArrayView2<'_, T>,
    y: ArrayView2<'_, T>,
    a: Option<ArrayView1<'_, T>>,
    b: Option<ArrayView1<'_, T>>,
    order: Order,
    starts: ArrayView2<'_, f64>,
    iterations: usize,
) -> Result<MaxSliced, OtError> {
    let clouds = Clouds::new(x, y, a, b, order, starts)?;
    let ends: Vec<MaxSliced> = (0..starts.nrows())
        .into_par_iter()
        .map(|k| climb(&clouds, starts.row(k).to_owned(), iterations))
        .collect();
    let mut best = &ends[0];
    for end in &ends[1..] {
        if end.cost > best.cost {
            best = end;
        }
    }
    Ok(best.clone())
}

fn climb(clouds: &Clouds, start: Array1<f64>, most: usize) -> MaxSliced {
    let mut lines = clouds.lines();
    let mut at = |direction: &Array1<f64>| {
        let (px, py) = (clouds.x.dot(direction), clouds.y.dot(direction));
        let side = |p: &Array1<f64>| -> Vec<f64> { p.to_vec() };
        let (px, py): (Vec<f64>, Vec<f64>) = (side(&px), side(&py));
        let (sx, sy): (Side<'_>, Side<'_>) = (&px, &py);
        let pull = Pull::new(&mut lines, sx, sy, clouds.order);
        let gradient =
            clouds.x.t().dot(&ArrayView1::from(&pull.x)) + clouds.y.t().dot(&ArrayView1::from(&pull.y));
        let along = gradient.dot(direction);
        (pull.cost, &gradient - &(direction * along))
    };
    let mut direction = start;
    let (mut cost, mut tangent) = at(&direction);
    let mut step = 1.0 / cost.max(f64::MIN_POSITIVE);
    let mut iterations = 0;
    'steps: while iterations < most {
        let square = tangent.dot(&tangent);
        if square <= 1e-24 * cost * cost {
            break;
        }
        step *= 2.0;
        let (next, reached) = loop {
            let next = &direction + &(&tangent * step);
            let next = &next / next.dot(&next).sqrt();
            let reached = at(&next);
            if reached.0 >= cost + 1e-4 * step * square {
                break (next, reached);
            }
            step *= 0.5;
            if step * square <= 1e-16 * cost {
                break 'steps;
            }
        };
        direction = next;
        (cost, tangent) = reached;
        iterations += 1;
    }
    let slope = tangent.dot(&tangent).sqrt();
    MaxSliced { value: clouds.order.root(cost), cost, direction, iterations, slope }
}
