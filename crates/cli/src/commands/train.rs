//! `chreode train`: learn the flow between the snapshots of a file.

use crate::args::{DataArgs, ModelArgs, TrainArgs};
use crate::interrupt;
use crate::manifest::Manifest;
use crate::progress::{Meter, Metric, spoken};
use crate::run_dir::RunDir;
use crate::say::say;
use crate::settings::{Settings, stages as said};
use crate::source::{self, Source};
use anyhow::{Result, bail};
use chreode_models::{Dataset, Device, Frame, ModelConfig, Pool, Training};
use std::collections::BTreeMap;
use std::io::Write;
use std::ops::ControlFlow;
use std::path::Path;
use std::time::{Duration, Instant};

/// How often a checkpoint is written while training.
const SAVE_EVERY: Duration = Duration::from_secs(20);

/// Runs the command.
pub(crate) fn run(args: &TrainArgs, threads: usize, device: &Device) -> Result<()> {
    if let Some(folder) = &args.resume {
        return resume(args, folder, threads, device);
    }
    let mut settings = Settings::merged(args.config.as_deref(), &args.data, &args.model)?;
    let cells = source::read(&args.file, &settings)?;
    settings.share_steps(&args.model, cells.smallest())?;
    settings.model.fit_mut().device = device.clone();
    let training = settings.model.start(&cells.dataset()?, cells.frame()?)?;
    if args.plan {
        return plan(&*training, &*cells, threads);
    }
    let run = RunDir::create(&args.out)?;
    let (training, ..) =
        drive(Job { training, run: &run, cells: &*cells, settings, kept: Vec::new(), threads })?;
    next(&*training, &args.file, &args.out);
    Ok(())
}

/// What training would take, in memory and time.
fn plan(training: &dyn Training, cells: &dyn Source, threads: usize) -> Result<()> {
    interrupt::listen()?;
    let pool = Pool::with_threads(threads);
    let config = training.config();
    let memory = training.memory(pool)?;
    say!("{}", cells.counts());
    say!("space    {}", cells.space());
    say!("model    {}, {} parameters", config.method(), training.parameter_count());
    let parts = [
        ("data", memory.data, "as read and as the network sees them"),
        ("state", memory.state, "parameters, gradient, moments, average"),
        ("batches", memory.batches, "those that wait or are under way"),
        ("passes", memory.activations, "what a forward pass keeps"),
        (
            "solves",
            memory.solves,
            "states and passes that equations solved in a step keep, with untrained networks",
        ),
        ("plans", memory.plans, "at most: costs between two minibatches a thread"),
    ];
    for (name, bytes, what) in parts {
        say!("{name:<8} {:>9}  {what}", sized(bytes));
    }
    say!("memory   {:>9}  in all, beside the program and the file while it is read", sized(memory.total()));
    let seconds = estimate(&cells.dataset()?, cells.frame()?, (&config, 0), pool)?;
    let steps = said(&config.stages());
    say!("time     about {} for {steps} steps, from a few steps on this machine", spoken(seconds));
    Ok(())
}

/// Bytes in words.
fn sized(bytes: usize) -> String {
    let bytes = bytes as f64;
    match bytes {
        b if b < 1e3 => format!("{b:.0} B"),
        b if b < 1e6 => format!("{:.1} kB", b / 1e3),
        b if b < 1e9 => format!("{:.1} MB", b / 1e6),
        b => format!("{:.1} GB", b / 1e9),
    }
}

/// Goes on with the run of `folder`.
fn resume(args: &TrainArgs, folder: &Path, threads: usize, device: &Device) -> Result<()> {
    let run = RunDir::open(folder)?;
    let checkpoint = run.checkpoint()?.on(device);
    let mut settings = run.settings()?;
    settings.model = checkpoint.header.config.clone();
    let only_steps = ModelArgs { steps: args.model.steps, epochs: args.model.epochs, ..ModelArgs::default() };
    let changed = args.model != only_steps || args.data != DataArgs::default();
    if changed || args.config.is_some() {
        bail!(
            "a resumed run keeps its settings: with --resume give only --steps or --epochs, or start a new run with --out"
        );
    }
    let cells = source::read(&args.file, &settings)?;
    source::same_as(&*cells, &checkpoint.header.notes)?;
    let done = checkpoint.header.step;
    let asked = settings.asked(&args.model, cells.smallest());
    if let Some(total) = asked.filter(|total| *total > done) {
        settings.lengthen(total)?;
    }
    let training = ModelConfig::resume(&cells.dataset()?, &checkpoint, settings.model.fit().steps)?;
    if training.last_step() <= done || asked.is_some_and(|total| total <= done) {
        say!("{} is trained: {done} steps are done; give more with --steps N", folder.display());
        return Ok(());
    }
    let kept = run.metrics(done);
    let (training, ..) = drive(Job { training, run: &run, cells: &*cells, settings, kept, threads })?;
    next(&*training, &args.file, folder);
    Ok(())
}

