//! Curves through all times.

use crate::common::{gaussian, small, trained};
use chreode_core::{Populations, Snapshot};
use chreode_models::{
    Coupling, Data, Frame, MultiMarginalConfig, Recipe, Sampler, Spline, Steps, TransportPathConfig, Window,
};
use ndarray::Axis;

/// A cloud on a parabola, at times 0, 1, 3 and 4: at time 2 it is at height 4, where straight lines pass at 3.
fn parabola() -> Populations {
    let snapshots = [0.0, 1.0, 3.0, 4.0].map(|t: f64| {
        let height = 4.0 - (t - 2.0) * (t - 2.0);
        let cloud = gaussian(600, &[0.0, 0.0], 1 + t as u64).mapv(|v| 0.1 * v);
        Snapshot::new(t, cloud + &ndarray::array![[t as f32, height as f32]])
    });
    Populations::new(snapshots.to_vec(), vec!["x".into(), "y".into()]).expect("a series")
}

#[test]
fn curves_cross_a_gap_as_their_neighbours_suggest() {
    let data = parabola();
    let space = data.space(Frame::identity(data.features().to_vec())).expect("times");
    // The mean height and its velocity of the rows close to time 2.
    let middle = |spline| {
        let config =
            MultiMarginalConfig { spline, sigma: 0.0, fit: small(1, 64), ..MultiMarginalConfig::default() };
        let source = config.batches(&data, &space).expect("batches");
        let (mut rows, mut height, mut velocity) = (0.0, 0.0, 0.0);
        for batch in (0..40).map(|k| source.batch(k).expect("a batch")) {
            for i in (0..batch.t.len()).filter(|&i| (batch.t[i] - 2.0).abs() < 0.05) {
                rows += 1.0;
                height += batch.x[[i, 1]];
                velocity += batch.u[[i, 1]];
            }
        }
        assert!((velocity / rows).abs() < 0.1, "{spline:?} moves at {}", velocity / rows);
        height / rows
    };
    // By hand: chords 3, 0, −3, and inner slopes m and −m by symmetry. The end has 2 m₀ + m = 9, the inner knot
    // m₀ + 3 m − m/2 = 9, so m = 2.25; the middle is 3 + L (m + m)/8 = 3 + 2 · 4.5/8 = 4.125.
    let (linear, natural, monotone) =
        (middle(Spline::Linear), middle(Spline::Natural), middle(Spline::Monotone));
    assert!((linear - 3.0).abs() < 0.03, "{linear}");
    assert!((natural - 4.125).abs() < 0.05, "{natural}");
    // The chord between the two inner knots is flat: monotone curves stand still at both.
    assert!((monotone - 3.0).abs() < 0.1, "{monotone}");
}

#[test]
fn transport_paths_are_drawn_to_the_cells_in_between() {
    // By hand, with q = ¼ and ¾ and both partners at height 3 between ends at 0: symmetry leaves one force f, and with
    // narrow pulls x(¼) = −f/4, f = w (x(¼) − 3), so x(¼) = 3 w/(4 + w), the same at ½, since nothing pulls there.
    let data = parabola();
    let height = |weight: f64| {
        let path = TransportPathConfig {
            weight,
            width: 0.02,
            fit: small(2500, 64),
            ..TransportPathConfig::default()
        };
        let flow = trained(&data, path);
        let sampler = Sampler { method: chreode_ode::RK4, steps: Steps::PerInterval(20) };
        let states = flow.push(data.points(0), &[0.0, 2.0, 4.0], &sampler).expect("integrates");
        let [middle, end] = [1, 2].map(|k| states[k].mean_axis(Axis(0)).expect("not empty")[1]);
        assert!(end.abs() < 0.3, "it ends at {end}");
        middle
    };
    for (weight, by_hand) in [(0.0, 0.0), (8.0, 2.0)] {
        let found = height(weight);
        assert!((found - by_hand).abs() < 0.25, "{found} for {by_hand}");
    }
}

#[test]
fn a_uniform_window_pulls_for_its_width_alone() {
    // Between ends at 0, with both partners at height 3, w = 8 and a half-width of 0.1: the one force f of both inner
    // times has x(¼) = f (0.1/4 − ¼) and f = w (x(¼) − 3), so f = −24/2.8, and before the first window, which begins at 0.15
    // of all time, the height grows by −f in all time, which is 4.
    let data = parabola();
    let space = data.space(Frame::identity(data.features().to_vec())).expect("times");
    let climb = |window| {
        let (weight, width, sigma) = (8.0, 0.1, 0.0);
        let path =
            TransportPathConfig { weight, window, width, sigma, fit: small(1, 64), ..Default::default() };
        let source = path.batches(&data, &space).expect("batches");
        let (mut rows, mut sum) = ([0.0; 2], [0.0; 2]);
        for batch in (0..60).map(|k| source.batch(k).expect("a batch")) {
            for (t, u) in batch.t.iter().zip(batch.u.rows()).filter(|(t, _)| **t < 0.6) {
                let half = usize::from(*t > 0.4);
                rows[half] += 1.0;
                sum[half] += f64::from(u[1]);
            }
        }
        [sum[0] / rows[0], sum[1] / rows[1]]
    };
    let uniform = climb(Window::Uniform);
    assert!(uniform.iter().all(|u| (u - 6.0 / 2.8).abs() < 0.03), "{uniform:?}");
    let gaussian = climb(Window::Gaussian);
    assert!(gaussian[0] - gaussian[1] > 0.1, "{gaussian:?}");
}

#[test]
fn a_coupling_that_leaves_cells_out_is_refused() {
    let config = MultiMarginalConfig { coupling: Coupling::Unbalanced, ..MultiMarginalConfig::default() };
    let error = config.check().expect_err("refused").to_string();
    assert_eq!(
        error,
        "coupling must be one that gives each cell a partner: a chain passes through every time"
    );
}
