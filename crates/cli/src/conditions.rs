//! The conditions of the cells of a file.

use crate::settings::DataSettings;
use anyhow::{Context, Result, bail};
use chreode_core::Populations;
use chreode_io::Column;
use chreode_models::{Condition, Conditioned};
use std::collections::BTreeMap;
use std::path::Path;

/// What each cell was under.
pub(crate) struct Labels {
    /// The distinct conditions.
    pub(crate) known: Vec<Condition>,
    /// Of each snapshot, a number of `known` a cell.
    pub(crate) of: Vec<Vec<usize>>,
    covariates: Vec<String>,
    control: Option<String>,
}

impl Labels {
    /// The columns that a reader has to bring along.
    pub(crate) fn columns(settings: &DataSettings) -> Vec<String> {
        settings.condition.iter().chain(&settings.covariates).cloned().collect()
    }

    /// The conditions in these columns, those of [`columns`](Self::columns); none if none were asked for.
    pub(crate) fn read(
        file: &Path,
        settings: &DataSettings,
        columns: &[Column],
        rows: &[Vec<usize>],
    ) -> Result<Option<Self>> {
        let DataSettings { condition, covariates, control, .. } = settings;
        let (Some(name), [labels, numbers @ ..]) = (condition, columns) else {
            return Ok(None);
        };
        let labels = labels.labels();
        let numbers = numbers.iter().zip(covariates).map(|(column, name)| {
            numbers_of(column).with_context(|| {
                format!(
                    "`{name}` of {} is not a column of numbers; name it --condition instead",
                    file.display()
                )
            })
        });
        let numbers: Vec<Vec<f64>> = numbers.collect::<Result<_>>()?;
        let mut known = Vec::new();
        let mut places = BTreeMap::new();
        let mut number_of = |row: usize| {
            let Some(label) = &labels[row] else {
                bail!(
                    "row {row} of {} has no `{name}`; leave such cells out or give them a condition",
                    file.display()
                );
            };
            let values: Vec<f64> = numbers.iter().map(|column| column[row]).collect();
            if let Some(k) = values.iter().position(|v| !v.is_finite()) {
                let (column, value) = (&covariates[k], values[k]);
                bail!(
                    "`{column}` of row {row} of {} is {value}; leave such cells out or give them a number",
                    file.display()
                );
            }
            let bits: Vec<u64> = values.iter().map(|v| v.to_bits()).collect();
            Ok(*places.entry((label.clone(), bits)).or_insert_with(|| {
                known.push(Condition { label: label.clone(), covariates: values });
                known.len() - 1
            }))
        };
        let of = rows.iter().map(|rows| rows.iter().map(|&row| number_of(row)).collect::<Result<_>>());
        let of = of.collect::<Result<_>>()?;
        Ok(Some(Self { known, of, covariates: covariates.clone(), control: control.clone() }))
    }

    /// `populations`, which are some of the snapshots of those at `times` that the labels are of, under their conditions.
    pub(crate) fn with(
        &self,
        populations: &Populations,
        times: &[f64],
    ) -> Result<Conditioned, chreode_models::ModelError> {
        let at =
            |time: f64| times.iter().position(|t| *t == time).map(|k| self.of[k].clone()).unwrap_or_default();
        let of = populations.times().into_iter().map(at).collect();
        let data = Conditioned::new(populations.clone(), self.known.clone(), of, &self.covariates)?;
        self.control.iter().try_fold(data, |data, control| data.starting_from(control))
    }

    /// How many there are, in words.
    pub(crate) fn counts(&self) -> String {
        let mut labels: Vec<&str> = self.known.iter().map(|condition| condition.label.as_str()).collect();
        labels.sort_unstable();
        labels.dedup();
        let start = self.control.as_ref().map_or(String::new(), |control| format!(", from {control}"));
        let covariates = match &self.covariates[..] {
            [] => String::new(),
            names => format!(" with {}", names.join(", ")),
        };
        let shown =
            if labels.len() > 6 { format!("{}, …", labels[..6].join(", ")) } else { labels.join(", ") };
        format!("{} ({shown}){covariates}{start}", labels.len())
    }
}

/// A column as numbers; texts that are numbers count, as in a table.
fn numbers_of(column: &Column) -> Option<Vec<f64>> {
    column.numbers().or_else(|| {
        let labels = column.labels();
        labels.iter().map(|text| text.as_ref().map_or(Some(f64::NAN), |text| text.parse().ok())).collect()
    })
}
