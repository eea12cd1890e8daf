//! Curves as Markdown: the time for given errors.

use super::curve::Curve;
use std::fmt::Write as _;

/// The errors of the columns.
pub const LEVELS: [f64; 3] = [1e-4, 1e-6, 1e-8];

/// A table of the curves of one problem: microseconds and evaluations for each level, the fastest in bold.
pub fn table(curves: &[&Curve]) -> String {
    let best = LEVELS.map(|level| least(curves.iter().filter_map(|c| c.seconds(level))));
    let mut rows: Vec<&Curve> = curves.to_vec();
    // The fastest at the middle level, then those that reach the loosest only.
    let key = |c: &Curve| [LEVELS[1], LEVELS[0]].map(|level| c.seconds(level).unwrap_or(f64::INFINITY));
    rows.sort_by(|a, b| key(a).partial_cmp(&key(b)).expect("times are no NaN"));
    let mut out = String::from("| method |");
    for level in LEVELS {
        let _ = write!(out, " µs for {level:.0e} | evaluations |");
    }
    out.push_str("\n|---|");
    out.push_str(&"---|---|".repeat(LEVELS.len()));
    out.push('\n');
    for curve in rows {
        let name = if curve.ours { format!("**{}**", curve.name) } else { curve.name.clone() };
        let _ = write!(out, "| {name} |");
        for (level, best) in LEVELS.into_iter().zip(best) {
            let seconds = match curve.seconds(level) {
                Some(s) if Some(s) == best => format!("**{}**", figures(1e6 * s)),
                Some(s) => figures(1e6 * s),
                None => "–".into(),
            };
            let evaluations = curve.evaluations(level).map_or("–".into(), |n| format!("{n:.0}"));
            let _ = write!(out, " {seconds} | {evaluations} |");
        }
        out.push('\n');
    }
    out
}

fn least(values: impl Iterator<Item = f64>) -> Option<f64> {
    values.min_by(f64::total_cmp)
}

/// Three significant figures, without an exponent.
fn figures(value: f64) -> String {
    let digits = (2 - value.abs().log10().floor() as i32).clamp(0, 6) as usize;
    let scale = 10f64.powi((value.abs().log10().floor() as i32 - 2).max(0));
    format!(
        "{:.digits$}",
        (value / scale).round() * scale * f64::from(digits == 0) + value * f64::from(digits > 0)
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::work_precision::curves;
    use chreode_bench_problems::Point;

    #[test]
    fn numbers_have_three_figures() {
        assert_eq!([0.012345, 1.2345, 123.45, 12345.0].map(figures), ["0.0123", "1.23", "123", "12300"]);
    }

    #[test]
    fn the_fastest_is_bold_and_ours_are_named_so() {
        let point = |library: &str, seconds: f64| Point {
            library: library.into(),
            method: "m".into(),
            tolerance: 1e-5,
            seconds,
            evaluations: Some(100),
            error: 1e-5,
            ..Point::default()
        };
        let curves = curves(&[point("chreode", 2e-6), point("other", 1e-6)]);
        let text = table(&curves.iter().collect::<Vec<_>>());
        let lines: Vec<&str> = text.lines().collect();
        assert!(lines[0].starts_with("| method | µs for 1e-4 | evaluations |"), "{text}");
        assert!(lines[2].contains("| other m | **1.00** | 100 | – | – |"), "{text}");
        assert!(lines[3].contains("| **m** | 2.00 |"), "{text}");
    }
}
