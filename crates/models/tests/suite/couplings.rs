//! The bias of minibatch pairs and the straightness of flows, against closed forms.

use crate::common::{gaussian, series};
use chreode_core::{Seed, Snapshot};
use chreode_models::{
    CouplingBias, Data, Dynamics, Exact, Frame, Independent, ModelError, Sampler, Sampling, Space, Steps,
    Straightness,
};
use ndarray::{Array2, ArrayView2, array};

#[test]
fn the_bias_falls_from_that_of_independent_pairs_to_nothing() {
    // N(0, 1) to N(0, 9) on a line. The plan of all cells joins those of the same rank; independent pairs cost
    // E x² + E y² − 2 E x E y, here about 10 where the plan costs (3 − 1)² = 4.
    let (x, y) = (gaussian(512, &[0.0], 1), gaussian(512, &[0.0], 2) * 3.0);
    let sorted = |points: &Array2<f32>| {
        let mut all: Vec<f64> = points.iter().map(|&v| f64::from(v)).collect();
        all.sort_by(f64::total_cmp);
        all
    };
    let (ranked, others) = (sorted(&x), sorted(&y));
    let mean = |values: &[f64]| values.iter().sum::<f64>() / 512.0;
    let least = mean(&ranked.iter().zip(&others).map(|(a, b)| (a - b).powi(2)).collect::<Vec<_>>());
    let square = |values: &[f64]| mean(&values.iter().map(|v| v * v).collect::<Vec<_>>());
    let wanted = (square(&ranked) + square(&others) - 2.0 * mean(&ranked) * mean(&others)) / least - 1.0;
    let (from, to) = (Snapshot::new(0.0, x), Snapshot::new(1.0, y));
    let exact = Exact::new(Sampling::Permutation);
    let measure = |pairing: &dyn chreode_models::Pairing, sizes: &[usize]| {
        CouplingBias::measure([&from, &to], 1.0, pairing, (sizes, 200), Seed(5)).expect("plans")
    };
    let found = measure(&exact, &[1, 8, 64, 512]);
    assert!(
        (found[0].least - least).abs() < 1e-4 * least,
        "the least cost is {} and not {least}",
        found[0].least
    );
    let independent = measure(&Independent, &[64]).remove(0);
    let near = |b: &CouplingBias| (b.bias - wanted).abs() < 4.0 * b.bias_error;
    assert!(near(&independent), "{independent:?} and not {wanted}");
    assert!(near(&found[0]), "one cell a minibatch is paired at random: {:?} and not {wanted}", found[0]);
    let falls = found[1].bias < 0.5 * wanted && found[2].bias < 0.5 * found[1].bias;
    assert!(falls && found[1].bias > 0.1, "{found:?}");
    assert!(found[3].bias.abs() < 1e-4, "all cells are the population: {:?}", found[3]);
    assert!(found[1].bias_error > 0.0 && found[3].bias_error < 1e-6, "{found:?}");
}

#[test]
fn a_bias_needs_minibatches_and_populations_that_differ() {
    let cells = Snapshot::new(0.0, gaussian(10, &[0.0], 1));
    let later = Snapshot { time: 1.0, ..cells.clone() };
    let refused = |batches| {
        let pairing = Independent;
        CouplingBias::measure([&cells, &later], 1.0, &pairing, (&[4], batches), Seed(1))
            .unwrap_err()
            .to_string()
    };
    assert_eq!(refused(1), "the number of minibatches is 1; it must be at least 2");
    assert!(refused(3).starts_with("the squared distance of the populations is 0"), "{}", refused(3));
}

/// dx/dt = a x + b, solved exactly.
struct Affine {
    space: Space,
    a: f64,
    b: f64,
}

impl Dynamics for Affine {
    fn space(&self) -> &Space {
        &self.space
    }

    fn evolve(
        &self,
        cells: &Snapshot,
        times: &[f64],
        _sampler: &Sampler,
        _seed: Seed,
    ) -> Result<Vec<Snapshot>, ModelError> {
        let at = |&time: &f64| {
            let t = time - times[0];
            let grown = (self.a * t).exp();
            let pushed = if self.a == 0.0 { self.b * t } else { self.b * (grown - 1.0) / self.a };
            let points = cells.points.mapv(|x| (f64::from(x) * grown + pushed) as f32);
            Snapshot { time, points, weights: cells.weights.clone() }
        };
        Ok(times.iter().map(at).collect())
    }

    fn velocity(&self, _t: f64, points: ArrayView2<'_, f32>) -> Result<Array2<f32>, ModelError> {
        Ok(points.mapv(|x| (self.a * f64::from(x) + self.b) as f32))
    }
}

#[test]
fn straightness_is_that_of_affine_fields() {
    let data = series(vec![gaussian(4, &[0.0], 1), gaussian(4, &[0.0], 2)]);
    let space = data.space(Frame::identity(data.features().to_vec())).expect("two times");
    let cells = Snapshot { weights: Some(array![3.0, 1.0]), ..Snapshot::new(1.0, array![[1.0], [-2.0]]) };
    let of = |a: f64, b: f64, times| {
        let model = Affine { space: space.clone(), a, b };
        let sampler = Sampler { method: chreode_ode::RK4, steps: Steps::PerInterval(1) };
        Straightness::of(&model, &cells, times, 20, (&sampler, Seed(1))).expect("even")
    };
    let constant = of(0.0, 1.5, [1.0, 4.0]);
    assert!(constant.value < 1e-9, "constant velocity is straight: {constant:?}");
    assert!((constant.displacement - 20.25).abs() < 1e-4, "{constant:?}");
    // ẋ = a x over [0, T]: in units of the interval L v = aT x₀ e^{aTs}, x₁ − x₀ = x₀ (e^{aT} − 1), and
    // S = E x₀² (aT (e^{2aT} − 1)/2 − (e^{aT} − 1)²); E x₀² = (3·1 + 1·4)/4.
    let (a, length) = (0.5_f64, 2.0_f64);
    let (k, grown) = (a * length, (a * length).exp());
    let wanted = 1.75 * (k * (grown * grown - 1.0) / 2.0 - (grown - 1.0).powi(2));
    let found = of(a, 0.0, [1.0, 3.0]);
    assert!((found.value - wanted).abs() < 1e-4 * wanted, "{found:?} and not {wanted}");
    let model = Affine { space, a, b: 0.0 };
    let odd = Straightness::of(&model, &cells, [1.0, 3.0], 3, (&Sampler::published(), Seed(1))).unwrap_err();
    assert_eq!(odd.to_string(), "intervals is 3; it must be an even number of 2 or more");
}
