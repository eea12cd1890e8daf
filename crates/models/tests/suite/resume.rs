//! Runs of several stages, stopped and continued: the bits of the uninterrupted run, and what is made once for a run.

use crate::common::{gaussian, run, series};
use chreode_core::Populations;
use chreode_models::{
    Base, Checkpoint, CnfConfig, Data, Descendants, Fit, Frame, Made, MetricFlowConfig, MetricKind, MioBatch,
    MioFlowConfig, Objective, Pool, Progress, Recipe, RescaledFlowConfig, Run, TrajectoryBatch,
    TrajectoryNetConfig, VgfmConfig,
};
use ndarray::Array2;
use std::collections::BTreeMap;
use std::ops::ControlFlow;
use std::sync::Arc;

/// Three clouds of two coordinates, which move and grow.
fn data(seed: u64) -> Populations {
    let cloud = |n, x, k| gaussian(n, &[x, 0.5 * x], seed + k);
    series(vec![cloud(20, 0.0, 0), cloud(30, 1.0, 1), cloud(40, 2.0, 2)])
}

fn fit(steps: u64) -> Fit {
    Fit { steps, batch: 8, hidden: vec![6, 6], ..Fit::default() }
}

fn bytes<R: Recipe>(run: &Run<R>) -> Vec<u8> {
    run.checkpoint(BTreeMap::new()).to_bytes().expect("bytes")
}

/// `run` trained until step `stop`.
fn to<R: Recipe>(run: &mut Run<R>, stop: u64) {
    if run.steps() < stop {
        let until = |p: Progress| {
            if p.step == stop { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        };
        run.train(Pool::with_threads(1), until).expect("trains");
    }
}

/// Stops at each of `stops`, goes on in the same run and in one that is resumed, and compares with the whole.
fn goes_on<R: Recipe<Data = Populations>>(recipe: R, stops: impl IntoIterator<Item = u64>) {
    let data = data(1);
    let steps = recipe.fit().steps;
    let mut whole = run(&data, data.features(), recipe.clone());
    let last = whole.last_step();
    to(&mut whole, last);
    for stop in stops {
        let mut half = run(&data, data.features(), recipe.clone());
        to(&mut half, stop);
        let saved = Checkpoint::from_bytes(&bytes(&half)).expect("reads back");
        assert_eq!(saved.header.step, stop);
        to(&mut half, last);
        assert!(bytes(&whole) == bytes(&half), "the same run, stopped at {stop} of {last}");
        let mut resumed = Run::<R>::resume(&data, &saved, steps).expect("fits");
        to(&mut resumed, last);
        assert!(bytes(&whole) == bytes(&resumed), "a run resumed at {stop} of {last}");
    }
}

#[test]
fn stages_go_on_where_they_were_stopped() {
    goes_on(VgfmConfig { matching: 3, solver_steps: 2, fit: fit(3), ..VgfmConfig::default() }, [0, 2, 3, 4]);
    let mioflow =
        MioFlowConfig { encoding: 3, local: 2, neighbours: 4, solver_steps: 2, ..Default::default() };
    goes_on(MioFlowConfig { fit: fit(3), ..mioflow }, [0, 2, 3, 4, 5, 6]);
    let descendants = Descendants::Transported;
    let net = TrajectoryNetConfig { descendants, growing: 3, steps: 2, fit: fit(3), ..Default::default() };
    goes_on(net, [0, 2, 3, 4]);
    for metric in [MetricKind::Land, MetricKind::Rbf] {
        let centres = 5;
        let bent = MetricFlowConfig { metric, centres, path_steps: 3, fit: fit(3), ..Default::default() };
        goes_on(bent, [0, 2, 3, 4]);
    }
    for base in [Base::Normal, Base::Gaussian, Base::Kernel] {
        goes_on(CnfConfig { base, matching: 3, steps: 2, fit: fit(3), ..CnfConfig::default() }, [0, 2, 3, 4]);
    }
}

#[test]
fn a_base_that_is_fitted_is_the_same_before_the_first_step() {
    for base in [Base::Gaussian, Base::Kernel] {
        goes_on(CnfConfig { base, steps: 2, fit: fit(2), ..CnfConfig::default() }, [0, 1]);
    }
}

/// Whether what `recipe` makes of its data once is not made again: `show` shows it in a batch.
fn is_made_once<R: Recipe<Data = Populations>>(
    recipe: &R,
    show: impl Fn(&<R::Objective as Objective>::Batch) -> Array2<f32>,
) {
    let (data, other) = (data(1), data(7));
    let space = data.space(Frame::identity(data.features().to_vec())).expect("three times");
    let with = |data: &Populations, made: &Made| {
        let batches = recipe.batches_with(data, &space, made).expect("valid");
        show(&batches.batch(0).expect("draws"))
    };
    let made = Made::default();
    let first = with(&data, &made);
    assert_eq!(with(&data, &made), first);
    // Other data betray where it comes from; a run has one set alone.
    assert_ne!(with(&other, &Made::default()), first);
    assert_eq!(with(&other, &made), first);
}

#[test]
fn plans_are_made_once_a_run() {
    is_made_once(&MioFlowConfig { neighbours: 4, fit: fit(1), ..MioFlowConfig::default() }, |batch| {
        let MioBatch::Encode { distances, .. } = batch else { unreachable!("the first stage") };
        distances.clone()
    });
    let net =
        TrajectoryNetConfig { descendants: Descendants::Transported, fit: fit(1), ..Default::default() };
    is_made_once(&net, |batch| {
        let TrajectoryBatch::Descendants(rows) = batch else { unreachable!("the first stage") };
        rows.g.clone()
    });
    is_made_once(&RescaledFlowConfig { fit: fit(1), ..RescaledFlowConfig::default() }, |batch| {
        batch.shares.mapv(|share| share.unwrap_or(-1.0))
    });
    // The growth along a pair is that of its masses, which the plan has.
    is_made_once(&VgfmConfig { fit: fit(1), ..VgfmConfig::default() }, |batch| batch.rows.g.clone());
    let data = data(1);
    let space = data.space(Frame::identity(data.features().to_vec())).expect("three times");
    let bent = MetricFlowConfig { metric: MetricKind::Rbf, centres: 5, fit: fit(1), ..Default::default() };
    let made = Made::default();
    let batch = || bent.batches_with(&data, &space, &made).expect("valid").batch(0).expect("draws");
    assert!(Arc::ptr_eq(&batch().metrics[1], &batch().metrics[1]));
}
