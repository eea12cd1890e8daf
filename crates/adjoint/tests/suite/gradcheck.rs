//! The comparison agrees on right models and catches wrong ones.

use crate::common;

use chreode_adjoint::{GradCheck, Kind, gradcheck};
use chreode_core::{Network, NetworkField, Pullback, Seed, VectorField, Vjp};
use chreode_nn::{Activation, Mlp, MlpConfig};
use chreode_ode::RK4;
use common::{DUFFING, Duffing, adaptive, fixed};
use ndarray::{Array1, Array2};

#[test]
fn all_methods_agree_on_a_right_model() {
    let times = [0.1, 0.1, 0.7, 3.0];
    let mut before = f64::INFINITY;
    for tolerance in [1e-5, 1e-8, 1e-11] {
        let solve = adaptive(tolerance);
        let check =
            gradcheck(&solve, &DUFFING, &DUFFING.0, |p, run| run(&Duffing(*p)), [0.6, -0.2], &times).unwrap();
        assert_eq!(check.lines.len(), 8);
        assert!(check.worst_exact() < 1e-8, "{check}");
        assert!(check.worst() < 1e3 * tolerance && check.worst() < 0.1 * before, "{check}");
        assert!(check.lines.iter().all(|line| line.evals > 0 && line.failure.is_none()));
        before = check.worst();
    }
    // Without an error estimate, with fixed steps.
    let check =
        gradcheck(&fixed(RK4, 60), &DUFFING, &DUFFING.0, |p, run| run(&Duffing(*p)), [0.6, -0.2], &times)
            .unwrap();
    assert!(check.worst_exact() < 1e-8 && check.worst() < 1e-2, "{check}");
    assert_eq!(check.steps, 60);
}

/// Duffing's oscillator with a mistake in one parameter's derivative.
struct Mistaken;

impl VectorField<[f64; 2]> for Mistaken {
    fn eval(&self, t: f64, y: &[f64; 2]) -> [f64; 2] {
        DUFFING.eval(t, y)
    }
}

impl Vjp<[f64; 2]> for Mistaken {
    type Params = [f64; 5];
    fn vjp(&self, t: f64, y: &[f64; 2], a: &[f64; 2]) -> Pullback<[f64; 2], [f64; 5]> {
        let mut back = DUFFING.vjp(t, y, a);
        back.params[3] *= 1.1;
        back
    }
}

#[test]
fn a_mistake_is_seen() {
    let solve = adaptive(1e-8);
    let run = |p: &[f64; 5], run: &mut dyn FnMut(&dyn VectorField<[f64; 2]>)| run(&Duffing(*p));
    let check = gradcheck(&solve, &Mistaken, &DUFFING.0, run, [0.6, -0.2], &[0.0, 2.0]).unwrap();
    assert!(check.worst_exact() > 1e-3, "{check}");
    let line = |name: &str| check.lines.iter().find(|line| line.method == name).unwrap();
    let differences = line("finite differences");
    assert!(differences.params > 1e-3 && differences.y0 < 1e-8, "{check}");
    // All others make the same mistake.
    assert!(line("forward sensitivities").params < 1e-8, "{check}");
    assert!(line("backsolve").params < 1e-4, "{check}");
}

#[test]
fn the_table_reads_well() {
    let run = |p: &[f64; 5], run: &mut dyn FnMut(&dyn VectorField<[f64; 2]>)| run(&Duffing(*p));
    let mut solve = fixed(RK4, 5);
    let text = gradcheck(&solve, &DUFFING, &DUFFING.0, run, [0.6, -0.2], &[0.0, 1.0]).unwrap().to_string();
    let lines: Vec<_> = text.lines().collect();
    assert_eq!(
        lines[0],
        "method                 gradient of         y0    params     times  evaluations  pullbacks"
    );
    assert!(
        lines[1].starts_with("discrete, all stored   exact            0.0e0     0.0e0     0.0e0"),
        "{text}"
    );
    assert!(lines.last().unwrap().ends_with("of 5 steps"), "{text}");
    // What fails says why in its line.
    solve.max_steps = 5;
    let check = gradcheck(&solve, &DUFFING, &DUFFING.0, run, [0.6, -0.2], &[0.0, 0.5, 1.0]).unwrap();
    assert!(check.lines.iter().all(|line| line.failure.is_none()), "{check}");
    assert_eq!(check.lines.iter().filter(|line| line.kind == Kind::Continuous).count(), 3);
    let none = gradcheck(&solve, &DUFFING, &DUFFING.0, run, [0.6, -0.2], &[]).unwrap_err();
    assert!(none.to_string().starts_with("no times"), "{none}");
}

/// A network field over its own parameters.
fn network<A: chreode_nn::Element>() -> Mlp<A> {
    let config = MlpConfig::new(2).hidden([16, 16]).activation(Activation::Silu);
    Mlp::new(config, &mut Seed(3).stream("network", 0)).expect("a sensible configuration")
}

#[test]
fn a_network_in_both_precisions() {
    let times = [0.0, 0.4, 1.0];
    let net = network::<f64>();
    let theta = Array1::from_vec(net.parameters());
    let y0 = Array2::from_shape_fn((3, 2), |(i, j)| 0.3 * i as f64 - 0.4 * j as f64);
    let moved = |p: &Array1<f64>, run: &mut dyn FnMut(&dyn VectorField<Array2<f64>>)| {
        let mut net = net.clone();
        net.write_parameters(p.as_slice().expect("contiguous"));
        run(&NetworkField::new(&net));
    };
    let solve = adaptive(1e-9);
    let check = gradcheck(&solve, &NetworkField::new(&net), &theta, moved, y0.clone(), &times).unwrap();
    assert!(check.worst_exact() < 1e-8 && check.worst() < 1e-6, "{check}");
    // The network reads the time, and the discrete method differentiates that by differences.
    let times_within = |check: &GradCheck, most| check.lines.iter().all(|l| l.times.is_none_or(|t| t < most));
    assert!(times_within(&check, 1e-4), "{check}");

    let net = network::<f32>();
    let theta = Array1::from_vec(net.parameters());
    let moved = |p: &Array1<f32>, run: &mut dyn FnMut(&dyn VectorField<Array2<f32>>)| {
        let mut net = net.clone();
        net.write_parameters(p.as_slice().expect("contiguous"));
        run(&NetworkField::new(&net));
    };
    let solve = adaptive(1e-5);
    let y0 = y0.mapv(|x| x as f32);
    let check = gradcheck(&solve, &NetworkField::new(&net), &theta, moved, y0, &times).unwrap();
    assert!(check.worst_exact() < 1e-3 && check.worst() < 1e-3, "{check}");
    assert!(times_within(&check, 1e-2), "{check}");
}
