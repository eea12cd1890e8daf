//! Settings from defaults, a file and flags, in this order of precedence; and the file itself.

mod flags;

use crate::args::{DataArgs, ModelArgs};
use anyhow::{Context, Result, anyhow, bail};
use chreode_models::ModelConfig;
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
    /// Column of obs with what each cell was under.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) condition: Option<String>,
    /// Columns of obs with covariates of the conditions.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) covariates: Vec<String>,
    /// The condition whose cells others start from.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) control: Option<String>,
    /// Column that says whose measurement a row is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) series: Option<String>,
    /// Column with the individuals' labels.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) label: Option<String>,
}

/// Everything that decides a run, beside the file.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Settings {
    pub(crate) data: DataSettings,
    pub(crate) model: ModelConfig,
    /// Facts of an earlier run, when the file is its run.toml; never read as settings.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) manifest: Option<toml::Table>,
}

impl Settings {
    /// Defaults, then `file`, then flags.
    pub(crate) fn merged(file: Option<&Path>, data: &DataArgs, model: &ModelArgs) -> Result<Self> {
        let mut settings = match (file, &model.model) {
            (Some(file), Some(name)) => {
                let mut settings = Self::read(file)?;
                if settings.model != ModelConfig::default() {
                    bail!(
                        "{} has the settings of a model, and --model {name} asks for another; leave one of them out",
                        file.display()
                    );
                }
                settings.model = ModelConfig::named(name)?;
                settings
            }
            (Some(file), None) => Self::read(file)?,
            (None, Some(name)) => Self { model: ModelConfig::named(name)?, ..Self::default() },
            (None, None) => Self::default(),
        };
        settings.manifest = None;
        settings.data.apply(data);
        settings.model = flags::over(&settings.model, model)?;
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
        let Self { time, rep, dims, whiten, weight, condition, covariates, control, series, label } = self;
        replace(time, &args.time);
        replace(rep, &args.rep);
        replace(weight, &args.weight);
        replace(condition, &args.condition);
        replace(control, &args.control);
        replace(series, &args.series);
        if !args.covariates.is_empty() {
            covariates.clone_from(&args.covariates);
        }
        replace(label, &args.label);
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

impl Settings {
    /// The updates that `--steps` or `--epochs` ask for, of the smallest of some snapshots, shared out between the stages
    /// that are not `--set`.
    pub(crate) fn share_steps(&mut self, args: &ModelArgs, smallest: usize) -> Result<()> {
        let Some(total) = self.asked(args, smallest) else { return Ok(()) };
        let set: Vec<&str> =
            args.set.iter().filter_map(|text| Some(text.split_once('=')?.0.trim())).collect();
        Ok(self.model.share_steps(total, &set)?)
    }

    /// `total` updates for a run that is under way: what is added goes to the last stage.
    pub(crate) fn lengthen(&mut self, total: u64) -> Result<()> {
        let mut set: Vec<&str> = self.model.stages().iter().map(|(name, _)| *name).collect();
        set.pop();
        Ok(self.model.share_steps(total, &set)?)
    }

    /// The updates that flags ask for, in all.
    pub(crate) fn asked(&self, args: &ModelArgs, smallest: usize) -> Option<u64> {
        let of_epochs = |epochs| steps_of_epochs(epochs, smallest, self.model.fit().batch);
        args.epochs.map(of_epochs).or(args.steps)
    }

    /// Updates in all, and those of each stage where there are several.
    pub(crate) fn steps(&self) -> String {
        stages(&self.model.stages())
    }
}

/// Updates in all, and those of each stage where there are several.
pub(crate) fn stages(stages: &[(&str, u64)]) -> String {
    let total = stages.iter().fold(0_u64, |sum, (_, steps)| sum.saturating_add(*steps));
    let each: Vec<String> = stages.iter().map(|(name, steps)| format!("{name} {steps}")).collect();
    if each.len() > 1 { format!("{total} ({})", each.join(", ")) } else { total.to_string() }
}

/// Updates in `epochs` passes over the smallest snapshot.
fn steps_of_epochs(epochs: u64, smallest: usize, batch: usize) -> u64 {
    epochs.saturating_mul((smallest as u64).div_ceil(batch.max(1) as u64).max(1))
}
