//! The simulated differentiation: its switch, its growth, its noise and its truth.

use chreode_core::{Seed, VectorField};
use chreode_models::{Bifurcation, Branch, Growth, Measurement, ModelError, Simulation, Toggle};
use ndarray::{Array1, Array2};

fn small() -> Bifurcation {
    Bifurcation {
        times: vec![0.0, 2.0, 4.0],
        cells: 300,
        founders: 400,
        genes: 9,
        growth: Growth::NONE,
        measurement: Measurement::Exact,
        step: 0.05,
        futures: 16,
        ..Bifurcation::default()
    }
}

fn run(experiment: &Bifurcation) -> Simulation {
    experiment.simulate(Seed(11)).expect("a valid experiment")
}

/// `x₁ − x₂` of every cell.
fn difference(states: &Array2<f64>) -> Vec<f64> {
    states.rows().into_iter().map(|r| r[0] - r[1]).collect()
}

fn share(values: &[f64], holds: impl Fn(f64) -> bool) -> f64 {
    values.iter().filter(|&&v| holds(v)).count() as f64 / values.len() as f64
}

#[test]
fn one_cluster_becomes_two() {
    let simulation = run(&small());
    let first = difference(&simulation.truth[0].states);
    assert!(share(&first, |d| d.abs() < 0.5) > 0.99);
    // One peak, in the middle: bands of equal width empty outwards.
    let band = |k: f64| share(&first, |d| (k..k + 0.15).contains(&d.abs()));
    assert!(band(0.0) > 0.5 && band(0.15) < 0.4 && band(0.3) < 0.15);
    let last = difference(&simulation.truth[2].states);
    assert!(share(&last, |d| d.abs() < 0.5) < 0.02, "committed cells leave the middle empty");
    let up = share(&last, |d| d > 0.0);
    assert!((up - 0.5).abs() < 0.12, "without a bias the fates are equally likely: {up}");
}

#[test]
fn the_switch_has_the_fixed_points_of_its_equations() {
    // Balanced state at a = b = 1, θ = ½, n = 4: H(1) + (1 − H(1)) = 1 exactly, whatever H.
    let circuit = run(&Bifurcation { cells: 1, founders: 1, genes: 2, futures: 1, ..small() }).circuit;
    let still = circuit.eval(0.0, &Array1::from(vec![1.0, 1.0]));
    assert!(still.iter().all(|v| v.abs() < 1e-15));
    // Its antisymmetric eigenvalue is k ((a + b) H'(s) − 1) with H'(1) = n θⁿ / (θⁿ + 1)²
    // = 0.22145…: negative before the ramp.
    let h = 1e-6;
    let pushed = circuit.eval(0.0, &Array1::from(vec![1.0 + h, 1.0 - h]))[0] / h;
    let slope = 4.0 * 0.0625 / 1.0625_f64.powi(2);
    assert!((pushed - 2.0 * (2.0 * slope - 1.0)).abs() < 1e-4, "{pushed}");
    assert!(pushed < 0.0);
    // After it the balanced state solves s = (0.2 s⁴ + θ⁴) / (s⁴ + θ⁴) and repels.
    let mut s = 0.5_f64;
    for _ in 0..200 {
        s = 0.5 * s + 0.5 * (0.2 * s.powi(4) + 0.0625) / (s.powi(4) + 0.0625);
    }
    let still = circuit.eval(9.0, &Array1::from(vec![s, s]));
    assert!(still.iter().all(|v| v.abs() < 1e-12));
    assert!(circuit.eval(9.0, &Array1::from(vec![s + h, s - h]))[0] / h > 0.5);
}

