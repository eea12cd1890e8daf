//! `chreode fates`: which end each cell comes to.

use crate::args::{EndingName, FatesArgs};
use crate::cells::Cells;
use crate::commands::predict::{Motions, cells_of, is_h5ad};
use crate::run_dir::RunDir;
use crate::save::probe;
use crate::say::say;
use crate::solver;
use anyhow::{Context, Result, bail};
use chreode_core::Seed;
use chreode_io::{AnnData, Annotation, Column, H5ad, Uns, write_h5ad};
use chreode_models::{Checkpoint, Device, Ending, FateShare, Fates, Futures, Terminals};
use comfy_table::{Table, presets::ASCII_MARKDOWN};
use ndarray::{Array2, Axis, concatenate};
use std::path::PathBuf;

/// Runs the command.
pub(crate) fn run(args: &FatesArgs, device: &Device) -> Result<()> {
    let [folders @ .., file] = &args.paths[..] else { bail!("name a run and a file of cells") };
    if !is_h5ad(&args.out) {
        bail!("{} does not end in .h5ad, the format that is written; rename it", args.out.display());
    }
    probe(&args.out)?;
    let (checkpoint, motions) = models(folders, args, device)?;
    let labelled = motions[0].labelled();
    let cells = cells_of(&checkpoint, file, labelled, std::slice::from_ref(&args.terminal))?;
    let times = cells.populations.times();
    let until = args.at.unwrap_or(times[times.len() - 1]);
    let terminals = terminals(&cells, until, args)?;
    let sampler = solver::for_prediction(&args.solver)?;
    let ending = match args.ending {
        EndingName::FirstHit => Ending::FirstHit,
        EndingName::Last => Ending::Last,
    };
    let seed = Seed(args.seed);
    let futures =
        Futures { until, moments: args.moments, paths: args.paths_each, ending, sampler: &sampler, seed };
    if let Some(from) = args.from {
        cells.populations.at(from)?;
    }
    let mut found = Vec::new();
    for (k, snapshot) in cells.populations.snapshots().iter().enumerate() {
        if snapshot.time >= until || args.from.is_some_and(|from| from != snapshot.time) {
            continue;
        }
        let dynamics = motions.iter().map(|m| m.of_snapshot(&cells, k)).collect::<Result<Vec<_>>>()?;
        let dynamics: Vec<_> = dynamics.iter().map(|model| &**model).collect();
        found.push((k, Fates::of(&dynamics, snapshot, &terminals, &futures)?));
    }
    if found.is_empty() {
        bail!(
            "there are no cells before time {until}; name an earlier time with --from or a later one with --at"
        );
    }
    say!("models   {} of {}", folders.len(), checkpoint.header.config.method());
    let ends = terminals.sets().iter().map(|set| set.label.as_str()).collect::<Vec<_>>();
    say!("ends     {} at time {until}", ends.join(", "));
    say!("{}", table(&cells, &found, args.replicates, seed)?);
    if folders.len() == 1 {
        say!(
            "note     one model says nothing of its own uncertainty: train with other seeds and name all folders"
        );
    }
    write_h5ad(&args.out, &file_of(&cells, &found)?)?;
    say!("wrote    {}", args.out.display());
    say!("next     open it in scanpy: obs['chreode_fate'], obsm['chreode_fates']");
    Ok(())
}

/// The models of the folders, which must be of the same coordinates; and the first one's checkpoint.
fn models(folders: &[PathBuf], args: &FatesArgs, device: &Device) -> Result<(Checkpoint, Vec<Motions>)> {
    let mut first: Option<Checkpoint> = None;
    let mut motions = Vec::with_capacity(folders.len());
    for folder in folders {
        let checkpoint = RunDir::open(folder)?.checkpoint()?.on(device);
        motions.push(Motions::of(checkpoint.trained()?, &args.under)?);
        let Some(before) = &first else {
            first = Some(checkpoint);
            continue;
        };
        let facts = |c: &Checkpoint| {
            let notes = ["time", "rep", "condition"].map(|key| c.header.notes.get(key).cloned());
            (c.header.space.frame.features.clone(), notes)
        };
        if facts(before) != facts(&checkpoint) {
            bail!(
                "{} and {} were trained on other coordinates, times or conditions; fates are of models of the same cells",
                folders[0].display(),
                folder.display()
            );
        }
    }
    Ok((first.context("name a run")?, motions))
}