/// A run with everything it needs.
pub(crate) struct Job<'a> {
    pub(crate) training: Box<dyn Training>,
    pub(crate) run: &'a RunDir,
    pub(crate) cells: &'a dyn Source,
    pub(crate) settings: Settings,
    pub(crate) kept: Vec<Metric>,
    pub(crate) threads: usize,
}

/// Says what is about to happen, trains, and leaves the run's files.
pub(crate) fn drive(job: Job<'_>) -> Result<(Box<dyn Training>, Settings, Vec<Metric>)> {
    let Job { mut training, run, cells, mut settings, kept, threads } = job;
    interrupt::listen()?;
    let notes = cells.notes();
    let pool = Pool::with_threads(threads);
    let (config, steps) = (training.config(), training.last_step());
    say!("device   {}, {threads} thread{}", config.fit().device, if threads == 1 { "" } else { "s" });
    say!("{}", cells.counts());
    say!("space    {}", cells.space());
    say!("model    {}, {} parameters", config.method(), training.parameter_count());
    let eta = estimate(&cells.dataset()?, cells.frame()?, (&config, training.steps()), pool)?;
    say!("steps    {} to {}, about {}", training.steps(), said(&config.stages()), spoken(eta));

    let mut meter = Meter::new("train", training.steps(), steps);
    let mut metrics = run.metrics_writer(&kept)?;
    let mut trouble = Ok(());
    while training.steps() < steps && !interrupt::asked() && trouble.is_ok() {
        let segment = Instant::now();
        training.train(pool, &mut |progress| {
            if let Some(metric) = meter.record(progress, steps) {
                trouble = line(&mut metrics, &metric);
            }
            let pause = segment.elapsed() > SAVE_EVERY || interrupt::asked() || trouble.is_err();
            if pause { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        })?;
        if training.steps() < steps {
            let manifest = Manifest::new(cells, &*training, threads, meter.seconds());
            keep(run, &*training, &notes, &mut settings, manifest)?;
        }
    }
    metrics.flush()?;
    trouble?;
    let seconds = meter.seconds();
    let curve: Vec<Metric> = kept.into_iter().chain(meter.finish()).collect();
    let manifest = Manifest::new(cells, &*training, threads, seconds);
    keep(run, &*training, &notes, &mut settings, manifest)?;
    let loss = curve.last().map_or(String::new(), |m| format!(", loss {:.4}", m.loss));
    say!("trained  {} of {steps} steps in {}{loss}", training.steps(), spoken(seconds));
    say!("wrote    {}", run.path("model.safetensors").display());
    Ok((training, settings, curve))
}

/// Saves all that `--resume` needs: the checkpoint first, so that a full disk leaves a run that fits together.
fn keep(
    run: &RunDir,
    training: &dyn Training,
    notes: &Notes,
    settings: &mut Settings,
    manifest: Manifest,
) -> Result<()> {
    run.save_checkpoint(&training.checkpoint(notes.clone()))?;
    settings.manifest = Some(manifest.table()?);
    run.save_settings(settings)
}

fn line(out: &mut impl Write, metric: &Metric) -> Result<()> {
    writeln!(out, "{}", serde_json::to_string(metric)?)?;
    Ok(out.flush()?)
}

/// Seconds that the steps after `done` take, from a few steps of every stage of a run that is thrown away.
fn estimate(data: &Dataset, frame: Frame, (config, done): (&ModelConfig, u64), pool: Pool) -> Result<f64> {
    const WARM: usize = 5;
    const TIMED: usize = 20;
    let mut few = config.clone();
    few.stage_steps().into_iter().for_each(|(_, steps)| *steps = (*steps).min((WARM + TIMED) as u64));
    let mut marks = vec![Instant::now()];
    few.start(data, frame)?.train(pool, &mut |_| {
        marks.push(Instant::now());
        if interrupt::asked() { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    })?;
    let (mut seconds, mut before, mut first) = (0.0, 0, 0);
    for ((_, steps), (_, tried)) in config.stages().into_iter().zip(few.stages()) {
        let last = first + tried as usize;
        let warm = if last > first + WARM { first + WARM } else { first };
        if let (Some(from), Some(to)) = (marks.get(warm), marks.get(last)) {
            let left = steps - done.saturating_sub(before).min(steps);
            seconds += (*to - *from).as_secs_f64() / (last - warm) as f64 * left as f64;
        }
        (before, first) = (before + steps, last);
    }
    Ok(seconds)
}

/// The last line: what to do next.
pub(crate) fn next(training: &dyn Training, file: &Path, folder: &Path) {
    let (file, folder) = (file.display(), folder.display());
    if training.steps() < training.last_step() {
        say!("next     chreode train {file} --resume {folder}");
    } else {
        say!("next     chreode predict {folder} {file} --out trajectories.h5ad");
    }
}

/// What a checkpoint remembers of its data.
pub(crate) type Notes = BTreeMap<String, String>;
