//! The facts of a run, for whoever wants to repeat it.

use crate::source::{Facts, Source};
use anyhow::Result;
use chreode_models::Training;
use serde::Serialize;

/// What is written under `[manifest]` in run.toml.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Manifest {
    pub(crate) chreode: &'static str,
    pub(crate) method: String,
    pub(crate) file: String,
    pub(crate) data_sha256: String,
    pub(crate) representation: String,
    pub(crate) times: Vec<f64>,
    pub(crate) cells: Vec<usize>,
    pub(crate) device: String,
    pub(crate) threads: usize,
    pub(crate) steps_done: u64,
    pub(crate) seconds: f64,
    pub(crate) platform: String,
}

impl Manifest {
    /// The facts of a run that took `seconds`.
    pub(crate) fn new(cells: &dyn Source, run: &dyn Training, threads: usize, seconds: f64) -> Self {
        let Facts { file, hash, representation, times, counts } = cells.facts();
        Self {
            chreode: env!("CARGO_PKG_VERSION"),
            method: run.config().method(),
            file,
            data_sha256: hash,
            representation,
            times,
            cells: counts,
            device: run.config().fit().device.to_string(),
            threads,
            steps_done: run.steps(),
            seconds: (seconds * 1e3).round() / 1e3,
            platform: format!("{} {}", std::env::consts::ARCH, std::env::consts::OS),
        }
    }

    /// As a table of run.toml.
    pub(crate) fn table(&self) -> Result<toml::Table> {
        Ok(toml::Table::try_from(self)?)
    }
}
