//! Displacement interpolation: mass on its way from source to target.

use crate::{Coupling, Entry, OtError};
use ndarray::{Array1, Array2, ArrayView2};
use rand::Rng;

/// A weighted cloud between two others.
#[derive(Clone, Debug, PartialEq)]
pub struct Interpolant {
    /// One point a row.
    pub points: Array2<f64>,
    /// The mass of each.
    pub masses: Array1<f64>,
}

/// McCann's interpolant at time `t`: each entry of a plan as a point at `(1 − t) x_i + t y_j` with its mass.
///
/// For an optimal plan of the squared distance this is the geodesic of W₂, and the distance from the source
/// is `t W₂`. R. J. McCann, Adv. Math. 128, 1997, doi 10.1006/aima.1997.1634. A time outside [0, 1]
/// extrapolates.
///
/// # Errors
/// No entry, an entry outside the clouds, different numbers of columns, or a time that is not finite.
pub fn displacement(
    entries: &[Entry],
    x: ArrayView2<'_, f64>,
    y: ArrayView2<'_, f64>,
    t: f64,
) -> Result<Interpolant, OtError> {
    check(x, y, t)?;
    if entries.is_empty() {
        return Err(OtError::Shape { what: "the list of entries", expected: 1, found: 0 });
    }
    let beyond = |side: &dyn Fn(&Entry) -> usize| entries.iter().map(side).max().map_or(0, |most| most + 1);
    for (what, expected, found) in [
        ("the cloud of the entries' rows", beyond(&|e| e.row), x.nrows()),
        ("the cloud of the entries' columns", beyond(&|e| e.column), y.nrows()),
    ] {
        if found < expected {
            return Err(OtError::Shape { what, expected, found });
        }
    }
    let pairs: Vec<(usize, usize)> = entries.iter().map(|e| (e.row, e.column)).collect();
    Ok(Interpolant { points: between(&pairs, x, y, t), masses: entries.iter().map(|e| e.mass).collect() })
}

/// The same for any plan, by `count` pairs drawn from it, of equal masses that sum to 1.
///
/// # Errors
/// Clouds of other sizes than the plan's, different numbers of columns, or a time that is not finite.
pub fn sample_displacement<P: Coupling, R: Rng + ?Sized>(
    plan: &P,
    x: ArrayView2<'_, f64>,
    y: ArrayView2<'_, f64>,
    t: f64,
    count: usize,
    rng: &mut R,
) -> Result<Interpolant, OtError> {
    check(x, y, t)?;
    let (n, m) = plan.shape();
    for (what, expected, found) in [("the source points", n, x.nrows()), ("the target points", m, y.nrows())]
    {
        if expected != found {
            return Err(OtError::Shape { what, expected, found });
        }
    }
    let pairs = plan.sample(count, rng);
    let masses = Array1::from_elem(pairs.len(), 1.0 / pairs.len() as f64);
    Ok(Interpolant { points: between(&pairs, x, y, t), masses })
}

fn check(x: ArrayView2<'_, f64>, y: ArrayView2<'_, f64>, t: f64) -> Result<(), OtError> {
    if x.ncols() != y.ncols() {
        return Err(OtError::Dimension { source_columns: x.ncols(), target_columns: y.ncols() });
    }
    match t.is_finite() {
        true => Ok(()),
        false => Err(OtError::BadParameter { name: "the time", value: t, range: "finite" }),
    }
}

fn between(pairs: &[(usize, usize)], x: ArrayView2<'_, f64>, y: ArrayView2<'_, f64>, t: f64) -> Array2<f64> {
    Array2::from_shape_fn((pairs.len(), x.ncols()), |(k, column)| {
        let (i, j) = pairs[k];
        (1.0 - t) * x[[i, column]] + t * y[[j, column]]
    })
}
