//! What retracing is for: the exact gradient of a solve from its end alone.

use super::common::{apart, swing};
use chreode_ode::{BOSH3, MIDPOINT, RK4, Reversible, ReversibleRk, Tableau};

/// The transpose of the pendulum's Jacobian at `y`, times `a`.
fn pull(y: &[f64; 2], a: &[f64; 2]) -> [f64; 2] {
    [-y[0].cos() * a[1], a[0]]
}

fn plus(y: &[f64; 2], c: f64, x: &[f64; 2]) -> [f64; 2] {
    [y[0] + c * x[0], y[1] + c * x[1]]
}

/// The cotangent of `y` in h Σ bᵢ kᵢ(y), from that of the sum.
fn pull_stages(base: &Tableau, h: f64, y: &[f64; 2], a: &[f64; 2]) -> [f64; 2] {
    let it = base.coefficients();
    let (mut k, mut inner): (Vec<[f64; 2]>, Vec<_>) = (Vec::new(), Vec::new());
    for row in it.a {
        let at = row.iter().zip(&k).fold(*y, |at, (a, k)| plus(&at, h * a, k));
        inner.push(at);
        k.push(swing(0.0, &at));
    }
    let mut pulled = vec![[0.0; 2]; it.b.len()];
    for i in (0..it.b.len()).rev() {
        let mut cotangent = a.map(|a| h * it.b[i] * a);
        for (j, row) in it.a.iter().enumerate().skip(i + 1) {
            cotangent = plus(&cotangent, h * row[i], &pulled[j]);
        }
        pulled[i] = pull(&inner[i], &cotangent);
    }
    pulled.iter().fold([0.0; 2], |sum, u| plus(&sum, 1.0, u))
}

/// The end of `n` steps of `h` from `y0`, and the gradient of its first entry, by retracing: nothing is
/// kept of the way but its last state.
fn end_and_gradient<S>(
    method: &S,
    base: &Tableau,
    lambda: f64,
    y0: [f64; 2],
    h: f64,
    n: i32,
) -> ([f64; 2], [f64; 2])
where
    S: Reversible<fn(f64, &[f64; 2]) -> [f64; 2], [f64; 2], Auxiliary = [f64; 2]>,
{
    let field: fn(f64, &[f64; 2]) -> [f64; 2] = swing;
    let mut y = y0;
    let mut memory = method.init(&field, 0.0, &y).expect("the problem can be started");
    for i in 0..n {
        method.propose(&field, f64::from(i) * h, h, &y, &mut memory).expect("a smooth step");
        method.commit(&mut y, &mut memory);
    }
    let end = y;
    let (mut of_y, mut of_z) = ([1.0, 0.0], [0.0, 0.0]);
    for i in (0..n).rev() {
        let after = y;
        method.retrace(&field, f64::from(i) * h, h, &mut y, &mut memory).expect("a smooth step");
        let z = *method.auxiliary(&memory);
        // z₁ = z₀ − Ψ₋ₕ(y₁), then y₁ = λ y₀ + (1 − λ) z₀ + Ψₕ(z₀), from the last to the first.
        of_y = plus(&of_y, -1.0, &pull_stages(base, -h, &after, &of_z));
        of_z = plus(&plus(&of_z, 1.0 - lambda, &of_y), 1.0, &pull_stages(base, h, &z, &of_y));
        of_y = of_y.map(|a| lambda * a);
    }
    // z₀ = y₀.
    (end, plus(&of_y, 1.0, &of_z))
}

#[test]
fn the_gradient_is_that_of_the_steps() {
    let (y0, h, n, epsilon) = ([1.0, 0.3], 0.05, 400, 1e-5);
    for base in [MIDPOINT, BOSH3, RK4] {
        let method = ReversibleRk::new(base);
        let gradient = |y0| end_and_gradient(&method, &base, method.lambda(), y0, h, n);
        let (_, found) = gradient(y0);
        let differences = [0, 1].map(|i| {
            let moved = |by: f64| {
                let mut y = y0;
                y[i] += by;
                gradient(y).0[0]
            };
            (moved(epsilon) - moved(-epsilon)) / (2.0 * epsilon)
        });
        assert!(found[0].hypot(found[1]) > 0.3, "a gradient worth the name: {found:?}");
        let name = base.coefficients().name;
        assert!(apart(&found, &differences) < 1e-7, "{name}: {found:?}, {differences:?}");
    }
}
