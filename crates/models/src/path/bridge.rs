//! Brownian bridges.

use super::{Ends, Path};

/// The Brownian bridge of diffusion σ: `x = (1 − s) x0 + s x1 + σ √(L s (1 − s)) ε` over an interval of length L, and
///
/// `u = x1 − x0 + (1 − 2s) / (2 s (1 − s)) · (x − (1 − s) x0 − s x1)`.
///
/// With pairs of the entropic plan of squared distances at `ε = 2σ²L`, the mixture of these bridges is the Schrödinger
/// bridge of Brownian motion with diffusion σ: SB-CFM (Tong et al., TMLR 2024, arXiv:2302.00482, prop. 3.5, where
/// L = 1). The factor L keeps σ the diffusion per unit of network time when a time is left out.
///
/// The velocity is without bound at the two ends; closer to them than [`MARGIN`](Self::MARGIN) the noise is that at the
/// margin.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Bridge {
    /// The diffusion σ, in the units of the state per root of network time.
    pub sigma: f32,
}

impl Bridge {
    /// The part of the interval next to each of its ends in which noise does not change.
    pub const MARGIN: f32 = 1e-3;

    /// The standard deviation at `s`, and its derivative by `s`.
    pub fn spread(&self, s: f32, length: f32) -> (f32, f32) {
        let deviation = self.sigma * (length * s * (1.0 - s)).sqrt();
        let rate = if deviation > 0.0 { (1.0 - 2.0 * s) / (2.0 * s * (1.0 - s)) } else { 0.0 };
        (deviation, rate * deviation)
    }
}

impl Path for Bridge {
    fn at(&self, s: f32, Ends { x0, x1, noise, length }: Ends<'_>, x: &mut [f32], u: &mut [f32]) {
        let (deviation, slope) = self.spread(s.clamp(Self::MARGIN, 1.0 - Self::MARGIN), length);
        for i in 0..x.len() {
            let straight = x1[i] - x0[i];
            x[i] = x0[i] + s * straight + deviation * noise[i];
            u[i] = straight + slope * noise[i];
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_bridge_has_the_published_point_and_velocity() {
        // s = 0.2, L = 1: σ_s = 0.5 · 0.4 = 0.2; (1 − 2s) / (2 s (1 − s)) = 0.6 / 0.32 = 1.875.
        let (mut x, mut u) = ([0.0; 1], [0.0; 1]);
        let ends = Ends { x0: &[1.0], x1: &[3.0], noise: &[2.0], length: 1.0 };
        Bridge { sigma: 0.5 }.at(0.2, ends, &mut x, &mut u);
        assert!(
            (x[0] - (1.4 + 0.4)).abs() < 1e-6 && (u[0] - (2.0 + 1.875 * 0.4)).abs() < 1e-5,
            "{x:?} {u:?}"
        );
    }

    #[test]
    fn a_longer_interval_has_more_noise_and_ends_are_finite() {
        let bridge = Bridge { sigma: 0.3 };
        assert!((bridge.spread(0.5, 4.0).0 - 2.0 * bridge.spread(0.5, 1.0).0).abs() < 1e-7);
        for s in [0.0, 1.0] {
            let (mut x, mut u) = ([0.0; 1], [0.0; 1]);
            bridge.at(s, Ends { x0: &[1.0], x1: &[3.0], noise: &[1.0], length: 1.0 }, &mut x, &mut u);
            assert!(u[0].is_finite() && u[0].abs() < 10.0, "{u:?}");
        }
    }
}
