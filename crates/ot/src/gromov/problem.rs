//! A Gromov-Wasserstein problem as a value: two structures, two marginals, and how to compare.

use super::Structure;
use crate::problem::masses;
use crate::{MASS_TOLERANCE, OtError};
use chreode_core::Real;
use ndarray::{Array1, Array2, ArrayView1, ArrayView2};

/// How a cost of one space is compared with a cost of the other.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum GromovLoss {
    /// `(x - y)²`.
    #[default]
    Square,
    /// `x log(x/y) - x + y`, for source costs `x ≥ 0` and target costs `y > 0`.
    KullbackLeibler,
}

/// Minimise `(1 - α) ⟨M, P⟩ + α Σ_ijkl ℓ(C_ik, D_jl) P_ij P_kl` over plans P.
///
/// `C` and `D` are the structures of the source and the target, ℓ the [`GromovLoss`]. Without costs `M`
/// between the two spaces, `α = 1`: the Gromov-Wasserstein problem (F. Mémoli, Found. Comput. Math. 11,
/// 2011, doi 10.1007/s10208-011-9093-5). With them, the fused problem (T. Vayer, L. Chapel, R. Flamary, R.
/// Tavenard, N. Courty, Algorithms 13, 2020, doi 10.3390/a13090212).
///
/// The problem is not convex. What the solvers return are stationary points, of which there may be many;
/// a value of 0 alone proves itself.
#[derive(Clone, Debug)]
pub struct GromovTransport<'s> {
    source: &'s Structure,
    target: &'s Structure,
    a: Array1<f64>,
    b: Array1<f64>,
    linear: Option<Array2<f64>>,
    alpha: f64,
    loss: GromovLoss,
}

impl<'s> GromovTransport<'s> {
    /// The problem with masses `a` (source) and `b` (target), square loss, no linear costs.
    ///
    /// Solvers that keep both marginals ask for equal totals, and scale both to 1.
    ///
    /// # Errors
    /// A wrong length, a mass that is negative or not finite, a side without mass.
    pub fn new<T: Real>(
        source: &'s Structure,
        target: &'s Structure,
        a: ArrayView1<'_, T>,
        b: ArrayView1<'_, T>,
    ) -> Result<Self, OtError> {
        let a = masses("source", "the source masses", a, source.size())?;
        let b = masses("target", "the target masses", b, target.size())?;
        Ok(Self { source, target, a, b, linear: None, alpha: 1.0, loss: GromovLoss::Square })
    }

    /// The problem with equal masses on each side, of total 1.
    pub fn uniform(source: &'s Structure, target: &'s Structure) -> Self {
        let equal = |size: usize| Array1::from_elem(size, 1.0 / size as f64);
        let (a, b) = (equal(source.size()), equal(target.size()));
        Self { source, target, a, b, linear: None, alpha: 1.0, loss: GromovLoss::Square }
    }

    /// The fused problem: costs `M` between the spaces, and the share `alpha` of the structures.
    ///
    /// `alpha = 0` is plain transport under `M`.
    ///
    /// # Errors
    /// Costs of another shape, a cost that is not finite, an `alpha` outside 0 to 1.
    pub fn fused(mut self, costs: ArrayView2<'_, f64>, alpha: f64) -> Result<Self, OtError> {
        for (what, expected, found) in [
            ("the first axis of the linear costs", self.a.len(), costs.nrows()),
            ("the second axis of the linear costs", self.b.len(), costs.ncols()),
        ] {
            if expected != found {
                return Err(OtError::Shape { what, expected, found });
            }
        }
        if let Some(((row, column), &value)) = costs.indexed_iter().find(|(_, c)| !c.is_finite()) {
            return Err(OtError::BadCost { row, column, value });
        }
        if !(0.0..=1.0).contains(&alpha) {
            return Err(OtError::BadParameter { name: "alpha", value: alpha, range: "between 0 and 1" });
        }
        self.linear = Some(costs.to_owned());
        self.alpha = alpha;
        Ok(self)
    }

