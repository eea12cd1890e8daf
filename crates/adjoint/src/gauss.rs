//! Gauss-Legendre quadrature.

use std::f64::consts::PI;

/// Nodes and weights on [0, 1] of the rule with `n` points, exact for polynomials of degree 2n − 1: the zeros
/// of the Legendre polynomial, by Newton's method.
pub(crate) fn gauss_legendre(n: usize) -> Vec<(f64, f64)> {
    let degree = n as f64;
    (0..n)
        .map(|i| {
            let mut x = (PI * (i as f64 + 0.75) / (degree + 0.5)).cos();
            let mut slope = 1.0;
            for _ in 0..20 {
                let (mut p, mut before) = (1.0, 0.0);
                for k in 0..n {
                    let k = k as f64;
                    (p, before) = (((2.0 * k + 1.0) * x * p - k * before) / (k + 1.0), p);
                }
                slope = degree * (x * p - before) / (x * x - 1.0);
                x -= p / slope;
            }
            (0.5 * (1.0 - x), 1.0 / ((1.0 - x * x) * slope * slope))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    //! Polynomials are integrated exactly, up to the degree promised and not beyond.

    use super::gauss_legendre;

    #[test]
    fn degree() {
        for n in 1..=16 {
            let integral =
                |power: i32| -> f64 { gauss_legendre(n).iter().map(|(x, w)| w * x.powi(power)).sum() };
            for power in 0..2 * n as i32 {
                assert!(
                    (integral(power) - 1.0 / f64::from(power + 1)).abs() < 1e-14,
                    "{n} points, x^{power}"
                );
            }
            let beyond = 2 * n as i32;
            let gap = (integral(beyond) - 1.0 / f64::from(beyond + 1)).abs();
            assert!(n > 5 || gap > 1e-7, "{n} points, {gap}");
        }
    }
}
