//! Directions to project on.

use crate::OtError;
use chreode_core::Seed;
use ndarray::{Array2, ArrayView2};
use rand::{Rng, RngExt};

/// `count` independent directions, uniform on the unit sphere, one a row.
///
/// Direction `k` is a function of the seed and of `k` alone, so that more directions only add to fewer.
///
/// # Errors
/// No direction, or no dimension.
pub fn directions(count: usize, dimension: usize, seed: Seed) -> Result<Array2<f64>, OtError> {
    for (name, size) in [("the number of directions", count), ("the dimension of the directions", dimension)]
    {
        if size == 0 {
            return Err(OtError::BadParameter { name, value: 0.0, range: "at least 1" });
        }
    }
    let mut out = Array2::zeros((count, dimension));
    for (k, mut row) in out.rows_mut().into_iter().enumerate() {
        let mut rng = seed.stream("direction", k as u64);
        let length = loop {
            row.iter_mut().for_each(|v| *v = normal(&mut rng));
            let length = row.dot(&row).sqrt();
            if length > 1e-100 {
                break length;
            }
        };
        row /= length;
    }
    Ok(out)
}

/// A standard normal number, by Marsaglia's polar method (the second of the pair is left).
pub(crate) fn normal<R: Rng + ?Sized>(rng: &mut R) -> f64 {
    loop {
        let (u, v) = (2.0 * rng.random::<f64>() - 1.0, 2.0 * rng.random::<f64>() - 1.0);
        let s = u * u + v * v;
        if s > 0.0 && s < 1.0 {
            return u * (-2.0 * s.ln() / s).sqrt();
        }
    }
}

/// Unit vectors of the clouds' dimension, at least one.
pub(super) fn check(directions: ArrayView2<'_, f64>, dimension: usize) -> Result<(), OtError> {
    if directions.nrows() == 0 {
        return Err(OtError::BadParameter {
            name: "the number of directions",
            value: 0.0,
            range: "at least 1",
        });
    }
    if directions.ncols() != dimension {
        return Err(OtError::Shape { what: "a direction", expected: dimension, found: directions.ncols() });
    }
    for row in directions.rows() {
        let length = row.dot(&row).sqrt();
        if (length - 1.0).abs() > 1e-6 || length.is_nan() {
            return Err(OtError::BadParameter {
                name: "the length of a direction",
                value: length,
                range: "1",
            });
        }
    }
    Ok(())
}
