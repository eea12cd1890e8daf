//! `chreode train`: learn the flow between the snapshots of a file.

use crate::args::{ModelArgs, TrainArgs};
use crate::cells::Cells;
use crate::interrupt;
use crate::manifest::Manifest;
use crate::progress::{Meter, Metric, spoken};
use crate::run_dir::RunDir;
use crate::say::say;
use crate::settings::{Settings, steps_of_epochs};
use anyhow::{Result, bail};
use chreode_models::{Cfm, FlowConfig, Frame, Pool};
use std::collections::BTreeMap;
use std::io::Write;
use std::ops::ControlFlow;
use std::path::Path;
use std::time::{Duration, Instant};

/// How often a checkpoint is written while training.
const SAVE_EVERY: Duration = Duration::from_secs(20);

/// Runs the command.
pub(crate) fn run(args: &TrainArgs, threads: usize) -> Result<()> {
    if let Some(folder) = &args.resume {
        return resume(args, folder, threads);
    }
    let mut settings = Settings::merged(args.config.as_deref(), &args.data, &args.model)?;
    let cells = Cells::read(&args.file, &settings.data)?;
    settings.model.steps = steps(&args.model, &settings.model, &cells);
    let cfm = Cfm::new(&cells.populations, cells.frame()?, settings.model.clone())?;
    let run = RunDir::create(&args.out)?;
    let (cfm, ..) = drive(Job { cfm, run: &run, cells: &cells, settings, kept: Vec::new(), threads })?;
    next(&cfm, &args.file, &args.out);
    Ok(())
}

/// Goes on with the run of `folder`.
fn resume(args: &TrainArgs, folder: &Path, threads: usize) -> Result<()> {
    let run = RunDir::open(folder)?;
    let checkpoint = run.checkpoint()?;
    let mut settings = run.settings()?;
    settings.model = checkpoint.header.config.clone();
    let changed = Settings::merged(None, &args.data, &args.model)?;
    let untouched = Settings {
        model: FlowConfig { steps: changed.model.steps, ..FlowConfig::default() },
        ..Settings::default()
    };
    if changed != untouched || args.config.is_some() {
        bail!(
            "a resumed run keeps its settings: with --resume give only --steps or --epochs, or start a new run with --out"
        );
    }
    let cells = Cells::read(&args.file, &settings.data)?;
    cells.same_as(&checkpoint.header.notes)?;
    settings.model.steps = steps(&args.model, &settings.model, &cells);
    let done = checkpoint.header.step;
    if settings.model.steps <= done {
        say!("{} is trained: {done} steps are done; give more with --steps N", folder.display());
        return Ok(());
    }
    let cfm = Cfm::resume(&cells.populations, &checkpoint, settings.model.steps)?;
    let kept = run.metrics(done);
    let (cfm, ..) = drive(Job { cfm, run: &run, cells: &cells, settings, kept, threads })?;
    next(&cfm, &args.file, folder);
    Ok(())
}

/// The steps that flags ask for, or those of the settings.
fn steps(args: &ModelArgs, config: &FlowConfig, cells: &Cells) -> u64 {
    let smallest = cells.populations.snapshots().iter().map(|s| s.len()).min().unwrap_or(0);
    args.epochs.map_or(args.steps.unwrap_or(config.steps), |e| steps_of_epochs(e, smallest, config.batch))
}

/// A run with everything it needs.
pub(crate) struct Job<'a> {
    pub(crate) cfm: Cfm,
    pub(crate) run: &'a RunDir,
    pub(crate) cells: &'a Cells,
    pub(crate) settings: Settings,
    pub(crate) kept: Vec<Metric>,
    pub(crate) threads: usize,
}

/// Says what is about to happen, trains, and leaves the run's files.
pub(crate) fn drive(job: Job<'_>) -> Result<(Cfm, Settings, Vec<Metric>)> {
    let Job { mut cfm, run, cells, mut settings, kept, threads } = job;
    interrupt::listen()?;
    let notes = cells.notes();
    let pool = Pool::with_threads(threads);
    let steps = cfm.config().steps;
    say!("device   cpu, {threads} thread{}", if threads == 1 { "" } else { "s" });
    say!("cells    {}", cells.counts());
    say!("space    {}", cells.space());
    say!("model    {}, {} parameters", cfm.config().method(), cfm.parameter_count());
    let eta =
        estimate(&cells.populations, cells.frame()?, cfm.config(), pool)? * (steps - cfm.steps()) as f64;
    say!("steps    {} to {steps}, about {}", cfm.steps(), spoken(eta));

    let mut meter = Meter::new("train", cfm.steps(), steps);
    let mut metrics = run.metrics_writer(&kept)?;
    let mut trouble = Ok(());
    while cfm.steps() < steps && !interrupt::asked() && trouble.is_ok() {
        let segment = Instant::now();
        cfm.train(pool, |progress| {
            if let Some(metric) = meter.record(progress, steps) {
                trouble = line(&mut metrics, &metric);
            }
            let pause = segment.elapsed() > SAVE_EVERY || interrupt::asked() || trouble.is_err();
            if pause { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        })?;
        if cfm.steps() < steps {
            keep(run, &cfm, &notes, &mut settings, Manifest::new(cells, &cfm, threads, meter.seconds()))?;
        }
    }
    metrics.flush()?;
    trouble?;
    let seconds = meter.seconds();
    let curve: Vec<Metric> = kept.into_iter().chain(meter.finish()).collect();
    keep(run, &cfm, &notes, &mut settings, Manifest::new(cells, &cfm, threads, seconds))?;
    let loss = curve.last().map_or(String::new(), |m| format!(", loss {:.4}", m.loss));
    say!("trained  {} of {steps} steps in {}{loss}", cfm.steps(), spoken(seconds));
    say!("wrote    {}", run.path("model.safetensors").display());
    Ok((cfm, settings, curve))
}

/// Saves all that `--resume` needs: the checkpoint first, so that a full disk leaves a run that fits together.
fn keep(run: &RunDir, cfm: &Cfm, notes: &Notes, settings: &mut Settings, manifest: Manifest) -> Result<()> {
    run.save_checkpoint(&cfm.checkpoint(notes.clone()))?;
    settings.manifest = Some(manifest.table()?);
    run.save_settings(settings)
}

fn line(out: &mut impl Write, metric: &Metric) -> Result<()> {
    writeln!(out, "{}", serde_json::to_string(metric)?)?;
    Ok(out.flush()?)
}

/// Seconds a step, from a few steps of a run that is thrown away.
fn estimate(
    populations: &chreode_core::Populations,
    frame: Frame,
    config: &FlowConfig,
    pool: Pool,
) -> Result<f64> {
    const WARM: u64 = 5;
    const TIMED: u64 = 20;
    let trial = FlowConfig { steps: WARM + TIMED, ..config.clone() };
    let mut start = Instant::now();
    Cfm::new(populations, frame, trial)?.train(pool, |progress| {
        if progress.step == WARM {
            start = Instant::now();
        }
        if interrupt::asked() { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    })?;
    Ok(start.elapsed().as_secs_f64() / TIMED as f64)
}

/// The last line: what to do next.
pub(crate) fn next(cfm: &Cfm, file: &Path, folder: &Path) {
    let (file, folder) = (file.display(), folder.display());
    if cfm.steps() < cfm.config().steps {
        say!("next     chreode train {file} --resume {folder}");
    } else {
        say!("next     chreode predict {folder} {file} --out trajectories.h5ad");
    }
}

/// What a checkpoint remembers of its data.
pub(crate) type Notes = BTreeMap<String, String>;
