//! What is pulled back: derivatives in outputs of an entropic problem.

use super::solve::Factors;
use crate::{Geometry, OtError};
use ndarray::{Array1, Array2, ArrayView1, ArrayView2};

/// The derivative of a number in some output of an entropic problem.
#[derive(Clone, Copy, Debug)]
pub enum Cotangent<'c> {
    /// In the entries of the plan, n × m.
    Plan(ArrayView2<'c, f64>),
    /// In the potentials. They are defined up to a constant that one gains and the other loses, so these must
    /// have equal sums.
    Potentials {
        /// In `f`.
        source: ArrayView1<'c, f64>,
        /// In `g`.
        target: ArrayView1<'c, f64>,
    },
    /// In the barycentric map `T_i = Σ_j P_ij y_j / Σ_j P_ij` of the values `y`.
    Barycentric {
        /// `y`, m × k.
        values: ArrayView2<'c, f64>,
        /// In `T`, n × k.
        map: ArrayView2<'c, f64>,
    },
}

/// What the rows of a barycentric cotangent need: the map, and the masses of the rows as shares.
#[derive(Clone, Debug)]
pub(super) struct Centre {
    pub(super) map: Array2<f64>,
    pub(super) mass: Array1<f64>,
}

impl Centre {
    pub(super) fn new<G: Geometry + ?Sized>(cotangent: &Cotangent<'_>, factors: &Factors<'_, '_, G>) -> Self {
        let mass = factors.row_sums.clone();
        let map = match cotangent {
            Cotangent::Barycentric { values, .. } => {
                let mut map = factors.pull(values);
                map.rows_mut()
                    .into_iter()
                    .zip(&mass)
                    .filter(|(_, m)| **m > 0.0)
                    .for_each(|(mut row, m)| row /= *m);
                map
            }
            _ => Array2::zeros((0, 0)),
        };
        Self { map, mass }
    }
}

/// `out_j = P_ij ∂L/∂P_ij` with row `i` of the plan of shares in `p`, for the direct part of the cotangent.
pub(super) fn plan_cotangent(
    cotangent: &Cotangent<'_>,
    centre: &Centre,
    total: f64,
    i: usize,
    p: &[f64],
    out: &mut [f64],
) {
    match cotangent {
        Cotangent::Plan(plan) => {
            out.iter_mut().zip(p).zip(plan.row(i)).for_each(|((out, p), c)| *out = total * p * c);
        }
        Cotangent::Potentials { .. } => out.fill(0.0),
        Cotangent::Barycentric { values, map } => {
            let (mass, t) = (centre.mass[i], centre.map.row(i));
            for ((out, &p), y) in out.iter_mut().zip(p).zip(values.rows()) {
                let along: f64 = map.row(i).iter().zip(y.iter().zip(t)).map(|(c, (y, t))| c * (y - t)).sum();
                *out = if p > 0.0 { p * along / mass } else { 0.0 };
            }
        }
    }
}

/// Refuses shapes that are not the problem's, and sums of potentials' cotangents that differ.
pub(super) fn check(
    cotangent: &Cotangent<'_>,
    (f, g): (ArrayView1<'_, f64>, ArrayView1<'_, f64>),
    (n, m): (usize, usize),
) -> Result<(), OtError> {
    let same = |what, expected, found| match expected == found {
        true => Ok(()),
        false => Err(OtError::Shape { what, expected, found }),
    };
    same("the source potential", n, f.len())?;
    same("the target potential", m, g.len())?;
    match cotangent {
        Cotangent::Plan(plan) => {
            same("the rows of the plan's cotangent", n, plan.nrows())?;
            same("the columns of the plan's cotangent", m, plan.ncols())
        }
        Cotangent::Potentials { source, target } => {
            same("the cotangent of the source potential", n, source.len())?;
            same("the cotangent of the target potential", m, target.len())?;
            let value = source.sum() - target.sum();
            let size: f64 = source.iter().chain(target).map(|c| c.abs()).sum();
            if value.abs() > 1e-9 * size || value.is_nan() {
                let name = "the sum of the source potential's cotangent minus that of the target's";
                return Err(OtError::BadParameter {
                    name,
                    value,
                    range: "zero (the potentials are defined up to a constant)",
                });
            }
            Ok(())
        }
        Cotangent::Barycentric { values, map } => {
            same("the values of the barycentric map", m, values.nrows())?;
            same("the rows of the map's cotangent", n, map.nrows())?;
            same("the columns of the map's cotangent", values.ncols(), map.ncols())
        }
    }
}
