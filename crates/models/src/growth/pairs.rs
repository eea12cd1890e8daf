//! Which cells are paired when mass changes, and with which masses.

use crate::ModelError;
use crate::cumulative::Cumulative;
use chreode_core::Stream;
use chreode_ot::{
    CostFunction, Coupling, Entry, Marginal, RelaxedSolver, RelaxedTransport, SquaredEuclidean, Stop,
    UnbalancedFrankWolfe, UnbalancedSinkhorn, WassersteinFisherRao,
};
use ndarray::{Array1, Array2, ArrayView2};
use rand::RngExt;

/// A cell of one snapshot with one of the next, and the mass of each, a unit of what is drawn.
///
/// A cell without a partner vanishes, or appears, where it is.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Pair {
    /// Row of the earlier cells.
    pub source: Option<usize>,
    /// Row of the later cells.
    pub target: Option<usize>,
    /// The earlier mass.
    pub m0: f64,
    /// The later mass.
    pub m1: f64,
}

/// Pairs with the share of draws of each.
#[derive(Clone, Debug, PartialEq)]
pub struct PairPlan {
    pairs: Vec<Pair>,
    shares: Cumulative,
}

impl PairPlan {
    /// From pairs and what each is drawn in proportion to.
    ///
    /// # Errors
    /// [`ModelError::Data`] where nothing can be drawn.
    pub fn new(pairs: Vec<(Pair, f64)>) -> Result<Self, ModelError> {
        let shares = Cumulative::of(pairs.iter().map(|(_, share)| *share));
        let sum = shares.total();
        if !(sum > 0.0 && sum.is_finite()) {
            let needs = "two snapshots of which some cells can be paired".into();
            return Err(ModelError::Data { model: "a growth model".into(), needs });
        }
        Ok(Self { pairs: pairs.into_iter().map(|(pair, _)| pair).collect(), shares })
    }

    /// The pairs.
    pub fn pairs(&self) -> &[Pair] {
        &self.pairs
    }

    /// What is drawn from: the sum of the shares.
    pub fn mass(&self) -> f64 {
        self.shares.total()
    }

    /// `n` pairs by systematic sampling: each as often as expected, to within one.
    pub fn draw(&self, n: usize, rng: &mut Stream) -> Vec<Pair> {
        let (start, step): (f64, f64) = (rng.random(), self.mass() / n as f64);
        let at = |k: usize| self.pairs[self.shares.find((k as f64 + start) * step)];
        (0..n).map(at).collect()
    }
}

/// Makes the plan of two snapshots with masses.
pub trait UnbalancedPlanner: Sync {
    /// The pairs of `x0` with masses `a` and `x1` with masses `b`.
    ///
    /// # Errors
    /// A transport problem without a plan.
    fn plan(
        &self,
        from: (ArrayView2<'_, f32>, &Array1<f64>),
        to: (ArrayView2<'_, f32>, &Array1<f64>),
    ) -> Result<PairPlan, ModelError>;
}

/// The optimal plan of the static Wasserstein-Fisher-Rao problem, with its semi-couplings: over all its pairs, the
/// masses of a cell sum to the cell's own.
///
/// Pairs are drawn in proportion to the mean of their two masses, and a pair's masses are divided by it, so that they
/// lie between 0 and 2 whatever the plan.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct WfrPlanner {
    /// The metric.
    pub metric: WassersteinFisherRao,
    /// The duality gap to end at, as a share of the cost.
    pub tolerance: f64,
}

impl UnbalancedPlanner for WfrPlanner {
    fn plan(
        &self,
        (x0, a): (ArrayView2<'_, f32>, &Array1<f64>),
        (x1, b): (ArrayView2<'_, f32>, &Array1<f64>),
    ) -> Result<PairPlan, ModelError> {
        let costs = self.metric.cost().matrix(x0, x1)?;
        let problem = self.metric.problem(&costs, a.view(), b.view())?;
        let stop = Stop::Within { tolerance: self.tolerance, max_iterations: 2_000 };
        let plan = UnbalancedFrankWolfe::new(stop).solve(&problem)?;
        let (rows, columns) = plan.marginals();
        let drawn = |source, target, m0: f64, m1: f64| {
            let share = 0.5 * (m0 + m1);
            (Pair { source, target, m0: m0 / share, m1: m1 / share }, share)
        };
        let entry = |e: Entry| {
            let (i, j) = (e.row, e.column);
            let (m0, m1) = self.metric.pair(e.mass, (a[i], rows[i]), (b[j], columns[j]));
            drawn(Some(i), Some(j), m0, m1)
        };
        let mut pairs: Vec<_> = plan.entries().into_iter().map(entry).collect();
        let lone = |(sums, masses): (&Array1<f64>, &Array1<f64>)| -> Vec<(usize, f64)> {
            let cells = sums.iter().zip(masses).enumerate();
            cells
                .filter(|(_, (sum, mass))| **sum == 0.0 && **mass > 0.0)
                .map(|(i, (_, mass))| (i, *mass))
                .collect()
        };
        pairs.extend(lone((&rows, a)).into_iter().map(|(i, mass)| drawn(Some(i), None, mass, 0.0)));
        pairs.extend(lone((&columns, b)).into_iter().map(|(j, mass)| drawn(None, Some(j), 0.0, mass)));
        PairPlan::new(pairs)
    }
}

/// The entropic plan of semi-relaxed transport, which meets the later masses and leaves the earlier ones free at a
/// Kullback-Leibler price: what a cell sends beyond its mass is its growth.
///
/// Drawn in proportion to the plan, as published; the earlier mass of a pair is the cell's mass as a share of what it
/// sends, the later one 1.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct SemiRelaxed {
    /// The price of growth, relative to the mean cost of pairs.
    pub lambda: f64,
    /// The regularisation, relative to the mean cost of pairs.
    pub epsilon: f64,
}

/// Entries of an entropic plan below this share of a row are left out: together they are below rounding in `f32`.
const NEGLIGIBLE: f64 = 1e-7;

impl UnbalancedPlanner for SemiRelaxed {
    fn plan(
        &self,
        (x0, a): (ArrayView2<'_, f32>, &Array1<f64>),
        (x1, b): (ArrayView2<'_, f32>, &Array1<f64>),
    ) -> Result<PairPlan, ModelError> {
        let mut costs: Array2<f64> = SquaredEuclidean.matrix(x0, x1)?;
        let mean = costs.mean().unwrap_or(1.0);
        if mean > 0.0 {
            costs /= mean;
        }
        let source = Marginal::Kl { lambda: self.lambda };
        let problem = RelaxedTransport::new(&costs, a.view(), b.view(), source, Marginal::Exact)?;
        let stop = Stop::Within { tolerance: 1e-6, max_iterations: 100_000 };
        let matrix = UnbalancedSinkhorn::new(self.epsilon, stop).solve(&problem)?.to_matrix();
        let mut pairs = Vec::new();
        for (i, row) in matrix.rows().into_iter().enumerate() {
            let sent = row.sum();
            for (j, &mass) in row.iter().enumerate().filter(|(_, mass)| **mass > NEGLIGIBLE * sent) {
                pairs.push((Pair { source: Some(i), target: Some(j), m0: a[i] / sent, m1: 1.0 }, mass));
            }
        }
        PairPlan::new(pairs)
    }
}
