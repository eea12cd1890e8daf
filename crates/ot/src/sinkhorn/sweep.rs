//! One iteration as a map of the target potential.

use super::exp::exp_fused;
use super::lanes::vectorise;
use super::relaxed::{Relaxed, Rows};
use super::word::WIDTH;
use crate::{Geometry, OtError};
use ndarray::ArrayView1;
use pulp::{Simd, WithSimd};

/// Costs and the weights of a plan `a_i b_j exp((f_i + g_j - c_ij)/ε)`.
pub(crate) struct Shares<'g> {
    /// By reference to the trait, so that the solver is compiled once: a geometry is asked for pieces of rows.
    pub(super) geometry: &'g dyn Geometry,
    /// The masses as shares of the total; of relaxed sides the reference, 0 for points that take no part.
    pub(super) a: Vec<f64>,
    pub(super) b: Vec<f64>,
    /// What the sides ask for, where that is not their weights.
    pub(super) relaxed: Option<Relaxed>,
}

impl<'g> Shares<'g> {
    /// Those of masses.
    pub(super) fn new(geometry: &'g dyn Geometry, [a, b]: [ArrayView1<'_, f64>; 2]) -> Self {
        let total = a.sum();
        let shares = |mass: ArrayView1<'_, f64>| mass.iter().map(|m| m / total).collect();
        Self { geometry, a: shares(a), b: shares(b), relaxed: None }
    }

    /// With relaxed sides.
    pub(crate) fn relaxed(geometry: &'g dyn Geometry, relaxed: Relaxed) -> Self {
        let [a, b] = [0, 1].map(|side: usize| relaxed.sides[side].weight.clone());
        Self { geometry, a, b, relaxed: Some(relaxed) }
    }

    /// With any weights.
    pub(super) fn weighted(geometry: &'g dyn Geometry, [a, b]: [Vec<f64>; 2]) -> Self {
        Self { geometry, a, b, relaxed: None }
    }

    /// The weights alone.
    pub(crate) fn into_weights(self) -> [Vec<f64>; 2] {
        [self.a, self.b]
    }

    /// `(n, m)`.
    pub(super) fn shape(&self) -> (usize, usize) {
        (self.a.len(), self.b.len())
    }

    /// How the rows from `first` on answer to their sums, where they are relaxed.
    pub(super) fn rows(&self, epsilon: f64, first: usize) -> Option<Rows<'_>> {
        self.relaxed.as_ref().map(|relaxed| Rows { side: &relaxed.sides[0], epsilon, first })
    }

    /// The source potentials that answer to these soft minima.
    pub(super) fn answer(&self, epsilon: f64, soft: &[f64]) -> Vec<f64> {
        match &self.relaxed {
            None => soft.to_vec(),
            Some(relaxed) => relaxed.sides[0].potentials(epsilon, soft, 0.0),
        }
    }

    /// Puts 0 in the place of potentials of points that take no part.
    ///
    /// # Errors
    /// A point whose mass has to move, and which has no allowed move (its potential is not finite).
    pub(super) fn admit(&mut self, f: &mut [f64], g: &mut [f64]) -> Result<(), OtError> {
        let sides = [(f, &mut self.a), (g, &mut self.b)];
        for (side, (potentials, weights)) in sides.into_iter().enumerate() {
            for (point, (p, weight)) in potentials.iter_mut().zip(weights).enumerate() {
                if *weight == 0.0 {
                    *p = 0.0;
                } else if !p.is_finite() {
                    let unplaced = match &mut self.relaxed {
                        Some(relaxed) => relaxed.sides[side].strand(point),
                        None => Some(*weight),
                    };
                    if let Some(unplaced) = unplaced {
                        return Err(match side {
                            0 => OtError::Infeasible { unplaced, row: point },
                            _ => OtError::Unreachable { unplaced, column: point },
                        });
                    }
                    (*p, *weight) = (0.0, 0.0);
                }
            }
        }
        Ok(())
    }
}

/// A number left the range that the form is good for; nothing of the sweep's output may be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct OutOfRange;

/// A form of the iteration at one ε.
///
/// The plan is held to the source masses: for a target potential g the soft minima of the rows,
/// `F_i = -ε log Σ_j b_j exp((g_j - c_ij)/ε)`, are the source potential f, or f is the [answer](Shares::answer) to them
/// of a relaxed side; and the soft minima of the columns, `G_j = -ε log Σ_i a_i exp((f_i - c_ij)/ε)`, are the next target
/// potential, or that is the answer to them. Column j of the plan of (f, g) sums to `b_j exp((g_j - G_j)/ε)`, so one
/// sweep over the costs gives the iterate, the error, and the gradient of the semi-dual.
pub(super) trait Sweep {
    /// Makes ready for sweeps at this ε near these soft minima.
    fn absorb(&mut self, shares: &Shares<'_>, epsilon: f64, f: &[f64], g: &[f64]);

    /// `F` and `G` of `g`. Entries of points without weight are left as they are, or 0.
    fn sweep(
        &mut self,
        shares: &Shares<'_>,
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
