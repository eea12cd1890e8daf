//! A transport plan as a linear map.

use ndarray::{Array1, Array2, ArrayView2};
use rand::Rng;

/// What a plan knows of its own quality.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Certificate {
    /// Iterations or pivots made.
    pub iterations: usize,
    /// L1 error of the marginals, as a share of the total mass.
    pub residual: f64,
    /// The value of the primal objective at the plan.
    pub primal_cost: f64,
    /// The value of the dual objective at the potentials.
    pub dual_cost: f64,
}

impl Certificate {
    /// The duality gap: the plan costs at most this much more than the optimum. Not below zero.
    pub fn gap(&self) -> f64 {
        (self.primal_cost - self.dual_cost).max(0.0)
    }
}

/// A plan P ≥ 0 between `n` source and `m` target points, as a linear map.
///
/// Mass moves forward by [`push`](Self::push) and functions move back by [`pull`](Self::pull); the
/// matrix is a last resort. The provided methods go through `pull` and `push` and are exact.
pub trait Coupling {
    /// `(n, m)`.
    fn shape(&self) -> (usize, usize);

    /// `Pᵀ x`: the rows of `x`, one a source point, moved to the targets with the mass.
    ///
    /// # Panics
    /// If `x` has not `n` rows.
    fn push(&self, x: ArrayView2<'_, f64>) -> Array2<f64>;

    /// `P y`: the rows of `y`, one a target point, summed for each source point by its mass there.
    ///
    /// # Panics
    /// If `y` has not `m` rows.
    fn pull(&self, y: ArrayView2<'_, f64>) -> Array2<f64>;

    /// `⟨C, P⟩`.
    fn cost(&self) -> f64;

    /// Iterations, residual, primal and dual value.
    fn certificate(&self) -> Certificate;

    /// Draws one target for the given source point from its conditional `P_ij / Σ_j P_ij`.
    ///
    /// `None` for a source point without mass.
    fn sample_target<R: Rng + ?Sized>(&self, row: usize, rng: &mut R) -> Option<usize>;

    /// `n` pairs, independent and identically distributed after the plan: with replacement.
    ///
    /// This is how minibatch flow matching was published (torchcfm's `sample_map`): some points of
    /// a batch are drawn twice and others never. See [`sample_permutation`](Self::sample_permutation).
    fn sample<R: Rng + ?Sized>(&self, n: usize, rng: &mut R) -> Vec<(usize, usize)> {
        let cumulative = cumulative(self.marginals().0.iter().copied());
        (0..n)
            .filter_map(|_| {
                let row = draw(&cumulative, rng);
                self.sample_target(row, rng).map(|column| (row, column))
            })
            .collect()
    }

    /// Each source point with mass once, in order, with a target from its conditional.
    ///
    /// For a permutation it is the permutation itself.
    fn sample_permutation<R: Rng + ?Sized>(&self, rng: &mut R) -> Vec<(usize, usize)> {
        (0..self.shape().0)
            .filter_map(|row| self.sample_target(row, rng).map(|column| (row, column)))
            .collect()
    }

    /// The marginals `P 1` and `Pᵀ 1` that the plan really has.
    fn marginals(&self) -> (Array1<f64>, Array1<f64>) {
        let (n, m) = self.shape();
        let ones = |size| Array2::<f64>::ones((size, 1));
        let column = |array: Array2<f64>| array.column(0).to_owned();
        (column(self.pull(ones(m).view())), column(self.push(ones(n).view())))
    }

    /// `T(x_i) = Σ_j P_ij y_j / Σ_j P_ij`: where each source point goes on average.
    ///
    /// NaN for a source point without mass, which goes nowhere.
    ///
    /// # Panics
    /// If `y` has not `m` rows.
    fn barycentric(&self, y: ArrayView2<'_, f64>) -> Array2<f64> {
        let mut moved = self.pull(y);
        let (mass, _) = self.marginals();
        for (mut row, &mass) in moved.rows_mut().into_iter().zip(&mass) {
            row /= mass;
        }
        moved
    }

    /// P as an `n × m` matrix.
    fn to_matrix(&self) -> Array2<f64> {
        self.pull(Array2::eye(self.shape().1).view())
    }
}

/// Running sums.
pub(crate) fn cumulative(masses: impl Iterator<Item = f64>) -> Vec<f64> {
    masses
        .scan(0.0, |sum, mass| {
            *sum += mass;
            Some(*sum)
        })
        .collect()
}

/// An index drawn in proportion to the masses behind the running sums; one of positive mass.
pub(crate) fn draw<R: Rng + ?Sized>(cumulative: &[f64], rng: &mut R) -> usize {
    use rand::RngExt;
    let total = cumulative[cumulative.len() - 1];
    let point = rng.random::<f64>() * total;
    let index = cumulative.partition_point(|&c| c <= point);
    if index < cumulative.len() { index } else { cumulative.partition_point(|&c| c < total) }
}
