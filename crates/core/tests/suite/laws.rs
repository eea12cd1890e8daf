//! Vector-space laws of every state type, with the in-place forms held to the functional ones.

use approx::assert_relative_eq;
use chreode_core::{
    Coordinates, FiniteDifference, Jvp, MaxNorm, Norm, Passenger, PerEntry, Tolerance, VectorSpace,
};
use ndarray::{Array1, Array2, ArrayD, IxDyn, array};

/// Linearity, the in-place forms, and the norm, on three vectors whose entries exceed one block.
fn laws<V: VectorSpace>(x: &V, y: &V, z: &V, exact: f64) {
    let distance = |a: &V, b: &V| {
        let d = a.plus(&[(-1.0, b)]);
        d.dot(&d).sqrt()
    };
    let sum = x.plus(&[(2.0, y), (-0.5, z)]);
    assert!(distance(&sum, &x.plus(&[(2.0, y)]).plus(&[(-0.5, z)])) < exact);
    let mut out = z.duplicate();
    x.plus_into(&[(2.0, y), (-0.5, z)], &mut out);
    assert!(distance(&sum, &out) < exact, "plus_into differs from plus");
    V::sum_into(&[(1.0, x), (2.0, y), (-0.5, z)], &mut out);
    assert!(distance(&sum, &out) < exact, "sum_into differs from plus");
    assert_eq!(x.zeros_like().dot(y), 0.0);
    assert!(sum.is_finite());
    assert!(!x.plus(&[(f64::NAN, y)]).is_finite() && !x.plus(&[(f64::INFINITY, y)]).is_finite());
    assert_relative_eq!(sum.dot(y), x.dot(y) + 2.0 * y.dot(y) - 0.5 * z.dot(y), max_relative = 1e-5);
}

fn ramp(n: usize, slope: f64) -> Array1<f64> {
    Array1::from_shape_fn(n, |i| (slope * i as f64).sin())
}

#[test]
fn every_state_obeys_the_laws() {
    let (x, y, z) = (ramp(3000, 0.1), ramp(3000, 0.7), ramp(3000, 1.3));
    laws(&x, &y, &z, 1e-12);
    laws(&x.mapv(|v| v as f32), &y.mapv(|v| v as f32), &z.mapv(|v| v as f32), 1e-4);
    laws(&[1.0, 2.0, 3.0], &[0.5, -1.0, 2.0], &[4.0, 0.0, 1.0], 1e-14);
    laws(&[1.0f32, 2.0], &[0.5, -1.0], &[4.0, 0.0], 1e-6);
    laws(&2.0f64, &0.5, &-1.0, 1e-14);
    laws(&2.0f32, &0.5, &-1.0, 1e-6);
    laws(&x.to_vec(), &y.to_vec(), &z.to_vec(), 1e-12);
    laws(&vec![1.0f32, 2.0], &vec![0.5, -1.0], &vec![4.0, 0.0], 1e-6);
    laws(&vec![[1.0, 2.0], [3.0, 4.0]], &vec![[0.5, 1.0]; 2], &vec![[4.0, 0.0]; 2], 1e-14);
    laws(&(x.clone(), [1.0]), &(y.clone(), [2.0]), &(z.clone(), [3.0]), 1e-12);
    laws(&vec![x.clone(), y.clone()], &vec![y.clone(), z.clone()], &vec![z.clone(), x.clone()], 1e-12);
    laws(&Passenger(x.clone()), &Passenger(y.clone()), &Passenger(z.clone()), 1e-12);
}

