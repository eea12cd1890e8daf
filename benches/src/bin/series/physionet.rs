//! The intensive-care stays of the PhysioNet Challenge 2012, by the protocol of Rubanova et al. (2019, arXiv:1907.03907,
//! section 4.3 and the authors' program).
//!
//! 8000 stays of 48 hours, 41 variables; times rounded to 6 minutes, values of the same 6 minutes averaged; each variable
//! less its minimum, over its maximum, of all stays; 80 % of the stays to learn from, drawn by the seed. The score is the
//! squared error averaged over the measurements of a variable of a stay, then over all variables and stays, where one
//! that was never measured counts 0. Interpolation: what was shown, from the latent path. Extrapolation: the second 24
//! hours from the first. Mortality: 4000 stays with their outcome, reconstruction and classification together.

use crate::row::{Bound, Row};
use crate::stays;
use crate::training::Plan;
use anyhow::Result;
use chreode_core::Seed;
use chreode_models::{
    FilterConfig, Fit, Forecaster, Frame, LatentConfig, Learns, PriorShare, Recipe, Series, SeriesScore,
    area_under_curve,
};

/// Weight of the labels' cross-entropy, as published.
const LABELS: f64 = 100.0;
/// Weight decay where labels are learnt.
const DECAY: f64 = 1e-2;
/// The model that learns from the measurements of the other 4000 stays too, without their outcomes.
const SEMI: &str = "Semi-supervised latent ODE";
/// The model without a latent state.
const FILTER: &str = "ODE-RNN";
/// Draws of the latent state that a probability is the mean of.
const DRAWS: usize = 20;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Task {
    Interpolation,
    Extrapolation,
    Mortality,
}

impl Task {
    const ALL: [Self; 3] = [Self::Interpolation, Self::Extrapolation, Self::Mortality];

    fn name(self) -> &'static str {
        match self {
            Self::Interpolation => "physionet interpolation",
            Self::Extrapolation => "physionet extrapolation",
            Self::Mortality => "physionet mortality",
        }
    }

    /// The models, the published number of each, and the bound of a quick run.
    fn models(self) -> &'static [(&'static str, f64, Bound)] {
        match self {
            Self::Interpolation => &[("Latent ODE", 2.118e-3, Bound::AtMost(0.12))],
            Self::Extrapolation => &[("Latent ODE", 2.231e-3, Bound::AtMost(0.12))],
            Self::Mortality => &[
                ("Latent ODE", 0.829, Bound::AtLeast(0.9)),
                (SEMI, 0.829, Bound::AtLeast(0.9)),
                (FILTER, 0.833, Bound::AtLeast(0.9)),
            ],
        }
    }

    /// Epochs: fewer where a classifier would learn its labels by heart.
    fn epochs(self, model: &str, plan: &Plan) -> u64 {
        plan.epochs(if self == Self::Mortality && model == FILTER { 20 } else { 40 }, 40)
    }
}

/// Every task.
pub(crate) fn run(plan: &Plan) -> Result<Vec<Row>> {
    let mut rows = Vec::new();
    for task in Task::ALL {
        let wanted: Vec<_> =
            task.models().iter().filter(|(model, ..)| plan.wants(task.name(), model)).collect();
        if wanted.is_empty() {
            continue;
        }
        let all = match (plan.quick, task) {
            (true, _) => stays::simulated(150, Seed(0))?,
            (false, Task::Mortality) => stays::read(&plan.data, &["set_a"])?,
            _ => stays::read(&plan.data, &["set_a", "set_b"])?,
        };
        let frame = if plan.quick { all.standardising()? } else { over_maximum(&all)? };
        for &&(model, published, bound) in &wanted {
            let (mut errors, mut areas, mut costs) = (Vec::new(), Vec::new(), Vec::new());
            for seed in plan.seeds.clone() {
                let (mut train, test) = plan.split(&all, seed)?;
                if model == SEMI {
                    train = stays::beside(plan, &train)?;
                }
                let epochs = task.epochs(model, plan);
                let name = format!("{} {model} seed {seed}", task.name());
                let watched = |model: &dyn Forecaster| {
                    let (mse, auc) = score(task, model, &test)?;
                    Ok(format!("mse {mse:.4e}, auc {:.4}", auc.unwrap_or(f64::NAN)))
                };
                let size = (train.len(), epochs, seed);
                let (trained, cost) = match model {
                    FILTER => {
                        plan.train(&name, &train, frame.clone(), (filter(plan, size), epochs), &watched)?
                    }
                    _ => {
                        let recipe = latent(plan, task, size);
                        plan.train(&name, &train, frame.clone(), (recipe, epochs), &watched)?
                    }
                };
                let (mse, auc) = score(task, &*trained, &test)?;
                plan.say(&format!("{name}: mse {mse:.4e}, auc {auc:?}, {:.0} s", cost.seconds))?;
                errors.push(mse);
                areas.extend(auc);
                costs.push(cost);
            }
            let row = |metric, values: &[f64], published| {
                Row::of((task.name(), model), metric, values, &costs, published)
            };
            if task == Task::Mortality {
                rows.push(row("auc", &areas, Some(published)).held_to(plan.quick.then_some(bound)));
                rows.push(row("mse", &errors, None));
            } else {
                rows.push(row("mse", &errors, Some(published)).held_to(plan.quick.then_some(bound)));
            }
        }
    }
    Ok(rows)
}

