//! The kernel form: `exp((f_i + g_j - c_ij)/ε)` around some potentials, kept as a matrix or made anew a few rows at
//! a time.

use super::exp::{exp_fused, ln};
use super::lanes::{GROUP, across, along, entries, flush, vectorise};
use super::relaxed::Rows;
use super::sweep::{OutOfRange, SMALL, Shares, Sweep, block_rows};
use super::word::{Aligned, WIDTH, Word};

use pulp::{Simd, WithSimd};
use rayon::prelude::*;
use std::marker::PhantomData;
use std::ops::Range;

/// The kernel with the potentials that are absorbed in it.
///
/// B. Schmitzer, Stabilized sparse scaling algorithms for entropy regularized transport problems, SIAM J. Sci. Comput.
/// 41, 2019, section 3, doi 10.1137/16M1106018.
pub(super) struct Kernel<T> {
    epsilon: f64,
    f: Vec<f64>,
    g: Vec<f64>,
    /// Rows filled up to `width`, blocks to whole groups of rows.
    entries: Aligned<T>,
    blocks: Vec<Block<T>>,
    /// `b_j exp((g_j - absorbed g_j)/ε)`.
    weights: Aligned<T>,
    small: bool,
}

/// Some rows of the kernel, with what a sweep makes of them.
struct Block<T> {
    rows: Range<usize>,
    /// `Σ_j K_ij w_j`.
    along: Vec<f64>,
    /// `Σ_i K_ij u_i` over the rows, summed in few and kept in `f64`.
    partial: Aligned<T>,
    across: Vec<f64>,
}

impl<T: Word> Kernel<T> {
    /// Memory for the kernel; [`Sweep::absorb`] fills it.
    pub(super) fn new((n, m): (usize, usize)) -> Self {
        let (rows, width) = (block_rows(n), m.next_multiple_of(WIDTH));
        let blocks = (0..n.div_ceil(rows))
            .map(|block| {
                let rows = block * rows..((block + 1) * rows).min(n);
                Block {
                    along: vec![0.0; rows.len()],
                    rows,
                    partial: Aligned::zeros(width),
                    across: vec![0.0; m],
                }
            })
            .collect();
        Self {
            epsilon: f64::NAN,
            f: Vec::new(),
            g: Vec::new(),
            entries: Aligned::zeros(0),
            blocks,
            weights: Aligned::zeros(width),
            small: n * m < SMALL,
        }
    }

    /// Memory for the entries; how many a block has, and how many a row.
    pub(super) fn open(&mut self) -> (usize, usize) {
        let (n, width) =
            (self.blocks.iter().map(|block| block.rows.len()).sum::<usize>(), self.weights.all().len());
        if self.entries.all().is_empty() {
            self.entries = Aligned::zeros(n.next_multiple_of(GROUP) * width);
        }
        (block_rows(n) * width, width)
    }

    /// The entries, filled elsewhere, are those at this ε with these potentials absorbed.
    pub(super) fn filled(&mut self, epsilon: f64, f: &[f64], g: &[f64]) {
        (self.epsilon, self.f, self.g) = (epsilon, f.to_vec(), g.to_vec());
    }

    pub(super) fn entries_mut(&mut self) -> &mut [T] {
        self.entries.all_mut()
    }
}

/// The potential where there is mass, and −∞ elsewhere.
pub(super) fn heights(g: &[f64], b: &[f64]) -> Vec<f64> {
    g.iter().zip(b).map(|(&g, &b)| if b > 0.0 { g } else { f64::NEG_INFINITY }).collect()
}

/// The same for every block, by one thread where the problem is small.
pub(super) fn each<B: Send>(blocks: Vec<B>, small: bool, work: impl Fn(B) + Sync + Send) {
    if small { blocks.into_iter().for_each(work) } else { blocks.into_par_iter().for_each(work) }
}

impl<T: Word> Sweep for Kernel<T> {
    fn absorb(&mut self, shares: &Shares<'_>, epsilon: f64, f: &[f64], g: &[f64]) {
        self.epsilon = epsilon;
        self.f = f.to_vec();
        self.g = g.to_vec();
        let scale = 1.0 / epsilon;
        let mut heights = heights(g, &shares.b);
        heights.iter_mut().for_each(|h| *h *= scale);
        let (size, width) = self.open();
        let parts = self.entries.all_mut().chunks_mut(size).enumerate().collect();
        each(parts, self.small, |(block, groups)| {
            let mut buffer = Vec::new();
            let rows = block * size / width..((block + 1) * size / width).min(f.len());
            for row in rows {
                let costs = shares.geometry.costs(row, 0..heights.len(), &mut buffer);
                let group = row % (size / width) / GROUP * GROUP * width;
                let group = &mut groups[group..group + GROUP * width];
                vectorise(Entries {
                    costs,
                    heights: &heights,
                    shift: f[row],
                    scale,
                    row: row % GROUP,
                    group,
                });
            }
        });
    }

