//! A picture as PNG, drawn by tiny-skia at three dots a unit.

use tiny_skia::{
    Color, FillRule, LineCap, LineJoin, Paint, Path, PathBuilder, Pixmap, Stroke as Pen, StrokeDash,
    Transform,
};
use ttf_parser::OutlineBuilder;

use crate::colour::{Ink, Theme};
use crate::error::PlotError;
use crate::font;
use crate::geometry::Point;
use crate::scene::{Anchor, Mark, Scene, Stroke, Text, Turn};

/// Dots for one unit of the picture.
const DENSITY: f32 = 3.0;

/// The picture as the bytes of a PNG file.
///
/// # Errors
/// [`PlotError::Png`] for a picture without area, and when the encoder refuses.
pub fn png(scene: &Scene, theme: Theme) -> Result<Vec<u8>, PlotError> {
    let size = |units: f64| (units as f32 * DENSITY).ceil() as u32;
    let mut canvas = Pixmap::new(size(scene.width), size(scene.height))
        .ok_or_else(|| PlotError::Png("the picture has no area".into()))?;
    let [r, g, b] = theme.rgb(Ink::Surface);
    canvas.fill(Color::from_rgba8(r, g, b, 255));
    let zoom = Transform::from_scale(DENSITY, DENSITY);
    for mark in &scene.marks {
        match mark {
            Mark::Lines { lines, stroke } => draw_lines(&mut canvas, lines, stroke, theme, zoom),
            Mark::Areas { areas, ink, opacity } => {
                let mut path = PathBuilder::new();
                areas.iter().for_each(|area| polygon(&mut path, area));
                fill(&mut canvas, path, &paint(theme, *ink, *opacity), zoom);
            }
            Mark::Dots { centres, radius, ink, opacity } => {
                let mut path = PathBuilder::new();
                centres.iter().for_each(|[x, y]| path.push_circle(*x as f32, *y as f32, *radius as f32));
                fill(&mut canvas, path, &paint(theme, *ink, *opacity), zoom);
            }
            Mark::Text(text) => draw_text(&mut canvas, text, theme, zoom),
        }
    }
    canvas.encode_png().map_err(|error| PlotError::Png(error.to_string()))
}

fn draw_lines(canvas: &mut Pixmap, lines: &[Vec<Point>], stroke: &Stroke, theme: Theme, zoom: Transform) {
    let mut path = PathBuilder::new();
    for line in lines {
        trace(&mut path, line);
    }
    let pen = Pen {
        width: stroke.width as f32,
        line_cap: if stroke.dash.is_some() { LineCap::Butt } else { LineCap::Round },
        line_join: LineJoin::Round,
        dash: stroke.dash.and_then(|d| StrokeDash::new(d.map(|v| v as f32).to_vec(), 0.0)),
        ..Pen::default()
    };
    if let Some(path) = path.finish() {
        canvas.stroke_path(&path, &paint(theme, stroke.ink, stroke.opacity), &pen, zoom, None);
    }
}

fn draw_text(canvas: &mut Pixmap, text: &Text, theme: Theme, zoom: Transform) {
    let width = font::width(&text.words, text.size, text.weight) as f32;
    let start = match text.anchor {
        Anchor::Start => 0.0,
        Anchor::Middle => -width / 2.0,
        Anchor::End => -width,
    };
    let turn = match text.turn {
        Turn::Across => 0.0,
        Turn::Up => -90.0,
    };
    let at = text.at.map(|v| v as f32);
    let mut letters: Vec<Path> = Vec::new();
    let scale = font::outline(
        &text.words,
        text.size,
        text.weight,
        |pen| Letter { path: PathBuilder::new(), pen },
        |letter| letters.extend(letter.path.finish()),
    ) as f32;
    let place = zoom
        .pre_translate(at[0], at[1])
        .pre_concat(Transform::from_rotate(turn))
        .pre_translate(start, 0.0)
        .pre_scale(scale, -scale);
    let paint = paint(theme, text.ink, 1.0);
    for letter in &letters {
        canvas.fill_path(letter, &paint, FillRule::Winding, place, None);
    }
}

fn fill(canvas: &mut Pixmap, path: PathBuilder, paint: &Paint<'_>, zoom: Transform) {
    if let Some(path) = path.finish() {
        canvas.fill_path(&path, paint, FillRule::Winding, zoom, None);
    }
}

fn polygon(path: &mut PathBuilder, area: &[Point]) {
    trace(path, area);
    path.close();
}

fn trace(path: &mut PathBuilder, line: &[Point]) {
    for (index, [x, y]) in line.iter().enumerate() {
        if index == 0 {
            path.move_to(*x as f32, *y as f32);
        } else {
            path.line_to(*x as f32, *y as f32);
        }
    }
}

fn paint(theme: Theme, ink: Ink, opacity: f64) -> Paint<'static> {
    let [r, g, b] = theme.rgb(ink);
    let mut paint = Paint { anti_alias: true, ..Paint::default() };
    paint.set_color_rgba8(r, g, b, (opacity * 255.0).round() as u8);
    paint
}

/// Collects the outline of a letter at a pen position.
struct Letter {
    path: PathBuilder,
    pen: f32,
}

impl OutlineBuilder for Letter {
    fn move_to(&mut self, x: f32, y: f32) {
        self.path.move_to(x + self.pen, y);
    }

    fn line_to(&mut self, x: f32, y: f32) {
        self.path.line_to(x + self.pen, y);
    }

    fn quad_to(&mut self, x1: f32, y1: f32, x: f32, y: f32) {
        self.path.quad_to(x1 + self.pen, y1, x + self.pen, y);
    }

    fn curve_to(&mut self, x1: f32, y1: f32, x2: f32, y2: f32, x: f32, y: f32) {
        self.path.cubic_to(x1 + self.pen, y1, x2 + self.pen, y2, x + self.pen, y);
    }

    fn close(&mut self) {
        self.path.close();
    }
}
