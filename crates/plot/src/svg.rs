//! A picture as SVG text: with fixed colours for a file, or with CSS variables for a page that has two themes.

use std::fmt::Write as _;

use crate::colour::{Ink, Theme};
use crate::font::FAMILY;
use crate::geometry::Point;
use crate::scene::{Anchor, Mark, Scene, Stroke, Text, Turn};
use crate::text::escape;

/// Where colours come from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Paint {
    /// Colours of one theme, on its background.
    Fixed(Theme),
    /// CSS variables of the page around, on no background.
    Variables,
    /// Both themes in one file, on their backgrounds: the viewer's preference decides.
    Adaptive,
}

/// The picture as one `svg` element. `name` is what a screen reader says.
pub fn svg(scene: &Scene, paint: Paint, name: &str) -> String {
    let (width, height) = (number(scene.width), number(scene.height));
    let mut out = format!("<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {width} {height}\"");
    if paint != Paint::Variables {
        let _ = write!(out, " width=\"{width}\" height=\"{height}\"");
    }
    let name = escape(name);
    let _ =
        writeln!(out, " role=\"img\" aria-label=\"{name}\" font-family=\"{FAMILY}\">\n<title>{name}</title>");
    if let Paint::Fixed(theme) = paint {
        let surface = theme.hex(Ink::Surface);
        let _ = writeln!(out, "<rect width=\"{width}\" height=\"{height}\" fill=\"{surface}\"/>");
    }
    if paint == Paint::Adaptive {
        let [light, dark] = Theme::ALL.map(Theme::css);
        let _ = writeln!(
            out,
            "<style>:root{{{light}}}@media (prefers-color-scheme:dark){{:root{{{dark}}}}}</style>\n\
             <rect width=\"{width}\" height=\"{height}\" fill=\"var(--surface)\"/>"
        );
    }
    for mark in &scene.marks {
        match mark {
            Mark::Lines { lines, stroke } => write_lines(&mut out, lines, stroke, paint),
            Mark::Areas { areas, ink, opacity } => write_areas(&mut out, areas, *ink, *opacity, paint),
            Mark::Dots { centres, radius, ink, opacity } => {
                let data: String =
                    centres.iter().map(|[x, y]| format!("M{:.1} {:.1}h0", clean(*x), clean(*y))).collect();
                let (colour, width) = (paint.colour(*ink), number(2.0 * radius));
                let _ = writeln!(
                    out,
                    "<path fill=\"none\" stroke=\"{colour}\" stroke-width=\"{width}\" stroke-linecap=\"round\"{} d=\"{data}\"/>",
                    opacity_attribute("stroke-opacity", *opacity),
                );
            }
            Mark::Text(text) => write_text(&mut out, text, paint),
        }
    }
    out.push_str("</svg>\n");
    out
}

fn write_lines(out: &mut String, lines: &[Vec<Point>], stroke: &Stroke, paint: Paint) {
    let data: String = lines.iter().map(|line| path(line)).collect();
    let dash = stroke.dash.map(|[on, off]| format!(" stroke-dasharray=\"{} {}\"", number(on), number(off)));
    let _ = writeln!(
        out,
        "<path fill=\"none\" stroke=\"{}\" stroke-width=\"{}\" stroke-linecap=\"{}\" stroke-linejoin=\"round\"{}{} d=\"{data}\"/>",
        paint.colour(stroke.ink),
        number(stroke.width),
        if dash.is_some() { "butt" } else { "round" },
        opacity_attribute("stroke-opacity", stroke.opacity),
        dash.unwrap_or_default(),
    );
}

fn write_areas(out: &mut String, areas: &[Vec<Point>], ink: Ink, opacity: f64, paint: Paint) {
    let data: String = areas.iter().map(|area| path(area) + "z").collect();
    let opacity = opacity_attribute("fill-opacity", opacity);
    let _ = writeln!(out, "<path fill=\"{}\"{opacity} d=\"{data}\"/>", paint.colour(ink));
}

fn write_text(out: &mut String, text: &Text, paint: Paint) {
    let [x, y] = text.at.map(number);
    let anchor = match text.anchor {
        Anchor::Start => "",
        Anchor::Middle => " text-anchor=\"middle\"",
        Anchor::End => " text-anchor=\"end\"",
    };
    let turn = match text.turn {
        Turn::Across => String::new(),
        Turn::Up => format!(" transform=\"rotate(-90 {x} {y})\""),
    };
    let _ = writeln!(
        out,
        "<text x=\"{x}\" y=\"{y}\" font-size=\"{}\" font-weight=\"{}\" fill=\"{}\"{anchor}{turn}>{}</text>",
        number(text.size),
        text.weight.css(),
        paint.colour(text.ink),
        escape(&text.words),
    );
}

impl Paint {
    fn colour(self, ink: Ink) -> String {
        match self {
            Paint::Fixed(theme) => theme.hex(ink),
            Paint::Variables | Paint::Adaptive => format!("var({})", ink.variable()),
        }
    }
}

/// Absolute start, then relative steps, which are short; rounding is done on the absolute positions, so that it does
/// not add up.
fn path(line: &[Point]) -> String {
    let tenths = |[x, y]: Point| [(x * 10.0).round() as i64, (y * 10.0).round() as i64];
    let mut out = String::new();
    let mut last: Option<[i64; 2]> = None;
    for point in line.iter().copied().map(tenths) {
        let _ = match last {
            None => write!(out, "M{} {}", tenth(point[0]), tenth(point[1])),
            Some([x, y]) => write!(out, "l{} {}", tenth(point[0] - x), tenth(point[1] - y)),
        };
        last = Some(point);
    }
    out
}

fn tenth(value: i64) -> String {
    number(value as f64 / 10.0)
}

fn opacity_attribute(name: &str, opacity: f64) -> String {
    if opacity < 1.0 { format!(" {name}=\"{}\"", number(opacity)) } else { String::new() }
}

/// At most two decimals, none at the end that say nothing.
fn number(value: f64) -> String {
    let words = format!("{:.2}", clean(value));
    words.trim_end_matches('0').trim_end_matches('.').to_string()
}

/// No negative zero.
fn clean(value: f64) -> f64 {
    if value.abs() < 0.005 { 0.0 } else { value }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_short() {
        assert_eq!([0.0, -0.001, 1.0, 1.5, 1.256, 100.0].map(number), ["0", "0", "1", "1.5", "1.26", "100"]);
    }

    #[test]
    fn relative_steps_do_not_drift() {
        let line: Vec<Point> = (0..=30).map(|i| [f64::from(i) / 3.0, 0.0]).collect();
        let data = path(&line);
        let total: f64 =
            data.split('l').skip(1).map(|s| s.split(' ').next().unwrap().parse::<f64>().unwrap()).sum();
        assert!((total - 10.0).abs() < 1e-9, "{total}");
    }

    #[test]
    fn words_are_escaped_everywhere() {
        let mut scene = Scene::new(10.0, 10.0);
        scene.text(Text::new([0.0, 5.0], "<script>", 5.0, Ink::Text));
        let text = svg(&scene, Paint::Variables, "\"><script>");
        assert!(!text.contains("<script>"));
        assert!(text.contains("&lt;script&gt;</text>"));
    }
}