    fn sweep(
        &mut self,
        shares: &Shares<'_>,
        g: &[f64],
        f: &mut [f64],
        next: &mut [f64],
    ) -> Result<(), OutOfRange> {
        let limit = T::BOUND * self.epsilon;
        // A relaxed side's potential may lie far below its soft minimum: next to no mass goes there.
        let far = if shares.relaxed.is_some() { f64::INFINITY } else { limit };
        let near = |(j, (g, absorbed)): (usize, (&f64, &f64))| {
            shares.b[j] == 0.0 || (g - absorbed <= limit && absorbed - g <= far)
        };
        if !g.iter().zip(&self.g).enumerate().all(near) {
            return Err(OutOfRange);
        }
        let (epsilon, b, weights) = (self.epsilon, &shares.b, self.weights.all_mut());
        vectorise(Weights { g, absorbed: &self.g, b, scale: 1.0 / epsilon, out: weights });
        let weights = self.weights.all();
        let size = block_rows(f.len()) * weights.len();
        let parts: Vec<_> = self.blocks.iter_mut().zip(self.entries.all().chunks(size)).collect();
        let absorbed = &self.f;
        each(parts, self.small, |(block, entries)| {
            let rows = shares.rows(epsilon, block.rows.start);
            vectorise(Pass { block, entries, weights, a: &shares.a, absorbed, rows });
        });
        next.fill(0.0);
        for block in &self.blocks {
            f[block.rows.clone()].copy_from_slice(&block.along);
            vectorise(Add { sums: next, parts: &block.across });
        }
        let safe = vectorise(Potentials::<T>::new(f, &self.f, &shares.a, epsilon))
            & vectorise(Potentials::<T>::new(next, &self.g, &shares.b, epsilon));
        if safe { Ok(()) } else { Err(OutOfRange) }
    }
}

/// A row of the kernel.
struct Entries<'e, T> {
    costs: &'e [f64],
    heights: &'e [f64],
    shift: f64,
    scale: f64,
    row: usize,
    group: &'e mut [T],
}

impl<T: Word> WithSimd for Entries<'_, T> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, _: S) {
        entries::<T, S>(self.costs, self.heights, (self.shift, self.scale), self.row, self.group);
    }
}

/// `sums_j += parts_j`.
pub(super) struct Add<'a> {
    pub(super) sums: &'a mut [f64],
    pub(super) parts: &'a [f64],
}

impl WithSimd for Add<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, _: S) {
        self.sums.iter_mut().zip(self.parts).for_each(
            #[inline(always)]
            |(sum, part)| *sum += part,
        );
    }
}

/// `b_j exp((g_j - absorbed_j)/ε)`.
pub(super) struct Weights<'w, T> {
    pub(super) g: &'w [f64],
    pub(super) absorbed: &'w [f64],
    pub(super) b: &'w [f64],
    pub(super) scale: f64,
    pub(super) out: &'w mut [T],
}

impl<T: Word> WithSimd for Weights<'_, T> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, _: S) {
        for (((out, g), absorbed), b) in self.out.iter_mut().zip(self.g).zip(self.absorbed).zip(self.b) {
            *out = T::narrow(b * exp_fused::<S>((g - absorbed) * self.scale));
        }
    }
}

/// Sums of the kernel to potentials, `p_i = absorbed_i - ε log sum_i`; whether all sums are in range.
pub(super) struct Potentials<'p, T> {
    sums: &'p mut [f64],
    absorbed: &'p [f64],
    mass: &'p [f64],
    epsilon: f64,
    word: PhantomData<T>,
}

impl<'p, T: Word> Potentials<'p, T> {
    pub(super) fn new(sums: &'p mut [f64], absorbed: &'p [f64], mass: &'p [f64], epsilon: f64) -> Self {
        Self { sums, absorbed, mass, epsilon, word: PhantomData }
    }
}

impl<T: Word> WithSimd for Potentials<'_, T> {
    type Output = bool;

    #[inline(always)]
    fn with_simd<S: Simd>(self, _: S) -> bool {
        let mut wrong = 0_u64;
        for ((sum, &absorbed), &mass) in self.sums.iter_mut().zip(self.absorbed).zip(self.mass) {
            let within = (*sum > T::LEAST) & (*sum < 1.0 / T::LEAST);
            wrong |= u64::from((mass > 0.0) & !within);
            let p = absorbed - self.epsilon * ln(if within { *sum } else { 1.0 });
            *sum = if mass > 0.0 { p } else { 0.0 };
        }
        wrong == 0
    }
}

/// A sweep over one block: along four rows, then across the same four.
struct Pass<'p, T> {
    block: &'p mut Block<T>,
    entries: &'p [T],
    weights: &'p [T],
    a: &'p [f64],
    absorbed: &'p [f64],
    rows: Option<Rows<'p>>,
}

/// Groups of rows after which partial sums go to `f64`.
const GROUPS: usize = 16;

impl<T: Word> WithSimd for Pass<'_, T> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let Block { rows, along: sums, partial, across: out } = self.block;
        let (width, partial) = (self.weights.len(), partial.all_mut());
        let (a, absorbed) = (&self.a[rows.clone()], &self.absorbed[rows.clone()]);
        out.fill(0.0);
        for (group, k) in self.entries.chunks_exact(GROUP * width).enumerate() {
            let sum = along(simd, k, self.weights);
            let scalings = scalings::<T>(group * GROUP, &sum, a, absorbed, self.rows);
            for (r, sum) in sum.iter().enumerate().take(a.len() - group * GROUP) {
                sums[group * GROUP + r] = *sum;
            }
            across(simd, k, scalings, partial);
            if group % GROUPS == GROUPS - 1 {
                flush(partial, out);
            }
        }
        flush(partial, out);
    }
}

/// `u_i = a_i / Σ_j K_ij w_j` of the rows of a group, or what relaxed rows with these shifts answer; 0 without mass and
/// beyond the last row.
#[inline(always)]
pub(super) fn scalings<T: Word>(
    first: usize,
    sums: &[f64; GROUP],
    a: &[f64],
    shifts: &[f64],
    rows: Option<Rows<'_>>,
) -> [T; GROUP] {
    let mut out = [T::ZERO; GROUP];
    for (r, ((out, &a), &sum)) in out.iter_mut().zip(&a[first..]).zip(sums).enumerate() {
        if a > 0.0 && sum > T::LEAST {
            *out = T::narrow(match rows {
                None => a / sum,
                Some(rows) => rows.scaling(first + r, a, sum, shifts[first + r]),
            });
        }
    }
    out
}