/// The published sizes where they matter; see the page of the benchmark for what differs.
fn latent(plan: &Plan, task: Task, size: (usize, u64, u64)) -> LatentConfig {
    let base = LatentConfig {
        until: if task == Task::Extrapolation { 0.5 } else { 1.0 },
        label_weight: if task == Task::Mortality { LABELS } else { 0.0 },
        ..LatentConfig::default()
    };
    let fit = plan.fit(base.fit(), size);
    if plan.quick {
        let fit = Fit { hidden: vec![20], ..fit };
        return LatentConfig { latents: 4, state: 20, fit, ..base };
    }
    let base = LatentConfig {
        latents: 20,
        state: 80,
        noise: 0.01,
        span: 1.0,
        learns: Learns::Rest,
        prior: PriorShare::Latents,
        fit,
        ..base
    };
    if task != Task::Mortality {
        return base;
    }
    // Against labels learnt by heart: a third of the times at each step, and no layers between z₀ and the log-odds.
    let fit = Fit { weight_decay: DECAY, ..base.fit };
    LatentConfig { shown: 0.3, classifier: Vec::new(), fit, ..base }
}

/// An ODE-RNN that says the label after the last measurement.
fn filter(plan: &Plan, size: (usize, u64, u64)) -> FilterConfig {
    let base = FilterConfig { label_weight: LABELS, noise: 0.01, ..FilterConfig::default() };
    let fit = plan.fit(base.fit(), size);
    if plan.quick {
        let fit = Fit { hidden: vec![20], ..fit };
        return FilterConfig { state: 20, noise: 0.1, fit, ..base };
    }
    FilterConfig { state: 80, fit: Fit { weight_decay: DECAY, ..fit }, ..base }
}

/// The published error, from one draw of the latent state as there, and the area under the ROC curve of mortality, whose
/// probability is the mean over draws.
fn score(task: Task, model: &dyn Forecaster, test: &Series) -> Result<(f64, Option<f64>)> {
    let (given, asked) = match task {
        Task::Extrapolation => test.split_at(24.0)?,
        _ => (test.clone(), test.clone()),
    };
    let times: Vec<Vec<f64>> = asked.individuals().iter().map(|one| one.times.clone()).collect();
    let predicted = model.predict(&given, &times, 1, Seed(0))?;
    let score = SeriesScore::of(&predicted, &asked, &model.space().frame.scale);
    let none = vec![Vec::new(); given.len()];
    let labels =
        if task == Task::Mortality { model.predict(&given, &none, DRAWS, Seed(0))? } else { predicted };
    let known = labels.iter().zip(asked.individuals());
    let (scores, labels): (Vec<f64>, Vec<bool>) =
        known.filter_map(|(p, one)| Some((p.label?, one.label?))).unzip();
    Ok((score.mse_by_feature, area_under_curve(&scores, &labels)))
}

/// `(x − min) / max` of each variable, as in the authors' program.
fn over_maximum(all: &Series) -> Result<Frame> {
    let low_high = all.min_max()?;
    let high = low_high.mean.iter().zip(&low_high.scale).map(|(low, range)| low + range);
    let high = high.map(|high| if high > 0.0 { high } else { 1.0 }).collect();
    Ok(Frame::new(low_high.features, low_high.mean, high)?)
}