#[test]
fn complex_states_obey_the_laws_and_measure_the_modulus() {
    use chreode_core::Complex;
    let z = |re: f64, im: f64| Complex::new(re, im);
    let (x, y, w) = ([z(1.0, 2.0), z(0.0, -1.0)], [z(0.5, -1.0), z(2.0, 2.0)], [z(4.0, 0.0), z(1.0, 1.0)]);
    laws(&x, &y, &w, 1e-14);
    laws(&x[0], &y[0], &w[0], 1e-14);
    let rows = |v: &[Complex<f64>; 2]| Array2::from_shape_fn((2, 3), |(i, j)| v[i] * j as f64);
    laws(&rows(&x), &rows(&y), &rows(&w), 1e-13);
    let single = |v: &[Complex<f64>; 2]| rows(v).mapv(|z| Complex::new(z.re as f32, z.im as f32));
    laws(&single(&x), &single(&y), &single(&w), 1e-5);
    // 3 + 4i against a state of modulus 5: an error of modulus 5 is 1/rtol.
    let (error, state) = ([z(3.0, 4.0)], [z(-4.0, 3.0)]);
    let tolerance = Tolerance { rtol: 0.1, atol: 0.0 };
    assert_relative_eq!(error.scaled_rms(&state, &state, tolerance), 10.0, max_relative = 1e-14);
    let mut parts = [0.0; 4];
    x.read(&mut parts);
    assert_eq!(parts, [1.0, 2.0, 0.0, -1.0]);
    let mut back = w;
    back.write(&parts);
    assert_eq!(back, x);
    assert_eq!([z(0.0, 0.0), z(0.0, f64::NAN)].first_not_finite(), Some(1));
}

#[test]
fn the_first_entry_that_is_no_number_is_named() {
    assert_eq!([1.0, f64::NAN, f64::INFINITY].first_not_finite(), Some(1));
    assert_eq!([1.0, 2.0].first_not_finite(), None);
    assert_eq!(array![[1.0f32, 2.0], [f32::NAN, 0.0]].first_not_finite(), Some(2));
    assert_eq!(([1.0, 2.0], Passenger([3.0, f64::NAN])).first_not_finite(), Some(3));
    assert_eq!((Passenger([0.0; 3]), [f64::NAN]).first_not_finite(), Some(3));
    assert_eq!(vec![[0.0; 2], [0.0, f64::NAN]].first_not_finite(), Some(3));
    assert_eq!(f64::NAN.first_not_finite(), Some(0));
}

#[test]
fn norms_per_entry_and_of_the_largest_entry() {
    let norm = PerEntry { rtol: array![0.0, 0.1, 0.0], atol: array![1.0, 0.0, 2.0] };
    let (error, a, b) = (array![3.0, 3.0, -2.0], array![9.0, 10.0, 9.0], array![9.0, -5.0, 9.0]);
    // 3/1, 3/(0.1 · 10), 2/2.
    assert_relative_eq!(norm.measure(&error, &a, &b), (19.0f64 / 3.0).sqrt(), max_relative = 1e-14);
    let most = MaxNorm(Tolerance { rtol: 0.1, atol: 1.0 });
    assert_relative_eq!(most.measure(&error, &a, &b), 3.0 / 1.9, max_relative = 1e-14);
    assert!(most.measure(&array![3.0, f64::NAN, 1.0], &a, &b).is_nan());
    // Through copies it is the same.
    let list = |x: &Array1<f64>| (x.to_vec(), [0.0; 0]);
    let norm = PerEntry { rtol: list(&norm.rtol), atol: list(&norm.atol) };
    assert_relative_eq!(
        norm.measure(&list(&error), &list(&a), &list(&b)),
        (19.0f64 / 3.0).sqrt(),
        max_relative = 1e-14
    );
    let bad = PerEntry { rtol: [1e-3, 0.0, -1.0], atol: [0.0, 0.0, 1.0] };
    assert_eq!(
        bad.check(&[0.0; 3]).unwrap_err().to_string(),
        "tolerance rtol = 0e0, atol = 0e0 of entry 1 cannot be met; give finite numbers, none negative, not both \
         zero"
    );
    let short = PerEntry { rtol: array![1e-3, 1e-3], atol: array![1.0] };
    assert_eq!(
        short.check(&array![0.0, 0.0]).unwrap_err().to_string(),
        "2 relative and 1 absolute tolerances do not fit a state of 2 entries; give one each"
    );
}

#[test]
fn arrays_in_different_memory_order_combine_by_index() {
    let a = Array2::from_shape_fn((40, 30), |(i, j)| (i * 31 + j) as f64);
    let b = Array2::from_shape_fn((30, 40), |(j, i)| (i * 7 + j) as f64).reversed_axes();
    let sum = a.plus(&[(2.0, &b)]);
    assert_eq!(sum[[3, 5]], a[[3, 5]] + 2.0 * b[[3, 5]]);
    let mut out = b.clone();
    a.plus_into(&[(2.0, &b)], &mut out);
    assert_eq!(sum, out);
    let d: ArrayD<f64> = ArrayD::ones(IxDyn(&[2, 2]));
    assert_eq!(d.dot(&d), 4.0);
}

