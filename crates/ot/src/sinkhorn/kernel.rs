//! The kernel form: `exp((f_i + g_j - c_ij)/ε)` around some potentials, kept as a matrix or made anew a few rows at
//! a time.

use super::exp::{exp, ln};
use super::lanes::{GROUP, across, along, entries, flush};
use super::sweep::{OutOfRange, SMALL, Shares, Sweep, block_rows};
use super::word::{Lane, WIDTH, Word};
use crate::Geometry;
use rayon::prelude::*;
use std::ops::Range;

/// The kernel with the potentials that are absorbed in it.
///
/// B. Schmitzer, Stabilized sparse scaling algorithms for entropy regularized transport problems, SIAM J. Sci. Comput.
/// 41, 2019, section 3, doi 10.1137/16M1106018.
pub(super) struct Kernel<T> {
    epsilon: f64,
    f: Vec<f64>,
    g: Vec<f64>,
    blocks: Vec<Block<T>>,
    /// `b_j exp((g_j - absorbed g_j)/ε)`.
    weights: Vec<Lane<T>>,
    small: bool,
}

/// Some rows of the kernel, with what a sweep makes of them.
struct Block<T> {
    rows: Range<usize>,
    entries: Vec<Lane<T>>,
    /// `Σ_j K_ij w_j`.
    along: Vec<f64>,
    /// `Σ_i K_ij u_i` over the rows, summed in few and kept in `f64`.
    partial: Vec<Lane<T>>,
    across: Vec<f64>,
}

impl<T: Word> Kernel<T> {
    /// Memory for the kernel; [`Sweep::absorb`] fills it.
    pub(super) fn new((n, m): (usize, usize)) -> Self {
        let (rows, lanes) = (block_rows(n), m.div_ceil(WIDTH));
        let zero = Lane([T::ZERO; WIDTH]);
        let blocks = (0..n.div_ceil(rows))
            .map(|block| {
                let rows = block * rows..((block + 1) * rows).min(n);
                Block {
                    along: vec![0.0; rows.len()],
                    rows,
                    entries: Vec::new(),
                    partial: vec![zero; lanes],
                    across: vec![0.0; m],
                }
            })
            .collect();
        Self {
            epsilon: f64::NAN,
            f: Vec::new(),
            g: Vec::new(),
            blocks,
            weights: vec![zero; lanes],
            small: n * m < SMALL,
        }
    }
}

/// The potential where there is mass, and −∞ elsewhere.
pub(super) fn heights(g: &[f64], b: &[f64]) -> Vec<f64> {
    g.iter().zip(b).map(|(&g, &b)| if b > 0.0 { g } else { f64::NEG_INFINITY }).collect()
}

/// The same for every block, by one thread where the problem is small.
pub(super) fn each<B: Send>(blocks: &mut [B], small: bool, work: impl Fn(&mut B) + Sync) {
    if small { blocks.iter_mut().for_each(work) } else { blocks.par_iter_mut().for_each(|block| work(block)) }
}

impl<G: Geometry + ?Sized, T: Word> Sweep<G> for Kernel<T> {
    fn absorb(&mut self, shares: &Shares<'_, G>, epsilon: f64, f: &[f64], g: &[f64]) {
        self.epsilon = epsilon;
        self.f = f.to_vec();
        self.g = g.to_vec();
        let heights = heights(g, &shares.b);
        let (lanes, scale) = (self.weights.len(), 1.0 / epsilon);
        let arch = pulp::Arch::new();
        each(&mut self.blocks, self.small, |block| {
            let zero = Lane([T::ZERO; WIDTH]);
            block.entries.resize(block.rows.len().next_multiple_of(GROUP) * lanes, zero);
            let mut buffer = Vec::new();
            for (row, out) in block.rows.clone().zip(block.entries.chunks_exact_mut(lanes)) {
                let costs = shares.geometry.costs(row, 0..heights.len(), &mut buffer);
                arch.dispatch(
                    #[inline(always)]
                    || entries(costs, &heights, f[row], scale, out),
                );
            }
        });
    }

