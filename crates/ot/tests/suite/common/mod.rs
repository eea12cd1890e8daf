//! Data that several tests use.
#![allow(dead_code)]

pub(crate) mod differences;

use chreode_core::Seed;
use ndarray::{Array1, Array2, array};
use rand::RngExt;

/// Uniform points in a cube around `centre`.
pub(crate) fn cloud(n: usize, d: usize, centre: f64, seed: u64) -> Array2<f64> {
    let mut rng = Seed(seed).stream("cloud", 0);
    Array2::from_shape_simple_fn((n, d), || centre + rng.random::<f64>() - 0.5)
}

/// Positive weights of sum 1.
pub(crate) fn weights(n: usize, seed: u64) -> Array1<f64> {
    let mut rng = Seed(seed).stream("weights", 0);
    let w = Array1::from_shape_simple_fn(n, || 0.05 + rng.random::<f64>());
    let total = w.sum();
    w / total
}

/// The case gauss_5x7x2: points and weights of both sides.
pub(crate) fn small() -> (Array2<f64>, Array2<f64>, Array1<f64>, Array1<f64>) {
    let x = array![
        [0.716616896156626, 1.1881037517747584],
        [-2.1192631186933935, -0.4761512149600418],
        [-0.5954317714345537, 0.8268282861203642],
        [0.7899732746019231, 0.9392508296202071],
        [-0.31026157836073115, -0.4634667873070906]
    ];
    let y = array![
        [0.8420412764319972, 0.25809104674591266],
        [-0.0477747683711327, 0.8422933873601783],
        [-0.062434211448780474, -0.8157108864921707],
        [-0.7737273494621635, 0.8945857979157119],
        [0.4880817012315032, 0.45904195165496753],
        [0.9318464341788177, 2.365705925206525],
        [0.5827944796185616, 1.999793621224226]
    ];
    let a = array![
        0.12828330193115228,
        0.5377565425013522,
        0.14018346898093453,
        0.12047842804855563,
        0.07329825853800527
    ];
    let b = array![
        0.16133272877340685,
        0.14623494754122723,
        0.09615021399291729,
        0.20356672272574988,
        0.0862690725733531,
        0.21450043762256982,
        0.09194587677077595
    ];
    (x, y, a, b)
}
