//! Sums of a radial kernel over a cloud, with their gradient.

use crate::{CostFunction, SquaredEuclidean};
use ndarray::{Array1, Array2, ArrayView1};
use rayon::prelude::*;

/// Partial sums, added in a fixed order.
const LANES: usize = 8;

/// A kernel of the squared distance s.
pub(super) trait Kernel: Sync {
    /// `k(s)` and `k'(s)`.
    fn value_and_slope(&self, square: f64) -> (f64, f64);
}

/// `u(z) = Σ_j w_j k(|z − p_j|²)` and its gradient at the rows `z` of `at`, each in a fixed order of
/// operations.
pub(super) fn field(
    at: &Array2<f64>,
    points: &Array2<f64>,
    weights: &Array1<f64>,
    kernel: &impl Kernel,
) -> (Array1<f64>, Array2<f64>) {
    let columns = points.t().as_standard_layout().into_owned();
    let columns: Vec<&[f64]> =
        columns.rows().into_iter().map(|c| c.to_slice().expect("contiguous")).collect();
    let weights = weights.as_slice().expect("contiguous");
    let arch = pulp::Arch::new();
    let rows: Vec<(f64, Vec<f64>)> = (0..at.nrows())
        .into_par_iter()
        .map_init(
            || vec![0.0; weights.len()],
            |squares, i| {
                let z = at.row(i);
                let z = z.to_slice().expect("contiguous");
                SquaredEuclidean.row(z, &columns, squares);
                arch.dispatch(Pull { z, columns: &columns, weights, squares, kernel })
            },
        )
        .collect();
    let mut gradients = Array2::zeros(at.dim());
    gradients.rows_mut().into_iter().zip(&rows).for_each(|(mut g, row)| g.assign(&ArrayView1::from(&row.1)));
    (rows.iter().map(|row| row.0).collect(), gradients)
}

/// One point's sums, compiled for the vector instructions that the machine has.
struct Pull<'p, K> {
    z: &'p [f64],
    columns: &'p [&'p [f64]],
    weights: &'p [f64],
    /// Squared distances; the factors of the differences afterwards.
    squares: &'p mut [f64],
    kernel: &'p K,
}

impl<K: Kernel> pulp::WithSimd for Pull<'_, K> {
    type Output = (f64, Vec<f64>);

    #[inline(always)]
    fn with_simd<S: pulp::Simd>(self, _: S) -> (f64, Vec<f64>) {
        let Self { z, columns, weights, squares, kernel } = self;
        let mut sums = [0.0; LANES];
        for (squares, weights) in squares.chunks_mut(LANES).zip(weights.chunks(LANES)) {
            for k in 0..squares.len().min(LANES) {
                let (value, slope) = kernel.value_and_slope(squares[k]);
                sums[k] += weights[k] * value;
                squares[k] = 2.0 * weights[k] * slope;
            }
        }
        let gradient = z.iter().zip(columns).map(|(&z, column)| {
            let mut sums = [0.0; LANES];
            let (factors, places) = (squares.chunks_exact(LANES), column.chunks_exact(LANES));
            let rest = factors.remainder().iter().zip(places.remainder());
            let rest: f64 = rest.map(|(f, p)| f * (z - p)).sum();
            for (factors, places) in factors.zip(places) {
                for k in 0..LANES {
                    sums[k] += factors[k] * (z - places[k]);
                }
            }
            sums.iter().sum::<f64>() + rest
        });
        let gradient = gradient.collect();
        (sums.iter().sum(), gradient)
    }
}
