//! Dots with intervals: one metric of every method, at each held-out time and on average.

use super::{Figure, Width};
use crate::report::data::{Metric, Report, Role, Score, ScoreRow, Scores};
use chreode_plot::{
    Anchor, Ink, LABEL_SIZE, Scale, Scene, Stroke, TICK_SIZE, TITLE_SIZE, Text, Weight,
    font::{fit, width},
};

/// Width of the whole figure, unless many times need more.
const TOTAL: f64 = 980.0;
/// Least width of a box.
const LEAST_COLUMN: f64 = 90.0;
/// Height of a row.
const ROW: f64 = 25.0;
/// Most room for the name of a method.
const MOST_NAME: f64 = 240.0;
const TOP: f64 = 34.0;
const BOTTOM: f64 = 48.0;
const GAP: f64 = 34.0;

pub(super) fn draw(report: &Report) -> Option<Figure> {
    let scores = report.scores.as_ref()?;
    let metric = *Metric::ALL.iter().find(|m| scores.rows.iter().any(|r| r.metric(**m).is_some()))?;
    let rows: Vec<&ScoreRow> = scores.rows.iter().filter(|r| r.metric(metric).is_some()).collect();
    let columns = columns(report, scores, &rows, metric);
    let limits = limits(&columns)?;
    let names = rows
        .iter()
        .map(|r| width(&r.method, LABEL_SIZE, Weight::SemiBold))
        .fold(0.0, f64::max)
        .min(MOST_NAME);
    let left = names + 18.0;
    let gaps = GAP * (columns.len() - 1) as f64;
    let each = ((TOTAL - left - 14.0 - gaps) / columns.len() as f64).max(LEAST_COLUMN);
    let right = left + each * columns.len() as f64 + gaps;
    let bottom = TOP + ROW * rows.len() as f64;
    let mut scene = Scene::new(right + 14.0, bottom + BOTTOM);
    for (index, row) in rows.iter().enumerate() {
        let name = fit(&row.method, LABEL_SIZE, Weight::SemiBold, MOST_NAME);
        let text =
            Text::new([left - 14.0, middle(index) + 4.0], name, LABEL_SIZE, Ink::Text).anchor(Anchor::End);
        scene.text(if row.role == Role::Model { text.bold() } else { text });
    }
    for (index, column) in columns.iter().enumerate() {
        let start = left + index as f64 * (each + GAP);
        let scale = Scale::linear(limits, [start, start + each]);
        grid(&mut scene, &scale, [start, start + each], bottom);
        scene.text(Text::new([start, TOP - 12.0], &column.title, TITLE_SIZE, Ink::Text).bold());
        floor(&mut scene, &scale, column, &rows, bottom);
        for (row, score) in column.scores.iter().enumerate() {
            if let Some(score) = score {
                dot(&mut scene, &scale, score, rows[row].role, middle(row));
            }
        }
    }
    let words = format!("{} distance to the measured cells (smaller is better)", metric.name());
    let at = [0.5 * (left + right), bottom + 36.0];
    scene.text(Text::new(at, words, LABEL_SIZE, Ink::Text).anchor(Anchor::Middle));
    let title = format!("{} at the held-out times", metric.name());
    Some(Figure { name: "scores", title, caption: caption(scores, &rows, metric), scene, width: Width::Full })
}

/// One box of the figure.
struct Column {
    title: String,
    scores: Vec<Option<Score>>,
}

fn columns(report: &Report, scores: &Scores, rows: &[&ScoreRow], metric: Metric) -> Vec<Column> {
    let pick = |index: usize| rows.iter().map(|r| r.metric(metric).and_then(|m| m.by_time[index])).collect();
    let mut columns: Vec<Column> = scores
        .times
        .iter()
        .enumerate()
        .map(|(index, time)| Column { title: report.time_text(*time), scores: pick(index) })
        .collect();
    let means: Vec<Option<Score>> = rows.iter().map(|r| r.metric(metric).and_then(|m| m.mean)).collect();
    if means.iter().any(Option::is_some) && scores.times.len() != 1 {
        columns.push(Column { title: "mean".into(), scores: means });
    }
    columns
}

