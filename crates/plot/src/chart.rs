//! Line charts on logarithmic axes: markers at the points, names written beside the lines.

use crate::axes::{BOTTOM_ROOM, Frame, Side, TICK_SIZE, TITLE_SIZE};
use crate::colour::Ink;
use crate::error::PlotError;
use crate::font::{Weight, width};
use crate::geometry::{Point, Rect, bounds};
use crate::scale::Scale;
use crate::scene::{Scene, Stroke, Text};

/// Room on the left for numbers and the name of the axis.
const LEFT: f64 = 68.0;
/// Room above the box for the title.
const TOP: f64 = 34.0;
/// Size of the box.
const SIZE: [f64; 2] = [560.0, 360.0];
/// Between the box and the names of the lines.
const LEADER: f64 = 30.0;
/// Least distance between names.
const PITCH: f64 = 14.5;

/// A chart of several series.
#[derive(Clone, Debug, PartialEq)]
pub struct Chart {
    /// What it shows, above the box.
    pub title: String,
    /// Names of the axes, across and upward.
    pub names: [String; 2],
    /// The lines, drawn in order.
    pub series: Vec<Series>,
}

/// One line of a chart.
#[derive(Clone, Debug, PartialEq)]
pub struct Series {
    /// Written beside its last point.
    pub name: String,
    /// Its points, in the order in which they are joined.
    pub points: Vec<Point>,
    /// Its ink.
    pub ink: Ink,
    /// The sign at each point.
    pub marker: Marker,
    /// How its points are joined.
    pub line: Line,
}

/// The sign at a point.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Marker {
    /// A disc.
    Dot,
    /// A circle.
    Ring,
    /// A square on its side.
    Square,
    /// A square on its corner.
    Diamond,
    /// A triangle on its side.
    Triangle,
}

/// How points are joined.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Line {
    /// A full line.
    Full,
    /// A dashed line.
    Dashed,
}

impl Marker {
    /// All signs.
    pub const ALL: [Marker; 5] =
        [Marker::Dot, Marker::Square, Marker::Triangle, Marker::Diamond, Marker::Ring];

    fn draw(self, scene: &mut Scene, centres: &[Point], ink: Ink) {
        let corners = |shape: &[Point]| {
            let around = |[x, y]: Point| shape.iter().map(|[a, b]| [x + a, y + b]).collect();
            centres.iter().copied().map(around).collect()
        };
        match self {
            Marker::Dot => scene.dots(centres.to_vec(), 2.9, ink, 1.0),
            Marker::Ring => {
                scene.dots(centres.to_vec(), 3.2, ink, 1.0);
                scene.dots(centres.to_vec(), 1.8, Ink::Surface, 1.0);
            }
            Marker::Square => {
                scene.areas(corners(&[[-2.6, -2.6], [2.6, -2.6], [2.6, 2.6], [-2.6, 2.6]]), ink, 1.0);
            }
            Marker::Diamond => {
                scene.areas(corners(&[[0.0, -3.8], [3.8, 0.0], [0.0, 3.8], [-3.8, 0.0]]), ink, 1.0);
            }
            Marker::Triangle => {
                scene.areas(corners(&[[0.0, -3.6], [3.3, 2.4], [-3.3, 2.4]]), ink, 1.0);
            }
        }
    }
}

impl Chart {
    /// The chart with both axes logarithmic. Series without points are left out.
    ///
    /// # Errors
    /// [`PlotError::NotPositive`] for a coordinate that is not a finite positive number, [`PlotError::Empty`] when no
    /// series has a point.
    pub fn log_log(&self) -> Result<Scene, PlotError> {
        for series in &self.series {
            let drawable = |&[x, y]: &Point| [x, y].iter().all(|v| v.is_finite() && *v > 0.0);
            if let Some(index) = series.points.iter().position(|p| !drawable(p)) {
                let [x, y] = series.points[index];
                return Err(PlotError::NotPositive { series: series.name.clone(), index, x, y });
            }
        }
        let all = self.series.iter().flat_map(|s| s.points.iter().copied());
        let [x, y] = bounds(all).ok_or_else(|| PlotError::Empty { title: self.title.clone() })?;
        let drawn: Vec<&Series> = self.series.iter().filter(|s| !s.points.is_empty()).collect();
        let height = SIZE[1].max(PITCH * drawn.len() as f64);
        let area = Rect { left: LEFT, top: TOP, width: SIZE[0], height };
        let frame = Frame {
            area,
            x: Scale::log(with_room(x), [area.left, area.right()]),
            y: Scale::log(with_room(y), [area.bottom(), area.top]),
        };
        let names = drawn.iter().map(|s| width(&s.name, TICK_SIZE, Weight::Regular)).fold(0.0, f64::max);
        let mut scene = Scene::new(area.right() + LEADER + names + 12.0, area.bottom() + BOTTOM_ROOM);
        scene.text(Text::new([LEFT, TOP - 14.0], &self.title, TITLE_SIZE, Ink::Text).bold());
        grid(&mut scene, &frame);
        frame.draw(&mut scene, [&self.names[0], &self.names[1]], Side::Written);
        for series in &drawn {
            let points: Vec<Point> = series.points.iter().map(|p| frame.point(*p)).collect();
            let stroke = Stroke::new(series.ink, 1.4);
            let stroke = if series.line == Line::Dashed { stroke.dash(5.0, 3.0) } else { stroke };
            scene.lines(vec![points.clone()], stroke);
            series.marker.draw(&mut scene, &points, series.ink);
        }
        write_names(&mut scene, &frame, &drawn);
        Ok(scene)
    }
}

