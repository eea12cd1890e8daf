//! The training loss by step.

use super::{Figure, Width};
use crate::report::data::Report;
use chreode_plot::{BOTTOM_ROOM, Frame, Ink, Point, Rect, Scale, Scene, Side, Stroke, bounds, text::count};

/// A longer line is drawn by the lowest and highest value of this many stretches.
const STRETCHES: usize = 400;

pub(super) fn draw(report: &Report) -> Option<Figure> {
    let loss = report.loss.as_ref()?;
    let [steps, span] = {
        let kept = loss.steps.iter().zip(&loss.values).filter(|(_, v)| v.is_finite());
        bounds(kept.map(|(s, v)| [*s as f64, *v]))?
    };
    // From zero, unless the line starts late.
    let steps = if steps[0] < 0.1 * steps[1] { [0.0, steps[1]] } else { steps };
    let area = Rect { left: 62.0, top: 14.0, width: 904.0, height: 210.0 };
    let mut scene = Scene::new(area.right() + 14.0, area.bottom() + BOTTOM_ROOM);
    let log = span[0] > 0.0 && span[1] / span[0] > 8.0;
    let upward = [area.bottom(), area.top];
    let room = 0.04 * (span[1] - span[0]);
    let y =
        if log { Scale::log(span, upward) } else { Scale::linear([span[0] - room, span[1] + room], upward) };
    let frame = Frame { area, x: Scale::linear(steps, [area.left, area.right()]), y };
    let raw = lines(&frame, &loss.steps, &loss.values, f64::is_finite);
    match &loss.smoothed {
        None => scene.lines(raw, Stroke::new(Ink::Model, 1.2)),
        Some(smoothed) => {
            scene.lines(raw, Stroke::new(Ink::Cell, 0.8));
            let drawable = |v: f64| v.is_finite() && (span[0]..=span[1]).contains(&v);
            scene.lines(lines(&frame, &loss.steps, smoothed, drawable), Stroke::new(Ink::Model, 1.7));
        }
    }
    frame.draw(&mut scene, ["training step", &loss.name], Side::Written);
    Some(Figure {
        name: "loss",
        title: "Training loss".into(),
        caption: caption(loss, log),
        scene,
        width: Width::Full,
    })
}

fn caption(loss: &crate::report::data::Loss, log: bool) -> String {
    let last = loss.steps.last().copied().unwrap_or_default();
    let lost = loss.values.iter().filter(|v| !v.is_finite()).count();
    let mut words = format!("The {} up to step {}", loss.name, count(last));
    words += if loss.smoothed.is_some() { ": each value (pale) and smoothed (strong)" } else { "" };
    words += if log { ", on a logarithmic scale." } else { "." };
    if lost > 0 {
        words += &format!(" {} values were not finite and are left out.", count(lost as u64));
    }
    words
}

/// The line, broken where values cannot be drawn, and thinned to the extremes of each stretch.
fn lines(frame: &Frame, steps: &[u64], values: &[f64], drawable: impl Fn(f64) -> bool) -> Vec<Vec<Point>> {
    let pairs: Vec<(u64, f64)> = steps.iter().copied().zip(values.iter().copied()).collect();
    let parts = pairs.split(|(_, v)| !drawable(*v)).filter(|part| !part.is_empty());
    let stretch = (pairs.len() / STRETCHES).max(1);
    parts
        .map(|part| {
            let kept = part.chunks(stretch).flat_map(extremes);
            kept.map(|(s, v)| frame.point([s as f64, v])).collect()
        })
        .collect()
}

/// The lowest and the highest value of a stretch, in the order of their steps.
fn extremes(stretch: &[(u64, f64)]) -> Vec<(u64, f64)> {
    let low = stretch.iter().copied().min_by(|a, b| a.1.total_cmp(&b.1));
    let high = stretch.iter().copied().max_by(|a, b| a.1.total_cmp(&b.1));
    let mut kept: Vec<(u64, f64)> = low.into_iter().chain(high).collect();
    kept.sort_by_key(|(step, _)| *step);
    kept.dedup_by_key(|(step, _)| *step);
    kept
}
