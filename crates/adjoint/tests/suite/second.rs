//! Second derivatives, and derivatives across events.

use crate::common;

use chreode_adjoint::{AdjointError, Crossing, Direction, Discrete, VjpAlong, gradient};
use chreode_core::{Pullback, VectorField, Vjp};
use chreode_ode::{DOPRI5, Span};
use common::{DUFFING, Duffing, adaptive, apart, differences, fixed, held};

impl VjpAlong<[f64; 2]> for Duffing {
    fn vjp_along(
        &self,
        t: f64,
        &[x, v]: &[f64; 2],
        u: &[f64; 2],
        &[dx, dv]: &[f64; 2],
        dp: &[f64; 5],
    ) -> Pullback<[f64; 2], [f64; 5]> {
        let [d, a, b, g, w] = self.0;
        let [dd, da, db, dg, dw] = *dp;
        let (c, s) = ((w * t).cos(), (w * t).sin());
        let second = dg * c - g * t * s * dw - dd * v - d * dv - da * x - a * dx - db * x.powi(3);
        Pullback {
            value: [dv, second - 3.0 * b * x * x * dx],
            state: [u[1] * (-da - 3.0 * db * x * x - 6.0 * b * x * dx), -dd * u[1]],
            params: [
                -dv * u[1],
                -dx * u[1],
                -3.0 * x * x * dx * u[1],
                -s * t * dw * u[1],
                (-dg * t * s - g * t * t * c * dw) * u[1],
            ],
        }
    }
}

/// L = Σ (yᵢ₀² yᵢ₁ + yᵢ₁): its gradient and Hessian.
fn cotangent(y: &[f64; 2]) -> [f64; 2] {
    [2.0 * y[0] * y[1], y[0] * y[0] + 1.0]
}

fn second(y: &[f64; 2], s: &[f64; 2]) -> [f64; 2] {
    [2.0 * (s[0] * y[1] + y[0] * s[1]), 2.0 * y[0] * s[0]]
}

#[test]
fn the_product_is_the_derivative_of_the_gradient() {
    let (y0, times) = ([0.6, -0.2], [0.0, 0.7, 0.8, 3.0]);
    let span = Span { t0: 0.0, t1: 3.0 };
    let steps = held(&adaptive(1e-6), &DUFFING, span, y0);
    let adjoint = Discrete::checkpoints(3);
    let direction = Direction { y0: [0.3, -1.0], params: [0.5, 0.2, -0.7, 1.0, 0.4] };
    let (ys, found) = adjoint
        .hessian_product(&steps, &DUFFING, y0, &times, &direction, |ys, tangents| {
            let cotangents = ys.iter().map(cotangent).collect();
            (cotangents, ys.iter().zip(tangents).map(|(y, s)| second(y, s)).collect())
        })
        .unwrap();
    let gradient_at = |e: f64| {
        let p = std::array::from_fn(|i| DUFFING.0[i] + e * direction.params[i]);
        let y0 = std::array::from_fn(|i| y0[i] + e * direction.y0[i]);
        let loss = |ys: &[[f64; 2]]| ys.iter().map(cotangent).collect();
        gradient(&steps, &Duffing(p), y0, &times, loss).unwrap()
    };
    let (plain, g) = gradient_at(0.0);
    assert_eq!(plain, ys);
    assert!(apart(&found.gradient.y0, &g.y0) < 1e-13 && apart(&found.gradient.params, &g.params) < 1e-13);
    let entry = |i: usize| {
        differences(&[0.0], 1e-3, |e| {
            let (_, g) = gradient_at(e[0]);
            g.y0.iter().chain(&g.params).copied().nth(i).expect("seven entries")
        })[0]
    };
    let by_differences: Vec<_> = (0..7).map(entry).collect();
    let product: Vec<_> = found.product.y0.into_iter().chain(found.product.params).collect();
    assert!(apart(&product, &by_differences) < 1e-8, "{product:?}, {by_differences:?}");
}

