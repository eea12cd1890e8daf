//! The stochastic Brusselator, by the protocol of De Brouwer et al. (2019, arXiv:1905.12374, and the authors' program).
//!
//! 1000 sporadically measured courses of two species over 50 units of time, 80 % of them to learn from. Of the others what
//! was measured before time 35 is shown, and the next three times are forecast: the mean squared error, and −ln of the
//! density, over measured values in the units of the file. On the authors' file; a quick run on courses of the same equation
//! simulated here.

use crate::row::{Bound, Row};
use crate::training::Plan;
use anyhow::{Context, Result};
use chreode_core::Seed;
use chreode_models::{
    Course, FilterConfig, Fit, Forecaster, Individual, Predicted, Recipe, Series, SeriesScore, Update,
};
use ndarray::Array2;
use std::collections::BTreeMap;

/// When forecasts begin.
const SHOWN: f64 = 35.0;
/// Times that are forecast.
const ASKED: usize = 3;

/// All models.
pub(crate) fn run(plan: &Plan) -> Result<Vec<Row>> {
    let path = plan.data.join("gru_ode_bayes/BXLator.csv");
    let (all, source) = if plan.quick {
        (Course::Brusselator.sample(150, 0.0, Seed(432))?, "courses simulated here")
    } else {
        let text = std::fs::read_to_string(&path)
            .with_context(|| format!("cannot read the authors' file, {}", path.display()))?;
        (parsed(&text)?, "the authors' file")
    };
    plan.say(&format!("{source}: {} courses, {} values", all.len(), all.measurements()))?;
    let mut rows = Vec::new();
    for update in [Update::GruOdeBayes, Update::OdeRnn, Update::Rnn] {
        let name = FilterConfig { update, ..FilterConfig::default() }.method();
        if !plan.wants("brusselator", name) {
            continue;
        }
        let (mut errors, mut surprises, mut costs) = (Vec::new(), Vec::new(), Vec::new());
        for seed in plan.seeds.clone() {
            let (train, test) = plan.split(&all, seed)?;
            let epochs = plan.epochs(100, 40);
            let watched = |model: &dyn Forecaster| {
                let (mse, nll) = score(model, &test)?;
                Ok(format!("mse {mse:.4e}, nll {nll:.4}"))
            };
            let config = config(plan, update, (train.len(), epochs, seed));
            let frame = train.standardising()?;
            let (model, cost) =
                plan.train(&format!("{name} seed {seed}"), &train, frame, (config, epochs), &watched)?;
            let (mse, nll) = score(&*model, &test)?;
            plan.say(&format!(
                "brusselator, {name}, seed {seed}: mse {mse:.4e}, nll {nll:.4}, {:.0} s",
                cost.seconds
            ))?;
            errors.push(mse);
            surprises.push(nll);
            costs.push(cost);
        }
        // An RNN that is not told how far ahead it looks is at 0.5.
        let bound = (plan.quick && update != Update::Rnn).then_some(Bound::AtMost(0.05));
        rows.push(Row::of(("brusselator", name), "mse", &errors, &costs, None).held_to(bound));
        if update == Update::GruOdeBayes {
            rows.push(Row::of(("brusselator", name), "nll", &surprises, &costs, None));
        }
    }
    Ok(rows)
}

fn config(plan: &Plan, update: Update, size: (usize, u64, u64)) -> FilterConfig {
    let base = match update {
        Update::GruOdeBayes => FilterConfig::gru_ode_bayes(),
        update => FilterConfig { update, state: 50, ..FilterConfig::default() },
    };
    FilterConfig { prep: 25, fit: Fit { weight_decay: 5e-4, ..plan.fit(base.fit(), size) }, ..base }
}

/// The mean squared error and −ln of the density of the next three times.
fn score(model: &dyn Forecaster, test: &Series) -> Result<(f64, f64)> {
    let (given, after) = test.split_at(SHOWN)?;
    let asked = after.map(|one| one.keep(|i| i < ASKED))?;
    let times: Vec<Vec<f64>> = asked.individuals().iter().map(|one| one.times.clone()).collect();
    let said = model.predict(&given, &times, 1, Seed(0))?;
    let mse = SeriesScore::of(&said, &asked, &[1.0, 1.0]).mse;
    Ok((mse, surprise(&said, &asked)))
}

fn surprise(said: &[Predicted], asked: &Series) -> f64 {
    let (mut sum, mut values) = (0.0, 0);
    for (p, one) in said.iter().zip(asked.individuals()) {
        let Some(spread) = &p.spread else { continue };
        for ((x, m), s) in one.values.iter().zip(&p.mean).zip(spread) {
            if !x.is_nan() {
                let (error, s) = (f64::from(x - m), f64::from(*s));
                sum += 0.5 * (error / s).powi(2) + s.ln() + 0.5 * (2.0 * std::f64::consts::PI).ln();
                values += 1;
            }
        }
    }
    sum / f64::from(values.max(1))
}

/// `ID,Time,Value_1,Value_2,Mask_1,Mask_2,Cov`, in no order of time.
fn parsed(text: &str) -> Result<Series> {
    let mut rows: BTreeMap<u64, Vec<[f64; 5]>> = BTreeMap::new();
    for (k, line) in text.lines().enumerate().skip(1) {
        let fields: Vec<f64> = line
            .split(',')
            .map(str::parse)
            .collect::<Result<_, _>>()
            .with_context(|| format!("line {} is not of numbers", k + 1))?;
        let &[id, time, x, y, has_x, has_y, ..] = &fields[..] else {
            anyhow::bail!("line {} has {} fields where 7 are expected", k + 1, fields.len());
        };
        rows.entry(id as u64).or_default().push([time, x, y, has_x, has_y]);
    }
    let one = |(id, mut rows): (u64, Vec<[f64; 5]>)| {
        rows.sort_by(|a, b| a[0].total_cmp(&b[0]));
        let value =
            |(i, j): (usize, usize)| if rows[i][3 + j] > 0.0 { rows[i][1 + j] as f32 } else { f32::NAN };
        let values = Array2::from_shape_fn((rows.len(), 2), value);
        Individual { id: id.to_string(), times: rows.iter().map(|row| row[0]).collect(), values, label: None }
    };
    Ok(Series::new(rows.into_iter().map(one).collect(), vec!["x".into(), "y".into()])?)
}
