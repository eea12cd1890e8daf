//! The basis of an earlier plan.

use super::tree::Arc;
use super::units::Units;
use crate::SparsePlan;
use crate::problem::AnyTransport;

/// The arcs of `plan` with the flows that meet the masses of `problem`, if they are a basis of it.
///
/// A basis is a forest whose flows follow from the masses: a node of one arc says what flows there, and is taken away.
/// With other masses than the plan's some flow would be negative or some mass left over; then there is none.
pub(super) fn basis(problem: &AnyTransport<'_>, units: &Units, plan: &SparsePlan) -> Option<Vec<(Arc, i64)>> {
    let n = problem.shape().0;
    let mut mass: Vec<i64> = units.source.iter().chain(&units.target).copied().collect();
    // The arcs of a node: their number, and the exclusive or of their indices, which of a single arc is its index.
    let mut incident = vec![(0_u32, 0_usize); mass.len()];
    let mut arcs = Vec::with_capacity(plan.entries().len());
    for (index, entry) in plan.entries().iter().enumerate() {
        let cost = problem.geometry().cost(entry.row, entry.column);
        if !cost.is_finite() {
            return None;
        }
        for node in [entry.row, n + entry.column] {
            incident[node] = (incident[node].0 + 1, incident[node].1 ^ index);
        }
        arcs.push((Arc { row: entry.row as u32, column: entry.column as u32, cost }, 0));
    }
    let mut leaves: Vec<usize> = (0..mass.len()).filter(|&node| incident[node].0 == 1).collect();
    while let Some(leaf) = leaves.pop() {
        let (1, index) = incident[leaf] else { continue };
        let (arc, flow) = &mut arcs[index];
        let (row, column) = (arc.row as usize, n + arc.column as usize);
        let other = if leaf == row { column } else { row };
        *flow = mass[leaf];
        if *flow <= 0 {
            return None;
        }
        mass[leaf] = 0;
        mass[other] -= *flow;
        incident[leaf].0 = 0;
        incident[other] = (incident[other].0 - 1, incident[other].1 ^ index);
        if incident[other].0 == 1 {
            leaves.push(other);
        }
    }
    // Arcs on a cycle have no flow yet; mass that is left has no arc.
    (arcs.iter().all(|&(_, flow)| flow > 0) && mass.iter().all(|&left| left == 0)).then_some(arcs)
}
