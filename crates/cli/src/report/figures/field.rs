//! Streamlines of the learned velocity, where there are cells.

use super::{Figure, Width};
use crate::report::data::Report;
use crate::report::panels::{Key, Panels, Shape, limits, thin};
use crate::report::streamlines::{Streamline, streamlines};
use chreode_plot::{Frame, Ink, Point, Stroke};

/// Widths of a line from slow to fast.
const WIDTHS: [f64; 4] = [0.6, 0.9, 1.2, 1.5];
/// Distance between arrow heads along a line.
const HEADS: f64 = 75.0;
/// Side of the squares that say where cells are.
const SQUARE: f64 = 8.0;

pub(super) fn draw(report: &Report) -> Option<Figure> {
    let limits = limits(report)?;
    if report.fields.is_empty() || report.cells.iter().all(|c| c.points.nrows() == 0) {
        return None;
    }
    let titles: Vec<String> = match report.fields.as_slice() {
        [_] => Vec::new(),
        fields => fields.iter().map(|f| report.time_text(f.time)).collect(),
    };
    let mut panels = Panels::new(limits, &titles);
    let span = report.time_span();
    for (index, field) in report.fields.iter().enumerate() {
        let frame = panels.frames[index];
        panels.background(index, report, 4000);
        let gap = |c: &&crate::report::data::Cells| (c.time - field.time).abs();
        if let Some(nearest) = report.cells.iter().min_by(|a, b| gap(a).total_cmp(&gap(b))) {
            let rows = nearest.points.rows().into_iter().map(|r| frame.point([r[0], r[1]]));
            let centres = thin(rows, nearest.points.nrows(), 2500).collect();
            panels.scene.dots(centres, 1.3, Ink::time(nearest.time, span), 0.45);
        }
        let cover = Cover::new(report, &frame);
        let lines = streamlines(field, &frame, |p| cover.holds(p));
        for (class, width) in WIDTHS.into_iter().enumerate() {
            let pieces = lines.iter().flat_map(|line| pieces(line, class)).collect();
            panels.scene.lines(pieces, Stroke::new(Ink::Text, width).opacity(0.85));
        }
        panels.scene.areas(lines.iter().flat_map(heads).collect(), Ink::Text, 0.95);
    }
    panels.axes(&report.axes);
    let left = panels.legend_left();
    let key = Key { ink: Ink::Text, shape: Shape::Line, words: "streamline, thicker where faster".into() };
    let left = panels.legend(&[key], left);
    if titles.len() > 1 {
        panels.time_bar(left, span.map(|t| report.time_text(t)));
    }
    Some(Figure {
        name: "field",
        title: "Learned velocity field".into(),
        caption: caption(report),
        scene: panels.scene,
        width: if titles.is_empty() { Width::Half } else { Width::Full },
    })
}

fn caption(report: &Report) -> String {
    let times: Vec<String> = report.fields.iter().map(|f| report.time_text(f.time)).collect();
    format!(
        "Streamlines of the learned velocity at {}, where cells were measured; the cells of the nearest measured time \
         are in colour.",
        chreode_plot::text::list(&times)
    )
}

/// The parts of a line whose speed falls in one class of width; neighbours share their end points.
fn pieces(line: &Streamline, class: usize) -> Vec<Vec<Point>> {
    let class_of = |speed: f64| ((speed.sqrt() * WIDTHS.len() as f64) as usize).min(WIDTHS.len() - 1);
    let mut parts: Vec<Vec<Point>> = Vec::new();
    let mut open = false;
    for (ends, speed) in line.points.windows(2).zip(&line.speeds) {
        if class_of(*speed) != class {
            open = false;
            continue;
        }
        match parts.last_mut().filter(|_| open) {
            Some(part) => part.push(ends[1]),
            None => parts.push(ends.to_vec()),
        }
        open = true;
    }
    parts
}

/// Arrow heads along a line, at least one, away from its ends.
fn heads(line: &Streamline) -> Vec<Vec<Point>> {
    let length = |ends: &[Point]| (ends[1][0] - ends[0][0]).hypot(ends[1][1] - ends[0][1]);
    let total: f64 = line.points.windows(2).map(length).sum();
    let count = (total / HEADS).round().max(1.0);
    let mut travelled = 0.0;
    let mut found = Vec::new();
    for ends in line.points.windows(2) {
        let step = length(ends);
        let due = total * (found.len() as f64 + 0.5) / count;
        if step > 0.0 && travelled <= due && due < travelled + step {
            let [dx, dy] = [(ends[1][0] - ends[0][0]) / step, (ends[1][1] - ends[0][1]) / step];
            let [x, y] = ends[1];
            found.push(vec![
                [x + 3.6 * dx, y + 3.6 * dy],
                [x - 2.2 * dx - 2.5 * dy, y - 2.2 * dy + 2.5 * dx],
                [x - 1.2 * dx, y - 1.2 * dy],
                [x - 2.2 * dx + 2.5 * dy, y - 2.2 * dy - 2.5 * dx],
            ]);
        }
        travelled += step;
    }
    found
}

/// Where cells are: squares that hold some, or lie between squares that do.
struct Cover {
    corner: Point,
    columns: usize,
    held: Vec<bool>,
}

impl Cover {
    fn new(report: &Report, frame: &Frame) -> Self {
        let count = |size: f64| (size / SQUARE).ceil() as usize;
        let (columns, rows) = (count(frame.area.width), count(frame.area.height));
        let corner = [frame.area.left, frame.area.top];
        let mut counts = vec![0usize; columns * rows];
        let mut total = 0;
        for row in report.cells.iter().flat_map(|c| c.points.rows()) {
            let [x, y] = frame.point([row[0], row[1]]);
            let (i, j) = (((x - corner[0]) / SQUARE) as usize, ((y - corner[1]) / SQUARE) as usize);
            if let Some(found) = counts.get_mut(j * columns + i).filter(|_| i < columns) {
                *found += 1;
                total += 1;
            }
        }
        // Lone cells of a large sample open no square.
        let needed = 1 + total / 8000;
        let full: Vec<bool> = counts.into_iter().map(|c| c >= needed).collect();
        let near = |index: usize| {
            let (i, j) = (index % columns, index / columns);
            let sides = [
                i > 0 && full[index - 1],
                i + 1 < columns && full[index + 1],
                j > 0 && full[index - columns],
                j + 1 < rows && full[index + columns],
            ];
            full[index] || sides.into_iter().filter(|side| *side).count() >= 2
        };
        let held = (0..full.len()).map(near).collect();
        Cover { corner, columns, held }
    }

    fn holds(&self, at: Point) -> bool {
        let [x, y] = [at[0] - self.corner[0], at[1] - self.corner[1]];
        let (i, j) = ((x / SQUARE) as usize, (y / SQUARE) as usize);
        x >= 0.0
            && y >= 0.0
            && i < self.columns
            && self.held.get(j * self.columns + i).copied().unwrap_or(false)
    }
}
