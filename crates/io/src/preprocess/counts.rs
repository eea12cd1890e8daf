//! Library size and logarithm of counts.

use crate::{IoError, Matrix};

/// The total that every cell is scaled to.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum TargetSum {
    /// The median of the totals of the cells that have counts.
    Median,
    /// This total.
    Total(f64),
}

/// Scales each row to the same total, as `scanpy.pp.normalize_total` does; rows of zeros stay.
///
/// Returns the total that was used.
///
/// # Errors
/// [`IoError::Fit`] for a negative or not finite entry, or a target that is not positive and finite.
pub fn normalize_total(x: &mut Matrix, target: TargetSum) -> Result<f64, IoError> {
    let bad = |needed: &str, got: String| IoError::Fit {
        what: "normalisation of totals",
        needed: needed.to_string(),
        got,
        hint: "give raw counts",
    };
    let mut totals = vec![0f64; x.shape().0];
    let mut wrong = None;
    each_entry(x, |row, value| {
        if !value.is_finite() || *value < 0.0 {
            wrong.get_or_insert(*value);
        }
        totals[row] += f64::from(*value);
    });
    if let Some(value) = wrong {
        return Err(bad("finite entries of at least 0", value.to_string()));
    }
    let total = match target {
        TargetSum::Total(total) => total,
        TargetSum::Median => median(totals.iter().copied().filter(|&t| t > 0.0).collect()).unwrap_or(1.0),
    };
    if !(total.is_finite() && total > 0.0) {
        return Err(bad("a positive target", total.to_string()));
    }
    each_entry(x, |row, value| {
        if totals[row] > 0.0 {
            *value = (f64::from(*value) * (total / totals[row])) as f32;
        }
    });
    Ok(total)
}

/// ln(1 + x) of every entry, computed in `f64`.
///
/// # Errors
/// [`IoError::Fit`] for an entry of -1 or less, or NaN; the matrix is then as it was.
pub fn log1p(x: &mut Matrix) -> Result<(), IoError> {
    let mut wrong = None;
    each_entry(x, |_, value| {
        if value.is_nan() || *value <= -1.0 {
            wrong.get_or_insert(*value);
        }
    });
    if let Some(value) = wrong {
        return Err(IoError::Fit {
            what: "ln(1 + x)",
            needed: "entries above -1".to_string(),
            got: value.to_string(),
            hint: "give counts or normalised counts",
        });
    }
    each_entry(x, |_, value| *value = f64::from(*value).ln_1p() as f32);
    Ok(())
}

/// Visits every stored entry with its row.
fn each_entry(x: &mut Matrix, mut visit: impl FnMut(usize, &mut f32)) {
    match x {
        Matrix::Dense(m) => m.indexed_iter_mut().for_each(|((row, _), value)| visit(row, value)),
        Matrix::Csr(m) => {
            let ends: Vec<usize> = m.indptr()[1..].to_vec();
            let mut row = 0;
            for (at, value) in m.data_mut().iter_mut().enumerate() {
                while at >= ends[row] {
                    row += 1;
                }
                visit(row, value);
            }
        }
        Matrix::Csc(m) => {
            let rows = m.indices().to_vec();
            m.data_mut().iter_mut().zip(rows).for_each(|(value, row)| visit(row as usize, value));
        }
    }
}

fn median(mut values: Vec<f64>) -> Option<f64> {
    values.sort_by(f64::total_cmp);
    let n = values.len();
    match n {
        0 => None,
        _ if n % 2 == 1 => Some(values[n / 2]),
        _ => Some((values[n / 2 - 1] + values[n / 2]) / 2.0),
    }
}
