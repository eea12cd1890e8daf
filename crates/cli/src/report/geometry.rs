//! Points and boxes on a picture, in its units, y pointing down.

/// A position.
pub(super) type Point = [f64; 2];

/// A box on the picture.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Rect {
    pub(super) left: f64,
    pub(super) top: f64,
    pub(super) width: f64,
    pub(super) height: f64,
}

impl Rect {
    pub(super) fn right(&self) -> f64 {
        self.left + self.width
    }

    pub(super) fn bottom(&self) -> f64 {
        self.top + self.height
    }
}

/// Smallest and largest value in each component; `None` without points.
pub(super) fn bounds(points: impl Iterator<Item = Point>) -> Option<[[f64; 2]; 2]> {
    points.fold(None, |found, [x, y]| {
        let [a, b] = found.unwrap_or([[x, x], [y, y]]);
        Some([[a[0].min(x), a[1].max(x)], [b[0].min(y), b[1].max(y)]])
    })
}
