//! The Wasserstein-Fisher-Rao metric: mass moves and grows, at a price for both.

mod cone;
mod geodesic;
mod track;

pub use cone::ConeCost;
pub use geodesic::{DiracGeodesic, DiracState, TravellingDirac};
pub use track::{DiracTrack, TrackState};

use crate::{Coupling, Geometry, Marginal, OtError, RelaxedTransport};
use chreode_core::Real;
use ndarray::ArrayView1;

/// The Wasserstein-Fisher-Rao (Hellinger-Kantorovich) metric with the length scale δ.
///
/// `WFR² = min ∫₀¹ ∫ ½ (|v|² + δ² g²) dρ_t dt` over `∂_t ρ + ∇·(ρ v) = ρ g`, from one measure to the other. Mass
/// moves where that is cheap, no farther than πδ, and is destroyed and created elsewhere. The static form is
/// `WFR² = 2δ² min_P ⟨C, P⟩ + KL(P 1 | a) + KL(Pᵀ 1 | b)` with the cost `-log cos²(min(|x - y|/(2δ), π/2))`, so every
/// solver of a [`RelaxedTransport`] computes it.
///
/// L. Chizat, G. Peyré, B. Schmitzer and F.-X. Vialard, Found. Comput. Math. 18, 2018, doi
/// 10.1007/s10208-016-9331-y; M. Liero, A. Mielke and G. Savaré, Invent. math. 211, 2018,
/// doi 10.1007/s00222-017-0759-8.
///
/// ```
/// use chreode_ot::{Coupling, PointCloud, RelaxedSolver, Stop, UnbalancedSinkhorn, WassersteinFisherRao};
/// use ndarray::array;
///
/// let metric = WassersteinFisherRao::new(1.0)?;
/// let cost = metric.cost();
/// let geometry = PointCloud::new(array![[0.0], [5.0]].view(), array![[0.5], [1.0]].view(), &cost)?;
/// let problem = metric.problem(&geometry, array![1.0, 0.2].view(), array![0.5, 1.5].view())?;
/// let stop = Stop::Within { tolerance: 1e-9, max_iterations: 100_000 };
/// let plan = UnbalancedSinkhorn::new(1e-3, stop).solve(&problem)?;
/// let (low, high) = metric.squared(&problem, &plan);
/// assert!(low <= high && high - low < 2e-2 * high);
/// # Ok::<(), chreode_ot::OtError>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct WassersteinFisherRao {
    delta: f64,
}

impl WassersteinFisherRao {
    /// The metric of the length scale `delta`, in the units of the coordinates.
    ///
    /// # Errors
    /// A scale that is not positive and finite.
    pub fn new(delta: f64) -> Result<Self, OtError> {
        if delta > 0.0 && delta.is_finite() {
            return Ok(Self { delta });
        }
        Err(OtError::BadParameter { name: "delta", value: delta, range: "positive and finite" })
    }

    /// δ.
    pub fn delta(self) -> f64 {
        self.delta
    }

    /// πδ: mass farther apart is destroyed and created.
    pub fn reach(self) -> f64 {
        std::f64::consts::PI * self.delta
    }

    /// The cost of the static form.
    pub fn cost(self) -> ConeCost {
        ConeCost { delta: self.delta }
    }

    /// The static form, on costs that [`cost`](Self::cost) made.
    ///
    /// # Errors
    /// As [`RelaxedTransport::new`].
    pub fn problem<'g, G: Geometry + ?Sized, T: Real>(
        self,
        geometry: &'g G,
        a: ArrayView1<'_, T>,
        b: ArrayView1<'_, T>,
    ) -> Result<RelaxedTransport<'g, G>, OtError> {
        let penalty = Marginal::Kl { lambda: 1.0 };
        RelaxedTransport::new(geometry, a, b, penalty, penalty)
    }

    /// A lower and an upper bound of WFR², from any plan of the static form, entropic ones included.
    pub fn squared<G: Geometry + ?Sized, P: Coupling>(
        self,
        problem: &RelaxedTransport<'_, G>,
        plan: &P,
    ) -> (f64, f64) {
        let scale = 2.0 * self.delta * self.delta;
        let (low, high) = problem.bounds(plan);
        (scale * low, scale * high)
    }

    /// The masses between which an entry of the plan moves: its shares `a_i P_ij / Σ_j P_ij` of the source and
    /// `b_j P_ij / Σ_i P_ij` of the target.
    ///
    /// They are the semi-couplings of Chizat et al. (2018): for the optimal plan the squared distances of the pairs
    /// of Diracs (and the mass that no entry takes) sum to WFR², and their geodesics make up that of the measures.
    pub fn pair(self, entry: f64, source: (f64, f64), target: (f64, f64)) -> (f64, f64) {
        let share = |(mass, sum): (f64, f64)| if sum > 0.0 { mass * (entry / sum) } else { 0.0 };
        (share(source), share(target))
    }

    /// `WFR²` between two Diracs, `2δ² (m₀ + m₁ - 2 √(m₀ m₁) cos(min(d/(2δ), π/2)))`.
    pub fn dirac_squared(self, distance: f64, m0: f64, m1: f64) -> f64 {
        let angle = (distance / (2.0 * self.delta)).min(std::f64::consts::FRAC_PI_2);
        // (√m₀ - √m₁)² + 4 √(m₀ m₁) sin²(θ/2): without cancellation.
        let (root, half) = (m0.sqrt() - m1.sqrt(), (0.5 * angle).sin());
        2.0 * self.delta * self.delta * (root * root + 4.0 * (m0 * m1).sqrt() * half * half)
    }
}
