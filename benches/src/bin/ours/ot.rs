//! Exact plans.

use crate::arrays::{Arrays, cells, line};
use crate::case::Transport;
use crate::laws;
use crate::timing::{Times, repeat};
use anyhow::Result;
use chreode_core::Seed;
use chreode_models::{Exact, Pairing, Sampling};
use chreode_ot::{
    Assignment, CostFunction, Coupling, Line, NetworkSimplex, OtError, OtSolver, PointCloud,
    SquaredEuclidean, Transport as Problem, assign_all_points,
};
use serde::Serialize;
use std::time::Duration;

/// Repetitions, at least.
const REPEATS: usize = 5;
/// Small cases are repeated for this long.
const BUDGET: Duration = Duration::from_secs(1);

/// What was measured.
#[derive(Serialize)]
pub(crate) struct Report {
    seconds_median: f64,
    seconds_min: f64,
    repeats: usize,
    /// `⟨C, P⟩` of masses that sum to 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    cost: Option<f64>,
}

/// Times the solve of `case`; matrices of costs are made before.
pub(crate) fn time(case: Transport, arrays: &Arrays) -> Result<Report> {
    match case {
        Transport::Assignment { n, d } => {
            let clouds = arrays.clouds(n, n, d)?;
            let costs = SquaredEuclidean.matrix(clouds.x.view(), clouds.y.view())?;
            let mut solver = Assignment::new();
            let (total, times) =
                repeat(REPEATS, BUDGET, || Ok::<_, OtError>(solver.solve(costs.view())?.cost))?;
            Ok(Report::new(&times, Some(total / n as f64)))
        }
        Transport::Points { n, d } => {
            let clouds = arrays.clouds(n, n, d)?;
            let [x, y] = [clouds.x, clouds.y].map(|points| points.mapv(|v| v as f32));
            let pairing = Exact::new(Sampling::Replacement);
            let rng = &mut Seed(0).stream("pairs", 0);
            let (_, times) = repeat(REPEATS, BUDGET, || pairing.pair(x.view(), y.view(), rng))?;
            Ok(Report::new(&times, None))
        }
        Transport::Simplex { n, m, d } => {
            let clouds = arrays.clouds(n, m, d)?;
            let costs = SquaredEuclidean.matrix(clouds.x.view(), clouds.y.view())?;
            let (cost, times) = repeat(REPEATS, BUDGET, || {
                let problem = Problem::new(&costs, clouds.a.view(), clouds.b.view())?;
                Ok::<_, OtError>(NetworkSimplex::default().solve(&problem)?.cost())
            })?;
            Ok(Report::new(&times, Some(cost)))
        }
        Transport::Cells => {
            let [x, y] = cells()?;
            let (cost, times) = repeat(REPEATS, BUDGET, || {
                let cloud = PointCloud::new(x.view(), y.view(), &SquaredEuclidean)?;
                Ok::<_, OtError>(NetworkSimplex::default().solve(&Problem::uniform(&cloud)?)?.cost())
            })?;
            Ok(Report::new(&times, Some(cost)))
        }
        Transport::Line { n } => {
            let [x, y] = line(n);
            let (cost, times) = repeat(REPEATS, BUDGET, || {
                let line = Line::new(x.view(), y.view(), 2.0)?;
                Ok::<_, OtError>(Problem::uniform(&line)?.monotone_plan().cost())
            })?;
            Ok(Report::new(&times, Some(cost)))
        }
        Transport::Minibatch { count, n } => {
            let clouds: Vec<_> = (0..count as u64)
                .map(|k| {
                    let (x, y) = laws::clouds(n, n, 5, Seed(k));
                    (x.mapv(|v| v as f32), y.mapv(|v| v as f32))
                })
                .collect();
            let views: Vec<_> = clouds.iter().map(|(x, y)| (x.view(), y.view())).collect();
            let (cost, times) = repeat(REPEATS, BUDGET, || {
                assign_all_points(&views).into_iter().map(|plan| plan.map(|plan| plan.cost)).sum::<Result<
                    f64,
                    OtError,
                >>(
                )
            })?;
            Ok(Report::new(&times, Some(cost / (count * n) as f64)))
        }
    }
}

impl Report {
    fn new(times: &Times, cost: Option<f64>) -> Self {
        let (seconds_median, seconds_min) = (times.median(), times.least());
        Self { seconds_median, seconds_min, repeats: times.count(), cost }
    }
}
