//! Jacobians agree with central differences, conservation laws hold, and points survive a round trip.

use chreode_bench_problems::{
    Arenstorf, Brusselator, HEADER, Hires, Ivp, LotkaVolterra, LotkaVolterraLong, Point, Pollution,
    RigidBody, Rober, TwoBody, VanDerPol,
};

/// Compares ∂f/∂y with central differences at states around the start, entry by entry.
fn jacobian_agrees<P: Ivp<N>, const N: usize>() {
    for shift in [0.011, 0.37] {
        let y: [f64; N] = std::array::from_fn(|i| P::Y0[i] + shift * (1.0 + i as f64 / N as f64));
        let exact = P::jacobian(0.3, &y);
        let v: [f64; N] = std::array::from_fn(|i| (i as f64 + 0.5).sin());
        let product = P::jacobian_times(0.3, &y, &v);
        for (row, found) in exact.iter().zip(product) {
            let terms = row.iter().zip(&v).map(|(a, b)| a * b);
            let size = terms.clone().fold(1e-300, |s: f64, x| s + x.abs());
            assert!((terms.sum::<f64>() - found).abs() <= 1e-12 * size, "{}", P::NAME);
        }
        for column in 0..N {
            let h = 1e-5 * y[column].abs();
            let at = |sign: f64| {
                let mut moved = y;
                moved[column] += sign * h;
                P::field(0.3, &moved)
            };
            let (up, down) = (at(1.0), at(-1.0));
            let size = (0..N).map(|i| up[i].abs() / h).fold(1.0, f64::max);
            for row in 0..N {
                let slope = (up[row] - down[row]) / (2.0 * h);
                let allowed = 1e-5 * exact[row][column].abs() + 1e-11 * size;
                assert!((slope - exact[row][column]).abs() <= allowed, "{} [{row}][{column}]", P::NAME);
            }
        }
    }
}

#[test]
fn jacobians_agree_with_central_differences() {
    jacobian_agrees::<LotkaVolterra, 2>();
    jacobian_agrees::<LotkaVolterraLong, 2>();
    jacobian_agrees::<Brusselator, 2>();
    jacobian_agrees::<Arenstorf, 4>();
    jacobian_agrees::<RigidBody, 3>();
    jacobian_agrees::<TwoBody, 4>();
    jacobian_agrees::<VanDerPol, 2>();
    jacobian_agrees::<Rober, 3>();
    jacobian_agrees::<Hires, 8>();
    jacobian_agrees::<Pollution, 20>();
}

#[test]
fn a_reference_has_no_error_and_a_lost_state_an_infinite_one() {
    assert_eq!(Rober::error(&Rober::END), 0.0);
    assert_eq!(Rober::error(&[f64::NAN, 0.0, 1.0]), f64::INFINITY);
    let off = Hires::END.map(|y| y + 1e-6);
    let least = Hires::END.iter().fold(f64::INFINITY, |a: f64, b| a.min(*b));
    assert!((Hires::error(&off) / (1e-6 / (1e-3 + least)) - 1.0).abs() < 1e-9);
}

#[test]
fn points_survive_a_round_trip_and_bad_lines_are_named() {
    let point = Point {
        problem: "rober".into(),
        library: "chreode".into(),
        method: "Rodas5P".into(),
        tolerance: 1e-6,
        seconds: 3.25e-5,
        evaluations: Some(812),
        jacobians: Some(100),
        error: 2.5e-7,
        ..Point::default()
    };
    assert_eq!(Point::read(&point.to_string()), Ok(point));
    assert!(Point::read("a,b").unwrap_err().contains("2 fields"));
    assert!(Point::read(HEADER).unwrap_err().contains("`tolerance`"));
}
