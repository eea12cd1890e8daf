//! A neural field, 3 × 64 SELU, in f32.

use crate::arrays::{self, FieldArrays};
use crate::turns::turns;
use anyhow::{Context, Result};
use chreode_core::{NetworkField, Tolerance, VectorField};
use chreode_nn::Mlp;
use chreode_ode::{
    BOSH3, BatchSolve, DOPRI5, ExplicitRk, Last, NetworkRows, Pi, Rows, Solve, Span, TSIT5, Tableau, VERNER6,
};
use ndarray::Array2;
use serde_json::{Value, json};
use std::hint::black_box;
use std::path::Path;
use std::time::Duration;

const SPAN: Span = Span { t0: 0.0, t1: 1.0 };
const TOLERANCE: f64 = 1e-4;

/// Methods that are tried when an error is asked for.
const METHODS: [(&str, Tableau); 4] =
    [("Bosh3", BOSH3), ("Dopri5", DOPRI5), ("Tsit5", TSIT5), ("Verner6", VERNER6)];

/// Who has a step size.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Steps {
    /// The batch.
    Shared,
    /// Each row.
    Each,
}

/// Times one batch of `n` rows of width `d`: dopri5 at 1e-4 with a step shared by the batch, or, with `at_most`, the
/// fastest of ours whose error is no larger.
pub(crate) fn row(
    n: usize,
    d: usize,
    threads: usize,
    data: Option<&Path>,
    at_most: Option<f64>,
) -> Result<Value> {
    let arrays = arrays::field(n, d, data)?;
    let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().context("no thread pool")?;
    let mut row = pool.install(|| {
        let batch = FieldBatch::new(&arrays)?;
        match at_most {
            None => batch.as_usual(),
            Some(at_most) => batch.fastest(at_most),
        }
    })?;
    row["case"] = format!("neural-field-{n}x{d}").into();
    row["threads"] = threads.into();
    Ok(row)
}

/// A network, its rows, and where they end.
struct FieldBatch {
    network: Mlp<f32>,
    start: Array2<f32>,
    exact: Array2<f64>,
}

impl FieldBatch {
    fn new(arrays: &FieldArrays) -> Result<Self> {
        let network: Mlp<f64> = arrays.network()?;
        let rows = Rows::new(arrays.x.view(), SPAN);
        let solve = BatchSolve::new(DOPRI5, Pi::new(Tolerance::both(1e-8)));
        let exact = solve.rows(&NetworkRows::new(&network), &rows)?.y;
        Ok(Self { network: arrays.network()?, start: arrays.x.mapv(|v| v as f32), exact })
    }

    fn solve(&self, steps: Steps, tableau: Tableau, tolerance: f64) -> Result<Array2<f32>> {
        let control = Pi::new(Tolerance::both(tolerance));
        if steps == Steps::Shared {
            let field = NetworkField::new(&self.network);
            return Ok(Solve::new(ExplicitRk::new(tableau), control).end(
                &field,
                SPAN,
                self.start.clone(),
            )?);
        }
        let rows = Rows::new(self.start.view(), SPAN);
        let block = self.start.nrows().div_ceil(rayon::current_num_threads());
        Ok(BatchSolve::new(tableau, control).row_blocks(|| NetworkRows::new(&self.network), &rows, block)?.y)
    }

    /// Beside the time of the evaluations alone.
    fn as_usual(&self) -> Result<Value> {
        let field = NetworkField::new(&self.network);
        let solve = Solve::new(ExplicitRk::new(DOPRI5), Pi::new(Tolerance::both(TOLERANCE)));
        let mut last = Last::new();
        let evaluations = solve.run(&field, SPAN, self.start.clone(), &mut last)?.stats.evals;
        let (_, end) = last.0.context("a finished solve has a last state")?;
        let mut dy = self.start.clone();
        let mut whole = || drop(black_box(solve.end(&field, SPAN, black_box(&self.start).clone())));
        let mut alone =
            || (0..evaluations).for_each(|_| field.eval_into(0.5, black_box(&self.start), &mut dy));
        let seconds = turns(Duration::from_secs(1), &mut [&mut whole, &mut alone]);
        Ok(json!({
            "ours_seconds": seconds[0].median, "ours": "Dopri5 1e-4", "ours_evaluations": evaluations,
            "field_seconds": seconds[1].median, "ours_error": self.error(&end),
        }))
    }

    fn fastest(&self, at_most: f64) -> Result<Value> {
        let mut chosen = Vec::new();
        for (steps, (name, tableau)) in
            [Steps::Shared, Steps::Each].into_iter().flat_map(|s| METHODS.map(|m| (s, m)))
        {
            for quarter in 8..=28 {
                let tolerance = 10f64.powf(-0.25 * f64::from(quarter));
                let error = self.error(&self.solve(steps, tableau, tolerance)?);
                if error <= at_most {
                    let rows = if steps == Steps::Each { " each row" } else { "" };
                    chosen.push((steps, tableau, tolerance, error, format!("{name} {tolerance:.0e}{rows}")));
                    break;
                }
            }
        }
        let mut runs: Vec<Box<dyn FnMut() + '_>> = chosen
            .iter()
            .map(|&(steps, tableau, tolerance, ..)| -> Box<dyn FnMut() + '_> {
                Box::new(move || drop(black_box(self.solve(steps, tableau, tolerance))))
            })
            .collect();
        let mut turned: Vec<&mut dyn FnMut()> =
            runs.iter_mut().map(|r| &mut **r as &mut dyn FnMut()).collect();
        let seconds = turns(Duration::from_secs(2), &mut turned);
        let best = (0..seconds.len()).min_by(|&a, &b| seconds[a].median.total_cmp(&seconds[b].median));
        let best = best.with_context(|| format!("no method of ours reaches an error of {at_most:e}"))?;
        let (.., error, name) = &chosen[best];
        Ok(json!({ "ours_seconds": seconds[best].median, "ours": name, "ours_error": error }))
    }

    /// Root mean square against a solve of each row in f64 at 1e-8.
    fn error(&self, end: &Array2<f32>) -> f64 {
        let squares = self.exact.iter().zip(end).map(|(a, b)| (a - f64::from(*b)).powi(2)).sum::<f64>();
        (squares / self.exact.len() as f64).sqrt()
    }
}
