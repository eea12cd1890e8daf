//! Evenly spaced streamlines of a field on a grid (Jobard and Lefer, 1997, doi:10.1007/978-3-7091-6876-9_5).
//!
//! Lines are grown both ways from a seed by the midpoint rule with steps of equal length on the picture, and stop at
//! the border of the cells, at a rest point, or when they come within half the spacing of another line. New seeds lie
//! one spacing to either side of a line; a lattice supplies the first seed of each separate part.

use std::collections::VecDeque;

use super::data::FieldGrid;
use chreode_plot::{Frame, Point};

/// Distance between lines.
const SPACING: f64 = 13.0;
/// Length of a step.
const STEP: f64 = 1.5;
/// Lines shorter than this are not drawn.
const SHORTEST: f64 = 26.0;
/// Longest line, in steps each way.
const MOST_STEPS: usize = 400;

/// A streamline on the picture, along the flow, with its speed as a share of the largest speed at each point.
pub(super) struct Streamline {
    pub(super) points: Vec<Point>,
    pub(super) speeds: Vec<f64>,
}

/// Streamlines of `field` where `inside` holds (in positions on the picture).
pub(super) fn streamlines(
    field: &FieldGrid,
    frame: &Frame,
    inside: impl Fn(Point) -> bool,
) -> Vec<Streamline> {
    let flow = Flow::new(field, frame);
    let mut plane = Plane::new(frame);
    let mut lines = Vec::new();
    let mut queue = VecDeque::new();
    for seed in lattice(frame) {
        queue.push_back(seed);
        while let Some(seed) = queue.pop_front() {
            if !inside(seed) || plane.crowded(seed, SPACING, usize::MAX) {
                continue;
            }
            let Some(line) = grow(seed, &flow, &mut plane, lines.len(), &inside) else { continue };
            for pair in line.points.windows(2).step_by(5) {
                let [dx, dy] = [(pair[1][0] - pair[0][0]) / STEP, (pair[1][1] - pair[0][1]) / STEP];
                for side in [1.02 * SPACING, -1.02 * SPACING] {
                    queue.push_back([pair[0][0] - dy * side, pair[0][1] + dx * side]);
                }
            }
            lines.push(line);
        }
    }
    lines
}

/// Grows a line from a seed and enters it into the plane, unless it is too short.
fn grow(
    seed: Point,
    flow: &Flow<'_>,
    plane: &mut Plane,
    index: usize,
    inside: &impl Fn(Point) -> bool,
) -> Option<Streamline> {
    let mut halves = [Vec::new(), Vec::new()];
    for (half, sign) in halves.iter_mut().zip([-1.0, 1.0]) {
        let mut at = seed;
        for _ in 0..MOST_STEPS {
            let Some(next) = flow.step(at, sign) else { break };
            if !inside(next) || plane.crowded(next, 0.5 * SPACING, index) || bites(half, next) {
                break;
            }
            half.push(next);
            at = next;
        }
    }
    let [back, ahead] = halves;
    let points: Vec<Point> = back.into_iter().rev().chain([seed]).chain(ahead).collect();
    if (points.len() as f64) * STEP < SHORTEST {
        return None;
    }
    points.iter().for_each(|p| plane.enter(*p, index));
    let speeds = points.iter().map(|p| flow.speed(*p)).collect();
    Some(Streamline { points, speeds })
}

/// Whether a line comes back to itself.
fn bites(half: &[Point], next: Point) -> bool {
    let settled = half.len().saturating_sub((SPACING / STEP) as usize);
    half[..settled].iter().any(|p| distance(*p, next) < 0.4 * SPACING)
}

