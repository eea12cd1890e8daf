//! Straight lines with constant noise.

use super::{Ends, Path};

/// The straight line with constant noise: `x = (1 − s) x0 + s x1 + σ ε`, `u = x1 − x0`.
///
/// With independent pairs this is I-CFM, with optimal-transport pairs OT-CFM.
/// Tong et al., *Improving and generalizing flow-based generative models with minibatch optimal
/// transport*, TMLR 2024, arXiv:2302.00482, eqs. 14–15.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Straight {
    /// Standard deviation σ of the noise, in the units of the state.
    pub sigma: f32,
}

impl Path for Straight {
    fn at(&self, s: f32, Ends { x0, x1, noise, .. }: Ends<'_>, x: &mut [f32], u: &mut [f32]) {
        for i in 0..x.len() {
            u[i] = x1[i] - x0[i];
            x[i] = x0[i] + s * u[i] + self.sigma * noise[i];
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_straight_path_has_the_published_point_and_velocity() {
        let (mut x, mut u) = ([0.0; 2], [0.0; 2]);
        let ends = Ends { x0: &[0.0, 4.0], x1: &[8.0, 0.0], noise: &[1.0, -2.0], length: 1.0 };
        Straight { sigma: 0.5 }.at(0.25, ends, &mut x, &mut u);
        assert_eq!((x, u), ([2.5, 2.0], [8.0, -4.0]));
    }
}
