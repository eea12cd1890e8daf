//! Weights of cells: how often each is drawn.

use crate::common::small;
use chreode_core::{Populations, Snapshot};
use chreode_models::{CnfConfig, Data, DensityBatch, Frame, Plans, Recipe, VgfmConfig, WfrConfig};
use ndarray::{Array1, Array2};

/// Cells far apart on a line, with these weights at two times.
fn weighted(weights: [f32; 6]) -> Populations {
    let points = Array2::from_shape_fn((6, 1), |(i, _)| 100.0 * i as f32);
    let at = |time| Snapshot {
        weights: Some(Array1::from(weights.to_vec())),
        ..Snapshot::new(time, points.clone())
    };
    Populations::new(vec![at(0.0), at(1.0)], vec!["x".into()]).expect("a valid series")
}

/// Whether the rows of `batches` batches fall on the cells as `weights` say, to within five standard errors.
fn check<R: Recipe<Data = Populations>>(
    recipe: &R,
    weights: [f32; 6],
    batches: u64,
    rows: impl Fn(<R::Objective as chreode_models::Objective>::Batch) -> Array2<f32>,
) {
    let data = weighted(weights);
    let space = data.space(Frame::identity(data.features().to_vec())).expect("two times");
    let source = recipe.batches(&data, &space).expect("valid");
    let mut found = [0.0_f64; 6];
    for k in 0..batches {
        rows(source.batch(k).expect("draws")).iter().for_each(|x| found[(x / 100.0).round() as usize] += 1.0);
    }
    let (all, total) = (found.iter().sum::<f64>(), f64::from(weights.iter().sum::<f32>()));
    for (found, weight) in found.iter().zip(weights) {
        let (share, wanted) = (found / all, f64::from(weight) / total);
        let error = (wanted * (1.0 - wanted) / all).sqrt();
        assert!((share - wanted).abs() <= 5.0 * error, "{share}, not {wanted}");
    }
}

#[test]
fn cells_are_drawn_as_often_as_they_weigh() {
    let fit = small(1, 64);
    for weights in [[1.0; 6], [1.0, 0.0, 4.0, 2.0, 0.5, 2.5]] {
        let cnf = CnfConfig { fit: fit.clone(), ..CnfConfig::default() };
        check(&cnf, weights, 60, |batch| match batch {
            DensityBatch::Likelihood(batch) => batch.x,
            DensityBatch::Matching(_) => unreachable!("there is no matching"),
        });
        // Out of each other's reach, cells vanish and appear where they are.
        let (delta, plans) = (0.5, Plans::Minibatch);
        check(&WfrConfig { delta, plans, fit: fit.clone(), ..WfrConfig::default() }, weights, 60, |b| b.x);
    }
}

#[test]
fn whole_plans_draw_cells_as_often_as_they_weigh() {
    let weights = [1.0, 0.0, 4.0, 2.0, 0.5, 2.5];
    let wfr = WfrConfig { delta: 0.5, plans: Plans::Whole, fit: small(1, 64), ..WfrConfig::default() };
    check(&wfr, weights, 60, |batch| batch.x);
    // Here every cell is near itself alone.
    let vgfm = VgfmConfig { plans: Plans::Whole, fit: small(1, 64), ..VgfmConfig::default() };
    check(&vgfm, weights, 60, |batch| batch.rows.x);
}