/// Seeds over the box, the middle first, then outwards.
fn lattice(frame: &Frame) -> Vec<Point> {
    let area = frame.area;
    let middle = [area.left + 0.5 * area.width, area.top + 0.5 * area.height];
    let count = |size: f64| (size / (0.5 * SPACING)) as usize;
    let mut seeds: Vec<Point> = (0..count(area.width))
        .flat_map(|i| (0..count(area.height)).map(move |j| [i as f64, j as f64]))
        .map(|[i, j]| [area.left + (i + 0.5) * 0.5 * SPACING, area.top + (j + 0.5) * 0.5 * SPACING])
        .collect();
    seeds.sort_by(|a, b| distance(*a, middle).total_cmp(&distance(*b, middle)));
    seeds
}

fn distance(a: Point, b: Point) -> f64 {
    (a[0] - b[0]).hypot(a[1] - b[1])
}

/// The field seen from the picture.
struct Flow<'a> {
    field: &'a FieldGrid,
    origin: Point,
    /// Data for one unit of the picture; y is negative, since it points down there.
    unit: Point,
    fastest: f64,
}

impl<'a> Flow<'a> {
    fn new(field: &'a FieldGrid, frame: &Frame) -> Self {
        // Both scales are linear: two points fix their inverse.
        let at = frame.point([0.0, 0.0]);
        let to = frame.point([1.0, 1.0]);
        let fastest = field.u.iter().zip(&field.v).map(|(u, v)| u.hypot(*v)).fold(0.0, f64::max);
        Flow { field, origin: at, unit: [1.0 / (to[0] - at[0]), 1.0 / (to[1] - at[1])], fastest }
    }

    fn velocity(&self, at: Point) -> Option<Point> {
        let data = [(at[0] - self.origin[0]) * self.unit[0], (at[1] - self.origin[1]) * self.unit[1]];
        interpolate(self.field, data)
    }

    fn speed(&self, at: Point) -> f64 {
        self.velocity(at).map_or(0.0, |[u, v]| u.hypot(v) / self.fastest)
    }

    fn direction(&self, at: Point) -> Option<Point> {
        let [u, v] = self.velocity(at)?;
        let size = u.hypot(v);
        (size > 1e-3 * self.fastest && size > 0.0).then(|| [u / size, -v / size])
    }

    fn step(&self, at: Point, sign: f64) -> Option<Point> {
        let go = |d: Point, length: f64| [at[0] + sign * length * d[0], at[1] + sign * length * d[1]];
        let half = go(self.direction(at)?, 0.5 * STEP);
        self.direction(half).map(|d| go(d, STEP))
    }
}

/// Bilinear interpolation; `None` outside the grid.
fn interpolate(field: &FieldGrid, [x, y]: Point) -> Option<Point> {
    let (i, a) = cell(&field.x, x)?;
    let (j, b) = cell(&field.y, y)?;
    let mix = |w: &ndarray::Array2<f64>| {
        (1.0 - b) * ((1.0 - a) * w[[j, i]] + a * w[[j, i + 1]])
            + b * ((1.0 - a) * w[[j + 1, i]] + a * w[[j + 1, i + 1]])
    };
    Some([mix(&field.u), mix(&field.v)])
}

fn cell(positions: &[f64], value: f64) -> Option<(usize, f64)> {
    let index = positions.partition_point(|p| *p <= value).checked_sub(1)?.min(positions.len() - 2);
    let share = (value - positions[index]) / (positions[index + 1] - positions[index]);
    (share <= 1.0).then_some((index, share))
}

/// The points of all lines, in bins of one spacing, so that neighbours are found quickly.
struct Plane {
    corner: Point,
    columns: usize,
    bins: Vec<Vec<(Point, usize)>>,
}

impl Plane {
    fn new(frame: &Frame) -> Self {
        let count = |size: f64| (size / SPACING).ceil() as usize + 2;
        let (columns, rows) = (count(frame.area.width), count(frame.area.height));
        let corner = [frame.area.left - SPACING, frame.area.top - SPACING];
        Plane { corner, columns, bins: vec![Vec::new(); columns * rows] }
    }

