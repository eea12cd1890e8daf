//! The unbalanced plan between two whole populations.

use super::RescaledFlowConfig;
use crate::{ModelError, Relax};
use chreode_core::{Snapshot, Stream};
use chreode_ot::{
    Coupling, Marginal, PointCloud, RelaxedSolver, RelaxedTransport, SquaredEuclidean, Stop,
    UnbalancedSinkhorn,
};
use ndarray::{Array1, Axis};
use rand::seq::index;

/// L1 change of the masses in an iteration at which the plan is good enough to be drawn from.
const TOLERANCE: f64 = 1e-3;
/// Iterations after which it counts as failed.
const ITERATIONS: usize = 10_000;
/// Pairs that stand for the plan, for each cell.
const DRAWS: usize = 32;

/// What is needed of a plan `π` between cells of masses a and b: pairs, `η` and `ξ`.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Plan {
    /// Pairs of cells in proportion to their mass.
    pub(super) pairs: Vec<(usize, usize)>,
    /// The partners in these pairs of each earlier cell, and of each later one.
    pub(super) partners: [Vec<Vec<usize>>; 2],
    /// `η`, of some cells of the earlier population.
    pub(super) leave: Vec<(usize, f32)>,
    /// `ξ`, of some cells of the later one.
    pub(super) arrive: Vec<(usize, f32)>,
}

/// At most `most` cells, and their shares of the mass.
fn some(snapshot: &Snapshot, most: usize, rng: &mut Stream) -> (Vec<usize>, Array1<f64>) {
    let rows = match snapshot.len() > most {
        true => index::sample(rng, snapshot.len(), most).into_vec(),
        false => (0..snapshot.len()).collect(),
    };
    let all = snapshot.probabilities();
    let mut shares: Array1<f64> = rows.iter().map(|&i| all[i]).collect();
    shares /= shares.sum();
    (rows, shares)
}

impl Plan {
    /// The plan that [`Unbalanced`](crate::Unbalanced) describes, or one with an exact side.
    pub(super) fn between(
        from: &Snapshot,
        to: &Snapshot,
        settings: &RescaledFlowConfig,
        rng: &mut Stream,
    ) -> Result<Self, ModelError> {
        let RescaledFlowConfig { epsilon, penalty, relax, cells, .. } = *settings;
        let ((rows, a), (columns, b)) = (some(from, cells, rng), some(to, cells, rng));
        let x = from.points.select(Axis(0), &rows);
        let y = to.points.select(Axis(0), &columns);
        let mean = mean_square(&x.mapv(f64::from), &a, &y.mapv(f64::from), &b);
        if mean == 0.0 {
            let one = |rows: &[usize]| rows.iter().map(|&i| (i, 1.0)).collect();
            let pairs: Vec<_> = (0..rows.len().max(columns.len()))
                .map(|k| (rows[k % rows.len()], columns[k % columns.len()]))
                .collect();
            let partners = partners(&pairs, from.len(), to.len());
            return Ok(Self { pairs, partners, leave: one(&rows), arrive: one(&columns) });
        }
        let cloud = PointCloud::new(x.view(), y.view(), &SquaredEuclidean)?;
        let side = |exact: Relax| match relax == exact {
            true => Marginal::Exact,
            false => Marginal::Kl { lambda: penalty * mean },
        };
        let (earlier, later) = (side(Relax::Later), side(Relax::Earlier));
        let problem = RelaxedTransport::new(&cloud, a.view(), b.view(), earlier, later)?;
        let stop = Stop::Within { tolerance: TOLERANCE, max_iterations: ITERATIONS };
        let plan = UnbalancedSinkhorn::new(epsilon * mean, stop).solve(&problem)?;
        let (left, right) = plan.marginals();
        let total = plan.mass();
        let ratio = |mass: &Array1<f64>, shares: &Array1<f64>, rows: &[usize]| {
            let each = mass.iter().zip(shares).zip(rows).filter(|((_, share), _)| **share > 0.0);
            each.map(|((mass, share), &row)| (row, (mass / total / share) as f32)).collect()
        };
        let pairs = plan.sample_systematic(DRAWS * (rows.len() + columns.len()), rng);
        let pairs: Vec<_> = pairs.into_iter().map(|(i, j)| (rows[i], columns[j])).collect();
        let partners = partners(&pairs, from.len(), to.len());
        Ok(Self { pairs, partners, leave: ratio(&left, &a, &rows), arrive: ratio(&right, &b, &columns) })
    }
}

/// The partners of each cell on either side.
fn partners(pairs: &[(usize, usize)], n: usize, m: usize) -> [Vec<Vec<usize>>; 2] {
    let (mut later, mut earlier) = (vec![Vec::new(); n], vec![Vec::new(); m]);
    for &(i, j) in pairs {
        later[i].push(j);
        earlier[j].push(i);
    }
    [later, earlier]
}

/// `Σ a_i b_j |x_i − y_j|²`: the squared distance of the means and both variances.
fn mean_square(x: &ndarray::Array2<f64>, a: &Array1<f64>, y: &ndarray::Array2<f64>, b: &Array1<f64>) -> f64 {
    let moments = |x: &ndarray::Array2<f64>, a: &Array1<f64>| {
        let mean = a.dot(x);
        let spread = x.rows().into_iter().zip(a).map(|(row, a)| a * (&row - &mean).mapv(|v| v * v).sum());
        let spread: f64 = spread.sum();
        (mean, spread)
    };
    let ((mx, vx), (my, vy)) = (moments(x, a), moments(y, b));
    (mx - my).mapv(|v| v * v).sum() + vx + vy
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::array;

    #[test]
    fn the_mean_square_is_the_double_sum() {
        let (x, y) = (array![[0.0, 1.0], [2.0, -1.0]], array![[1.0, 1.0], [0.5, 3.0], [-2.0, 0.0]]);
        let (a, b) = (array![0.3, 0.7], array![0.2, 0.5, 0.3]);
        let mut sum = 0.0;
        for (x, a) in x.rows().into_iter().zip(&a) {
            for (y, b) in y.rows().into_iter().zip(&b) {
                sum += a * b * (&x - &y).mapv(|v: f64| v * v).sum();
            }
        }
        assert!((mean_square(&x, &a, &y, &b) - sum).abs() < 1e-12);
    }
}
