//! The three-stage Radau IIA method in the coordinates that split its matrix.
//!
//! A⁻¹ of the method has one real eigenvalue and a complex pair; T turns it into blocks, so that the stages
//! are one real and one complex system of the size of the state. E. Hairer and G. Wanner, Solving ODEs II,
//! IV.8, eqs. (8.6)-(8.9) and (8.16)-(8.19); numbers to 16 digits from the closed forms there.

use chreode_core::Complex;

const SQRT_6: f64 = 2.449489742783178;

/// Nodes.
pub(super) const C: [f64; 3] = [(4.0 - SQRT_6) / 10.0, (4.0 + SQRT_6) / 10.0, 1.0];
/// Weights of the stages in the embedded solution of order 3: γ₀ times (−13 − 7√6, −13 + 7√6, −1)/3, with the
/// factor γ₀ divided out.
pub(super) const E: [f64; 3] = [(-13.0 - 7.0 * SQRT_6) / 3.0, (-13.0 + 7.0 * SQRT_6) / 3.0, -1.0 / 3.0];
/// The real eigenvalue, 3 + 3^(2/3) − 3^(1/3).
pub(super) const REAL: f64 = 3.637834252744496;
/// The complex one, 3 + (3^(1/3) − 3^(2/3))/2 − i (3^(5/6) + 3^(7/6))/2.
pub(super) const PAIR: Complex<f64> = Complex::new(2.681082873627752, -3.0504301992474105);
/// From the split coordinates to the stages.
pub(super) const T: [[f64; 3]; 3] = [
    [0.09443876248897524, -0.1412552950209542, 0.03002919410514742],
    [0.2502131229653333, 0.20412935229379994, -0.3829421127572619],
    [1.0, 1.0, 0.0],
];
/// And back.
pub(super) const T_INVERSE: [[f64; 3]; 3] = [
    [4.178718591551905, 0.32768282076106237, 0.5233764454994495],
    [-4.178718591551905, -0.32768282076106237, 0.4766235545005504],
    [0.5028726349457868, -2.571926949855605, 0.5960392048282249],
];
/// The collocation polynomial y(t + θh) = y + Σₖ θᵏ⁺¹ Σᵢ zᵢ Pᵢₖ.
pub(super) const P: [[f64; 3]; 3] = [
    [(13.0 + 7.0 * SQRT_6) / 3.0, (-23.0 - 22.0 * SQRT_6) / 3.0, (10.0 + 15.0 * SQRT_6) / 3.0],
    [(13.0 - 7.0 * SQRT_6) / 3.0, (-23.0 + 22.0 * SQRT_6) / 3.0, (10.0 - 15.0 * SQRT_6) / 3.0],
    [1.0 / 3.0, -8.0 / 3.0, 10.0 / 3.0],
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_constants_are_those_of_the_method() {
        let cube = 3f64.cbrt();
        assert!((REAL - (3.0 + cube * cube - cube)).abs() < 1e-14);
        assert!((PAIR.re - (3.0 + 0.5 * (cube - cube * cube))).abs() < 1e-14);
        assert!((PAIR.im + 0.5 * (3f64.powf(5.0 / 6.0) + 3f64.powf(7.0 / 6.0))).abs() < 1e-14);
        // T T⁻¹ = 1, and the blocks are those of A⁻¹, where A c^(k−1) = c^k / k.
        let a_inverse = |i: usize, j: usize| {
            let block = [[REAL, 0.0, 0.0], [0.0, PAIR.re, -PAIR.im], [0.0, PAIR.im, PAIR.re]];
            (0..3)
                .flat_map(|k| (0..3).map(move |l| (k, l)))
                .map(|(k, l)| T[i][k] * block[k][l] * T_INVERSE[l][j])
                .sum::<f64>()
        };
        for i in 0..3 {
            for j in 0..3 {
                let one: f64 = (0..3).map(|k| T[i][k] * T_INVERSE[k][j]).sum();
                assert!((one - f64::from(u8::from(i == j))).abs() < 1e-13);
            }
            for k in 1..=3i32 {
                let back: f64 = (0..3).map(|j| a_inverse(i, j) * C[j].powi(k)).sum();
                assert!((back - f64::from(k) * C[i].powi(k - 1)).abs() < 1e-12, "row {i}, power {k}: {back}");
            }
            // The polynomial passes through the stages.
            for (j, row) in P.iter().enumerate() {
                let value: f64 = (0..3).map(|k| row[k] * C[i].powi(k as i32 + 1)).sum();
                assert!((value - f64::from(u8::from(i == j))).abs() < 1e-13);
            }
        }
    }
}
