//! The large entries of a plan.

use super::{Certificate, Coupling, cumulative, draw};
use crate::{Entry, Geometry, OtError};
use ndarray::{Array1, Array2, ArrayView2};
use rand::Rng;

/// Which entries of a plan to keep.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Keep {
    /// Those of at least this mass.
    AtLeast(f64),
    /// Of each source point the fewest that hold at least this share of its mass, the largest first.
    Share(f64),
    /// Of each source point this many of the largest.
    Largest(usize),
}

/// Some entries of a plan, and how much mass the others had.
///
/// The masses are those of the plan, so the marginals fall short of its marginals; [`restored`](Self::restored) gives each
/// source point its mass back. The certificate's residual is the larger L1 difference to the plan's marginals, as a share
/// of its mass; a dual value is not known and is −∞.
#[derive(Clone, Debug, PartialEq)]
pub struct SparseCoupling {
    shape: (usize, usize),
    entries: Vec<Entry>,
    rows: Vec<usize>,
    /// The plan's marginals.
    masses: (Array1<f64>, Array1<f64>),
    /// What each source point pays for its entries.
    costs: Vec<f64>,
    left_out: f64,
    certificate: Certificate,
}

pub(super) fn sparsify<P: Coupling + ?Sized, G: Geometry + ?Sized>(
    plan: &P,
    geometry: &G,
    keep: Keep,
) -> Result<SparseCoupling, OtError> {
    let bad = |name, value, range| Err(OtError::BadParameter { name, value, range });
    match keep {
        Keep::AtLeast(mass) if !(mass >= 0.0 && mass.is_finite()) => {
            return bad("the least mass to keep", mass, "finite and not negative");
        }
        Keep::Share(share) if !(share > 0.0 && share <= 1.0) => {
            return bad("the share of the mass to keep", share, "above 0 and at most 1");
        }
        Keep::Largest(0) => return bad("the number of entries to keep", 0.0, "at least 1"),
        _ => {}
    }
    let (shape, found) = (plan.shape(), geometry.shape());
    for (what, expected, found) in [
        ("the first side of the geometry", shape.0, found.0),
        ("the second side of the geometry", shape.1, found.1),
    ] {
        if expected != found {
            return Err(OtError::Shape { what, expected, found });
        }
    }
    let (mut entries, mut rows, mut costs) = (Vec::new(), vec![0], Vec::new());
    let (mut buffer, mut kept) = (Vec::new(), Vec::new());
    for row in 0..shape.0 {
        let masses = plan.masses_from(row);
        kept.clear();
        kept.extend(masses.iter().copied().enumerate().filter(|(_, mass)| *mass > 0.0));
        choose(keep, masses.sum(), &mut kept);
        kept.sort_unstable_by_key(|(column, _)| *column);
        let prices = geometry.costs(row, 0..shape.1, &mut buffer);
        costs.push(kept.iter().map(|&(column, mass)| mass * prices[column]).sum());
        entries.extend(kept.iter().map(|&(column, mass)| Entry { row, column, mass }));
        rows.push(entries.len());
    }
    let masses = plan.marginals();
    let total = masses.0.sum();
    let left_out = (1.0 - entries.iter().map(|e| e.mass).sum::<f64>() / total).max(0.0);
    let certificate =
        Certificate { iterations: 0, residual: 0.0, primal_cost: 0.0, dual_cost: f64::NEG_INFINITY };
    let sparse = SparseCoupling { shape, entries, rows, masses, costs, left_out, certificate };
    Ok(sparse.certified(plan.certificate().iterations))
}

/// Leaves the entries to keep, in any order.
fn choose(keep: Keep, total: f64, entries: &mut Vec<(usize, f64)>) {
    let descending = |a: &(usize, f64), b: &(usize, f64)| b.1.total_cmp(&a.1).then(a.0.cmp(&b.0));
    match keep {
        Keep::AtLeast(mass) => entries.retain(|entry| entry.1 >= mass),
        Keep::Largest(count) => {
            if count < entries.len() {
                entries.select_nth_unstable_by(count - 1, descending);
                entries.truncate(count);
            }
        }
        Keep::Share(share) => {
            entries.sort_unstable_by(descending);
            let mut held = 0.0;
            let enough = entries.iter().position(|entry| {
                held += entry.1;
                held >= share * total
            });
            entries.truncate(enough.map_or(entries.len(), |last| last + 1));
        }
    }
}

