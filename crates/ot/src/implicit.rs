//! Derivatives of the entropic plan and its potentials, by the implicit function theorem.

mod cotangent;
mod solve;

pub use cotangent::Cotangent;

use crate::divergence::{PlanRows, point_gradient};
use crate::{DifferentiableCost, Geometry, OtError, Stop, Transport};
use cotangent::{Centre, check, plan_cotangent};
use ndarray::{Array1, Array2, ArrayView1, ArrayView2};
use solve::{Factors, conjugate_gradients};

/// The largest plan that is kept while the linear system is solved, in entries: 128 MiB.
const KEPT: usize = 1 << 24;

/// Pulls derivatives in the plan or in the potentials of an entropic problem back to the costs, the points
/// and the masses.
///
/// The optimal potentials satisfy `P 1 = a`, `Pᵀ 1 = b`; differentiating these two lines leaves one linear
/// system with the matrix `[diag(a) P; Pᵀ diag(b)]`, whose Schur complement is solved by conjugate gradients.
/// Memory and time do not depend on the number of iterations that made the potentials. G. Luise et al.,
/// NeurIPS 2018, arXiv 1805.11897; M. Cuturi et al., 2020, arXiv 2002.03229.
///
/// The potentials must be converged: an error in them of order δ is an error of order δ/ε here.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ImplicitGradient {
    /// The ε of the problem.
    pub epsilon: f64,
    /// When the conjugate gradients end: the residual relative to the right-hand side.
    pub stop: Stop,
}

/// What [`ImplicitGradient::solve`] returns: derivatives, some of them computed when asked for.
#[derive(Clone, Debug)]
pub struct Pulled<'p, G: ?Sized> {
    problem: &'p Transport<'p, G>,
    epsilon: f64,
    shares: (Array1<f64>, Array1<f64>),
    potentials: (ArrayView1<'p, f64>, ArrayView1<'p, f64>),
    cotangent: Cotangent<'p>,
    centre: Centre,
    multipliers: (Array1<f64>, Array1<f64>),
    /// In the source masses of the problem, as given.
    pub a: Array1<f64>,
    /// In the target masses of the problem, as given (the total is the source's).
    pub b: Array1<f64>,
    /// Iterations of the conjugate gradients.
    pub iterations: usize,
    /// The relative residual of the linear system.
    pub residual: f64,
}

impl ImplicitGradient {
    /// The derivatives at the potentials `(f, g)` of `problem`, as
    /// [`EntropicPlan`](crate::EntropicPlan) has them.
    ///
    /// # Errors
    /// An ε that is not positive, arrays of other shapes than the problem's, cotangents of the potentials
    /// whose sums differ, or [`OtError::NotConverged`] where the stop asks for a tolerance.
    pub fn solve<'p, G: Geometry + ?Sized>(
        &self,
        problem: &'p Transport<'p, G>,
        (f, g): (ArrayView1<'p, f64>, ArrayView1<'p, f64>),
        cotangent: Cotangent<'p>,
    ) -> Result<Pulled<'p, G>, OtError> {
        let epsilon = self.epsilon;
        if !(epsilon > 0.0 && epsilon.is_finite()) {
            let range = "positive and finite";
            return Err(OtError::BadParameter { name: "epsilon", value: epsilon, range });
        }
        self.stop.check()?;
        let (n, m) = problem.shape();
        check(&cotangent, (f, g), (n, m))?;
        let total = problem.source().sum();
        let shares = (&problem.source() / total, &problem.target() / total);
        let rows = PlanRows {
            geometry: problem.geometry(),
            epsilon,
            masses: (shares.0.view(), shares.1.view()),
            potentials: (f, g),
        };
        let factors = Factors::new(&rows, n.saturating_mul(m) <= KEPT);
        let centre = Centre::new(&cotangent, &factors);
        // s = P ∘ ∂L/∂P, its sums over rows and over columns.
        let (in_rows, in_columns) =
            factors.sums(|i, p, s| plan_cotangent(&cotangent, &centre, total, i, p, s));
        let (mut by_f, mut by_g) = (&in_rows / epsilon, &in_columns / epsilon);
        if let Cotangent::Potentials { source, target } = cotangent {
            by_f += &source;
            by_g += &target;
        }
        let solution = conjugate_gradients(&factors, &by_f, &by_g, self.stop)?;
        let (u, v) = solution.multipliers;
        // A share scales its row of the plan, and moves the other side's potentials.
        let slope = |own: &Array1<f64>, sums: &Array1<f64>, moved: Array1<f64>| {
            Array1::from_shape_fn(own.len(), |k| {
                if own[k] > 0.0 { (sums[k] - epsilon * moved[k]) / own[k] } else { 0.0 }
            })
        };
        let a = slope(&shares.0, &in_rows, factors.times(&v));
        let b = slope(&shares.1, &in_columns, factors.transposed_times(&u));
        // In the masses as given: shares are divided by a total, and the plan is multiplied by it.
        let scale = match cotangent {
            Cotangent::Plan(_) => in_rows.sum() / total,
            _ => 0.0,
        };
        let centred = |slope: Array1<f64>, own: &Array1<f64>, scale: f64| {
            let mean = slope.dot(own);
            slope.mapv(|s| (s - mean) / total + scale)
        };
        let (a, b) = (centred(a, &shares.0, scale), centred(b, &shares.1, 0.0));
        let (iterations, residual) = (solution.iterations, solution.residual);
        Ok(Pulled {
            problem,
            epsilon,
            shares,
            potentials: (f, g),
            cotangent,
            centre,
            multipliers: (u, v),
            a,
            b,
            iterations,
            residual,
        })
    }
}

