//! Checks of points and polygons in the plane.

use super::cell::Point;
use crate::OtError;
use ndarray::ArrayView2;

/// `|p|²`.
pub(super) fn square(p: Point) -> f64 {
    p[0] * p[0] + p[1] * p[1]
}

/// Points of the plane.
pub(super) fn plane(side: &'static str, points: ArrayView2<'_, f64>) -> Result<Vec<Point>, OtError> {
    if points.nrows() == 0 {
        return Err(OtError::Empty { side });
    }
    if points.ncols() != 2 {
        return Err(OtError::Shape { what: "a point of the plane", expected: 2, found: points.ncols() });
    }
    if let Some(((row, column), &value)) = points.indexed_iter().find(|(_, v)| !v.is_finite()) {
        return Err(OtError::BadPoint { side, row, column, value });
    }
    Ok(points.rows().into_iter().map(|p| [p[0], p[1]]).collect())
}

/// Anticlockwise, or an error where the corners turn both ways or not at all.
pub(super) fn convex(corners: &[Point]) -> Result<Vec<Point>, OtError> {
    let n = corners.len();
    let turns = || {
        (0..n).map(|k| {
            let [p, q, r] = [corners[k], corners[(k + 1) % n], corners[(k + 2) % n]];
            (q[0] - p[0]) * (r[1] - q[1]) - (q[1] - p[1]) * (r[0] - q[0])
        })
    };
    let most = turns().fold(0.0_f64, |m, t| if t.abs() > m.abs() { t } else { m });
    let against = turns().map(|t| t * most.signum()).fold(f64::INFINITY, f64::min);
    let area = 0.5
        * (0..n)
            .map(|k| corners[k][0] * corners[(k + 1) % n][1] - corners[(k + 1) % n][0] * corners[k][1])
            .sum::<f64>();
    if n < 3 || area == 0.0 {
        return Err(OtError::BadParameter {
            name: "the area of the polygon",
            value: area,
            range: "positive",
        });
    }
    if against < -1e-12 * most.abs() {
        let (name, range) =
            ("the turn at a corner of the polygon", "of one sense: the polygon must be convex");
        return Err(OtError::BadParameter { name, value: against, range });
    }
    let mut corners = corners.to_vec();
    if area < 0.0 {
        corners.reverse();
    }
    Ok(corners)
}

/// Refuses two points in one place.
pub(super) fn distinct(points: &[Point]) -> Result<(), OtError> {
    let mut order: Vec<usize> = (0..points.len()).collect();
    let by_place = |i: &usize, j: &usize| {
        points[*i][0].total_cmp(&points[*j][0]).then(points[*i][1].total_cmp(&points[*j][1]))
    };
    order.sort_by(by_place);
    match order.windows(2).find(|pair| points[pair[0]] == points[pair[1]]) {
        Some(pair) => Err(OtError::SamePoint { first: pair[0].min(pair[1]), second: pair[0].max(pair[1]) }),
        None => Ok(()),
    }
}
