//! Masses as whole numbers, so that flows are exact.
//!
//! A simplex method on floating-point flows leaves residues of 1e-17 where an arc should be empty,
//! and its proof against cycling rests on knowing which arcs are empty. Whole numbers of a unit near
//! 2⁻⁶¹ of the total have no such residues and are finer than the masses' own rounding.

use ndarray::ArrayView1;

/// Integral masses of equal totals.
pub(crate) struct Units {
    /// Supplies.
    pub(crate) source: Vec<i64>,
    /// Demands.
    pub(crate) target: Vec<i64>,
    /// The mass of one unit.
    pub(crate) unit: f64,
}

impl Units {
    /// Rounds both marginals. Equal masses stay equal: the total is a multiple of their number.
    pub(crate) fn new(a: ArrayView1<'_, f64>, b: ArrayView1<'_, f64>) -> Self {
        let (equal_a, equal_b) = (equal(a), equal(b));
        let base = match lcm(equal_a.unwrap_or(1), equal_b.unwrap_or(1)) {
            base if base < 1 << 50 => base,
            _ => 1,
        };
        let total = base << (base.leading_zeros() - 3);
        Self {
            source: round(a, equal_a, total),
            target: round(b, equal_b, total),
            unit: a.sum() / total as f64,
        }
    }
}

/// The number of positive masses, when they are all equal.
fn equal(masses: ArrayView1<'_, f64>) -> Option<u64> {
    let first = masses.iter().copied().find(|&m| m > 0.0)?;
    masses.iter().all(|&m| m == 0.0 || m == first).then(|| masses.iter().filter(|&&m| m > 0.0).count() as u64)
}

fn round(masses: ArrayView1<'_, f64>, equal: Option<u64>, total: u64) -> Vec<i64> {
    if let Some(count) = equal
        && total.is_multiple_of(count)
    {
        return masses.iter().map(|&m| if m > 0.0 { (total / count) as i64 } else { 0 }).collect();
    }
    let sum = masses.sum();
    let mut units: Vec<i64> = masses.iter().map(|&m| (m / sum * total as f64).round() as i64).collect();
    let missing = total as i64 - units.iter().sum::<i64>();
    // At most a few hundred units, where the largest mass has at least total / n.
    let largest = (0..units.len()).max_by_key(|&i| (units[i], std::cmp::Reverse(i))).expect("not empty");
    units[largest] += missing;
    units
}

fn lcm(a: u64, b: u64) -> u64 {
    let (mut x, mut y) = (a, b);
    while y != 0 {
        (x, y) = (y, x % y);
    }
    (a / x).saturating_mul(b)
}
