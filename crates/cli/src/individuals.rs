//! Individuals measured in time, from a long table: one row a measurement.

use crate::commands::Notes;
use crate::settings::DataSettings;
use anyhow::{Context, Result, bail};
use chreode_io::{Annotation, Matrix, data_hash, read};
use chreode_models::{Header, Individual, Series};
use ndarray::Array2;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// A file's individuals, and how they were chosen.
pub(crate) struct Individuals {
    pub(crate) file: PathBuf,
    pub(crate) series: Series,
    pub(crate) hash: String,
    settings: DataSettings,
}

/// What becomes of the column of labels.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Labels {
    /// It is there and read.
    Read,
    /// It may be there, and is no feature.
    Skip,
}

/// One row a measurement.
struct Long {
    columns: BTreeMap<String, Vec<Option<String>>>,
    values: Array2<f32>,
    features: Vec<String>,
}

impl Individuals {
    /// Reads them.
    pub(crate) fn read(file: &Path, settings: &DataSettings) -> Result<Self> {
        Self::with(file, settings, Labels::Read)
    }

    /// Reads what the model of a checkpoint is to predict: its features, and no labels, whether or not the file has them.
    pub(crate) fn to_predict(file: &Path, header: &Header) -> Result<Self> {
        let note = |key: &str| header.notes.get(key).cloned();
        let settings = DataSettings {
            series: note("series"),
            time: note("time"),
            label: note("label"),
            rep: note("rep"),
            dims: Some(header.space.frame.dims()),
            ..DataSettings::default()
        };
        Self::with(file, &settings, Labels::Skip)
    }

    fn with(file: &Path, settings: &DataSettings, labels: Labels) -> Result<Self> {
        let hash = data_hash(file)?.to_string();
        let series = individuals(file, settings, labels).with_context(|| file.display().to_string())?;
        Ok(Self { file: file.to_path_buf(), series, hash, settings: settings.clone() })
    }

    /// What a checkpoint remembers of its data.
    pub(crate) fn notes(&self) -> Notes {
        let DataSettings { series, time, label, rep, .. } = &self.settings;
        let known = [("series", series), ("time", time), ("label", label), ("rep", rep)];
        let known = known.into_iter().filter_map(|(key, value)| Some((key.to_string(), value.clone()?)));
        known.chain([("data_sha256".to_string(), self.hash.clone())]).collect()
    }

    /// The coordinates' name.
    pub(crate) fn representation(&self) -> &str {
        self.settings.rep.as_deref().unwrap_or("X")
    }

    /// The column that says whose measurement a row is.
    pub(crate) fn column(&self) -> &str {
        self.settings.series.as_deref().unwrap_or("series")
    }

    /// The column of the times.
    pub(crate) fn time(&self) -> &str {
        self.settings.time.as_deref().unwrap_or("time")
    }

    /// How many, in words.
    pub(crate) fn counts(&self) -> String {
        let times: usize = self.series.individuals().iter().map(|one| one.times.len()).sum();
        let all = times * self.series.features().len();
        let measured = 100.0 * self.series.measurements() as f64 / all.max(1) as f64;
        let labels = match self.series.labelled() {
            0 => String::new(),
            n => format!(", {n} labelled"),
        };
        format!("{} of {times} times, {measured:.0} % of the values measured{labels}", self.series.len())
    }
}

fn individuals(file: &Path, settings: &DataSettings, labels: Labels) -> Result<Series> {
    let series = settings.series.as_deref().unwrap_or_default();
    let time = settings.time()?;
    let (wanted, unused) = match (settings.label.as_deref(), labels) {
        (Some(label), Labels::Read) => (vec![series, time, label], None),
        (label, _) => (vec![series, time], label),
    };
    let long = if is_table(file) {
        table(file, settings, &wanted, unused)?
    } else {
        annotated(file, settings, &wanted)?
    };
    let column = |name: &str| {
        let known = || long.columns.keys().cloned().collect::<Vec<_>>().join(", ");
        long.columns.get(name).with_context(|| format!("there is no column `{name}`; there are {}", known()))
    };
    let (ids, times) = (column(series)?, column(time)?);
    let labels = wanted.get(2).copied().map(column).transpose()?;
    let mut rows: BTreeMap<&str, Vec<(f64, usize)>> = BTreeMap::new();
    let mut order = Vec::new();
    for (row, (id, at)) in ids.iter().zip(times).enumerate() {
        let id = id.as_deref().with_context(|| format!("row {} has no `{series}`", row + 1))?;
        let at = at.as_deref().with_context(|| format!("row {} has no `{time}`", row + 1))?;
        let at: f64 = at.parse().with_context(|| {
            format!(
                "`{time}` of row {} is `{at}`, which is no number; times must be numbers of one unit",
                row + 1
            )
        })?;
        let mine = rows.entry(id).or_default();
        if mine.is_empty() {
            order.push(id);
        }
        mine.push((at, row));
    }
    let one = |id: &&str| {
        let mut mine = rows[id].clone();
        mine.sort_by(|a, b| a.0.total_cmp(&b.0));
        let chosen: Vec<usize> = mine.iter().map(|&(_, row)| row).collect();
        let label = match labels {
            Some(labels) => yes_or_no(id, chosen.iter().filter_map(|&row| labels[row].as_deref()))?,
            None => None,
        };
        Ok(Individual {
            id: (*id).to_string(),
            times: mine.iter().map(|&(at, _)| at).collect(),
            values: long.values.select(ndarray::Axis(0), &chosen),
            label,
        })
    };
    let individuals = order.iter().map(one).collect::<Result<_>>()?;
    Ok(Series::new(individuals, long.features.clone())?)
}

