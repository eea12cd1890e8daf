//! The folder of a run: what is in it, and how it is written so that nothing is ever lost.

use crate::progress::Metric;
use crate::save::{probe, save};
use crate::settings::Settings;
use anyhow::{Context, Result, bail};
use chreode_models::Checkpoint;
use std::fs::{self, OpenOptions};
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};

/// A folder with `run.toml`, `model.safetensors` and `metrics.jsonl`.
pub(crate) struct RunDir {
    folder: PathBuf,
}

impl RunDir {
    /// Makes the folder if it is not there, and makes sure it can be written to.
    pub(crate) fn create(folder: &Path) -> Result<Self> {
        fs::create_dir_all(folder).with_context(|| {
            format!("cannot make the folder {}; choose another with --out", folder.display())
        })?;
        let run = Self { folder: folder.to_path_buf() };
        // A run must not train for an hour and then find that it cannot save.
        probe(&run.path("model.safetensors"))?;
        Ok(run)
    }

    /// The folder of an earlier run.
    pub(crate) fn open(folder: &Path) -> Result<Self> {
        if !folder.is_dir() {
            bail!("there is no run folder {}; `chreode train … --out FOLDER` makes one", folder.display());
        }
        Ok(Self { folder: folder.to_path_buf() })
    }

    /// A file in the folder.
    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.join(name)
    }

    /// The settings and facts of the run.
    pub(crate) fn settings(&self) -> Result<Settings> {
        Settings::read(&self.path("run.toml"))
    }

    /// Writes the settings and facts of the run.
    pub(crate) fn save_settings(&self, settings: &Settings) -> Result<()> {
        self.write("run.toml", &toml::to_string(settings)?)
    }

    /// The checkpoint.
    pub(crate) fn checkpoint(&self) -> Result<Checkpoint> {
        let path = self.path("model.safetensors");
        let bytes = fs::read(&path).with_context(|| {
            format!("cannot read {}; train first, or name the folder of a finished run", path.display())
        })?;
        Checkpoint::from_bytes(&bytes).with_context(|| path.display().to_string())
    }

    /// Saves the checkpoint; the old one survives whatever goes wrong.
    pub(crate) fn save_checkpoint(&self, checkpoint: &Checkpoint) -> Result<()> {
        let bytes = checkpoint.to_bytes()?;
        save(&self.path("model.safetensors"), &bytes)
    }

    /// The loss curve up to `step`.
    pub(crate) fn metrics(&self, step: u64) -> Vec<Metric> {
        let text = fs::read_to_string(self.path("metrics.jsonl")).unwrap_or_default();
        text.lines()
            .filter_map(|line| serde_json::from_str(line).ok())
            .filter(|m: &Metric| m.step <= step)
            .collect()
    }

    /// Starts metrics.jsonl with the lines kept from before.
    pub(crate) fn metrics_writer(&self, kept: &[Metric]) -> Result<BufWriter<fs::File>> {
        let path = self.path("metrics.jsonl");
        let file = OpenOptions::new().create(true).write(true).truncate(true).open(&path);
        let mut out = BufWriter::new(file.with_context(|| format!("cannot write {}", path.display()))?);
        for metric in kept {
            writeln!(out, "{}", serde_json::to_string(metric)?)?;
        }
        Ok(out)
    }

    fn write(&self, name: &str, text: &str) -> Result<()> {
        save(&self.path(name), text.as_bytes())
    }
}
