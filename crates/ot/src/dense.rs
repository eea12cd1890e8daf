//! A plan held as a matrix.

use crate::coupling::{cumulative, draw};
use crate::{Certificate, Coupling, OtError};
use ndarray::{Array1, Array2, ArrayView1, ArrayView2};
use rand::Rng;

/// A plan as an `n × m` matrix, for solvers that hold all of it anyway.
#[derive(Clone, Debug, PartialEq)]
pub struct DensePlan {
    matrix: Array2<f64>,
    potentials: Option<(Array1<f64>, Array1<f64>)>,
    transport: f64,
    certificate: Certificate,
}

impl DensePlan {
    /// A plan from its entries, with the cost `⟨C, P⟩` under `costs`.
    ///
    /// Without potentials there is no dual value, and the gap is infinite. The residual is 0: the plan's
    /// own marginals are the ones it is a plan of.
    ///
    /// # Errors
    /// An empty side, costs of another shape, or an entry that is negative or not finite.
    pub fn new(matrix: Array2<f64>, costs: ArrayView2<'_, f64>) -> Result<Self, OtError> {
        for (side, size) in [("source", matrix.nrows()), ("target", matrix.ncols())] {
            if size == 0 {
                return Err(OtError::Empty { side });
            }
        }
        for (what, expected, found) in [
            ("the first axis of the costs", matrix.nrows(), costs.nrows()),
            ("the second axis of the costs", matrix.ncols(), costs.ncols()),
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
        let transport = inner(&matrix.view(), &costs);
        let certificate = Certificate {
            iterations: 0,
            residual: 0.0,
            primal_cost: transport,
            dual_cost: f64::NEG_INFINITY,
        };
        Ok(Self::from_parts(matrix, None, transport, certificate))
    }

    pub(crate) fn from_parts(
        matrix: Array2<f64>,
        potentials: Option<(Array1<f64>, Array1<f64>)>,
        transport: f64,
        certificate: Certificate,
    ) -> Self {
        Self { matrix, potentials, transport, certificate }
    }

    /// The entries.
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
    difference(plan.sum_axis(ndarray::Axis(1)), a) + difference(plan.sum_axis(ndarray::Axis(0)), b)
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
}
