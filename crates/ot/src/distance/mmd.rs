//! The maximum mean discrepancy with Gaussian kernels.

use super::kernel::Kernel;
use super::pairs::{lanes, mean};
use crate::sinkhorn::exp;
use crate::{CostFunction, Euclidean, OtError, PointCloud};
use chreode_core::Real;
use ndarray::{ArrayView2, Axis, concatenate};

/// The points of the pooled sample that the median heuristic looks at, at most.
const MEDIAN_POINTS: usize = 1000;

/// The width σ of the kernel `exp(-|x - y|² / 2σ²)`.
#[derive(Clone, Debug, PartialEq)]
pub enum Bandwidth {
    /// One given width.
    Fixed(f64),
    /// The mean of the kernels of several widths.
    Mixture(Vec<f64>),
    /// The median distance between different points of the pooled sample (every k-th point, 1000 at most).
    Median,
    /// The mean of the kernels of the median times each factor, e.g. 1/4, 1/2, 1, 2, 4.
    MedianTimes(Vec<f64>),
}

/// What [`mmd`] returns.
#[derive(Clone, Debug, PartialEq)]
pub struct Mmd {
    /// MMD².
    pub squared: f64,
    /// The widths that were used.
    pub bandwidths: Vec<f64>,
}

impl Mmd {
    /// MMD.
    pub fn value(&self) -> f64 {
        self.squared.sqrt()
    }
}

/// `MMD² = E k(X, X') + E k(Y, Y') - 2 E k(X, Y)`, biased: the V-statistic, over all pairs, a point
/// with itself included.
///
/// Never negative, zero for equal clouds, and above its expectation by O(1/n + 1/m). A. Gretton et
/// al., JMLR 13, 2012. The mean over several widths, not the sum, so values stay comparable.
/// O((n + m)² d) time, O(n + m) memory.
///
/// # Errors
/// An empty cloud, different numbers of columns, a coordinate that is not finite, no width, or one
/// that is not positive (a median of zero, where most points coincide).
pub fn mmd<T: Real>(
    x: ArrayView2<'_, T>,
    y: ArrayView2<'_, T>,
    bandwidth: &Bandwidth,
) -> Result<Mmd, OtError> {
    let bandwidths = widths(x, y, bandwidth)?;
    let kernel = |row: &[f64]| -> f64 {
        let sums = bandwidths.iter().map(|width| {
            let scale = -0.5 / (width * width);
            lanes(
                row,
                #[inline(always)]
                |d| exp(d * scale),
            )
        });
        sums.sum::<f64>() / bandwidths.len() as f64
    };
    let squared = (mean(x, x, kernel)? + mean(y, y, kernel)? - 2.0 * mean(x, y, kernel)?).max(0.0);
    Ok(Mmd { squared, bandwidths })
}

/// The widths that the rule gives, checked.
pub(super) fn widths<T: Real>(
    x: ArrayView2<'_, T>,
    y: ArrayView2<'_, T>,
    bandwidth: &Bandwidth,
) -> Result<Vec<f64>, OtError> {
    let bandwidths = match bandwidth {
        Bandwidth::Fixed(width) => vec![*width],
        Bandwidth::Mixture(widths) => widths.clone(),
        Bandwidth::Median => vec![median(x, y)?],
        Bandwidth::MedianTimes(factors) => {
            let median = median(x, y)?;
            factors.iter().map(|factor| factor * median).collect()
        }
    };
    let bad = |value| OtError::BadParameter { name: "the bandwidth", value, range: "positive and finite" };
    if let Some(&width) = bandwidths.iter().find(|w| !(**w > 0.0 && w.is_finite())) {
        return Err(bad(width));
    }
    if bandwidths.is_empty() {
        return Err(OtError::Shape { what: "the list of bandwidths", expected: 1, found: 0 });
    }
    Ok(bandwidths)
}

/// The mean of the kernels `exp(-s / 2σ²)` of several widths.
pub(super) struct Gaussians<'w>(pub(super) &'w [f64]);

impl Kernel for Gaussians<'_> {
    #[inline(always)]
    fn value_and_slope(&self, square: f64) -> (f64, f64) {
        let share = 1.0 / self.0.len() as f64;
        self.0.iter().fold((0.0, 0.0), |(value, slope), width| {
            let scale = -0.5 / (width * width);
            let k = share * exp(square * scale);
            (value + k, slope + k * scale)
        })
    }
}

/// The median distance of pairs in a thinned pooled sample.
fn median<T: Real>(x: ArrayView2<'_, T>, y: ArrayView2<'_, T>) -> Result<f64, OtError> {
    PointCloud::new(x, y, &Euclidean)?;
    let pooled = concatenate(Axis(0), &[x, y]).expect("the numbers of columns agree");
    let stride = pooled.nrows().div_ceil(MEDIAN_POINTS);
    let thin = pooled.slice(ndarray::s![..;stride, ..]);
    let distances = Euclidean.matrix(thin, thin)?;
    let mut pairs: Vec<f64> =
        distances.indexed_iter().filter(|((i, j), _)| i < j).map(|(_, &distance)| distance).collect();
    if pairs.is_empty() {
        return Ok(0.0);
    }
    let (middle, odd) = (pairs.len() / 2, pairs.len() % 2 == 1);
    let (below, &mut upper, _) = pairs.select_nth_unstable_by(middle, f64::total_cmp);
    // An even number of pairs has two in the middle.
    let lower = below.iter().copied().max_by(f64::total_cmp);
    Ok(if odd { upper } else { 0.5 * (upper + lower.unwrap_or(upper)) })
}
