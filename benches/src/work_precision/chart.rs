//! Curves as charts: error against time and against evaluations.

use super::curve::Curve;
use super::table::LEVELS;
use chreode_bench_problems::Point;
use chreode_plot::{Chart, Ink, Line, Marker, Paint, PlotError, SERIES, Series, svg};

/// Lines of ours in a chart, and of the peers.
const MOST: [usize; 2] = [6, 6];
/// A line that is so many times slower than the fastest would only squeeze the others.
const SLOWEST: f64 = 60.0;

/// What a point is drawn against.
type Cost = fn(&Point) -> Option<f64>;

/// The charts of the curves of one problem, as names of files and SVG: the fastest of ours and of the peers.
///
/// # Errors
/// [`PlotError::Empty`] without a curve.
pub fn charts(problem: &str, curves: &[&Curve]) -> Result<Vec<(String, String)>, PlotError> {
    let chosen = fastest(curves);
    let time: Cost = |p| Some(p.seconds);
    let evaluations: Cost = |p| p.evaluations.map(|n| n as f64);
    let kinds = [("time", "seconds", time), ("evaluations", "evaluations of the field", evaluations)];
    kinds
        .into_iter()
        .map(|(kind, axis, cost)| {
            let chart = Chart {
                title: format!("{problem}: error and {kind}"),
                names: [axis.into(), "error at the end".into()],
                series: series(&chosen, cost),
            };
            let scene = chart.log_log()?;
            Ok((format!("{problem}-{kind}.svg"), svg(&scene, Paint::Adaptive, &chart.title)))
        })
        .collect()
}

/// Of ours and of the peers those that reach the middle level (or the loosest) fastest.
fn fastest<'a>(curves: &[&'a Curve]) -> Vec<&'a Curve> {
    let key = |c: &Curve| c.seconds(LEVELS[1]).or_else(|| c.seconds(LEVELS[0]).map(|s| 1e3 * s));
    let mut ranked: Vec<&Curve> = curves.to_vec();
    ranked.sort_by(|a, b| key(a).unwrap_or(f64::INFINITY).total_cmp(&key(b).unwrap_or(f64::INFINITY)));
    let limit = ranked.first().and_then(|c| key(c)).map_or(f64::INFINITY, |s| SLOWEST * s);
    let near = |c: &&Curve| key(c).is_none_or(|s| s <= limit);
    let of = |ours: bool, most: usize| {
        ranked.iter().copied().filter(near).filter(move |c| c.ours == ours).take(most)
    };
    of(true, MOST[0]).chain(of(false, MOST[1])).collect()
}

fn series(curves: &[&Curve], cost: Cost) -> Vec<Series> {
    let mut ranks = [0usize; 2];
    let mut all: Vec<Series> = curves
        .iter()
        .map(|curve| {
            let rank = &mut ranks[usize::from(!curve.ours)];
            let index = *rank;
            *rank += 1;
            let places = curve.points.iter().filter_map(|p| Some([cost(p)?, p.error]));
            let ink = Ink::Series((index % (SERIES - 1)) as u8);
            Series {
                name: curve.name.clone(),
                points: places.filter(|[c, e]| *c > 0.0 && *e > 0.0 && e.is_finite()).collect(),
                ink,
                marker: if curve.ours { Marker::Dot } else { Marker::Ring },
                line: if curve.ours { Line::Full } else { Line::Dashed },
            }
        })
        .collect();
    // Ours are drawn over the peers'.
    all.reverse();
    all
}
