//! What a pair of potentials is worth: marginals and objectives, measured in `f64` from the costs themselves.

use super::exp::exp;
use super::kernel::each;
use super::sweep::{SMALL, Shares, block_rows};
use super::word::WIDTH;
use crate::Geometry;
use std::ops::Range;

/// Of the plan `a_i b_j exp((f_i + g_j - c_ij)/ε)`.
pub(super) struct Measured {
    /// `Σ_j P_ij`.
    pub(super) rows: Vec<f64>,
    /// `Σ_i P_ij`.
    pub(super) columns: Vec<f64>,
    /// `⟨C, P⟩`.
    pub(super) transport: f64,
    /// L1 error of both marginals.
    pub(super) residual: f64,
    /// `⟨C, P⟩ + ε KL(P | a bᵀ)`.
    pub(super) primal: f64,
    /// `⟨a, f⟩ + ⟨b, g⟩ + ε (1 - Σ P_ij)`.
    pub(super) dual: f64,
}

struct Block {
    rows: Range<usize>,
    sums: Vec<f64>,
    across: Vec<f64>,
    transport: f64,
}

impl Measured {
    pub(super) fn new<G: Geometry + ?Sized>(
        shares: &Shares<'_, G>,
        epsilon: f64,
        f: &[f64],
        g: &[f64],
    ) -> Self {
        let (n, m) = shares.shape();
        let size = block_rows(n);
        let mut blocks: Vec<Block> = (0..n.div_ceil(size))
            .map(|block| {
                let rows = block * size..((block + 1) * size).min(n);
                Block { sums: vec![0.0; rows.len()], rows, across: vec![0.0; m], transport: 0.0 }
            })
            .collect();
        let (arch, scale) = (pulp::Arch::new(), 1.0 / epsilon);
        each(&mut blocks, n * m < SMALL, |block| {
            let mut buffer = Vec::new();
            for (row, sum) in block.rows.clone().zip(&mut block.sums) {
                let (a, f) = (shares.a[row], f[row]);
                if a == 0.0 {
                    continue;
                }
                let costs = shares.geometry.costs(row, 0..m, &mut buffer);
                let (mass, transport) = arch.dispatch(
                    #[inline(always)]
                    || measure(costs, g, &shares.b, (a, f, scale), &mut block.across),
                );
                *sum = mass;
                block.transport += transport;
            }
        });
        let (mut rows, mut columns, mut transport) = (Vec::with_capacity(n), vec![0.0; m], 0.0);
        for block in blocks {
            rows.extend(block.sums);
            columns.iter_mut().zip(block.across).for_each(|(sum, part)| *sum += part);
            transport += block.transport;
        }
        let dot = |x: &[f64], y: &[f64]| -> f64 { x.iter().zip(y).map(|(x, y)| x * y).sum() };
        let distance = |x: &[f64], y: &[f64]| -> f64 { x.iter().zip(y).map(|(x, y)| (x - y).abs()).sum() };
        let rest = epsilon * (1.0 - rows.iter().sum::<f64>());
        Self {
            transport,
            residual: distance(&rows, &shares.a) + distance(&columns, &shares.b),
            // ε Σ P log(P/ab) = ⟨P, f + g - C⟩, so that the transport cost cancels.
            primal: dot(&rows, f) + dot(&columns, g) + rest,
            dual: dot(&shares.a, f) + dot(&shares.b, g) + rest,
            rows,
            columns,
        }
    }
}

/// Adds a row of the plan to the sums of the columns; its mass and its cost.
#[inline(always)]
fn measure(
    costs: &[f64],
    g: &[f64],
    b: &[f64],
    (a, f, scale): (f64, f64, f64),
    across: &mut [f64],
) -> (f64, f64) {
    let (mut masses, mut costs_moved) = ([0.0; WIDTH], [0.0; WIDTH]);
    let pieces = costs.chunks(WIDTH).zip(g.chunks(WIDTH)).zip(b.chunks(WIDTH)).zip(across.chunks_mut(WIDTH));
    for (((costs, g), b), across) in pieces {
        for k in 0..costs.len() {
            let p = if b[k] > 0.0 { a * b[k] * exp((f + g[k] - costs[k]) * scale) } else { 0.0 };
            masses[k] += p;
            costs_moved[k] += if p > 0.0 { p * costs[k] } else { 0.0 };
            across[k] += p;
        }
    }
    (masses.iter().sum(), costs_moved.iter().sum())
}
