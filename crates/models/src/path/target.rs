//! From noise to a cell.

use super::{Ends, Path};

/// From a standard normal draw to a cell: `x = (1 − (1 − σ) s) ε + s x1`, `u = x1 − (1 − σ) ε`.
///
/// The earlier cell is not used: the noise is the source, and the path is conditioned on its target alone. Lipman et
/// al., *Flow matching for generative modeling*, ICLR 2023, arXiv:2210.02747, eqs. 20–23.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Target {
    /// The standard deviation σ that is left at the cell.
    pub sigma: f32,
}

impl Path for Target {
    fn at(&self, s: f32, Ends { x1, noise, .. }: Ends<'_>, x: &mut [f32], u: &mut [f32]) {
        let fade = 1.0 - self.sigma;
        for i in 0..x.len() {
            x[i] = (1.0 - fade * s) * noise[i] + s * x1[i];
            u[i] = x1[i] - fade * noise[i];
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_path_begins_at_the_noise_and_has_the_published_velocity_field() {
        // Lipman's eq. 21: u(x | x1) = (x1 − (1 − σ) x) / (1 − (1 − σ) s).
        let (mut x, mut u) = ([0.0; 1], [0.0; 1]);
        let ends = Ends { x0: &[9.0], x1: &[3.0], noise: &[-1.5], length: 1.0 };
        let path = Target { sigma: 0.1 };
        path.at(0.0, ends, &mut x, &mut u);
        assert_eq!(x, [-1.5]);
        path.at(0.4, ends, &mut x, &mut u);
        assert!((u[0] - (3.0 - 0.9 * x[0]) / (1.0 - 0.9 * 0.4)).abs() < 1e-5, "{u:?}");
    }
}