/// The ends: the cells that are named at `until`.
fn terminals(cells: &Cells, until: f64, args: &FatesArgs) -> Result<Terminals> {
    let snapshots = cells.populations.snapshots();
    let last = cells.populations.at(until)?;
    let k = snapshots.iter().position(|s| s.time == last.time).context("the time is there")?;
    let names = cells.further.first().context("the column was read")?.labels();
    let mut labels: Vec<Option<String>> = cells.rows[k].iter().map(|&row| names[row].clone()).collect();
    let mut known: Vec<String> = labels.iter().flatten().cloned().collect();
    known.sort_unstable();
    known.dedup();
    if let Some(among) = &args.among {
        if let Some(name) = among.iter().find(|name| !known.contains(name)) {
            bail!(
                "no cell at time {until} has `{name}` in `{}`; there are {}",
                args.terminal,
                known.join(", ")
            );
        }
        labels.iter_mut().for_each(|label| *label = label.take().filter(|l| among.contains(l)));
    } else if known.len() < 2 {
        bail!(
            "`{}` names {} of the cells at time {until}, and fates need two ends at least; name another column with --terminal or another time with --at",
            args.terminal,
            if known.is_empty() { "none".to_string() } else { format!("only {}", known.join(", ")) }
        );
    }
    Ok(Terminals::around(last.points.view(), &labels, args.share)?)
}

/// The share of each time's cells that comes to each end.
fn table(cells: &Cells, found: &[(usize, Fates)], replicates: usize, seed: Seed) -> Result<String> {
    let mut table = Table::new();
    table.load_style(ASCII_MARKDOWN);
    let header = ["from".to_string(), "absorbed".to_string()];
    table.set_header(header.into_iter().chain(found[0].1.labels.iter().cloned()));
    for (k, fates) in found {
        let snapshot = &cells.populations.snapshots()[*k];
        let share = |s: FateShare| {
            format!("{:.1} % [{:.1}, {:.1}]", 100.0 * s.share, 100.0 * s.interval[0], 100.0 * s.interval[1])
        };
        let shares = fates.shares(replicates, seed)?.into_iter().map(share);
        let start = [format!("time {}", snapshot.time), format!("{:.0} %", 100.0 * fates.absorbed)];
        table.add_row(start.into_iter().chain(shares));
    }
    Ok(table.to_string())
}

/// The cells with their fates, in the order of the file.
fn file_of(cells: &Cells, found: &[(usize, Fates)]) -> Result<AnnData> {
    let rows: Vec<usize> = found.iter().flat_map(|(k, _)| cells.rows[*k].clone()).collect();
    let mut order: Vec<usize> = (0..rows.len()).collect();
    order.sort_by_key(|&i| rows[i]);
    let sorted: Vec<usize> = order.iter().map(|&i| rows[i]).collect();
    let join = |parts: Vec<Array2<f32>>| -> Result<Array2<f32>> {
        let views: Vec<_> = parts.iter().map(|part| part.view()).collect();
        Ok(concatenate(Axis(0), &views)?.select(Axis(0), &order))
    };
    let single = |p: &Array2<f64>| p.mapv(|p| p as f32);
    let fates = join(found.iter().map(|(_, fates)| single(&fates.probabilities)).collect())?;
    let snapshots = cells.populations.snapshots();
    let points = join(found.iter().map(|(k, _)| snapshots[*k].points.clone()).collect())?;
    let labels = &found[0].1.labels;
    let most = fates.rows().into_iter().map(|row| {
        let best = (0..row.len()).max_by(|&a, &b| row[a].total_cmp(&row[b]));
        best.map(|k| labels[k].clone())
    });
    let most = Column::Strings(most.collect());
    let mut file = if is_h5ad(&cells.file) {
        AnnData { obs: H5ad::open(&cells.file)?.obs_frame()?.select(&sorted), ..AnnData::default() }
    } else {
        AnnData::new(sorted.iter().map(|row| format!("cell{row}")).collect(), Vec::new())
    };
    file.obs.set("chreode_fate", most)?;
    let spread: Option<Vec<_>> = found.iter().map(|(_, fates)| fates.spread.as_ref().map(single)).collect();
    file.obsm.insert(cells.key().to_string(), Annotation::F32(points));
    file.obsm.insert("chreode_fates".into(), Annotation::F32(fates));
    if let Some(spread) = spread {
        file.obsm.insert("chreode_fates_spread".into(), Annotation::F32(join(spread)?));
    }
    file.uns.insert("chreode/fates".into(), Uns::Text(labels.join(",")));
    Ok(file)
}
