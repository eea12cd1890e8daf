//! The kernel form without its negligible entries.

use super::kernel::{Add, Potentials, Weights, each, heights};
use super::lanes::vectorise;
use super::sweep::{OutOfRange, SMALL, Shares, Sweep, block_rows};

use pulp::{Simd, WithSimd};
use std::ops::Range;

/// The entries of the kernel that matter near the absorbed potentials, by rows: 8 bytes each.
///
/// Near the plan of a small ε most entries of the absorbed kernel are below 1e-13 of a product of masses. Those are
/// left out, and what is left is good as long as the potentials move by a few ε at most.
///
/// B. Schmitzer, SIAM J. Sci. Comput. 41, 2019, section 3.3, doi 10.1137/16M1106018.
pub(super) struct Truncated {
    epsilon: f64,
    f: Vec<f64>,
    g: Vec<f64>,
    blocks: Vec<Block>,
    weights: Vec<f64>,
    small: bool,
}

struct Block {
    rows: Range<usize>,
    /// Where each row ends.
    ends: Vec<usize>,
    columns: Vec<u32>,
    entries: Vec<f32>,
    along: Vec<f64>,
    across: Vec<f64>,
}

/// The exponent below which an entry is left out.
const CUT: f64 = -30.0;
/// The largest logarithm of a scaling: what is left out then is below e^(8 - 30) = 3e-10 of the mass.
const BOUND: f64 = 4.0;
/// The largest share of entries for which this form is faster than all of them.
const DENSITY: f64 = 0.15;
/// Rows from which the share is estimated.
const SAMPLE: usize = 64;

impl Truncated {
    /// The form around these potentials, where few entries are expected to matter and fit into `memory` bytes.
    pub(super) fn new(
        shares: &Shares<'_>,
        epsilon: f64,
        (f, g): (&[f64], &[f64]),
        memory: usize,
    ) -> Option<Self> {
        let (n, m) = shares.shape();
        let heights = heights(g, &shares.b);
        let (mut buffer, mut exponents) = (Vec::new(), vec![0.0; m]);
        let sample = n.min(SAMPLE);
        let kept: usize = (0..sample)
            .map(|k| k * n / sample)
            .map(|row| {
                let costs = shares.geometry.costs(row, 0..m, &mut buffer);
                vectorise(Exponents {
                    costs,
                    heights: &heights,
                    shift: f[row],
                    epsilon,
                    out: &mut exponents,
                });
                exponents.iter().filter(|x| **x > CUT).count()
            })
            .sum();
        let density = kept as f64 / (sample * m) as f64;
        if u32::try_from(m).is_err() || density > DENSITY || density * (8 * n * m) as f64 > memory as f64 {
            return None;
        }
        let rows = block_rows(n);
        let blocks = (0..n.div_ceil(rows)).map(|block| block * rows..((block + 1) * rows).min(n));
        let mut form = Self {
            epsilon,
            f: Vec::new(),
            g: Vec::new(),
            blocks: blocks
                .map(|rows| Block {
                    ends: Vec::with_capacity(rows.len()),
                    columns: Vec::new(),
                    entries: Vec::new(),
                    along: vec![0.0; rows.len()],
                    across: vec![0.0; m],
                    rows,
                })
                .collect(),
            weights: vec![0.0; m],
            small: n * m < SMALL,
        };
        form.absorb(shares, epsilon, f, g);
        Some(form)
    }
}

/// `(f_i + g_j - c_j)/ε`.
struct Exponents<'e> {
    costs: &'e [f64],
    heights: &'e [f64],
    shift: f64,
    epsilon: f64,
    out: &'e mut [f64],
}

impl WithSimd for Exponents<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, _: S) {
        let scale = 1.0 / self.epsilon;
        for ((out, c), h) in self.out.iter_mut().zip(self.costs).zip(self.heights) {
            *out = ((self.shift + h) - c) * scale;
        }
    }
}

