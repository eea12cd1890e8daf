//! Points and boxes on a picture, in its units, y pointing down.

/// A position.
pub type Point = [f64; 2];

/// A box on the picture.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Rect {
    /// Left side.
    pub left: f64,
    /// Upper side.
    pub top: f64,
    /// From left to right.
    pub width: f64,
    /// From top to bottom.
    pub height: f64,
}

impl Rect {
    /// Right side.
    pub fn right(&self) -> f64 {
        self.left + self.width
    }

    /// Lower side.
    pub fn bottom(&self) -> f64 {
        self.top + self.height
    }
}

/// Smallest and largest value in each component; `None` without points.
pub fn bounds(points: impl Iterator<Item = Point>) -> Option<[[f64; 2]; 2]> {
    points.fold(None, |found, [x, y]| {
        let [a, b] = found.unwrap_or([[x, x], [y, y]]);
        Some([[a[0].min(x), a[1].max(x)], [b[0].min(y), b[1].max(y)]])
    })
}
