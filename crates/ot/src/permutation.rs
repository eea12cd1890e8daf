//! A plan that sends each source point to one target of its own.

use crate::{Certificate, Coupling, OtError};
use ndarray::{Array1, Array2, ArrayView2};
use rand::{Rng, RngExt};

/// A permutation as a plan: mass 1/n from source `i` to `target[i]`.
#[derive(Clone, Debug, PartialEq)]
pub struct Permutation {
    target: Vec<usize>,
    certificate: Certificate,
}

impl Permutation {
    /// The plan of an assignment: `target[i]` is the target of source `i`.
    ///
    /// `cost` is `⟨C, P⟩`, the *mean* cost of a pair. Without potentials there is no dual value;
    /// see [`certified`](Self::certified).
    ///
    /// # Errors
    /// An empty vector, or one that does not use each of `0..n` once.
    pub fn new(target: Vec<usize>, cost: f64) -> Result<Self, OtError> {
        Self::certified(target, cost, f64::NEG_INFINITY)
    }

    /// The same, with the dual cost that proves how good it is.
    ///
    /// # Errors
    /// As [`new`](Self::new).
    pub fn certified(target: Vec<usize>, cost: f64, dual_cost: f64) -> Result<Self, OtError> {
        if target.is_empty() {
            return Err(OtError::Empty { side: "source" });
        }
        let size = target.len();
        let mut taken = vec![false; size];
        for (row, &to) in target.iter().enumerate() {
            if taken.get_mut(to).is_none_or(|taken| std::mem::replace(taken, true)) {
                return Err(OtError::NotPermutation { row, target: to, size });
            }
        }
        let certificate = Certificate { iterations: 0, residual: 0.0, primal_cost: cost, dual_cost };
        Ok(Self { target, certificate })
    }

    /// The target of each source.
    pub fn target(&self) -> &[usize] {
        &self.target
    }
}

impl Coupling for Permutation {
    fn shape(&self) -> (usize, usize) {
        (self.target.len(), self.target.len())
    }

    fn push(&self, x: ArrayView2<'_, f64>) -> Array2<f64> {
        assert_eq!(x.nrows(), self.target.len(), "one row a source point");
        let mass = 1.0 / self.target.len() as f64;
        let mut out = Array2::zeros(x.dim());
        for (row, &target) in self.target.iter().enumerate() {
            out.row_mut(target).scaled_add(mass, &x.row(row));
        }
        out
    }

    fn pull(&self, y: ArrayView2<'_, f64>) -> Array2<f64> {
        assert_eq!(y.nrows(), self.target.len(), "one row a target point");
        let mass = 1.0 / self.target.len() as f64;
        let mut out = Array2::zeros(y.dim());
        for (row, &target) in self.target.iter().enumerate() {
            out.row_mut(row).scaled_add(mass, &y.row(target));
        }
        out
    }

    fn cost(&self) -> f64 {
        self.certificate.primal_cost
    }

    fn certificate(&self) -> Certificate {
        self.certificate
    }

    fn sample_target<R: Rng + ?Sized>(&self, row: usize, _rng: &mut R) -> Option<usize> {
        Some(self.target[row])
    }

    fn sample<R: Rng + ?Sized>(&self, n: usize, rng: &mut R) -> Vec<(usize, usize)> {
        (0..n)
            .map(|_| {
                let row = rng.random_range(0..self.target.len());
                (row, self.target[row])
            })
            .collect()
    }

    fn to_matrix(&self) -> Array2<f64> {
        let mut matrix = Array2::zeros(self.shape());
        let mass = 1.0 / self.target.len() as f64;
        self.target.iter().enumerate().for_each(|(row, &target)| matrix[[row, target]] = mass);
        matrix
    }

    fn masses_from(&self, row: usize) -> Array1<f64> {
        let mut masses = Array1::zeros(self.target.len());
        masses[self.target[row]] = 1.0 / self.target.len() as f64;
        masses
    }
}
