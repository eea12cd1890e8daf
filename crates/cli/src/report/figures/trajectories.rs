//! Paths of predicted cells, coloured by time.

use super::{Figure, Width};
use crate::report::data::{Report, Trajectories};
use crate::report::panels::{Key, Panels, Shape, limits};
use chreode_plot::{Ink, Point, Stroke, TIME_STEPS};

pub(super) fn draw(report: &Report) -> Option<Figure> {
    let trajectories = report.trajectories.as_ref()?;
    let ends = [*trajectories.times.first()?, *trajectories.times.last()?];
    if trajectories.paths.is_empty() {
        return None;
    }
    let mut panels = Panels::new(limits(report)?, &[]);
    let frame = panels.frames[0];
    panels.background(0, report, 6000);
    let span = if report.cells.is_empty() { ends } else { report.time_span() };
    let place = |path: &ndarray::Array2<f64>| -> Vec<Point> {
        path.rows().into_iter().map(|r| frame.point([r[0], r[1]])).collect()
    };
    let paths: Vec<Vec<Point>> = trajectories.paths.iter().map(place).collect();
    // A thin rim in the colour of the page keeps crossing paths apart.
    panels.scene.lines(paths.clone(), Stroke::new(Ink::Surface, 2.2).opacity(0.55));
    for (step, lines) in by_colour(trajectories, &paths, span).into_iter().enumerate() {
        panels.scene.lines(lines, Stroke::new(Ink::Time(step as u8), 1.15).opacity(0.9));
    }
    let starts: Vec<Point> = paths.iter().map(|p| p[0]).collect();
    let stops: Vec<Point> = paths.iter().map(|p| p[p.len() - 1]).collect();
    let [first, last] = ends.map(|t| Ink::time(t, span));
    panels.scene.dots(starts, 1.7, first, 1.0);
    panels.scene.dots(stops.clone(), 3.0, Ink::Surface, 1.0);
    panels.scene.dots(stops, 2.3, last, 1.0);
    panels.axes(&report.axes);
    let left = panels.legend_left();
    let left = panels.time_bar(left, span.map(|t| report.time_text(t)));
    let key = |ink, words: &str| Key { ink, shape: Shape::Dot, words: words.into() };
    panels.legend(&[key(first, "start"), key(last, "end")], left);
    Some(Figure {
        name: "trajectories",
        title: "Predicted trajectories".into(),
        caption: format!(
            "{} paths of the model from {} to {}, over the measured cells.",
            trajectories.paths.len(),
            report.time_text(ends[0]),
            report.time_text(ends[1])
        ),
        scene: panels.scene,
        width: Width::Half,
    })
}

/// The pieces of all paths, gathered by colour; a piece has the colour of its middle time.
fn by_colour(trajectories: &Trajectories, paths: &[Vec<Point>], span: [f64; 2]) -> Vec<Vec<Vec<Point>>> {
    let mut lines: Vec<Vec<Vec<Point>>> = vec![Vec::new(); TIME_STEPS];
    for path in paths {
        let mut last = None;
        for (times, ends) in trajectories.times.windows(2).zip(path.windows(2)) {
            let Ink::Time(step) = Ink::time(0.5 * (times[0] + times[1]), span) else { continue };
            let group = &mut lines[usize::from(step)];
            match group.last_mut().filter(|_| last == Some(step)) {
                Some(line) => line.push(ends[1]),
                None => group.push(ends.to_vec()),
            }
            last = Some(step);
        }
    }
    lines
}
