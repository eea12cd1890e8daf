//! Euclidean distances and their squares.

use super::CostFunction;
use super::row::each;
use pulp::{Simd, WithSimd};

/// `|x − y|²`, the cost of W₂. From differences, so it is never negative and never cancels.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct SquaredEuclidean;

#[inline(always)]
fn square(sum: f64, x: f64, y: f64) -> f64 {
    let difference = x - y;
    sum + difference * difference
}

impl CostFunction for SquaredEuclidean {
    fn cost(&self, x: &[f64], y: &[f64]) -> f64 {
        x.iter().zip(y).fold(0.0, |sum, (&x, &y)| square(sum, x, y))
    }

    fn row(&self, x: &[f64], columns: &[&[f64]], out: &mut [f64]) {
        pulp::Arch::new().dispatch(Squares { x, columns, out });
    }
}

/// A row of squares in explicit vectors, which are twice as wide as those that loops become.
struct Squares<'r> {
    x: &'r [f64],
    columns: &'r [&'r [f64]],
    out: &'r mut [f64],
}

impl WithSimd for Squares<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        /// Vectors of sums, so that additions need not wait for each other.
        const SUMS: usize = 4;
        let Squares { x, columns, out } = self;
        let width = SUMS * S::F64_LANES;
        let whole = out.len() / width * width;
        for start in (0..whole).step_by(width) {
            let mut sums = [simd.splat_f64s(0.0); SUMS];
            for (&x, column) in x.iter().zip(columns) {
                let (y, _) = S::as_simd_f64s(&column[start..start + width]);
                let x = simd.splat_f64s(x);
                for (sum, &y) in sums.iter_mut().zip(y) {
                    let difference = simd.sub_f64s(x, y);
                    // Rounded after each operation, as in the cost of one pair.
                    *sum = simd.add_f64s(*sum, simd.mul_f64s(difference, difference));
                }
            }
            let (out, _) = S::as_mut_simd_f64s(&mut out[start..start + width]);
            out.copy_from_slice(&sums);
        }
        for (j, out) in out.iter_mut().enumerate().skip(whole) {
            *out = x.iter().zip(columns).fold(0.0, |sum, (&x, column)| square(sum, x, column[j]));
        }
    }
}

/// `|x − y|`, the cost of W₁.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Euclidean;

impl CostFunction for Euclidean {
    fn cost(&self, x: &[f64], y: &[f64]) -> f64 {
        SquaredEuclidean.cost(x, y).sqrt()
    }

    fn row(&self, x: &[f64], columns: &[&[f64]], out: &mut [f64]) {
        SquaredEuclidean.row(x, columns, out);
        each(out, f64::sqrt);
    }
}
