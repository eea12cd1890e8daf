//! Relaxed problems without entropy, exactly: the Frank-Wolfe method over the network simplex.

use super::ascent::{Ascent, Objective, Oracle, Pair};
use super::certificate::{column_transform, row_transform};
use super::plan::transport;
use super::{AnyRelaxed, Marginal, RelaxedPlan, RelaxedSolver, RelaxedTransport};
use crate::simplex::check;
use crate::{Coupling, Entry, Geometry, NetworkSimplex, OtError, OtSolver, Stop, Transport};
use std::ops::Range;

/// Unbalanced transport without entropy to high accuracy, for KL, l2 and exact sides in any pair.
///
/// Maximises the dual `Σ -D₁*(-f_i) + Σ -D₂*(-g_j)` over `f_i + g_j ≤ c_ij`, with the best constant always moved from g to f.
/// The gradient is a pair of measures of equal mass, the linear problem is balanced transport between them
/// ([`NetworkSimplex`]), and each step towards its potentials is followed by one of Newton's on the weights of the kept
/// pairs. Some tens of balanced problems give a gap of rounding size where penalties and costs are of one scale; a λ far
/// below the costs needs more. Memory O(n + m) for each of at most 100 kept pairs; the plan has at most n + m − 1
/// entries.
///
/// The residual is the duality gap as a share of the objective (0 where it is rounding).
///
/// The scheme is that of T. Séjourné, F.-X. Vialard and G. Peyré, AISTATS 2022, arXiv 2201.00730, section 4, with another
/// linear solver, and pairwise and corrective steps (S. Lacoste-Julien and M. Jaggi, NeurIPS 2015, arXiv 1511.05932).
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct UnbalancedFrankWolfe {
    /// When to end.
    pub stop: Stop,
    /// The solver of the balanced problems.
    pub simplex: NetworkSimplex,
}

impl UnbalancedFrankWolfe {
    /// With the default network simplex.
    pub fn new(stop: Stop) -> Self {
        Self { stop, simplex: NetworkSimplex::default() }
    }
}

impl RelaxedSolver for UnbalancedFrankWolfe {
    type Plan<'g, G: Geometry + ?Sized + 'g> = RelaxedPlan;

    /// The plan, as entries.
    ///
    /// # Errors
    /// A cost that is NaN or −∞, other penalties, what the network simplex says, or [`OtError::NotConverged`] where the
    /// stop asks for a tolerance.
    fn solve<'g, G: Geometry + ?Sized>(
        &self,
        problem: &RelaxedTransport<'g, G>,
    ) -> Result<RelaxedPlan, OtError> {
        self.plan(&problem.erased(&problem.geometry()))
    }
}

impl UnbalancedFrankWolfe {
    fn plan(&self, problem: &AnyRelaxed<'_>) -> Result<RelaxedPlan, OtError> {
        self.stop.check()?;
        let geometry = problem.geometry();
        check(geometry)?;
        let marginals = [problem.marginal(0), problem.marginal(1)];
        let objective = Objective { masses: [problem.mass(0).clone(), problem.mass(1).clone()], marginals };
        objective.check("frank-wolfe")?;
        let highest = highest(&objective);
        let balanced = Balanced { costs: Bounded { geometry, highest }, simplex: self.simplex };
        let ascent = objective.ascend(&balanced, self.stop, "frank-wolfe")?;
        let Ascent { mut entries, pair, transport, certificate } = ascent;
        // Forbidden moves stand at a price at which less than rounding moves.
        entries.retain(|e| geometry.cost(e.row, e.column).is_finite());
        Ok(RelaxedPlan::sparse(problem.shape(), entries, pair, transport, certificate))
    }
}

/// A cost at which no mass moves (KL: e⁻¹⁰⁰ of it), in the place of +∞; +∞ where a side is exact.
fn highest(objective: &Objective) -> f64 {
    let one = |side: usize| match objective.marginals[side] {
        Marginal::Kl { lambda } => 100.0 * lambda,
        marginal => objective.masses[side].iter().map(|&a| marginal.cap(a)).fold(0.0, f64::max),
    };
    one(0) + one(1)
}

/// Finite costs as they are, and +∞ as the highest.
struct Bounded<'g> {
    geometry: &'g dyn Geometry,
    highest: f64,
}

impl Geometry for Bounded<'_> {
    fn shape(&self) -> (usize, usize) {
        self.geometry.shape()
    }

    fn costs<'s>(&'s self, row: usize, columns: Range<usize>, buffer: &'s mut Vec<f64>) -> &'s [f64] {
        let mut inner = Vec::new();
        let costs = self.geometry.costs(row, columns, &mut inner);
        buffer.clear();
        buffer.extend(costs.iter().map(|&c| if c == f64::INFINITY { self.highest } else { c }));
        buffer
    }
}

struct Balanced<'g> {
    costs: Bounded<'g>,
    simplex: NetworkSimplex,
}

impl Oracle for Balanced<'_> {
    /// Half of the cheapest move of each point, raised as far as the costs let it.
    fn start(&self) -> Pair {
        let m = self.costs.shape().1;
        let near: Vec<f64> = row_transform(&self.costs, &vec![0.0; m]).iter().map(|c| 0.5 * c).collect();
        let near = near.iter().map(|c| if c.is_finite() { *c } else { 0.0 }).collect::<Vec<f64>>();
        let g: Vec<f64> = column_transform(&self.costs, &near)
            .iter()
            .map(|g| if g.is_finite() { *g } else { 0.0 })
            .collect();
        [near.into(), g.into()]
    }

    fn balanced(&self, masses: &Pair) -> Result<(Vec<Entry>, f64, Pair), OtError> {
        let problem = Transport::new(&self.costs, masses[0].view(), masses[1].view())?;
        let plan = self.simplex.solve(&problem)?;
        let entries = plan.entries().to_vec();
        let transport = transport(&self.costs, &entries);
        let pair = [plan.source_potential().to_owned(), plan.target_potential().to_owned()];
        debug_assert!((transport - plan.cost()).abs() <= 1e-9 * transport.abs().max(1.0));
        Ok((entries, transport, pair))
    }
}
