//! The Benamou-Brenier energy of paths.

use crate::OtError;
use crate::weights::Weights;
use ndarray::{Array2, ArrayView1, ArrayView2, ArrayView3, Axis};

/// `∫ Σ_i m_i |ẋ_i(t)|² dt` of trajectories that are straight and even between the given times.
///
/// `paths` is times × points × coordinates; masses are divided by their sum, `None` stands for equal masses.
/// Among all paths between two clouds in unit time the least is `W₂²`: J.-D. Benamou and Y. Brenier, Numer.
/// Math. 84, 2000, doi
/// 10.1007/s002110050002. (The square of the speed, without a half.)
///
/// # Errors
/// Fewer than two times, times that do not increase, shapes that differ, numbers that are not finite, or bad
/// masses.
pub fn path_energy(
    times: ArrayView1<'_, f64>,
    paths: ArrayView3<'_, f64>,
    masses: Option<ArrayView1<'_, f64>>,
) -> Result<f64, OtError> {
    let masses = check(times, paths, masses)?;
    let mut energy = 0.0;
    for k in 1..times.len() {
        let step = &paths.index_axis(Axis(0), k) - &paths.index_axis(Axis(0), k - 1);
        energy += kinetic(step.view(), &masses) / (times[k] - times[k - 1]);
    }
    Ok(energy)
}

/// `∫ Σ_i m_i |v(t, x_i(t))|² dt` of a velocity field along trajectories, by the trapezoidal rule over the
/// given times.
///
/// `field(t, x)` returns the velocities at the rows of `x`. For trajectories that follow the field it agrees
/// with [`path_energy`] to second order in the steps; a difference says that they do not follow it.
///
/// # Errors
/// As [`path_energy`], or velocities of another shape than the points or not finite.
pub fn field_energy(
    mut field: impl FnMut(f64, ArrayView2<'_, f64>) -> Array2<f64>,
    times: ArrayView1<'_, f64>,
    paths: ArrayView3<'_, f64>,
    masses: Option<ArrayView1<'_, f64>>,
) -> Result<f64, OtError> {
    let masses = check(times, paths, masses)?;
    let (mut energy, mut before) = (0.0, 0.0);
    for (k, (&t, x)) in times.iter().zip(paths.outer_iter()).enumerate() {
        let v = field(t, x);
        let (rows, columns) = x.dim();
        for (what, expected, found) in [
            ("the rows of the velocities", rows, v.nrows()),
            ("the columns of the velocities", columns, v.ncols()),
        ] {
            if expected != found {
                return Err(OtError::Shape { what, expected, found });
            }
        }
        let now = kinetic(v.view(), &masses);
        if !now.is_finite() {
            return Err(OtError::BadParameter {
                name: "the mean squared velocity",
                value: now,
                range: "finite",
            });
        }
        if k > 0 {
            energy += 0.5 * (now + before) * (t - times[k - 1]);
        }
        before = now;
    }
    Ok(energy)
}

fn kinetic(v: ArrayView2<'_, f64>, masses: &Weights) -> f64 {
    v.rows().into_iter().zip(&masses.shares).map(|(v, m)| m * v.dot(&v)).sum()
}

fn check(
    times: ArrayView1<'_, f64>,
    paths: ArrayView3<'_, f64>,
    masses: Option<ArrayView1<'_, f64>>,
) -> Result<Weights, OtError> {
    let (count, n, _) = paths.dim();
    if times.len() < 2 {
        let value = times.len() as f64;
        return Err(OtError::BadParameter { name: "the number of times", value, range: "at least 2" });
    }
    if count != times.len() {
        return Err(OtError::Shape { what: "the times of the paths", expected: times.len(), found: count });
    }
    if n == 0 {
        return Err(OtError::Empty { side: "source" });
    }
    for k in 1..times.len() {
        let value = times[k] - times[k - 1];
        if !(value > 0.0 && value.is_finite()) {
            let (name, range) = ("a step between times", "positive and finite: times increase");
            return Err(OtError::BadParameter { name, value, range });
        }
    }
    if let Some(((_, row, column), &value)) = paths.indexed_iter().find(|(_, v)| !v.is_finite()) {
        return Err(OtError::BadPoint { side: "source", row, column, value });
    }
    Weights::new("source", "the masses", masses, n)
}
