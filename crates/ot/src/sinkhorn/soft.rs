//! Soft minima of the costs over the columns and over the rows, each cost read once.

use super::exp::exp;
use crate::Geometry;
use rayon::prelude::*;

/// Columns that one task of the second half step works on.
const STRIP: usize = 128;
/// Rows whose differences are kept at once.
const BLOCK: usize = 32;
/// Partial sums of a row, in a fixed order.
const LANES: usize = 16;

/// A potential with its log weight, `f_i + ε log r_i`; −∞ without weight or where no move is allowed.
#[derive(Clone, Debug)]
pub(crate) struct Weighted(Vec<f64>);

impl Weighted {
    pub(crate) fn new(potential: &[f64], weight: &[f64], epsilon: f64) -> Self {
        let one = |(&p, &w): (&f64, &f64)| {
            if w > 0.0 && p.is_finite() { p + epsilon * w.ln() } else { f64::NEG_INFINITY }
        };
        Self(potential.iter().zip(weight).map(one).collect())
    }

    /// The numbers.
    pub(super) fn values(&self) -> &[f64] {
        &self.0
    }
}

/// `-ε log Σ_j exp((h_j - c_ij)/ε)` for each row i and the weighted potential h; +∞ where no move is allowed.
pub(crate) fn rows(geometry: &dyn Geometry, epsilon: f64, weighted: &Weighted) -> Vec<f64> {
    let (n, m) = geometry.shape();
    let arch = pulp::Arch::new();
    (0..n)
        .into_par_iter()
        .map_init(
            || (Vec::new(), vec![0.0; m]),
            |(buffer, differences), row| {
                let costs = geometry.costs(row, 0..m, buffer);
                arch.dispatch(Soft { costs, weighted: &weighted.0, differences, epsilon })
            },
        )
        .collect()
}

/// One row's soft minimum, compiled for the vector instructions that the machine has.
struct Soft<'r> {
    costs: &'r [f64],
    weighted: &'r [f64],
    differences: &'r mut [f64],
    epsilon: f64,
}

impl pulp::WithSimd for Soft<'_> {
    type Output = f64;

    #[inline(always)]
    fn with_simd<S: pulp::Simd>(self, _: S) -> f64 {
        let Self { costs, weighted, differences, epsilon } = self;
        for ((d, &c), &h) in differences.iter_mut().zip(costs).zip(weighted) {
            *d = c - h;
        }
        let mut low = [f64::INFINITY; LANES];
        let (chunks, rest) = differences.as_chunks::<LANES>();
        for chunk in chunks {
            for k in 0..LANES {
                low[k] = if chunk[k] < low[k] { chunk[k] } else { low[k] };
            }
        }
        let least = low.iter().chain(rest).fold(f64::INFINITY, |x, &y| x.min(y));
        if !least.is_finite() {
            return f64::INFINITY;
        }
        let scale = 1.0 / epsilon;
        let mut sums = [0.0; LANES];
        for chunk in chunks {
            for k in 0..LANES {
                sums[k] += exp((least - chunk[k]) * scale);
            }
        }
        let mut sum: f64 = sums.iter().sum();
        sum += rest.iter().map(|&d| exp((least - d) * scale)).sum::<f64>();
        least - epsilon * sum.ln()
    }
}

/// `-ε log Σ_i exp((h_i - c_ij)/ε)` for each column j: a strip of columns a task, blocks of rows in order.
///
/// The sums are carried relative to the least difference so far and rescaled where a block lowers it.
pub(crate) fn columns(geometry: &dyn Geometry, epsilon: f64, weighted: &Weighted) -> Vec<f64> {
    let (_, m) = geometry.shape();
    let live: Vec<(usize, f64)> =
        weighted.0.iter().copied().enumerate().filter(|(_, h)| h.is_finite()).collect();
    let mut out = vec![0.0; m];
    let arch = pulp::Arch::new();
    out.par_chunks_mut(STRIP).enumerate().for_each_init(
        || (Vec::new(), vec![0.0; BLOCK * STRIP]),
        |(buffer, block), (strip, sums)| {
            let width = sums.len();
            let range = strip * STRIP..strip * STRIP + width;
            let (mut least, mut fresh) = ([HUGE; STRIP], [HUGE; STRIP]);
            let (least, fresh) = (&mut least[..width], &mut fresh[..width]);
            for live in live.chunks(BLOCK) {
                for (&(row, h), differences) in live.iter().zip(block.chunks_exact_mut(width)) {
                    let costs = geometry.costs(row, range.clone(), buffer);
                    differences.iter_mut().zip(costs).for_each(|(d, &c)| *d = c - h);
                }
                let differences = &block[..live.len() * width];
                arch.dispatch(Carry { differences, least, fresh, sums, scale: 1.0 / epsilon });
            }
            for (sum, &mut least) in sums.iter_mut().zip(least) {
                *sum = if *sum > 0.0 { least - epsilon * sum.ln() } else { f64::INFINITY };
            }
        },
    );
    out
}

/// Above every difference, and finite: differences of it are numbers.
const HUGE: f64 = 1e300;

/// Adds a block of rows to the sums of a strip.
struct Carry<'r> {
    differences: &'r [f64],
    least: &'r mut [f64],
    fresh: &'r mut [f64],
    sums: &'r mut [f64],
    scale: f64,
}

impl pulp::WithSimd for Carry<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: pulp::Simd>(self, _: S) {
        let Self { differences, least, fresh, sums, scale } = self;
        fresh.copy_from_slice(least);
        for row in differences.chunks_exact(sums.len()) {
            for (fresh, &d) in fresh.iter_mut().zip(row) {
                *fresh = if d < *fresh { d } else { *fresh };
            }
        }
        for ((sum, least), &fresh) in sums.iter_mut().zip(&mut *least).zip(&*fresh) {
            *sum *= exp((fresh - *least) * scale);
            *least = fresh;
        }
        for row in differences.chunks_exact(sums.len()) {
            for ((sum, &fresh), &d) in sums.iter_mut().zip(&*fresh).zip(row) {
                *sum += exp((fresh - d) * scale);
            }
        }
    }
}
