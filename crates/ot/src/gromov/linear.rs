//! The linear step of the conditional gradient: a vertex of the plans that the gradient likes best.

use crate::{Assignment, Entry, NetworkSimplex, OtError, OtSolver, Transport};
use ndarray::{Array1, Array2};

/// A solver for the linear step, with memory that is kept between steps.
pub(super) enum LinearStep {
    /// Equal masses on equally many points.
    Assignment(Box<Assignment>),
    /// Any masses.
    Simplex,
}

impl LinearStep {
    pub(super) fn new(a: &Array1<f64>, b: &Array1<f64>) -> Self {
        let equal = a.len() == b.len() && a.iter().chain(b).all(|&mass| mass == a[0]);
        if equal { Self::Assignment(Box::new(Assignment::new())) } else { Self::Simplex }
    }

    /// The entries of `argmin ⟨gradient, P⟩` over the plans of `a` and `b`.
    pub(super) fn vertex(
        &mut self,
        gradient: &Array2<f64>,
        a: &Array1<f64>,
        b: &Array1<f64>,
    ) -> Result<Vec<Entry>, OtError> {
        match self {
            Self::Assignment(solver) => {
                let plan = solver.solve(gradient.view())?;
                let entry = |(row, &column): (usize, &usize)| Entry { row, column, mass: a[row] };
                Ok(plan.target.iter().enumerate().map(entry).collect())
            }
            Self::Simplex => {
                let problem = Transport::new(gradient, a.view(), b.view())?;
                Ok(NetworkSimplex::default().solve(&problem)?.entries().to_vec())
            }
        }
    }
}
