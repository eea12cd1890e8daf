//! Gradients by central differences.
#![allow(dead_code)]

use chreode_ot::CloudGradient;
use ndarray::{Array1, Array2};

/// Two weighted clouds.
#[derive(Clone)]
pub(crate) struct Clouds {
    pub(crate) x: Array2<f64>,
    pub(crate) y: Array2<f64>,
    pub(crate) a: Array1<f64>,
    pub(crate) b: Array1<f64>,
}

/// Richardson's extrapolation of central differences with steps h and 2h: an error of O(h⁴).
pub(crate) fn slope(f: impl Fn(f64) -> f64, h: f64) -> f64 {
    let central = |h: f64| (f(h) - f(-h)) / (2.0 * h);
    (4.0 * central(h) - central(2.0 * h)) / 3.0
}

/// Asserts that every entry of the gradient agrees to `tolerance` times the largest entry of its kind.
pub(crate) fn assert_gradient(
    clouds: &Clouds,
    gradient: &CloudGradient,
    (step, tolerance): (f64, f64),
    value: impl Fn(&Clouds) -> f64,
) {
    let check = |what: &str, index: usize, got: f64, size: f64, change: &dyn Fn(&mut Clouds, f64)| {
        let at = |h: f64| {
            let mut moved = clouds.clone();
            change(&mut moved, h);
            value(&moved)
        };
        let want = slope(at, step);
        assert!((got - want).abs() <= tolerance * size, "{what}[{index}] is {got:e}, not {want:e}");
    };
    let largest = |values: &mut dyn Iterator<Item = &f64>| values.fold(0.0_f64, |m, v| m.max(v.abs()));
    for (k, &got) in gradient.x.iter().enumerate() {
        let size = largest(&mut gradient.x.iter());
        check("x", k, got, size, &|c, h| c.x.as_slice_mut().expect("contiguous")[k] += h);
    }
    for (k, &got) in gradient.y.iter().enumerate() {
        let size = largest(&mut gradient.y.iter());
        check("y", k, got, size, &|c, h| c.y.as_slice_mut().expect("contiguous")[k] += h);
    }
    for (k, &got) in gradient.a.iter().enumerate() {
        check("a", k, got, largest(&mut gradient.a.iter()), &|c, h| c.a[k] += h);
    }
    for (k, &got) in gradient.b.iter().enumerate() {
        check("b", k, got, largest(&mut gradient.b.iter()), &|c, h| c.b[k] += h);
    }
}