#[test]
fn without_noise_cells_follow_the_circuit() {
    // Euler against Runge–Kutta 4 at a small step: first-order agreement.
    let errors: Vec<f64> = [0.04, 0.02]
        .map(|step| {
            let quiet = Bifurcation {
                toggle: Toggle { bias: 0.02, ..Toggle::default() },
                noise: 0.0,
                step,
                cells: 2,
                founders: 2,
                burn_in: 0.0,
                times: vec![0.0, 1.0],
                ..small()
            };
            let simulation = run(&quiet);
            assert_eq!(simulation.truth[1].states.row(0), simulation.truth[1].states.row(1));
            let mut y = simulation.truth[0].states.row(0).to_owned();
            let (f, h) = (&simulation.circuit, 1e-3);
            for i in 0..1000 {
                let t = f64::from(i) * h;
                let k1 = f.eval(t, &y);
                let k2 = f.eval(t + h / 2.0, &(&y + &(&k1 * (h / 2.0))));
                let k3 = f.eval(t + h / 2.0, &(&y + &(&k2 * (h / 2.0))));
                let k4 = f.eval(t + h, &(&y + &(&k3 * h)));
                y = y + (k1 + k2 * 2.0 + k3 * 2.0 + k4) * (h / 6.0);
            }
            let error = &y - &simulation.truth[1].states.row(0);
            error.iter().fold(0.0_f64, |m, e| m.max(e.abs()))
        })
        .to_vec();
    assert!(errors[0] < 0.05 && errors[0] > 1e-6, "{errors:?}");
    let ratio = errors[0] / errors[1];
    assert!((ratio - 2.0).abs() < 0.2, "halving the step halves the error: {errors:?}");
}

#[test]
fn noise_is_that_of_the_linear_approximation() {
    // Around the balanced state each mode is an Ornstein–Uhlenbeck process: variance
    // noise² · 2 k x / (2 |λ|) with gain + loss = 2 k x, x = 1; λ₋ = k (2 H' − 1), λ₊ = −k.
    // Van Kampen's approximation; its own error at this noise is below the tolerance.
    let quiet = Bifurcation {
        noise: 0.02,
        step: 0.01,
        burn_in: 6.0,
        founders: 4000,
        cells: 4000,
        times: vec![0.0],
        genes: 2,
        futures: 1,
        ..small()
    };
    let states = &run(&quiet).truth[0].states;
    let variance = |sign: f64| {
        let mode: Vec<f64> = states.rows().into_iter().map(|r| (r[0] + sign * r[1]) / 2f64.sqrt()).collect();
        let mean = mode.iter().sum::<f64>() / mode.len() as f64;
        mode.iter().map(|v| (v - mean).powi(2)).sum::<f64>() / mode.len() as f64
    };
    let slope = 4.0 * 0.0625 / 1.0625_f64.powi(2);
    let expected = [4e-4, 4e-4 / (1.0 - 2.0 * slope)];
    for (sign, expected) in [1.0, -1.0].into_iter().zip(expected) {
        let found = variance(sign);
        assert!((found / expected - 1.0).abs() < 0.1, "mode {sign}: {found} where {expected}");
    }
}

#[test]
fn mass_follows_the_birth_death_process() {
    // E N = e^{(λ−μ)t} and Var N = (λ+μ)/(λ−μ) e^{(λ−μ)t} (e^{(λ−μ)t} − 1) per founder
    // (Kendall 1948), for rates that do not depend on the fate; a coarse step, since it is exact.
    for (birth, death) in [(0.6, 0.2), (0.3, 0.3), (0.1, 0.4), (0.5, 0.0), (0.0, 0.5)] {
        let growing = Bifurcation {
            growth: Growth { division: [birth, birth], death },
            times: vec![0.0, 2.0],
            step: 0.2,
            founders: 4000,
            cells: 1,
            futures: 1,
            genes: 2,
            ..small()
        };
        let truth = &run(&growing).truth;
        assert_eq!(truth[0].mass, 1.0);
        let (net, t): (f64, f64) = (birth - death, 2.0);
        let growth = (net * t).exp();
        let spread =
            if net == 0.0 { 2.0 * birth * t } else { (birth + death) / net * growth * (growth - 1.0) };
        let error = (truth[1].mass - growth) / (spread / 4000.0).sqrt();
        assert!(error.abs() < 4.0, "rates {birth}, {death}: mass {} where {growth}", truth[1].mass);
        assert!(truth[1].growth.iter().all(|g| (g - net).abs() < 1e-12));
    }
}