impl SparseCoupling {
    /// The entries, by source and then by target.
    pub fn entries(&self) -> &[Entry] {
        &self.entries
    }

    /// The entries of one source point.
    pub fn row(&self, row: usize) -> &[Entry] {
        &self.entries[self.rows[row]..self.rows[row + 1]]
    }

    /// The share of the plan's mass that is in none of the entries.
    pub fn left_out(&self) -> f64 {
        self.left_out
    }

    /// Source points with mass of which no entry was kept.
    pub fn lost(&self) -> Vec<usize> {
        (0..self.shape.0).filter(|&row| self.masses.0[row] > 0.0 && self.row(row).is_empty()).collect()
    }

    /// With the entries of each source point scaled to the mass it has in the plan.
    ///
    /// The source marginal is then the plan's, but for [`lost`](Self::lost) points; the target marginal is not.
    pub fn restored(mut self) -> Self {
        for row in 0..self.shape.0 {
            let entries = &mut self.entries[self.rows[row]..self.rows[row + 1]];
            let held: f64 = entries.iter().map(|e| e.mass).sum();
            if held > 0.0 {
                let factor = self.masses.0[row] / held;
                entries.iter_mut().for_each(|e| e.mass *= factor);
                self.costs[row] *= factor;
            }
        }
        let iterations = self.certificate.iterations;
        self.certified(iterations)
    }

    fn certified(mut self, iterations: usize) -> Self {
        let (rows, columns) = self.marginals();
        let miss = |a: Array1<f64>, b: &Array1<f64>| (&a - b).mapv(f64::abs).sum();
        let residual =
            f64::max(miss(rows, &self.masses.0), miss(columns, &self.masses.1)) / self.masses.0.sum();
        let primal_cost = self.costs.iter().sum();
        self.certificate = Certificate { iterations, residual, primal_cost, dual_cost: f64::NEG_INFINITY };
        self
    }
}

impl Coupling for SparseCoupling {
    fn shape(&self) -> (usize, usize) {
        self.shape
    }

    fn push(&self, x: ArrayView2<'_, f64>) -> Array2<f64> {
        assert_eq!(x.nrows(), self.shape.0, "one row a source point");
        let mut out = Array2::zeros((self.shape.1, x.ncols()));
        for entry in &self.entries {
            out.row_mut(entry.column).scaled_add(entry.mass, &x.row(entry.row));
        }
        out
    }

    fn pull(&self, y: ArrayView2<'_, f64>) -> Array2<f64> {
        assert_eq!(y.nrows(), self.shape.1, "one row a target point");
        let mut out = Array2::zeros((self.shape.0, y.ncols()));
        for entry in &self.entries {
            out.row_mut(entry.row).scaled_add(entry.mass, &y.row(entry.column));
        }
        out
    }

    fn cost(&self) -> f64 {
        self.certificate.primal_cost
    }

    fn certificate(&self) -> Certificate {
        self.certificate
    }

    fn sample_target<R: Rng + ?Sized>(&self, row: usize, rng: &mut R) -> Option<usize> {
        match self.row(row) {
            [] => None,
            entries => Some(entries[draw(&cumulative(entries.iter().map(|e| e.mass)), rng)].column),
        }
    }

    fn to_matrix(&self) -> Array2<f64> {
        let mut matrix = Array2::zeros(self.shape);
        self.entries.iter().for_each(|entry| matrix[[entry.row, entry.column]] = entry.mass);
        matrix
    }

    fn masses_from(&self, row: usize) -> Array1<f64> {
        let mut masses = Array1::zeros(self.shape.1);
        self.row(row).iter().for_each(|entry| masses[entry.column] = entry.mass);
        masses
    }
}
