//! Jacobians by forward differences, one evaluation a colour.

use super::Jacobian;
use super::colouring::Colouring;
use crate::Matrix;
use chreode_core::{Coordinates, FiniteDifference, VectorField};

/// Below this size of an entry its increment shrinks no further.
const LEAST_SIZE: f64 = 1e-5;

/// `√ε |y|` for large entries, `√(ε |y|)` for small ones: an entry near zero is moved by more than its
/// part, because the slope it is compared with need not be small.
fn increment(y: f64) -> f64 {
    let size = y.abs();
    f64::EPSILON.sqrt() * if size >= 1.0 { size } else { size.max(LEAST_SIZE).sqrt() }
}

/// Memory for Jacobians by [`FiniteDifference`].
pub struct DifferenceWorkspace<Y> {
    colouring: Colouring,
    state: Y,
    ahead: Y,
    base: Vec<f64>,
    moved: Vec<f64>,
    slope: Vec<f64>,
    difference: Vec<f64>,
}

/// The increment of an entry `y` is `√ε |y|` where `|y| ≥ 1` and `√(ε max(|y|, 10⁻⁵))` below, in the direction
/// of its slope, and made a difference of two floating-point numbers; columns without a row in common share an evaluation.
impl<Y: Coordinates, F: VectorField<Y>> Jacobian<Y> for FiniteDifference<F> {
    type Workspace = DifferenceWorkspace<Y>;

    fn workspace(&self, y: &Y, like: &Matrix) -> DifferenceWorkspace<Y> {
        let zeros = || vec![0.0; y.size()];
        DifferenceWorkspace {
            colouring: Colouring::new(like),
            state: y.duplicate(),
            ahead: y.duplicate(),
            base: zeros(),
            moved: zeros(),
            slope: zeros(),
            difference: zeros(),
        }
    }

    fn jacobian(
        &self,
        t: f64,
        y: &Y,
        slope: &Y,
        out: &mut Matrix,
        workspace: &mut DifferenceWorkspace<Y>,
    ) -> usize {
        let DifferenceWorkspace { colouring, state, ahead, base, moved, slope: f, difference } = workspace;
        y.read(base);
        slope.read(f);
        moved.copy_from_slice(base);
        for colour in 0..colouring.count() {
            for &j in colouring.columns(colour) {
                let step = increment(base[j]).copysign(f[j]);
                moved[j] = base[j] + step;
            }
            state.write(moved);
            self.0.eval_into(t, state, ahead);
            ahead.read(difference);
            for (d, f) in difference.iter_mut().zip(&*f) {
                *d -= f;
            }
            for &j in colouring.columns(colour) {
                let scale = 1.0 / (moved[j] - base[j]);
                out.set_column(j, |i| scale * difference[i]);
                moved[j] = base[j];
            }
        }
        colouring.count()
    }
}
