//! The exponential on every instruction set, against the standard library.

use chreode_core::Real;
use chreode_core::simd::{Element, Machine, exp};
use pulp::{Simd, WithSimd};

/// eˣ of whole lines.
struct Exp<'a, A>(&'a mut [A]);

impl<A: Element> WithSimd for Exp<'_, A> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        A::vectors_mut::<S>(self.0).iter_mut().for_each(|x| *x = exp::<A, S>(simd, *x));
    }
}

fn check<A: Element>(reach: f64, bound: f64) {
    let least = 2.0 * Real::to_f64(A::min_positive_value());
    let ends = [0.0, -0.0, 1e-30, 1e4, -1e4, f64::NAN, f64::INFINITY, f64::NEG_INFINITY];
    let steps = (0..=20_000).map(|i| reach * (f64::from(i) / 10_000.0 - 1.0));
    let mut x: Vec<A> = steps.chain(ends).map(A::from_f64).collect();
    x.resize(x.len().next_multiple_of(A::LINE), A::zero());
    for machine in Machine::all() {
        let mut y = x.clone();
        machine.run(Exp(&mut y));
        for (x, y) in x.iter().zip(y) {
            let (x, y) = (Real::to_f64(*x), Real::to_f64(y));
            let exact = x.exp();
            let right = if exact.is_nan() {
                y.is_nan()
            } else if exact > Real::to_f64(A::max_value()) {
                y == f64::INFINITY
            } else if exact < 2.0 * least {
                // Near the end of the normal numbers, zero is near enough.
                y == 0.0 || (y - exact).abs() <= bound * exact
            } else {
                (y - exact).abs() <= bound * exact
            };
            assert!(right, "{machine:?}: exp({x}) = {y}, not {exact}");
        }
    }
}

#[test]
fn exponentials_to_a_few_units_in_the_last_place() {
    check::<f64>(720.0, 4.0 * f64::EPSILON);
    check::<f32>(90.0, 4.0 * f64::from(f32::EPSILON));
}
