//! What a pair of potentials is worth: marginals and objectives, measured in `f64` from the costs themselves.

use super::exp::exp_fused;
use super::kernel::{each, heights};
use super::lanes::{least, vectorise};
use super::soft::{Weighted, columns};
use super::survey::dot;
use super::sweep::{SMALL, Shares, block_rows};
use super::word::WIDTH;

use pulp::{Simd, WithSimd};
use std::ops::Range;

/// Sums of the plan `a_i b_j exp((f_i + g_j - c_ij)/ε)`.
pub(super) struct Sums {
    /// `Σ_j P_ij`.
    pub(super) rows: Vec<f64>,
    /// `Σ_i P_ij`.
    pub(super) columns: Vec<f64>,
    /// `⟨C, P⟩`.
    pub(super) transport: f64,
}

/// What a plan is worth.
pub(super) struct Measured {
    pub(super) sums: Sums,
    /// L1 error of both marginals; of relaxed sides what their half steps would move.
    pub(super) residual: f64,
    /// `⟨C, P⟩ + ε KL(P | a bᵀ)`, and the penalties of relaxed sides.
    pub(super) primal: f64,
    /// `⟨a, f⟩ + ⟨b, g⟩ + ε (1 - Σ P_ij)`; of relaxed sides what the potentials are worth to them, and the total of
    /// the reference for 1.
    pub(super) dual: f64,
}

struct Block {
    rows: Range<usize>,
    sums: Vec<f64>,
    across: Vec<f64>,
    transport: f64,
}

impl Sums {
    pub(super) fn new(shares: &Shares<'_>, epsilon: f64, f: &[f64], g: &[f64]) -> Self {
        let (n, m) = shares.shape();
        let size = block_rows(n);
        let mut blocks: Vec<Block> = (0..n.div_ceil(size))
            .map(|block| {
                let rows = block * size..((block + 1) * size).min(n);
                Block { sums: vec![0.0; rows.len()], rows, across: vec![0.0; m], transport: 0.0 }
            })
            .collect();
        let scale = 1.0 / epsilon;
        each(blocks.iter_mut().collect(), n * m < SMALL, |block| {
            let (mut buffer, mut out) = (Vec::new(), vec![0.0; m]);
            for (row, sum) in block.rows.clone().zip(&mut block.sums) {
                let (a, f) = (shares.a[row], f[row]);
                if a == 0.0 {
                    continue;
                }
                let costs = shares.geometry.costs(row, 0..m, &mut buffer);
                let across = &mut block.across;
                let (mass, transport) =
                    vectorise(Row { costs, g, b: &shares.b, a, f, scale, across, out: &mut out });
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
        Self { rows, columns, transport }
    }
}

impl Measured {
    pub(super) fn new(shares: &Shares<'_>, epsilon: f64, f: &[f64], g: &[f64]) -> Self {
        let sums = Sums::new(shares, epsilon, f, g);
        let dot = |x: &[f64], y: &[f64]| -> f64 { x.iter().zip(y).map(|(x, y)| x * y).sum() };
        // ε Σ P log(P/ab) = ⟨P, f + g - C⟩, so that the transport cost cancels.
        let held = dot(&sums.rows, f) + dot(&sums.columns, g);
        let mass = sums.rows.iter().sum::<f64>();
        let Some(relaxed) = &shares.relaxed else {
            let distance =
                |x: &[f64], y: &[f64]| -> f64 { x.iter().zip(y).map(|(x, y)| (x - y).abs()).sum() };
            let rest = epsilon * (1.0 - mass);
            return Self {
                residual: distance(&sums.rows, &shares.a) + distance(&sums.columns, &shares.b),
                primal: held + rest,
                dual: dot(&shares.a, f) + dot(&shares.b, g) + rest,
                sums,
            };
        };
        let rest = epsilon * (relaxed.reference() - mass);
        let marginals = [sums.rows.as_slice(), &sums.columns];
        let residual = relaxed.residual(epsilon, [f, g], marginals);
        let (mut f, mut g) = (f.to_vec(), g.to_vec());
        relaxed.settle(epsilon, &mut f, &mut g);
        let (penalty, dual) = relaxed.worth([&f, &g], marginals);
        Self { residual, primal: held + penalty + rest, dual: dual + rest, sums }
    }
}

/// Adds a row of the plan to the sums of the columns; its mass and its cost.
struct Row<'r> {
    costs: &'r [f64],
    g: &'r [f64],
    b: &'r [f64],
    a: f64,
    f: f64,
    scale: f64,
    across: &'r mut [f64],
    out: &'r mut [f64],
}

impl WithSimd for Row<'_> {
    type Output = (f64, f64);

    #[inline(always)]
    fn with_simd<S: Simd>(self, _: S) -> (f64, f64) {
        let Self { costs, g, b, a, f, scale, across, out } = self;
        row::<S>(costs, g, b, (a, f, scale), out);
        across.iter_mut().zip(&*out).for_each(
            #[inline(always)]
            |(sum, p)| *sum += p,
        );
        let (mass, transport) = (sum(out), dot(costs, out));
        if transport.is_finite() {
            return (mass, transport);
        }
        // Forbidden moves: no mass goes there, and 0 · ∞ is no number.
        (mass, costs.iter().zip(out).filter(|(_, p)| **p > 0.0).map(|(c, p)| c * *p).sum())
    }
}

/// In a fixed order.
#[inline(always)]
fn sum(p: &[f64]) -> f64 {
    let mut sums = [0.0; WIDTH];
    let whole = p.chunks_exact(WIDTH);
    let rest = whole.remainder();
    for p in whole {
        for t in 0..WIDTH {
            sums[t] += p[t];
        }
    }
    rest.iter().fold(sums.iter().sum(), |sum, p| sum + p)
}

/// `out_j = a b_j exp((f + g_j - c_j)/ε)`.
#[inline(always)]
pub(super) fn row<S: Simd>(
    costs: &[f64],
    g: &[f64],
    b: &[f64],
    (a, f, scale): (f64, f64, f64),
    out: &mut [f64],
) {
    for (((out, &c), &g), &b) in out.iter_mut().zip(costs).zip(g).zip(b) {
        let x = (f + g - c) * scale;
        let p = a * b * exp_fused::<S>(if x < 700.0 { x } else { 700.0 });
        *out = if b > 0.0 { p } else { 0.0 };
    }
}

/// Gives points without mass the soft minima that they would have with a little, where those are finite.
pub(super) fn extend(shares: &Shares<'_>, epsilon: f64, f: &mut [f64], g: &mut [f64]) {
    if shares.a.contains(&0.0) {
        let (heights, mut buffer) = (heights(g, &shares.b), Vec::new());
        for (row, f) in f.iter_mut().enumerate().filter(|(row, _)| shares.a[*row] == 0.0) {
            let costs = shares.geometry.costs(row, 0..heights.len(), &mut buffer);
            let shift = least(costs, &heights);
            let terms = costs.iter().zip(&heights).zip(&shares.b);
            let sum: f64 = terms.map(|((c, h), b)| b * ((shift - (c - h)) / epsilon).exp()).sum();
            *f = if shift.is_finite() { shift - epsilon * sum.ln() } else { 0.0 };
        }
    }
    if shares.b.contains(&0.0) {
        let strips = columns(shares.geometry, epsilon, &Weighted::new(f, &shares.a, epsilon));
        for ((g, strip), b) in g.iter_mut().zip(strips).zip(&shares.b) {
            if *b == 0.0 && strip.is_finite() {
                *g = strip;
            }
        }
    }
}
