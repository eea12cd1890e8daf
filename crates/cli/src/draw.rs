//! From a run to its report: which cells, paths and arrows are drawn.

use crate::cells::Cells;
use crate::commands::predict::Moved;
use crate::progress::Metric as Point;
use crate::report::{
    Cells as Drawn, Entry, FieldGrid, Loss, Metric, MetricScores, Prediction, Report, Role, Score, ScoreRow,
    Scores, Split, Trajectories,
};
use anyhow::Result;
use chreode_core::{Seed, Snapshot};
use chreode_models::{Dynamics, Sampler, Statistic};
use ndarray::{Array2, ArrayView2, Axis};
use rand::seq::index;

/// Paths that a picture holds without becoming a ball of wool.
const PATHS: usize = 160;
/// Times along a path.
const ALONG: usize = 48;
/// Arrows a side of the field's grid.
const GRID: usize = 40;

/// Cells, paths, predictions and fields of a run, in the first two coordinates.
pub(crate) fn report(
    title: &str,
    cells: &Cells,
    model: &dyn Dynamics,
    sampler: &Sampler,
    moved: &Moved,
) -> Result<Report> {
    let mut report = Report::new(title);
    report.axes = axes(cells);
    report.time_name.clone_from(&cells.time);
    let snapshots = cells.populations.snapshots();
    report.cells =
        snapshots.iter().map(|s| Drawn::new(s.time, Split::Training, plane(s.points.view()))).collect();
    report.trajectories = Some(paths(&snapshots[0], &cells.populations.times(), model, sampler)?);
    report.predictions = predictions(&snapshots[0], moved);
    report.fields = snapshots.iter().map(|s| field(s, model)).collect::<Result<_>>()?;
    Ok(report)
}

/// Names of the first two coordinates, principal components as a paper writes them.
fn axes(cells: &Cells) -> [String; 2] {
    let features = cells.populations.features();
    [0, 1].map(|j| match cells.key() {
        "X_pca" => format!("PC {}", j + 1),
        _ => features.get(j).cloned().unwrap_or_default(),
    })
}

/// The first two coordinates; a single coordinate is drawn on a line.
fn plane(points: ArrayView2<'_, f32>) -> Array2<f64> {
    Array2::from_shape_fn((points.nrows(), 2), |(i, j)| points.get((i, j)).map_or(0.0, |&v| f64::from(v)))
}

/// Paths of some cells of the first snapshot through all times.
fn paths(first: &Snapshot, times: &[f64], model: &dyn Dynamics, sampler: &Sampler) -> Result<Trajectories> {
    let mut rng = Seed(0).stream("drawn paths", 0);
    let chosen = index::sample(&mut rng, first.len(), PATHS.min(first.len())).into_vec();
    let (start, end) = (times[0], times[times.len() - 1]);
    let along: Vec<f64> = (0..=ALONG).map(|k| start + (end - start) * k as f64 / ALONG as f64).collect();
    let drawn = Snapshot::new(first.time, first.points.select(Axis(0), &chosen));
    let states = model.evolve(&drawn, &along, sampler, Seed(0))?;
    let path = |i: usize| {
        Array2::from_shape_fn((along.len(), 2), |(k, j)| {
            states[k].points.get((i, j)).map_or(0.0, |&v| f64::from(v))
        })
    };
    Ok(Trajectories { paths: (0..chosen.len()).map(path).collect(), times: along })
}

/// Where the first snapshot's cells are at each later time.
fn predictions(first: &Snapshot, moved: &Moved) -> Vec<Prediction> {
    let rows: Vec<usize> = (0..moved.rows.len()).filter(|&i| moved.measured[i] == first.time).collect();
    let later = moved.times.iter().zip(&moved.positions).filter(|(time, _)| **time > first.time);
    later.map(|(&time, at)| Prediction { time, points: plane(at.select(Axis(0), &rows).view()) }).collect()
}

/// The velocity over the plane, with the other coordinates at those of the nearest measured cell.
fn field(snapshot: &Snapshot, model: &dyn Dynamics) -> Result<FieldGrid> {
    let cells = plane(snapshot.points.view());
    let axis = |j: usize| {
        let column = cells.column(j);
        let (lo, hi) = column.iter().fold((f64::MAX, f64::MIN), |(lo, hi), &v| (lo.min(v), hi.max(v)));
        let (lo, hi) = if hi > lo { (lo, hi) } else { (lo - 0.5, hi + 0.5) };
        (0..GRID).map(|i| lo + (hi - lo) * i as f64 / (GRID - 1) as f64).collect::<Vec<_>>()
    };
    let (x, y) = (axis(0), axis(1));
    let mut points = Array2::<f32>::zeros((GRID * GRID, snapshot.points.ncols()));
    for (k, mut point) in points.rows_mut().into_iter().enumerate() {
        let at = [x[k % GRID], y[k / GRID]];
        let distance = |i: usize| (cells[[i, 0]] - at[0]).powi(2) + (cells[[i, 1]] - at[1]).powi(2);
        let nearest = (0..snapshot.len()).min_by(|&a, &b| distance(a).total_cmp(&distance(b)));
        point.assign(&snapshot.points.row(nearest.expect("a snapshot has cells")));
        point.iter_mut().zip(at).for_each(|(p, v)| *p = v as f32);
    }
    let velocity = model.velocity(snapshot.time, points.view())?;
    let component = |j: usize| {
        Array2::from_shape_fn((GRID, GRID), |(r, c)| {
            velocity.get((r * GRID + c, j)).map_or(0.0, |&v| f64::from(v))
        })
    };
    Ok(FieldGrid { time: snapshot.time, x, y, u: component(0), v: component(1) })
}

