//! The stays of the PhysioNet Challenge 2012 as series, or a few that are simulated.

use crate::training::Plan;
use anyhow::{Context, Result};
use chreode_core::Seed;
use chreode_models::{Course, Individual, Series};
use ndarray::{Array1, Array2};
use ndarray_npy::NpzReader;
use rand::RngExt;
use std::fs::File;
use std::path::Path;

/// Minutes of a slot.
const SLOT: f64 = 6.0;

/// Simulated stays: damped oscillators over 48 hours, each value missing with probability one half; who starts to the right
/// dies.
pub(crate) fn simulated(count: usize, seed: Seed) -> Result<Series> {
    let all = Course::Damped { points: 24 }.sample(count, 0.05, seed)?;
    let one = |(k, one): (usize, &Individual)| {
        let rng = &mut seed.stream("missing", k as u64);
        let label = Some(one.values[[0, 0]] > 0.0);
        let values = one.values.mapv(|x| if rng.random::<f64>() < 0.5 { f32::NAN } else { x });
        Individual { id: one.id.clone(), times: one.times.iter().map(|t| 16.0 * t).collect(), values, label }
    };
    Ok(Series::new(all.individuals().iter().enumerate().map(one).collect(), all.features().to_vec())?)
}

/// Some stays, and those of the other set without their outcomes.
pub(crate) fn beside(plan: &Plan, some: &Series) -> Result<Series> {
    let others = if plan.quick { simulated(50, Seed(1))? } else { read(&plan.data, &["set_b"])? };
    let others = others.map(|one| Individual { label: None, ..one.clone() })?;
    let all = [some.individuals(), others.individuals()].concat();
    Ok(Series::new(all, some.features().to_vec())?)
}

/// The stays of some of its sets.
pub(crate) fn read(data: &Path, sets: &[&str]) -> Result<Series> {
    let folder = data.join("physionet2012");
    let stays: Vec<Vec<Individual>> = sets.iter().map(|set| set_of(&folder, set)).collect::<Result<_>>()?;
    Ok(Series::new(stays.concat(), names(&folder)?)?)
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
fn set_of(folder: &Path, set: &str) -> Result<Vec<Individual>> {
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
