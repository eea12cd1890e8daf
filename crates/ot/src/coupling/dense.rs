//! A plan that is a matrix.

use super::{Certificate, Coupling, cumulative, draw};
use crate::{Geometry, OtError, Transport};
use ndarray::{Array1, Array2, ArrayView1, ArrayView2, Axis};
use rand::Rng;

/// A plan held as an `n × m` matrix: by a solver that holds all of it anyway, or from elsewhere and checked against its
/// problem.
///
/// ```
/// use chreode_ot::{Coupling, DensePlan, Transport};
/// use ndarray::array;
///
/// let costs = array![[0.0, 1.0], [1.0, 0.0]];
/// let problem = Transport::uniform(&costs)?;
/// let plan = DensePlan::new(&problem, array![[0.4, 0.1], [0.1, 0.4]], 1e-12)?;
/// assert!((plan.cost() - 0.2).abs() < 1e-15);
/// assert!(DensePlan::new(&problem, array![[0.5, 0.5], [0.0, 0.0]], 1e-12).is_err());
/// # Ok::<(), chreode_ot::OtError>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct DensePlan {
    matrix: Array2<f64>,
    potentials: Option<(Array1<f64>, Array1<f64>)>,
    transport: f64,
    certificate: Certificate,
}

impl DensePlan {
    /// Takes a matrix for a plan of `problem`. Its marginals may miss the masses by a share `tolerance` of the total, in L1.
    ///
    /// Without potentials there is no dual value: the certificate's is −∞, and its gap ∞.
    ///
    /// # Errors
    /// Another shape, an entry that is negative or not finite, or marginals that miss by more.
    pub fn new<G: Geometry + ?Sized>(
        problem: &Transport<'_, G>,
        matrix: Array2<f64>,
        tolerance: f64,
    ) -> Result<Self, OtError> {
        let (n, m) = problem.shape();
        for (what, expected, found) in [
            ("the first axis of the plan", n, matrix.nrows()),
            ("the second axis of the plan", m, matrix.ncols()),
        ] {
            if expected != found {
                return Err(OtError::Shape { what, expected, found });
            }
        }
        if let Some(((row, column), &value)) =
            matrix.indexed_iter().find(|(_, p)| !(p.is_finite() && **p >= 0.0))
        {
            return Err(OtError::BadEntry { what: "the plan", row, column, value });
        }
        let total = problem.source().sum();
        let miss =
            |sums: Array1<f64>, masses: ArrayView1<'_, f64>| (&sums - &masses).mapv(f64::abs).sum() / total;
        let sides = [
            ("source", miss(matrix.sum_axis(Axis(1)), problem.source())),
            ("target", miss(matrix.sum_axis(Axis(0)), problem.target())),
        ];
        for (side, residual) in sides {
            if residual.is_nan() || tolerance.is_nan() || residual > tolerance {
                return Err(OtError::Marginals { side, residual, tolerance });
            }
        }
        let mut buffer = Vec::new();
        let mut cost = 0.0;
        for (row, masses) in matrix.rows().into_iter().enumerate() {
            let costs = problem.geometry().costs(row, 0..m, &mut buffer);
            // Nothing moves along a forbidden arc: 0 · ∞ is 0 here.
            cost += masses.iter().zip(costs).filter(|(p, _)| **p > 0.0).map(|(p, c)| p * c).sum::<f64>();
        }
        let residual = f64::max(sides[0].1, sides[1].1);
        let certificate =
            Certificate { iterations: 0, residual, primal_cost: cost, dual_cost: f64::NEG_INFINITY };
        Ok(Self::from_parts(matrix, None, cost, certificate))
    }

    pub(crate) fn from_parts(
        matrix: Array2<f64>,
        potentials: Option<(Array1<f64>, Array1<f64>)>,
        transport: f64,
        certificate: Certificate,
    ) -> Self {
        Self { matrix, potentials, transport, certificate }
    }

    /// The matrix.
    pub fn matrix(&self) -> ArrayView2<'_, f64> {
        self.matrix.view()
    }

    /// The potentials `f` and `g` of the solver, where it has some.
    pub fn potentials(&self) -> Option<(ArrayView1<'_, f64>, ArrayView1<'_, f64>)> {
        self.potentials.as_ref().map(|(f, g)| (f.view(), g.view()))
    }
}

/// `Σ x_ij y_ij`, rows in order.
pub(crate) fn inner(x: &ArrayView2<'_, f64>, y: &ArrayView2<'_, f64>) -> f64 {
    x.rows().into_iter().zip(y.rows()).map(|(x, y)| x.dot(&y)).sum()
}

/// L1 distance of a plan's marginals from `a` and `b`.
pub(crate) fn marginal_error(plan: &Array2<f64>, a: &Array1<f64>, b: &Array1<f64>) -> f64 {
    let difference =
        |x: Array1<f64>, y: &Array1<f64>| x.iter().zip(y).map(|(x, y)| (x - y).abs()).sum::<f64>();
    difference(plan.sum_axis(Axis(1)), a) + difference(plan.sum_axis(Axis(0)), b)
}

impl Coupling for DensePlan {
    fn shape(&self) -> (usize, usize) {
        self.matrix.dim()
    }

    fn push(&self, x: ArrayView2<'_, f64>) -> Array2<f64> {
        assert_eq!(x.nrows(), self.matrix.nrows(), "one row a source point");
        self.matrix.t().dot(&x)
    }

    fn pull(&self, y: ArrayView2<'_, f64>) -> Array2<f64> {
        assert_eq!(y.nrows(), self.matrix.ncols(), "one row a target point");
        self.matrix.dot(&y)
    }

    fn cost(&self) -> f64 {
        self.transport
    }

    fn certificate(&self) -> Certificate {
        self.certificate
    }

    fn sample_target<R: Rng + ?Sized>(&self, row: usize, rng: &mut R) -> Option<usize> {
        let cumulative = cumulative(self.matrix.row(row).iter().copied());
        (cumulative[cumulative.len() - 1] > 0.0).then(|| draw(&cumulative, rng))
    }

    fn to_matrix(&self) -> Array2<f64> {
        self.matrix.clone()
    }

    fn masses_from(&self, row: usize) -> Array1<f64> {
        self.matrix.row(row).to_owned()
    }
}