#[test]
fn the_fate_that_divides_faster_takes_over() {
    let growing = Bifurcation { growth: Growth { division: [0.9, 0.1], death: 0.0 }, cells: 300, ..small() };
    let truth = &run(&growing).truth[2];
    let first = truth.fate.mean().unwrap();
    assert!(first > 0.7, "{first}");
    assert!(truth.mass > 1.5 && truth.mass < 0.9_f64.mul_add(4.0, 0.0).exp());
}

#[test]
fn fate_probabilities_are_calibrated_and_certain_at_the_end() {
    let simulation = run(&Bifurcation { toggle: Toggle { bias: 0.05, ..Toggle::default() }, ..small() });
    let last = &simulation.truth[2];
    for (d, (&p, &b)) in difference(&last.states).iter().zip(last.fate.iter().zip(&last.branch)) {
        assert_eq!(p, if *d > 0.0 { 1.0 } else { 0.0 });
        assert_eq!(b, if *d > 0.0 { Branch::First } else { Branch::Second });
    }
    // The three cultures are independent, so the average probability at each time estimates one
    // number; a culture of 300 has a standard error of at most 0.029.
    let average: Vec<f32> = simulation.truth.iter().map(|t| t.fate.mean().unwrap()).collect();
    assert!(average[2] > 0.6, "the bias favours the first fate: {average:?}");
    assert!(average.iter().all(|p| (p - average[2]).abs() < 0.12), "{average:?}");
    let undecided = simulation.truth[0].branch.iter().filter(|b| **b == Branch::Undecided).count();
    assert!(undecided > 250, "progenitors are undecided: {undecided}");
}

#[test]
fn measurements_estimate_the_concentrations() {
    let depth = 30.0;
    let mean = |m: Measurement| {
        let simulation = run(&Bifurcation { measurement: m, times: vec![0.0], ..small() });
        let n = simulation.truth[0].states.nrows() as f64;
        let states = simulation.truth[0].states.sum_axis(ndarray::Axis(0)) / n;
        (simulation.populations.points(0).mapv(f64::from).sum_axis(ndarray::Axis(0)) / n, states, simulation)
    };
    let (exact, states, _) = mean(Measurement::Exact);
    assert!((&exact - &states).iter().all(|e| e.abs() < 1e-6));
    let (counts, states, simulation) = mean(Measurement::Counts { depth, spread: 0.2 });
    assert!(simulation.populations.points(0).iter().all(|c| c.fract() == 0.0 && *c >= 0.0));
    assert!(counts.iter().zip(&states).all(|(c, x)| (c / (depth * x) - 1.0).abs() < 0.08));
    let (logs, states, simulation) = mean(Measurement::LogCounts { depth, spread: 0.2 });
    assert!(logs.iter().zip(&states).all(|(l, x)| (l - (depth * x).ln_1p()).abs() < 0.25));
    // The drift is that of ln(1 + depth x).
    let truth = &simulation.truth[0];
    let state = truth.states.row(7).to_owned();
    let dx = simulation.circuit.eval(0.0, &state);
    for j in 0..state.len() {
        let expected = depth * dx[j] / (1.0 + depth * state[j]);
        assert!((truth.drift[[7, j]] - expected).abs() < 1e-12);
    }
}

