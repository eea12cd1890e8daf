//! How far a Dirac has come and what it weighs: the geodesic without its places.

use super::WassersteinFisherRao;
use std::f64::consts::FRAC_PI_2;

/// The geodesic between two Diracs at a distance below πδ, seen along their line.
///
/// The numbers of [`TravellingDirac`](crate::TravellingDirac), which adds the places, without an allocation: what a
/// learner that draws many pairs asks for.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct DiracTrack {
    delta: f64,
    angle: f64,
    roots: (f64, f64),
}

/// A point of a [`DiracTrack`].
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct TrackState {
    /// The distance from the start.
    pub travelled: f64,
    /// m(t).
    pub mass: f64,
    /// |v(t)|.
    pub speed: f64,
    /// g(t), the relative growth rate; not finite where the mass is 0.
    pub growth: f64,
}

impl WassersteinFisherRao {
    /// The track from mass `m0` to mass `m1` at `distance`; `None` from πδ on, where mass vanishes and appears.
    pub fn track(self, distance: f64, m0: f64, m1: f64) -> Option<DiracTrack> {
        let angle = distance / (2.0 * self.delta);
        (angle < FRAC_PI_2).then(|| DiracTrack { delta: self.delta, angle, roots: (m0.sqrt(), m1.sqrt()) })
    }
}

impl DiracTrack {
    /// The state at the time `t`.
    pub fn at(&self, t: f64) -> TrackState {
        let (s0, s1) = self.roots;
        let (sine, cosine) = self.angle.sin_cos();
        // The straight line in the plane, and its constant velocity.
        let (x, y) = ((1.0 - t) * s0 + t * s1 * cosine, t * s1 * sine);
        let (dx, dy) = (s1 * cosine - s0, s1 * sine);
        let mass = x * x + y * y;
        let swept = if s0 == 0.0 { self.angle } else { y.atan2(x) };
        let turn = (x * dy - y * dx) / mass;
        TrackState {
            travelled: 2.0 * self.delta * swept,
            mass,
            speed: if s0 * s1 == 0.0 { 0.0 } else { 2.0 * self.delta * turn },
            growth: 2.0 * (x * dx + y * dy) / mass,
        }
    }

    /// The constant `½ m (|v|² + δ² g²)`, which is WFR².
    pub fn energy(&self) -> f64 {
        let (s0, s1) = self.roots;
        let (root, half) = (s0 - s1, (0.5 * self.angle).sin());
        2.0 * self.delta * self.delta * (root * root + 4.0 * s0 * s1 * half * half)
    }
}
