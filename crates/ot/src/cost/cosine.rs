//! The cosine distance.

use super::CostFunction;
use super::row::{each, fold};

/// Points whose norms are held together.
const BLOCK: usize = 256;

/// `1 − ⟨x, y⟩ / (|x| |y|)`, from 0 (same direction) to 2 (opposite).
///
/// Computed as `½ |x/|x| − y/|y||²`, which is the same number without the cancellation: it is never negative, and small
/// angles keep their digits. No metric, but half the square of one. A point at the origin has no direction; its
/// costs are NaN, which every solver refuses.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Cosine;

#[inline(always)]
fn square(sum: f64, y: f64) -> f64 {
    sum + y * y
}

#[inline(always)]
fn inverse_norm(squares: f64) -> f64 {
    1.0 / squares.sqrt()
}

fn direction(x: &[f64]) -> f64 {
    inverse_norm(x.iter().fold(0.0, |sum, &x| square(sum, x)))
}

impl CostFunction for Cosine {
    fn cost(&self, x: &[f64], y: &[f64]) -> f64 {
        let (u, v) = (direction(x), direction(y));
        let squares = x.iter().zip(y).fold(0.0, |sum, (x, y)| square(sum, x * u - y * v));
        0.5 * squares
    }

    fn row(&self, x: &[f64], columns: &[&[f64]], out: &mut [f64]) {
        let u = direction(x);
        let mut norms = [0.0; BLOCK];
        for (block, out) in out.chunks_mut(BLOCK).enumerate() {
            let range = block * BLOCK..block * BLOCK + out.len();
            let norms = &mut norms[..out.len()];
            let part: Vec<&[f64]> = columns.iter().map(|column| &column[range.clone()]).collect();
            fold(
                x,
                &part,
                norms,
                #[inline(always)]
                |sum, _, y| square(sum, y),
            );
            each(norms, inverse_norm);
            differences(x, u, &part, norms, out);
        }
    }
}

/// `out[j] = ½ Σ_k (x_k u − y_kj v_j)²`.
fn differences(x: &[f64], u: f64, columns: &[&[f64]], v: &[f64], out: &mut [f64]) {
    pulp::Arch::new().dispatch(
        #[inline(always)]
        || {
            out.fill(0.0);
            for (&x, column) in x.iter().zip(columns) {
                let x = x * u;
                for ((out, &y), &v) in out.iter_mut().zip(*column).zip(v) {
                    *out = square(*out, x - y * v);
                }
            }
            out.iter_mut().for_each(|c| *c *= 0.5);
        },
    );
}