/// The low and high end of a score with its interval, or its standard deviation.
fn ends(score: &Score) -> [f64; 2] {
    let sd = score.sd.unwrap_or(0.0);
    score.interval.unwrap_or([score.value - sd, score.value + sd])
}

fn limits(columns: &[Column]) -> Option<[f64; 2]> {
    let all = columns.iter().flat_map(|c| c.scores.iter().flatten());
    let [low, high] = all.fold(None, |found: Option<[f64; 2]>, score| {
        let [a, b] = ends(score);
        let [low, high] = found.unwrap_or([score.value; 2]);
        Some([low.min(a).min(score.value), high.max(b).max(score.value)])
    })?;
    let room = 0.06 * (high - low);
    // From zero when that costs little room: lengths can then be compared.
    let start = if low > 0.0 && low < 0.35 * high { 0.0 } else { low - room };
    Some([start, high + room])
}

fn middle(row: usize) -> f64 {
    TOP + ROW * (row as f64 + 0.5)
}

fn grid(scene: &mut Scene, scale: &Scale, [start, end]: [f64; 2], bottom: f64) {
    let ticks = scale.ticks((((end - start) / 70.0) as usize).clamp(2, 5));
    let lines = ticks.iter().map(|t| vec![[t.at, TOP - 2.0], [t.at, bottom]]).collect();
    scene.lines(lines, Stroke::new(Ink::Grid, 0.8));
    scene.line([start, bottom], [end, bottom], Stroke::new(Ink::Axis, 0.8));
    for tick in ticks {
        let text = Text::new([tick.at, bottom + 15.0], tick.label, TICK_SIZE, Ink::Muted);
        scene.text(text.anchor(Anchor::Middle));
    }
}

/// A dashed line through all rows where the floor is.
fn floor(scene: &mut Scene, scale: &Scale, column: &Column, rows: &[&ScoreRow], bottom: f64) {
    let floors = column.scores.iter().zip(rows).filter(|(_, r)| r.role == Role::Floor);
    for score in floors.filter_map(|(s, _)| s.as_ref()) {
        let x = scale.map(score.value);
        scene.line([x, TOP - 2.0], [x, bottom], Stroke::new(Ink::Muted, 1.0).dash(3.0, 3.0));
    }
}

fn dot(scene: &mut Scene, scale: &Scale, score: &Score, role: Role, y: f64) {
    let ink = if role == Role::Model { Ink::Model } else { Ink::Baseline };
    let [low, high] = ends(score).map(|v| scale.map(v));
    let x = scale.map(score.value);
    if high > low {
        let caps = [[low, low], [high, high]].map(|[a, b]| vec![[a, y - 3.0], [b, y + 3.0]]);
        scene.lines([vec![vec![[low, y], [high, y]]], caps.to_vec()].concat(), Stroke::new(ink, 1.2));
    }
    scene.dots(vec![[x, y]], 4.4, ink, 1.0);
    if role != Role::Model {
        scene.dots(vec![[x, y]], 3.0, Ink::Surface, 1.0);
    }
}

fn caption(scores: &Scores, rows: &[&ScoreRow], metric: Metric) -> String {
    let all = || {
        rows.iter().filter_map(|r| r.metric(metric)).flat_map(|m| m.by_time.iter().chain([&m.mean]).flatten())
    };
    let mut words = "The model (filled) and the methods beside it (open).".to_string();
    if all().any(|s| s.interval.is_some()) {
        words += &format!(" Whiskers: {}", scores.interval_name);
        words += if all().any(|s| s.interval.is_none() && s.sd.is_some()) {
            ", else one standard deviation."
        } else {
            "."
        };
    } else if all().any(|s| s.sd.is_some()) {
        words += " Whiskers: one standard deviation.";
    }
    if rows.iter().any(|r| r.role == Role::Floor) {
        words += " Dashed: what two halves of the measured cells score against each other.";
    }
    words
}
