//! The points of one method on one problem, and what they say at errors in between.

use chreode_bench_problems::Point;

/// The points of a method on a problem, from the loosest tolerance on.
#[derive(Clone, Debug, PartialEq)]
pub struct Curve {
    /// The problem.
    pub problem: String,
    /// Library and method.
    pub name: String,
    /// Whether it is ours.
    pub ours: bool,
    /// At least one.
    pub points: Vec<Point>,
}

/// Sorts points into curves, problem by problem in the order of their first appearance.
pub fn curves(points: &[Point]) -> Vec<Curve> {
    let mut found: Vec<Curve> = Vec::new();
    for point in points {
        let name = point.name();
        match found.iter_mut().find(|c| c.problem == point.problem && c.name == name) {
            Some(curve) => curve.points.push(point.clone()),
            None => found.push(Curve {
                problem: point.problem.clone(),
                name,
                ours: point.library == "chreode",
                points: vec![point.clone()],
            }),
        }
    }
    for curve in &mut found {
        curve.points.sort_by(|a, b| b.tolerance.total_cmp(&a.tolerance));
    }
    found
}

impl Curve {
    /// What a solve with error `level` costs, by linear interpolation of logarithms between neighbouring tolerances; the
    /// cost of the loosest point when that is accurate enough, `None` when no point is.
    pub fn cost(&self, level: f64, of: impl Fn(&Point) -> Option<f64>) -> Option<f64> {
        let usable = |p: &Point| Some((p.error.max(f64::MIN_POSITIVE), of(p).filter(|c| *c > 0.0)?));
        let points: Vec<(f64, f64)> = self.points.iter().filter_map(usable).collect();
        let enough = points.iter().position(|(error, _)| *error <= level)?;
        let (below, cost) = points[enough];
        let Some((above, before)) = enough.checked_sub(1).map(|i| points[i]) else { return Some(cost) };
        let share = (above / level).ln() / (above / below).ln();
        Some((before.ln() + share * (cost / before).ln()).exp())
    }

    /// Seconds for an error of `level`.
    pub fn seconds(&self, level: f64) -> Option<f64> {
        self.cost(level, |p| Some(p.seconds))
    }

    /// Evaluations for an error of `level`.
    pub fn evaluations(&self, level: f64) -> Option<f64> {
        self.cost(level, |p| p.evaluations.map(|n| n as f64))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn curve(pairs: &[(f64, f64)]) -> Curve {
        let point = |(i, &(error, seconds)): (usize, &(f64, f64))| Point {
            tolerance: 10f64.powi(-3 - i as i32),
            method: "m".into(),
            library: "chreode".into(),
            error,
            seconds,
            ..Point::default()
        };
        curves(&pairs.iter().enumerate().map(point).collect::<Vec<_>>()).remove(0)
    }

    #[test]
    fn costs_are_interpolated_in_logarithms() {
        let c = curve(&[(1e-2, 1.0), (1e-4, 4.0), (1e-6, 16.0)]);
        assert!((c.seconds(1e-3).unwrap() - 2.0).abs() < 1e-12);
        assert!((c.seconds(1e-5).unwrap() - 8.0).abs() < 1e-12);
        assert!((c.seconds(1e-4).unwrap() - 4.0).abs() < 1e-12);
        assert_eq!(c.seconds(0.5), Some(1.0), "the loosest is accurate enough");
        assert_eq!(c.seconds(1e-7), None, "nothing is said beyond the points");
        assert_eq!(c.evaluations(1e-3), None, "nobody counted");
    }

    #[test]
    fn a_lucky_point_does_not_hide_what_comes_before_it() {
        let c = curve(&[(1e-3, 1.0), (1e-9, 2.0), (1e-5, 3.0)]);
        assert!(c.seconds(1e-6).unwrap() < 2.0);
        assert_eq!(curves(&[]).len(), 0);
    }
}