impl Sweep for Truncated {
    fn absorb(&mut self, shares: &Shares<'_>, epsilon: f64, f: &[f64], g: &[f64]) {
        (self.epsilon, self.f, self.g) = (epsilon, f.to_vec(), g.to_vec());
        let heights = heights(g, &shares.b);
        each(self.blocks.iter_mut().collect(), self.small, |block| {
            let (mut buffer, mut exponents) = (Vec::new(), vec![0.0; heights.len()]);
            block.ends.clear();
            block.columns.clear();
            block.entries.clear();
            for row in block.rows.clone() {
                let costs = shares.geometry.costs(row, 0..heights.len(), &mut buffer);
                vectorise(Exponents {
                    costs,
                    heights: &heights,
                    shift: f[row],
                    epsilon,
                    out: &mut exponents,
                });
                for (column, &x) in exponents.iter().enumerate() {
                    if x > CUT {
                        block.columns.push(column as u32);
                        // Far off potentials give entries whose sums are out of range.
                        block.entries.push(x.min(80.0).exp() as f32);
                    }
                }
                block.ends.push(block.columns.len());
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
        let limit = BOUND * self.epsilon;
        let near =
            |(j, (g, absorbed)): (usize, (&f64, &f64))| shares.b[j] == 0.0 || (g - absorbed).abs() <= limit;
        if !g.iter().zip(&self.g).enumerate().all(near) {
            return Err(OutOfRange);
        }
        let (b, epsilon) = (&shares.b, self.epsilon);
        vectorise(Weights {
            g,
            absorbed: &self.g,
            b,
            scale: 1.0 / epsilon,
            out: self.weights.as_mut_slice(),
        });
        let weights = &self.weights;
        each(self.blocks.iter_mut().collect(), self.small, |block| block.pass(weights, &shares.a));
        next.fill(0.0);
        for block in &self.blocks {
            f[block.rows.clone()].copy_from_slice(&block.along);
            vectorise(Add { sums: next, parts: &block.across });
        }
        let (low, high) = ((-2.0 * BOUND).exp(), (2.0 * BOUND).exp());
        let held = |sums: &[f64], mass: &[f64]| {
            sums.iter().zip(mass).all(|(s, m)| *m == 0.0 || (*s > low && *s < high))
        };
        if !held(f, &shares.a) || !held(next, &shares.b) {
            return Err(OutOfRange);
        }
        vectorise(Potentials::<f64>::new(f, &self.f, &shares.a, epsilon));
        vectorise(Potentials::<f64>::new(next, &self.g, &shares.b, epsilon));
        Ok(())
    }
}

impl Block {
    /// Along each row, then across it.
    fn pass(&mut self, weights: &[f64], a: &[f64]) {
        self.across.fill(0.0);
        let mut start = 0;
        for (local, &end) in self.ends.iter().enumerate() {
            let (columns, entries) = (&self.columns[start..end], &self.entries[start..end]);
            start = end;
            let mut sums = [0.0; 4];
            let (whole, rest) = (columns.chunks_exact(4), columns.chunks_exact(4).remainder());
            for (columns, entries) in whole.zip(entries.chunks_exact(4)) {
                for t in 0..4 {
                    sums[t] += f64::from(entries[t]) * weights[columns[t] as usize];
                }
            }
            for (&column, &entry) in rest.iter().zip(&entries[entries.len() - rest.len()..]) {
                sums[0] += f64::from(entry) * weights[column as usize];
            }
            let sum = (sums[0] + sums[1]) + (sums[2] + sums[3]);
            self.along[local] = sum;
            let a = a[self.rows.start + local];
            if a > 0.0 && sum > 0.0 {
                let scaling = a / sum;
                for (&column, &entry) in columns.iter().zip(entries) {
                    self.across[column as usize] += scaling * f64::from(entry);
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Truncated;
    use crate::sinkhorn::log::Log;
    use crate::sinkhorn::sweep::{Shares, Sweep};
    use crate::{CostFunction, OtSolver, Sinkhorn, SquaredEuclidean, Stop, Transport};
    use ndarray::Array2;

    #[test]
    fn a_sweep_is_that_of_the_log_form_and_far_potentials_are_refused() {
        let points =
            |n: usize, by: f64| Array2::from_shape_fn((n, 1), |(i, _)| (i as f64 / n as f64).powf(1.3) + by);
        let costs = SquaredEuclidean.matrix(points(300, 0.0).view(), points(251, 0.1).view()).unwrap();
        let problem = Transport::uniform(&costs).unwrap();
        let epsilon = 1e-4;
        let stop = Stop::Within { tolerance: 1e-4, max_iterations: 10_000 };
        let plan = Sinkhorn::new(epsilon, stop).solve(&problem).unwrap();
        let (f, mut g) = (plan.source_potential().to_vec(), plan.target_potential().to_vec());
        let shares = Shares::new(&costs, [problem.source(), problem.target()]);
        let mut truncated = Truncated::new(&shares, epsilon, (&f, &g), 1 << 20).expect("few entries matter");
        let kept: usize = truncated.blocks.iter().map(|block| block.entries.len()).sum();
        assert!(kept < 300 * 251 / 8, "{kept}");
        assert!(Truncated::new(&shares, epsilon, (&f, &g), 1000).is_none(), "no memory for them");
        assert!(Truncated::new(&shares, 10.0, (&f, &g), 1 << 20).is_none(), "all matter");

        // Moved by an ε here and there.
        g.iter_mut().enumerate().for_each(|(j, g)| *g += epsilon * (j as f64).sin());
        let mut log = Log::<f64>::new((300, 251));
        log.absorb(&shares, epsilon, &f, &g);
        let sweep = |form: &mut dyn Sweep, g: &[f64]| {
            let (mut f, mut next) = (vec![0.0; 300], vec![0.0; 251]);
            form.sweep(&shares, g, &mut f, &mut next).map(|()| (f, next))
        };
        let (ours, whole) = (sweep(&mut truncated, &g).unwrap(), sweep(&mut log, &g).unwrap());
        // Entries in single precision.
        let close = |x: &[f64], y: &[f64]| x.iter().zip(y).all(|(x, y)| (x - y).abs() < 1e-6 * epsilon);
        assert!(close(&ours.0, &whole.0) && close(&ours.1, &whole.1));

        g[17] += 5.0 * epsilon;
        assert!(sweep(&mut truncated, &g).is_err());
    }
}
