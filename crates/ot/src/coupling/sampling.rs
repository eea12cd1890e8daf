//! Draws from masses.

use super::Coupling;
use rand::{Rng, RngExt};

/// Running sums.
pub(crate) fn cumulative(masses: impl Iterator<Item = f64>) -> Vec<f64> {
    masses
        .scan(0.0, |sum, mass| {
            *sum += mass;
            Some(*sum)
        })
        .collect()
}

/// An index drawn in proportion to the masses behind the running sums; one of positive mass.
pub(crate) fn draw<R: Rng + ?Sized>(cumulative: &[f64], rng: &mut R) -> usize {
    at(cumulative, rng.random::<f64>() * cumulative[cumulative.len() - 1])
}

/// The index whose mass covers `point`; the last of positive mass past the end.
fn at(cumulative: &[f64], point: f64) -> usize {
    let index = cumulative.partition_point(|&c| c <= point);
    if index < cumulative.len() {
        return index;
    }
    let total = cumulative[cumulative.len() - 1];
    cumulative.partition_point(|&c| c < total)
}

/// `n` pairs at equal distances in the running sum of all entries, from a random start.
pub(super) fn systematic<P, R>(plan: &P, n: usize, rng: &mut R) -> Vec<(usize, usize)>
where
    P: Coupling + ?Sized,
    R: Rng + ?Sized,
{
    let rows = cumulative(plan.marginals().0.iter().copied());
    let total = rows.last().copied().unwrap_or(0.0);
    if total.is_nan() || total <= 0.0 {
        return Vec::new();
    }
    let start = rng.random::<f64>();
    let mut inside: (usize, Vec<f64>) = (usize::MAX, Vec::new());
    (0..n)
        .map(|k| {
            let point = (k as f64 + start) / n as f64 * total;
            let row = at(&rows, point);
            if inside.0 != row {
                inside = (row, cumulative(plan.masses_from(row).into_iter()));
            }
            let before = if row == 0 { 0.0 } else { rows[row - 1] };
            // The row sums to its marginal but for rounding.
            let share = (point - before) / (rows[row] - before);
            let columns = &inside.1;
            (row, at(columns, share * columns[columns.len() - 1]))
        })
        .collect()
}
