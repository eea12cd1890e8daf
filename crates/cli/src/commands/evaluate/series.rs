//! Time series: individuals that were not trained on, at times that were not shown.

use crate::args::EvaluateArgs;
use crate::individuals::Individuals;
use crate::interrupt;
use crate::progress::spoken;
use crate::save::{probe, save};
use crate::say::say;
use crate::settings::Settings;
use crate::{solver, source};
use anyhow::{Result, bail};
use chreode_core::Seed;
use chreode_models::{
    Dataset, Forecaster, Individual, Pool, Series, SeriesScore, Statistic, area_under_curve,
};
use serde::Serialize;
use serde_json::json;
use std::ops::ControlFlow;
use std::time::Instant;

/// Individuals that are trained on.
const TRAINED: f64 = 0.8;
/// Individuals of which a fifth is one.
const FEWEST: usize = 3;
/// Times of the others that are shown when the rest is interpolated.
const SHOWN: f64 = 0.5;

/// What one seed gave.
#[derive(Clone, Debug, Serialize)]
struct Score {
    seed: u64,
    interpolation: f64,
    extrapolation: f64,
    /// Of the mean of each feature over the individuals trained on, at the same places.
    mean_interpolation: f64,
    mean_extrapolation: f64,
    auc: Option<f64>,
    seconds: f64,
}

/// Runs the command for a model of time series.
pub(super) fn run(args: &EvaluateArgs, mut settings: Settings, threads: usize) -> Result<()> {
    let start = Instant::now();
    source::individuals(&settings)?;
    let given = [&[("--hold-out", args.hold_out.is_some())][..], &solver::given(&args.solver)].concat();
    source::only_of_cells(&settings.model.method(), &given)?;
    let individuals = Individuals::read(&args.file, &settings.data)?;
    if individuals.series.len() < FEWEST {
        bail!(
            "{} has {} individuals, and a fifth of them is left out to score on; give {FEWEST} or more",
            args.file.display(),
            individuals.series.len()
        );
    }
    if let Some(path) = &args.json {
        probe(path)?;
    }
    let Some((first, last)) = individuals.series.span() else { bail!("nothing was measured") };
    settings.share_steps(&args.model, (TRAINED * individuals.series.len() as f64) as usize)?;
    interrupt::listen()?;
    say!("series   {}", individuals.counts());
    say!("model    {}, {} steps", settings.model.method(), settings.steps());
    say!(
        "asked    at random {:.0} % of the times of unseen individuals, and at the second half of time",
        100.0 * (1.0 - SHOWN)
    );
    let half = first + 0.5 * (last - first);
    let seeds = settings.model.fit().seed..settings.model.fit().seed.saturating_add(u64::from(args.seeds));
    let mut scores = Vec::new();
    for seed in seeds {
        scores.push(one(&individuals.series, &settings, (seed, half), threads)?);
        if interrupt::asked() {
            bail!("interrupted before all was scored, so nothing is kept; give fewer --seeds or --steps");
        }
    }
    let statistic =
        |value: &dyn Fn(&Score) -> f64| Statistic::of(&scores.iter().map(value).collect::<Vec<_>>());
    let said = |name: &str, s: &Statistic, mean: &Statistic| {
        let sd = s.sd.map_or(String::new(), |sd| format!(" ± {sd:.4}"));
        say!("{name} {:.4}{sd}   (the features' means: {:.4})", s.mean, mean.mean);
    };
    let (inside, after) = (statistic(&|s| s.interpolation), statistic(&|s| s.extrapolation));
    let means = (statistic(&|s| s.mean_interpolation), statistic(&|s| s.mean_extrapolation));
    say!("mean squared error, in units of each feature's variance:");
    said("between ", &inside, &means.0);
    said("after   ", &after, &means.1);
    let known: Vec<f64> = scores.iter().filter_map(|s| s.auc).collect();
    if !known.is_empty() {
        say!("label    AUC {:.4}", Statistic::of(&known).mean);
    }
    say!("done     in {}", spoken(start.elapsed().as_secs_f64()));
    if let Some(path) = &args.json {
        let document = json!({
            "summary": {
                "interpolation_mean": inside.mean, "interpolation_sd": inside.sd,
                "extrapolation_mean": after.mean, "extrapolation_sd": after.sd,
                "auc_mean": (!known.is_empty()).then(|| Statistic::of(&known).mean),
            },
            "scores": scores,
            "manifest": {
                "chreode": env!("CARGO_PKG_VERSION"),
                "file": individuals.file.display().to_string(),
                "data_sha256": individuals.hash,
                "individuals": individuals.series.len(),
                "features": individuals.series.features(),
                "method": settings.model.method(),
                "model": serde_json::to_value(&settings.model)?,
                "threads": threads,
            },
        });
        save(path, (serde_json::to_string_pretty(&document)? + "\n").as_bytes())?;
        say!("wrote    {}", path.display());
    }
    Ok(())
}

