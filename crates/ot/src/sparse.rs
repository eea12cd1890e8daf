//! A plan with few entries, as the network simplex returns it.

use crate::coupling::{cumulative, draw};
use crate::{Certificate, Coupling};
use ndarray::{Array1, Array2, ArrayView1, ArrayView2};
use rand::Rng;

/// One entry of a plan.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Entry {
    /// Source point.
    pub row: usize,
    /// Target point.
    pub column: usize,
    /// The mass moved, positive.
    pub mass: f64,
}

/// An exact plan: at most `n + m - 1` entries, and the potentials that prove it.
#[derive(Clone, Debug, PartialEq)]
pub struct SparsePlan {
    shape: (usize, usize),
    entries: Vec<Entry>,
    rows: Vec<usize>,
    source_potential: Array1<f64>,
    target_potential: Array1<f64>,
    certificate: Certificate,
}

impl SparsePlan {
    pub(crate) fn from_parts(
        shape: (usize, usize),
        mut entries: Vec<Entry>,
        source_potential: Array1<f64>,
        target_potential: Array1<f64>,
        certificate: Certificate,
    ) -> Self {
        entries.sort_unstable_by_key(|e| (e.row, e.column));
        let mut rows = vec![0; shape.0 + 1];
        entries.iter().for_each(|e| rows[e.row + 1] += 1);
        (0..shape.0).for_each(|row| rows[row + 1] += rows[row]);
        Self { shape, entries, rows, source_potential, target_potential, certificate }
    }

    /// Of sorted entries; those of a row begin at `rows[row]`.
    pub(crate) fn from_rows(
        shape: (usize, usize),
        entries: Vec<Entry>,
        rows: Vec<usize>,
        source_potential: Array1<f64>,
        target_potential: Array1<f64>,
        certificate: Certificate,
    ) -> Self {
        Self { shape, entries, rows, source_potential, target_potential, certificate }
    }

    /// The entries, by source and then by target.
    pub fn entries(&self) -> &[Entry] {
        &self.entries
    }

    /// The entries of one source point.
    pub fn row(&self, row: usize) -> &[Entry] {
        &self.entries[self.rows[row]..self.rows[row + 1]]
    }

    /// `u`, with `u_i + v_j ≤ c_ij`, and equality where mass moves.
    pub fn source_potential(&self) -> ArrayView1<'_, f64> {
        self.source_potential.view()
    }

    /// `v`.
    pub fn target_potential(&self) -> ArrayView1<'_, f64> {
        self.target_potential.view()
    }

    /// `⟨C, P⟩`.
    pub fn primal_cost(&self) -> f64 {
        self.certificate.primal_cost
    }

    /// `⟨a, u⟩ + ⟨b, v⟩`.
    pub fn dual_cost(&self) -> f64 {
        self.certificate.dual_cost
    }

    /// Primal minus dual cost: a proof of the plan's quality.
    pub fn gap(&self) -> f64 {
        self.certificate.gap()
    }
}

impl Coupling for SparsePlan {
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
            [entry] => Some(entry.column),
            entries => Some(entries[draw(&cumulative(entries.iter().map(|e| e.mass)), rng)].column),
        }
    }

    fn sample<R: Rng + ?Sized>(&self, n: usize, rng: &mut R) -> Vec<(usize, usize)> {
        let cumulative = cumulative(self.entries.iter().map(|e| e.mass));
        (0..n)
            .map(|_| {
                let entry = self.entries[draw(&cumulative, rng)];
                (entry.row, entry.column)
            })
            .collect()
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
