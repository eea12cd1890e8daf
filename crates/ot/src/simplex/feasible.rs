//! A first plan where forbidden moves stand in the way.

use super::shortlist::Shortlist;
use super::tree::Tree;
use super::units::Units;
use super::{AtCap, rest_idle};
use crate::problem::AnyTransport;
use crate::{Geometry, Moves, NetworkSimplex, OtError};
use std::ops::Range;

impl NetworkSimplex {
    /// Moves what the greedy start could not place, by a first phase that costs only unplaced mass.
    pub(super) fn make_feasible(
        &self,
        problem: &AnyTransport<'_>,
        units: &Units,
        tree: &mut Tree,
        pivots: &mut usize,
    ) -> Result<(), OtError> {
        let (n, m) = problem.shape();
        let root = tree.root();
        // The forest's components hang from the root; what is left flows through it, at cost 1.
        for node in 0..n + m {
            let entry = &mut tree.nodes[node];
            let through = entry.parent == root;
            entry.cost = if through { 1.0 } else { 0.0 };
            if through {
                tree.potentials[node] = if node < n || !entry.up { 1.0 } else { -1.0 };
            }
        }
        tree.potentials[n + m] = 0.0;
        rest_idle(tree, units);
        let mut list = Shortlist::new(&vec![Vec::new(); n]);
        self.optimise(&Allowed(problem.geometry()), tree, &mut list, pivots, AtCap::Fail)?;
        let total: i64 = units.source.iter().sum();
        let stuck = |node: usize| tree.nodes[node].parent == root && tree.nodes[node].flow > 0;
        if let Some(row) = (0..n).find(|&node| stuck(node)) {
            let unplaced: i64 = (0..n).filter(|&i| stuck(i)).map(|i| tree.nodes[i].flow).sum();
            return Err(OtError::Infeasible { unplaced: unplaced as f64 / total as f64, row });
        }
        for node in 0..n + m {
            let (row, column) = match (tree.nodes[node].parent, tree.nodes[node].up) {
                (parent, _) if parent == root => continue,
                (parent, true) => (node, parent as usize - n),
                (parent, false) => (parent as usize, node - n),
            };
            tree.nodes[node].cost = problem.geometry().cost(row, column);
        }
        Ok(())
    }
}

/// Zero where a move is allowed.
struct Allowed<'g>(&'g dyn Geometry);

impl Geometry for Allowed<'_> {
    fn shape(&self) -> (usize, usize) {
        self.0.shape()
    }

    fn costs<'s>(&'s self, row: usize, columns: Range<usize>, buffer: &'s mut Vec<f64>) -> &'s [f64] {
        let mut inner = Vec::new();
        allowed(self.0.costs(row, columns, &mut inner), buffer)
    }

    fn moves<'g: 'b, 'b>(&'g self, row: usize, buffer: &'b mut Vec<f64>) -> Moves<'g, 'b> {
        let mut inner = Vec::new();
        match self.0.moves(row, &mut inner) {
            Moves::All(costs) => Moves::All(allowed(costs, buffer)),
            Moves::Listed { columns, costs } => Moves::Listed { columns, costs: allowed(costs, buffer) },
        }
    }
}

fn allowed<'s>(costs: &[f64], buffer: &'s mut Vec<f64>) -> &'s [f64] {
    buffer.clear();
    buffer.extend(costs.iter().map(|c| if c.is_finite() { 0.0 } else { f64::INFINITY }));
    buffer
}
