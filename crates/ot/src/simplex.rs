//! The network simplex for any marginals.

mod feasible;
mod part;
mod shortlist;
mod start;
mod tree;
pub(crate) mod units;
mod warm;

use crate::problem::AnyTransport;
use crate::{Certificate, Entry, Geometry, Moves, OtError, OtSolver, SparsePlan, Transport};
use ndarray::{Array1, ArrayView1};
use rayon::prelude::*;
use shortlist::{Scan, Shortlist, scan};
use start::{Start, start};
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
/// Memory beyond the geometry is O(n + m) nodes and some tens of arcs a source, so costs from coordinates
/// ([`PointCloud`](crate::PointCloud)) need no matrix, and of a graph ([`SparseCosts`](crate::SparseCosts)) only the
/// listed moves are looked at. No index counts arcs: `n m` may be beyond 2⁶⁴.
///
/// An earlier plan or potentials of a similar problem are a start: [`resume`](Self::resume),
/// [`solve_from`](Self::solve_from). The result is the same bits for any number of threads.
///
/// ```
/// use chreode_ot::{AtCap, NetworkSimplex, OtSolver, Transport};
/// use ndarray::Array2;
///
/// let costs = Array2::from_shape_fn((40, 50), |(i, j)| ((3 * i + 7 * j + i * j) % 31) as f64);
/// let problem = Transport::uniform(&costs)?;
/// let early = NetworkSimplex { max_pivots: 20, at_cap: AtCap::Keep }.solve(&problem)?;
/// let plan = NetworkSimplex::default().resume(&problem, &early)?;
/// assert!(early.gap() > plan.gap());
/// assert_eq!(plan.primal_cost(), NetworkSimplex::default().solve(&problem)?.primal_cost());
/// # Ok::<(), chreode_ot::OtError>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NetworkSimplex {
    /// The pivots after which to stop; unlimited by default.
    pub max_pivots: usize,
    /// What to do then; by default an error.
    pub at_cap: AtCap,
}

/// What the network simplex does when it has made all its pivots and is not at the optimum.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum AtCap {
    /// [`OtError::PivotCap`].
    #[default]
    Fail,
    /// The plan as it is: it meets the marginals, and its [`gap`](SparsePlan::gap) says how much cheaper another can be.
    /// [`NetworkSimplex::resume`] goes on from it. (An error all the same where forbidden moves leave no plan yet.)
    Keep,
}

impl Default for NetworkSimplex {
    fn default() -> Self {
        Self { max_pivots: usize::MAX, at_cap: AtCap::Fail }
    }
}

/// What is known of the answer.
#[derive(Clone, Copy)]
pub(crate) enum From<'p> {
    Nothing,
    Potentials(ArrayView1<'p, f64>),
    Plan(&'p SparsePlan),
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
        self.plan(&problem.erased(&problem.geometry()), From::Nothing)
    }
}

impl NetworkSimplex {
    /// The exact plan, starting from target potentials `v` of a similar problem, by any method.
    ///
    /// The start decides the time, not the cost of the result.
    ///
    /// # Errors
    /// Those of [`solve`](OtSolver::solve), and potentials that are not finite or not one a target.
    pub fn solve_from<G: Geometry + ?Sized>(
        &self,
        problem: &Transport<'_, G>,
        target_potential: ArrayView1<'_, f64>,
    ) -> Result<SparsePlan, OtError> {
        let (expected, found) = (problem.shape().1, target_potential.len());
        if found != expected {
            return Err(OtError::Shape { what: "the list of target potentials", expected, found });
        }
        if let Some((point, &value)) = target_potential.indexed_iter().find(|(_, v)| !v.is_finite()) {
            return Err(OtError::BadPotential { point, value });
        }
        self.plan(&problem.erased(&problem.geometry()), From::Potentials(target_potential))
    }

    /// The exact plan, starting from an earlier plan: one that was kept at the cap on pivots, or that of a problem of the
    /// same size whose costs or masses have changed.
    ///
    /// With the same masses its support is the first basis, so no pivot is made twice; with others its potentials serve
    /// as in [`solve_from`](Self::solve_from).
    ///
    /// # Errors
    /// Those of [`solve`](OtSolver::solve), and a plan between other numbers of points.
    pub fn resume<G: Geometry + ?Sized>(
        &self,
        problem: &Transport<'_, G>,
        plan: &SparsePlan,
    ) -> Result<SparsePlan, OtError> {
        let ((n, m), found) = (problem.shape(), crate::Coupling::shape(plan));
        for (what, expected, found) in
            [("the source side of the plan", n, found.0), ("the target side of the plan", m, found.1)]
        {
            if found != expected {
                return Err(OtError::Shape { what, expected, found });
            }
        }
        self.plan(&problem.erased(&problem.geometry()), From::Plan(plan))
    }

