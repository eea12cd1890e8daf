//! Plans.

use crate::arrays::{Arrays, Clouds, cells, line};
use crate::case::{Transport, Word};
use crate::laws;
use crate::timing::{Times, once, repeat};
use anyhow::Result;
use chreode_core::Seed;
use chreode_models::{Exact, Pairing, Sampling};
use chreode_ot::{
    Assignment, CostFunction, Coupling, FactoredCost, Form, Geometry, GromovTransport, GromovWasserstein,
    Line, LowRankSinkhorn, Marginal, NetworkSimplex, Order, OtError, OtSolver, PointCloud, Reference,
    RelaxedSolver, RelaxedTransport, Sinkhorn, SquaredEuclidean, Stop, Structure, Transport as Problem,
    UnbalancedSinkhorn, assign_all_points, directions, sliced_wasserstein,
};
use ndarray::{Array2, Axis, s};
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
    /// A value that depends on where a descent starts, or on random directions: shown but not compared.
    #[serde(skip_serializing_if = "Option::is_none")]
    loss: Option<f64>,
    /// The most memory that the process ever had, in MiB, where the system tells.
    #[serde(skip_serializing_if = "Option::is_none")]
    peak_mb: Option<f64>,
}

/// The L1 error of the marginals that entropic plans are brought to.
const TOLERANCE: f64 = 1e-6;

/// Times the solve of `case`; matrices of costs are made before.
pub(crate) fn time(case: Transport, arrays: &Arrays) -> Result<Report> {
    // The peers' script writes files of powers of two alone; other sizes are made here, of the same law.
    let of = |n: usize| if n.is_power_of_two() { arrays } else { &Arrays::Made };
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
            let (_, times) = repeat(REPEATS, BUDGET, || pairing.pair(x.view(), y.view(), 1.0, rng))?;
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
        Transport::Unbalanced { n, thousandths, reference } => {
            let clouds = arrays.clouds(n, n, 5)?;
            unbalanced(&clouds, thousandths, reference)
        }
        Transport::Sliced { n, d, directions: count } => {
            let clouds = of(n).clouds(n, n, d)?;
            let lines = directions(count, d, Seed(11))?;
            let (x, y) = (clouds.x.view(), clouds.y.view());
            let (distance, times) = repeat(REPEATS, BUDGET, || {
                sliced_wasserstein(x, y, None, None, Order::Two, lines.view()).map(|sliced| sliced.value)
            })?;
            Ok(Report { loss: Some(distance), ..Report::new(&times, None) })
        }
        Transport::Gromov { n } => {
            let clouds = of(n).clouds(n, n, 5)?;
            gromov(&clouds)
        }
        Transport::LowRank { n, rank } => {
            let clouds = of(n).clouds(n, n, 5)?;
            let solver = LowRankSinkhorn::new(rank, Stop::Within { tolerance: 1e-7, max_iterations: 10_000 });
            let (plan, times) = repeat(3, BUDGET, || {
                let costs = FactoredCost::squared_euclidean(clouds.x.view(), clouds.y.view())?;
                solver.solve_factored(&Problem::uniform(&costs)?)
            })?;
            let (loss, iterations) = (Some(plan.cost()), Some(plan.certificate().iterations));
            Ok(Report { loss, iterations, ..Report::new(&times, None) })
        }
        Transport::MatrixFree { n, iterations } => {
            let clouds = of(n).clouds(n, n, 5)?;
            matrix_free(&clouds, iterations)
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

fn unbalanced(clouds: &Clouds, thousandths: usize, reference: Reference) -> Result<Report> {
    let costs = SquaredEuclidean.matrix(clouds.x.view(), clouds.y.view())?;
    let mean = costs.mean().expect("a matrix that is not empty");
    let penalty = Marginal::Kl { lambda: mean };
    let stop = Stop::Within { tolerance: TOLERANCE, max_iterations: 20_000 };
    let epsilon = thousandths as f64 / 1000.0 * mean;
    let solver = UnbalancedSinkhorn { reference, ..UnbalancedSinkhorn::new(epsilon, stop) };
    let problem = RelaxedTransport::new(&costs, clouds.a.view(), clouds.b.view(), penalty, penalty)?;
    let ((cost, certificate), times) = repeat(REPEATS, BUDGET, || {
        let plan = solver.solve(&problem)?;
        Ok::<_, OtError>((plan.cost(), plan.certificate()))
    })?;
    let (l1_error, iterations) = (Some(certificate.residual), Some(certificate.iterations));
    Ok(Report { l1_error, iterations, ..Report::new(&times, Some(cost)) })
}

fn gromov(clouds: &Clouds) -> Result<Report> {
    let [x, y] = [(&clouds.x, 5), (&clouds.y, 3)].map(|(points, d)| {
        let points = points.slice(s![.., ..d]);
        SquaredEuclidean.matrix(points, points).map(|c| &c / c.mean().expect("a matrix that is not empty"))
    });
    let (x, y) = (Structure::matrix(x?.view())?, Structure::matrix(y?.view())?);
    let problem = GromovTransport::uniform(&x, &y);
    // POT's: relative and absolute decreases of 1e-9.
    let solver = GromovWasserstein::new(Stop::Within { tolerance: 1e-9, max_iterations: 10_000 });
    let (plan, times) = repeat(REPEATS, BUDGET, || solver.solve(&problem))?;
    let iterations = Some(plan.certificate().iterations);
    Ok(Report { loss: Some(plan.value()), iterations, ..Report::new(&times, None) })
}

fn matrix_free(clouds: &Clouds, iterations: usize) -> Result<Report> {
    let cloud = PointCloud::new(clouds.x.view(), clouds.y.view(), &SquaredEuclidean)?;
    // Of clouds: the mean squared distance is that of the means and the two variances.
    let moments = |points: &Array2<f64>| (points.mean_axis(Axis(0)), points.var_axis(Axis(0), 0.0).sum());
    let ((x, spread_x), (y, spread_y)) = (moments(&clouds.x), moments(&clouds.y));
    let (x, y) = (x.expect("points"), y.expect("points"));
    let mean = (&x - &y).mapv(|d| d * d).sum() + spread_x + spread_y;
    let solver = Sinkhorn { form: Form::Log, ..Sinkhorn::new(0.05 * mean, Stop::After { iterations }) };
    let problem = Problem::uniform(&cloud)?;
    let (certificate, times) = once(|| Ok::<_, OtError>(solver.solve(&problem)?.certificate()))?;
    let (l1_error, iterations) = (Some(certificate.residual), Some(certificate.iterations));
    Ok(Report { l1_error, iterations, peak_mb: peak(), ..Report::new(&times, None) })
}

/// The peak of this process's memory in MiB; the high-water mark of Linux.
fn peak() -> Option<f64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    Some(line.trim().trim_end_matches("kB").trim().parse::<f64>().ok()? / 1024.0)
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
        Self {
            seconds_median,
            seconds_min,
            repeats: times.count(),
            cost,
            l1_error: None,
            iterations: None,
            loss: None,
            peak_mb: None,
        }
    }
}
