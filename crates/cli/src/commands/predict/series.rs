//! What individuals will do: one row an individual and time.

use crate::args::PredictArgs;
use crate::individuals::{Individuals, delimiter, is_table};
use crate::progress::spoken;
use crate::save::save;
use crate::say::say;
use crate::solver;
use crate::source::only_of_cells;
use anyhow::{Result, bail};
use chreode_core::Seed;
use chreode_io::{AnnData, Column, Matrix, write_h5ad};
use chreode_models::{Checkpoint, Predicted, Series};
use ndarray::{Array2, Axis, concatenate};
use std::time::Instant;

/// Draws of a model with random latent states.
const DRAWS: usize = 30;

/// Runs the command on a run of a model of time series.
pub(super) fn run(args: &PredictArgs, checkpoint: &Checkpoint) -> Result<()> {
    let start = Instant::now();
    let PredictArgs { from, rates, expression, under, .. } = args;
    let given = [
        ("--from", from.is_some()),
        ("--as", under.condition.is_some()),
        ("--guidance", under.guidance.is_some()),
        ("--rates", rates.is_some()),
        ("--expression", expression.is_some()),
    ];
    let given = [&given[..], &solver::given(&args.solver)].concat();
    only_of_cells(&checkpoint.header.config.method(), &given)?;
    if args.until.is_some_and(f64::is_nan) {
        bail!("--until must be a number, e.g. --until 24");
    }
    let individuals = Individuals::to_predict(&args.file, &checkpoint.header)?;
    let model = checkpoint.trained()?.forecaster()?;
    let named = &model.space().frame.features;
    if individuals.series.features() != named {
        bail!(
            "{} has the features {} where this run was trained on {}",
            args.file.display(),
            individuals.series.features().join(", "),
            named.join(", ")
        );
    }
    let given = match args.until {
        Some(until) => individuals.series.split_at(until)?.0,
        None => individuals.series.clone(),
    };
    let times: Vec<Vec<f64>> = match &args.times {
        Some(times) => vec![times.clone(); given.len()],
        None => individuals.series.individuals().iter().map(|one| one.times.clone()).collect(),
    };
    let predicted = model.predict(&given, &times, DRAWS, Seed(args.seed))?;
    let count: usize = times.iter().map(Vec::len).sum();
    say!("said     {count} times of {} individuals", given.len());
    write(args, &individuals, &given, &predicted)?;
    say!("wrote    {} in {}", args.out.display(), spoken(start.elapsed().as_secs_f64()));
    Ok(())
}

/// A long table as text, or an .h5ad with the expected values in X and their deviations in `layers/spread`.
fn write(
    args: &PredictArgs,
    individuals: &Individuals,
    given: &Series,
    predicted: &[Predicted],
) -> Result<()> {
    let ids = given.individuals().iter().zip(predicted);
    let ids: Vec<String> =
        ids.flat_map(|(one, p)| std::iter::repeat_n(one.id.clone(), p.times.len())).collect();
    let times: Vec<f64> = predicted.iter().flat_map(|p| p.times.clone()).collect();
    let label = |p: &Predicted| std::iter::repeat_n(p.label.unwrap_or(f64::NAN), p.times.len());
    let labels: Vec<f64> = predicted.iter().flat_map(label).collect();
    let stacked = |part: &dyn Fn(&Predicted) -> Option<Array2<f32>>| -> Option<Array2<f32>> {
        let parts: Vec<Array2<f32>> = predicted.iter().map(part).collect::<Option<_>>()?;
        concatenate(Axis(0), &parts.iter().map(|part| part.view()).collect::<Vec<_>>()).ok()
    };
    let Some(mean) = stacked(&|p| Some(p.mean.clone())) else { bail!("there is nothing to say") };
    let spread = stacked(&|p| p.spread.clone());
    let labelled = predicted.iter().any(|p| p.label.is_some());
    let features = given.features();
    if is_table(&args.out) {
        let mut out = csv::WriterBuilder::new().delimiter(delimiter(&args.out)).from_writer(Vec::new());
        let mut header = vec![individuals.column().to_string(), individuals.time().to_string()];
        header.extend(features.iter().cloned());
        if spread.is_some() {
            header.extend(features.iter().map(|name| format!("{name}_sd")));
        }
        if labelled {
            header.push("probability".into());
        }
        out.write_record(&header)?;
        for (i, (id, time)) in ids.iter().zip(&times).enumerate() {
            let mut row = vec![id.clone(), time.to_string()];
            row.extend(mean.row(i).iter().map(f32::to_string));
            row.extend(spread.iter().flat_map(|spread| spread.row(i).to_vec()).map(|x| x.to_string()));
            if labelled {
                row.push(labels[i].to_string());
            }
            out.write_record(&row)?;
        }
        return save(&args.out, &out.into_inner()?);
    }
    let mut file = AnnData::new((0..ids.len()).map(|i| i.to_string()).collect(), features.to_vec());
    file.obs.set(individuals.column(), Column::Strings(ids.into_iter().map(Some).collect()))?;
    file.obs.set(individuals.time(), Column::Numbers(times))?;
    if labelled {
        file.obs.set("probability", Column::Numbers(labels))?;
    }
    file.x = Some(Matrix::Dense(mean));
    file.layers = spread.map(|spread| ("spread".to_string(), Matrix::Dense(spread))).into_iter().collect();
    Ok(write_h5ad(&args.out, &file)?)
}
