//! The coordinates a network sees.

use crate::ModelError;
use chreode_core::Populations;
use ndarray::{Array2, ArrayView2, Axis};
use serde::{Deserialize, Serialize};

/// An affine change of coordinates, a shift and a scale a feature: `z = (x − mean) / scale`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Frame {
    /// The features' names, which fix the number of columns.
    pub features: Vec<String>,
    /// What is subtracted.
    pub mean: Vec<f64>,
    /// What is divided by; never 0.
    pub scale: Vec<f64>,
}

impl Frame {
    /// The user's own coordinates.
    pub fn identity(features: Vec<String>) -> Self {
        let n = features.len();
        Self { features, mean: vec![0.0; n], scale: vec![1.0; n] }
    }

    /// Each feature shifted to mean 0 and scaled to standard deviation 1 (as fitted elsewhere).
    ///
    /// # Errors
    /// Lengths that differ, or a scale that is not a positive number.
    pub fn new(features: Vec<String>, mean: Vec<f64>, scale: Vec<f64>) -> Result<Self, ModelError> {
        for found in [mean.len(), scale.len()] {
            if found != features.len() {
                return Err(ModelError::Dimensions { expected: features.len(), found });
            }
        }
        if let Some(feature) = scale.iter().position(|s| !(s.is_finite() && *s > 0.0)) {
            return Err(ModelError::FlatFeature {
                feature: features[feature].clone(),
                scale: scale[feature],
            });
        }
        Ok(Self { features, mean, scale })
    }

    /// The mean of all cells, and one scale for all features: their root-mean-square standard deviation.
    ///
    /// Conditions a network without changing the geometry, so that transport plans are those of the
    /// user's own coordinates.
    ///
    /// # Errors
    /// [`ModelError::FlatFeature`] when no feature varies.
    pub fn isotropic(populations: &Populations) -> Result<Self, ModelError> {
        let (mean, variance) = moments(populations);
        let scale = (variance.iter().sum::<f64>() / variance.len().max(1) as f64).sqrt();
        Self::new(populations.features().to_vec(), mean, vec![scale; populations.dims()])
    }

    /// The mean and standard deviation (divided by the number of cells) of each feature over all cells.
    ///
    /// # Errors
    /// [`ModelError::FlatFeature`] for a feature that never varies.
    pub fn whitening(populations: &Populations) -> Result<Self, ModelError> {
        let (mean, variance) = moments(populations);
        let scale = variance.iter().map(|v| v.sqrt()).collect();
        Self::new(populations.features().to_vec(), mean, scale)
    }

    /// The number of features.
    pub fn dims(&self) -> usize {
        self.features.len()
    }

    /// Whether `points` has this frame's number of columns.
    ///
    /// # Errors
    /// [`ModelError::Dimensions`].
    pub fn check(&self, points: ArrayView2<'_, f32>) -> Result<(), ModelError> {
        if points.ncols() == self.dims() {
            Ok(())
        } else {
            Err(ModelError::Dimensions { expected: self.dims(), found: points.ncols() })
        }
    }

    /// The user's coordinates to the network's.
    pub fn enter(&self, points: ArrayView2<'_, f32>) -> Array2<f32> {
        let mut out = points.as_standard_layout().into_owned();
        self.each(&mut out, |x, mean, scale| (x - mean) / scale);
        out
    }

    /// The network's coordinates to the user's.
    pub fn leave(&self, mut points: Array2<f32>) -> Array2<f32> {
        self.each(&mut points, |z, mean, scale| mean + z * scale);
        points
    }

    /// A velocity in the network's coordinates and time to the user's: one unit of network time is
    /// `unit` of the user's.
    pub fn leave_velocity(&self, mut velocity: Array2<f32>, unit: f64) -> Array2<f32> {
        self.each(&mut velocity, |v, _, scale| v * scale / unit);
        velocity
    }

    /// `x = f(x, mean, scale)` for every entry, in `f64`.
    fn each(&self, points: &mut Array2<f32>, f: impl Fn(f64, f64, f64) -> f64) {
        for (j, mut column) in points.axis_iter_mut(Axis(1)).enumerate() {
            column.mapv_inplace(|x| f(f64::from(x), self.mean[j], self.scale[j]) as f32);
        }
    }
}

/// Mean and variance of each feature over the cells of all snapshots, in two passes.
fn moments(populations: &Populations) -> (Vec<f64>, Vec<f64>) {
    let cells = populations.cells() as f64;
    let average = |value: &dyn Fn(f64, usize) -> f64| {
        let mut sum = vec![0.0; populations.dims()];
        for snapshot in populations.snapshots() {
            for row in snapshot.points.rows() {
                for (j, (sum, &x)) in sum.iter_mut().zip(row).enumerate() {
                    *sum += value(f64::from(x), j);
                }
            }
        }
        sum.iter().map(|s| s / cells).collect::<Vec<f64>>()
    };
    let mean = average(&|x, _| x);
    let variance = average(&|x, j| (x - mean[j]) * (x - mean[j]));
    (mean, variance)
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::array;

    #[test]
    fn leaving_undoes_entering_and_velocities_scale() {
        let frame = Frame::new(vec!["a".into(), "b".into()], vec![1.0, -2.0], vec![2.0, 4.0]).unwrap();
        let x = array![[3.0_f32, 2.0]];
        let z = frame.enter(x.view());
        assert_eq!(z, array![[1.0, 1.0]]);
        assert_eq!(frame.leave(z), x);
        assert_eq!(frame.leave_velocity(array![[1.0, 1.0]], 4.0), array![[0.5, 1.0]]);
    }

    #[test]
    fn a_feature_that_never_varies_is_named() {
        let error = Frame::new(vec!["a".into(), "b".into()], vec![0.0; 2], vec![1.0, 0.0]).unwrap_err();
        assert!(error.to_string().contains("feature b has scale 0"), "{error}");
    }

    #[test]
    fn a_constant_that_no_sum_has_exactly_is_flat() {
        let points = Array2::from_shape_fn((1001, 2), |(i, j)| if j == 0 { i as f32 } else { 0.1 });
        let snapshots = vec![chreode_core::Snapshot::new(0.0, points)];
        let cells = Populations::new(snapshots, vec!["a".into(), "b".into()]).unwrap();
        let error = Frame::whitening(&cells).unwrap_err();
        assert!(error.to_string().contains("feature b has scale 0"), "{error}");
    }
}
