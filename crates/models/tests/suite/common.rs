//! Populations and runs that several subjects share.

use chreode_core::{Populations, Seed, Snapshot};
use chreode_models::{Fit, Frame, Pool, Recipe, Run};
use ndarray::Array2;
use rand_distr::{Distribution, StandardNormal};
use std::ops::ControlFlow;

/// `n` standard normal points, shifted.
pub(crate) fn gaussian(n: usize, shift: &[f32], seed: u64) -> Array2<f32> {
    let mut rng = Seed(seed).stream("gaussian", 0);
    Array2::from_shape_fn((n, shift.len()), |(_, j)| {
        let z: f32 = StandardNormal.sample(&mut rng);
        z + shift[j]
    })
}

/// Points at times 0, 1, ….
pub(crate) fn series(points: Vec<Array2<f32>>) -> Populations {
    let features = (0..points[0].ncols()).map(|i| format!("x{i}")).collect();
    let at = |(k, points)| Snapshot::new(k as f64, points);
    Populations::new(points.into_iter().enumerate().map(at).collect(), features).expect("a valid series")
}

/// Two layers of 32, and batches of `batch`.
pub(crate) fn small(steps: u64, batch: usize) -> Fit {
    Fit { steps, batch, hidden: vec![32, 32], ..Fit::default() }
}

/// The run of `recipe` at step 0, in the coordinates of the data.
pub(crate) fn run<R: Recipe>(data: &R::Data, features: &[String], recipe: R) -> Run<R> {
    Run::new(data, Frame::identity(features.to_vec()), recipe).expect("valid")
}

/// The model that `recipe` makes of `data`.
pub(crate) fn trained<R: Recipe<Data = Populations>>(data: &Populations, recipe: R) -> R::Trained {
    let mut run = run(data, data.features(), recipe);
    run.train(Pool::with_threads(1), |_| ControlFlow::Continue(())).expect("trains");
    run.finish()
}

/// The mean and the variance of the entries.
pub(crate) fn moments(points: &Array2<f32>) -> (f64, f64) {
    let n = points.len() as f64;
    let mean = points.iter().map(|&v| f64::from(v)).sum::<f64>() / n;
    (mean, points.iter().map(|&v| (f64::from(v) - mean).powi(2)).sum::<f64>() / n)
}
