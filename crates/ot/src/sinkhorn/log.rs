//! The log form: costs read again on each sweep, every sum shifted by its largest term.

use super::kernel::{Add, Potentials, each, heights, scalings};
use super::lanes::{GROUP, across, along, entries, flush, least, vectorise};
use super::soft::{Weighted, columns};
use super::sweep::{OutOfRange, SMALL, Shares, Sweep, block_rows};
use super::word::{Aligned, WIDTH, Word};

use pulp::{Simd, WithSimd};
use std::ops::Range;

/// Soft minima along the rows, and across them by what the rows give; O(n + m) memory.
///
/// Where a column is so far from its rows that the sums across lose it, the whole half step is done again in the log
/// domain, so that any ε > 0 is served.
pub(super) struct Log<T> {
    epsilon: f64,
    blocks: Vec<Block>,
    weights: Aligned<T>,
    /// The target potential of the last sweep, after one.
    last: Vec<f64>,
    /// Whether all masses are so large that an entry near the last sweep's potentials does not overflow.
    steady: bool,
    small: bool,
}

/// Columns whose costs are asked for together: they stay in the fast memory.
const TILE: usize = 512;
/// The largest change of g, over ε, after which the last f still is a good shift.
const NEAR: f64 = 20.0;
/// The least mass with which it is.
const LIGHT: f64 = 1e-20;

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
            weights: Aligned::zeros(m.next_multiple_of(WIDTH)),
            last: Vec::new(),
            steady: false,
            small: n * m < SMALL,
        }
    }
}

impl<T: Word> Sweep for Log<T> {
    fn absorb(&mut self, shares: &Shares<'_>, epsilon: f64, _: &[f64], _: &[f64]) {
        self.epsilon = epsilon;
        let (n, m) = shares.shape();
        self.weights.all_mut().iter_mut().zip(&shares.b).for_each(|(w, &b)| *w = T::narrow(b));
        self.steady = shares.b.iter().all(|&b| b == 0.0 || b > LIGHT);
        self.last.clear();
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
        shares: &Shares<'_>,
        g: &[f64],
        f: &mut [f64],
        next: &mut [f64],
    ) -> Result<(), OutOfRange> {
        if separable(shares, self.epsilon, g, f, next).is_some() {
            return Ok(());
        }
        let heights = heights(g, &shares.b);
        let scaled: Vec<f64> = heights.iter().map(|h| h * (1.0 / self.epsilon)).collect();
        let (epsilon, weights) = (self.epsilon, self.weights.all());
        let near = |(g, last): (&f64, &f64)| (g - last).abs() <= NEAR * epsilon;
        let shift = match self.steady && self.last.len() == g.len() && g.iter().zip(&self.last).all(near) {
            true => Shift::Last,
            false => Shift::Least,
        };
        self.last = g.to_vec();
        each(self.blocks.iter_mut().collect(), self.small, |block| {
            vectorise(Pass { block, weights, heights: &heights, scaled: &scaled, shares, epsilon, shift });
        });
        next.fill(0.0);
        for block in &self.blocks {
            f[block.rows.clone()].copy_from_slice(&block.f);
            vectorise(Add { sums: next, parts: &block.across });
        }
        if !vectorise(Potentials::<T>::new(next, g, &shares.b, epsilon)) {
            let weighted = Weighted::new(&shares.answer(epsilon, f), &shares.a, epsilon);
            let strips = columns(shares.geometry, epsilon, &weighted);
            for ((next, &strip), &b) in next.iter_mut().zip(&strips).zip(&shares.b) {
                *next = if b > 0.0 { strip } else { 0.0 };
            }
        }
        Ok(())
    }
}

