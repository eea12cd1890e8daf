//! A plan in factors.

use super::sums::{column_sums, row_sums};
use crate::coupling::{cumulative, draw};
use crate::{Certificate, Coupling};
use ndarray::{Array1, Array2, ArrayView1, ArrayView2};
use rand::Rng;

/// `Q`, `R` and `g`.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Factors {
    pub(crate) q: Array2<f64>,
    pub(crate) r: Array2<f64>,
    pub(crate) g: Array1<f64>,
}

/// `P = M Q diag(1/g) Rᵀ` with `Q 1 = a`, `R 1 = b`, `Qᵀ 1 = Rᵀ 1 = g` as shares of the total mass M.
///
/// The mass of point `i` goes to the `r` components by the row `Q_i`, and from component `k` to the targets
/// by the column `R_k / g_k`. Memory and applications cost O((n + m) r).
#[derive(Clone, Debug, PartialEq)]
pub struct LowRankPlan {
    factors: Factors,
    total: f64,
    transport: f64,
    certificate: Certificate,
}

impl LowRankPlan {
    pub(crate) fn new(factors: Factors, total: f64, transport: f64, certificate: Certificate) -> Self {
        Self { factors, total, transport, certificate }
    }

    /// `Q`, a plan between the source points and the components, of total mass 1.
    pub fn source_factor(&self) -> ArrayView2<'_, f64> {
        self.factors.q.view()
    }

    /// `R`, a plan between the target points and the components, of total mass 1.
    pub fn target_factor(&self) -> ArrayView2<'_, f64> {
        self.factors.r.view()
    }

    /// `g`, the masses of the components, of sum 1.
    pub fn components(&self) -> ArrayView1<'_, f64> {
        self.factors.g.view()
    }

    /// The number of components.
    pub fn rank(&self) -> usize {
        self.factors.g.len()
    }

    /// Through the components: `M to diag(1/g) fromᵀ x`.
    fn through(&self, from: &Array2<f64>, to: &Array2<f64>, x: ArrayView2<'_, f64>) -> Array2<f64> {
        let mut middle = from.t().dot(&x);
        for (mut row, &g) in middle.rows_mut().into_iter().zip(&self.factors.g) {
            row *= self.total / g;
        }
        to.dot(&middle)
    }
}

/// L1 distance of the marginals of factors from `a` and `b`.
pub(crate) fn marginal_error(factors: &Factors, a: &Array1<f64>, b: &Array1<f64>) -> f64 {
    let side = |factor: &Array2<f64>, other: &Array2<f64>, wanted: &Array1<f64>| -> f64 {
        let scale: Vec<f64> = column_sums(other, None).iter().zip(&factors.g).map(|(s, g)| s / g).collect();
        let sums = row_sums(factor, &scale);
        sums.iter().zip(wanted).map(|(x, y)| (x - y).abs()).sum()
    };
    side(&factors.q, &factors.r, a) + side(&factors.r, &factors.q, b)
}

impl Coupling for LowRankPlan {
    fn shape(&self) -> (usize, usize) {
        (self.factors.q.nrows(), self.factors.r.nrows())
    }

    fn push(&self, x: ArrayView2<'_, f64>) -> Array2<f64> {
        assert_eq!(x.nrows(), self.factors.q.nrows(), "one row a source point");
        self.through(&self.factors.q, &self.factors.r, x)
    }

    fn pull(&self, y: ArrayView2<'_, f64>) -> Array2<f64> {
        assert_eq!(y.nrows(), self.factors.r.nrows(), "one row a target point");
        self.through(&self.factors.r, &self.factors.q, y)
    }

    fn cost(&self) -> f64 {
        self.transport
    }

    fn certificate(&self) -> Certificate {
        self.certificate
    }

    /// A component after `Q_i`, then a target after `R_k`: O(m), no row of the plan.
    fn sample_target<R: Rng + ?Sized>(&self, row: usize, rng: &mut R) -> Option<usize> {
        let components = cumulative(self.factors.q.row(row).iter().copied());
        if components[components.len() - 1] <= 0.0 {
            return None;
        }
        let targets = cumulative(self.factors.r.column(draw(&components, rng)).iter().copied());
        Some(draw(&targets, rng))
    }
}
