//! A picture as a list of marks, before it becomes SVG or PNG.

use super::colour::Ink;
use super::font::Weight;
use super::geometry::Point;

/// A picture: its size and its marks, drawn in order.
#[derive(Clone, Debug)]
pub(super) struct Scene {
    pub(super) width: f64,
    pub(super) height: f64,
    pub(super) marks: Vec<Mark>,
}

/// One thing to draw.
#[derive(Clone, Debug)]
pub(super) enum Mark {
    /// Open lines in one stroke.
    Lines { lines: Vec<Vec<Point>>, stroke: Stroke },
    /// Closed polygons, filled.
    Areas { areas: Vec<Vec<Point>>, ink: Ink, opacity: f64 },
    /// Discs of one size; overlapping discs of a mark do not darken each other.
    Dots { centres: Vec<Point>, radius: f64, ink: Ink, opacity: f64 },
    /// One line of text.
    Text(Text),
}

/// How a line is drawn.
#[derive(Clone, Copy, Debug)]
pub(super) struct Stroke {
    pub(super) ink: Ink,
    pub(super) width: f64,
    pub(super) opacity: f64,
    pub(super) dash: Option<[f64; 2]>,
}

/// One line of text.
#[derive(Clone, Debug)]
pub(super) struct Text {
    pub(super) at: Point,
    pub(super) words: String,
    pub(super) size: f64,
    pub(super) weight: Weight,
    pub(super) ink: Ink,
    pub(super) anchor: Anchor,
    pub(super) turn: Turn,
}

/// The part of the text that stands at its position.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Anchor {
    Start,
    Middle,
    End,
}

/// The direction of reading.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Turn {
    Across,
    Up,
}

impl Stroke {
    pub(super) fn new(ink: Ink, width: f64) -> Self {
        Stroke { ink, width, opacity: 1.0, dash: None }
    }

    pub(super) fn opacity(self, opacity: f64) -> Self {
        Stroke { opacity, ..self }
    }

    pub(super) fn dash(self, on: f64, off: f64) -> Self {
        Stroke { dash: Some([on, off]), ..self }
    }
}

impl Text {
    /// Regular text that starts at `at`, on the baseline.
    pub(super) fn new(at: Point, words: impl Into<String>, size: f64, ink: Ink) -> Self {
        let (weight, anchor, turn) = (Weight::Regular, Anchor::Start, Turn::Across);
        Text { at, words: words.into(), size, weight, ink, anchor, turn }
    }

    pub(super) fn anchor(self, anchor: Anchor) -> Self {
        Text { anchor, ..self }
    }

    pub(super) fn bold(self) -> Self {
        Text { weight: Weight::SemiBold, ..self }
    }

    pub(super) fn up(self) -> Self {
        Text { turn: Turn::Up, ..self }
    }
}

impl Scene {
    pub(super) fn new(width: f64, height: f64) -> Self {
        Scene { width, height, marks: Vec::new() }
    }

    pub(super) fn line(&mut self, from: Point, to: Point, stroke: Stroke) {
        self.lines(vec![vec![from, to]], stroke);
    }

    pub(super) fn lines(&mut self, lines: Vec<Vec<Point>>, stroke: Stroke) {
        if !lines.is_empty() {
            self.marks.push(Mark::Lines { lines, stroke });
        }
    }

    pub(super) fn areas(&mut self, areas: Vec<Vec<Point>>, ink: Ink, opacity: f64) {
        if !areas.is_empty() {
            self.marks.push(Mark::Areas { areas, ink, opacity });
        }
    }

    pub(super) fn dots(&mut self, centres: Vec<Point>, radius: f64, ink: Ink, opacity: f64) {
        if !centres.is_empty() {
            self.marks.push(Mark::Dots { centres, radius, ink, opacity });
        }
    }

    pub(super) fn text(&mut self, text: Text) {
        self.marks.push(Mark::Text(text));
    }
}
