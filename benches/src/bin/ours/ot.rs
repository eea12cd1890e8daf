//! Plans.

use crate::arrays::{Arrays, cells, line};
use crate::case::{Transport, Word};
use crate::laws;
use crate::timing::{Times, repeat};
use anyhow::Result;
use chreode_core::Seed;
use chreode_models::{Exact, Pairing, Sampling};
use chreode_ot::{
    Assignment, CostFunction, Coupling, Geometry, Line, NetworkSimplex, OtError, OtSolver, PointCloud,
    Sinkhorn, SquaredEuclidean, Stop, Transport as Problem, assign_all_points,
};
use ndarray::Array2;
use serde::Serialize;
use std::ops::Range;
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
    /// L1 error of the marginals, where a plan has one.
    #[serde(skip_serializing_if = "Option::is_none")]
    l1_error: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    iterations: Option<usize>,
}

/// The L1 error of the marginals that entropic plans are brought to.
const TOLERANCE: f64 = 1e-6;

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
            // The peers' points are others of the same law, and what they call a cost is the size of the plan.
            anyhow::ensure!(cost.is_finite(), "the cost is {cost}");
            Ok(Report::new(&times, None))
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
        Transport::Sinkhorn { n, thousandths, costs: word } => {
            let clouds = arrays.clouds(n, n, 5)?;
            let costs = SquaredEuclidean.matrix(clouds.x.view(), clouds.y.view())?;
            let epsilon = thousandths as f64 / 1000.0 * costs.mean().expect("a matrix that is not empty");
            match word {
                Word::Double => sinkhorn(&costs, epsilon),
                Word::Single => sinkhorn(&Single(costs.mapv(|c| c as f32)), epsilon),
            }
        }
    }
}

fn sinkhorn(geometry: &impl Geometry, epsilon: f64) -> Result<Report> {
    let solver = Sinkhorn::new(epsilon, Stop::Within { tolerance: TOLERANCE, max_iterations: 20_000 });
    let problem = Problem::uniform(geometry)?;
    let ((cost, certificate), times) = repeat(REPEATS, BUDGET, || {
        let plan = solver.solve(&problem)?;
        Ok::<_, OtError>((plan.cost(), plan.certificate()))
    })?;
    let mut report = Report::new(&times, Some(cost));
    (report.l1_error, report.iterations) = (Some(certificate.residual), Some(certificate.iterations));
    Ok(report)
}

/// A matrix of costs in single precision.
struct Single(Array2<f32>);

impl Geometry for Single {
    fn shape(&self) -> (usize, usize) {
        self.0.dim()
    }

    fn costs<'s>(&'s self, row: usize, columns: Range<usize>, buffer: &'s mut Vec<f64>) -> &'s [f64] {
        let flat = self.0.as_slice().expect("a matrix made in one piece");
        let start = row * self.0.ncols();
        buffer.clear();
        buffer.extend(flat[start + columns.start..start + columns.end].iter().copied().map(f64::from));
        buffer
    }
}

impl Report {
    fn new(times: &Times, cost: Option<f64>) -> Self {
        let (seconds_median, seconds_min) = (times.median(), times.least());
        Self { seconds_median, seconds_min, repeats: times.count(), cost, l1_error: None, iterations: None }
    }
}
