//! Cells of a power diagram in a convex polygon, by clipping.

/// A point of the plane.
pub(super) type Point = [f64; 2];

/// A convex polygon, anticlockwise, that remembers what each side borders on.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Cell {
    pub(super) corners: Vec<Point>,
    /// The neighbour behind the side from corner `k` to the next; `None` for the border of the polygon.
    pub(super) behind: Vec<Option<usize>>,
}

impl Cell {
    /// The whole polygon.
    pub(super) fn whole(polygon: &[Point]) -> Self {
        Self { corners: polygon.to_vec(), behind: vec![None; polygon.len()] }
    }

    /// Cuts away `⟨n, x⟩ > offset`, where the neighbour `k` begins, and says whether there was something to
    /// cut.
    pub(super) fn cut(&mut self, n: Point, offset: f64, k: usize, spare: &mut Self) -> bool {
        let side = |p: Point| n[0] * p[0] + n[1] * p[1] - offset;
        if self.corners.iter().all(|&p| side(p) <= 0.0) {
            return false;
        }
        spare.corners.clear();
        spare.behind.clear();
        for at in 0..self.corners.len() {
            let (p, q) = (self.corners[at], self.corners[(at + 1) % self.corners.len()]);
            let (from, to) = (side(p), side(q));
            let crossing = || {
                let t = from / (from - to);
                [p[0] + t * (q[0] - p[0]), p[1] + t * (q[1] - p[1])]
            };
            if from <= 0.0 {
                spare.corners.push(p);
                spare.behind.push(self.behind[at]);
                if to > 0.0 {
                    spare.corners.push(crossing());
                    spare.behind.push(Some(k));
                }
            } else if to <= 0.0 {
                spare.corners.push(crossing());
                spare.behind.push(self.behind[at]);
            }
        }
        std::mem::swap(self, spare);
        true
    }

    /// The sides with the neighbour behind them and their length.
    pub(super) fn sides(&self) -> impl Iterator<Item = (Option<usize>, f64)> + '_ {
        (0..self.corners.len()).map(|at| {
            let (p, q) = (self.corners[at], self.corners[(at + 1) % self.corners.len()]);
            (self.behind[at], (q[0] - p[0]).hypot(q[1] - p[1]))
        })
    }

    /// The area, and `∫ |x − y|² dx`.
    pub(super) fn moments(&self, y: Point) -> (f64, f64) {
        let from = |p: Point| [p[0] - y[0], p[1] - y[1]];
        let dot = |p: Point, q: Point| p[0] * q[0] + p[1] * q[1];
        let (mut area, mut second) = (0.0, 0.0);
        for at in 2..self.corners.len() {
            let [p, q, r] = [self.corners[0], self.corners[at - 1], self.corners[at]].map(from);
            let triangle = 0.5 * ((q[0] - p[0]) * (r[1] - p[1]) - (r[0] - p[0]) * (q[1] - p[1]));
            area += triangle;
            second +=
                triangle / 6.0 * (dot(p, p) + dot(q, q) + dot(r, r) + dot(p, q) + dot(q, r) + dot(r, p));
        }
        (area, second)
    }
}
