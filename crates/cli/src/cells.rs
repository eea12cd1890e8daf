//! The cells of a file, as a time series in chosen coordinates.

use crate::commands::Notes;
use crate::commands::predict::is_h5ad;
use crate::conditions::Labels;
use crate::settings::DataSettings;
use anyhow::{Result, bail};
use chreode_core::{Populations, Snapshot};
use chreode_io::{Column, Columns, H5ad, TimeSeries, data_hash, read_populations};
use chreode_models::{Condition, Dataset, Frame, ModelError};
use std::path::{Path, PathBuf};

/// A file's cells, and how they were chosen.
pub(crate) struct Cells {
    pub(crate) file: PathBuf,
    pub(crate) populations: Populations,
    /// For each snapshot, the rows of the file its cells came from.
    pub(crate) rows: Vec<Vec<usize>>,
    pub(crate) time: String,
    /// What the cells were under, where that was asked for.
    pub(crate) conditions: Option<Labels>,
    /// Columns that were read beside, a row a row of the file.
    pub(crate) further: Vec<Column>,
    /// The coordinates, as `--rep` would name them; empty for all columns of a table.
    rep: String,
    pub(crate) settings: DataSettings,
    pub(crate) hash: String,
}

/// Fewer cells than this at a time say nothing about a population.
pub(crate) const FEWEST: usize = 10;

impl Cells {
    /// Reads them, for a model that needs cells at `least` times.
    pub(crate) fn read(file: &Path, settings: &DataSettings, least: usize) -> Result<Self> {
        Self::with_columns(file, settings, least, &[])
    }

    /// Reads them, and `further` columns.
    pub(crate) fn with_columns(
        file: &Path,
        settings: &DataSettings,
        least: usize,
        further: &[String],
    ) -> Result<Self> {
        let rep = match &settings.rep {
            Some(rep) => Some(rep.clone()),
            None => default_rep(file)?,
        };
        let time = settings.time()?.to_string();
        let columns = Columns {
            time: time.clone(),
            representation: rep.clone(),
            dims: settings.dims,
            weight: settings.weight.clone(),
            others: Labels::columns(settings).into_iter().chain(further.iter().cloned()).collect(),
        };
        let TimeSeries { populations, rows, others, .. } = read_populations(file, &columns)?;
        let (labels, further) = others.split_at(others.len() - further.len());
        let conditions = Labels::read(file, settings, labels, &rows)?;
        let further = further.to_vec();
        let times = populations.times();
        if times.len() < least {
            bail!(
                "all {} cells of {} are at time {} and a flow needs two times at least; name another column than `{time}` with --time",
                populations.cells(),
                file.display(),
                times[0]
            );
        }
        if let Some(small) = populations.snapshots().iter().find(|s| s.len() < FEWEST) {
            bail!(
                "time {} of {} has only {} cells where {FEWEST} are needed at least; leave this time out, merge it with its neighbour, or name another column than `{time}` with --time",
                small.time,
                file.display(),
                small.len()
            );
        }
        let rep = rep.or_else(|| matrix(file, &populations));
        let hash = data_hash(file)?.to_string();
        let rep = rep.unwrap_or_default();
        let (file, settings) = (file.to_path_buf(), settings.clone());
        Ok(Self { file, populations, rows, time, conditions, further, rep, settings, hash })
    }

    /// What the coordinates are called in a file.
    pub(crate) fn key(&self) -> &str {
        if self.rep.is_empty() { "X" } else { &self.rep }
    }

    /// The coordinates the network sees: standardised a feature if so asked, else by one common scale.
    pub(crate) fn frame(&self) -> Result<Frame> {
        let fit = if self.settings.whiten { Frame::whitening } else { Frame::isotropic };
        Ok(fit(&self.populations)?)
    }

    /// The cells in the coordinates that scores are measured in: standardised if so asked.
    pub(crate) fn scored(&self) -> Result<Populations> {
        if !self.settings.whiten {
            return Ok(self.populations.clone());
        }
        let frame = Frame::whitening(&self.populations)?;
        let inside = |s: &Snapshot| Snapshot { points: frame.enter(s.points.view()), ..s.clone() };
        let snapshots = self.populations.snapshots().iter().map(inside).collect();
        Ok(Populations::new(snapshots, self.populations.features().to_vec())?)
    }

    /// `populations`, which are some of the cells' snapshots, as what a model learns from.
    pub(crate) fn data_of(&self, populations: &Populations) -> Result<Dataset, ModelError> {
        Ok(match &self.conditions {
            None => Dataset::Populations(populations.clone()),
            Some(labels) => Dataset::Conditioned(labels.with(populations, &self.populations.times())?),
        })
    }

    /// The conditions there are, and the number of one for each cell measured at `time`.
    pub(crate) fn conditions_at(&self, time: f64) -> (&[Condition], &[usize]) {
        let Some(labels) = &self.conditions else { return (&[], &[]) };
        let k = self.populations.times().iter().position(|t| *t == time);
        (&labels.known, k.map_or(&[], |k| &labels.of[k]))
    }

    /// What a checkpoint remembers of its data.
    pub(crate) fn notes(&self) -> Notes {
        let mut notes = Notes::from([
            ("time".to_string(), self.time.clone()),
            ("rep".to_string(), self.rep.clone()),
            ("data_sha256".to_string(), self.hash.clone()),
        ]);
        let DataSettings { weight, condition, covariates, control, .. } = &self.settings;
        let covariates = (!covariates.is_empty()).then(|| covariates.join(","));
        let known =
            [("weight", weight), ("condition", condition), ("covariates", &covariates), ("control", control)];
        notes.extend(known.into_iter().filter_map(|(key, value)| Some((key.to_string(), value.clone()?))));
        notes
    }

    /// Cells per time, in words.
    pub(crate) fn counts(&self) -> String {
        let each = |s: &Snapshot| format!("{} at {}", s.len(), s.time);
        let list: Vec<_> = self.populations.snapshots().iter().map(each).collect();
        let under = self.conditions.as_ref().map(|labels| format!("\nunder    {}", labels.counts()));
        format!("{} ({}){}", self.populations.cells(), list.join(", "), under.unwrap_or_default())
    }

    /// The coordinates, in words.
    pub(crate) fn space(&self) -> String {
        let white = if self.settings.whiten { ", whitened" } else { "" };
        format!("{} dimensions of {}{white}", self.populations.dims(), self.key())
    }
}

/// What is read where nothing is asked for: `X_pca` or `X` of an .h5ad, the matrix of an .npz, a whole table.
fn default_rep(file: &Path) -> Result<Option<String>> {
    if is_h5ad(file) {
        let keys = H5ad::open(file)?.keys("obsm")?;
        return Ok(Some(keys.into_iter().find(|key| key == "X_pca").unwrap_or_else(|| "X".into())));
    }
    Ok(None)
}

/// The matrix that an .npz without a choice was read from, by the names of its columns.
fn matrix(file: &Path, populations: &Populations) -> Option<String> {
    let npz = file.extension().is_some_and(|e| e.eq_ignore_ascii_case("npz"));
    let (name, _) = populations.features().first()?.rsplit_once('-')?;
    npz.then(|| name.to_string())
}
