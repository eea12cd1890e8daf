//! Entropic barycenters on a fixed support.

use super::{columns, in_measure, rows, shares};
use crate::problem::masses;
use crate::simplex::check;
use crate::{Certificate, Geometry, OtError, Stop};
use ndarray::{Array1, ArrayView1};

/// The barycenter of measures on a fixed support, by iterative Bregman projections.
///
/// Finds the masses `a` on `n` given points that minimise `Σ_k λ_k W_ε(a, b_k)`, where
/// `W_ε(a, b) = min ⟨C, P⟩ + ε Σ P (log P - 1)` over the plans of `a` and `b`. Each measure has points and
/// costs of its own; the rows of every geometry are the barycenter's points.
///
/// Entropy blurs: two Diracs have a barycenter of about the width √ε.
/// [`DebiasedBarycenter`](crate::DebiasedBarycenter) takes that away.
///
/// An iteration reads each geometry four times, in the log domain, and needs memory for potentials alone.
/// The stop rule's residual is `Σ λ_k` times the L1 distance of plan k's source marginal from the common
/// one, at exact target marginals.
///
/// J.-D. Benamou, G. Carlier, M. Cuturi, L. Nenna and G. Peyré, SIAM J. Sci. Comput. 37, 2015, section 3,
/// doi 10.1137/141000439. The same bits for any number of threads.
///
/// ```
/// use chreode_ot::{CostFunction, EntropicBarycenter, SquaredEuclidean, Stop};
/// use ndarray::{Array1, Array2, array};
///
/// let grid = Array2::from_shape_fn((51, 1), |(i, _)| i as f64 / 50.0);
/// let costs = SquaredEuclidean.matrix(grid.view(), grid.view())?;
/// let dirac = |at: usize| Array1::from_shape_fn(51, |i| if i == at { 1.0 } else { 0.0 });
/// let (left, right) = (dirac(5), dirac(45));
/// let solver = EntropicBarycenter::new(1e-3, Stop::Within { tolerance: 1e-9, max_iterations: 1000 });
/// let middle = solver.solve(&[&costs, &costs], &[left.view(), right.view()], array![0.5, 0.5].view())?;
/// let mean: f64 = middle.masses().iter().enumerate().map(|(i, a)| a * i as f64 / 50.0).sum();
/// assert!((mean - 0.5).abs() < 1e-9);
/// # Ok::<(), chreode_ot::OtError>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct EntropicBarycenter {
    /// The regularisation ε, in the units of the cost.
    pub epsilon: f64,
    /// When to end.
    pub stop: Stop,
}

/// Masses on a fixed support, and how well they are known.
#[derive(Clone, Debug, PartialEq)]
pub struct Barycenter {
    pub(super) masses: Array1<f64>,
    pub(super) potentials: Vec<(Array1<f64>, Array1<f64>)>,
    pub(super) certificate: Certificate,
}

impl Barycenter {
    /// The masses, of sum 1 up to the residual.
    pub fn masses(&self) -> ArrayView1<'_, f64> {
        self.masses.view()
    }

    /// The potentials on the barycenter's side and the measure's, one pair a measure:
    /// `P_k = exp((f_i + g_j - c_ij)/ε)`.
    pub fn potentials(&self) -> &[(Array1<f64>, Array1<f64>)] {
        &self.potentials
    }

    /// Iterations and residual. For [`EntropicBarycenter`] also the objective at the plans, which miss their
    /// target marginals by about the residual, and the dual, a lower bound;
    /// [`DebiasedBarycenter`](crate::DebiasedBarycenter) has neither bound (+∞ and −∞).
    pub fn certificate(&self) -> Certificate {
        self.certificate
    }
}

/// Potentials of all measures, and the two half steps.
pub(super) struct Projections<'g, G: ?Sized> {
    pub(super) geometries: Vec<&'g G>,
    pub(super) histograms: Vec<Array1<f64>>,
    pub(super) weights: Array1<f64>,
    pub(super) epsilon: f64,
    /// `f_k`, on the barycenter's side.
    pub(super) f: Vec<Vec<f64>>,
    /// `g_k`.
    pub(super) g: Vec<Vec<f64>>,
}

