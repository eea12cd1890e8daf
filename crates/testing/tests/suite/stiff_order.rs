//! The order conditions of implicit, additive and Rosenbrock methods, to rounding.

use chreode_ode::{
    ESDIRK32, ESDIRK43, ESDIRK54, IMPLICIT_EULER, IMPLICIT_MIDPOINT, ImexTableau, ImplicitTableau, KENCARP3,
    KENCARP4, KENCARP5, KVAERNO3, KVAERNO4, KVAERNO5, RODAS4, RODAS5P, RosenbrockCoefficients, TRAPEZOID,
    TRBDF2,
};
use chreode_testing::{Tree, trees};

type Rows = Vec<Vec<f64>>;

/// `rows`, filled up with zeros to a square.
fn square(rows: &[&[f64]]) -> Rows {
    let s = rows.len();
    rows.iter().map(|row| (0..s).map(|j| row.get(j).copied().unwrap_or(0.0)).collect()).collect()
}

/// The elementary weights of `tree` for every way of giving its vertices below the root one of `parts`.
fn weights(tree: &Tree, parts: &[Rows]) -> Vec<Vec<f64>> {
    let mut all = vec![vec![1.0; parts[0].len()]];
    for subtree in tree.subtrees() {
        let inner: Vec<Vec<f64>> = weights(subtree, parts)
            .iter()
            .flat_map(|phi| parts.iter().map(|rows| rows.iter().map(|row| dot(row, phi)).collect()))
            .collect();
        all = all
            .iter()
            .flat_map(|w| inner.iter().map(|i| w.iter().zip(i).map(|(w, i)| w * i).collect()))
            .collect();
    }
    all
}

/// The same for a Rosenbrock method: vertices with one branch see α + Γ, the others α.
fn rosenbrock_weights(tree: &Tree, alpha: &Rows, beta: &Rows) -> Vec<f64> {
    let rows = if tree.subtrees().len() == 1 { beta } else { alpha };
    let mut all = vec![1.0; alpha.len()];
    for subtree in tree.subtrees() {
        let phi = rosenbrock_weights(subtree, alpha, beta);
        for (w, row) in all.iter_mut().zip(rows) {
            *w *= dot(row, &phi);
        }
    }
    all
}

