//! Transport between Gaussian mixtures that keeps to mixtures.

use super::matrix::dense;
use super::{Gaussian, check_dimensions, gaussian_geodesic, gaussian_map, gaussian_wasserstein};
use crate::weights::Weights;
use crate::{Entry, NetworkSimplex, OtError, OtSolver, SparsePlan, Transport};
use ndarray::{Array1, Array2, ArrayView1, ArrayView2};

/// `Σ_k w_k N(m_k, Σ_k)`.
#[derive(Clone, Debug, PartialEq)]
pub struct GaussianMixture {
    weights: Array1<f64>,
    components: Vec<Gaussian>,
}

impl GaussianMixture {
    /// With the given components; the weights are divided by their sum.
    ///
    /// # Errors
    /// No component, components of different dimensions, or bad weights.
    pub fn new(weights: Array1<f64>, components: Vec<Gaussian>) -> Result<Self, OtError> {
        let Some(first) = components.first() else { return Err(OtError::Empty { side: "source" }) };
        components.iter().try_for_each(|other| check_dimensions(first, other))?;
        let weights =
            Weights::new("source", "the weights of the mixture", Some(weights.view()), components.len())?;
        Ok(Self { weights: weights.shares, components })
    }

    /// They sum to 1.
    pub fn weights(&self) -> ArrayView1<'_, f64> {
        self.weights.view()
    }

    /// The Gaussians.
    pub fn components(&self) -> &[Gaussian] {
        &self.components
    }

    /// `log w_k N(x; m_k, Σ_k)` up to a constant that all components share, for each row and component.
    fn log_densities(&self, x: ArrayView2<'_, f64>) -> Result<Array2<f64>, OtError> {
        let mut out = Array2::zeros((x.nrows(), self.components.len()));
        for (k, (component, w)) in self.components.iter().zip(&self.weights).enumerate() {
            let Some(factor) = dense(component.covariance.view()).cholesky() else {
                let value = component.spectrum().least();
                let (name, range) = (
                    "the smallest eigenvalue of the source covariance",
                    "positive for a map from it to exist",
                );
                return Err(OtError::BadParameter { name, value, range });
            };
            let half_log_det: f64 = factor.l_dirty().diagonal().iter().map(|l| l.ln()).sum();
            for (row, out) in x.rows().into_iter().zip(out.column_mut(k)) {
                let centred = nalgebra::DVector::from_iterator(
                    row.len(),
                    row.iter().zip(&component.mean).map(|(x, m)| x - m),
                );
                let square = centred.dot(&factor.solve(&centred));
                *out = w.ln() - half_log_det - 0.5 * square;
            }
        }
        Ok(out)
    }
}

/// What [`mixture_wasserstein`] returns.
#[derive(Clone, Debug, PartialEq)]
pub struct MixtureTransport {
    /// `MW₂`.
    pub value: f64,
    /// `MW₂²`.
    pub cost: f64,
    /// The plan between components.
    pub plan: SparsePlan,
    source: GaussianMixture,
    target: GaussianMixture,
}

/// `MW₂`: transport between mixtures whose plans are mixtures of Gaussians themselves.
///
/// It is discrete transport between the components at the cost of [`gaussian_wasserstein`], a distance
/// between mixtures, and at least W₂. J. Delon and A. Desolneux, SIAM J. Imaging Sci. 13, 2020, arXiv
/// 1907.05254, proposition 4.
///
/// # Errors
/// Different dimensions.
pub fn mixture_wasserstein(p: &GaussianMixture, q: &GaussianMixture) -> Result<MixtureTransport, OtError> {
    let mut costs = Array2::zeros((p.components.len(), q.components.len()));
    for ((i, j), cost) in costs.indexed_iter_mut() {
        *cost = gaussian_wasserstein(&p.components[i], &q.components[j])?;
    }
    let plan =
        NetworkSimplex::default().solve(&Transport::new(&costs, p.weights.view(), q.weights.view())?)?;
    let cost = plan.primal_cost();
    Ok(MixtureTransport { value: cost.sqrt(), cost, plan, source: p.clone(), target: q.clone() })
}

impl MixtureTransport {
    /// The mixture at time `t` of the geodesic, with one component for each entry of the plan.
    ///
    /// # Errors
    /// A time outside [0, 1], or a source component with a singular covariance.
    pub fn interpolate(&self, t: f64) -> Result<GaussianMixture, OtError> {
        let part = |e: &Entry| {
            gaussian_geodesic(&self.source.components[e.row], &self.target.components[e.column], t)
        };
        let components = self.plan.entries().iter().map(part).collect::<Result<Vec<_>, _>>()?;
        GaussianMixture::new(self.plan.entries().iter().map(|e| e.mass).collect(), components)
    }

    /// Where each row of `x` goes on average: `Σ_kl P_kl N_k(x) T_kl(x) / Σ_k w_k N_k(x)`.
    ///
    /// # Errors
    /// Points of another dimension, or a source component with a singular covariance.
    pub fn map(&self, x: ArrayView2<'_, f64>) -> Result<Array2<f64>, OtError> {
        let d = self.source.components[0].dimension();
        if x.ncols() != d {
            return Err(OtError::Dimension { source_columns: x.ncols(), target_columns: d });
        }
        let logs = self.source.log_densities(x)?;
        let mut out = Array2::zeros(x.dim());
        for entry in self.plan.entries() {
            let share = entry.mass / self.source.weights[entry.row];
            let moved =
                gaussian_map(&self.source.components[entry.row], &self.target.components[entry.column])?
                    .apply(x);
            for ((mut out, moved), logs) in out.rows_mut().into_iter().zip(moved.rows()).zip(logs.rows()) {
                let most = logs.iter().fold(f64::NEG_INFINITY, |m, &l| m.max(l));
                let total: f64 = logs.iter().map(|l| (l - most).exp()).sum();
                out.scaled_add(share * (logs[entry.row] - most).exp() / total, &moved);
            }
        }
        Ok(out)
    }
}
