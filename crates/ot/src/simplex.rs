//! The network simplex for any marginals.

mod shortlist;
mod start;
mod tree;
pub(crate) mod units;

use crate::{Certificate, Entry, Geometry, OtError, OtSolver, SparsePlan, Transport};
use ndarray::Array1;
use rayon::prelude::*;
use shortlist::{Scan, Shortlist, scan};
use start::{Start, start};
use std::ops::Range;
use tree::{NONE, Tree};
use units::Units;

/// Targets a source that the first list holds.
const NEAR: usize = 20;
/// Violators a source that one scan of all arcs adds.
const ADD: usize = 16;
/// Arcs priced for a pivot, at least.
const BLOCK: usize = 400;
/// Reduced costs above `-SLACK × max |potential|` are rounding: a path of some hundred additions.
const SLACK: f64 = 64.0 * f64::EPSILON;

/// Exact optimal transport between any two marginals.
///
/// Solves `min ⟨C, P⟩` over `P ≥ 0`, `P 1 = a`, `Pᵀ 1 = b` and its dual `max ⟨a, u⟩ + ⟨b, v⟩` over
/// `u_i + v_j ≤ c_ij`, and returns both with the difference as certificate.
///
/// The masses are rounded to whole multiples of about 2⁻⁶¹ of the total, so that flows are exact and
/// the strongly feasible basis (Cunningham 1976, doi 10.1007/BF01580379) excludes cycling. The first
/// basis is greedy in reduced costs whose potentials come from a third of the points; pivots look
/// at a short list of arcs, and a scan of all arcs proves the optimum. A cost of `+∞` forbids a move.
/// Memory beyond the geometry is O(n + m) nodes and some tens of arcs a source.
///
/// The result is the same bits for any number of threads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NetworkSimplex {
    /// The pivots after which to give up with [`OtError::PivotCap`]; unlimited by default.
    pub max_pivots: usize,
}

impl Default for NetworkSimplex {
    fn default() -> Self {
        Self { max_pivots: usize::MAX }
    }
}

/// What the simplex ends with.
pub(crate) struct Optimum {
    tree: Tree,
    unit: f64,
    pub(crate) u: Vec<f64>,
    v: Vec<f64>,
    pivots: usize,
}

impl OtSolver for NetworkSimplex {
    type Plan<'g, G: Geometry + ?Sized + 'g> = SparsePlan;

    /// The exact plan.
    ///
    /// # Errors
    /// A cost that is NaN or −∞, mass that forbidden moves leave nowhere to go, or the cap on pivots.
    fn solve<'g, G: Geometry + ?Sized>(&self, problem: &Transport<'g, G>) -> Result<SparsePlan, OtError> {
        check(problem.geometry())?;
        let optimum = self.optimum(problem)?;
        let (n, m) = problem.shape();
        let root = optimum.tree.root();
        let mut entries = Vec::with_capacity(n + m);
        let mut cost = 0.0;
        for (node, entry) in optimum.tree.nodes.iter().enumerate() {
            if entry.flow == 0 || entry.parent == root || entry.parent == NONE {
                continue;
            }
            let (node, parent) = (node, entry.parent as usize);
            let (row, column) = if entry.up { (node, parent - n) } else { (parent, node - n) };
            let mass = entry.flow as f64 * optimum.unit;
            cost += mass * entry.cost;
            entries.push(Entry { row, column, mass });
        }
        let (u, v) = (Array1::from(optimum.u), Array1::from(optimum.v));
        let dual = problem.source().dot(&u) + problem.target().dot(&v);
        let certificate =
            Certificate { iterations: optimum.pivots, residual: 0.0, primal_cost: cost, dual_cost: dual };
        Ok(SparsePlan::from_parts((n, m), entries, u, v, certificate))
    }
}

impl NetworkSimplex {
    pub(crate) fn optimum<G: Geometry + ?Sized>(
        &self,
        problem: &Transport<'_, G>,
    ) -> Result<Optimum, OtError> {
        let (n, m) = problem.shape();
        let units = Units::new(problem.source(), problem.target());
        let Start { arcs, left, near, potentials: (u, v) } = start(problem, &units, NEAR);
        let mut tree = Tree::star(n, m);
        tree.plant(&arcs, &left.0, &left.1);
        let mut pivots = 0;
        if left.0.iter().any(|&s| s > 0) {
            self.make_feasible(problem, &units, &mut tree, &mut pivots)?;
        }
        tree.potentials[..n].copy_from_slice(&u);
        tree.potentials[n..n + m].copy_from_slice(&v);
        rest_idle(&mut tree, &units);
        let mut list = Shortlist::new(&near);
        let Scan { least, .. } = self.optimise(problem.geometry(), &mut tree, &mut list, &mut pivots)?;
        // The c-transform of v is dual feasible to the last bit, whatever the tree's rounding.
        let u: Vec<f64> = least.iter().map(|&u| if u.is_finite() { u } else { 0.0 }).collect();
        let mut v = tree.potentials[n..n + m].to_vec();
        if units.target.contains(&0) {
            let closed = transform(problem.geometry(), &u);
            v.iter_mut().zip(closed).filter(|(v, _)| !v.is_finite()).for_each(|(v, c)| *v = c);
        }
        Ok(Optimum { tree, unit: units.unit, u, v, pivots })
    }

