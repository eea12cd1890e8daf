//! `chreode inspect`: what is in a file, in one screen, and what `train` could use.

use crate::args::InspectArgs;
use crate::cells::FEWEST;
use crate::say::say;
use anyhow::Result;
use chreode_io::{
    Columns, ElementInfo, ElementKind, Format, H5ad, IoError, TimeSeries, column_names, read as read_whole,
    read_populations,
};
use std::path::Path;

/// More distinct times than this are a measurement, not a design.
const MOST_TIMES: usize = 100;
/// Names that are listed before the rest is counted.
const SHOWN: usize = 12;

/// Runs the command.
pub(crate) fn run(args: &InspectArgs) -> Result<()> {
    let (reps, columns) = match Format::of(&args.file)? {
        Format::H5ad | Format::Zarr => annotated(&args.file)?,
        format @ (Format::TenX | Format::Loom | Format::MatrixMarket) => return whole(&args.file, format),
        _ => plain(&args.file)?,
    };
    say!("train could use");
    if reps.is_empty() {
        say!("  --rep   nothing: there are no numbers to be coordinates");
        return Ok(());
    }
    // A table whose columns share no beginning is used whole.
    let all = reps[0].is_empty();
    say!("  --rep   {}", if all { "not needed: all columns but the time".into() } else { shortened(&reps) });
    let times = times(&args.file, &columns, &reps[0]);
    if times.is_empty() {
        say!(
            "  --time  nothing: no column reads as 2 to {MOST_TIMES} times with {FEWEST} cells or more at each"
        );
        return Ok(());
    }
    for (column, series) in &times {
        let each: Vec<String> =
            series.populations.snapshots().iter().map(|s| format!("{} at {}", s.len(), s.time)).collect();
        say!("  --time  {column}  ({})", each.join(", "));
    }
    say!("next");
    let rep = if all { String::new() } else { format!(" --rep {}", reps[0]) };
    say!("  chreode train {} --time {}{rep} --out run", args.file.display(), times[0].0);
    Ok(())
}

/// Lists a format that is read whole, as a rule counts of which no model is made as they are.
fn whole(path: &Path, format: Format) -> Result<()> {
    let data = read_whole(path)?.data;
    say!("{}: {} cells x {} genes, {format}", path.display(), data.n_obs(), data.n_vars());
    for (table, frame) in [("obs", &data.obs), ("var", &data.var)] {
        let names: Vec<String> = frame.columns.iter().map(|(name, _)| name.clone()).collect();
        if !names.is_empty() {
            say!("  {table:<7} {}", shortened(&names));
        }
    }
    for (name, keys) in [("obsm", data.obsm.keys()), ("varm", data.varm.keys())] {
        let keys: Vec<String> = keys.cloned().collect();
        if !keys.is_empty() {
            say!("  {name:<7} {}", shortened(&keys));
        }
    }
    let layers: Vec<String> = data.layers.keys().cloned().collect();
    if !layers.is_empty() {
        say!("  layers  {}", shortened(&layers));
    }
    say!("next");
    say!("  chreode convert {} {}", path.display(), path.with_extension("h5ad").display());
    Ok(())
}

/// Lists an .h5ad; returns its coordinates and its columns.
fn annotated(path: &Path) -> Result<(Vec<String>, Vec<String>)> {
    let file = H5ad::open(path)?;
    let summary = file.summary()?;
    say!("{}: {} cells x {} genes", path.display(), summary.n_obs, summary.n_vars);
    for element in summary.elements.iter().filter(|e| e.kind != ElementKind::Mapping) {
        say!("  {:<36} {}", element.path, described(element));
    }
    let columns = file.obs()?.into_iter().map(|column| column.name).collect();
    Ok((representations(&summary.elements), columns))
}