impl<G: Geometry + ?Sized> Pulled<'_, G> {
    /// The derivative in row `i` of the costs: `P_ij (u_i + v_j − (∂L/∂P_ij)/ε)`.
    fn row_into(&self, i: usize, buffer: &mut Vec<f64>, out: &mut Vec<f64>) {
        let rows = PlanRows {
            geometry: self.problem.geometry(),
            epsilon: self.epsilon,
            masses: (self.shares.0.view(), self.shares.1.view()),
            potentials: self.potentials,
        };
        let mut p = Vec::new();
        rows.row_into(i, buffer, &mut p);
        out.clear();
        out.resize(p.len(), 0.0);
        plan_cotangent(&self.cotangent, &self.centre, self.problem.source().sum(), i, &p, out);
        let (u, v) = (self.multipliers.0[i], &self.multipliers.1);
        for ((out, &p), &v) in out.iter_mut().zip(&p).zip(v) {
            *out = p * (u + v) - *out / self.epsilon;
        }
    }

    /// The derivative in the costs, n × m.
    pub fn costs(&self) -> Array2<f64> {
        let (n, m) = self.problem.shape();
        let (mut buffer, mut out) = (Vec::new(), Vec::new());
        let mut costs = Array2::zeros((n, m));
        for (i, mut row) in costs.rows_mut().into_iter().enumerate() {
            self.row_into(i, &mut buffer, &mut out);
            row.assign(&ArrayView1::from(&out));
        }
        costs
    }

    /// The derivatives in the points, through the costs `c(x_i, y_j)`: n × d and m × d.
    ///
    /// # Errors
    /// Clouds whose numbers of points are not the problem's, or different numbers of columns.
    pub fn points<C: DifferentiableCost>(
        &self,
        cost: &C,
        x: ArrayView2<'_, f64>,
        y: ArrayView2<'_, f64>,
    ) -> Result<(Array2<f64>, Array2<f64>), OtError> {
        let (n, m) = self.problem.shape();
        for (what, expected, found) in
            [("the source points", n, x.nrows()), ("the target points", m, y.nrows())]
        {
            if expected != found {
                return Err(OtError::Shape { what, expected, found });
            }
        }
        if x.ncols() != y.ncols() {
            return Err(OtError::Dimension { source_columns: x.ncols(), target_columns: y.ncols() });
        }
        let (x, y) = (crate::divergence::contiguous(x), crate::divergence::contiguous(y));
        Ok(point_gradient(cost, x.view(), y.view(), |i, buffer, out| self.row_into(i, buffer, out)))
    }

    /// The derivative in the values `y` of a barycentric map, m × k: what they get directly, at a fixed plan.
    ///
    /// Where the values are the target points themselves, the total is this plus what
    /// [`points`](Self::points) says. `None` for the other cotangents.
    pub fn values(&self) -> Option<Array2<f64>> {
        let Cotangent::Barycentric { map, .. } = self.cotangent else { return None };
        let (n, m) = self.problem.shape();
        let rows = PlanRows {
            geometry: self.problem.geometry(),
            epsilon: self.epsilon,
            masses: (self.shares.0.view(), self.shares.1.view()),
            potentials: self.potentials,
        };
        let (mut buffer, mut p) = (Vec::new(), Vec::new());
        let mut out = Array2::zeros((m, map.ncols()));
        for i in (0..n).filter(|&i| self.centre.mass[i] > 0.0) {
            rows.row_into(i, &mut buffer, &mut p);
            for (mut out, &p) in out.rows_mut().into_iter().zip(&p) {
                out.scaled_add(p / self.centre.mass[i], &map.row(i));
            }
        }
        Some(out)
    }
}
