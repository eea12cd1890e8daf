//! Single problems at equal achieved error: the peer at its tolerance, ours at the loosest tolerance that is no less
//! accurate, timed one after the other.

use crate::peers::row::Row;
use crate::programs::{Care, Program, Wanted};
use anyhow::Result;
use chreode_bench_problems::Point;

/// Our tolerances: eight a decade, so that the error met is near the one asked for.
fn tolerances() -> String {
    let all: Vec<String> = (16..=88).map(|q| format!("{:.3e}", 10f64.powf(-0.125 * f64::from(q)))).collect();
    all.join(",")
}

/// Tighter tolerances that must be accurate enough, too.
const STEADY: usize = 4;

/// Methods that are timed against each peer's point.
const CONTENDERS: usize = 3;

/// One problem at one tolerance of the peers.
pub(crate) struct Contest<'a> {
    pub(crate) problem: &'a str,
    pub(crate) tolerance: &'a str,
    /// The ratio wanted against peers in Rust.
    pub(crate) rust: Option<f64>,
    /// The ratio wanted against the others.
    pub(crate) python: Option<f64>,
}

/// The rows of a contest, one for each method of each peer.
pub(crate) fn rows(ours: &Program, peers: &[Program], contest: &Contest<'_>) -> Result<Vec<Row>> {
    let tolerances = tolerances();
    let wanted = Wanted { problem: contest.problem, tolerances: &tolerances, ..Wanted::default() };
    let rough = ours.points(Wanted { care: Care::Rough, ..wanted })?;
    let mut rows = Vec::new();
    for peer in peers {
        let at = Wanted { tolerances: contest.tolerance, care: Care::Careful, ..wanted };
        let theirs = peer.points(at)?;
        let goal = if peer.name == "Python" { contest.python } else { contest.rust };
        let mut timed: Vec<Point> = Vec::new();
        for point in theirs {
            let mut best: Option<Point> = None;
            for candidate in contenders(&rough, point.error) {
                let known =
                    timed.iter().find(|p| p.method == candidate.method && p.tolerance == candidate.tolerance);
                let measured = match known {
                    Some(known) => known.clone(),
                    None => {
                        let tolerance = format!("{:e}", candidate.tolerance);
                        let methods = [candidate.method.as_str()];
                        let again = Wanted {
                            methods: &methods,
                            tolerances: &tolerance,
                            care: Care::Careful,
                            ..wanted
                        };
                        let Some(again) = ours.points(again)?.pop() else { continue };
                        timed.push(again.clone());
                        again
                    }
                };
                if best.as_ref().is_none_or(|b| measured.seconds < b.seconds) {
                    best = Some(measured);
                }
            }
            match best {
                Some(best) => rows.push(row(contest, &best, &point, goal)),
                None => println!(
                    "{}: nothing of ours reaches {:.0e} of {}",
                    contest.problem,
                    point.error,
                    point.name()
                ),
            }
        }
    }
    Ok(rows)
}

fn row(contest: &Contest<'_>, ours: &Point, peer: &Point, goal: Option<f64>) -> Row {
    Row {
        case: contest.problem.into(),
        threads: 1,
        ours: format!("{} {:.0e}", ours.method, ours.tolerance),
        ours_seconds: ours.seconds,
        ours_error: Some(ours.error),
        peer: format!("{} {}", peer.name(), contest.tolerance),
        peer_seconds: Some(peer.seconds),
        peer_error: Some(peer.error),
        goal,
    }
}

/// Of each method the loosest point that is accurate enough and not by luck: the next [`STEADY`] tighter ones are, too.
/// The fastest of those.
fn contenders(points: &[Point], error: f64) -> Vec<Point> {
    let mut methods: Vec<&str> = points.iter().map(|p| p.method.as_str()).collect();
    methods.sort_unstable();
    methods.dedup();
    let mut found: Vec<Point> =
        methods.into_iter().filter_map(|method| loosest(points, method, error)).collect();
    found.sort_by(|a, b| a.seconds.total_cmp(&b.seconds));
    found.truncate(CONTENDERS);
    found
}

fn loosest(points: &[Point], method: &str, error: f64) -> Option<Point> {
    let mut own: Vec<&Point> = points.iter().filter(|p| p.method == method).collect();
    own.sort_by(|a, b| b.tolerance.total_cmp(&a.tolerance));
    let steady = own.windows(1 + STEADY).find(|window| window.iter().all(|p| p.error <= error))?;
    Some(steady[0].clone())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_contender_is_the_loosest_that_is_accurate_enough() {
        let point = |method: &str, tolerance: f64, seconds: f64, error: f64| Point {
            method: method.into(),
            tolerance,
            seconds,
            error,
            ..Point::default()
        };
        let errors = |method: &str, seconds: f64, errors: [f64; 7]| {
            let at = |(i, error): (usize, f64)| {
                point(method, 10f64.powi(-4 - i as i32), seconds + i as f64, error)
            };
            errors.into_iter().enumerate().map(at).collect::<Vec<_>>()
        };
        let points = [
            errors("a", 1.0, [1e-3, 1e-4, 1e-5, 1e-6, 1e-7, 1e-8, 1e-9]),
            errors("b", 1.5, [1e-5, 1e-6, 1e-7, 1e-8, 1e-9, 1e-10, 1e-11]),
            errors("lucky", 0.1, [1e-6, 1e-2, 1e-3, 1e-4, 1e-5, 1e-6, 1e-7]),
        ]
        .concat();
        let found: Vec<(String, f64)> =
            contenders(&points, 2e-4).into_iter().map(|p| (p.method, p.tolerance)).collect();
        assert_eq!(found, [("b".to_string(), 1e-4), ("a".to_string(), 1e-5)]);
        assert!(contenders(&points, 1e-9).is_empty());
    }
}
