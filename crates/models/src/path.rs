//! Conditional probability paths between paired cells.

mod bridge;
mod kind;
mod preserving;
mod straight;
mod target;

pub use bridge::Bridge;
pub use kind::PathKind;
pub use preserving::VariancePreserving;
pub use straight::Straight;
pub use target::Target;

/// Two paired cells, and what a path between them is made of. All slices have the length of a state.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Ends<'a> {
    /// The earlier cell.
    pub x0: &'a [f32],
    /// The later cell.
    pub x1: &'a [f32],
    /// Standard normal numbers.
    pub noise: &'a [f32],
    /// The time from the one to the other, in network time: diffusion grows with it.
    pub length: f32,
}

/// How a pair of cells is joined: a point and a target velocity at each moment.
///
/// A pure function of its arguments: the noise is given, never drawn, so that a path can be compared
/// with its closed form. Implement [`at`](Self::at) and any pairing, network and trainer serves it.
pub trait Path: Sync {
    /// For `s` in [0, 1], writes the point `x` on the path between `ends` and the velocity `u = dx/ds` there.
    fn at(&self, s: f32, ends: Ends<'_>, x: &mut [f32], u: &mut [f32]);
}

impl Path for Box<dyn Path> {
    fn at(&self, s: f32, ends: Ends<'_>, x: &mut [f32], u: &mut [f32]) {
        self.as_ref().at(s, ends, x, u);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const X0: [f32; 3] = [0.3, -1.0, 0.0];
    const X1: [f32; 3] = [2.0, 0.7, -0.4];
    const NOISE: [f32; 3] = [0.4, 0.1, -1.7];

    /// Point and velocity.
    fn state(path: &dyn Path, s: f32, length: f32) -> ([f32; 3], [f32; 3]) {
        let (mut x, mut u) = ([0.0; 3], [0.0; 3]);
        path.at(s, Ends { x0: &X0, x1: &X1, noise: &NOISE, length }, &mut x, &mut u);
        (x, u)
    }

    proptest! {
        #[test]
        fn the_velocity_is_the_derivative_of_the_point(
            s in 0.1f32..0.9,
            sigma in 0.0f32..0.8,
            length in 0.5f32..3.0,
            kind in 0usize..4,
        ) {
            let path = PathKind::ALL[kind].path(sigma);
            let h = 2e-3;
            let [(behind, _), (_, u), (ahead, _)] = [s - h, s, s + h].map(|s| state(&*path, s, length));
            for i in 0..3 {
                let slope = (ahead[i] - behind[i]) / (2.0 * h);
                prop_assert!((slope - u[i]).abs() < 2e-3 * (1.0 + u[i].abs()), "{slope} and {} at {s}", u[i]);
            }
        }

        #[test]
        fn without_noise_the_paths_end_at_the_cells(sigma in 0.0f32..0.8, kind in 0usize..3) {
            let path = PathKind::ALL[kind].path(sigma);
            let quiet = |s| {
                let (mut x, mut u) = ([0.0; 3], [0.0; 3]);
                path.at(s, Ends { x0: &X0, x1: &X1, noise: &[0.0; 3], length: 2.0 }, &mut x, &mut u);
                x
            };
            for i in 0..3 {
                prop_assert!((quiet(0.0)[i] - X0[i]).abs() < 1e-5 && (quiet(1.0)[i] - X1[i]).abs() < 1e-5);
            }
        }
    }
}