    fn plan(&self, problem: &AnyTransport<'_>, from: From<'_>) -> Result<SparsePlan, OtError> {
        check(problem.geometry())?;
        let optimum = self.optimum(problem, from)?;
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

    pub(crate) fn optimum(&self, problem: &AnyTransport<'_>, from: From<'_>) -> Result<Optimum, OtError> {
        let (n, m) = problem.shape();
        let mut tree = Tree::star(n, m)?;
        let units = Units::new(problem.source(), problem.target());
        let mut pivots = 0;
        let mut v = match from {
            From::Nothing => part::guess(problem).unwrap_or_else(|| vec![0.0; m]),
            From::Potentials(v) => v.to_vec(),
            From::Plan(plan) => plan.target_potential().to_vec(),
        };
        // Targets without mass: no arc to them is near.
        v.iter_mut()
            .zip(&units.target)
            .filter(|(_, mass)| **mass == 0)
            .for_each(|(v, _)| *v = f64::NEG_INFINITY);
        let basis = match from {
            From::Plan(plan) => warm::basis(problem, &units, plan),
            _ => None,
        };
        let mut list = if let Some(arcs) = basis {
            tree.plant(&arcs, &vec![0; n], &vec![0; m]);
            for (arc, _) in &arcs {
                tree.potentials[arc.row as usize] = arc.cost - v[arc.column as usize];
            }
            Shortlist::new(&scan(problem.geometry(), &v, |_| f64::INFINITY, NEAR).arcs)
        } else {
            let Start { arcs, left, near, u } = start(problem, &units, v.clone(), NEAR);
            tree.plant(&arcs, &left.0, &left.1);
            if left.0.iter().any(|&s| s > 0) {
                self.make_feasible(problem, &units, &mut tree, &mut pivots)?;
            }
            tree.potentials[..n].copy_from_slice(&u);
            Shortlist::new(&near)
        };
        tree.potentials[n..n + m].copy_from_slice(&v);
        rest_idle(&mut tree, &units);
        let Scan { least, .. } =
            self.optimise(problem.geometry(), &mut tree, &mut list, &mut pivots, self.at_cap)?;
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
    fn optimise(
        &self,
        geometry: &dyn Geometry,
        tree: &mut Tree,
        list: &mut Shortlist,
        pivots: &mut usize,
        at_cap: AtCap,
    ) -> Result<Scan, OtError> {
        let (n, m) = geometry.shape();
        let mut scanned = None;
        loop {
            let mut tolerance = SLACK * tree.refresh();
            loop {
                let before = *pivots;
                while let Some((arc, reduced)) = list.entering(&tree.potentials, tolerance, BLOCK) {
                    if *pivots == self.max_pivots {
                        if at_cap == AtCap::Fail {
                            return Err(OtError::PivotCap { pivots: *pivots });
                        }
                        tree.refresh();
                        return Ok(scan(geometry, &tree.potentials[n..n + m], |_| f64::NEG_INFINITY, 0));
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
fn transform(geometry: &dyn Geometry, u: &[f64]) -> Vec<f64> {
    let (mut v, mut buffer) = (vec![f64::INFINITY; geometry.shape().1], Vec::new());
    for (row, &u) in u.iter().enumerate() {
        geometry.moves(row, &mut buffer).lower(u, &mut v);
    }
    v.iter_mut().filter(|v| !v.is_finite()).for_each(|v| *v = 0.0);
    v
}

/// Costs must be numbers or `+∞`.
pub(crate) fn check(geometry: &dyn Geometry) -> Result<(), OtError> {
    (0..geometry.shape().0).into_par_iter().try_for_each_init(Vec::new, |buffer, row| {
        let (columns, costs) = match geometry.moves(row, buffer) {
            Moves::All(costs) => (None, costs),
            Moves::Listed { columns, costs } => (Some(columns), costs),
        };
        match costs.iter().position(|c| c.is_nan() || *c == f64::NEG_INFINITY) {
            Some(place) => {
                let column = columns.map_or(place, |columns| columns[place] as usize);
                Err(OtError::BadCost { row, column, value: costs[place] })
            }
            None => Ok(()),
        }
    })
}
