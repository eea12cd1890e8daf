//! One row of costs as vector code.

/// Points whose sums are in registers together.
const LANES: usize = 32;

/// `out[j] = step(… step(step(0, x_0, y_0j), x_1, y_1j) …)`, over the coordinates in their order.
///
/// The same operations in the same order as for one pair, so each result has the bits of that loop.
#[inline(always)]
pub(super) fn fold(
    x: &[f64],
    columns: &[&[f64]],
    out: &mut [f64],
    step: impl Fn(f64, f64, f64) -> f64 + Copy,
) {
    pulp::Arch::new().dispatch(
        #[inline(always)]
        || {
            let whole = out.len() / LANES * LANES;
            for start in (0..whole).step_by(LANES) {
                let mut sums = [0.0; LANES];
                for (&x, column) in x.iter().zip(columns) {
                    for (sum, &y) in sums.iter_mut().zip(&column[start..start + LANES]) {
                        *sum = step(*sum, x, y);
                    }
                }
                out[start..start + LANES].copy_from_slice(&sums);
            }
            for (j, out) in out.iter_mut().enumerate().skip(whole) {
                *out = x.iter().zip(columns).fold(0.0, |sum, (&x, column)| step(sum, x, column[j]));
            }
        },
    );
}

/// `out[j] = f(out[j])`.
#[inline(always)]
pub(super) fn each(out: &mut [f64], f: impl Fn(f64) -> f64 + Copy) {
    pulp::Arch::new().dispatch(
        #[inline(always)]
        || out.iter_mut().for_each(|c| *c = f(*c)),
    );
}

/// Whether no cost is NaN or −∞.
pub(super) fn all_numbers(costs: &[f64]) -> bool {
    pulp::Arch::new().dispatch(
        #[inline(always)]
        || costs.iter().fold(true, |all, &c| all & (c > f64::NEG_INFINITY)),
    )
}
