//! What a run is trained on, whatever kind of data it is.

use crate::cells::Cells;
use crate::commands::Notes;
use crate::individuals::Individuals;
use crate::settings::{DataSettings, Settings};
use anyhow::{Result, bail};
use chreode_core::Snapshot;
use chreode_models::{Dataset, Frame, Needs};
use std::path::Path;

/// Cells of snapshots, or individuals measured in time.
pub(crate) trait Source {
    /// As what a model is trained on.
    ///
    /// # Errors
    /// What the conditions of cells are refused for.
    fn dataset(&self) -> Result<Dataset>;
    /// The coordinates the networks see.
    fn frame(&self) -> Result<Frame>;
    /// What a checkpoint remembers of its data.
    fn notes(&self) -> Notes;
    /// How many there are, with a heading of nine columns.
    fn counts(&self) -> String;
    /// In which coordinates.
    fn space(&self) -> String;
    /// Fewest rows that an epoch passes over.
    fn smallest(&self) -> usize;
    /// The file, its hash, the coordinates' name, the times, and how many are at each.
    fn facts(&self) -> Facts;
}

/// What a manifest says of the data.
pub(crate) struct Facts {
    pub(crate) file: String,
    pub(crate) hash: String,
    pub(crate) representation: String,
    pub(crate) times: Vec<f64>,
    pub(crate) counts: Vec<usize>,
}

/// Reads what the model of `settings` learns from.
pub(crate) fn read(file: &Path, settings: &Settings) -> Result<Box<dyn Source>> {
    match (settings.model.needs(), &settings.data.series) {
        (Needs::Series, _) => {
            individuals(settings)?;
            Ok(Box::new(Individuals::read(file, &settings.data)?))
        }
        (_, Some(_)) => Ok(Box::new(Individuals::read(file, &settings.data)?)),
        (_, None) => {
            conditions(settings)?;
            Ok(Box::new(Cells::read(file, &settings.data, settings.model.least_times())?))
        }
    }
}

/// Whether the data of a model of time series are named, and nothing that only cells have.
pub(crate) fn individuals(settings: &Settings) -> Result<()> {
    let DataSettings { series, whiten, weight, condition, .. } = &settings.data;
    let method = settings.model.method();
    if series.is_none() {
        bail!(
            "{method} learns from individuals measured in time; say with --series COLUMN whose measurement each row is"
        );
    }
    let given = [("--whiten", *whiten), ("--weight", weight.is_some()), ("--condition", condition.is_some())];
    only_of_cells(&method, &given)
}

/// Refuses what a model of time series has no use for.
pub(crate) fn only_of_cells(method: &str, given: &[(&str, bool)]) -> Result<()> {
    match given.iter().find(|(_, given)| *given) {
        Some((flag, _)) => {
            bail!(
                "{flag} is for cells in snapshots, and {method} is of individuals measured in time; leave it out"
            )
        }
        None => Ok(()),
    }
}

/// Refuses what a model of cells has no use for.
pub(crate) fn only_of_series(method: &str, given: &[(&str, bool)]) -> Result<()> {
    match given.iter().find(|(_, given)| *given) {
        Some((flag, _)) => {
            bail!(
                "{flag} is for individuals measured in time, and {method} is of cells in snapshots; leave it out"
            )
        }
        None => Ok(()),
    }
}

/// Whether a condition is named where a model of cells needs one, and only there; and no label.
pub(crate) fn conditions(settings: &Settings) -> Result<()> {
    let method = settings.model.method();
    only_of_series(&method, &[("--label", settings.data.label.is_some())])?;
    match (settings.model.needs(), &settings.data.condition) {
        (Needs::Conditions, None) => bail!(
            "{method} learns what cells do under a condition; say with --condition COLUMN what each cell was under"
        ),
        (Needs::Conditions, Some(_)) | (_, None) => Ok(()),
        (_, Some(column)) => {
            bail!("{method} knows no conditions; choose --model c-ot-cfm, or leave out --condition {column}")
        }
    }
}

/// Whether these are the data that a checkpoint was trained on.
pub(crate) fn same_as(source: &dyn Source, notes: &Notes) -> Result<()> {
    let Facts { file, hash, .. } = source.facts();
    match notes.get("data_sha256") {
        None => bail!("the checkpoint does not say which data it was trained on"),
        Some(before) if *before != hash => bail!(
            "{file} is not the file this run was trained on (its contents differ); a resumed run needs the same data"
        ),
        Some(_) => Ok(()),
    }
}

impl Source for Cells {
    fn dataset(&self) -> Result<Dataset> {
        Ok(self.data_of(&self.populations)?)
    }

    fn frame(&self) -> Result<Frame> {
        self.frame()
    }

    fn notes(&self) -> Notes {
        self.notes()
    }

    fn counts(&self) -> String {
        format!("cells    {}", self.counts())
    }

    fn space(&self) -> String {
        self.space()
    }

    fn smallest(&self) -> usize {
        self.populations.snapshots().iter().map(Snapshot::len).min().unwrap_or(0)
    }

    fn facts(&self) -> Facts {
        Facts {
            file: self.file.display().to_string(),
            hash: self.hash.clone(),
            representation: self.key().to_string(),
            times: self.populations.times(),
            counts: self.populations.snapshots().iter().map(Snapshot::len).collect(),
        }
    }
}

impl Source for Individuals {
    fn dataset(&self) -> Result<Dataset> {
        Ok(Dataset::Series(self.series.clone()))
    }

    fn frame(&self) -> Result<Frame> {
        Ok(self.series.standardising()?)
    }

    fn notes(&self) -> Notes {
        self.notes()
    }

    fn counts(&self) -> String {
        format!("series   {}", self.counts())
    }

    fn space(&self) -> String {
        format!("{} features, standardised", self.series.features().len())
    }

    fn smallest(&self) -> usize {
        self.series.len()
    }

    fn facts(&self) -> Facts {
        Facts {
            file: self.file.display().to_string(),
            hash: self.hash.clone(),
            representation: self.representation().to_string(),
            times: self.series.span().map_or(Vec::new(), |(first, last)| vec![first, last]),
            counts: vec![self.series.len()],
        }
    }
}