/// The loss curve, with a running mean of a tenth of its points.
pub(crate) fn loss(curve: &[Point]) -> Loss {
    let values: Vec<f64> = curve.iter().map(|m| m.loss).collect();
    let reach = (values.len() / 20).max(1);
    let smooth = |i: usize| {
        // Symmetric, so that the steep beginning is not averaged with what comes after it.
        let reach = reach.min(i).min(values.len() - 1 - i);
        let window = &values[i - reach..=i + reach];
        window.iter().sum::<f64>() / window.len() as f64
    };
    let smoothed = Some((0..values.len()).map(smooth).collect());
    Loss { steps: curve.iter().map(|m| m.step).collect(), values, smoothed, name: "matching loss".into() }
}

/// The score table: the model with its spread, the baselines, the floor.
pub(crate) fn scores(scores: &chreode_models::Scores, method: &str) -> Scores {
    let times: Vec<f64> = scores.summary.w1_by_time.iter().map(|(time, _)| *time).collect();
    let mut rows =
        vec![ScoreRow { method: method.to_string(), role: Role::Model, metrics: model(scores, &times) }];
    let baselines = &scores.baselines;
    let mut row = |name: &str, role: Role, values: Vec<Option<f64>>| {
        let known: Vec<f64> = values.iter().flatten().copied().collect();
        let mean = (known.len() == values.len()).then(|| Score::new(Statistic::of(&known).mean));
        let by_time = values.into_iter().map(|v| v.map(Score::new)).collect();
        let metrics = vec![MetricScores { metric: Metric::W1, by_time, mean }];
        rows.push(ScoreRow { method: name.to_string(), role, metrics });
    };
    row("no motion", Role::Baseline, baselines.iter().map(|b| Some(b.no_motion)).collect());
    row("other neighbour", Role::Baseline, baselines.iter().map(|b| Some(b.other_neighbour)).collect());
    row("exact-OT midpoint", Role::Baseline, baselines.iter().map(|b| Some(b.midpoint)).collect());
    row("split-half floor", Role::Floor, baselines.iter().map(|b| b.split_half).collect());
    Scores { times, rows, interval_name: "bootstrap 95 %".into() }
}

fn model(scores: &chreode_models::Scores, times: &[f64]) -> Vec<MetricScores> {
    type Value = fn(&chreode_models::Distances) -> f64;
    let s = &scores.summary;
    let metrics: [(Metric, Value, &Statistic); 4] = [
        (Metric::W1, |d| d.w1, &s.w1),
        (Metric::W2, |d| d.w2, &s.w2),
        (Metric::Mmd, |d| d.mmd, &s.mmd),
        (Metric::Energy, |d| d.energy, &s.energy),
    ];
    let with_spread = |s: &Statistic| s.sd.map_or(Score::new(s.mean), |sd| Score::new(s.mean).with_sd(sd));
    let at = |time: f64, metric: Metric, value: Value| {
        let runs: Vec<_> = scores.scores.iter().filter(|s| s.time == time).collect();
        let score =
            with_spread(&Statistic::of(&runs.iter().map(|r| value(&r.distances)).collect::<Vec<_>>()));
        if metric != Metric::W1 {
            return Some(score);
        }
        let end = |k: usize| {
            Statistic::of(&runs.iter().map(|r| r.distances.w1_interval[k]).collect::<Vec<_>>()).mean
        };
        Some(score.with_interval(end(0), end(1)))
    };
    metrics
        .into_iter()
        .map(|(metric, value, mean)| MetricScores {
            metric,
            by_time: times.iter().map(|&time| at(time, metric, value)).collect(),
            mean: Some(with_spread(mean)),
        })
        .collect()
}

/// The manifest's lines.
pub(crate) fn manifest(table: &toml::Table) -> Vec<Entry> {
    let plain = |value: &toml::Value| value.as_str().map_or_else(|| value.to_string(), String::from);
    table.iter().map(|(key, value)| Entry { key: key.clone(), value: plain(value) }).collect()
}
