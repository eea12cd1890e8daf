//! The logarithm of the Wright omega function, for the l2 proximal step.

/// The `w` with `w + exp(w) = z`: the logarithm of ω(z) = W(eᶻ), W being Lambert's function.
///
/// Newton's method; `w + exp(w)` is convex and increasing, so that after the first step the iterates fall to the root.
/// R. M. Corless and D. J. Jeffrey, The Wright ω function, 2002, doi 10.1007/3-540-45470-5_10.
pub(super) fn log_omega(z: f64) -> f64 {
    if z < -40.0 {
        return z; // exp(z) is below the rounding of z
    }
    let mut w = if z > 1.0 { (z - z.ln()).ln() } else { z - z.min(0.0).exp().ln_1p() };
    for _ in 0..20 {
        let e = w.exp();
        let step = (w + e - z) / (1.0 + e);
        w -= step;
        if step.abs() <= 2.0 * f64::EPSILON * w.abs().max(1e-300) {
            break;
        }
    }
    w
}

#[cfg(test)]
mod tests {
    use super::log_omega;

    #[test]
    fn solves_its_equation() {
        for z in [-700.0, -41.0, -39.0, -1.0, 0.0, 0.5, 1.0, 1.5, 3.0, 1e2, 1e6, 1e12, 1e300] {
            let w = log_omega(z);
            let error = (w + w.exp() - z).abs();
            assert!(
                error <= 4.0 * f64::EPSILON * f64::max(1.0, z.abs()) * w.abs().max(1.0),
                "{z}: {error:e}"
            );
        }
        // ω(0) is the omega constant, ω(1) = 1.
        assert!((log_omega(0.0).exp() - 0.567_143_290_409_783_8).abs() < 1e-15);
        assert!(log_omega(1.0).abs() < 1e-16);
    }
}
