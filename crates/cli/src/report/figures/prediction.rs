//! Predicted cells over the cells measured at the same held-out time.

use super::{Figure, Width};
use crate::report::colour::Ink;
use crate::report::data::Report;
use crate::report::panels::{Key, Panels, Shape, limits, thin};

/// Most cells of a kind drawn in a box.
const MOST: usize = 4000;

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
        let both = measured.chain([(&prediction.points, Ink::Model)]);
        for (points, ink) in both.collect::<Vec<_>>() {
            let rows = points.rows().into_iter().map(|r| frame.point([r[0], r[1]]));
            let centres = thin(rows, points.nrows(), MOST).collect();
            let opacity = if ink == Ink::Model { 0.55 } else { 0.9 };
            panels.scene.dots(centres, 1.35, ink, opacity);
        }
    }
    panels.axes(&report.axes);
    let key = |ink, words: &str| Key { ink, shape: Shape::Dot, words: words.into() };
    let keys =
        [key(Ink::Model, "predicted"), key(Ink::Measured, "measured"), key(Ink::Cell, "all other times")];
    let left = panels.legend_left();
    panels.legend(&keys, left);
    Some(Figure {
        name: "prediction",
        title: "Predicted and measured cells".into(),
        caption: format!(
            "Cells that the model predicts, over the cells measured at the same {} and, pale, all cells of the data.",
            if report.time_name == "t" { "time" } else { &report.time_name }
        ),
        scene: panels.scene,
        width: if titles.len() == 1 { Width::Half } else { Width::Full },
    })
}
