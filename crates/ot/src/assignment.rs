//! Exact assignment: transport between two uniform measures on equally many points.

mod aligned;
mod auction;
mod augment;
mod costs;
mod reduction;
mod scan;
mod state;

use chreode_core::Real;
use ndarray::ArrayView2;
use pulp::Simd;

use crate::OtError;
use auction::Auction;
use augment::Tree;
use costs::Costs;
use state::State;

/// Solves assignment problems, one after the other, in memory that is kept.
#[derive(Debug, Default)]
pub struct Assignment {
    costs: Costs,
    auction: Auction,
    state: State,
    tree: Tree,
}

/// An optimal assignment and its proof.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct AssignmentPlan {
    /// The target of each source point: a permutation.
    pub target: Vec<usize>,
    /// `u`, one entry a source point.
    pub source_potential: Vec<f64>,
    /// `v`, one entry a target point.
    pub target_potential: Vec<f64>,
    /// The sum of the assigned costs.
    pub cost: f64,
    /// The sum of the slacks of the assigned pairs: how far above the minimum `cost` can be.
    pub gap: f64,
}

impl Assignment {
    /// An empty workspace.
    pub fn new() -> Self {
        Self::default()
    }

    /// Solves for a square matrix of finite costs.
    pub fn solve(&mut self, cost: ArrayView2<f64>) -> Result<AssignmentPlan, OtError> {
        self.costs.copy(cost)?;
        Ok(self.finish())
    }

    /// Solves for squared Euclidean distances between two lists of points.
    pub fn solve_points<A: Real>(
        &mut self,
        x: ArrayView2<A>,
        y: ArrayView2<A>,
    ) -> Result<AssignmentPlan, OtError> {
        self.costs.squared_euclidean(x, y)?;
        Ok(self.finish())
    }

    fn finish(&mut self) -> AssignmentPlan {
        let mut plan = AssignmentPlan::default();
        pulp::Arch::new().dispatch(Solve { solver: self, plan: &mut plan });
        plan
    }
}

struct Solve<'a> {
    solver: &'a mut Assignment,
    plan: &'a mut AssignmentPlan,
}

impl pulp::WithSimd for Solve<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let Assignment { costs, auction, state, tree } = self.solver;
        let plan = self.plan;
        state.reset(costs);
        if costs.n > 1 {
            auction.run(simd, costs, state);
            reduction::run(simd, costs, state);
        }
        augment::run(simd, costs, state, tree);
        let unit = costs.unit;
        plan.target.extend(state.column_of.iter().map(|&j| j as usize));
        plan.target_potential.extend(state.v[..costs.n].iter().map(|v| v * unit));
        for i in 0..costs.n {
            let (u, _) = scan::least(simd, costs.row(i), &state.v, costs.n);
            let c = costs.at(i, plan.target[i]);
            plan.source_potential.push(u * unit);
            plan.cost += c;
            plan.gap += c - state.v[plan.target[i]] - u;
        }
        plan.cost *= unit;
        plan.gap *= unit;
    }
}
