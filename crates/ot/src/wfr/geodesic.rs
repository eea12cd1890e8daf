//! Geodesics between two Diracs, in closed form.

use super::{DiracTrack, TrackState, WassersteinFisherRao};
use crate::OtError;
use ndarray::{Array1, ArrayView1};

/// A Dirac on its way: `∂_t x = velocity`, `∂_t mass = growth × mass`.
#[derive(Clone, Debug, PartialEq)]
pub struct DiracState {
    /// x(t).
    pub position: Array1<f64>,
    /// m(t).
    pub mass: f64,
    /// v(t).
    pub velocity: Array1<f64>,
    /// g(t), the relative growth rate; infinite where the mass is 0.
    pub growth: f64,
}

/// The geodesic of the Wasserstein-Fisher-Rao metric between two Diracs.
#[derive(Clone, Debug, PartialEq)]
pub enum DiracGeodesic {
    /// Closer than πδ: one Dirac that moves and grows.
    Travelling(TravellingDirac),
    /// Farther: one vanishes where it is, with the mass `m₀ (1 - t)²` and the rate `-2/(1 - t)`, and the other appears,
    /// with `m₁ t²` and `2/t`.
    Splitting {
        /// Where and with what mass it starts.
        source: (Array1<f64>, f64),
        /// Where and with what mass it ends.
        target: (Array1<f64>, f64),
    },
}

/// A Dirac that moves and grows on the straight line of the cone.
///
/// With the angle `θ = |x₁ - x₀|/(2δ)` and the radius `√m` in polar coordinates, geodesics are straight lines of the
/// plane:
///
/// - `m(t) = A t² - 2 B t + m₀`, `A = m₀ + m₁ - 2 √(m₀ m₁) cos θ`, `B = m₀ - √(m₀ m₁) cos θ`;
/// - `x(t)` at the angle `atan2(t √m₁ sin θ, (1 - t) √m₀ + t √m₁ cos θ)`;
/// - `m |v| = 2δ √(m₀ m₁) sin θ` is constant (the momentum), and `g = 2 (A t - B)/m`;
/// - `½ m (|v|² + δ² g²) = 2δ² A` is constant (the energy), and equals WFR².
///
/// Chizat et al. 2018, section 4, doi 10.1007/s10208-016-9331-y; Liero, Mielke and Savaré 2016, SIAM J. Math.
/// Anal. 48, doi 10.1137/15M1041420.
#[derive(Clone, Debug, PartialEq)]
pub struct TravellingDirac {
    start: Array1<f64>,
    direction: Array1<f64>,
    track: DiracTrack,
}

impl WassersteinFisherRao {
    /// The geodesic from mass `m0` at `x0` to mass `m1` at `x1`, for t from 0 to 1.
    ///
    /// # Errors
    /// Points of different dimensions, a coordinate that is not finite, a mass that is negative or not finite, or no
    /// mass at all.
    pub fn geodesic(
        self,
        (x0, m0): (ArrayView1<'_, f64>, f64),
        (x1, m1): (ArrayView1<'_, f64>, f64),
    ) -> Result<DiracGeodesic, OtError> {
        if x0.len() != x1.len() {
            return Err(OtError::Dimension { source_columns: x0.len(), target_columns: x1.len() });
        }
        for (side, point, mass) in [("source", &x0, m0), ("target", &x1, m1)] {
            if let Some((column, &value)) = point.indexed_iter().find(|(_, v)| !v.is_finite()) {
                return Err(OtError::BadPoint { side, row: 0, column, value });
            }
            if !(mass >= 0.0 && mass.is_finite()) {
                return Err(OtError::BadMass { side, index: 0, value: mass });
            }
        }
        if m0 == 0.0 && m1 == 0.0 {
            return Err(OtError::NoMass { side: "source" });
        }
        let difference = &x1 - &x0;
        let distance = difference.dot(&difference).sqrt();
        let Some(track) = self.track(distance, m0, m1) else {
            return Ok(DiracGeodesic::Splitting { source: (x0.to_owned(), m0), target: (x1.to_owned(), m1) });
        };
        let direction = if distance > 0.0 { difference / distance } else { difference };
        Ok(DiracGeodesic::Travelling(TravellingDirac { start: x0.to_owned(), direction, track }))
    }
}

impl TravellingDirac {
    /// The state at the time `t`.
    pub fn at(&self, t: f64) -> DiracState {
        let TrackState { travelled, mass, speed, growth } = self.track.at(t);
        DiracState {
            position: &self.start + &(&self.direction * travelled),
            mass,
            velocity: &self.direction * speed,
            growth,
        }
    }

    /// The constant `½ m (|v|² + δ² g²)`, which is WFR².
    pub fn energy(&self) -> f64 {
        self.track.energy()
    }
}

impl DiracGeodesic {
    /// The Diracs of positive mass at the time `t` between 0 and 1: one, or two where mass vanishes and appears.
    pub fn at(&self, t: f64) -> Vec<DiracState> {
        let (source, target) = match self {
            DiracGeodesic::Travelling(dirac) => return vec![dirac.at(t)],
            DiracGeodesic::Splitting { source, target } => (source, target),
        };
        let still = |(position, mass): &(Array1<f64>, f64), share: f64, growth: f64| DiracState {
            position: position.clone(),
            mass: mass * share * share,
            velocity: Array1::zeros(position.len()),
            growth,
        };
        let mut states = vec![still(source, 1.0 - t, -2.0 / (1.0 - t)), still(target, t, 2.0 / t)];
        states.retain(|state| state.mass > 0.0);
        states
    }

    /// `m(t)`, the total mass.
    pub fn mass(&self, t: f64) -> f64 {
        self.at(t).iter().map(|state| state.mass).sum()
    }
}
