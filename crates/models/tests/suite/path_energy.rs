//! Path energy and its normalised form, by closed forms.

use chreode_core::Seed;
use chreode_models::{ModelError, PathEnergy, Planar, normalised_path_energy, push_forward, score_pair};
use ndarray::{Array2, array};

#[test]
fn straight_lines_have_the_least_energy() {
    // Translated copies: W₂² = 9 + 16, and the constant field attains it.
    let source = Planar::Normal.sample(200, Seed(1)).unwrap();
    let target = &source + &array![[3.0_f32, 4.0]];
    let constant = |_: f64, y: &Array2<f32>| Array2::from_shape_fn(y.dim(), |(_, j)| [3.0, 4.0][j]);
    let path = push_forward(&constant, &source, [0.0, 1.0], 100).unwrap();
    assert!((path.energy - 25.0).abs() < 1e-5);
    let score = score_pair(&path, &source, &target).unwrap();
    assert!(score.w2 < 1e-4 && (score.least_w2 - 5.0).abs() < 1e-5 && score.npe < 1e-5, "{score:?}");
}

#[test]
fn a_detour_costs_what_it_costs() {
    // There and half back: v = 2 up to ½, then 0: twice the least energy, so NPE = 1.
    let source = array![[0.0_f32], [1.0]];
    let target = array![[1.0_f32], [2.0]];
    let uneven = |t: f64, y: &Array2<f32>| Array2::from_elem(y.dim(), if t < 0.4999 { 2.0 } else { 0.0 });
    let path = push_forward(&uneven, &source, [0.0, 1.0], 10).unwrap();
    let score = score_pair(&path, &source, &target).unwrap();
    assert!((path.energy - 2.0).abs() < 1e-9);
    assert!((score.npe - 1.0).abs() < 1e-9 && score.w2 < 1e-6, "{score:?}");
}

#[test]
fn energy_is_the_left_riemann_sum_of_the_euler_path() {
    // dy/dt = y from 1: after k of n steps y = (1 + h)ᵏ, so the sum is h Σ (1 + h)²ᵏ.
    let grow = |_: f64, y: &Array2<f32>| y.clone();
    let path = push_forward(&grow, &array![[1.0_f32]], [0.0, 1.0], 8).unwrap();
    let ratio = 1.125_f64;
    let expected = 0.125 * (ratio.powi(16) - 1.0) / (ratio.powi(2) - 1.0);
    assert!((path.energy - expected).abs() < 1e-5 * expected, "{} where {expected}", path.energy);
    assert!((f64::from(path.points[[0, 0]]) - ratio.powi(8)).abs() < 1e-5);
    let mut sum = PathEnergy::new();
    sum.add(array![[3.0_f32, 4.0], [0.0, 1.0]].view(), 0.5);
    sum.add(array![[1.0_f32, 1.0], [1.0, 1.0]].view(), 0.25);
    assert_eq!(sum.value(), 0.5 * 13.0 + 0.25 * 2.0);
}

#[test]
fn what_has_no_answer_is_refused() {
    assert_eq!(normalised_path_energy(3.0, 2.0).unwrap(), 0.25);
    assert_eq!(
        normalised_path_energy(1.0, 0.0).unwrap_err().to_string(),
        "w2 is 0; it must be above 0, or the normalised path energy is undefined"
    );
    let field = |_: f64, y: &Array2<f32>| y.mapv(|v| v * v * 1e30);
    let point = array![[0.0_f32], [1.0]];
    assert_eq!(
        push_forward(&field, &point, [0.0, 1.0], 0).unwrap_err().to_string(),
        "steps is 0; it must be at least 1"
    );
    let diverged = push_forward(&field, &point, [0.0, 1.0], 4).unwrap_err();
    assert_eq!(diverged, ModelError::Diverged { row: 1, time: 0.5 });
    let nowhere = push_forward(&field, &Array2::zeros((0, 2)), [0.0, 1.0], 4).unwrap_err();
    assert_eq!(nowhere.to_string(), "the number of points is 0; it must be at least 1");
}
