//! A local quadratic regression on the line.

use crate::PrepError;
use crate::error::require;

/// The share of a local fit's points that a cell of the tree may hold.
const CELL: f64 = 0.2;
/// How far the outermost vertices lie beyond the points, as a share of their range.
const MARGIN: f64 = 0.005;

/// Loess: at a vertex v, Σ wᵢ (yᵢ - a - b (xᵢ - v) - c (xᵢ - v)²)² is least over (a, b, c), with tricube weights
/// wᵢ = (1 - (|xᵢ - v| / h)³)³ over the nearest share of the points, h being the distance to the farthest of them.
///
/// The curve is fitted at the vertices of a k-d tree and blended between them by the cubic that has their values and
/// slopes, as the authors' program does by default (Cleveland & Grosse 1991, Statistics and Computing 1,
/// doi:10.1007/BF01890836; Cleveland, Devlin & Grosse 1988, doi:10.1016/0304-4076(88)90077-2).
#[derive(Clone, Debug, PartialEq)]
pub struct Loess {
    /// Position, value and slope at each vertex, from left to right.
    vertices: Vec<[f64; 3]>,
}

impl Loess {
    /// Fits with degree 2 and the share `span` of the points at each vertex.
    ///
    /// # Errors
    /// [`PrepError::Parameter`] for a span outside (0, 1], [`PrepError::Fit`] for fewer than three points within the span
    /// or one that is not finite.
    pub fn fit(x: &[f64], y: &[f64], span: f64) -> Result<Self, PrepError> {
        require(span > 0.0 && span <= 1.0, "span", span, "above 0 and at most 1")?;
        let n = x.len();
        crate::error::length("the values of a curve", "points", n, y.len())?;
        let near = n.min((n as f64 * span + 1e-5).floor() as usize);
        if near < 3 || x.iter().chain(y).any(|v| !v.is_finite()) {
            return Err(PrepError::Fit {
                what: "the curve of variance over mean",
                needed: "three genes at least within its span, all finite".into(),
                got: format!("{near} of {n}"),
                hint: "give more genes that vary, or a larger span",
            });
        }
        let mut order: Vec<usize> = (0..n).collect();
        order.sort_by(|&a, &b| x[a].total_cmp(&x[b]));
        let sorted: Vec<(f64, f64)> = order.iter().map(|&i| (x[i], y[i])).collect();
        let (low, high) = (sorted[0].0, sorted[n - 1].0);
        let beyond = MARGIN * (high - low).max(1e-3 * low.abs().max(high.abs()) + 1e-30);
        let mut places = vec![low - beyond, high + beyond];
        let most = (n as f64 * span * CELL).floor() as usize;
        let cell = (places[0], places[1]);
        cut(&sorted, most, cell, &mut places);
        places.sort_by(f64::total_cmp);
        places.dedup();
        let vertices = places.into_iter().map(|v| {
            let (value, slope) = local(&sorted, v, near);
            [v, value, slope]
        });
        Ok(Self { vertices: vertices.collect() })
    }

    /// The curve at `x`, constant slope being kept beyond the outermost vertices' cells.
    pub fn at(&self, x: f64) -> f64 {
        let right = self.vertices.partition_point(|v| v[0] < x).clamp(1, self.vertices.len() - 1);
        let ([x0, y0, d0], [x1, y1, d1]) = (self.vertices[right - 1], self.vertices[right]);
        let width = x1 - x0;
        let h = (x - x0) / width;
        let (rise, back) = (h * h * (3.0 - 2.0 * h), 1.0 - h);
        (1.0 - rise) * y0 + rise * y1 + width * (h * back * back * d0 - h * h * back * d1)
    }
}

/// Cuts the points at their median, itself a vertex, until a cell has at most `most`.
fn cut(points: &[(f64, f64)], most: usize, (low, high): (f64, f64), places: &mut Vec<f64>) {
    let n = points.len();
    if n <= most.max(1) {
        return;
    }
    // Points at one place stay together: the last before another place, searched for on both sides in turn.
    let middle = (n - 1) / 2;
    let mut offset = 0isize;
    let mut m = middle;
    while let Some(at) = middle.checked_add_signed(offset).filter(|at| at + 1 < n) {
        if points[at].0 != points[at + 1].0 {
            m = at;
            break;
        }
        offset = if offset < 0 {
            1 - offset
        } else if offset == 0 {
            1
        } else {
            -offset
        };
    }
    let place = points[m].0;
    if place == low || place == high {
        return;
    }
    places.push(place);
    cut(&points[..=m], most, (low, place), places);
    cut(&points[m + 1..], most, (place, high), places);
}

/// Value and slope at `v` of the local fit to its `near` nearest points.
fn local(points: &[(f64, f64)], v: f64, near: usize) -> (f64, f64) {
    // The window of nearest points, grown from where v would be.
    let mut high = points.partition_point(|p| p.0 < v);
    let mut low = high;
    while high - low < near {
        let left = if low > 0 { v - points[low - 1].0 } else { f64::INFINITY };
        let right = if high < points.len() { points[high].0 - v } else { f64::INFINITY };
        if left <= right { low -= 1 } else { high += 1 }
    }
    let h = (v - points[low].0).max(points[high - 1].0 - v).max(f64::MIN_POSITIVE);
    // Powers of u = (x - v) / h, made orthogonal under the weights, twice for their digits.
    let weight = |x: f64| {
        let r = (x - v).abs() / h;
        match r {
            r if r < 1e-3 => 1.0,
            r if r > 0.999 => 0.0,
            r => (1.0 - r.powi(3)).powi(3),
        }
    };
    let window = &points[low..high];
    let roots: Vec<f64> = window.iter().map(|p| f64::sqrt(weight(p.0))).collect();
    let mut residual: Vec<f64> = window.iter().zip(&roots).map(|(p, w)| w * p.1).collect();
    let mut basis: Vec<(Vec<f64>, [f64; 3])> = Vec::new();
    let mut fitted = [0.0; 3];
    for power in 0..3 {
        let mut column: Vec<f64> =
            window.iter().zip(&roots).map(|(p, w)| w * ((p.0 - v) / h).powi(power)).collect();
        let mut monomials = [0.0; 3];
        monomials[power as usize] = 1.0;
        let before = dot(&column, &column).sqrt();
        for _ in 0..2 {
            for (q, terms) in &basis {
                let along = dot(q, &column);
                column.iter_mut().zip(q).for_each(|(c, q)| *c -= along * q);
                monomials.iter_mut().zip(terms).for_each(|(m, t)| *m -= along * t);
            }
        }
        let size = dot(&column, &column).sqrt();
        // Points that are too few or too close together for this power leave it out.
        if size <= 1e-9 * before || size == 0.0 {
            continue;
        }
        column.iter_mut().for_each(|c| *c /= size);
        monomials.iter_mut().for_each(|m| *m /= size);
        let along = dot(&column, &residual);
        residual.iter_mut().zip(&column).for_each(|(r, c)| *r -= along * c);
        fitted.iter_mut().zip(&monomials).for_each(|(f, m)| *f += along * m);
        basis.push((column, monomials));
    }
    (fitted[0], fitted[1] / h)
}

fn dot(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}
