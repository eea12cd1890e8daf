//! A picture as a list of marks, before it becomes SVG or PNG.

use crate::colour::Ink;
use crate::font::Weight;
use crate::geometry::Point;

/// A picture: its size and its marks, drawn in order.
#[derive(Clone, Debug)]
pub struct Scene {
    /// Units across.
    pub width: f64,
    /// Units down.
    pub height: f64,
    /// From the back to the front.
    pub marks: Vec<Mark>,
}

/// One thing to draw.
#[derive(Clone, Debug)]
pub enum Mark {
    /// Open lines in one stroke.
    Lines {
        /// Each a chain of points.
        lines: Vec<Vec<Point>>,
        /// The stroke of all.
        stroke: Stroke,
    },
    /// Closed polygons, filled.
    Areas {
        /// Corners of each polygon.
        areas: Vec<Vec<Point>>,
        /// Their ink.
        ink: Ink,
        /// From 0 to 1.
        opacity: f64,
    },
    /// Discs of one size; overlapping discs of a mark do not darken each other.
    Dots {
        /// Their centres.
        centres: Vec<Point>,
        /// Their radius.
        radius: f64,
        /// Their ink.
        ink: Ink,
        /// From 0 to 1.
        opacity: f64,
    },
    /// One line of text.
    Text(Text),
}

/// How a line is drawn.
#[derive(Clone, Copy, Debug)]
pub struct Stroke {
    /// Its ink.
    pub ink: Ink,
    /// Units across the line.
    pub width: f64,
    /// From 0 to 1.
    pub opacity: f64,
    /// Lengths of line and gap; a full line without.
    pub dash: Option<[f64; 2]>,
}

/// One line of text.
#[derive(Clone, Debug)]
pub struct Text {
    /// Where the anchor stands, on the baseline.
    pub at: Point,
    /// What is written.
    pub words: String,
    /// Height of the letters, in units.
    pub size: f64,
    /// Weight of the letters.
    pub weight: Weight,
    /// Its ink.
    pub ink: Ink,
    /// The part of it that stands at `at`.
    pub anchor: Anchor,
    /// The direction of reading.
    pub turn: Turn,
}

/// The part of the text that stands at its position.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Anchor {
    /// The first letter.
    Start,
    /// The middle.
    Middle,
    /// The last letter.
    End,
}

/// The direction of reading.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Turn {
    /// From left to right.
    Across,
    /// From bottom to top.
    Up,
}

impl Stroke {
    /// A full line.
    pub fn new(ink: Ink, width: f64) -> Self {
        Stroke { ink, width, opacity: 1.0, dash: None }
    }

    /// With an opacity from 0 to 1.
    pub fn opacity(self, opacity: f64) -> Self {
        Stroke { opacity, ..self }
    }

    /// Dashed.
    pub fn dash(self, on: f64, off: f64) -> Self {
        Stroke { dash: Some([on, off]), ..self }
    }
}

impl Text {
    /// Regular text that starts at `at`, on the baseline.
    pub fn new(at: Point, words: impl Into<String>, size: f64, ink: Ink) -> Self {
        let (weight, anchor, turn) = (Weight::Regular, Anchor::Start, Turn::Across);
        Text { at, words: words.into(), size, weight, ink, anchor, turn }
    }

    /// With another part at its position.
    pub fn anchor(self, anchor: Anchor) -> Self {
        Text { anchor, ..self }
    }

    /// Semi-bold.
    pub fn bold(self) -> Self {
        Text { weight: Weight::SemiBold, ..self }
    }

    /// Read from bottom to top.
    pub fn up(self) -> Self {
        Text { turn: Turn::Up, ..self }
    }
}

impl Scene {
    /// An empty picture.
    pub fn new(width: f64, height: f64) -> Self {
        Scene { width, height, marks: Vec::new() }
    }

    /// Adds a straight line.
    pub fn line(&mut self, from: Point, to: Point, stroke: Stroke) {
        self.lines(vec![vec![from, to]], stroke);
    }

    /// Adds open lines in one stroke; nothing without lines.
    pub fn lines(&mut self, lines: Vec<Vec<Point>>, stroke: Stroke) {
        if !lines.is_empty() {
            self.marks.push(Mark::Lines { lines, stroke });
        }
    }

    /// Adds filled polygons; nothing without polygons.
    pub fn areas(&mut self, areas: Vec<Vec<Point>>, ink: Ink, opacity: f64) {
        if !areas.is_empty() {
            self.marks.push(Mark::Areas { areas, ink, opacity });
        }
    }

    /// Adds discs of one size; nothing without centres.
    pub fn dots(&mut self, centres: Vec<Point>, radius: f64, ink: Ink, opacity: f64) {
        if !centres.is_empty() {
            self.marks.push(Mark::Dots { centres, radius, ink, opacity });
        }
    }

    /// Adds a line of text.
    pub fn text(&mut self, text: Text) {
        self.marks.push(Mark::Text(text));
    }
}
