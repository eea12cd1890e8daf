//! The soft minimum of a row of costs.

use crate::sinkhorn::exp;
use ndarray::ArrayView1;

/// Partial results of a row, in a fixed order.
const LANES: usize = 8;

/// `h_j = g_j + ε log b_j`; −∞ without mass.
pub(crate) fn weighted(potential: ArrayView1<'_, f64>, mass: ArrayView1<'_, f64>, epsilon: f64) -> Vec<f64> {
    let one = |(&p, &w): (&f64, &f64)| if w > 0.0 { p + epsilon * w.ln() } else { f64::NEG_INFINITY };
    potential.iter().zip(mass).map(one).collect()
}

/// `−ε log Σ_j exp((h_j − c_j)/ε)`; +∞ where no move is allowed.
pub(crate) fn soft_minimum(costs: &[f64], weighted: &[f64], epsilon: f64) -> f64 {
    pulp::Arch::new().dispatch(SoftMinimum { costs, weighted, epsilon })
}

/// Compiled for the vector instructions that the machine has.
struct SoftMinimum<'r> {
    costs: &'r [f64],
    weighted: &'r [f64],
    epsilon: f64,
}

impl pulp::WithSimd for SoftMinimum<'_> {
    type Output = f64;

    #[inline(always)]
    fn with_simd<S: pulp::Simd>(self, _: S) -> f64 {
        let Self { costs, weighted, epsilon } = self;
        let (c, h) = (costs.chunks_exact(LANES), weighted.chunks_exact(LANES));
        let rest = c.remainder().iter().zip(h.remainder());
        let mut low = [f64::INFINITY; LANES];
        for (c, h) in c.clone().zip(h.clone()) {
            for k in 0..LANES {
                let d = c[k] - h[k];
                low[k] = if d < low[k] { d } else { low[k] };
            }
        }
        let least = low.iter().fold(f64::INFINITY, |x, &y| x.min(y));
        let least = rest.clone().fold(least, |x, (&c, &h)| x.min(c - h));
        if !least.is_finite() {
            return f64::INFINITY;
        }
        let scale = 1.0 / epsilon;
        let mut sums = [0.0; LANES];
        for (c, h) in c.zip(h) {
            for k in 0..LANES {
                sums[k] += exp((least - (c[k] - h[k])) * scale);
            }
        }
        let sum: f64 =
            sums.iter().sum::<f64>() + rest.map(|(&c, &h)| exp((least - (c - h)) * scale)).sum::<f64>();
        least - epsilon * sum.ln()
    }
}
