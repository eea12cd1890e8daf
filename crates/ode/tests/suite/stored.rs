//! Trajectories that are stored and read back.
#![cfg(feature = "serde")]

use chreode_core::Tolerance;
use chreode_ode::{
    Chord, Coefficients, DOPRI8, Embedded, ExplicitRk, Fixed, Interpolant, METHODS, Pi, Piece, Solve, Span,
    TSIT5, Tableau, Trajectory,
};
use ndarray::{Array1, array};

const SPAN: Span = Span { t0: 0.0, t1: 5.0 };

#[test]
fn a_trajectory_comes_back_bit_by_bit() {
    let oscillator = |_t: f64, y: &[f64; 2]| [y[1], -y[0]];
    for tableau in METHODS {
        let mut trajectory = Trajectory::new();
        let solve = Solve::new(ExplicitRk::new(*tableau), Fixed::steps(20));
        let _ = solve.run(&oscillator, SPAN, [1.0, 0.0], &mut trajectory).unwrap();
        let text = serde_json::to_string(&trajectory).unwrap();
        let back: Trajectory<Piece<[f64; 2]>> = serde_json::from_str(&text).unwrap();
        assert_eq!(back, trajectory);
        for i in 0..=100 {
            let t = f64::from(i) * 0.05;
            assert_eq!(back.at::<[f64; 2]>(t), trajectory.at(t));
            assert_eq!(back.slope::<[f64; 2]>(t), trajectory.slope(t));
        }
    }
    let rows = |_t: f64, y: &Array1<f32>| -y;
    for tableau in [TSIT5, DOPRI8] {
        let mut trajectory = Trajectory::new();
        let solve = Solve::new(ExplicitRk::new(tableau), Pi::new(Tolerance::both(1e-4)));
        let _ = solve.run(&rows, SPAN, array![1.0f32, 2.0], &mut trajectory).unwrap();
        let text = serde_json::to_string(&trajectory).unwrap();
        let back: Trajectory<Piece<Array1<f32>>> = serde_json::from_str(&text).unwrap();
        assert_eq!(back, trajectory);
    }
    let chord = Chord { t: 0.0, h: 0.5, y0: [1.0], y1: [2.0] };
    let back: Chord<[f64; 1]> = serde_json::from_str(&serde_json::to_string(&chord).unwrap()).unwrap();
    assert_eq!(back, chord);
}

const OWN: Tableau = Tableau::checked(Coefficients {
    name: "ralston of my own",
    order: 2,
    c: &[0.0, 2.0 / 3.0],
    a: &[&[], &[2.0 / 3.0]],
    b: &[0.25, 0.75],
    embedded: Some(Embedded { error: &[-0.75, 0.75], order: 1 }),
    interpolant: Interpolant::Quadratic,
});

#[test]
fn a_method_of_ones_own_is_stored_with_its_coefficients() {
    let decay = |_t: f64, y: &[f64; 1]| [-y[0]];
    let mut trajectory = Trajectory::new();
    let solve = Solve::new(ExplicitRk::new(OWN), Fixed::steps(3));
    let _ = solve.run(&decay, SPAN, [1.0], &mut trajectory).unwrap();
    let text = serde_json::to_string(&trajectory).unwrap();
    assert!(text.contains("\"name\":\"ralston of my own\""), "{text}");
    let back: Trajectory<Piece<[f64; 1]>> = serde_json::from_str(&text).unwrap();
    assert_eq!(back, trajectory);
    // Every method of the crate under another name, so that all kinds of interpolants are stored in full.
    for tableau in METHODS {
        let renamed = serde_json::to_string(tableau).unwrap();
        assert_eq!(renamed, format!("{:?}", tableau.coefficients().name));
        let own = Tableau::new(Coefficients { name: "renamed", ..*tableau.coefficients() }).unwrap();
        let own = tableau.second().map_or(own, |second| own.combined_with(second));
        let text = serde_json::to_string(&own).unwrap();
        for _ in 0..2 {
            let back: Tableau = serde_json::from_str(&text).unwrap();
            assert_eq!(back, own);
        }
    }
}

#[test]
fn what_cannot_be_read_says_why() {
    let read = |text: &str| serde_json::from_str::<Piece<[f64; 1]>>(text).unwrap_err().to_string();
    let error = read(r#"{"method":"tsit6","t":0,"h":1,"y":[1],"k":[]}"#);
    assert!(error.starts_with("there is no method named \"tsit6\"; the methods are euler"), "{error}");
    let error = read(r#"{"method":"rk4","t":0,"h":1,"y":[1],"k":[[1]]}"#);
    assert!(error.starts_with("invalid length 1, expected one state a stage of the method"), "{error}");
    let text = serde_json::to_string(&OWN).unwrap().replace("0.25", "0.35");
    let error = serde_json::from_str::<Tableau>(&text).unwrap_err().to_string();
    assert!(error.starts_with("the weights b sum to 1"), "{error}");
}
