//! `chreode predict`: move cells along a trained flow, and write where they go.

mod expression;
mod motions;
mod moved;
mod series;

pub(crate) use motions::Motions;
pub(crate) use moved::{Moved, Way};

use crate::args::{Expression, PredictArgs, Rates};
use crate::cells::Cells;
use crate::commands::inspect::shortened;
use crate::progress::spoken;
use crate::run_dir::RunDir;
use crate::save::probe;
use crate::say::say;
use crate::settings::DataSettings;
use crate::solver;
use crate::source::only_of_series;
use anyhow::{Context, Result, bail};
use chreode_core::Seed;
use chreode_io::{Additions, AnnData, Annotation, Column, H5ad, IoError, column_names, write_h5ad};
use chreode_models::{Checkpoint, Device, Needs};
use std::path::Path;
use std::time::Instant;

/// Runs the command.
pub(crate) fn run(args: &PredictArgs, device: &Device) -> Result<()> {
    let start = Instant::now();
    let checkpoint = RunDir::open(&args.run)?.checkpoint()?.on(device);
    let forecasts = checkpoint.header.config.needs() == Needs::Series;
    let writes = is_h5ad(&args.out) || (forecasts && is_table(&args.out));
    if !writes {
        bail!("{} does not end in .h5ad, the format that is written; rename it", args.out.display());
    }
    probe(&args.out)?;
    if forecasts {
        return series::run(args, &checkpoint);
    }
    only_of_series(&checkpoint.header.config.method(), &[("--until", args.until.is_some())])?;
    let motions = Motions::of(checkpoint.trained()?, &args.under)?;
    let cells = cells_of(&checkpoint, &args.file, motions.labelled(), &[])?;
    let sampler = solver::for_prediction(&args.solver)?;
    let times = match &args.times {
        Some(times) => increasing(times)?,
        None => checkpoint.header.space.times.clone(),
    };
    let rates = args.rates.unwrap_or(Rates::Measured);
    let way = Way { from: args.from, times: &times, sampler: &sampler, seed: Seed(args.seed), rates };
    let moved = Moved::new(&motions, &cells, &way)?;
    say!("moved    {} cells to times {} ({})", moved.rows.len(), joined(&times), solver::described(&sampler));
    if let Some(nats) = &moved.log_density {
        let mean = nats.iter().sum::<f64>() / nats.len() as f64;
        say!("density  {mean:.4} nats a cell, where and when they were measured");
    }
    write(&args.out, &moved, &checkpoint, &cells, args.expression.unwrap_or(Expression::Last))?;
    say!("wrote    {} in {}", args.out.display(), spoken(start.elapsed().as_secs_f64()));
    say!("next     open it in scanpy: obsm['{}'] is where the cells go", moved.key(times.len() - 1));
    Ok(())
}

/// Writes the cells with their trajectories: the whole input where every cell moved, else their tables and coordinates.
pub(crate) fn write(
    out: &Path,
    moved: &Moved,
    checkpoint: &Checkpoint,
    cells: &Cells,
    which: Expression,
) -> Result<()> {
    let mut additions = moved.additions(checkpoint, cells);
    let input = h5ad(&cells.file)?;
    if let Some(input) = &input {
        additions.layers.extend(expression::layers(input, moved, cells, which)?);
    }
    match input {
        Some(input) if moved.rows.len() == input.n_obs() => {
            for left in input.copy_with(out, &additions)? {
                say!("note     {} was not copied: {}", left.element, left.reason);
            }
        }
        input => write_h5ad(out, &subset(input.as_ref(), moved, cells, additions)?)?,
    }
    Ok(())
}

/// The file as .h5ad, if it is one.
fn h5ad(path: &Path) -> Result<Option<H5ad>> {
    Ok(if is_h5ad(path) { Some(H5ad::open(path)?) } else { None })
}

/// Whether cells are read with their conditions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Labelled {
    /// A model that needs none, or is told one for all.
    None,
    /// Each cell with its own.
    Each,
}

