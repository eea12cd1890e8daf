//! Where the time of a training step goes: the library's own steps on one thread, with a clock around the
//! pairing and others around the network's passes.

use crate::arrays::Arrays;
use crate::case::Training;
use crate::cfm::config;
use anyhow::Result;
use chreode_core::{Network, ParameterView, Seed};
use chreode_models::{
    BatchSource, FlowMatcher, ModelError, Net, NetMemory, Pairing, Regression, Straight, Trainer,
};
use chreode_nn::MlpConfig;
use ndarray::{ArrayView2, ArrayViewMut2};
use rand::Rng;
use serde::Serialize;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

/// Steps before the clocks count.
const WARM: u64 = 500;
/// Steps that count.
const STEPS: u64 = 3000;

/// Mean microseconds a step.
#[derive(Serialize)]
pub(crate) struct Report {
    /// The transport plan and the pairs from it.
    plan: f64,
    /// The rest of a batch: cells, times, noise, points, velocities.
    drawing: f64,
    /// The forward pass.
    forward: f64,
    /// The pullback.
    pullback: f64,
    /// The rest of an update: residuals, AdamW, parameters written back.
    optimiser: f64,
    /// All of the above.
    step: f64,
}

/// Profiles the steps of `case`.
pub(crate) fn steps(case: Training, arrays: &Arrays) -> Result<Report> {
    let populations = arrays.populations(case.task)?;
    let config = config(case);
    let clocks = [(); 5].map(|()| Arc::new(Clock::default()));
    let [plan, forward, pullback, batches, updates] = &clocks;
    let pairing = TimedPairing { inner: config.pairing(), clock: plan.clone() };
    let path = Straight { sigma: config.sigma as f32 };
    let matcher = FlowMatcher::new(&populations, pairing, path, config.fit.batch, Seed(config.fit.seed))?;
    let inner = config.fit.network("network", MlpConfig::new(populations.dims()))?;
    let network = TimedNetwork { inner, forward: forward.clone(), pullback: pullback.clone() };
    let stage = config.fit.stage(0..network.parameter_count())?;
    let mut trainer = Trainer::new(Regression::new(network), vec![stage])?;
    for index in 0..WARM + STEPS {
        if index == WARM {
            clocks.iter().for_each(|clock| clock.reset());
        }
        let batch = batches.time(|| matcher.batch(index))?;
        updates.time(|| trainer.step(&batch))?;
    }
    let [plan, forward, pullback, batches, updates] = clocks.map(|clock| clock.microseconds());
    Ok(Report {
        plan,
        drawing: batches - plan,
        forward,
        pullback,
        optimiser: updates - forward - pullback,
        step: batches + updates,
    })
}

/// Nanoseconds so far.
#[derive(Default)]
struct Clock(AtomicU64);

impl Clock {
    fn time<T>(&self, task: impl FnOnce() -> T) -> T {
        let start = Instant::now();
        let value = task();
        self.0.fetch_add(start.elapsed().as_nanos() as u64, Ordering::Relaxed);
        value
    }

    fn reset(&self) {
        self.0.store(0, Ordering::Relaxed);
    }

    /// A step's share.
    fn microseconds(&self) -> f64 {
        self.0.load(Ordering::Relaxed) as f64 / (1e3 * STEPS as f64)
    }
}

/// A pairing with a clock.
struct TimedPairing {
    inner: Box<dyn Pairing>,
    clock: Arc<Clock>,
}

impl Pairing for TimedPairing {
    fn pair(
        &self,
        x0: ArrayView2<'_, f32>,
        x1: ArrayView2<'_, f32>,
        length: f64,
        rng: &mut dyn Rng,
    ) -> Result<Vec<(usize, usize)>, ModelError> {
        self.clock.time(|| self.inner.pair(x0, x1, length, rng))
    }
}

/// A network with two clocks.
struct TimedNetwork {
    inner: Net,
    forward: Arc<Clock>,
    pullback: Arc<Clock>,
}

impl Network for TimedNetwork {
    type Scalar = f32;
    type Memory = NetMemory;

    fn width(&self) -> (usize, usize) {
        self.inner.width()
    }

    fn layout(&self) -> &[ParameterView] {
        self.inner.layout()
    }

    fn read_parameters(&self, flat: &mut [f32]) {
        self.inner.read_parameters(flat);
    }

    fn write_parameters(&mut self, flat: &[f32]) {
        self.inner.write_parameters(flat);
    }

    fn forward(
        &self,
        t: &[f32],
        x: ArrayView2<'_, f32>,
        out: ArrayViewMut2<'_, f32>,
        memory: &mut NetMemory,
    ) {
        self.forward.time(|| self.inner.forward(t, x, out, memory));
    }

    fn pullback(
        &self,
        a: ArrayView2<'_, f32>,
        state: Option<ArrayViewMut2<'_, f32>>,
        params: Option<&mut [f32]>,
        memory: &mut NetMemory,
    ) {
        self.pullback.time(|| self.inner.pullback(a, state, params, memory));
    }
}
