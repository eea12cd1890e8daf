//! Wasserstein distances between whole populations, exactly, with intervals.

use crate::cost_gradient::EuclideanPower;
use crate::coupling::{cumulative, draw};
use crate::weights::Weights;
use crate::{
    CostFunction, Coupling, Euclidean, Geometry, NetworkSimplex, OtError, OtSolver, PointCloud, SparsePlan,
    SquaredEuclidean, Transport,
};
use chreode_core::Real;
use ndarray::{Array1, ArrayView1, ArrayView2};
use rand::Rng;

/// The largest matrix of costs that is kept, in entries: 128 MiB.
const KEPT: usize = 1 << 24;

/// The order p of W_p.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Order {
    /// W₁: the mean distance moved.
    One,
    /// W₂: the root of the mean squared distance moved.
    Two,
    /// W_p for any p ≥ 1.
    Power(f64),
}

impl Order {
    /// p.
    pub fn power(self) -> f64 {
        match self {
            Self::One => 1.0,
            Self::Two => 2.0,
            Self::Power(p) => p,
        }
    }

    /// # Errors
    /// An order below 1.
    pub(crate) fn check(self) -> Result<(), OtError> {
        match self {
            Self::Power(value) if !(value >= 1.0 && value.is_finite()) => {
                let (name, range) = ("the order of a Wasserstein distance", "finite and at least 1");
                Err(OtError::BadParameter { name, value, range })
            }
            _ => Ok(()),
        }
    }

    /// `W_p` from `W_pᵖ`.
    pub(crate) fn root(self, cost: f64) -> f64 {
        match self {
            Self::One => cost,
            Self::Two => cost.sqrt(),
            Self::Power(p) => cost.powf(1.0 / p),
        }
    }
}

/// A Wasserstein distance with its dual potentials.
#[derive(Clone, Debug, PartialEq)]
pub struct Wasserstein {
    /// W_p; the p-th root is taken.
    pub value: f64,
    /// W_pᵖ, the optimal transport cost.
    pub cost: f64,
    /// p.
    pub order: Order,
    /// `u`, one a source point.
    pub source_potential: Array1<f64>,
    /// `v`, one a target point: `u_i + v_j ≤ |x_i - y_j|ᵖ`.
    pub target_potential: Array1<f64>,
    /// The source masses, of sum 1.
    pub source_mass: Array1<f64>,
    /// The target masses, of sum 1.
    pub target_mass: Array1<f64>,
    /// `cost` minus the dual value: an upper bound of the error of `cost`.
    pub gap: f64,
}

/// `W_p` between two weighted clouds; `None` stands for equal weights.
///
/// Exact, by [`NetworkSimplex`] on costs in `f64`. The matrix of costs is kept where it takes no more than
/// 128 MiB, and its rows are computed anew in each scan above that; the solver itself holds the costs between
/// a third of the points of each side. Neither way changes a bit of the result. Weights need not sum to 1,
/// each side is normalised.
///
/// # Errors
/// An empty cloud, different numbers of columns, a coordinate that is not finite, bad weights, or an order
/// below 1.
pub fn wasserstein<T: Real>(
    x: ArrayView2<'_, T>,
    y: ArrayView2<'_, T>,
    a: Option<ArrayView1<'_, T>>,
    b: Option<ArrayView1<'_, T>>,
    order: Order,
) -> Result<Wasserstein, OtError> {
    let [a, b] = Weights::pair(a, b, (x.nrows(), y.nrows()))?;
    Ok(with_plan(x, y, [&a.shares, &b.shares], order)?.0)
}

/// The distance between clouds with masses of sum 1, and the plan.
pub(super) fn with_plan<T: Real>(
    x: ArrayView2<'_, T>,
    y: ArrayView2<'_, T>,
    masses: [&Array1<f64>; 2],
    order: Order,
) -> Result<(Wasserstein, SparsePlan), OtError> {
    order.check()?;
    let plan = match order {
        Order::One => plan(&Euclidean, x, y, masses, KEPT)?,
        Order::Two => plan(&SquaredEuclidean, x, y, masses, KEPT)?,
        Order::Power(p) => plan(&EuclideanPower(p), x, y, masses, KEPT)?,
    };
    let cost = plan.cost();
    let distance = Wasserstein {
        value: order.root(cost),
        cost,
        order,
        source_potential: plan.source_potential().to_owned(),
        target_potential: plan.target_potential().to_owned(),
        source_mass: masses[0].clone(),
        target_mass: masses[1].clone(),
        gap: plan.gap(),
    };
    Ok((distance, plan))
}

