//! The first look at the costs: are they numbers, can all mass move, and where do the potentials start.

use super::kernel::each;
use super::log::least;
use super::sweep::{SMALL, Shares, block_rows};
use crate::{Geometry, OtError};
use std::ops::Range;

/// What one pass over the costs tells.
pub(super) struct Survey {
    /// `f_i = min_j c_ij`.
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

impl Survey {
    /// # Errors
    /// A cost that is NaN or −∞, or mass without an allowed move.
    pub(super) fn new<G: Geometry + ?Sized>(shares: &Shares<'_, G>) -> Result<Self, OtError> {
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
        let arch = pulp::Arch::new();
        each(&mut blocks, n * m < SMALL, |block| {
            let mut buffer = Vec::new();
            for row in block.rows.clone() {
                let costs = shares.geometry.costs(row, 0..m, &mut buffer);
                arch.dispatch(
                    #[inline(always)]
                    || block.read(row, costs, &heights, shares.a[row], &shares.b),
                );
                if block.bad.is_some() {
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
        finite(&mut f, &shares.a).map_err(|row| OtError::Infeasible { unplaced: shares.a[row], row })?;
        finite(&mut g, &shares.b)
            .map_err(|column| OtError::Unreachable { unplaced: shares.b[column], column })?;
        Ok(Self { f, g, spread: if weight > 0.0 { sum / weight } else { 0.0 } })
    }
}

/// 0 for the potentials of points without mass; the first point with mass whose potential is not finite is an error.
fn finite(potentials: &mut [f64], mass: &[f64]) -> Result<(), usize> {
    match (0..mass.len()).find(|&i| mass[i] > 0.0 && !potentials[i].is_finite()) {
        Some(point) => Err(point),
        None => {
            potentials.iter_mut().zip(mass).filter(|(_, m)| **m == 0.0).for_each(|(p, _)| *p = 0.0);
            Ok(())
        }
    }
}

impl Block {
    #[inline(always)]
    fn read(&mut self, row: usize, costs: &[f64], heights: &[f64], a: f64, b: &[f64]) {
        let wrong = costs.iter().fold(0_u64, |wrong, c| wrong | u64::from(!(*c > f64::NEG_INFINITY)));
        if wrong != 0 {
            let bad = |c: &f64| c.is_nan() || *c == f64::NEG_INFINITY;
            self.bad = costs.iter().position(bad).map(|column| (row, column, costs[column]));
            return;
        }
        let f = least(costs, heights);
        self.f[row - self.rows.start] = f;
        if a == 0.0 || f == f64::INFINITY {
            return;
        }
        // Four sums in a fixed order.
        let (mut sums, mut weights) = ([0.0; 16], [0.0; 16]);
        let pieces = costs.chunks(16).zip(b.chunks(16)).zip(self.g.chunks_mut(16));
        for ((costs, b), g) in pieces {
            let lanes = sums.iter_mut().zip(&mut weights).zip(costs.iter().zip(b).zip(g));
            for ((sum, weight), ((&c, &b), g)) in lanes {
                let d = c - f;
                *g = if d < *g { d } else { *g };
                let allowed = if c < f64::INFINITY { b } else { 0.0 };
                *sum += if c < f64::INFINITY { b * d } else { 0.0 };
                *weight += allowed;
            }
        }
        self.spread.0 += a * sums.iter().sum::<f64>();
        self.spread.1 += a * weights.iter().sum::<f64>();
    }
}
