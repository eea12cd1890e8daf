//! A progress bar with rate, remaining time and loss, and the loss curve behind it.

use chreode_models::Progress;
use indicatif::{ProgressBar, ProgressStyle};
use serde::{Deserialize, Serialize};
use std::time::Instant;

/// One line of metrics.jsonl: averages over the steps since the line before.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Metric {
    /// Steps done.
    pub(crate) step: u64,
    /// Mean loss.
    pub(crate) loss: f64,
    /// Learning rate of the last step.
    pub(crate) lr: f64,
    /// Seconds since training started or resumed.
    pub(crate) seconds: f64,
}

/// Points of the loss curve that a whole run is cut into.
const POINTS: u64 = 250;

/// Draws the bar and collects the loss curve.
pub(crate) struct Meter {
    bar: ProgressBar,
    start: Instant,
    every: u64,
    sum: f64,
    count: u64,
    metrics: Vec<Metric>,
}

impl Meter {
    /// A meter for steps `done..steps`; the bar is hidden where standard error is not a terminal.
    pub(crate) fn new(label: &str, done: u64, steps: u64) -> Self {
        let bar = ProgressBar::new(steps).with_position(done).with_prefix(label.to_string());
        let style = "{prefix} {bar:32.cyan/dim} {pos}/{len}  {per_sec}  {eta} left  {msg}";
        bar.set_style(ProgressStyle::with_template(style).expect("a valid template"));
        bar.reset_eta();
        let every = (steps / POINTS).max(1);
        Self { bar, start: Instant::now(), every, sum: 0.0, count: 0, metrics: Vec::new() }
    }

    /// Records a step; returns the new point of the curve when one is complete.
    pub(crate) fn record(&mut self, progress: Progress, last: u64) -> Option<Metric> {
        self.sum += progress.loss;
        self.count += 1;
        if !progress.step.is_multiple_of(self.every) && progress.step != last {
            return None;
        }
        let metric = Metric {
            step: progress.step,
            loss: self.sum / self.count as f64,
            lr: progress.learning_rate,
            seconds: self.start.elapsed().as_secs_f64(),
        };
        (self.sum, self.count) = (0.0, 0);
        self.bar.set_position(progress.step);
        self.bar.set_message(format!("loss {:.4}", metric.loss));
        self.metrics.push(metric);
        Some(metric)
    }

    /// Seconds since the start.
    pub(crate) fn seconds(&self) -> f64 {
        self.start.elapsed().as_secs_f64()
    }

    /// Takes the bar away and returns the curve.
    pub(crate) fn finish(self) -> Vec<Metric> {
        self.bar.finish_and_clear();
        self.metrics
    }
}

/// Seconds as a person would say them.
pub(crate) fn spoken(seconds: f64) -> String {
    match seconds {
        s if s < 1.0 => format!("{:.0} ms", s * 1e3),
        s if s < 90.0 => format!("{s:.1} s"),
        s if s < 5400.0 => format!("{:.0} min", s / 60.0),
        s => format!("{:.1} h", s / 3600.0),
    }
}

/// Says which of a few long steps is under way; hidden where standard error is not a terminal.
pub(crate) struct Steps(ProgressBar);

impl Steps {
    /// A bar of `count` steps at most.
    pub(crate) fn new(count: u64) -> Self {
        let bar = ProgressBar::new(count);
        let style = "{bar:32.cyan/dim} {pos}/{len}  {elapsed}  {msg}";
        bar.set_style(ProgressStyle::with_template(style).expect("a valid template"));
        Self(bar)
    }

    /// The next step.
    pub(crate) fn begin(&self, what: &'static str) {
        self.0.inc(1);
        self.0.set_message(what);
        self.0.tick();
    }

    /// Takes the bar away.
    pub(crate) fn finish(self) {
        self.0.finish_and_clear();
    }
}
