//! Populations and runs that several subjects share.

use chreode_core::{Populations, Seed, Snapshot};
use chreode_models::{Fit, Frame, Objective, Pool, Recipe, Run};
use ndarray::Array2;
use rand_distr::{Distribution, StandardNormal};
use std::ops::{ControlFlow, Range};

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

/// The gradient of `objective` against differences of its loss, for the parameters of each of `parts` apart: a part that is
/// wrong cannot hide behind a larger one. Every parameter of a part that `moved` has, those of the stage, takes its step of
/// the gradient's sign, also where the gradient is 0: what is missing in it is missed. None of `parts` may be without one.
pub(crate) fn slopes<O: Objective>(
    objective: &mut O,
    stage: usize,
    batch: &O::Batch,
    moved: Range<usize>,
    (parts, length): (&[&str], f32),
) {
    let count = objective.parameter_count();
    let (mut gradient, mut theta) = (vec![0.0; count], vec![0.0; count]);
    objective.read_parameters(&mut theta);
    objective.loss(stage, batch, &mut gradient).expect("solves");
    for name in parts {
        let layout = objective.layout();
        let views = layout.iter().filter(|part| part.name.starts_with(name));
        let entries = views.flat_map(|part| part.offset..part.offset + part.size());
        let entries: Vec<usize> = entries.filter(|i| moved.contains(i)).collect();
        let expected: f64 = entries.iter().map(|&i| f64::from(gradient[i].abs())).sum();
        assert!(expected > 0.0, "{name} has no gradient in stage {stage}");
        let each = length / (entries.len() as f32).sqrt();
        let mut along = |sign: f32| {
            let mut ahead = theta.clone();
            entries.iter().for_each(|&i| ahead[i] += sign * each * gradient[i].signum());
            objective.write_parameters(&ahead);
            objective.loss(stage, batch, &mut vec![0.0; count]).expect("solves")
        };
        let slope = (along(1.0) - along(-1.0)) / f64::from(2.0 * each);
        objective.write_parameters(&theta);
        assert!((slope / expected - 1.0).abs() < 2e-2, "{name} in stage {stage}: {slope}, not {expected}");
    }
}
