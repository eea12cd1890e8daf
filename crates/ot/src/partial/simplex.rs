//! Exact partial transport: a balanced problem with one more point a side.

use super::PartialTransport;
use crate::simplex::check;
use crate::unbalanced::{Dummies, share, transport};
use crate::{
    Certificate, Coupling, Entry, Geometry, NetworkSimplex, OtError, OtSolver, RelaxedPlan, Transport,
};
use ndarray::{Array1, ArrayView1};

/// Exact partial transport.
///
/// A dummy target takes the source mass that stays, `|a| - mass`, a dummy source gives what the targets lack,
/// `|b| - mass`, both at no cost, and the move between the dummies is forbidden; [`NetworkSimplex`] solves the balanced
/// problem, whose costs are read, not copied. The potentials of the plan are those of the balanced problem,
/// `f_i + g_j ≤ c_ij`, with the price of the constraint on the mass in `f`: the dual value is
/// `Σ a_i min(f_i - μ, 0) + Σ b_j min(g_j, 0) + μ mass`. The residual is the duality gap as a share of the cost.
///
/// L. Chapel, M. Z. Alaya and G. Gasso, NeurIPS 2020, arXiv 2002.08276.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct PartialSimplex {
    /// The solver of the balanced problem.
    pub simplex: NetworkSimplex,
}

impl PartialSimplex {
    /// The exact plan.
    ///
    /// # Errors
    /// A cost that is NaN or −∞, mass that forbidden moves leave nowhere to go, or the cap on pivots.
    pub fn solve<G: Geometry + ?Sized>(
        &self,
        problem: &PartialTransport<'_, G>,
    ) -> Result<RelaxedPlan, OtError> {
        let geometry: &dyn Geometry = &problem.geometry();
        check(geometry)?;
        let (n, m) = problem.shape();
        let (a, b, mass) = (problem.source(), problem.target(), problem.mass());
        if mass == 0.0 {
            let certificate = Certificate { iterations: 0, residual: 0.0, primal_cost: 0.0, dual_cost: 0.0 };
            let low = [low_potential(geometry), Array1::zeros(m)];
            return Ok(RelaxedPlan::sparse((n, m), Vec::new(), low, 0.0, certificate));
        }
        let with = |masses: ArrayView1<'_, f64>, extra: f64| -> Array1<f64> {
            masses.iter().copied().chain([extra.max(0.0)]).collect()
        };
        let (stays, lacks) = (a.sum() - mass, b.sum() - mass);
        let dummies = Dummies { geometry, leave: vec![0.0; n], make: vec![0.0; m], corner: f64::INFINITY };
        let balanced = Transport::new(&dummies, with(a, lacks).view(), with(b, stays).view())?;
        let plan = self.simplex.solve(&balanced)?;
        let entries: Vec<Entry> =
            plan.entries().iter().copied().filter(|e| e.row < n && e.column < m).collect();
        // With the dummies' potentials u₀, v₀: f = u + v₀ ≤ 0, g = v + u₀ ≤ 0 and μ = -(u₀ + v₀).
        let (u, v) = (plan.source_potential(), plan.target_potential());
        let price = -(u[n] + v[m]);
        let f: Array1<f64> = u.iter().take(n).map(|u| (u + v[m]).min(0.0)).collect();
        let g: Array1<f64> = v.iter().take(m).map(|v| (v + u[n]).min(0.0)).collect();
        let primal_cost = transport(geometry, &entries);
        let dual_cost = a.dot(&f) + b.dot(&g) + price * mass;
        let residual = share(primal_cost, dual_cost, primal_cost.abs() + price.abs() * mass);
        let iterations = plan.certificate().iterations;
        let certificate = Certificate { iterations, residual, primal_cost, dual_cost };
        Ok(RelaxedPlan::sparse((n, m), entries, [f + price, g], primal_cost, certificate))
    }
}

/// A potential of the sources that is below every cost.
fn low_potential(geometry: &dyn Geometry) -> Array1<f64> {
    let (n, m) = geometry.shape();
    let mut buffer = Vec::new();
    (0..n)
        .map(|row| geometry.costs(row, 0..m, &mut buffer).iter().copied().fold(f64::INFINITY, f64::min))
        .collect()
}
