//! Training steps, 200 at a time, in the steady state of one run.

use crate::arrays::Arrays;
use crate::case::Training;
use crate::timing::Times;
use anyhow::Result;
use chreode_models::{Cfm, Fit, FlowConfig, Frame, Pool, Sampling};
use serde::Serialize;
use std::ops::ControlFlow;
use std::time::Instant;

/// Steps of one timing, as on the peers' side.
const CHUNK: u64 = 200;
/// Timings after the first, which warms up.
const REPEATS: u64 = 11;
/// The chunk whose mean loss is reported: the peers report the loss at its end.
const JUDGED: u64 = 6;

/// What was measured.
#[derive(Serialize)]
pub(crate) struct Report {
    seconds_median: f64,
    seconds_min: f64,
    repeats: usize,
    /// Steps of one repetition.
    steps: u64,
    /// The mean loss of steps 1001 to 1200.
    loss: f64,
}

/// Times the steps of `case` with `threads` threads in all.
pub(crate) fn time(case: Training, arrays: &Arrays, threads: usize) -> Result<Report> {
    let populations = arrays.populations(case.task)?;
    let frame = Frame::identity(populations.features().to_vec());
    let mut run = Cfm::new(&populations, frame, config(case))?;
    let (mut chunks, mut start, mut loss) = (Vec::new(), Instant::now(), 0.0);
    run.train(Pool::with_threads(threads), |progress| {
        if progress.step.div_ceil(CHUNK) == JUDGED {
            loss += progress.loss / CHUNK as f64;
        }
        if progress.step.is_multiple_of(CHUNK) {
            chunks.push(start.elapsed());
            start = Instant::now();
        }
        if chunks.len() as u64 > REPEATS { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    })?;
    let times = Times::new(chunks.into_iter().skip(1));
    Ok(Report {
        seconds_median: times.median(),
        seconds_min: times.least(),
        repeats: times.count(),
        steps: CHUNK,
        loss,
    })
}

/// The peers' settings: 3 × 64 SELU, Adam at 1e-4, σ 0.1, pairs drawn from the plan with replacement.
pub(crate) fn config(case: Training) -> FlowConfig {
    FlowConfig {
        coupling: case.coupling,
        sampling: Sampling::Replacement,
        sigma: 0.1,
        fit: Fit {
            batch: case.batch,
            lr: 1e-4,
            weight_decay: 0.0,
            ema: 0.0,
            // So many that the learning rate stays where it is: the run is broken off.
            steps: 1_000_000_000,
            ..Fit::default()
        },
        ..FlowConfig::default()
    }
}
