//! Potentials from a problem on fewer points.

use crate::divergence::{soft_minimum, weighted};
use crate::{Geometry, OtError, OtSolver, Sinkhorn, Transport};
use ndarray::{Array1, ArrayView1};
use rand::Rng;
use rayon::prelude::*;
use std::ops::Range;

/// `(f, g)` from the entropic problem on at most `size` points a side, drawn without replacement, as starting
/// potentials.
///
/// The potentials of the small problem are continued to all points by a soft minimum over the points drawn,
/// at the solver's ε: O((n + m) size) costs, read one at a time. J. Thornton and M. Cuturi, 2022, arXiv
/// 2206.07630. The masses of the points drawn are those of the problem, scaled to one total.
///
/// # Errors
/// A size of zero, points drawn without mass, or what [`Sinkhorn`] says of the small problem.
pub fn subsample_potentials<G: Geometry + ?Sized, R: Rng + ?Sized>(
    problem: &Transport<'_, G>,
    solver: &Sinkhorn,
    size: usize,
    rng: &mut R,
) -> Result<(Array1<f64>, Array1<f64>), OtError> {
    if size == 0 {
        let name = "the size of the subsample";
        return Err(OtError::BadParameter { name, value: 0.0, range: "at least 1" });
    }
    let (n, m) = problem.shape();
    let subset =
        Subset { geometry: problem.geometry(), rows: draw(n, size, rng), columns: draw(m, size, rng) };
    let shares = |all: ArrayView1<'_, f64>, some: &[usize], side| {
        let picked: Array1<f64> = some.iter().map(|&k| all[k]).collect();
        match picked.sum() {
            0.0 => Err(OtError::NoMass { side }),
            total => Ok(picked / total),
        }
    };
    let a = shares(problem.source(), &subset.rows, "source")?;
    let b = shares(problem.target(), &subset.columns, "target")?;
    let small = Transport::new(&subset, a.view(), b.view())?;
    let plan = solver.solve(&small)?;
    let epsilon = solver.epsilon;
    let h = weighted(plan.target_potential(), b.view(), epsilon);
    let f: Vec<f64> = (0..n)
        .into_par_iter()
        .map(|i| {
            let costs: Vec<f64> = subset.columns.iter().map(|&j| problem.geometry().cost(i, j)).collect();
            finite(soft_minimum(&costs, &h, epsilon))
        })
        .collect();
    let h = weighted(plan.source_potential(), a.view(), epsilon);
    let g: Vec<f64> = (0..m)
        .into_par_iter()
        .map(|j| {
            let costs: Vec<f64> = subset.rows.iter().map(|&i| problem.geometry().cost(i, j)).collect();
            finite(soft_minimum(&costs, &h, epsilon))
        })
        .collect();
    Ok((f.into(), g.into()))
}

/// A point that may reach no point of the subsample starts from 0.
fn finite(potential: f64) -> f64 {
    if potential.is_finite() { potential } else { 0.0 }
}

/// At most `size` of `0..n`, each once, in order.
fn draw<R: Rng + ?Sized>(n: usize, size: usize, rng: &mut R) -> Vec<usize> {
    use rand::RngExt;
    let mut all: Vec<usize> = (0..n).collect();
    let size = size.min(n);
    for k in 0..size {
        let other = rng.random_range(k..n);
        all.swap(k, other);
    }
    all.truncate(size);
    all.sort_unstable();
    all
}

/// Some rows and columns of another geometry.
struct Subset<'g, G: ?Sized> {
    geometry: &'g G,
    rows: Vec<usize>,
    columns: Vec<usize>,
}

impl<G: Geometry + ?Sized> Geometry for Subset<'_, G> {
    fn shape(&self) -> (usize, usize) {
        (self.rows.len(), self.columns.len())
    }

    fn costs<'s>(&'s self, row: usize, columns: Range<usize>, buffer: &'s mut Vec<f64>) -> &'s [f64] {
        buffer.clear();
        buffer.extend(self.columns[columns].iter().map(|&j| self.geometry.cost(self.rows[row], j)));
        buffer
    }
}
