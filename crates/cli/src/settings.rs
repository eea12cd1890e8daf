//! Settings from defaults, a file and flags, in this order of precedence; and the file itself.

use crate::args::{DataArgs, ModelArgs};
use anyhow::{Context, Result, anyhow, bail};
use chreode_models::FlowConfig;
use serde::{Deserialize, Serialize};
use std::path::Path;

/// Which cells, at which times, in which coordinates.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct DataSettings {
    /// Column of obs with the times.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) time: Option<String>,
    /// Key of obsm, or X.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) rep: Option<String>,
    /// How many coordinates.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) dims: Option<usize>,
    /// Whether to standardise.
    pub(crate) whiten: bool,
    /// Column of obs with weights.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) weight: Option<String>,
}

/// Everything that decides a run, beside the file.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Settings {
    pub(crate) data: DataSettings,
    pub(crate) model: FlowConfig,
    /// Facts of an earlier run, when the file is its run.toml; never read as settings.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) manifest: Option<toml::Table>,
}

impl Settings {
    /// Defaults, then `file`, then flags.
    pub(crate) fn merged(file: Option<&Path>, data: &DataArgs, model: &ModelArgs) -> Result<Self> {
        let mut settings = file.map(Self::read).transpose()?.unwrap_or_default();
        settings.manifest = None;
        settings.data.apply(data);
        apply(&mut settings.model, model);
        Ok(settings)
    }

    /// Reads a settings file.
    pub(crate) fn read(path: &Path) -> Result<Self> {
        let text = std::fs::read_to_string(path).with_context(|| {
            format!("cannot read {}; name a file such as the run.toml of an earlier run", path.display())
        })?;
        toml::from_str(&text).map_err(|error| {
            let line = error.span().map_or(1, |span| text[..span.start].matches('\n').count() + 1);
            anyhow!("line {line} of {} is not a setting: {}", path.display(), error.message())
        })
    }
}

impl DataSettings {
    fn apply(&mut self, args: &DataArgs) {
        let Self { time, rep, dims, whiten, weight } = self;
        replace(time, &args.time);
        replace(rep, &args.rep);
        replace(weight, &args.weight);
        *dims = args.dims.or(*dims);
        *whiten |= args.whiten;
    }

    /// The time column, which has no default.
    pub(crate) fn time(&self) -> Result<&str> {
        match &self.time {
            Some(time) => Ok(time),
            None => bail!(
                "which column of obs holds the times? say so with --time COLUMN (`chreode inspect FILE` lists them)"
            ),
        }
    }
}

fn replace(setting: &mut Option<String>, flag: &Option<String>) {
    if flag.is_some() {
        setting.clone_from(flag);
    }
}

/// Flags over settings.
fn apply(config: &mut FlowConfig, args: &ModelArgs) {
    macro_rules! take {
        ($($field:ident),*) => { $(if let Some(value) = &args.$field { config.$field = value.clone(); })* };
    }
    take!(steps, lr, hidden, activation, batch, sigma, epsilon, weight_decay, ema, clip, seed);
    if let Some(name) = args.coupling {
        config.coupling = name.into();
    }
    if let Some(name) = args.sampling {
        config.sampling = name.into();
    }
}

/// Updates in `epochs` passes over the smallest snapshot.
pub(crate) fn steps_of_epochs(epochs: u64, smallest: usize, batch: usize) -> u64 {
    epochs.saturating_mul((smallest as u64).div_ceil(batch.max(1) as u64).max(1))
}
