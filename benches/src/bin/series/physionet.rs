//! The intensive-care stays of the PhysioNet Challenge 2012, by the protocol of Rubanova et al. (2019, arXiv:1907.03907,
//! section 4.3 and the authors' program).
//!
//! 8000 stays of 48 hours, 41 variables; times rounded to 6 minutes, values of the same 6 minutes averaged; each variable
//! less its minimum, over its maximum, of all stays; 80 % of the stays to learn from, drawn by the seed. The score is the
//! squared error averaged over the measurements of a variable of a stay, then over all variables and stays, where one
//! that was never measured counts 0. Interpolation: what was shown, from the latent path. Extrapolation: the second 24
//! hours from the first. Mortality: 4000 stays with their outcome, reconstruction and classification together.

use crate::row::Row;
use crate::training::Plan;
use anyhow::{Context, Result};
use chreode_core::Seed;
use chreode_models::{
    Fit, Forecaster, Frame, Individual, LatentConfig, Recipe, Series, SeriesScore, area_under_curve,
};
use ndarray::{Array1, Array2};
use ndarray_npy::NpzReader;
use std::fs::File;
use std::path::Path;

/// Minutes of a slot.
const SLOT: f64 = 6.0;

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

    /// The published metric and its value.
    fn published(self) -> (&'static str, f64) {
        match self {
            Self::Interpolation => ("mse", 2.118e-3),
            Self::Extrapolation => ("mse", 2.231e-3),
            Self::Mortality => ("auc", 0.829),
        }
    }
}

/// Every task.
pub(crate) fn run(plan: &Plan) -> Result<Vec<Row>> {
    let folder = plan.data.join("physionet2012");
    let a = read(&folder, "set_a")?;
    let both = [a.clone(), read(&folder, "set_b")?].concat();
    let names = names(&folder)?;
    let mut rows = Vec::new();
    for task in Task::ALL {
        if !plan.wants(task.name(), "Latent ODE") {
            continue;
        }
        let all = if task == Task::Mortality { &a } else { &both };
        let count = if plan.quick { all.len() / 10 } else { all.len() };
        let all = Series::new(all[..count].to_vec(), names.clone())?;
        let frame = over_maximum(&all)?;
        let (mut values, mut errors, mut seconds) = (Vec::new(), Vec::new(), Vec::new());
        for seed in 1..=plan.seeds {
            let (train, test) = all.split(0.8, Seed(seed))?;
            let config = config(task, train.len(), plan.epochs(40, 3), seed);
            let name = format!("{} seed {seed}", task.name());
            let epochs = plan.epochs(40, 3);
            let score = |model: &dyn Forecaster| {
                let (mse, auc) = score(task, model, &test)?;
                Ok(format!("mse {mse:.4e}, auc {:.4}", auc.unwrap_or(f64::NAN)))
            };
            let (model, time) = plan.train(&name, &train, frame.clone(), (config, epochs), &score)?;
            let (mse, auc) = self::score(task, &*model, &test)?;
            plan.say(&format!("{name}: mse {mse:.4e}, auc {auc:?}, {time:.0} s"))?;
            errors.push(mse);
            seconds.push(time);
            values.push(if task == Task::Mortality { auc.context("one class alone")? } else { mse });
        }
        let (metric, published) = task.published();
        rows.push(Row::of((task.name(), "Latent ODE"), metric, &values, &seconds, Some(published)));
        if task == Task::Mortality {
            rows.push(Row::of((task.name(), "Latent ODE"), "mse", &errors, &seconds, None));
        }
    }
    Ok(rows)
}

/// The published sizes where they matter; see the page of the benchmark for what differs.
fn config(task: Task, individuals: usize, epochs: u64, seed: u64) -> LatentConfig {
    let base = LatentConfig::default();
    let batch = 50;
    LatentConfig {
        latents: 20,
        state: 80,
        until: if task == Task::Extrapolation { 0.5 } else { 1.0 },
        label_weight: if task == Task::Mortality { 100.0 } else { 0.0 },
        fit: Fit { batch, steps: epochs * individuals.div_ceil(batch) as u64, seed, ..base.fit().clone() },
        ..base
    }
}

/// The published error, from one draw of the latent state as there, and the area under the ROC curve of mortality.
fn score(task: Task, model: &dyn Forecaster, test: &Series) -> Result<(f64, Option<f64>)> {
    let (given, asked) = match task {
        Task::Extrapolation => test.split_at(24.0)?,
        _ => (test.clone(), test.clone()),
    };
    let times: Vec<Vec<f64>> = asked.individuals().iter().map(|one| one.times.clone()).collect();
    let predicted = model.predict(&given, &times, 1, Seed(0))?;
    let score = SeriesScore::of(&predicted, &asked, &model.space().frame.scale);
    let known = predicted.iter().zip(asked.individuals());
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

fn names(folder: &Path) -> Result<Vec<String>> {
    let file = folder.join("params.json");
    let text = std::fs::read_to_string(&file).with_context(|| format!("cannot read {}", file.display()))?;
    let json: serde_json::Value = serde_json::from_str(&text)?;
    let list =
        json.as_array().or_else(|| json.get("params")?.as_array()).context("params.json is not a list")?;
    Ok(list.iter().map(|name| name.as_str().unwrap_or("?").to_string()).collect())
}

/// The stays of a set.
fn read(folder: &Path, set: &str) -> Result<Vec<Individual>> {
    let path = folder.join(format!("{set}.npz"));
    let file = File::open(&path).with_context(|| {
        format!(
            "cannot open {}; --data FOLDER (or CHREODE_DATA) names where physionet2012 lies",
            path.display()
        )
    })?;
    let mut npz = NpzReader::new(file)?;
    let ids: Array1<i32> = npz.by_name("record_id")?;
    let offsets: Array1<i32> = npz.by_name("offsets")?;
    let minutes: Array1<i16> = npz.by_name("time_min")?;
    let variables: Array1<u8> = npz.by_name("param")?;
    let values: Array1<f32> = npz.by_name("value")?;
    let outcomes: Array2<f32> = npz.by_name("outcomes")?;
    let count = names(folder)?.len();
    let stay = |k: usize| {
        let (from, to) = (offsets[k] as usize, offsets[k + 1] as usize);
        let slot = |i: usize| (f64::from(minutes[i]) / SLOT).round_ties_even() as i64;
        let mut slots: Vec<i64> = (from..to).map(slot).collect();
        slots.sort_unstable();
        slots.dedup();
        let mut sums = Array2::<f64>::zeros((slots.len(), count));
        let mut counts = Array2::<f64>::zeros((slots.len(), count));
        for i in from..to {
            let at = [slots.partition_point(|s| *s < slot(i)), usize::from(variables[i])];
            sums[at] += f64::from(values[i]);
            counts[at] += 1.0;
        }
        Individual {
            id: ids[k].to_string(),
            times: slots.iter().map(|&s| s as f64 * SLOT / 60.0).collect(),
            values: (&sums / &counts).mapv(|x| x as f32),
            label: Some(outcomes[[k, outcomes.ncols() - 1]] > 0.5),
        }
    };
    Ok((0..ids.len()).map(stay).collect())
}