    /// Pivots until no arc of the whole problem improves; returns the scan that proves it.
    fn optimise<G: Geometry + ?Sized>(
        &self,
        geometry: &G,
        tree: &mut Tree,
        list: &mut Shortlist,
        pivots: &mut usize,
    ) -> Result<Scan, OtError> {
        let (n, m) = geometry.shape();
        let mut scanned = None;
        loop {
            let mut tolerance = SLACK * tree.refresh();
            loop {
                let before = *pivots;
                while let Some((arc, reduced)) = list.entering(&tree.potentials, tolerance, BLOCK) {
                    if *pivots == self.max_pivots {
                        return Err(OtError::PivotCap { pivots: *pivots });
                    }
                    *pivots += 1;
                    tree.pivot(arc, reduced);
                }
                if *pivots == before {
                    break;
                }
                tolerance = SLACK * tree.refresh();
            }
            let (u, v) = tree.potentials.split_at(n);
            // Twice the tolerance: what the scan finds, the list must find too, in another order of operations.
            let found = scan(geometry, &v[..m], |row| u[row] - 2.0 * tolerance, ADD);
            if found.arcs.iter().all(Vec::is_empty) || scanned == Some(*pivots) {
                return Ok(found);
            }
            scanned = Some(*pivots);
            list.extend(&found.arcs);
        }
    }

    /// Moves what the greedy start could not place, by a first phase that costs only unplaced mass.
    fn make_feasible<G: Geometry + ?Sized>(
        &self,
        problem: &Transport<'_, G>,
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
        self.optimise(&Allowed(problem.geometry()), tree, &mut list, pivots)?;
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

/// Points without mass take no part: a potential of −∞ gives all their arcs the reduced cost +∞.
///
/// They hang from the root alone and stay there; their potentials are found at the end.
fn rest_idle(tree: &mut Tree, units: &Units) {
    for (node, _) in units.source.iter().chain(&units.target).enumerate().filter(|(_, mass)| **mass == 0) {
        tree.potentials[node] = f64::NEG_INFINITY;
    }
}

/// `min_i (c_ij - u_i)`, and 0 where every move is forbidden.
fn transform<G: Geometry + ?Sized>(geometry: &G, u: &[f64]) -> Vec<f64> {
    let m = geometry.shape().1;
    let (mut v, mut buffer) = (vec![f64::INFINITY; m], Vec::new());
    for (row, &u) in u.iter().enumerate() {
        for (v, &c) in v.iter_mut().zip(geometry.costs(row, 0..m, &mut buffer)) {
            *v = v.min(c - u);
        }
    }
    v.iter_mut().filter(|v| !v.is_finite()).for_each(|v| *v = 0.0);
    v
}

/// Zero where a move is allowed.
struct Allowed<'g, G: ?Sized>(&'g G);

impl<G: Geometry + ?Sized> Geometry for Allowed<'_, G> {
    fn shape(&self) -> (usize, usize) {
        self.0.shape()
    }

    fn costs<'s>(&'s self, row: usize, columns: Range<usize>, buffer: &'s mut Vec<f64>) -> &'s [f64] {
        let mut inner = Vec::new();
        let costs = self.0.costs(row, columns, &mut inner);
        buffer.clear();
        buffer.extend(costs.iter().map(|c| if c.is_finite() { 0.0 } else { f64::INFINITY }));
        buffer
    }
}

/// Costs must be numbers or `+∞`.
pub(crate) fn check<G: Geometry + ?Sized>(geometry: &G) -> Result<(), OtError> {
    let (n, m) = geometry.shape();
    (0..n).into_par_iter().try_for_each_init(Vec::new, |buffer, row| {
        let costs = geometry.costs(row, 0..m, buffer);
        match costs.iter().position(|c| c.is_nan() || *c == f64::NEG_INFINITY) {
            Some(column) => Err(OtError::BadCost { row, column, value: costs[column] }),
            None => Ok(()),
        }
    })
}
