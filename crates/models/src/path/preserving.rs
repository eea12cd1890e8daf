//! Paths that keep the variance.

use super::{Ends, Path};
use std::f32::consts::FRAC_PI_2;

/// A quarter of a circle: `x = cos(πs/2) x0 + sin(πs/2) x1 + σ ε`, `u = π/2 (cos(πs/2) x1 − sin(πs/2) x0)`.
///
/// Of independent ends with equal variance, every point in between has it too, where a straight line loses half of it
/// in the middle. Coordinates must be centred: the path between two equal cells leaves them. Albergo and
/// Vanden-Eijnden, ICLR 2023, arXiv:2209.15571; VP-CFM in Tong et al., TMLR 2024.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct VariancePreserving {
    /// Standard deviation σ of the noise, in the units of the state.
    pub sigma: f32,
}

impl Path for VariancePreserving {
    fn at(&self, s: f32, Ends { x0, x1, noise, .. }: Ends<'_>, x: &mut [f32], u: &mut [f32]) {
        let (sin, cos) = (FRAC_PI_2 * s).sin_cos();
        for i in 0..x.len() {
            x[i] = cos * x0[i] + sin * x1[i] + self.sigma * noise[i];
            u[i] = FRAC_PI_2 * (cos * x1[i] - sin * x0[i]);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn independent_ends_of_equal_variance_keep_it() {
        // cos² + sin² = 1, for each s: the variance of the sum of independent ends of variance 1.
        for s in [0.1_f32, 0.5, 0.8] {
            let weight = |x0: f32, x1: f32| {
                let (mut x, mut u) = ([0.0; 1], [0.0; 1]);
                let ends = Ends { x0: &[x0], x1: &[x1], noise: &[0.0], length: 1.0 };
                VariancePreserving { sigma: 0.0 }.at(s, ends, &mut x, &mut u);
                x[0]
            };
            assert!((weight(1.0, 0.0).powi(2) + weight(0.0, 1.0).powi(2) - 1.0).abs() < 1e-6);
        }
    }
}
