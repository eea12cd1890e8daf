//! Whether a matrix holds raw counts.

use crate::fold::fold;
use crate::{PrepError, Rows};

/// Values above this are no logarithms of counts.
const LOGARITHMS: f32 = 30.0;

/// What one pass over the entries finds.
#[derive(Clone, Copy, Default)]
struct Found {
    entries: u64,
    fractional: u64,
    first: Option<(usize, usize, f32)>,
    wrong: Option<(usize, usize, f32)>,
    largest: f32,
    /// Smallest and largest total of a row that is not empty.
    totals: Option<(f64, f64)>,
}

/// Refuses what is not raw counts: whole numbers of at least 0.
///
/// # Errors
/// [`PrepError::NotACount`] for NaN, infinity or a negative number, [`PrepError::AlreadyNormalized`] with the evidence
/// for numbers that are not whole.
pub fn check_counts(rows: &(impl Rows + ?Sized)) -> Result<(), PrepError> {
    let mut all = Found::default();
    fold(
        rows,
        Found::default,
        |found, row, columns, values| {
            let mut total = 0.0;
            for (&j, &v) in columns.iter().zip(values) {
                // Not `< 0`: NaN is no count.
                if !(v >= 0.0 && v.is_finite()) {
                    found.wrong.get_or_insert((row, j as usize, v));
                }
                found.entries += u64::from(v != 0.0);
                if v.fract() != 0.0 {
                    found.fractional += 1;
                    found.first.get_or_insert((row, j as usize, v));
                }
                found.largest = found.largest.max(v);
                total += f64::from(v);
            }
            if total > 0.0 {
                let (low, high) = found.totals.unwrap_or((total, total));
                found.totals = Some((low.min(total), high.max(total)));
            }
        },
        |part| {
            all.entries += part.entries;
            all.fractional += part.fractional;
            all.first = all.first.or(part.first);
            all.wrong = all.wrong.or(part.wrong);
            all.largest = all.largest.max(part.largest);
            all.totals = match (all.totals, part.totals) {
                (Some(a), Some(b)) => Some((a.0.min(b.0), a.1.max(b.1))),
                (a, b) => a.or(b),
            };
        },
    )?;
    if let Some((row, column, value)) = all.wrong {
        return Err(PrepError::NotACount { row, column, value });
    }
    let Some((row, column, value)) = all.first else { return Ok(()) };
    let evidence = match all.totals {
        Some((low, high)) if high - low <= 1e-3 * high => {
            format!("every cell sums to {high:.6}, as after normalisation")
        }
        _ if all.largest < LOGARITHMS => format!("the largest is {}, as after a logarithm", all.largest),
        _ => format!("the largest is {}", all.largest),
    };
    let (fractional, entries) = (all.fractional, all.entries);
    Err(PrepError::AlreadyNormalized { row, column, value, fractional, entries, evidence })
}
