//! `chreode evaluate`: leave one time out after the other, and say how far off the prediction is.

mod further;
mod series;

pub(crate) use further::Further;

use further::Answer;

use crate::args::EvaluateArgs;
use crate::cells::Cells;
use crate::interrupt;
use crate::progress::spoken;
use crate::save::{probe, save};
use crate::say::say;
use crate::settings::Settings;
use crate::solver;
use crate::source;
use crate::table;
use anyhow::{Context, Result, bail};
use chreode_core::Snapshot;
use chreode_models::{
    Device, Dynamics, Fold, Frame, HeldOut, Mixed, ModelError, Needs, Pool, Protocol, Sampler, Scores,
    Trained,
};
use indicatif::{ProgressBar, ProgressStyle};
use serde_json::{Value, json};
use std::cell::RefCell;
use std::ops::ControlFlow;
use std::time::Instant;

/// Runs the command.
pub(crate) fn run(args: &EvaluateArgs, threads: usize, device: &Device) -> Result<()> {
    let start = Instant::now();
    let mut settings = Settings::merged(args.config.as_deref(), &args.data, &args.model)?;
    settings.model.fit_mut().device = device.clone();
    if settings.model.needs() == Needs::Series {
        return series::run(args, settings, threads);
    }
    source::conditions(&settings)?;
    source::only_of_series(&settings.model.method(), &[("--series", settings.data.series.is_some())])?;
    let sampler = solver::for_scores(&args.solver)?;
    let cells = Cells::read(&args.file, &settings.data, settings.model.least_times())?;
    if let Some(path) = &args.json {
        probe(path)?;
    }
    let smallest = cells.populations.snapshots().iter().map(Snapshot::len).min().unwrap_or(0);
    settings.share_steps(&args.model, smallest)?;
    let protocol =
        protocol(args.hold_out.as_deref().unwrap_or("each"), args.seeds, settings.model.fit().seed)?;
    interrupt::listen()?;
    say!("cells    {}", cells.counts());
    say!("space    {}", cells.space());
    say!(
        "model    {}, {} steps of {} cells a time",
        settings.model.method(),
        settings.steps(),
        settings.model.fit().batch
    );
    say!("solver   {}", solver::described(&sampler));
    let (scores, further) = score(&cells, &settings, &protocol, &sampler, threads)?;
    say!("{}", table::of(&scores, &settings.model.method()));
    for line in further.lines() {
        say!("{line}");
    }
    say!("done     in {}", spoken(start.elapsed().as_secs_f64()));
    if let Some(path) = &args.json {
        let text = serde_json::to_string_pretty(&document(
            (&scores, &further),
            &cells,
            &settings,
            &sampler,
            threads,
        )?)?;
        save(path, (text + "\n").as_bytes())?;
        say!("wrote    {}", path.display());
    }
    Ok(())
}

/// Which times, which seeds.
fn protocol(hold_out: &str, seeds: u32, first: u64) -> Result<Protocol> {
    let held_out = if hold_out == "each" {
        HeldOut::EachInner
    } else {
        let times = hold_out.split(',').map(|t| t.trim().parse::<f64>());
        HeldOut::Times(times.collect::<Result<_, _>>().ok().with_context(|| {
            format!(
                "--hold-out is `{hold_out}`; give times separated by commas, e.g. --hold-out 1,2, or `each`"
            )
        })?)
    };
    let Some(end) = first.checked_add(u64::from(seeds)) else {
        bail!("seeds {first} and the {seeds} after it do not exist; choose a smaller --seed");
    };
    Ok(Protocol { held_out, seeds: (first..end).collect(), ..Protocol::default() })
}