    /// Column and row of a position, clamped to the plane.
    fn bin(&self, at: Point) -> [usize; 2] {
        let index =
            |v: f64, corner: f64, count: usize| (((v - corner) / SPACING).max(0.0) as usize).min(count - 1);
        [
            index(at[0], self.corner[0], self.columns),
            index(at[1], self.corner[1], self.bins.len() / self.columns),
        ]
    }

    fn enter(&mut self, at: Point, line: usize) {
        let [i, j] = self.bin(at);
        self.bins[j * self.columns + i].push((at, line));
    }

    /// Whether a point of a line other than `own` lies nearer than `radius`, at most one spacing.
    fn crowded(&self, at: Point, radius: f64, own: usize) -> bool {
        let [i, j] = self.bin(at);
        let rows = self.bins.len() / self.columns;
        let near = |k: usize, count: usize| k.saturating_sub(1)..(k + 2).min(count);
        near(j, rows).any(|row| {
            near(i, self.columns).any(|column| {
                let bin = &self.bins[row * self.columns + column];
                bin.iter().any(|(p, line)| *line != own && distance(*p, at) < radius)
            })
        })
    }
}

#[cfg(test)]
mod tests {
    use ndarray::Array2;

    use super::*;
    use chreode_plot::Rect;

    fn grid(velocity: impl Fn(f64, f64) -> [f64; 2]) -> (FieldGrid, Frame) {
        let axis: Vec<f64> = (0..21).map(|i| -1.0 + 0.1 * f64::from(i)).collect();
        let component = |c: usize| Array2::from_shape_fn((21, 21), |(j, i)| velocity(axis[i], axis[j])[c]);
        let field = FieldGrid { time: 0.0, u: component(0), v: component(1), x: axis.clone(), y: axis };
        let area = Rect { left: 10.0, top: 20.0, width: 200.0, height: 200.0 };
        (field, Frame::equal(area, [[-1.0, 1.0], [-1.0, 1.0]]))
    }

    #[test]
    fn a_uniform_flow_gives_straight_lines_at_the_spacing() {
        let (field, frame) = grid(|_, _| [2.0, 0.0]);
        let lines = streamlines(&field, &frame, |_| true);
        let mut heights: Vec<f64> = lines.iter().map(|l| l.points[0][1]).collect();
        heights.sort_by(f64::total_cmp);
        for line in &lines {
            assert!(line.points.iter().all(|p| (p[1] - line.points[0][1]).abs() < 1e-9));
            assert!(line.points.windows(2).all(|p| p[1][0] > p[0][0]), "along the flow");
            assert!(line.speeds.iter().all(|s| (s - 1.0).abs() < 1e-9));
        }
        assert!(heights.len() >= 10, "{heights:?}");
        assert!(heights.windows(2).all(|h| h[1] - h[0] >= SPACING - 1e-6), "{heights:?}");
    }

    #[test]
    fn a_rotation_is_followed_on_circles() {
        let (field, frame) = grid(|x, y| [-y, x]);
        let centre = frame.point([0.0, 0.0]);
        let lines = streamlines(&field, &frame, |_| true);
        assert!(!lines.is_empty());
        for line in lines.iter().filter(|l| distance(l.points[0], centre) > 20.0) {
            let radii: Vec<f64> = line.points.iter().map(|p| distance(*p, centre)).collect();
            let spread = radii.iter().fold(0.0f64, |m, r| m.max((r - radii[0]).abs()));
            // The midpoint rule drifts by less than a line's width over a whole turn.
            assert!(spread < 1.0, "{spread}");
        }
    }

    #[test]
    fn lines_stay_inside_and_a_field_at_rest_has_none() {
        let (field, frame) = grid(|_, _| [0.0, 1.0]);
        let lines = streamlines(&field, &frame, |p| p[0] < 100.0);
        assert!(!lines.is_empty());
        assert!(lines.iter().flat_map(|l| &l.points).all(|p| p[0] < 100.0));
        let (rest, frame) = grid(|_, _| [0.0, 0.0]);
        assert!(streamlines(&rest, &frame, |_| true).is_empty());
    }
}
