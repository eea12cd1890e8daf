//! Predicted cells among the cells measured at the same held-out time.

use ndarray::Array2;

use super::{Figure, Width};
use crate::report::data::Report;
use crate::report::panels::{Key, Panels, Shape, limits, thin};
use chreode_plot::{Ink, Point};

/// Most cells of a kind drawn in a box.
const MOST: usize = 4000;
/// Layers that each kind is cut into, so that neither covers the other.
const LAYERS: usize = 12;

pub(super) fn draw(report: &Report) -> Option<Figure> {
    let predictions: Vec<_> = report.predictions.iter().filter(|p| p.points.nrows() > 0).collect();
    if predictions.is_empty() {
        return None;
    }
    let titles: Vec<String> = predictions.iter().map(|p| report.time_text(p.time)).collect();
    let mut panels = Panels::new(limits(report)?, &titles);
    for (index, prediction) in predictions.iter().enumerate() {
        let frame = panels.frames[index];
        panels.background(index, report, 3000);
        let measured =
            report.cells.iter().filter(|c| c.time == prediction.time).map(|c| (&c.points, Ink::Measured));
        let both: Vec<(&Array2<f64>, Ink)> = measured.chain([(&prediction.points, Ink::Model)]).collect();
        // As many of each, so that density means the same in both.
        let fewest = both.iter().map(|(points, _)| points.nrows()).filter(|n| *n > 0).min().unwrap_or(MOST);
        let drawn: Vec<(Vec<Point>, Ink)> = both
            .into_iter()
            .map(|(points, ink)| {
                let rows = points.rows().into_iter().map(|r| frame.point([r[0], r[1]]));
                (thin(rows, points.nrows(), MOST.min(fewest)).collect(), ink)
            })
            .collect();
        for layer in 0..LAYERS {
            for (points, ink) in &drawn {
                let centres = points.iter().copied().skip(layer).step_by(LAYERS).collect();
                panels.scene.dots(centres, 1.3, *ink, 0.7);
            }
        }
    }
    panels.axes(&report.axes);
    let key = |ink, words: &str| Key { ink, shape: Shape::Dot, words: words.into() };
    let keys = [key(Ink::Model, "predicted"), key(Ink::Measured, "measured"), key(Ink::Cell, "all times")];
    let left = panels.legend_left();
    panels.legend(&keys, left);
    Some(Figure {
        name: "prediction",
        title: "Predicted and measured cells".into(),
        caption: "Cells that the model predicts, among the cells measured at the same time, as many of each; pale, \
                  the cells of all times."
            .into(),
        scene: panels.scene,
        width: if titles.len() == 1 { Width::Half } else { Width::Full },
    })
}