fn dot(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

/// The largest residual over the trees with `order` vertices.
fn residual(parts: &[Rows], b: &[f64], order: usize, scale: f64) -> f64 {
    let worst = |tree: &Tree| {
        let phi = weights(tree, parts);
        phi.iter().map(|phi| (dot(b, phi) - scale / tree.density()).abs()).fold(0.0, f64::max)
    };
    trees(order).iter().map(worst).fold(0.0, f64::max)
}

const IMPLICIT: [ImplicitTableau; 10] = [
    IMPLICIT_EULER,
    IMPLICIT_MIDPOINT,
    TRAPEZOID,
    TRBDF2,
    KVAERNO3,
    KVAERNO4,
    KVAERNO5,
    ESDIRK32,
    ESDIRK43,
    ESDIRK54,
];

/// Holds weights to the conditions up to `order`, and sees them miss one above.
fn has_order(name: &str, order: usize, residual: impl Fn(usize) -> f64) {
    for p in 1..=order {
        let off = residual(p);
        assert!(off < 1e-11, "{name} at order {p}: {off:e}");
    }
    let above = residual(order + 1);
    assert!(above > 1e-6, "{name} has a higher order than it claims: {above:e}");
}

#[test]
fn diagonally_implicit_methods_have_their_orders() {
    for tableau in IMPLICIT {
        let it = tableau.coefficients();
        let parts = [square(it.a)];
        has_order(it.name, it.order.into(), |p| residual(&parts, it.b, p, 1.0));
        if let Some(embedded) = it.embedded {
            let b: Vec<_> = it.b.iter().zip(embedded.error).map(|(b, e)| b - e).collect();
            has_order(it.name, embedded.order.into(), |p| residual(&parts, &b, p, 1.0));
        }
    }
}

#[test]
fn the_stability_function_vanishes_at_infinity() {
    // R(z) = 1 + z bᵀ (I − zA)⁻¹ 1 by forward substitution; an L-stable method damps what is infinitely stiff.
    let damping = |tableau: &ImplicitTableau, z: f64| {
        let it = tableau.coefficients();
        let mut k: Vec<f64> = Vec::new();
        for row in it.a {
            k.push((1.0 + z * dot(row, &k)) / (1.0 - z * row[row.len() - 1]));
        }
        (1.0 + z * dot(it.b, &k)).abs()
    };
    for tableau in IMPLICIT {
        let far = damping(&tableau, -1e7);
        let name = tableau.coefficients().name;
        if name == "implicit_midpoint" || name == "trapezoid" {
            assert!((far - 1.0).abs() < 1e-5, "{name}: {far}");
        } else {
            assert!(far < 1e-5, "{name}: {far}");
        }
        for z in [-0.1, -1.0, -5.0, -30.0, -1e3] {
            assert!(damping(&tableau, z) < 1.0, "{name} at {z}");
        }
    }
}

#[test]
fn additive_methods_have_their_orders_with_all_couplings() {
    let methods: [(ImexTableau, usize); 3] = [(KENCARP3, 2), (KENCARP4, 3), (KENCARP5, 3)];
    for (tableau, dense) in methods {
        let it = tableau.implicit().coefficients();
        let parts = [square(it.a), square(tableau.explicit())];
        has_order(tableau.name(), it.order.into(), |p| residual(&parts, it.b, p, 1.0));
        let embedded = it.embedded.expect("a pair");
        let b: Vec<_> = it.b.iter().zip(embedded.error).map(|(b, e)| b - e).collect();
        has_order(tableau.name(), embedded.order.into(), |p| residual(&parts, &b, p, 1.0));
        for theta in [0.0, 0.2, 0.5, 0.9, 1.0] {
            let b: Vec<_> = (0..it.b.len()).map(|i| tableau.implicit().weight(i, theta)).collect();
            for p in 1..=dense {
                let off = residual(&parts, &b, p, f64::powi(theta, p as i32));
                assert!(off < 1e-11, "{} between steps at {theta}, order {p}: {off:e}", tableau.name());
            }
        }
    }
}

/// α, α + Γ and the weights of a Rosenbrock method, from the form in which it is computed.
fn original(it: &RosenbrockCoefficients) -> (Rows, Rows, Rows) {
    let s = it.m.len();
    // Γ⁻¹ = 1/γ − C, so Γ = γ (1 + C Γ), row by row from the top.
    let mut gamma: Rows = Vec::new();
    for (i, row) in it.c.iter().enumerate() {
        let entry = |j| {
            let sum: f64 = row.iter().zip(&gamma).map(|(c, above)| c * above[j]).sum();
            it.gamma * (sum + if i == j { 1.0 } else { 0.0 })
        };
        let row = (0..s).map(entry).collect();
        gamma.push(row);
    }
    let times = |rows: &Rows| -> Rows {
        rows.iter().map(|row| (0..s).map(|j| (0..s).map(|l| row[l] * gamma[l][j]).sum()).collect()).collect()
    };
    let alpha = times(&square(it.a));
    let beta = alpha.iter().zip(&gamma).map(|(a, g)| a.iter().zip(g).map(|(a, g)| a + g).collect()).collect();
    (alpha, beta, gamma)
}

fn rosenbrock_residual(alpha: &Rows, beta: &Rows, b: &[f64], order: usize, scale: f64) -> f64 {
    let off = |tree: &Tree| (dot(b, &rosenbrock_weights(tree, alpha, beta)) - scale / tree.density()).abs();
    trees(order).iter().map(off).fold(0.0, f64::max)
}

#[test]
fn rosenbrock_methods_have_their_orders() {
    for (it, dense) in [(RODAS4, 3), (RODAS5P, 4)] {
        let s = it.m.len();
        let (alpha, beta, gamma) = original(&it);
        for i in 0..s {
            let (node, sum): (f64, f64) = (alpha[i].iter().sum(), gamma[i].iter().sum());
            assert!((node - it.alpha[i]).abs() < 1e-12, "{}: node {i} is {node}", it.name);
            assert!((sum - it.gamma_sums[i]).abs() < 1e-12, "{}: row {i} sums to {sum}", it.name);
        }
        let weights =
            |m: &[f64]| -> Vec<f64> { (0..s).map(|j| (0..s).map(|i| m[i] * gamma[i][j]).sum()).collect() };
        let b = weights(it.m);
        let held = |b: &[f64], p: usize, scale: f64| rosenbrock_residual(&alpha, &beta, b, p, scale);
        for p in 1..=usize::from(it.order) {
            assert!(held(&b, p, 1.0) < 1e-11, "{} at order {p}: {:e}", it.name, held(&b, p, 1.0));
        }
        assert!(held(&b, usize::from(it.order) + 1, 1.0) > 1e-6);
        let lower: Vec<_> = it.m.iter().zip(it.error).map(|(m, e)| m - e).collect();
        let lower = weights(&lower);
        for p in 1..=usize::from(it.embedded_order) {
            assert!(held(&lower, p, 1.0) < 1e-11, "{} at order {p}: {:e}", it.name, held(&lower, p, 1.0));
        }
        assert!(held(&lower, usize::from(it.embedded_order) + 1, 1.0) > 1e-6);
        for theta in [0.25, 0.5, 0.8] {
            let bump = |r: usize| theta * (1.0 - theta) * f64::powi(theta, r as i32);
            let m: Vec<f64> = (0..s)
                .map(|i| {
                    theta * it.m[i] + it.dense.iter().enumerate().map(|(r, d)| bump(r) * d[i]).sum::<f64>()
                })
                .collect();
            let b = weights(&m);
            for p in 1..=dense {
                let off = held(&b, p, f64::powi(theta, p as i32));
                assert!(off < 1e-11, "{} between steps at {theta}, order {p}: {off:e}", it.name);
            }
        }
    }
}
