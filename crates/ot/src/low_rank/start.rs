//! Where the descent on the factors starts.

use super::dykstra::round;
use super::plan::Factors;
use crate::OtError;
use ndarray::{Array1, Array2, ArrayView2, Axis};

/// First factors of a low-rank plan.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub enum LowRankStart<'f> {
    /// Factors of rank two with `g` uniform, without randomness, for any cost (Scetbon, Cuturi and Peyré
    /// 2021).
    #[default]
    RankTwo,
    /// Nonnegative matrices `n × r` and `m × r`, e.g. memberships of clusters; their rows are scaled to the
    /// masses and `g` is uniform.
    Memberships(ArrayView2<'f, f64>, ArrayView2<'f, f64>),
}

/// `λ a₁ g₁ᵀ + (1 - λ) a₂ g₂ᵀ` of marginals `a` and `g`, with `a₁ ∝ 1, 2, …` and `g₁ ∝ 1, 2, …`.
fn rank_two(a: &Array1<f64>, g: &Array1<f64>, lambda: f64) -> Array2<f64> {
    let ramp = |size: usize| {
        let total = (size * (size + 1)) as f64 / 2.0;
        Array1::from_shape_fn(size, |i| (i + 1) as f64 / total)
    };
    let (a1, g1) = (ramp(a.len()), ramp(g.len()));
    // A point without mass takes no part in the ramp.
    let a1 = ndarray::Zip::from(&a1).and(a).map_collect(|&x, &a| if a > 0.0 { x } else { 0.0 });
    let a1 = &a1 / a1.sum();
    let a2 = (a - &(&a1 * lambda)) / (1.0 - lambda);
    let g2 = (g - &(&g1 * lambda)) / (1.0 - lambda);
    Array2::from_shape_fn((a.len(), g.len()), |(i, k)| {
        lambda * a1[i] * g1[k] + (1.0 - lambda) * a2[i] * g2[k]
    })
}

/// Factors with marginals `a`, `b` and uniform `g`.
pub(super) fn rank_two_factors(a: &Array1<f64>, b: &Array1<f64>, rank: usize) -> Factors {
    let g = Array1::from_elem(rank, 1.0 / rank as f64);
    let least = |masses: &Array1<f64>| {
        masses.iter().copied().filter(|&mass| mass > 0.0).fold(f64::INFINITY, f64::min)
    };
    // Small enough for a - λ a₁ and g - λ g₁ to stay positive.
    let lambda = 0.5 * least(a).min(least(b)).min(1.0 / rank as f64);
    Factors { q: rank_two(a, &g, lambda), r: rank_two(b, &g, lambda), g }
}

impl LowRankStart<'_> {
    /// The first factors for marginals `a` and `b`.
    pub(crate) fn factors(&self, a: &Array1<f64>, b: &Array1<f64>, rank: usize) -> Result<Factors, OtError> {
        let Self::Memberships(q, r) = self else { return Ok(rank_two_factors(a, b, rank)) };
        let g = Array1::from_elem(rank, 1.0 / rank as f64);
        let side = |what: &'static str, given: &ArrayView2<'_, f64>, masses: &Array1<f64>| {
            for (expected, found) in [(masses.len(), given.nrows()), (rank, given.ncols())] {
                if expected != found {
                    return Err(OtError::Shape { what, expected, found });
                }
            }
            let wrong = |x: &f64| !(x.is_finite() && *x >= 0.0);
            if let Some(((row, column), &value)) = given.indexed_iter().find(|(_, x)| wrong(x)) {
                return Err(OtError::BadEntry { what, row, column, value });
            }
            // The product of the marginals keeps every entry reachable.
            let mut factor = Array2::from_shape_fn((masses.len(), rank), |(i, k)| {
                let sum: f64 = given.row(i).sum();
                let share = if sum > 0.0 { given[[i, k]] / sum } else { g[k] };
                masses[i] * (0.9 * share + 0.1 * g[k])
            });
            for _ in 0..20 {
                let sums = factor.sum_axis(Axis(0));
                factor *= &(&g / &sums);
                let sums = factor.sum_axis(Axis(1));
                let scale = masses.iter().zip(&sums).map(|(a, s)| if *s > 0.0 { a / s } else { 0.0 });
                factor *= &scale.collect::<Array1<f64>>().insert_axis(Axis(1));
            }
            round(&mut factor, masses, &g);
            Ok(factor)
        };
        Ok(Factors { q: side("the source memberships", q, a)?, r: side("the target memberships", r, b)?, g })
    }
}