impl<'g, G: Geometry + ?Sized> Projections<'g, G> {
    /// # Errors
    /// What the solvers say of their input.
    pub(super) fn new(
        geometries: &[&'g G],
        histograms: &[ArrayView1<'_, f64>],
        weights: ArrayView1<'_, f64>,
        epsilon: f64,
    ) -> Result<Self, OtError> {
        if !(epsilon > 0.0 && epsilon.is_finite()) {
            let range = "positive and finite";
            return Err(OtError::BadParameter { name: "epsilon", value: epsilon, range });
        }
        let weights = shares(weights, geometries.len())?;
        if histograms.len() != geometries.len() {
            let (expected, found) = (geometries.len(), histograms.len());
            return Err(OtError::Shape { what: "the list of measures", expected, found });
        }
        let n = geometries[0].shape().0;
        if n == 0 {
            return Err(OtError::Empty { side: "barycenter's" });
        }
        let mut shares = Vec::with_capacity(geometries.len());
        for (index, (geometry, histogram)) in geometries.iter().zip(histograms).enumerate() {
            let (rows, m) = geometry.shape();
            if rows != n {
                let what = "the number of the barycenter's points in the costs";
                return Err(in_measure(index)(OtError::Shape { what, expected: n, found: rows }));
            }
            check(geometry).map_err(in_measure(index))?;
            let histogram = masses("target", "the masses", *histogram, m).map_err(in_measure(index))?;
            shares.push(&histogram / histogram.sum());
        }
        let f = vec![vec![0.0; n]; geometries.len()];
        let g = shares.iter().map(|b: &Array1<f64>| vec![0.0; b.len()]).collect();
        Ok(Self { geometries: geometries.to_vec(), histograms: shares, weights, epsilon, f, g })
    }

    /// `g_k = ε log b_k - ε log Σ_i exp((f_k - c)/ε)`: the target marginals become exact.
    pub(super) fn targets(&mut self) -> Result<(), OtError> {
        for (k, geometry) in self.geometries.iter().enumerate() {
            let soft = columns(*geometry, self.epsilon, &self.f[k]);
            let b = &self.histograms[k];
            for (column, (g, soft)) in self.g[k].iter_mut().zip(soft).enumerate() {
                if b[column] > 0.0 && soft == f64::INFINITY {
                    return Err(in_measure(k)(OtError::Unreachable { unplaced: b[column], column }));
                }
                *g = if b[column] > 0.0 { self.epsilon * b[column].ln() + soft } else { f64::NEG_INFINITY };
            }
        }
        Ok(())
    }

    /// `t_k = -ε log Σ_j exp((g_k - c)/ε)`: row i of plan k sums to `exp((f_k - t_k)/ε)`.
    pub(super) fn sources(&self) -> Vec<Vec<f64>> {
        self.geometries.iter().zip(&self.g).map(|(geometry, g)| rows(*geometry, self.epsilon, g)).collect()
    }

    /// `Σ λ_k t_k`; +∞ for a point that some measure may not reach, which gets no mass.
    pub(super) fn mean(&self, soft: &[Vec<f64>]) -> Vec<f64> {
        let n = self.f[0].len();
        let used = || soft.iter().zip(&self.weights).filter(|(_, weight)| **weight > 0.0);
        (0..n).map(|i| used().map(|(t, weight)| weight * t[i]).sum()).collect()
    }

    /// Sets `f_k = ε log a + t_k`; returns `Σ λ_k ‖exp((f_k - t_k)/ε) - a‖₁` of the old ones.
    pub(super) fn meet(&mut self, log_mass: &[f64], soft: &[Vec<f64>]) -> f64 {
        let epsilon = self.epsilon;
        let mut residual = 0.0;
        for ((f, t), weight) in self.f.iter_mut().zip(soft).zip(&self.weights) {
            for ((f, &t), &log) in f.iter_mut().zip(t).zip(log_mass) {
                let open = log > f64::NEG_INFINITY && t.is_finite();
                let (old, mass) =
                    if open { (((*f - t) / epsilon).exp(), (log / epsilon).exp()) } else { (0.0, 0.0) };
                residual += weight * (old - mass).abs();
                *f = if open { log + t } else { f64::NEG_INFINITY };
            }
        }
        residual
    }
}

impl EntropicBarycenter {
    /// The solver at `epsilon`.
    pub fn new(epsilon: f64, stop: Stop) -> Self {
        Self { epsilon, stop }
    }

    /// The barycenter of the masses `histograms[k]`, `costs[k]` away from the `n` points, with weights λ.
    /// Masses and weights are taken as shares of their sums.
    ///
    /// # Errors
    /// No measures, lists of different lengths, geometries with different numbers of rows, masses or
    /// weights that are negative, not finite or all zero, a cost that is NaN or −∞, an ε that is not
    /// positive, mass that no point may reach, or [`OtError::NotConverged`] where the stop asks for a
    /// tolerance.
    pub fn solve<G: Geometry + ?Sized>(
        &self,
        costs: &[&G],
        histograms: &[ArrayView1<'_, f64>],
        weights: ArrayView1<'_, f64>,
    ) -> Result<Barycenter, OtError> {
        self.stop.check()?;
        let mut state = Projections::new(costs, histograms, weights, self.epsilon)?;
        let epsilon = self.epsilon;
        let mut iterations = 0;
        let (log_mass, residual) = loop {
            state.targets()?;
            let soft = state.sources();
            let log_mass: Vec<f64> = state.mean(&soft).iter().map(|t| -t).collect();
            let residual = state.meet(&log_mass, &soft);
            iterations += 1;
            match self.stop {
                Stop::Within { tolerance, .. } if residual <= tolerance => break (log_mass, residual),
                Stop::Within { tolerance, max_iterations } if iterations >= max_iterations => {
                    let method = "entropic barycenter";
                    return Err(OtError::NotConverged { method, iterations, residual, tolerance });
                }
                Stop::After { iterations: last } if iterations >= last => break (log_mass, residual),
                _ => {}
            }
        };
        let masses: Array1<f64> = log_mass.iter().map(|x| (x / epsilon).exp()).collect();
        let (mut primal_cost, mut dual_cost) = (-epsilon * masses.sum(), -epsilon * masses.sum());
        for (k, geometry) in state.geometries.iter().enumerate() {
            let soft = columns(*geometry, epsilon, &state.f[k]);
            let b = &state.histograms[k];
            for (j, (&g, &soft)) in state.g[k].iter().zip(&soft).enumerate() {
                if b[j] > 0.0 {
                    dual_cost += state.weights[k] * g * b[j];
                    primal_cost += state.weights[k] * g * ((g - soft) / epsilon).exp();
                }
            }
        }
        let certificate = Certificate { iterations, residual, primal_cost, dual_cost };
        let potentials = state.f.into_iter().zip(state.g).map(|(f, g)| (f.into(), g.into())).collect();
        Ok(Barycenter { masses, potentials, certificate })
    }
}