/// Trains on every fold with every seed, and scores the predictions.
pub(crate) fn score(
    cells: &Cells,
    settings: &Settings,
    protocol: &Protocol,
    sampler: &Sampler,
    threads: usize,
) -> Result<(Scores, Further)> {
    interrupt::listen()?;
    let populations = cells.scored()?;
    let whitened = settings.data.whiten;
    let bar = ProgressBar::new_spinner();
    bar.set_style(ProgressStyle::with_template("{spinner} {msg}  {elapsed}").expect("a valid template"));
    bar.enable_steady_tick(std::time::Duration::from_millis(200));
    let answers = RefCell::new(Vec::new());
    let forecast = |fold: &Fold<'_>| -> Result<Snapshot, ModelError> {
        bar.set_message(format!("time {} left out, seed {}", fold.time, fold.seed.0));
        // Whitened cells are what the network sees; others are scaled by what the fold may know.
        let frame = if whitened {
            Frame::identity(fold.training.features().to_vec())
        } else {
            Frame::isotropic(fold.training)?
        };
        let mut config = settings.model.clone().without(&populations.times(), fold.time);
        config.fit_mut().seed = fold.seed.0;
        let mut run = config.start(&cells.data_of(fold.training)?, frame)?;
        run.train(Pool::with_threads(threads), &mut |_| {
            if interrupt::asked() { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        })?;
        let times = [fold.source.time, fold.time];
        let mut nats = None;
        let states = match run.finish() {
            Trained::Conditional(model) => {
                let (known, of) = cells.conditions_at(fold.source.time);
                let motion = Mixed::new(&*model, known, of, model.guidance())?;
                motion.evolve(fold.source, &times, sampler, fold.seed)?
            }
            model => {
                let model = model.dynamics()?;
                let truth = populations.at(fold.time)?;
                let density = model.log_density(fold.time, truth.points.view(), sampler)?;
                nats = density.and_then(|density| density.mean());
                model.evolve(fold.source, &times, sampler, fold.seed)?
            }
        };
        let predicted = states.into_iter().next_back().expect("one state a time");
        let answer = Answer { time: fold.time, source: fold.source.time, predicted: predicted.clone(), nats };
        answers.borrow_mut().push(answer);
        Ok(predicted)
    };
    let scores = protocol.run(&populations, &forecast);
    bar.finish_and_clear();
    if interrupt::asked() {
        bail!(
            "interrupted before all was scored, so nothing is kept; give fewer --seeds or --steps for a quicker answer"
        );
    }
    let scores = scores?;
    Ok((scores, Further::of(&answers.into_inner(), cells, &populations)?))
}

/// The scores as a JSON document.
pub(crate) fn document(
    (scores, further): (&Scores, &Further),
    cells: &Cells,
    settings: &Settings,
    sampler: &Sampler,
    threads: usize,
) -> Result<Value> {
    let mut summary = serde_json::Map::new();
    let statistics = &scores.summary;
    for (name, s) in [
        ("w1", &statistics.w1),
        ("w2", &statistics.w2),
        ("mmd", &statistics.mmd),
        ("energy", &statistics.energy),
        ("seconds", &statistics.seconds),
    ] {
        summary.insert(format!("{name}_mean"), json!(s.mean));
        summary.insert(format!("{name}_sd"), json!(s.sd));
    }
    let by_time =
        statistics.w1_by_time.iter().map(|(time, s)| json!({"time": time, "w1_mean": s.mean, "w1_sd": s.sd}));
    summary.insert("by_time".into(), by_time.collect());
    Ok(json!({
        "summary": summary,
        "scores": scores.scores,
        "baselines": scores.baselines,
        "further": further,
        "manifest": {
            "chreode": env!("CARGO_PKG_VERSION"),
            "file": cells.file.display().to_string(),
            "data_sha256": cells.hash,
            "time": cells.time,
            "representation": cells.key(),
            "dims": cells.populations.dims(),
            "whitened": settings.data.whiten,
            "times": cells.populations.times(),
            "cells": cells.populations.snapshots().iter().map(Snapshot::len).collect::<Vec<_>>(),
            "method": settings.model.method(),
            "solver": solver::described(sampler),
            "model": serde_json::to_value(&settings.model)?,
            "threads": threads,
        },
    }))
}