/// The plan between two clouds, on a matrix of costs where it has at most `kept` entries.
fn plan<T: Real, C: CostFunction>(
    cost: &C,
    x: ArrayView2<'_, T>,
    y: ArrayView2<'_, T>,
    masses: [&Array1<f64>; 2],
    kept: usize,
) -> Result<SparsePlan, OtError> {
    if x.nrows().saturating_mul(y.nrows()) <= kept {
        return solve(&cost.matrix(x, y)?, masses);
    }
    solve(&PointCloud::new(x, y, cost)?, masses)
}

fn solve<G: Geometry>(geometry: &G, [a, b]: [&Array1<f64>; 2]) -> Result<SparsePlan, OtError> {
    NetworkSimplex::default().solve(&Transport::new(geometry, a.view(), b.view())?)
}

impl Wasserstein {
    /// A bootstrap interval of the given level, e.g. 0.95, without solving again.
    ///
    /// First order (delta method): `W_pᵖ` is differentiable in the measures with the potentials as
    /// derivative, so a resampled pair of clouds has `W_pᵖ* ≈ mean u(x*) + mean v(y*)`. Each replicate
    /// draws as many points as there are, with replacement and in proportion to their mass, from both
    /// sides; the interval is between the quantiles `(1 ∓ level)/2` of the replicates, after the p-th root.
    ///
    /// It covers the sampling noise of the distance between these finite samples around its own
    /// expectation, not the bias of a finite sample, which is upward and slow to vanish in many
    /// dimensions; and it holds where the two populations differ, for at equality the first order
    /// vanishes. M. Sommerfeld and A. Munk, J. R. Stat. Soc. B 80, 2018, doi 10.1111/rssb.12236;
    /// E. del Barrio and J.-M. Loubes, Ann. Probab. 47, 2019, doi 10.1214/18-AOP1275.
    ///
    /// # Errors
    /// A level outside (0, 1), or no replicates.
    pub fn bootstrap_interval<R: Rng + ?Sized>(
        &self,
        level: f64,
        replicates: usize,
        rng: &mut R,
    ) -> Result<(f64, f64), OtError> {
        if !(level > 0.0 && level < 1.0) {
            return Err(OtError::BadParameter { name: "the level", value: level, range: "between 0 and 1" });
        }
        if replicates == 0 {
            return Err(OtError::BadParameter { name: "replicates", value: 0.0, range: "at least 1" });
        }
        let source = Resample::new(&self.source_mass, &self.source_potential);
        let target = Resample::new(&self.target_mass, &self.target_potential);
        let mut costs: Vec<f64> = (0..replicates).map(|_| source.mean(rng) + target.mean(rng)).collect();
        costs.sort_unstable_by(f64::total_cmp);
        let root = |cost: f64| self.order.root(cost.max(0.0));
        Ok((root(quantile(&costs, 0.5 * (1.0 - level))), root(quantile(&costs, 0.5 * (1.0 + level)))))
    }
}

/// Draws points in proportion to their mass and averages their potential.
struct Resample<'w> {
    potential: &'w Array1<f64>,
    /// Running sums of the masses; `None` when they are equal.
    cumulative: Option<Vec<f64>>,
}

impl<'w> Resample<'w> {
    fn new(mass: &Array1<f64>, potential: &'w Array1<f64>) -> Self {
        let equal = mass.iter().all(|&m| m == mass[0]);
        Self { potential, cumulative: (!equal).then(|| cumulative(mass.iter().copied())) }
    }

    fn mean<R: Rng + ?Sized>(&self, rng: &mut R) -> f64 {
        use rand::RngExt;
        let n = self.potential.len();
        let one = |rng: &mut R| match &self.cumulative {
            None => self.potential[rng.random_range(0..n)],
            Some(cumulative) => self.potential[draw(cumulative, rng)],
        };
        (0..n).map(|_| one(rng)).sum::<f64>() / n as f64
    }
}

/// The quantile of sorted values, linear between them.
fn quantile(sorted: &[f64], level: f64) -> f64 {
    let place = level * (sorted.len() - 1) as f64;
    let low = place.floor() as usize;
    let high = (low + 1).min(sorted.len() - 1);
    sorted[low] + (place - low as f64) * (sorted[high] - sorted[low])
}

#[cfg(test)]
mod tests {
    use super::*;
    use chreode_core::Seed;
    use ndarray::Array2;
    use rand::RngExt;

    #[test]
    fn costs_that_are_kept_and_costs_computed_anew_give_the_same_bits() {
        let rng = &mut Seed(3).stream("clouds", 0);
        let [x, y] =
            [(700, 3), (900, 3)].map(|shape| Array2::from_shape_simple_fn(shape, || rng.random::<f32>()));
        let [a, b] = [700, 900].map(|n| Array1::from_elem(n, 1.0 / n as f64));
        let [kept, anew] =
            [usize::MAX, 0].map(|kept| plan(&Euclidean, x.view(), y.view(), [&a, &b], kept).unwrap());
        assert_eq!(kept, anew);
    }
}
