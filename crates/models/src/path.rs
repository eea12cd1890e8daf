//! Conditional probability paths between paired cells.

/// How a pair of cells is joined: a point and a target velocity at each moment.
///
/// A pure function of its arguments: the noise is given, never drawn, so that a path can be compared
/// with its closed form. Implement [`at`](Self::at) and any pairing, network and trainer serves it.
pub trait Path: Sync {
    /// For `s` in [0, 1], the ends `x0`, `x1` and a standard normal `noise`, writes the point `x` on
    /// the path and the velocity `u = dx/ds` there. All slices have the length of a state.
    fn at(&self, s: f32, x0: &[f32], x1: &[f32], noise: &[f32], x: &mut [f32], u: &mut [f32]);
}

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
    fn at(&self, s: f32, x0: &[f32], x1: &[f32], noise: &[f32], x: &mut [f32], u: &mut [f32]) {
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
        Straight { sigma: 0.5 }.at(0.25, &[0.0, 4.0], &[8.0, 0.0], &[1.0, -2.0], &mut x, &mut u);
        assert_eq!((x, u), ([2.5, 2.0], [8.0, -4.0]));
    }

    #[test]
    fn the_velocity_is_the_derivative_of_the_point() {
        let (x0, x1, noise) = ([0.3, -1.0], [2.0, 0.7], [0.4, 0.1]);
        let (mut ahead, mut behind, mut u) = ([0.0; 2], [0.0; 2], [0.0; 2]);
        let path = Straight { sigma: 0.1 };
        path.at(0.6, &x0, &x1, &noise, &mut ahead, &mut u);
        path.at(0.4, &x0, &x1, &noise, &mut behind, &mut u);
        for i in 0..2 {
            assert!(((ahead[i] - behind[i]) / 0.2 - u[i]).abs() < 1e-5);
        }
    }
}
