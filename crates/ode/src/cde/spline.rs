//! The natural cubic spline through the values of one channel.

/// Second derivatives of the natural cubic spline through the points, zero at both ends, by elimination
/// in the tridiagonal system of its continuity.
fn moments(points: &[(f64, f64)]) -> Vec<f64> {
    let n = points.len();
    let mut moments = vec![0.0; n];
    if n < 3 {
        return moments;
    }
    let gap = |i: usize| points[i + 1].0 - points[i].0;
    let slope = |i: usize| (points[i + 1].1 - points[i].1) / gap(i);
    let (mut diagonal, mut right) = (vec![0.0; n], vec![0.0; n]);
    for i in 1..n - 1 {
        let below = if i == 1 { 0.0 } else { gap(i - 1) / diagonal[i - 1] };
        diagonal[i] = 2.0 * (gap(i - 1) + gap(i)) - below * gap(i - 1);
        right[i] = 6.0 * (slope(i) - slope(i - 1)) - below * right[i - 1];
    }
    for i in (1..n - 1).rev() {
        moments[i] = (right[i] - gap(i) * moments[i + 1]) / diagonal[i];
    }
    moments
}

/// Coefficients, in `t − tᵢ`, of the spline through `known` on each interval of `times`; constant
/// before the first and after the last point.
pub(super) fn natural(times: &[f64], known: &[(f64, f64)]) -> Vec<[f64; 4]> {
    let moments = moments(known);
    let last = known.len() - 1;
    times
        .windows(2)
        .map(|interval| {
            let t = interval[0];
            // `times` holds every point of `known`: an interval never straddles one.
            let k = known.partition_point(|(u, _)| *u <= t);
            if k == 0 {
                return [known[0].1, 0.0, 0.0, 0.0];
            }
            if k > last {
                return [known[last].1, 0.0, 0.0, 0.0];
            }
            let ((t0, x0), (t1, x1)) = (known[k - 1], known[k]);
            let (gap, m0, m1) = (t1 - t0, moments[k - 1], moments[k]);
            let b = (x1 - x0) / gap - gap * (2.0 * m0 + m1) / 6.0;
            let (c, d) = (0.5 * m0, (m1 - m0) / (6.0 * gap));
            // The same cubic about t instead of t0.
            let u = t - t0;
            [x0 + u * (b + u * (c + u * d)), b + u * (2.0 * c + 3.0 * u * d), c + 3.0 * u * d, d]
        })
        .collect()
}
