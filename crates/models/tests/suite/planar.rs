//! The planar sets have the moments of the published generators.

use chreode_core::Seed;
use chreode_models::{ModelError, Planar};

/// Mean, covariance (xx, xy, yy), central fourth moments, mean distance from the mean.
struct Moments {
    mean: [f64; 2],
    cov: [f64; 3],
    fourth: [f64; 2],
    radius: f64,
}

/// Moments of 400,000 points (60,000 for the notebook's eight normals) of the published generators, by
/// `reference/planar_moments.py` (scikit-learn 1.9.1, torchdyn 1.0.6, torchcfm 1.0.7). The last entry is
/// the relative tolerance, about three standard errors.
const PUBLISHED: [(Planar, Moments, f64); 7] = [
    (
        Planar::EightGaussiansNotebook,
        Moments {
            mean: [-0.0211, 0.0030],
            cov: [12.8228, 0.0150, 12.8256],
            fourth: [258.7838, 258.9991],
            radius: 5.0332,
        },
        0.02,
    ),
    (
        Planar::EightGaussians,
        Moments {
            mean: [0.0063, -0.0149],
            cov: [74.1360, 0.0109, 74.3609],
            fourth: [8737.5011, 8783.4574],
            radius: 12.0941,
        },
        0.02,
    ),
    (
        Planar::Gaussians,
        Moments {
            mean: [0.0003, -0.0007],
            cov: [13.4970, -0.0026, 13.4724],
            fourth: [312.3319, 310.8348],
            radius: 5.0982,
        },
        0.02,
    ),
    (
        Planar::MoonsNotebook,
        Moments {
            mean: [0.8000, 0.0500],
            cov: [6.7810, -1.7097, 2.2269],
            fourth: [97.4116, 8.6659],
            radius: 2.7756,
        },
        0.004,
    ),
    (
        Planar::Moons,
        Moments {
            mean: [0.0001, 0.5001],
            cov: [3.0098, -0.7737, 0.9870],
            fourth: [19.1747, 1.6951],
            radius: 1.8490,
        },
        0.004,
    ),
    (
        Planar::StandardisedMoons,
        Moments {
            mean: [1.2088, -1.2088],
            cov: [71.2446, -18.1262, 23.8330],
            fourth: [10833.1567, 1030.5188],
            radius: 8.9989,
        },
        0.006,
    ),
    (
        Planar::SCurve,
        Moments {
            mean: [0.0016, -0.0008],
            cov: [1.1294, -0.2383, 4.3416],
            fourth: [1.9326, 29.5174],
            radius: 2.1776,
        },
        0.02,
    ),
];

fn moments(set: Planar) -> Moments {
    let n = 60_000;
    let points = set.sample(n, Seed(3)).expect("points").mapv(f64::from);
    let average = |f: &dyn Fn([f64; 2]) -> f64| {
        points.rows().into_iter().map(|r| f([r[0], r[1]])).sum::<f64>() / n as f64
    };
    let mean = [average(&|p| p[0]), average(&|p| p[1])];
    let centred = |f: &dyn Fn([f64; 2]) -> f64| average(&|p| f([p[0] - mean[0], p[1] - mean[1]]));
    Moments {
        mean,
        cov: [centred(&|[x, _]| x * x), centred(&|[x, y]| x * y), centred(&|[_, y]| y * y)],
        fourth: [centred(&|[x, _]| x.powi(4)), centred(&|[_, y]| y.powi(4))],
        radius: centred(&|[x, y]| x.hypot(y)),
    }
}

#[test]
fn every_set_has_the_moments_of_its_published_generator() {
    for (set, published, tolerance) in PUBLISHED {
        let found = moments(set);
        let scale = (published.cov[0] + published.cov[2]).sqrt();
        let close = |what: &str, a: f64, b: f64, scale: f64| {
            assert!((a - b).abs() <= tolerance * scale, "{set:?} {what}: {a} where {b} was published");
        };
        for i in 0..2 {
            close("mean", found.mean[i], published.mean[i], scale);
            close("fourth moment", found.fourth[i], published.fourth[i], published.fourth[i]);
        }
        for i in 0..3 {
            close("covariance", found.cov[i], published.cov[i], scale * scale / 2.0);
        }
        close("radius", found.radius, published.radius, published.radius);
    }
}

#[test]
fn the_standard_normal_is_one() {
    let m = moments(Planar::Normal);
    let errors = [m.mean[0], m.mean[1], m.cov[0] - 1.0, m.cov[1], m.cov[2] - 1.0];
    assert!(errors.iter().all(|e| e.abs() < 0.02), "{errors:?}");
    assert!((m.fourth[0] - 3.0).abs() < 0.1 && (m.fourth[1] - 3.0).abs() < 0.1);
}

#[test]
fn standardised_moons_are_exactly_standardised() {
    let points = Planar::StandardisedMoons.sample(500, Seed(1)).unwrap().mapv(f64::from);
    let mean = points.mean().unwrap();
    let variance = points.mapv(|v| (v - mean).powi(2)).sum() / 999.0;
    assert!(mean.abs() < 1e-6);
    assert!((variance - 49.0).abs() < 1e-4);
}

#[test]
fn groups_are_of_equal_size() {
    // Radius 5 and neighbours 3.83 apart: the nearest centre is the right one 94 times in 100.
    let points = Planar::Gaussians.sample(8000, Seed(2)).unwrap();
    let mut counts = [0_i32; 8];
    for row in points.rows() {
        let turn = f64::from(row[1]).atan2(f64::from(row[0])) / std::f64::consts::TAU;
        counts[(turn * 8.0).round().rem_euclid(8.0) as usize] += 1;
    }
    assert!(counts.iter().all(|&c| (c - 1000).abs() < 60), "{counts:?}");
}

#[test]
fn sets_are_functions_of_the_seed_and_refuse_to_be_empty() {
    let of = |seed| Planar::Moons.sample(100, Seed(seed)).unwrap();
    assert_eq!(of(5), of(5));
    assert_ne!(of(5), of(6));
    let refusal = Planar::SCurve.sample(0, Seed(0)).unwrap_err();
    assert_eq!(refusal.to_string(), "the number of points is 0; it must be at least 1");
    let refusal = Planar::pair(Planar::Normal, Planar::StandardisedMoons, 1, Seed(0)).unwrap_err();
    assert!(matches!(refusal, ModelError::Parameter { .. }));
    assert!(refusal.to_string().ends_with("at least 2 to standardise"));
}

#[test]
fn a_pair_is_a_series_of_two_times() {
    let pair = Planar::pair(Planar::Normal, Planar::SCurve, 64, Seed(9)).unwrap();
    assert_eq!((pair.times(), pair.cells(), pair.dims()), (vec![0.0, 1.0], 128, 2));
    assert_ne!(pair.points(0), pair.points(1));
}
