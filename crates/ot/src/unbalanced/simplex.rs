//! Total variation and exact sides, exactly: a balanced problem with one more point a side.

use super::dummy::Dummies;
use super::plan::{certify, transport};
use super::{AnyRelaxed, Marginal, RelaxedPlan, RelaxedSolver, RelaxedTransport};
use crate::simplex::check;
use crate::{Coupling, Entry, Geometry, NetworkSimplex, OtError, OtSolver, Transport};
use ndarray::Array1;

/// Exact unbalanced transport with total-variation penalties, or with one side exact.
///
/// A unit of mass that a source leaves out goes to a dummy target at the price λ₁, or to its cheapest target in
/// excess of that target's mass, at `min_j c_ij + λ₂`; a unit that a target lacks comes from a dummy source likewise.
/// With the other side's total as the dummies' masses the problem is balanced, and [`NetworkSimplex`] solves it; the
/// costs are read, not copied. The residual is the duality gap as a share of the objective, which is rounding.
///
/// L. A. Caffarelli and R. J. McCann, Ann. Math. 171, 2010, doi 10.4007/annals.2010.171.673 (for λ₁ = λ₂);
/// B. Piccoli and F. Rossi, Arch. Ration. Mech. Anal. 211, 2014, doi 10.1007/s00205-013-0669-x.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct UnbalancedSimplex {
    /// The solver of the balanced problem.
    pub simplex: NetworkSimplex,
}

impl RelaxedSolver for UnbalancedSimplex {
    type Plan<'g, G: Geometry + ?Sized + 'g> = RelaxedPlan;

    /// The exact plan, with at most `2 (n + m)` entries.
    ///
    /// # Errors
    /// A cost that is NaN or −∞, other penalties, a problem without minimum (a cost below `-(λ₁ + λ₂)`), or what the
    /// network simplex says.
    fn solve<'g, G: Geometry + ?Sized>(
        &self,
        problem: &RelaxedTransport<'g, G>,
    ) -> Result<RelaxedPlan, OtError> {
        self.plan(&problem.erased(&problem.geometry()))
    }
}

impl UnbalancedSimplex {
    fn plan(&self, problem: &AnyRelaxed<'_>) -> Result<RelaxedPlan, OtError> {
        let (source, target) = problem.marginals();
        let price = |side, marginal: Marginal| match marginal {
            Marginal::Exact => Ok(f64::INFINITY),
            Marginal::Tv { lambda } => Ok(lambda),
            _ => Err(OtError::UnsupportedMarginal {
                method: "the network simplex",
                side,
                marginal: marginal.name(),
                allowed: "it takes total variation and exact sides; UnbalancedFrankWolfe takes KL and l2",
            }),
        };
        let prices = [price("source", source)?, price("target", target)?];
        let geometry = problem.geometry();
        check(geometry)?;
        let Detours { dummies, excess, made } = detours(problem, prices)?;
        let (n, m) = problem.shape();
        let with =
            |masses: &Array1<f64>, extra: f64| masses.iter().copied().chain([extra]).collect::<Array1<f64>>();
        let (a, b) = (problem.mass(0), problem.mass(1));
        let balanced = Transport::new(&dummies, with(a, b.sum()).view(), with(b, a.sum()).view())?;
        let plan = self.simplex.solve(&balanced)?;
        let mut entries = Vec::new();
        let (mut rows, mut columns) = (Array1::<f64>::zeros(n), Array1::<f64>::zeros(m));
        for entry in plan.entries() {
            let (row, column) = match (entry.row, entry.column) {
                (row, column) if row < n && column < m => (row, column),
                (row, _) if row < n => match excess[row] {
                    Some(column) => (row, column),
                    None => continue,
                },
                (_, column) if column < m => match made[column] {
                    Some(row) => (row, column),
                    None => continue,
                },
                _ => continue,
            };
            rows[row] += entry.mass;
            columns[column] += entry.mass;
            entries.push(Entry { row, column, mass: entry.mass });
        }
        // The dummies' potentials belong to the others: f = u + v_dummy, g = v + u_dummy.
        let (u, v) = (plan.source_potential(), plan.target_potential());
        let take = |values: ndarray::ArrayView1<'_, f64>, shift: f64, price: f64| -> Array1<f64> {
            let size = values.len() - 1;
            values.iter().take(size).map(|p| (p + shift).clamp(-price, price)).collect()
        };
        let potentials = [take(u, v[m], prices[0]), take(v, u[n], prices[1])];
        let cost = transport(geometry, &entries);
        let certificate = certify(
            problem,
            cost,
            [&rows, &columns],
            [&potentials[0], &potentials[1]],
            plan.certificate().iterations,
        );
        Ok(RelaxedPlan::sparse((n, m), entries, potentials, cost, certificate))
    }
}

/// The dummies, and for each point the real one whose move stands for its move to the dummy.
struct Detours<'g> {
    dummies: Dummies<'g, dyn Geometry + 'g>,
    excess: Vec<Option<usize>>,
    made: Vec<Option<usize>>,
}

/// The dummies' costs: leaving out at λ₁ or in excess of the cheapest target, and likewise for the targets.
fn detours<'g>(problem: &AnyRelaxed<'g>, prices: [f64; 2]) -> Result<Detours<'g>, OtError> {
    let geometry = problem.geometry();
    let (n, m) = problem.shape();
    let mut nearest = [vec![(f64::INFINITY, 0); n], vec![(f64::INFINITY, 0); m]];
    let mut buffer = Vec::new();
    for row in 0..n {
        for (column, &c) in geometry.costs(row, 0..m, &mut buffer).iter().enumerate() {
            if c < nearest[0][row].0 {
                nearest[0][row] = (c, column);
            }
            if c < nearest[1][column].0 {
                nearest[1][column] = (c, row);
            }
        }
    }
    let least = nearest[0].iter().fold(f64::INFINITY, |x, y| x.min(y.0));
    let sum = prices[0] + prices[1];
    if least < -sum {
        return Err(OtError::BadParameter {
            name: "the sum of the two penalties",
            value: sum,
            range: "at least minus the lowest cost, or the problem has no minimum",
        });
    }
    let route = |nearest: &[(f64, usize)], own: f64, other: f64| -> (Vec<f64>, Vec<Option<usize>>) {
        nearest
            .iter()
            .map(|&(c, point)| if c + other < own { (c + other, Some(point)) } else { (own, None) })
            .unzip()
    };
    let (leave, excess) = route(&nearest[0], prices[0], prices[1]);
    let (make, made) = route(&nearest[1], prices[1], prices[0]);
    Ok(Detours { dummies: Dummies { geometry, leave, make, corner: 0.0 }, excess, made })
}
