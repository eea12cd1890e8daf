//! The log form: costs read again on each sweep, every sum shifted by its largest term.

use super::half::{Weighted, columns};
use super::kernel::{each, heights, potentials, scalings};
use super::lanes::{GROUP, across, along, entries, flush};
use super::sweep::{OutOfRange, SMALL, Shares, Sweep, block_rows};
use super::word::{Lane, WIDTH, Word};
use crate::Geometry;
use std::marker::PhantomData;
use std::ops::Range;

/// Soft minima along the rows, and across them by what the rows give; O(n + m) memory.
///
/// Where a column is so far from its rows that the sums across lose it, the whole half step is done again in the log
/// domain, so that any ε > 0 is served.
pub(super) struct Log<T> {
    epsilon: f64,
    blocks: Vec<Block>,
    weights: Vec<Lane<T>>,
    small: bool,
    word: PhantomData<T>,
}

struct Block {
    rows: Range<usize>,
    f: Vec<f64>,
    across: Vec<f64>,
}

impl<T: Word> Log<T> {
    /// Ready after [`Sweep::absorb`].
    pub(super) fn new((n, m): (usize, usize)) -> Self {
        Self {
            epsilon: f64::NAN,
            blocks: Vec::new(),
            weights: Vec::new(),
            small: n * m < SMALL,
            word: PhantomData,
        }
    }
}

impl<G: Geometry + ?Sized, T: Word> Sweep<G> for Log<T> {
    fn absorb(&mut self, shares: &Shares<'_, G>, epsilon: f64, _: &[f64], _: &[f64]) {
        self.epsilon = epsilon;
        let (n, m) = shares.shape();
        let zero = Lane([T::ZERO; WIDTH]);
        self.weights = vec![zero; m.div_ceil(WIDTH)];
        for (lane, b) in self.weights.iter_mut().zip(shares.b.chunks(WIDTH)) {
            lane.0.iter_mut().zip(b).for_each(|(w, &b)| *w = T::narrow(b));
        }
        let rows = block_rows(n);
        self.blocks = (0..n.div_ceil(rows))
            .map(|block| {
                let rows = block * rows..((block + 1) * rows).min(n);
                Block { f: vec![0.0; rows.len()], rows, across: vec![0.0; m] }
            })
            .collect();
    }

    fn sweep(
        &mut self,
        shares: &Shares<'_, G>,
        g: &[f64],
        f: &mut [f64],
        next: &mut [f64],
    ) -> Result<(), OutOfRange> {
        let arch = pulp::Arch::new();
        let heights = heights(g, &shares.b);
        let (epsilon, weights) = (self.epsilon, &self.weights);
        each(&mut self.blocks, self.small, |block| {
            arch.dispatch(Pass { block, weights, heights: &heights, shares, epsilon });
        });
        next.fill(0.0);
        for block in &self.blocks {
            f[block.rows.clone()].copy_from_slice(&block.f);
            next.iter_mut().zip(&block.across).for_each(|(sum, part)| *sum += part);
        }
        if !potentials::<T>(next, g, &shares.b, epsilon) {
            let strips = columns(shares.geometry, epsilon, Weighted::new(f, &shares.a, epsilon));
            for ((next, &strip), &b) in next.iter_mut().zip(&strips).zip(&shares.b) {
                *next = if b > 0.0 { strip } else { 0.0 };
            }
        }
        Ok(())
    }
}

/// A sweep over one block, the entries of four rows at a time in memory.
struct Pass<'p, 'g, G: ?Sized, T> {
    block: &'p mut Block,
    weights: &'p [Lane<T>],
    heights: &'p [f64],
    shares: &'p Shares<'g, G>,
    epsilon: f64,
}

/// Groups of rows after which partial sums go to `f64`.
const GROUPS: usize = 16;

impl<G: Geometry + ?Sized, T: Word> pulp::WithSimd for Pass<'_, '_, G, T> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: pulp::Simd>(self, _: S) {
        let Self { block, weights, heights, shares, epsilon } = self;
        let zero = Lane([T::ZERO; WIDTH]);
        let (m, lanes, scale) = (heights.len(), weights.len(), 1.0 / epsilon);
        let (mut memory, mut partial, mut buffer) =
            (vec![zero; GROUP * lanes], vec![zero; lanes], Vec::new());
        let a = &shares.a[block.rows.clone()];
        block.across.fill(0.0);
        for (group, f) in block.f.chunks_mut(GROUP).enumerate() {
            let mut shifts = [0.0; GROUP];
            for (r, out) in memory.chunks_exact_mut(lanes).enumerate() {
                if r >= f.len() || a[group * GROUP + r] == 0.0 {
                    out.fill(zero);
                    continue;
                }
                let costs = shares.geometry.costs(block.rows.start + group * GROUP + r, 0..m, &mut buffer);
                shifts[r] = least(costs, heights);
                entries(costs, heights, shifts[r], scale, out);
            }
            let k: [&[Lane<T>]; GROUP] = std::array::from_fn(|r| &memory[r * lanes..(r + 1) * lanes]);
            let sums = along::<T, S>(k, weights);
            across::<T, S>(k, scalings(group * GROUP, &sums, a), &mut partial);
            for (r, f) in f.iter_mut().enumerate() {
                *f = if a[group * GROUP + r] > 0.0 { shifts[r] - epsilon * sums[r].ln() } else { 0.0 };
            }
            if group % GROUPS == GROUPS - 1 {
                flush(&mut partial, &mut block.across);
            }
        }
        flush(&mut partial, &mut block.across);
    }
}

/// `min_j c_j - h_j`.
#[inline(always)]
pub(super) fn least(costs: &[f64], heights: &[f64]) -> f64 {
    let mut low = [f64::INFINITY; WIDTH];
    let (c, h) = (costs.chunks_exact(WIDTH), heights.chunks_exact(WIDTH));
    let rest = c.remainder().iter().zip(h.remainder());
    for (c, h) in c.zip(h) {
        for t in 0..WIDTH {
            let d = c[t] - h[t];
            low[t] = if d < low[t] { d } else { low[t] };
        }
    }
    let least = low.iter().fold(f64::INFINITY, |x, &y| x.min(y));
    rest.fold(least, |x, (&c, &h)| x.min(c - h))
}
