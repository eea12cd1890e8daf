//! The distributions that flows start from.

use crate::cumulative::Cumulative;
use crate::{ModelError, Space};
use chreode_core::{ParameterView, Seed, Snapshot};
use ndarray::{Array1, Array2, ArrayView1, ArrayView2};
use rand::RngExt;
use rand_distr::{Distribution, StandardNormal};
use serde::{Deserialize, Serialize};
use std::f64::consts::TAU;

/// Which distribution a flow starts from.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Base {
    /// A standard normal distribution, one unit of network time (a median interval) before the first snapshot.
    #[default]
    Normal,
    /// A normal distribution with the mean and covariance of the first snapshot, at its time.
    Gaussian,
    /// A Gaussian kernel estimate of the first snapshot, at its time: equal normal distributions around 256 of its cells,
    /// with Scott's bandwidth.
    Kernel,
}

/// Cells that a kernel estimate is made of.
const CENTRES: usize = 256;

/// A distribution with its parameters, in network coordinates.
#[derive(Clone, Debug, PartialEq)]
pub enum BaseDensity {
    /// N(0, I) on so many columns.
    Normal(usize),
    /// N(μ, F Fᵀ).
    Gaussian {
        /// μ.
        mean: Array1<f64>,
        /// F, lower triangular.
        factor: Array2<f64>,
    },
    /// The mean of N(cⱼ, h² I).
    Kernel {
        /// c, one a row.
        centres: Array2<f64>,
        /// h.
        width: f64,
    },
}

impl Base {
    /// Network time at which the flow begins.
    pub(super) fn start(self, space: &Space) -> f64 {
        let first = space.times.first().map_or(0.0, |&t| space.clock.network(t));
        if self == Self::Normal { first - 1.0 } else { first }
    }

    /// Times that the data must have.
    pub(super) fn least_times(self) -> usize {
        if self == Self::Normal { 1 } else { 2 }
    }

    /// A distribution on `dims` columns whose parameters are yet to be set: standard normal, or all centres at 0.
    pub fn unset(self, dims: usize) -> BaseDensity {
        match self {
            Self::Normal => BaseDensity::Normal(dims),
            Self::Gaussian => BaseDensity::Gaussian { mean: Array1::zeros(dims), factor: Array2::eye(dims) },
            Self::Kernel => BaseDensity::Kernel { centres: Array2::zeros((CENTRES, dims)), width: 1.0 },
        }
    }

    /// The distribution fitted to the first snapshot.
    ///
    /// # Errors
    /// [`ModelError::SmallSnapshot`] for a covariance of too few cells, [`ModelError::Collinear`] where the cells lie in a
    /// plane.
    pub fn fit(self, first: &Snapshot, features: &[String], seed: Seed) -> Result<BaseDensity, ModelError> {
        let points = first.points.mapv(f64::from);
        let (n, d) = points.dim();
        let shares = first.probabilities();
        match self {
            Self::Normal => Ok(BaseDensity::Normal(d)),
            Self::Gaussian => {
                if n <= d {
                    return Err(ModelError::SmallSnapshot { time: first.time, cells: n, wanted: d + 1 });
                }
                let mean = points.t().dot(&shares);
                let centred = &points - &mean;
                let weighted = &centred * &shares.view().insert_axis(ndarray::Axis(1));
                let covariance = centred.t().dot(&weighted);
                let factor = cholesky(&covariance).map_err(|column| ModelError::Collinear {
                    feature: features[column].clone(),
                    time: first.time,
                })?;
                Ok(BaseDensity::Gaussian { mean, factor })
            }
            Self::Kernel => {
                let mut rng = seed.stream("base", 0);
                let cells = Cumulative::of(shares.iter().copied());
                let mut centres = Array2::zeros((CENTRES, d));
                for (k, mut centre) in centres.rows_mut().into_iter().enumerate() {
                    // Stratified: every cell about as often as it weighs.
                    let at = (k as f64 + rng.random::<f64>()) / CENTRES as f64 * cells.total();
                    centre.assign(&points.row(cells.find(at)));
                }
                let mean = points.t().dot(&shares);
                let variance = (&points - &mean).mapv(|x| x * x).t().dot(&shares).mean().unwrap_or(1.0);
                let scott = (CENTRES.min(n) as f64).powf(-1.0 / (d as f64 + 4.0));
                Ok(BaseDensity::Kernel { centres, width: (scott * variance.sqrt()).max(1e-6) })
            }
        }
    }
}

/// The lower triangular root, or the column at which the matrix is not positive definite.
fn cholesky(a: &Array2<f64>) -> Result<Array2<f64>, usize> {
    let d = a.nrows();
    let mut l = Array2::<f64>::zeros((d, d));
    for j in 0..d {
        for i in j..d {
            let known: f64 = (0..j).map(|k| l[[i, k]] * l[[j, k]]).sum();
            let left = a[[i, j]] - known;
            if i > j {
                l[[i, j]] = left / l[[j, j]];
            } else if left > 1e-12 * a[[j, j]].abs().max(f64::MIN_POSITIVE) {
                l[[j, j]] = left.sqrt();
            } else {
                return Err(j);
            }
        }
    }
    Ok(l)
}

