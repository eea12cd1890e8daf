//! 10,000 Lorenz systems to t = 5, each with its own steps.

use crate::arrays;
use crate::lanes::lanes;
use crate::turns::turns;
use anyhow::{Context, Result, bail};
use chreode_core::Tolerance;
use chreode_ode::{
    BatchSolve, DOPRI5, DOPRI8, ExplicitRk, Lane, LaneField, Pi, Rows, Solve, Span, TSIT5, Tableau,
};
use ndarray::{Array2, ArrayView2};
use serde_json::{Value, json};
use std::hint::black_box;
use std::path::Path;
use std::time::Duration;

const SPAN: Span = Span { t0: 0.0, t1: 5.0 };
/// Rows whose error is taken, as in the peers' script.
const JUDGED: usize = 64;
/// The methods that are tried.
const METHODS: [(&str, Tableau); 3] = [("Dopri5", DOPRI5), ("Tsit5", TSIT5), ("Dopri8", DOPRI8)];

struct Lorenz;

impl LaneField for Lorenz {
    #[inline(always)]
    fn eval<L: Lane>(&self, _t: L, y: &[L], _p: &[L], dy: &mut [L]) {
        dy[0] = (y[1] - y[0]) * 10.0;
        dy[1] = y[0] * (-y[2] + 28.0) - y[1];
        dy[2] = y[0] * y[1] - y[2] * (8.0 / 3.0);
    }
}

/// The ends of `starts`, or nothing when a row fails.
fn solve(starts: &Array2<f64>, tableau: Tableau, tolerance: f64) -> Result<Array2<f64>> {
    let rows = Rows::new(starts.view(), SPAN);
    let batch = BatchSolve::new(tableau, Pi::new(Tolerance::both(tolerance))).lanes(&Lorenz, &rows)?;
    if let Some((row, error)) = batch.failures().next() {
        bail!("row {row}: {error}");
    }
    Ok(batch.y)
}

/// Ends of the first rows at tolerance 1e-13.
fn reference(starts: ArrayView2<'_, f64>) -> Result<Array2<f64>> {
    let field = |_t: f64, y: &[f64; 3]| {
        [10.0 * (y[1] - y[0]), y[0] * (28.0 - y[2]) - y[1], y[0] * y[1] - 8.0 / 3.0 * y[2]]
    };
    let solve = Solve::new(ExplicitRk::new(DOPRI8), Pi::new(Tolerance::both(1e-13)));
    let mut out = Array2::zeros((JUDGED.min(starts.nrows()), 3));
    for (mut to, from) in out.rows_mut().into_iter().zip(starts.rows()) {
        let end = solve.end(&field, SPAN, [from[0], from[1], from[2]])?;
        to.iter_mut().zip(end).for_each(|(to, end)| *to = end);
    }
    Ok(out)
}

/// The median over rows of the largest error of a coordinate.
fn error(ends: &Array2<f64>, reference: &Array2<f64>) -> f64 {
    let largest = |(a, b): (ndarray::ArrayView1<'_, f64>, ndarray::ArrayView1<'_, f64>)| {
        a.iter().zip(b).fold(0.0, |m: f64, (a, b)| m.max((a - b).abs()))
    };
    let mut errors: Vec<f64> = ends.rows().into_iter().zip(reference.rows()).map(largest).collect();
    errors.sort_by(f64::total_cmp);
    errors[errors.len() / 2]
}

/// A row beside the lanes by hand, or, with `at_most`, the fastest of ours whose error is no larger.
pub(crate) fn row(threads: usize, data: Option<&Path>, at_most: Option<f64>) -> Result<Value> {
    let starts = arrays::lorenz(data)?;
    let reference = reference(starts.view())?;
    let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().context("no thread pool")?;
    pool.install(|| match at_most {
        None => beside_lanes(&starts, &reference, threads),
        Some(at_most) => fastest(&starts, &reference, threads, at_most),
    })
}

fn beside_lanes(starts: &Array2<f64>, reference: &Array2<f64>, threads: usize) -> Result<Value> {
    const TOLERANCE: f64 = 1e-6;
    let ours_error = error(&solve(starts, DOPRI5, TOLERANCE)?, reference);
    let hand_error = error(&lanes::<8>(starts), reference);
    let mut dopri5 = || drop(black_box(solve(black_box(starts), DOPRI5, TOLERANCE)));
    let mut eight = || drop(black_box(lanes::<8>(black_box(starts))));
    let mut sixteen = || drop(black_box(lanes::<16>(black_box(starts))));
    let mut forty = || drop(black_box(lanes::<40>(black_box(starts))));
    let seconds = turns(Duration::from_secs(6), &mut [&mut dopri5, &mut eight, &mut sixteen, &mut forty]);
    let (hand, width) = (1..4)
        .map(|i| (seconds[i].median, [0, 8, 16, 40][i]))
        .fold((f64::INFINITY, 0), |a, b| if b.0 < a.0 { b } else { a });
    Ok(json!({
        "case": "lorenz-10000", "ours_seconds": seconds[0].median, "ours": "Dopri5 1e-6", "ours_error": ours_error,
        "peer": format!("lanes of {width} by hand, one step size for all"), "peer_seconds": hand,
        "peer_error": hand_error, "goal": 1.0 / 1.5, "threads": threads,
    }))
}

fn fastest(starts: &Array2<f64>, reference: &Array2<f64>, threads: usize, at_most: f64) -> Result<Value> {
    let mut chosen = Vec::new();
    for (name, tableau) in METHODS {
        // The loosest tolerance that is accurate enough, on the judged rows.
        let judged = starts.slice(ndarray::s![..JUDGED.min(starts.nrows()), ..]).to_owned();
        for half in 6..=24 {
            let tolerance = 10f64.powf(-0.5 * f64::from(half));
            let error = error(&solve(&judged, tableau, tolerance)?, reference);
            if error <= at_most {
                chosen.push((name, tableau, tolerance, error));
                break;
            }
        }
    }
    let mut runs: Vec<Box<dyn FnMut() + '_>> = chosen
        .iter()
        .map(|&(_, tableau, tolerance, _)| -> Box<dyn FnMut() + '_> {
            Box::new(move || drop(black_box(solve(black_box(starts), tableau, tolerance))))
        })
        .collect();
    let mut turned: Vec<&mut dyn FnMut()> = runs.iter_mut().map(|r| &mut **r as &mut dyn FnMut()).collect();
    let seconds = turns(Duration::from_secs(2), &mut turned);
    let best = (0..seconds.len()).min_by(|&a, &b| seconds[a].median.total_cmp(&seconds[b].median));
    let best = best.with_context(|| format!("no method of ours reaches an error of {at_most:e}"))?;
    let (name, _, tolerance, error) = chosen[best];
    Ok(json!({
        "ours_seconds": seconds[best].median, "ours": format!("{name} {tolerance:.0e}"), "ours_error": error,
        "threads": threads,
    }))
}