fn one(series: &Series, settings: &Settings, (seed, half): (u64, f64), threads: usize) -> Result<Score> {
    let (train, test) = series.split(TRAINED, Seed(seed))?;
    let frame = train.standardising()?;
    let mut config = settings.model.clone();
    config.fit_mut().seed = seed;
    let start = Instant::now();
    let mut run = config.start(&Dataset::Series(train), frame)?;
    run.train(Pool::with_threads(threads), &mut |_| {
        if interrupt::asked() { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    })?;
    let seconds = start.elapsed().as_secs_f64();
    let model = run.finish().forecaster()?;
    let shown = test.thinned(SHOWN, Seed(seed).child("shown"))?;
    let pairs = test.individuals().iter().zip(shown.individuals());
    let hidden =
        |(one, shown): (&Individual, &Individual)| one.keep(|i| !shown.times.contains(&one.times[i]));
    let hidden = Series::new(pairs.map(hidden).collect(), test.features().to_vec())?;
    let (early, late) = test.split_at(half)?;
    let (interpolation, mean_interpolation) = score(&*model, &shown, &hidden, seed)?;
    let (extrapolation, mean_extrapolation) = score(&*model, &early, &late, seed)?;
    let auc = labels(&*model, &test, seed)?;
    Ok(Score { seed, interpolation, extrapolation, mean_interpolation, mean_extrapolation, auc, seconds })
}

/// The area under the curve of the labels that the model learnt, of the individuals that it can start from.
fn labels(model: &dyn Forecaster, test: &Series, seed: u64) -> Result<Option<f64>> {
    let known = |one: &Individual| one.label.is_some() && model.starts_from(one);
    let able: Vec<usize> = (0..test.len()).filter(|&i| known(&test.individuals()[i])).collect();
    if able.is_empty() {
        return Ok(None);
    }
    let test = test.select(&able)?;
    let said = model.predict(&test, &vec![Vec::new(); test.len()], 10, Seed(seed))?;
    let known = said.iter().zip(test.individuals()).filter_map(|(p, one)| Some((p.label?, one.label?)));
    let (odds, labels): (Vec<f64>, Vec<bool>) = known.unzip();
    Ok(area_under_curve(&odds, &labels))
}

/// The error of the model and of the features' means at what `asked` holds, where more than a time was shown and the model
/// can start from it.
fn score(model: &dyn Forecaster, given: &Series, asked: &Series, seed: u64) -> Result<(f64, f64)> {
    let can = |one: &Individual| one.times.len() > 1 && model.starts_from(one);
    let able: Vec<usize> = (0..given.len())
        .filter(|&i| can(&given.individuals()[i]) && asked.individuals()[i].measurements() > 0)
        .collect();
    if able.is_empty() {
        bail!(
            "no unseen individual has both times to show, that the model can start from, and times to ask; give more individuals or times, or take latent-ode"
        );
    }
    let (given, asked) = (given.select(&able)?, asked.select(&able)?);
    let times: Vec<Vec<f64>> = asked.individuals().iter().map(|one| one.times.clone()).collect();
    let mut predicted = model.predict(&given, &times, 10, Seed(seed))?;
    let frame = &model.space().frame;
    let error = SeriesScore::of(&predicted, &asked, &frame.scale).mse;
    for p in &mut predicted {
        for (mut column, &mean) in p.mean.columns_mut().into_iter().zip(&frame.mean) {
            column.fill(mean as f32);
        }
    }
    Ok((error, SeriesScore::of(&predicted, &asked, &frame.scale).mse))
}
