//! A neural field, 3 × 64 SELU, dopri5 at 1e-4 in f32, one step size for the batch.

use crate::arrays::{self, FieldArrays};
use crate::turns::turns;
use anyhow::{Context, Result};
use chreode_core::{NetworkField, Tolerance, VectorField};
use chreode_nn::Mlp;
use chreode_ode::{DOPRI5, ExplicitRk, Last, Pi, Solve, Span};
use ndarray::Array2;
use serde_json::{Value, json};
use std::hint::black_box;
use std::path::Path;
use std::time::Duration;

const SPAN: Span = Span { t0: 0.0, t1: 1.0 };
const TOLERANCE: f64 = 1e-4;

/// Times one batch of `n` rows of width `d`.
pub(crate) fn row(n: usize, d: usize, threads: usize, data: Option<&Path>) -> Result<Value> {
    let arrays = arrays::field(n, d, data)?;
    let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().context("no thread pool")?;
    pool.install(|| time(&arrays, threads))
}

fn time(arrays: &FieldArrays, threads: usize) -> Result<Value> {
    let network: Mlp<f32> = arrays.network()?;
    let start: Array2<f32> = arrays.x.mapv(|v| v as f32);
    let field = NetworkField::new(&network);
    let solve = Solve::new(ExplicitRk::new(DOPRI5), Pi::new(Tolerance::both(TOLERANCE)));
    let mut last = Last::new();
    let report = solve.run(&field, SPAN, start.clone(), &mut last)?;
    let (_, end) = last.0.context("a finished solve has a last state")?;
    let evaluations = report.stats.evals;
    let mut dy = start.clone();
    let mut whole = || drop(black_box(solve.end(&field, SPAN, black_box(&start).clone())));
    let mut alone = || (0..evaluations).for_each(|_| field.eval_into(0.5, black_box(&start), &mut dy));
    let seconds = turns(Duration::from_secs(2), &mut [&mut whole, &mut alone]);
    Ok(json!({
        "case": format!("neural-field/{}x{}", start.nrows(), start.ncols()), "threads": threads,
        "ours_seconds": seconds[0], "ours": "Dopri5 1e-4", "ours_evaluations": evaluations,
        "field_seconds": seconds[1], "ours_error": error(arrays, &end)?,
    }))
}

/// Root mean square against a solve in f64 at 1e-9.
fn error(arrays: &FieldArrays, end: &Array2<f32>) -> Result<f64> {
    let network: Mlp<f64> = arrays.network()?;
    let field = NetworkField::new(&network);
    let solve = Solve::new(ExplicitRk::new(DOPRI5), Pi::new(Tolerance::both(1e-8)));
    let exact = solve.end(&field, SPAN, arrays.x.clone())?;
    let squares = exact.iter().zip(end).map(|(a, b)| (a - f64::from(*b)).powi(2)).sum::<f64>();
    Ok((squares / exact.len() as f64).sqrt())
}