/// Sums of many terms, over lengths around those where the loops change.
#[test]
fn combinations_are_the_same_sums_at_every_length_and_number_of_terms() {
    for n in [0, 1, 2, 15, 16, 17, 1023, 1024, 1025, 2500] {
        let terms: Vec<_> = (0..40).map(|k| ramp(n, 0.1 + 0.01 * k as f64)).collect();
        for count in [0, 1, 2, 3, 4, 5, 7, 8, 9, 12, 33, 40] {
            let weight = |k: usize| if k % 3 == 1 { 0.0 } else { 1.0 / (k + 1) as f64 };
            let arrays: Vec<_> = (0..count).map(|k| (weight(k), &terms[k])).collect();
            let base = ramp(n, 2.0);
            let mut by_hand = base.clone();
            for (c, x) in &arrays {
                by_hand.zip_mut_with(x, |sum, x| *sum += c * x);
            }
            assert_eq!(base.plus(&arrays), by_hand, "{n} entries, {count} terms");
            let lists: Vec<_> = terms.iter().map(|x| x.to_vec()).collect();
            let listed: Vec<_> = (0..count).map(|k| (weight(k), &lists[k])).collect();
            assert_eq!(base.to_vec().plus(&listed), by_hand.to_vec(), "{n} entries, {count} terms");
            let mut sum = ramp(n, 5.0).to_vec();
            Vec::sum_into(&listed, &mut sum);
            let error = Array1::from_vec(sum) + &base - &by_hand;
            assert!(error.iter().all(|e| e.abs() < 1e-14), "{n} entries, {count} terms");
        }
    }
}

#[test]
fn the_scaled_norm_is_one_on_tolerance_and_skips_passengers() {
    let tolerance = Tolerance { rtol: 1e-2, atol: 1e-3 };
    let y = array![10.0, -20.0];
    let error = array![tolerance.scale(10.0, 0.0), tolerance.scale(-20.0, 0.0)];
    assert_relative_eq!(error.scaled_rms(&y, &array![0.0, 0.0], tolerance), 1.0, max_relative = 1e-14);
    let rider = (error.clone(), Passenger(array![1e9, 1e9]));
    let state = (y.clone(), Passenger(array![0.0, 0.0]));
    assert_relative_eq!(rider.scaled_rms(&state, &state, tolerance), 1.0, max_relative = 1e-14);
    assert_eq!(Passenger(error.clone()).scaled_rms(&Passenger(y.clone()), &Passenger(y), tolerance), 0.0);
}

#[test]
fn the_scaled_norm_does_not_depend_on_memory_order() {
    let tolerance = Tolerance { rtol: 1e-2, atol: 1e-3 };
    let row_major = Array2::from_shape_fn((7, 11), |(i, j)| ((i * 11 + j) as f64).sin());
    let mut column_major = Array2::zeros((11, 7)).reversed_axes();
    column_major.assign(&row_major);
    let (sum, count) = row_major.scaled_square_sum(&row_major, &row_major, tolerance);
    let (other, same) = column_major.scaled_square_sum(&column_major, &column_major, tolerance);
    let by_hand: f64 = row_major.iter().map(|v| (v / (1e-3 + 1e-2 * v.abs())).powi(2)).sum();
    assert_eq!((count, same), (77, 77));
    assert_relative_eq!(sum, by_hand, max_relative = 1e-13);
    assert_relative_eq!(other, by_hand, max_relative = 1e-13);
}

#[test]
fn finite_differences_match_the_jacobian_of_the_pendulum() {
    let pendulum = |_t: f64, y: &Array1<f64>| array![y[1], -y[0].sin()];
    let (y, v) = (array![0.7, -0.2], array![0.3, 1.1]);
    let jv = FiniteDifference(pendulum).jvp(0.0, &y, &v);
    assert_relative_eq!(jv, array![1.1, -0.7f64.cos() * 0.3], max_relative = 1e-9);
    assert_eq!(FiniteDifference(pendulum).jvp(0.0, &y, &array![0.0, 0.0]), array![0.0, 0.0]);
}