/// E v = m and Var v = m + α m² of counts of one state: without noise every founder rests at the same.
#[test]
fn counts_vary_beyond_the_poisson_law() {
    let (depth, dispersion) = (20.0, 0.5);
    let measurement = Measurement::NegativeBinomial { depth, spread: 0.0, dispersion };
    let still =
        Bifurcation { measurement, times: vec![0.0], noise: 0.0, cells: 2000, founders: 2000, ..small() };
    let simulation = run(&still);
    let counts = simulation.populations.points(0).mapv(f64::from);
    assert!(counts.iter().all(|c| c.fract() == 0.0 && *c >= 0.0));
    for (j, column) in counts.columns().into_iter().enumerate() {
        let m = depth * simulation.truth[0].states[[0, j]];
        let mean = column.mean().unwrap();
        let variance = column.mapv(|c| (c - mean).powi(2)).mean().unwrap();
        let expected = m + dispersion * m * m;
        // Six standard errors of the mean, and of a variance of heavy tails.
        assert!((mean - m).abs() < 6.0 * (expected / 2000.0).sqrt(), "gene {j}: {mean} for {m}");
        assert!((variance / expected - 1.0).abs() < 0.4, "gene {j}: {variance} for {expected}");
    }
    let bad = Measurement::NegativeBinomial { depth, spread: 0.0, dispersion: -1.0 };
    let error = Bifurcation { measurement: bad, ..small() }.simulate(Seed(1)).unwrap_err().to_string();
    assert!(error.contains("dispersion") && error.contains("between 0 and 10"), "{error}");
}

#[test]
fn threads_change_nothing() {
    let experiment = Bifurcation {
        growth: Growth::default(),
        measurement: Measurement::default(),
        cells: 60,
        founders: 80,
        ..small()
    };
    let with = |threads| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().expect("a pool");
        pool.install(|| run(&experiment))
    };
    assert_eq!(with(1), with(4));
    assert_ne!(run(&experiment), experiment.simulate(Seed(12)).unwrap());
}

#[test]
fn bad_values_are_refused_by_name() {
    let refusal = |b: Bifurcation| b.simulate(Seed(0)).expect_err("a bad value").to_string();
    let toggle = |t: Toggle| refusal(Bifurcation { toggle: t, ..small() });
    assert_eq!(
        refusal(Bifurcation { genes: 1, ..small() }),
        "genes is 1; it must be at least 2, the two masters"
    );
    assert_eq!(
        refusal(Bifurcation { times: vec![0.0, 2.0, 2.0], ..small() }),
        "times is 2; it must be later than the time before it"
    );
    assert_eq!(refusal(Bifurcation { noise: f64::NAN, ..small() }), "noise is NaN; it must be at least 0");
    assert_eq!(
        refusal(Bifurcation { step: 0.5, ..small() }),
        "step is 0.5; it must be above 0 and at most 0.5 / turnover"
    );
    assert_eq!(toggle(Toggle { threshold: 0.0, ..Toggle::default() }), "threshold is 0; it must be above 0");
    assert_eq!(
        toggle(Toggle { ramp: [1.0, 1.0], ..Toggle::default() }),
        "ramp is 1; it must be later than the ramp's beginning"
    );
    let dying = Growth { division: [0.0, 0.0], death: 2.0 };
    let starved = Bifurcation { growth: dying, ..small() }.simulate(Seed(0)).unwrap_err();
    assert!(matches!(starved, ModelError::TooFewCells { time: 2.0, wanted: 300, .. }), "{starved}");
    assert!(starved.to_string().contains("raise founders or the division rate"));
    let exploding = Growth { division: [5.0, 0.0], death: 0.0 };
    let refused = refusal(Bifurcation { growth: exploding, ..small() });
    assert_eq!(
        refused,
        "up to 1.941e11 cells are expected at time 4, more than 1e7; lower the division rate, the founders or the last time"
    );
    assert!(refusal(Bifurcation { times: vec![], ..small() }).starts_with("the number of times is 0"));
}

#[test]
fn a_configuration_survives_a_file() {
    let experiment = small();
    let text = serde_json::to_string(&experiment).unwrap();
    assert_eq!(serde_json::from_str::<Bifurcation>(&text).unwrap(), experiment);
    assert_eq!(serde_json::from_str::<Bifurcation>("{}").unwrap(), Bifurcation::default());
    assert!(serde_json::from_str::<Bifurcation>(r#"{"gens": 3}"#).unwrap_err().to_string().contains("gens"));
}