/// The cells of `file` in the coordinates that the checkpoint was trained in, with `further` columns.
pub(crate) fn cells_of(
    checkpoint: &Checkpoint,
    file: &Path,
    conditions: Labelled,
    further: &[String],
) -> Result<Cells> {
    let note = |key: &str| checkpoint.header.notes.get(key).cloned();
    let labelled = |key: &str| if conditions == Labelled::Each { note(key) } else { None };
    let covariates = labelled("covariates").map(|names| names.split(',').map(String::from).collect());
    let settings = DataSettings {
        time: Some(note("time").context("the checkpoint does not say which column held the times")?),
        rep: note("rep"),
        dims: Some(checkpoint.header.space.frame.dims()),
        weight: note("weight"),
        condition: labelled("condition"),
        covariates: covariates.unwrap_or_default(),
        ..DataSettings::default()
    };
    // A table's columns of conditions are no coordinates, whether or not they are asked for.
    let mut further = further.to_vec();
    if conditions == Labelled::None && is_table(file) {
        let names = column_names(file)?;
        let labels =
            note("covariates").map_or(Vec::new(), |names| names.split(',').map(String::from).collect());
        further.extend(note("condition").into_iter().chain(labels).filter(|name| names.contains(name)));
    }
    let named = &checkpoint.header.space.frame.features;
    let rep = note("rep").unwrap_or_default();
    if rep.is_empty() && !is_table(file) {
        bail!(
            "{} is not a .csv or .tsv, and this run was trained on a whole table; give one with the columns {}",
            file.display(),
            shortened(named)
        );
    }
    let cells = Cells::with_columns(file, &settings, checkpoint.header.config.least_times(), &further)
        .map_err(|error| match error.downcast_ref() {
            Some(IoError::NoSuchElement { key, .. }) if further.contains(key) => error,
            Some(IoError::Dimensions { .. } | IoError::NoSuchElement { .. }) => error.context(format!(
                "{} lacks what this run was trained on, {} dimensions of {rep} with the times in `{}`",
                file.display(),
                named.len(),
                note("time").unwrap_or_default()
            )),
            _ => error,
        })?;
    if let Some((wanted, found)) = named.iter().zip(cells.populations.features()).find(|(a, b)| a != b) {
        bail!(
            "{} has `{found}` where this run was trained on `{wanted}`; give the same coordinates in the same order",
            file.display()
        );
    }
    Ok(cells)
}

fn is_table(path: &Path) -> bool {
    path.extension().is_some_and(|e| e.eq_ignore_ascii_case("csv") || e.eq_ignore_ascii_case("tsv"))
}

/// Whether a file's name says that it is an .h5ad.
pub(crate) fn is_h5ad(path: &Path) -> bool {
    path.extension().is_some_and(|e| e.eq_ignore_ascii_case("h5ad"))
}

fn increasing(times: &[f64]) -> Result<Vec<f64>> {
    if times.is_empty()
        || times.windows(2).any(|pair| pair[1] <= pair[0])
        || times.iter().any(|t| !t.is_finite())
    {
        bail!("--times must be increasing numbers, e.g. --times 0,1,2.5");
    }
    Ok(times.to_vec())
}

fn joined(times: &[f64]) -> String {
    times.iter().map(f64::to_string).collect::<Vec<_>>().join(", ")
}

/// A new file of the cells that moved: their columns where the input has them, and their coordinates.
fn subset(input: Option<&H5ad>, moved: &Moved, cells: &Cells, additions: Additions) -> Result<AnnData> {
    let mut file = match input {
        Some(input) => AnnData {
            obs: input.obs_frame()?.select(&moved.rows),
            var: input.var_frame()?,
            ..AnnData::default()
        },
        None => AnnData::new(moved.rows.iter().map(|row| format!("cell{row}")).collect(), Vec::new()),
    };
    file.obs.set(&cells.time, Column::Numbers(moved.measured.clone()))?;
    let coordinates = Annotation::F32(moved.measured_at(cells));
    file.obsm = [(cells.key().to_string(), coordinates)].into_iter().chain(additions.obsm).collect();
    file.layers = additions.layers.into_iter().collect();
    file.uns = additions.uns.into_iter().collect();
    for (name, column) in additions.obs {
        file.obs.set(&name, column)?;
    }
    Ok(file)
}
