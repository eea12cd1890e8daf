//! Statistics of all costs of a geometry, without holding them: sum, count, largest, median.

use super::Geometry;
use crate::OtError;
use rayon::prelude::*;

/// What one look at all costs tells of those that are finite.
pub(super) struct Survey {
    pub(super) sum: f64,
    pub(super) count: u64,
    pub(super) largest: f64,
}

/// Reads every cost once; rows in parallel, added up in order.
pub(super) fn survey<G: Geometry + ?Sized>(geometry: &G) -> Result<Survey, OtError> {
    let (n, m) = geometry.shape();
    if n == 0 || m == 0 {
        return Err(OtError::Empty { side: if n == 0 { "source" } else { "target" } });
    }
    let rows: Vec<Survey> = (0..n)
        .into_par_iter()
        .map_init(Vec::new, |buffer, row| {
            let mut found = Survey { sum: 0.0, count: 0, largest: f64::NEG_INFINITY };
            for (column, &c) in geometry.costs(row, 0..m, buffer).iter().enumerate() {
                if c.is_finite() {
                    found.sum += c;
                    found.count += 1;
                    found.largest = found.largest.max(c);
                } else if c != f64::INFINITY {
                    return Err(OtError::BadCost { row, column, value: c });
                }
            }
            Ok(found)
        })
        .collect::<Result<_, _>>()?;
    let nothing = Survey { sum: 0.0, count: 0, largest: f64::NEG_INFINITY };
    Ok(rows.into_iter().fold(nothing, |all, row| Survey {
        sum: all.sum + row.sum,
        count: all.count + row.count,
        largest: all.largest.max(row.largest),
    }))
}

/// The median of the `count` finite costs, exactly: the mean of the middle two of an even number.
///
/// Four passes that count how often each value of 16 more bits occurs, and a fifth for the next larger cost. NaN of none.
pub(super) fn median<G: Geometry + ?Sized>(geometry: &G, count: u64) -> f64 {
    if count == 0 {
        return f64::NAN;
    }
    let (mut prefix, mut rank) = (0_u64, (count - 1) / 2);
    let mut equal = 0;
    for shift in [48, 32, 16, 0] {
        let counts = histogram(geometry, prefix, shift);
        let mut digit = 0;
        while rank >= counts[digit] {
            rank -= counts[digit];
            digit += 1;
        }
        prefix |= (digit as u64) << shift;
        equal = counts[digit];
    }
    let low = value(prefix);
    if count % 2 == 1 || rank + 1 < equal {
        return low;
    }
    0.5 * low + 0.5 * next(geometry, low)
}

/// How often each value of 16 bits occurs after the bits of `prefix` above them.
fn histogram<G: Geometry + ?Sized>(geometry: &G, prefix: u64, shift: u32) -> Vec<u64> {
    let (n, m) = geometry.shape();
    let above = |key: u64| key.checked_shr(shift + 16).unwrap_or(0);
    (0..n)
        .into_par_iter()
        .with_min_len(64)
        .fold(
            || (vec![0; 1 << 16], Vec::new()),
            |(mut counts, mut buffer), row| {
                let costs = geometry.costs(row, 0..m, &mut buffer);
                for key in costs.iter().filter(|c| c.is_finite()).map(|c| key(*c)) {
                    if above(key) == above(prefix) {
                        counts[(key >> shift & 0xffff) as usize] += 1;
                    }
                }
                (counts, buffer)
            },
        )
        .map(|(counts, _)| counts)
        .reduce(
            || vec![0; 1 << 16],
            |mut all, counts| {
                all.iter_mut().zip(counts).for_each(|(all, count)| *all += count);
                all
            },
        )
}

/// The least finite cost above `low`.
fn next<G: Geometry + ?Sized>(geometry: &G, low: f64) -> f64 {
    let (n, m) = geometry.shape();
    (0..n)
        .into_par_iter()
        .map_init(Vec::new, |buffer, row| {
            let costs = geometry.costs(row, 0..m, buffer);
            costs.iter().filter(|c| **c > low).fold(f64::INFINITY, |least, &c| least.min(c))
        })
        .reduce(|| f64::INFINITY, f64::min)
}

/// Keys that are ordered as the values are.
fn key(value: f64) -> u64 {
    let bits = (value + 0.0).to_bits(); // −0 counts as 0
    if bits >> 63 == 1 { !bits } else { bits | 1 << 63 }
}

fn value(key: u64) -> f64 {
    f64::from_bits(if key >> 63 == 1 { key & !(1 << 63) } else { !key })
}

#[cfg(test)]
mod tests {
    use super::{key, median, value};
    use ndarray::{Array2, array};

    #[test]
    fn keys_keep_the_order_and_come_back() {
        let values = [-1e300, -2.0, -1.5, -1e-310, 0.0, 1e-310, 0.5, 1.0, 1e300];
        assert!(values.windows(2).all(|pair| key(pair[0]) < key(pair[1])));
        assert!(values.iter().all(|&v| value(key(v)).to_bits() == v.to_bits()));
    }

    #[test]
    fn medians_are_those_of_the_sorted_costs() {
        assert_eq!(median(&array![[3.0, -1.0], [7.0, 2.0]], 4), 2.5);
        assert_eq!(median(&array![[2.0, 2.0, 2.0, 9.0]], 4), 2.0);
        assert_eq!(median(&array![[2.0, f64::INFINITY, 1.0, 9.0]], 3), 2.0);
        for size in [1, 2, 7, 50] {
            let costs =
                Array2::from_shape_fn((size, 2 * size + 1), |(i, j)| ((i * 31 + j * 17) as f64).sin());
            let mut sorted: Vec<f64> = costs.iter().copied().collect();
            sorted.sort_by(f64::total_cmp);
            let middle = (sorted[(sorted.len() - 1) / 2] + sorted[sorted.len() / 2]) / 2.0;
            assert_eq!(median(&costs, sorted.len() as u64), middle);
        }
    }
}
