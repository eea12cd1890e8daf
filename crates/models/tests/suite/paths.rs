//! Flow matching along other paths and with other pairings.

use crate::common::{gaussian, moments, series, small, trained};
use chreode_core::Seed;
use chreode_models::{
    Coupling, Exact, FlowConfig, Pairing, Recipe, Run, Sampler, Sampling, Steps, Unbalanced,
};
use ndarray::{Axis, concatenate};

fn rk4() -> Sampler {
    Sampler { method: chreode_ode::RK4, steps: Steps::PerInterval(10) }
}

#[test]
fn noise_becomes_the_cells_of_the_last_time() {
    // The first population is far from the noise, and not used.
    let data = series(vec![gaussian(50, &[9.0], 1), gaussian(2000, &[1.5], 2).mapv(|v| 0.5 * v)]);
    let flow = trained(&data, FlowConfig { fit: small(1500, 128), ..FlowConfig::from_noise() });
    let end = flow.push(gaussian(2000, &[0.0], 3).view(), &[0.0, 1.0], &rk4()).expect("integrates");
    let (mean, variance) = moments(&end[1]);
    assert!((mean - 0.75).abs() < 0.08 && (variance - 0.25).abs() < 0.08, "{mean} {variance}");
}

#[test]
fn the_variance_of_equal_gaussians_is_kept_on_the_way() {
    // N(0, 1) to an independent N(0, 1): on quarter circles the marginal is N(0, 1) at all times and the velocity is 0; on
    // straight lines the variance falls to a half, so the velocity at 0 is E[x1 − x0 | x0] = −x0.
    let data = series(vec![gaussian(2000, &[0.0], 1), gaussian(2000, &[0.0], 2)]);
    let speed = |config: FlowConfig| {
        let flow = trained(&data, FlowConfig { sigma: 0.0, fit: small(1500, 128), ..config });
        moments(&flow.velocity(0.0, gaussian(500, &[0.0], 4).view()).expect("a column")).1
    };
    let (quarter, straight) = (speed(FlowConfig::variance_preserving()), speed(FlowConfig::independent()));
    assert!(quarter < 0.1, "the quarter circle moves with variance {quarter}");
    assert!((straight - 1.0).abs() < 0.35, "the straight line moves with variance {straight}, not 1");
}

#[test]
fn the_schroedinger_bridge_of_two_gaussians_has_its_variance() {
    // N(−1, 1) to N(1, 1) with σ = 1: at time ½ the variance is ½ + √5/4 = 1.059 and the mean 0; the bridges of exact
    // pairs would have 1.25. One coordinate, so that a minibatch plan is close to the plan of the populations.
    let data = series(vec![gaussian(4000, &[-1.0], 1), gaussian(4000, &[1.0], 2)]);
    let variance = |config: FlowConfig| {
        let flow = trained(&data, FlowConfig { fit: small(1500, 128), ..config });
        let states = flow.push(data.points(0), &[0.0, 0.5, 1.0], &rk4()).expect("integrates");
        let (mean, last) = (moments(&states[1]).0, moments(&states[2]).1);
        assert!(mean.abs() < 0.1 && (last - 1.0).abs() < 0.15, "{mean} {last}");
        moments(&states[1]).1
    };
    let bridge = variance(FlowConfig::schroedinger());
    let exact = variance(FlowConfig { coupling: Coupling::Exact, ..FlowConfig::schroedinger() });
    assert!((bridge - 1.059).abs() < 0.08, "{bridge}");
    assert!(exact > bridge + 0.08, "exact pairs {exact}, entropic pairs {bridge}");
}

#[test]
fn unbalanced_pairs_leave_newborn_cells_out() {
    // Half of the second population is new and far away: an exact plan sends half the cells there, an unbalanced one
    // none, and it draws the near cells alone.
    let near = |seed| gaussian(64, &[0.0, 0.0], seed);
    let far = gaussian(64, &[30.0, 0.0], 7);
    let from = concatenate![Axis(0), near(1), near(2)];
    let to = concatenate![Axis(0), near(3), far];
    let share = |pairing: &dyn Pairing| {
        let pairs =
            pairing.pair(from.view(), to.view(), 1.0, &mut Seed(3).stream("pairs", 0)).expect("a plan");
        assert_eq!(pairs.len(), 128);
        pairs.iter().filter(|(_, j)| *j >= 64).count() as f64 / 128.0
    };
    let unbalanced = Unbalanced { epsilon: 0.01, penalty: 0.05 };
    assert_eq!(share(&Exact::new(Sampling::Permutation)), 0.5);
    assert!(share(&unbalanced) < 0.02, "{}", share(&unbalanced));
    // With a large penalty it is the balanced plan again.
    assert!((share(&Unbalanced { epsilon: 0.01, penalty: 100.0 }) - 0.5).abs() < 0.05);
}

#[test]
fn settings_that_contradict_each_other_are_refused() {
    let refusal = |config: FlowConfig| config.check().expect_err("refused").to_string();
    let noise = FlowConfig { coupling: Coupling::Exact, ..FlowConfig::from_noise() };
    assert_eq!(
        refusal(noise),
        "coupling must be independent for the path target, which begins at noise and not at a cell"
    );
    let still = FlowConfig { sigma: 0.0, ..FlowConfig::schroedinger() };
    assert_eq!(refusal(still), "sigma is 0; it must be above 0 for the coupling of a schroedinger bridge");
    assert_eq!(
        refusal(FlowConfig { penalty: 0.0, ..FlowConfig::unbalanced() }),
        "penalty is 0; it must be a number above 0"
    );
    let three = series((0..3).map(|k| gaussian(20, &[0.0], k)).collect());
    let frame = chreode_models::Frame::identity(three.features().to_vec());
    let error = Run::new(&three, frame, FlowConfig::from_noise()).err().expect("refused").to_string();
    assert_eq!(
        error,
        "FM cannot learn from these data; it needs two times, the first of which stands for standard normal noise"
    );
}
