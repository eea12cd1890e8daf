//! One iteration as a map of the target potential.

use super::exp::exp_fused;
use super::lanes::vectorise;
use super::word::WIDTH;
use crate::{Geometry, Transport};
use ndarray::ArrayView1;
use pulp::{Simd, WithSimd};

/// Costs and marginals as shares of the total mass.
pub(super) struct Shares<'g, G: ?Sized> {
    pub(super) geometry: &'g G,
    pub(super) a: Vec<f64>,
    pub(super) b: Vec<f64>,
}

impl<'g, G: Geometry + ?Sized> Shares<'g, G> {
    /// Those of a problem.
    pub(super) fn new(problem: &Transport<'g, G>) -> Self {
        let total = problem.source().sum();
        let shares = |mass: ArrayView1<'_, f64>| mass.iter().map(|m| m / total).collect();
        Self { geometry: problem.geometry(), a: shares(problem.source()), b: shares(problem.target()) }
    }

    /// `(n, m)`.
    pub(super) fn shape(&self) -> (usize, usize) {
        (self.a.len(), self.b.len())
    }
}

/// A number left the range that the form is good for; nothing of the sweep's output may be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct OutOfRange;

/// A form of the iteration at one ε.
///
/// The plan is held to the source masses: for a target potential g the source potential is
/// `f_i = -ε log Σ_j b_j exp((g_j - c_ij)/ε)`, and the next target potential is
/// `g'_j = -ε log Σ_i a_i exp((f_i - c_ij)/ε)`. Column j of the plan of (f, g) then sums to `b_j exp((g_j - g'_j)/ε)`,
/// so one sweep over the costs gives the iterate, the error, and the gradient of the semi-dual.
pub(super) trait Sweep<G: ?Sized> {
    /// Makes ready for sweeps at this ε near these potentials.
    fn absorb(&mut self, shares: &Shares<'_, G>, epsilon: f64, f: &[f64], g: &[f64]);

    /// `f` and `g'` of `g`. Entries of points without mass are left as they are, or 0.
    fn sweep(
        &mut self,
        shares: &Shares<'_, G>,
        g: &[f64],
        f: &mut [f64],
        next: &mut [f64],
    ) -> Result<(), OutOfRange>;
}

/// `Σ_j b_j |exp((g_j - g'_j)/ε) - 1|`: the L1 error of the target marginal, where the source marginal is met.
pub(super) fn error(g: &[f64], next: &[f64], b: &[f64], epsilon: f64) -> f64 {
    vectorise(Error { g, next, b, scale: 1.0 / epsilon })
}

struct Error<'e> {
    g: &'e [f64],
    next: &'e [f64],
    b: &'e [f64],
    scale: f64,
}

impl WithSimd for Error<'_> {
    type Output = f64;

    #[inline(always)]
    fn with_simd<S: Simd>(self, _: S) -> f64 {
        let mut sums = [0.0; WIDTH];
        let chunks = self.g.chunks(WIDTH).zip(self.next.chunks(WIDTH)).zip(self.b.chunks(WIDTH));
        for ((g, next), b) in chunks {
            for (sum, ((g, next), b)) in sums.iter_mut().zip(g.iter().zip(next).zip(b)) {
                let x = (g - next) * self.scale;
                // Beyond this the error is the product of mass and e^700: as good as infinite.
                *sum += b * (exp_fused::<S>(if x < 700.0 { x } else { 700.0 }) - 1.0).abs();
            }
        }
        sums.iter().sum()
    }
}

/// Problems with fewer entries than this are worked on by one thread.
pub(super) const SMALL: usize = 1 << 15;

/// Rows of a block: a multiple of four that depends on the number of rows alone.
pub(super) fn block_rows(n: usize) -> usize {
    n.div_ceil(64).next_multiple_of(4).max(32)
}