#[test]
fn the_hessian_is_symmetric() {
    let (y0, times) = ([0.6, -0.2], [0.0, 4.0]);
    let solve = adaptive(1e-4);
    let product = |i: usize| -> Vec<f64> {
        let unit = |j: usize| f64::from(u8::from(i == j));
        let direction =
            Direction { y0: std::array::from_fn(unit), params: std::array::from_fn(|j| unit(j + 2)) };
        let adjoint = Discrete::stored();
        let (_, found) = adjoint
            .hessian_product(&solve, &DUFFING, y0, &times, &direction, |ys, tangents| {
                let cotangents = ys.iter().map(cotangent).collect();
                (cotangents, ys.iter().zip(tangents).map(|(y, s)| second(y, s)).collect())
            })
            .unwrap();
        found.product.y0.into_iter().chain(found.product.params).collect()
    };
    let hessian: Vec<_> = (0..7).map(product).collect();
    let size = hessian.iter().flatten().fold(0.0f64, |m, x| m.max(x.abs()));
    assert!(size > 1.0);
    for i in 0..7 {
        for j in 0..i {
            assert!((hessian[i][j] - hessian[j][i]).abs() < 1e-12 * size, "{i}, {j}: {hessian:?}");
        }
    }
    let direction = Direction { y0: [1.0, 0.0], params: [0.0; 5] };
    let error = Discrete::stored()
        .hessian_product(&solve, &DUFFING, y0, &times, &direction, |ys, _| (ys.to_vec(), vec![]))
        .unwrap_err();
    assert_eq!(error, AdjointError::CotangentCount { found: 0, expected: 2 });
}

/// Height and speed under gravity.
struct Fall([f64; 1]);

impl VectorField<[f64; 2]> for Fall {
    fn eval(&self, _t: f64, y: &[f64; 2]) -> [f64; 2] {
        [y[1], -self.0[0]]
    }
}

impl Vjp<[f64; 2]> for Fall {
    type Params = [f64; 1];
    fn vjp(&self, t: f64, y: &[f64; 2], a: &[f64; 2]) -> Pullback<[f64; 2], [f64; 1]> {
        Pullback { value: self.eval(t, y), state: [0.0, a[0]], params: [-a[1]] }
    }
}

#[test]
fn a_bounce_against_the_closed_form() {
    // Falls from h at t = 0, keeps the part e of its speed; where is it at T?
    let (h, gravity, e, end) = (1.3, 9.81, 0.8, 1.0);
    let height = |x: &[f64]| {
        let (h, gravity, e) = (x[0], x[1], x[2]);
        let t = (2.0 * h / gravity).sqrt();
        e * gravity * t * (end - t) - 0.5 * gravity * (end - t).powi(2)
    };
    let exact = differences(&[h, gravity, e], 1e-3, height);
    let (field, solve) = (Fall([gravity]), fixed(DOPRI5, 4));
    let t = (2.0 * h / gravity).sqrt();

    let before = solve.at(&field, [h, 0.0], &[0.0, t]).unwrap()[1];
    assert!(before[0].abs() < 1e-12);
    let after = [0.0, -e * before[1]];
    let (ys, late) = gradient(&solve, &field, after, &[t, end], |_| vec![[0.0; 2], [1.0, 0.0]]).unwrap();
    assert!((ys[1][0] - height(&[h, gravity, e])).abs() < 1e-12);
    // Through the reset (0, v) -> (0, -e v), to the event height = 0.
    let crossing = Crossing { t, y: &before, by_t: 0.0, by_y: &[1.0, 0.0] };
    let (at_fixed_time, _) = crossing.pull(&field, &[0.0, -e * late.y0[1]], late.times[0]).unwrap();
    let (_, early) =
        gradient(&solve, &field, [h, 0.0], &[0.0, t], |_| vec![[0.0; 2], at_fixed_time]).unwrap();
    let found = [early.y0[0], early.params[0] + late.params[0], -before[1] * late.y0[1]];
    assert!(apart(&found, &exact) < 1e-9, "{found:?}, {exact:?}");

    // A threshold that is a parameter: height = c is reached earlier by 1 / speed.
    let (_, of_g) = crossing.pull(&field, &[0.0; 2], 1.0).unwrap();
    assert!((-of_g - 1.0 / before[1]).abs() < 1e-12);
    // At the top of its flight it only touches a ceiling.
    let top = Crossing { t: 0.0, y: &[h, 0.0], by_t: 0.0, by_y: &[1.0, 0.0] };
    assert_eq!(top.pull(&field, &[0.0; 2], 1.0), None);
}
