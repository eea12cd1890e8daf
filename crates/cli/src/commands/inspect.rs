//! `chreode inspect`: what is in a file, in one screen, and what `train` could use.

use crate::args::InspectArgs;
use crate::say::say;
use anyhow::Result;
use chreode_io::{Columns, ElementInfo, ElementKind, H5ad, TimeSeries, read_populations};
use std::path::Path;

/// More distinct times than this are a measurement, not a design.
const MOST_TIMES: usize = 100;

/// Runs the command.
pub(crate) fn run(args: &InspectArgs) -> Result<()> {
    let file = H5ad::open(&args.file)?;
    let summary = file.summary()?;
    say!("{}: {} cells x {} genes", args.file.display(), summary.n_obs, summary.n_vars);
    for element in summary.elements.iter().filter(|e| e.kind != ElementKind::Mapping) {
        say!("  {:<36} {}", element.path, described(element));
    }
    let reps = representations(&summary.elements);
    let times = times(&args.file, &file, reps.first())?;
    say!("train could use");
    say!(
        "  --rep   {}",
        if reps.is_empty() { "nothing: there is no dense array of cells".into() } else { reps.join(", ") }
    );
    if times.is_empty() {
        say!("  --time  nothing: no column of obs reads as 2 to {MOST_TIMES} times");
        return Ok(());
    }
    for (column, series) in &times {
        let each: Vec<String> =
            series.populations.snapshots().iter().map(|s| format!("{} at {}", s.len(), s.time)).collect();
        say!("  --time  {column}  ({})", each.join(", "));
    }
    if let Some(rep) = reps.first() {
        say!("next");
        say!("  chreode train {} --time {} --rep {rep} --out run", args.file.display(), times[0].0);
    }
    Ok(())
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

/// Columns of obs that read as a few times, with the cells at each.
fn times(path: &Path, file: &H5ad, rep: Option<&String>) -> Result<Vec<(String, TimeSeries)>> {
    let mut found = Vec::new();
    for column in file.obs()? {
        let columns =
            Columns { time: column.name.clone(), representation: rep.cloned(), dims: Some(1), weight: None };
        // A column that does not read as times is simply not a candidate.
        let Ok(series) = read_populations(path, &columns) else { continue };
        if (2..=MOST_TIMES).contains(&series.populations.snapshots().len()) {
            found.push((column.name, series));
        }
    }
    // A column named like a time comes before a cluster number.
    const NAMES: [&str; 6] = ["time", "day", "hour", "stage", "age", "t"];
    let named = |name: &str| NAMES.iter().any(|n| name.to_lowercase().split('_').any(|part| part == *n));
    found.sort_by_key(|(name, _)| !named(name));
    Ok(found)
}