/// Lists a table or an .npz; returns its coordinates and the columns beside them.
fn plain(path: &Path) -> Result<(Vec<String>, Vec<String>), IoError> {
    let names = column_names(path)?;
    say!("{}: {}", path.display(), shortened(&names));
    let mut reps = Vec::new();
    let mut others = names.clone();
    for name in &names {
        // PC1 and PC2 are PC; an array stands for itself.
        let rep = if is_npz(path) { name } else { name.trim_end_matches(|c: char| c.is_ascii_digit()) };
        let count = names.iter().filter(|n| n.starts_with(rep)).count();
        if rep.is_empty() || reps.iter().any(|r| r == rep) || (!is_npz(path) && count < 2) {
            continue;
        }
        let usable = |time: &String| !time.starts_with(rep) && read(path, time, rep).is_ok();
        if names.iter().any(usable) {
            reps.push(rep.to_string());
            others.retain(|other| !other.starts_with(rep));
        }
        if reps.len() == SHOWN {
            break;
        }
    }
    if reps.is_empty() && !is_npz(path) && names.iter().any(|time| read(path, time, "").is_ok()) {
        reps.push(String::new());
    }
    Ok((reps, others))
}

fn is_npz(path: &Path) -> bool {
    const ARRAYS: [&str; 3] = ["npz", "npy", "safetensors"];
    path.extension().is_some_and(|e| ARRAYS.iter().any(|name| e.eq_ignore_ascii_case(name)))
}

/// The first names, and how many more there are.
pub(crate) fn shortened(names: &[String]) -> String {
    let shown = names.iter().take(SHOWN).cloned().collect::<Vec<_>>().join(", ");
    if names.len() > SHOWN { format!("{shown} and {} more", names.len() - SHOWN) } else { shown }
}

/// The kind, shape and type of an element, in words.
fn described(element: &ElementInfo) -> String {
    let shape = element.shape.iter().map(usize::to_string).collect::<Vec<_>>().join(" x ");
    let dtype = element.dtype.as_deref().unwrap_or_default();
    let stored = match (&element.kind, element.stored) {
        (ElementKind::Categorical, Some(n)) => format!("{n} categories"),
        (_, Some(n)) => format!("{n} stored"),
        _ => String::new(),
    };
    let words = [element.kind.to_string(), shape, dtype.to_string(), stored];
    words.into_iter().filter(|w| !w.is_empty()).collect::<Vec<_>>().join("  ")
}

/// Coordinates a model could be trained in, the usual one first.
fn representations(elements: &[ElementInfo]) -> Vec<String> {
    let dense = |e: &&ElementInfo| e.kind == ElementKind::Array && e.shape.len() == 2;
    let keys = elements.iter().filter(dense).filter_map(|e| e.path.strip_prefix("obsm/"));
    let mut reps: Vec<String> = keys.map(String::from).collect();
    reps.sort_by_key(|key| key != "X_pca");
    if elements.iter().any(|e| e.path == "X") {
        reps.push("X".to_string());
    }
    reps
}

/// The cells by the times of a column, in one dimension: enough to see whether it can be done.
fn read(path: &Path, time: &str, rep: &str) -> Result<TimeSeries, IoError> {
    let representation = Some(rep.to_string());
    read_populations(path, &Columns { representation, dims: Some(1), ..Columns::new(time) })
}

/// Columns that read as a few times with enough cells at each.
fn times(path: &Path, columns: &[String], rep: &str) -> Vec<(String, TimeSeries)> {
    let mut found = Vec::new();
    for column in columns {
        // A column that does not read as times is simply not a candidate.
        let Ok(series) = read(path, column, rep) else { continue };
        let snapshots = series.populations.snapshots();
        let few = (2..=MOST_TIMES).contains(&snapshots.len());
        if few && snapshots.iter().all(|s| s.len() >= FEWEST) {
            found.push((column.clone(), series));
        }
    }
    // Where columns are named like times, others with a few numbers (clusters, scores) are not.
    const NAMES: [&str; 6] = ["time", "day", "hour", "stage", "age", "t"];
    let named = |name: &str| NAMES.iter().any(|n| name.to_lowercase().split('_').any(|part| part == *n));
    if found.iter().any(|(name, _)| named(name)) {
        found.retain(|(name, _)| named(name));
    }
    found
}
