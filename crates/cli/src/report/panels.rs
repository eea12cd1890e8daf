//! Figures of cells: one box, or a row of boxes, all with the same scales, and the legends above them.

use super::data::Report;
use chreode_plot::{
    BOTTOM_ROOM, Frame, Ink, LABEL_SIZE, Point, Rect, Scene, Side, Stroke, TIME_STEPS, TITLE_SIZE, Text,
    Weight, bounds, font::width,
};

/// Room on the left for numbers and a name.
const LEFT_ROOM: f64 = 52.0;
/// Room on the right, so that the last number fits.
const RIGHT_ROOM: f64 = 14.0;
/// Room above the boxes for a legend.
const LEGEND_ROOM: f64 = 30.0;
/// Room above each box for its title.
const TITLE_ROOM: f64 = 22.0;
const GAP: f64 = 26.0;

/// A picture with frames to draw in.
pub(super) struct Panels {
    pub(super) scene: Scene,
    pub(super) frames: Vec<Frame>,
    columns: usize,
}

/// One entry of a legend: a dot or a ring, and its words.
pub(super) struct Key {
    pub(super) ink: Ink,
    pub(super) shape: Shape,
    pub(super) words: String,
}

/// The sign of a legend entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Shape {
    Dot,
    Ring,
    Line,
}

impl Panels {
    /// Boxes for `titles`, or a single large one without a title.
    pub(super) fn new(limits: [[f64; 2]; 2], titles: &[String]) -> Self {
        let columns = if titles.len() == 4 { 2 } else { titles.len().clamp(1, 3) };
        let rows = titles.len().div_ceil(columns).max(1);
        let size = match columns {
            1 => 440.0,
            2 => 400.0,
            _ => 292.0,
        };
        let [x, y] = limits.map(|[a, b]| (b - a).max(f64::MIN_POSITIVE));
        let height = size * (y / x).clamp(0.62, 1.0);
        let title_room = if titles.is_empty() { 0.0 } else { TITLE_ROOM };
        let pitch = title_room + height + BOTTOM_ROOM;
        let total = LEFT_ROOM + columns as f64 * size + (columns - 1) as f64 * GAP + RIGHT_ROOM;
        let mut scene = Scene::new(total, LEGEND_ROOM + rows as f64 * pitch);
        let mut frames = Vec::new();
        for index in 0..titles.len().max(1) {
            let left = LEFT_ROOM + (index % columns) as f64 * (size + GAP);
            let top = LEGEND_ROOM + (index / columns) as f64 * pitch + title_room;
            frames.push(Frame::equal(Rect { left, top, width: size, height }, limits));
            if let Some(title) = titles.get(index) {
                scene.text(Text::new([left, top - 9.0], title, TITLE_SIZE, Ink::Text).bold());
            }
        }
        Panels { scene, frames, columns }
    }

    /// Draws all axes; only the first box of a row has numbers on the left.
    pub(super) fn axes(&mut self, names: &[String; 2]) {
        for (index, frame) in self.frames.iter().enumerate() {
            let side = if index % self.columns == 0 { Side::Written } else { Side::Shared };
            frame.draw(&mut self.scene, [&names[0], &names[1]], side);
        }
    }

    /// Draws a row of signs and words above the boxes, and gives the position after it.
    pub(super) fn legend(&mut self, keys: &[Key], mut left: f64) -> f64 {
        const Y: f64 = 13.0;
        for key in keys {
            match key.shape {
                Shape::Dot => self.scene.dots(vec![[left + 4.0, Y]], 4.0, key.ink, 1.0),
                Shape::Ring => {
                    self.scene.dots(vec![[left + 4.0, Y]], 4.2, key.ink, 1.0);
                    self.scene.dots(vec![[left + 4.0, Y]], 2.6, Ink::Surface, 1.0);
                }
                Shape::Line => {
                    self.scene.line([left - 2.0, Y], [left + 10.0, Y], Stroke::new(key.ink, 1.6));
                }
            }
            self.scene.text(Text::new([left + 13.0, Y + 4.0], &key.words, LABEL_SIZE, Ink::Text));
            left += 13.0 + width(&key.words, LABEL_SIZE, Weight::Regular) + 18.0;
        }
        left
    }

    /// Draws a bar of the time colours above the boxes, with its ends named.
    pub(super) fn time_bar(&mut self, left: f64, ends: [String; 2]) -> f64 {
        const LENGTH: f64 = 110.0;
        const HEIGHT: f64 = 8.0;
        let [first, last] = ends;
        let start = left + width(&first, LABEL_SIZE, Weight::Regular) + 8.0;
        self.scene.text(Text::new([left, 17.0], first, LABEL_SIZE, Ink::Text));
        let step = LENGTH / TIME_STEPS as f64;
        for index in 0..TIME_STEPS {
            let (a, top) = (start + index as f64 * step, 13.0 - HEIGHT / 2.0);
            // Each piece reaches under the next, so that no seam shows.
            let b = (a + 2.0 * step).min(start + LENGTH);
            let piece = vec![[a, top], [b, top], [b, top + HEIGHT], [a, top + HEIGHT]];
            self.scene.areas(vec![piece], Ink::Time(index as u8), 1.0);
        }
        let after = start + LENGTH + 8.0;
        let next = after + width(&last, LABEL_SIZE, Weight::Regular) + 18.0;
        self.scene.text(Text::new([after, 17.0], last, LABEL_SIZE, Ink::Text));
        next
    }

    /// Where a legend starts.
    pub(super) fn legend_left(&self) -> f64 {
        LEFT_ROOM
    }

    /// All measured cells as a quiet background of one box; at most `most` of them, evenly thinned.
    pub(super) fn background(&mut self, index: usize, report: &Report, most: usize) {
        let frame = self.frames[index];
        let total: usize = report.cells.iter().map(|c| c.points.nrows()).sum();
        let all = report.cells.iter().flat_map(|c| c.points.rows().into_iter().map(|r| [r[0], r[1]]));
        let centres = thin(all, total, most).map(|p| frame.point(p)).collect();
        self.scene.dots(centres, 1.3, Ink::Cell, 1.0);
    }
}

/// Every so many of `total` items, so that at most `most` are left, spread evenly.
pub(super) fn thin<T>(items: impl Iterator<Item = T>, total: usize, most: usize) -> impl Iterator<Item = T> {
    let keep = move |index: usize| total <= most || (index + 1) * most / total > index * most / total;
    items.enumerate().filter(move |(index, _)| keep(*index)).map(|(_, item)| item)
}

/// Limits that hold all measured and predicted cells, and the paths.
pub(super) fn limits(report: &Report) -> Option<[[f64; 2]; 2]> {
    let measured = report.cells.iter().map(|c| &c.points);
    let predicted = report.predictions.iter().map(|p| &p.points);
    let paths = report.trajectories.iter().flat_map(|t| &t.paths);
    let rows = measured.chain(predicted).chain(paths).flat_map(|p| p.rows());
    bounds(rows.map(|r| -> Point { [r[0], r[1]] }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn thinning_keeps_the_asked_number_spread_evenly() {
        assert_eq!(thin(0..10, 10, 20).count(), 10);
        let kept: Vec<i32> = thin(0..1000, 1000, 7).collect();
        assert_eq!(kept.len(), 7);
        assert!(kept.windows(2).all(|p| (142..=144).contains(&(p[1] - p[0]))), "{kept:?}");
    }
}
