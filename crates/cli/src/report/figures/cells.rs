//! Measured cells, coloured by time.

use super::{Figure, Width};
use crate::report::data::{Report, Split};
use crate::report::panels::{Key, Panels, Shape, limits, thin};
use chreode_plot::{Ink, Point, text::count};

/// Most cells drawn; above it they are thinned evenly.
const MOST: usize = 20_000;
/// Layers that each time is cut into, so that no time covers another.
const LAYERS: usize = 8;
/// Most times in a legend of dots; above it a bar stands for them.
const MOST_KEYS: usize = 7;

pub(super) fn draw(report: &Report) -> Option<Figure> {
    let limits = limits(report)?;
    let total: usize = report.cells.iter().map(|c| c.points.nrows()).sum();
    if total == 0 {
        return None;
    }
    let mut panels = Panels::new(limits, &[]);
    let frame = panels.frames[0];
    let span = report.time_span();
    let radius = if total > 6000 { 1.15 } else { 1.6 };
    let drawn: Vec<Vec<Point>> = report
        .cells
        .iter()
        .map(|cells| {
            let rows = cells.points.rows().into_iter().map(|r| frame.point([r[0], r[1]]));
            let share = (cells.points.nrows() * MOST).div_ceil(total.max(MOST));
            thin(rows, cells.points.nrows(), share).collect()
        })
        .collect();
    for layer in 0..LAYERS {
        for (cells, points) in report.cells.iter().zip(&drawn) {
            let centres = points.iter().copied().skip(layer).step_by(LAYERS).collect();
            panels.scene.dots(centres, radius, Ink::time(cells.time, span), 0.75);
        }
    }
    panels.axes(&report.axes);
    legend(&mut panels, report);
    let shown: usize = drawn.iter().map(Vec::len).sum();
    Some(Figure {
        name: "cells",
        title: "Measured cells".into(),
        caption: caption(report, total, shown),
        scene: panels.scene,
        width: Width::Half,
    })
}

fn legend(panels: &mut Panels, report: &Report) {
    let (left, span) = (panels.legend_left(), report.time_span());
    if report.cells.len() > MOST_KEYS {
        panels.time_bar(left, span.map(|t| report.time_text(t)));
        return;
    }
    let key = |(index, cells): (usize, &crate::report::data::Cells)| {
        let words =
            if index == 0 { report.time_text(cells.time) } else { chreode_plot::text::time(cells.time) };
        let shape = if cells.split == Split::HeldOut { Shape::Ring } else { Shape::Dot };
        Key { ink: Ink::time(cells.time, span), shape, words }
    };
    let keys: Vec<Key> = report.cells.iter().enumerate().map(key).collect();
    panels.legend(&keys, left);
}

fn caption(report: &Report, total: usize, shown: usize) -> String {
    let mut words = format!(
        "{} cells at {} times, in the plane of {} and {}.",
        count(total as u64),
        report.cells.len(),
        report.axes[0],
        report.axes[1]
    );
    if shown < total {
        words += &format!(" {} of them are drawn, evenly thinned.", count(shown as u64));
    }
    if report.cells.len() <= MOST_KEYS && report.cells.iter().any(|c| c.split == Split::HeldOut) {
        words += " Open circles in the legend mark times that training did not see.";
    }
    words
}