/// The sweep of a geometry that knows a faster way than to read its costs; `None` where it does not.
fn separable(shares: &Shares<'_>, epsilon: f64, g: &[f64], f: &mut [f64], next: &mut [f64]) -> Option<()> {
    let take = |to: &mut [f64], soft: Vec<f64>, masses: &[f64]| {
        for ((to, soft), &mass) in to.iter_mut().zip(soft).zip(masses) {
            *to = if mass > 0.0 { soft } else { 0.0 };
        }
    };
    let soft = shares.geometry.soft_rows(epsilon, Weighted::new(g, &shares.b, epsilon).values())?;
    take(f, soft, &shares.a);
    let weighted = Weighted::new(&shares.answer(epsilon, f), &shares.a, epsilon);
    let soft = shares.geometry.soft_columns(epsilon, weighted.values())?;
    take(next, soft, &shares.b);
    Some(())
}

/// What the exponents of a row are shifted by, so that they neither over- nor underflow.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Shift {
    /// `min_j c_ij - g_j`: a pass over the costs of its own.
    Least,
    /// f of the last sweep: at a target potential near that one, no sum is far from 1.
    Last,
}

/// A sweep over one block, the entries of four rows at a time in memory.
struct Pass<'p, 'g, T> {
    block: &'p mut Block,
    weights: &'p [T],
    heights: &'p [f64],
    /// Over ε.
    scaled: &'p [f64],
    shares: &'p Shares<'g>,
    epsilon: f64,
    shift: Shift,
}

/// Groups of rows after which partial sums go to `f64`.
const GROUPS: usize = 16;

impl<T: Word> WithSimd for Pass<'_, '_, T> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let Self { block, weights, heights, scaled, shares, epsilon, shift } = self;
        let (m, width, scale) = (heights.len(), weights.len(), 1.0 / epsilon);
        let (mut memory, mut partial) = (Aligned::zeros(GROUP * width), Aligned::zeros(width));
        let (memory, partial, mut buffer) = (memory.all_mut(), partial.all_mut(), Vec::new());
        let a = &shares.a[block.rows.clone()];
        block.across.fill(0.0);
        for (group, f) in block.f.chunks_mut(GROUP).enumerate() {
            let first = group * GROUP;
            let mut shifts = [0.0; GROUP];
            for (r, out) in shifts.iter_mut().enumerate() {
                if r >= f.len() || a[first + r] == 0.0 {
                    let pieces = memory.chunks_exact_mut(GROUP * WIDTH);
                    pieces.for_each(
                        #[inline(always)]
                        |k| k[r * WIDTH..(r + 1) * WIDTH].fill(T::ZERO),
                    );
                    continue;
                }
                *out = match shift {
                    Shift::Least => {
                        let costs = shares.geometry.costs(block.rows.start + first + r, 0..m, &mut buffer);
                        least(costs, heights)
                    }
                    Shift::Last => f[r],
                };
            }
            // Tile by tile for all four rows: what the costs are made from is read from fast memory three times of four.
            for start in (0..m).step_by(TILE) {
                let tile = start..(start + TILE).min(m);
                for (r, &shift) in shifts.iter().enumerate().take(f.len()) {
                    if a[first + r] > 0.0 {
                        let row = block.rows.start + first + r;
                        let costs = shares.geometry.costs(row, tile.clone(), &mut buffer);
                        let memory = &mut memory[GROUP * start..];
                        entries::<T, S>(costs, &scaled[tile.clone()], (shift, scale), r, memory);
                    }
                }
            }
            let sums = along(simd, memory, weights);
            let rows = shares.rows(epsilon, block.rows.start + first);
            let a_group = &a[first..];
            across(simd, memory, scalings(0, &sums, a_group, &shifts, rows), partial);
            for (r, f) in f.iter_mut().enumerate() {
                *f = if a[first + r] > 0.0 { shifts[r] - epsilon * sums[r].ln() } else { 0.0 };
            }
            if group % GROUPS == GROUPS - 1 {
                flush(partial, &mut block.across);
            }
        }
        flush(partial, &mut block.across);
    }
}
