//! Thin axes on two sides of a box, with ticks outside, and names that do not shout.

use crate::colour::Ink;
use crate::geometry::{Point, Rect};
use crate::scale::Scale;
use crate::scene::{Anchor, Scene, Stroke, Text};

/// Size of the numbers at ticks.
pub const TICK_SIZE: f64 = 10.5;
/// Size of axis names and legends.
pub const LABEL_SIZE: f64 = 11.5;
/// Size of panel titles.
pub const TITLE_SIZE: f64 = 12.0;
/// Room under the box for ticks and a name.
pub const BOTTOM_ROOM: f64 = 42.0;

/// A box with a scale along each side.
#[derive(Clone, Copy, Debug)]
pub struct Frame {
    /// The box.
    pub area: Rect,
    /// From data to the picture, across.
    pub x: Scale,
    /// From data to the picture, upward.
    pub y: Scale,
}

/// What is written along the vertical axis.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    /// Ticks, numbers and the name.
    Written,
    /// Ticks alone: a neighbour to the left has the numbers.
    Shared,
}

impl Frame {
    /// A frame in which one unit is as long along x as along y, around `limits`.
    pub fn equal(area: Rect, limits: [[f64; 2]; 2]) -> Self {
        let [x, y] = limits.map(|[a, b]| if b > a { [a, b] } else { [a - 0.5, b + 0.5] });
        let unit = ((x[1] - x[0]) / area.width).max((y[1] - y[0]) / area.height) * 1.06;
        let around = |[a, b]: [f64; 2], size: f64| {
            [0.5 * (a + b) - 0.5 * unit * size, 0.5 * (a + b) + 0.5 * unit * size]
        };
        Frame {
            area,
            x: Scale::linear(around(x, area.width), [area.left, area.right()]),
            y: Scale::linear(around(y, area.height), [area.bottom(), area.top]),
        }
    }

    /// Where a point of the data lies on the picture.
    pub fn point(&self, [x, y]: Point) -> Point {
        [self.x.map(x), self.y.map(y)]
    }

    /// Draws axes, ticks and names.
    pub fn draw(&self, scene: &mut Scene, names: [&str; 2], side: Side) {
        let Rect { left, top, .. } = self.area;
        let (right, bottom) = (self.area.right(), self.area.bottom());
        let thin = Stroke::new(Ink::Axis, 0.8);
        scene.lines(vec![vec![[left, top], [left, bottom], [right, bottom]]], thin);
        let across = self.x.ticks(((self.area.width / 90.0) as usize).clamp(3, 7));
        let upward = self.y.ticks(((self.area.height / 65.0) as usize).clamp(3, 6));
        let mut marks: Vec<Vec<Point>> =
            across.iter().map(|t| vec![[t.at, bottom], [t.at, bottom + 4.0]]).collect();
        marks.extend(upward.iter().map(|t| vec![[left - 4.0, t.at], [left, t.at]]));
        scene.lines(marks, thin);
        for tick in across {
            let at = [tick.at, bottom + 16.5];
            scene.text(Text::new(at, tick.label, TICK_SIZE, Ink::Muted).anchor(Anchor::Middle));
        }
        let middle = [0.5 * (left + right), bottom + 34.0];
        scene.text(Text::new(middle, names[0], LABEL_SIZE, Ink::Text).anchor(Anchor::Middle));
        if side == Side::Shared {
            return;
        }
        let mut widest: f64 = 0.0;
        for tick in upward {
            widest = widest.max(crate::font::width(&tick.label, TICK_SIZE, crate::font::Weight::Regular));
            let at = [left - 8.0, tick.at + 3.7];
            scene.text(Text::new(at, tick.label, TICK_SIZE, Ink::Muted).anchor(Anchor::End));
        }
        let at = [left - 8.0 - widest - 10.0, 0.5 * (top + bottom)];
        scene.text(Text::new(at, names[1], LABEL_SIZE, Ink::Text).anchor(Anchor::Middle).up());
    }
}
