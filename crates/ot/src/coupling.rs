//! A transport plan as a linear map.

mod compose;
mod dense;
mod entropy;
mod fate;
mod sampling;
mod sparsify;

pub use compose::Composed;
pub use dense::DensePlan;
pub(crate) use dense::{inner, marginal_error};
pub(crate) use sampling::{cumulative, draw};
pub use sparsify::{Keep, SparseCoupling};

use crate::{Geometry, OtError};
use ndarray::{Array1, Array2, ArrayView1, ArrayView2, s};
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
    ///
    /// By default from indicators of some targets at a time, so that little beside the matrix is held.
    fn to_matrix(&self) -> Array2<f64> {
        const TARGETS: usize = 128;
        let (n, m) = self.shape();
        let mut matrix = Array2::zeros((n, m));
        for start in (0..m).step_by(TARGETS) {
            let end = (start + TARGETS).min(m);
            let mut indicators = Array2::zeros((m, end - start));
            (start..end).for_each(|target| indicators[[target, target - start]] = 1.0);
            matrix.slice_mut(s![.., start..end]).assign(&self.pull(indicators.view()));
        }
        matrix
    }

    /// Row `row` of P: the mass that goes from one source point to each target.
    ///
    /// By default a push of the whole plan; types with cheap rows override it.
    ///
    /// # Panics
    /// If there is no such source point.
    fn masses_from(&self, row: usize) -> Array1<f64> {
        let mut indicator = Array2::zeros((self.shape().0, 1));
        indicator[[row, 0]] = 1.0;
        self.push(indicator.view()).column(0).to_owned()
    }

    /// `P_ij / Σ_j P_ij`: where one source point goes, as probabilities. `None` for a source point without mass.
    ///
    /// # Panics
    /// If there is no such source point.
    fn conditional(&self, row: usize) -> Option<Array1<f64>> {
        fate::normalised(self.masses_from(row))
    }

    /// Where the given sources go: `Pᵀ x`, normalised to 1, for an indicator or weights `x` of the sources.
    ///
    /// `None` if they have no mass. The descendants of G. Schiebinger et al., Cell 176, 2019, doi
    /// 10.1016/j.cell.2019.01.006.
    ///
    /// # Panics
    /// If `x` has not `n` entries.
    fn descendants(&self, x: ArrayView1<'_, f64>) -> Option<Array1<f64>> {
        fate::descendants(self, x)
    }

    /// Where the given targets come from: `P y`, normalised to 1, for an indicator or weights `y` of the targets.
    ///
    /// `None` if they have no mass.
    ///
    /// # Panics
    /// If `y` has not `m` entries.
    fn ancestors(&self, y: ArrayView1<'_, f64>) -> Option<Array1<f64>> {
        fate::ancestors(self, y)
    }

    /// The probability that each source point ends in each group of targets, an `n × groups` matrix.
    ///
    /// `group[j]` is the group of target `j`, below `groups`. Rows sum to 1; those of source points without mass are NaN.
    ///
    /// # Panics
    /// If `group` has not `m` entries, or one that is not below `groups`.
    fn fates(&self, group: &[usize], groups: usize) -> Array2<f64> {
        fate::fates(self, group, groups)
    }

    /// `−Σ p_ij log p_ij` with the plan's entries as shares of its mass, in nats: 0 for one entry, `log(nm)` at most.
    fn entropy(&self) -> f64 {
        entropy::entropy(self)
    }

    /// `KL(P | a bᵀ)` with masses as shares, in nats: how much a source tells of its target. 0 for the product plan.
    fn mutual_information(&self) -> f64 {
        entropy::mutual_information(self)
    }

    /// `n` pairs by systematic sampling: one random number, then equal steps through the plan's mass.
    ///
    /// Each pair is drawn as often as expected, to within one: `⌊n p⌋` or `⌈n p⌉` times, so sums over the pairs vary less than
    /// with [`sample`](Self::sample). Pairs come in the order of the sources, and are not independent. Empty for a plan without
    /// mass. (W. G. Madow and L. H. Madow, Ann. Math. Stat. 15, 1944, doi 10.1214/aoms/1177731312.)
    fn sample_systematic<R: Rng + ?Sized>(&self, n: usize, rng: &mut R) -> Vec<(usize, usize)> {
        sampling::systematic(self, n, rng)
    }

    /// The large entries of the plan, and a report of what was left out.
    ///
    /// `geometry` gives the kept entries their cost; it is the one the plan was made for.
    ///
    /// # Errors
    /// A geometry of another shape, a threshold that is negative or not finite, a share that is not between 0 and 1, or a
    /// number of entries of 0.
    fn sparsify<G: Geometry + ?Sized>(&self, geometry: &G, keep: Keep) -> Result<SparseCoupling, OtError> {
        sparsify::sparsify(self, geometry, keep)
    }
}

/// A reference to a plan is that plan.
impl<P: Coupling + ?Sized> Coupling for &P {
    fn shape(&self) -> (usize, usize) {
        (**self).shape()
    }
    fn push(&self, x: ArrayView2<'_, f64>) -> Array2<f64> {
        (**self).push(x)
    }
    fn pull(&self, y: ArrayView2<'_, f64>) -> Array2<f64> {
        (**self).pull(y)
    }
    fn cost(&self) -> f64 {
        (**self).cost()
    }
    fn certificate(&self) -> Certificate {
        (**self).certificate()
    }
    fn sample_target<R: Rng + ?Sized>(&self, row: usize, rng: &mut R) -> Option<usize> {
        (**self).sample_target(row, rng)
    }
    fn sample<R: Rng + ?Sized>(&self, n: usize, rng: &mut R) -> Vec<(usize, usize)> {
        (**self).sample(n, rng)
    }
    fn sample_permutation<R: Rng + ?Sized>(&self, rng: &mut R) -> Vec<(usize, usize)> {
        (**self).sample_permutation(rng)
    }
    fn marginals(&self) -> (Array1<f64>, Array1<f64>) {
        (**self).marginals()
    }
    fn to_matrix(&self) -> Array2<f64> {
        (**self).to_matrix()
    }
    fn masses_from(&self, row: usize) -> Array1<f64> {
        (**self).masses_from(row)
    }
}
