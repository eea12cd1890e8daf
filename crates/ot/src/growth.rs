//! Waddington-OT: transport between time points with growth rates that are learnt on the way.

mod trajectory;

pub use trajectory::{ancestors, descendants};

use crate::{
    Coupling, EntropicRelaxedPlan, EpsilonScaling, Geometry, Marginal, OtError, Reference, RelaxedSolver,
    RelaxedTransport, Stop, UnbalancedSinkhorn,
};
use chreode_core::Real;
use ndarray::{Array1, ArrayView1};

/// Couplings between two time points by unbalanced transport, with growth rates updated from their row sums.
///
/// With expected growth `g_i` of each of the n source cells over the interval, it minimises
/// `⟨C, P⟩ + ε KL(P | 1/(n m)) + λ₁ KL(P 1 | g/n) + λ₂ KL(Pᵀ 1 | mean(g)/m)`, takes `n (P 1)_i` for the growth, and solves
/// again, `updates` times in all. A source cell has `n (P 1)_i` descendants per cell of the source population.
///
/// The published defaults (λ₁ = 1, λ₂ = 50, ε = 0.05, one solve) are for costs with median 1: squared distances in 30
/// principal components of the two time points' cells, divided by their median
/// ([`Scaled`](crate::Scaled) by [`Unit::Median`](crate::Unit::Median)). Rates for a unit of time are raised to the power of the interval first, and the
/// learnt growth to the power of its inverse afterwards.
///
/// G. Schiebinger et al., Cell 176, 2019, doi 10.1016/j.cell.2019.01.006 (STAR Methods, "unbalanced transport" and
/// "estimating growth"); the coupling and the iteration are those of the authors' program `wot`, whose map is n P.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct WaddingtonOt {
    /// ε, in the units of the cost.
    pub epsilon: f64,
    /// λ₁, of the growth.
    pub lambda_source: f64,
    /// λ₂, of the later cells; larger, since they are observed.
    pub lambda_target: f64,
    /// How often to solve, at least once; each time after the first with the growth of the last plan.
    pub updates: usize,
    /// When to end each solve.
    pub stop: Stop,
    /// How to approach ε.
    pub scaling: EpsilonScaling,
}

impl WaddingtonOt {
    /// The published parameters, with one solve.
    pub fn new(stop: Stop) -> Self {
        Self {
            epsilon: 0.05,
            lambda_source: 1.0,
            lambda_target: 50.0,
            updates: 1,
            stop,
            scaling: EpsilonScaling::None,
        }
    }

    /// The coupling, with `growth` expected of each source cell over the interval (1 for a cell that neither divides
    /// nor dies).
    ///
    /// # Errors
    /// No update, a growth that is negative or not finite, or what
    /// [`UnbalancedSinkhorn`] says.
    pub fn solve<'g, G: Geometry + ?Sized, T: Real>(
        &self,
        geometry: &'g G,
        growth: ArrayView1<'_, T>,
    ) -> Result<GrowthPlan<'g, G>, OtError> {
        let (n, m) = geometry.shape();
        if self.updates == 0 {
            let (name, range) = ("the number of growth updates", "at least 1");
            return Err(OtError::BadParameter { name, value: 0.0, range });
        }
        let mut growth = growth.mapv(Real::to_f64);
        if let Some((index, &value)) = growth.indexed_iter().find(|(_, g)| !(g.is_finite() && **g >= 0.0)) {
            return Err(OtError::BadMass { side: "source", index, value });
        }
        let solver = UnbalancedSinkhorn {
            reference: Reference::Uniform,
            scaling: self.scaling,
            ..UnbalancedSinkhorn::new(self.epsilon, self.stop)
        };
        let source = Marginal::Kl { lambda: self.lambda_source };
        let target = Marginal::Kl { lambda: self.lambda_target };
        let mut history = vec![growth.clone()];
        let mut round = 0;
        loop {
            let a = &growth / n as f64;
            let b = Array1::from_elem(m, a.sum() / m as f64);
            let problem = RelaxedTransport::new(geometry, a.view(), b.view(), source, target)?;
            let plan = solver.solve(&problem)?;
            growth = plan.marginals().0 * n as f64;
            history.push(growth.clone());
            round += 1;
            if round == self.updates {
                return Ok(GrowthPlan { plan, history });
            }
        }
    }
}

/// A coupling with the growth that was learnt.
#[derive(Debug)]
pub struct GrowthPlan<'g, G: ?Sized> {
    /// The coupling of the last solve; its row sums are growth/n.
    pub plan: EntropicRelaxedPlan<'g, G>,
    /// The growth of each source cell over the interval: what was expected, then that of each solve.
    pub history: Vec<Array1<f64>>,
}

impl<G: ?Sized> GrowthPlan<'_, G> {
    /// The growth of each source cell over the interval, of the last plan.
    pub fn growth(&self) -> ArrayView1<'_, f64> {
        self.history[self.history.len() - 1].view()
    }

    /// The growth for a unit of time, where the interval is `interval` of them: `growth^(1/interval)`.
    pub fn rates(&self, interval: f64) -> Array1<f64> {
        self.growth().mapv(|g| g.powf(1.0 / interval))
    }
}