impl BaseDensity {
    /// The log-density of every row, and its gradient.
    pub fn log_density(&self, x: ArrayView2<'_, f32>) -> (Array1<f64>, Array2<f32>) {
        let mut score = Array2::zeros(x.raw_dim());
        let mut value = Array1::zeros(x.nrows());
        let mut gradient = vec![0.0; x.ncols()];
        for ((x, mut score), value) in x.rows().into_iter().zip(score.rows_mut()).zip(&mut value) {
            *value = self.row(x, &mut gradient);
            score.iter_mut().zip(&gradient).for_each(|(s, g)| *s = *g as f32);
        }
        (value, score)
    }

    fn row(&self, x: ArrayView1<'_, f32>, gradient: &mut [f64]) -> f64 {
        let d = x.len();
        let normal = -0.5 * d as f64 * TAU.ln();
        match self {
            Self::Normal(_) => {
                let mut square = 0.0;
                for (g, &x) in gradient.iter_mut().zip(x) {
                    *g = -f64::from(x);
                    square += *g * *g;
                }
                normal - 0.5 * square
            }
            Self::Gaussian { mean, factor } => {
                // F z = x − μ, then Fᵀ g = −z.
                let mut z = vec![0.0; d];
                let mut log_volume = 0.0;
                for i in 0..d {
                    let known: f64 = (0..i).map(|k| factor[[i, k]] * z[k]).sum();
                    z[i] = (f64::from(x[i]) - mean[i] - known) / factor[[i, i]];
                    log_volume += factor[[i, i]].ln();
                }
                for i in (0..d).rev() {
                    let known: f64 = (i + 1..d).map(|k| factor[[k, i]] * gradient[k]).sum();
                    gradient[i] = (-z[i] - known) / factor[[i, i]];
                }
                normal - log_volume - 0.5 * z.iter().map(|z| z * z).sum::<f64>()
            }
            Self::Kernel { centres, width } => {
                let precision = width.powi(-2);
                let exponent = |c: ArrayView1<'_, f64>| -> f64 {
                    -0.5 * precision * c.iter().zip(x).map(|(c, &x)| (f64::from(x) - c).powi(2)).sum::<f64>()
                };
                let exponents: Vec<f64> = centres.rows().into_iter().map(exponent).collect();
                let largest = exponents.iter().copied().fold(f64::NEG_INFINITY, f64::max);
                gradient.fill(0.0);
                let mut sum = 0.0;
                for (c, e) in centres.rows().into_iter().zip(&exponents) {
                    let weight = (e - largest).exp();
                    sum += weight;
                    for ((g, c), &x) in gradient.iter_mut().zip(c).zip(x) {
                        *g += weight * precision * (c - f64::from(x));
                    }
                }
                gradient.iter_mut().for_each(|g| *g /= sum);
                normal - d as f64 * width.ln() + largest + (sum / centres.nrows() as f64).ln()
            }
        }
    }

    /// `n` draws.
    pub fn sample(&self, n: usize, seed: Seed) -> Array2<f32> {
        let mut rng = seed.stream("base draws", 0);
        let mut normal = || -> f64 { StandardNormal.sample(&mut rng) };
        match self {
            Self::Normal(d) => Array2::from_shape_simple_fn((n, *d), || normal() as f32),
            Self::Gaussian { mean, factor } => {
                let z = Array2::from_shape_simple_fn((n, mean.len()), &mut normal);
                (z.dot(&factor.t()) + mean).mapv(|x| x as f32)
            }
            Self::Kernel { centres, width } => {
                let mut x = Array2::from_shape_simple_fn((n, centres.ncols()), || width * normal());
                for (k, mut row) in x.rows_mut().into_iter().enumerate() {
                    // Equal shares to within one; fewer draws than centres are spread over them.
                    let all = centres.nrows();
                    row += &centres.row(if n < all { k * all / n } else { k % all });
                }
                x.mapv(|x| x as f32)
            }
        }
    }

    /// The names and shapes of its parameters.
    pub(super) fn layout(&self) -> Vec<ParameterView> {
        let view = |name: &str, shape: Vec<usize>, offset| ParameterView { name: name.into(), shape, offset };
        match self {
            Self::Normal(_) => Vec::new(),
            Self::Gaussian { mean, .. } => {
                let d = mean.len();
                vec![view("base.mean", vec![d], 0), view("base.factor", vec![d, d], d)]
            }
            Self::Kernel { centres, .. } => {
                let (n, d) = centres.dim();
                vec![view("base.centres", vec![n, d], 0), view("base.width", vec![1], n * d)]
            }
        }
    }

    /// The parameters, in the order of the layout.
    pub(super) fn parameters(&self) -> Vec<f32> {
        let narrow = |x: &f64| *x as f32;
        match self {
            Self::Normal(_) => Vec::new(),
            Self::Gaussian { mean, factor } => mean.iter().chain(factor).map(narrow).collect(),
            Self::Kernel { centres, width } => centres.iter().chain([width]).map(narrow).collect(),
        }
    }

    /// Sets them.
    pub(super) fn set(&mut self, flat: &[f32]) {
        let mut values = flat.iter().map(|&x| f64::from(x));
        let mut next = |x: &mut f64| *x = values.next().unwrap_or(*x);
        match self {
            Self::Normal(_) => {}
            Self::Gaussian { mean, factor } => mean.iter_mut().chain(factor).for_each(&mut next),
            Self::Kernel { centres, width } => centres.iter_mut().chain([width]).for_each(&mut next),
        }
    }
}
