//! What happens between two paired cells: they move, and their mass changes.

use chreode_ot::WassersteinFisherRao;

/// How a pair of weighted cells is joined.
pub trait GrowthPath: Sync {
    /// For `s` in [0, 1], a cell of mass `m0` at `x0` and one of mass `m1` at `x1`, writes the point `x` on the path and
    /// the velocity `u = dx/ds` there, and returns the mass m(s) and the growth rate `d log m/ds`.
    fn at(&self, s: f64, from: (&[f32], f64), to: (&[f32], f64), x: &mut [f32], u: &mut [f32]) -> (f64, f64);
}

/// The geodesic of the Wasserstein-Fisher-Rao metric between two Diracs, in closed form: [`chreode_ot::DiracTrack`].
///
/// Peng et al., *WFR-FM: Simulation-free dynamic unbalanced optimal transport*, ICLR 2026, arXiv:2601.06810.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct WfrPath(pub WassersteinFisherRao);

impl GrowthPath for WfrPath {
    fn at(
        &self,
        s: f64,
        (x0, m0): (&[f32], f64),
        (x1, m1): (&[f32], f64),
        x: &mut [f32],
        u: &mut [f32],
    ) -> (f64, f64) {
        let square = |(a, b): (&f32, &f32)| (f64::from(*b) - f64::from(*a)).powi(2);
        let distance = x0.iter().zip(x1).map(square).sum::<f64>().sqrt();
        // No plan pairs cells that are out of reach; rounding may put one just there.
        let within = distance.min(self.0.reach() * (1.0 - 1e-9));
        let Some(track) = self.0.track(within, m0, m1) else {
            x.copy_from_slice(x0);
            u.fill(0.0);
            return (m0, 0.0);
        };
        let state = track.at(s);
        let (way, speed) = match distance > 0.0 {
            true => (state.travelled / distance, state.speed / distance),
            false => (0.0, 0.0),
        };
        for i in 0..x.len() {
            let along = f64::from(x1[i]) - f64::from(x0[i]);
            x[i] = (f64::from(x0[i]) + way * along) as f32;
            u[i] = (speed * along) as f32;
        }
        (state.mass, state.growth)
    }
}

/// A straight line at constant speed, and mass that grows at a constant rate: `m = m₀^(1−s) m₁^s`.
///
/// Wang et al., *Joint velocity-growth flow matching for single-cell dynamics modeling*, NeurIPS 2025,
/// arXiv:2505.13413.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ExponentialPath;

impl GrowthPath for ExponentialPath {
    fn at(
        &self,
        s: f64,
        (x0, m0): (&[f32], f64),
        (x1, m1): (&[f32], f64),
        x: &mut [f32],
        u: &mut [f32],
    ) -> (f64, f64) {
        for i in 0..x.len() {
            u[i] = x1[i] - x0[i];
            x[i] = x0[i] + s as f32 * u[i];
        }
        let rate = (m1 / m0).ln();
        (m0 * (s * rate).exp(), rate)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The mass, the velocity and the growth rate against differences of the point and the mass.
    fn consistent(path: &impl GrowthPath) {
        let (x0, x1) = ([0.2_f32, -1.0], [1.1_f32, 0.3]);
        let at = |s: f64| {
            let (mut x, mut u) = ([0.0; 2], [0.0; 2]);
            let (mass, growth) = path.at(s, (&x0, 0.7), (&x1, 1.9), &mut x, &mut u);
            (x, u, mass, growth)
        };
        let (begin, end) = (at(0.0), at(1.0));
        assert!((begin.2 - 0.7).abs() < 1e-12 && (end.2 - 1.9).abs() < 1e-12);
        for i in 0..2 {
            assert!((begin.0[i] - x0[i]).abs() < 1e-6 && (end.0[i] - x1[i]).abs() < 1e-6);
        }
        let h = 1e-2;
        for s in [0.2, 0.5, 0.9] {
            let (behind, now, ahead) = (at(s - h), at(s), at(s + h));
            for i in 0..2 {
                let slope = f64::from(ahead.0[i] - behind.0[i]) / (2.0 * h);
                assert!((slope - f64::from(now.1[i])).abs() < 1e-3, "{slope} {}", now.1[i]);
            }
            let rate = (ahead.2 - behind.2) / (2.0 * h) / now.2;
            assert!((rate - now.3).abs() < 1e-3, "{rate} {}", now.3);
        }
    }

    #[test]
    fn velocities_and_rates_are_derivatives() {
        consistent(&WfrPath(WassersteinFisherRao::new(0.8).expect("positive")));
        consistent(&ExponentialPath);
    }
}