    fn sweep(
        &mut self,
        shares: &Shares<'_, G>,
        g: &[f64],
        f: &mut [f64],
        next: &mut [f64],
    ) -> Result<(), OutOfRange> {
        let arch = pulp::Arch::new();
        let scale = 1.0 / self.epsilon;
        let limit = T::BOUND * self.epsilon;
        let far =
            |(j, (g, absorbed)): (usize, (&f64, &f64))| shares.b[j] > 0.0 && !((g - absorbed).abs() <= limit);
        if g.iter().zip(&self.g).enumerate().any(far) {
            return Err(OutOfRange);
        }
        arch.dispatch(
            #[inline(always)]
            || {
                let chunks = g.chunks(WIDTH).zip(self.g.chunks(WIDTH)).zip(shares.b.chunks(WIDTH));
                for (lane, ((g, absorbed), b)) in self.weights.iter_mut().zip(chunks) {
                    for (w, ((g, absorbed), b)) in lane.0.iter_mut().zip(g.iter().zip(absorbed).zip(b)) {
                        *w = T::narrow(b * exp((g - absorbed) * scale));
                    }
                }
            },
        );
        let weights = &self.weights;
        each(&mut self.blocks, self.small, |block| arch.dispatch(Pass { block, weights, a: &shares.a }));
        for block in &self.blocks {
            f[block.rows.clone()].copy_from_slice(&block.along);
        }
        next.fill(0.0);
        let mut safe = true;
        arch.dispatch(
            #[inline(always)]
            || {
                for block in &self.blocks {
                    next.iter_mut().zip(&block.across).for_each(|(sum, part)| *sum += part);
                }
                safe &= potentials::<T>(f, &self.f, &shares.a, self.epsilon);
                safe &= potentials::<T>(next, &self.g, &shares.b, self.epsilon);
            },
        );
        if safe { Ok(()) } else { Err(OutOfRange) }
    }
}

/// Sums of the kernel to potentials, `p_i = absorbed_i - ε log sum_i`; whether all sums are in range.
#[inline(always)]
pub(super) fn potentials<T: Word>(sums: &mut [f64], absorbed: &[f64], mass: &[f64], epsilon: f64) -> bool {
    let mut wrong = 0_u32;
    for ((sum, &absorbed), &mass) in sums.iter_mut().zip(absorbed).zip(mass) {
        let within = *sum > T::LEAST && *sum < 1.0 / T::LEAST;
        wrong |= u32::from((mass > 0.0) & !within);
        let p = absorbed - epsilon * ln(if within { *sum } else { 1.0 });
        *sum = if mass > 0.0 { p } else { 0.0 };
    }
    wrong == 0
}

/// A sweep over one block: along four rows, then across the same four.
struct Pass<'p, T> {
    block: &'p mut Block<T>,
    weights: &'p [Lane<T>],
    a: &'p [f64],
}

/// Groups of rows after which partial sums go to `f64`.
const GROUPS: usize = 16;

impl<T: Word> pulp::WithSimd for Pass<'_, T> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: pulp::Simd>(self, _: S) {
        let Block { rows, entries, along: sums, partial, across: out } = self.block;
        let lanes = self.weights.len();
        let a = &self.a[rows.clone()];
        out.fill(0.0);
        for (group, k) in entries.chunks_exact(GROUP * lanes).enumerate() {
            let k: [&[Lane<T>]; GROUP] = std::array::from_fn(|r| &k[r * lanes..(r + 1) * lanes]);
            let sum = along::<T, S>(k, self.weights);
            let scalings = scalings::<T>(group * GROUP, &sum, a);
            for (r, sum) in sum.iter().enumerate().take(a.len() - group * GROUP) {
                sums[group * GROUP + r] = *sum;
            }
            across::<T, S>(k, scalings, partial);
            if group % GROUPS == GROUPS - 1 {
                flush(partial, out);
            }
        }
        flush(partial, out);
    }
}

/// `u_i = a_i / Σ_j K_ij w_j` of the rows of a group; 0 without mass and beyond the last row.
#[inline(always)]
pub(super) fn scalings<T: Word>(first: usize, sums: &[f64; GROUP], a: &[f64]) -> [T; GROUP] {
    std::array::from_fn(|r| match a.get(first + r) {
        Some(&a) if a > 0.0 && sums[r] > T::LEAST => T::narrow(a / sums[r]),
        _ => T::ZERO,
    })
}