    /// The same problem with another loss.
    ///
    /// # Errors
    /// For [`GromovLoss::KullbackLeibler`], a negative cost of the source or a target cost that is not
    /// positive.
    pub fn with_loss(mut self, loss: GromovLoss) -> Result<Self, OtError> {
        if loss == GromovLoss::KullbackLeibler {
            let bad = |structure: &Structure, wrong: fn(f64) -> bool| {
                structure.to_matrix().indexed_iter().find(|(_, c)| wrong(**c)).map(|(at, c)| (at, *c))
            };
            if let Some(((row, column), value)) = bad(self.source, |c| c < 0.0) {
                return Err(OtError::BadEntry { what: "the source structure", row, column, value });
            }
            if let Some(((row, column), value)) = bad(self.target, |c| c <= 0.0) {
                return Err(OtError::NotPositive { what: "the target structure", row, column, value });
            }
        }
        self.loss = loss;
        Ok(self)
    }

    /// `(n, m)`.
    pub fn shape(&self) -> (usize, usize) {
        (self.a.len(), self.b.len())
    }

    /// The structures of the source and the target.
    pub fn structures(&self) -> (&'s Structure, &'s Structure) {
        (self.source, self.target)
    }

    /// The source masses.
    pub fn source(&self) -> ArrayView1<'_, f64> {
        self.a.view()
    }

    /// The target masses.
    pub fn target(&self) -> ArrayView1<'_, f64> {
        self.b.view()
    }

    /// The costs between the spaces, where there are some.
    pub fn linear(&self) -> Option<ArrayView2<'_, f64>> {
        self.linear.as_ref().map(|linear| linear.view())
    }

    /// The share of the structures in the objective.
    pub fn alpha(&self) -> f64 {
        self.alpha
    }

    /// The loss.
    pub fn loss(&self) -> GromovLoss {
        self.loss
    }

    /// Both marginals as shares of their totals, which must agree.
    pub(super) fn shares(&self) -> Result<(Array1<f64>, Array1<f64>), OtError> {
        let (source_total, target_total) = (self.a.sum(), self.b.sum());
        if (source_total - target_total).abs() > MASS_TOLERANCE * source_total.max(target_total) {
            return Err(OtError::Unbalanced { source_total, target_total });
        }
        Ok((&self.a / source_total, &self.b / target_total))
    }
}

/// # Errors
/// A start that is not a plan of `a` and, where given, `b`.
pub(super) fn check_start(
    start: ArrayView2<'_, f64>,
    a: &Array1<f64>,
    b: Option<&Array1<f64>>,
) -> Result<(), OtError> {
    if let (Some(b), (_, found)) = (b, start.dim())
        && b.len() != found
    {
        return Err(OtError::Shape { what: "the second axis of the start", expected: b.len(), found });
    }
    if start.nrows() != a.len() {
        let (expected, found) = (a.len(), start.nrows());
        return Err(OtError::Shape { what: "the first axis of the start", expected, found });
    }
    if let Some(((row, column), &value)) = start.indexed_iter().find(|(_, p)| !(p.is_finite() && **p >= 0.0))
    {
        return Err(OtError::BadEntry { what: "the start", row, column, value });
    }
    let missed = |axis: usize, wanted: &Array1<f64>| {
        let found = start.sum_axis(ndarray::Axis(axis));
        found.iter().zip(wanted).map(|(x, y)| (x - y).abs()).sum::<f64>()
    };
    let error = missed(1, a) + b.map_or(0.0, |b| missed(0, b));
    if error > MASS_TOLERANCE {
        let range = "at most 1e-5: start from a plan of the marginals, as shares of their totals";
        return Err(OtError::BadParameter { name: "the marginal error of the start", value: error, range });
    }
    Ok(())
}