/// A factor of room on both sides of a domain, a twentieth of its decades.
fn with_room([low, high]: [f64; 2]) -> [f64; 2] {
    let room = (high / low).powf(0.04).max(1.05);
    [low / room, high * room]
}

fn grid(scene: &mut Scene, frame: &Frame) {
    let Rect { left, top, .. } = frame.area;
    let across = frame.x.ticks(7).into_iter().map(|t| vec![[t.at, top], [t.at, frame.area.bottom()]]);
    let upward = frame.y.ticks(6).into_iter().map(|t| vec![[left, t.at], [frame.area.right(), t.at]]);
    scene.lines(across.chain(upward).collect(), Stroke::new(Ink::Grid, 0.8));
}

/// Writes each name to the right of the box, near the height of its last point, with a thin line to it.
fn write_names(scene: &mut Scene, frame: &Frame, drawn: &[&Series]) {
    let mut ends: Vec<(Point, &Series)> = drawn
        .iter()
        .filter_map(|series| series.points.last().map(|last| (frame.point(*last), *series)))
        .collect();
    ends.sort_by(|a, b| a.0[1].total_cmp(&b.0[1]));
    let wanted: Vec<f64> = ends.iter().map(|(at, _)| at[1]).collect();
    let heights = apart(&wanted, [frame.area.top + 4.0, frame.area.bottom() - 2.0], PITCH);
    let left = frame.area.right() + LEADER;
    for ((at, series), y) in ends.into_iter().zip(heights) {
        let leader = Stroke::new(series.ink, 0.7).opacity(0.5);
        scene.lines(vec![vec![[at[0] + 4.0, at[1]], [left - 14.0, y], [left - 5.0, y]]], leader);
        let words = Text::new([left, y + 3.7], &series.name, TICK_SIZE, series.ink);
        scene.text(words);
    }
}

/// Sorted positions moved as little as it takes to stand at least `pitch` apart within `limits`.
fn apart(wanted: &[f64], limits: [f64; 2], pitch: f64) -> Vec<f64> {
    // Groups of touching names, each centred on what its members want.
    let mut groups: Vec<(f64, usize)> = Vec::new();
    let place = |centre: f64, count: usize| {
        let half = 0.5 * pitch * (count - 1) as f64;
        centre.clamp(limits[0] + half, (limits[1] - half).max(limits[0] + half))
    };
    for &y in wanted {
        groups.push((place(y, 1), 1));
        while let [.., (above, m), (below, n)] = groups[..] {
            let (m, n) = ((above, m), (below, n));
            if n.0 - m.0 >= 0.5 * pitch * (m.1 + n.1) as f64 {
                break;
            }
            groups.truncate(groups.len() - 2);
            let count = m.1 + n.1;
            // The centre that moves the members least: the mean of what they want, each less its place in the group.
            let centre = (m.0 * m.1 as f64 + n.0 * n.1 as f64) / count as f64;
            groups.push((place(centre, count), count));
        }
    }
    groups
        .into_iter()
        .flat_map(|(centre, count)| {
            (0..count).map(move |i| centre + pitch * (i as f64 - 0.5 * (count - 1) as f64))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::apart;

    #[test]
    fn names_that_have_room_stay_and_others_move_apart_inside_the_box() {
        assert_eq!(apart(&[10.0, 50.0], [0.0, 100.0], 14.0), [10.0, 50.0]);
        assert_eq!(apart(&[50.0, 50.0], [0.0, 100.0], 14.0), [43.0, 57.0]);
        let moved = apart(&[0.0, 1.0, 2.0, 99.0, 99.5, 100.0], [0.0, 100.0], 10.0);
        assert!(moved.windows(2).all(|p| p[1] - p[0] >= 10.0 - 1e-9), "{moved:?}");
        assert!(moved[0] >= 0.0 && moved[5] <= 100.0, "{moved:?}");
        assert!(apart(&[], [0.0, 100.0], 10.0).is_empty());
    }
}
