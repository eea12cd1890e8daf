//! The first look at the costs: are they numbers, can all mass move, and where do the potentials start.

use super::kernel::{Kernel, each};
use super::lanes::{GROUP, entries, least, vectorise};
use super::sweep::{SMALL, Shares, block_rows};
use super::word::WIDTH;
use crate::OtError;
use pulp::{Simd, WithSimd};
use std::ops::Range;

/// What one pass over the costs tells.
pub(super) struct Survey {
    /// `f_i = min_j c_ij`; +∞ for points without an allowed move, as for g.
    pub(super) f: Vec<f64>,
    /// `g_j = min_i c_ij - f_i`, so that (f, g) is feasible for the unregularised dual.
    pub(super) g: Vec<f64>,
    /// The mean of `c_ij - f_i` over the allowed moves, in the weights `a_i b_j`.
    pub(super) spread: f64,
}

struct Block {
    rows: Range<usize>,
    f: Vec<f64>,
    g: Vec<f64>,
    /// Sum and weight.
    spread: (f64, f64),
    bad: Option<(usize, usize, f64)>,
}

/// The entries of a block, none or all.
type Groups<'k> = &'k mut [f32];

impl Survey {
    /// # Errors
    /// A cost that is NaN or −∞.
    ///
    /// The costs being at hand, the entries of `kernel` are made at `epsilon`, with f and no g absorbed.
    pub(super) fn new(
        shares: &Shares<'_>,
        kernel: Option<&mut Kernel<f32>>,
        epsilon: f64,
    ) -> Result<Self, OtError> {
        let (n, m) = shares.shape();
        let rows = block_rows(n);
        let mut blocks: Vec<Block> = (0..n.div_ceil(rows))
            .map(|block| {
                let rows = block * rows..((block + 1) * rows).min(n);
                Block {
                    f: vec![0.0; rows.len()],
                    g: vec![f64::INFINITY; m],
                    rows,
                    spread: (0.0, 0.0),
                    bad: None,
                }
            })
            .collect();
        let heights: Vec<f64> =
            shares.b.iter().map(|&b| if b > 0.0 { 0.0 } else { f64::NEG_INFINITY }).collect();
        let (width, total) = (m.next_multiple_of(WIDTH), shares.b.iter().sum());
        let parts = match kernel {
            Some(kernel) => {
                let (size, _) = kernel.open();
                blocks.iter_mut().zip(kernel.entries_mut().chunks_mut(size)).collect()
            }
            None => blocks.iter_mut().map(|block| (block, Groups::default())).collect(),
        };
        each(parts, n * m < SMALL, |(block, groups)| {
            let mut buffer = Vec::new();
            for row in block.rows.clone() {
                let costs = shares.geometry.costs(row, 0..m, &mut buffer);
                let mass = (shares.a[row], shares.b.as_slice(), total);
                let local = row - block.rows.start;
                let place = local / GROUP * GROUP * width;
                let group = groups.get_mut(place..place + GROUP * width).unwrap_or_default();
                let scale = 1.0 / epsilon;
                vectorise(Look { block, local, costs, heights: &heights, mass, group, scale });
                if let Some(bad) = &mut block.bad {
                    bad.0 = row;
                    return;
                }
            }
        });
        if let Some((row, column, value)) = blocks.iter().find_map(|block| block.bad) {
            return Err(OtError::BadCost { row, column, value });
        }
        let (mut f, mut g, mut sum, mut weight) = (Vec::with_capacity(n), vec![f64::INFINITY; m], 0.0, 0.0);
        for block in blocks {
            f.extend(block.f);
            g.iter_mut().zip(block.g).for_each(|(least, g)| *least = least.min(g));
            (sum, weight) = (sum + block.spread.0, weight + block.spread.1);
        }
        Ok(Self { f, g, spread: if weight > 0.0 { sum / weight } else { 0.0 } })
    }
}

/// A row's share of the survey.
struct Look<'l> {
    block: &'l mut Block,
    local: usize,
    costs: &'l [f64],
    heights: &'l [f64],
    /// That of the row, those of the columns and their sum.
    mass: (f64, &'l [f64], f64),
    group: Groups<'l>,
    scale: f64,
}

impl WithSimd for Look<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, _: S) {
        let Self { block, local, costs, heights, mass: (a, b, total), group, scale } = self;
        let (f, mut sum) = (least(costs, heights), dot(costs, b));
        let mut weight = total;
        if !sum.is_finite() {
            if let Some(column) = costs.iter().position(|c| c.is_nan() || *c == f64::NEG_INFINITY) {
                block.bad = Some((0, column, costs[column]));
                return;
            }
            (sum, weight) = allowed(costs, b);
        }
        block.f[local] = f;
        if a == 0.0 || f == f64::INFINITY {
            return;
        }
        // The heights are 0 or −∞, over ε too.
        entries::<f32, S>(costs, heights, (f, scale), local % GROUP, group);
        for (&c, g) in costs.iter().zip(&mut block.g) {
            *g = if c - f < *g { c - f } else { *g };
        }
        block.spread.0 += a * (sum - weight * f);
        block.spread.1 += a * weight;
    }
}

/// `Σ_j b_j c_j`; not finite where a cost is not.
#[inline(always)]
pub(super) fn dot(costs: &[f64], b: &[f64]) -> f64 {
    let mut sums = [0.0; WIDTH];
    let (whole, b_whole) = (costs.chunks_exact(WIDTH), b.chunks_exact(WIDTH));
    let rest = whole.remainder().iter().zip(b_whole.remainder());
    for (c, b) in whole.zip(b_whole) {
        for t in 0..WIDTH {
            sums[t] += b[t] * c[t];
        }
    }
    rest.fold(sums.iter().sum(), |sum, (c, b)| sum + b * c)
}

/// `Σ_j b_j c_j` and `Σ_j b_j` over the allowed moves.
#[inline(never)]
fn allowed(costs: &[f64], b: &[f64]) -> (f64, f64) {
    let finite = costs.iter().zip(b).filter(|(c, _)| c.is_finite());
    finite.fold((0.0, 0.0), |(sum, weight), (c, b)| (sum + b * c, weight + b))
}