/// The label of an individual: the same in all its rows that have one.
fn yes_or_no<'a>(id: &str, labels: impl Iterator<Item = &'a str>) -> Result<Option<bool>> {
    let mut found = None;
    for text in labels {
        let label = match text.to_ascii_lowercase().as_str() {
            "1" | "1.0" | "true" | "yes" => true,
            "0" | "0.0" | "false" | "no" => false,
            _ => bail!("the label of {id} is `{text}`; labels are 0 or 1, false or true, no or yes"),
        };
        if found.is_some_and(|before| before != label) {
            bail!("{id} has both labels; a label is of an individual, the same in all its rows or empty");
        }
        found = Some(label);
    }
    Ok(found)
}

/// Whether the name is that of a text table.
pub(crate) fn is_table(file: &Path) -> bool {
    let is = |extension: &str| file.extension().is_some_and(|e| e.eq_ignore_ascii_case(extension));
    is("csv") || is("tsv")
}

/// The delimiter of a text table.
pub(crate) fn delimiter(file: &Path) -> u8 {
    if file.extension().is_some_and(|e| e.eq_ignore_ascii_case("tsv")) { b'\t' } else { b',' }
}

/// A text table: the `taken` columns by name, and those that are features as numbers, which `unused` is not either.
fn table(file: &Path, settings: &DataSettings, taken: &[&str], unused: Option<&str>) -> Result<Long> {
    let mut reader = csv::ReaderBuilder::new().delimiter(delimiter(file)).from_path(file)?;
    let header: Vec<String> = reader.headers()?.iter().map(|name| name.trim().to_string()).collect();
    if let Some((i, name)) = header.iter().enumerate().find(|(i, name)| header[..*i].contains(name)) {
        bail!("column {} is called `{name}` as one before it is; give each a name of its own", i + 1);
    }
    let prefix = settings.rep.as_deref().unwrap_or_default();
    let other = |name: &str| taken.contains(&name) || unused == Some(name);
    let feature = |(i, name): &(usize, &String)| {
        !other(name) && name.starts_with(prefix) && !(*i == 0 && name.is_empty())
    };
    let chosen: Vec<usize> = header.iter().enumerate().filter(feature).map(|(i, _)| i).collect();
    let chosen = &chosen[..settings.dims.unwrap_or(chosen.len()).min(chosen.len())];
    let missing = |text: &str| matches!(text, "" | "NA" | "NaN" | "nan" | "null");
    let mut columns: BTreeMap<String, Vec<Option<String>>> = BTreeMap::new();
    let (mut values, mut rows) = (Vec::new(), 0);
    for record in reader.records() {
        let record = record?;
        rows += 1;
        for (name, text) in header.iter().zip(&record) {
            let text = text.trim();
            if taken.contains(&name.as_str()) {
                let cell = (!missing(text)).then(|| text.to_string());
                columns.entry(name.clone()).or_default().push(cell);
            }
        }
        for &i in chosen {
            let text = record[i].trim();
            let number = if missing(text) { Ok(f32::NAN) } else { text.parse() };
            values.push(number.with_context(|| {
                format!("`{}` of row {rows} is `{text}`, which is no number; leave out such columns with --rep PREFIX", header[i])
            })?);
        }
    }
    if columns.len() < taken.len() {
        let lost = taken.iter().find(|name| !columns.contains_key(**name)).unwrap_or(&"");
        bail!("there is no column `{lost}`; there are {}", header.join(", "));
    }
    let values = Array2::from_shape_vec((rows, chosen.len()), values)?;
    Ok(Long { columns, values, features: chosen.iter().map(|&i| header[i].clone()).collect() })
}

/// An .h5ad, or whatever else `inspect` reads: columns of obs, and X or a key of obsm.
fn annotated(file: &Path, settings: &DataSettings, taken: &[&str]) -> Result<Long> {
    let data = read(file)?.data;
    let mut columns = BTreeMap::new();
    for name in taken {
        if let Some((_, column)) = data.obs.columns.iter().find(|(key, _)| key == name) {
            columns.insert((*name).to_string(), column.labels());
        }
    }
    if columns.len() < taken.len() {
        let lost = taken.iter().find(|name| !columns.contains_key(**name)).unwrap_or(&"");
        let known: Vec<&str> = data.obs.columns.iter().map(|(name, _)| name.as_str()).collect();
        bail!("obs has no column `{lost}`; it has {}", known.join(", "));
    }
    let key = settings.rep.as_deref().unwrap_or("X");
    let (values, features) = match (key, &data.x, data.obsm.get(key)) {
        ("X", Some(Matrix::Dense(x)), _) => (x.clone(), data.var.index.clone()),
        ("X", Some(x), _) => (x.to_dense(), data.var.index.clone()),
        (_, _, Some(Annotation::F32(values))) => (values.clone(), numbered(key, values.ncols())),
        (_, _, Some(Annotation::F64(values))) => (values.mapv(|x| x as f32), numbered(key, values.ncols())),
        _ => bail!("there are no values under `{key}`; name X or a key of obsm with --rep"),
    };
    let width = settings.dims.unwrap_or(values.ncols()).min(values.ncols());
    let values = values.slice(ndarray::s![.., ..width]).to_owned();
    Ok(Long { columns, values, features: features[..width].to_vec() })
}

fn numbered(key: &str, count: usize) -> Vec<String> {
    (1..=count).map(|j| format!("{key}-{j}")).collect()
}
