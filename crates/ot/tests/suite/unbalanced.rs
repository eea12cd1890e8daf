//! Entropic unbalanced transport: reference values, gaps, limits, hard inputs.

use crate::common;

use approx::assert_relative_eq;
use chreode_ot::{
    Acceleration, CostFunction, Coupling, EpsilonScaling, HalfStep, Marginal, OtError, OtSolver, Reference,
    RelaxedSolver, RelaxedTransport, Sinkhorn, SquaredEuclidean, Stop, Transport, UnbalancedFrankWolfe,
    UnbalancedSinkhorn,
};
use common::{cloud, small, weights};
use ndarray::{Array1, Array2, array};
use ndarray_npy::NpzReader;
use std::fs::File;
use std::path::PathBuf;

fn within(tolerance: f64) -> Stop {
    Stop::Within { tolerance, max_iterations: 20_000 }
}

const KINDS: [Marginal; 6] = [
    Marginal::Exact,
    Marginal::Kl { lambda: 0.8 },
    Marginal::Tv { lambda: 0.8 },
    Marginal::L2 { lambda: 5.0 },
    Marginal::Range { low: 0.3, high: 1.1 },
    Marginal::Range { low: 0.0, high: f64::INFINITY },
];

/// The folder of the reference values; `None`, with the reason printed, where there is none.
#[allow(clippy::print_stdout)]
fn folder() -> Option<PathBuf> {
    let beside = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data");
    let folder = std::env::var_os("CHREODE_DATA").map_or(beside, PathBuf::from).join("ot_refs");
    if folder.join("ot_references.json").is_file() {
        return Some(folder);
    }
    println!("skipped: no reference values at {}; set CHREODE_DATA", folder.display());
    None
}

#[test]
fn whole_files_of_reference_values() {
    // `uot_sqeuclid_weighted`: a log-domain numpy loop, checked against POT 0.9.7.post1 `sinkhorn_unbalanced`
    // with reg_type "kl"; the target masses are 1.3 b.
    let Some(folder) = folder() else { return };
    let file = File::open(folder.join("ot_references.json")).unwrap();
    let references: serde_json::Value = serde_json::from_reader(file).unwrap();
    let mut inputs = NpzReader::new(File::open(folder.join("ot_inputs.npz")).unwrap()).unwrap();
    let mut checked = 0;
    for case in ["gauss_5x7x2", "gauss_32x32x2", "gauss_50x60x3", "gauss_200x150x5", "gauss_256x256x5"] {
        let x: Array2<f64> = inputs.by_name(&format!("{case}_x.npy")).unwrap();
        let y: Array2<f64> = inputs.by_name(&format!("{case}_y.npy")).unwrap();
        let a: Array1<f64> = inputs.by_name(&format!("{case}_a.npy")).unwrap();
        let b: Array1<f64> = inputs.by_name(&format!("{case}_b.npy")).unwrap();
        let costs = SquaredEuclidean.matrix(x.view(), y.view()).unwrap();
        let b = b * 1.3;
        for wanted in references["cases"][case]["uot_sqeuclid_weighted"].as_array().unwrap() {
            let value = |key: &str| wanted[key].as_f64().unwrap();
            let source = Marginal::Kl { lambda: value("lambda_a") };
            let target = Marginal::Kl { lambda: value("lambda_b") };
            let problem = RelaxedTransport::new(&costs, a.view(), b.view(), source, target).unwrap();
            for half_step in [HalfStep::TranslationInvariant, HalfStep::Plain] {
                let solver =
                    UnbalancedSinkhorn { half_step, ..UnbalancedSinkhorn::new(value("eps"), within(1e-13)) };
                let plan = solver.solve(&problem).unwrap();
                assert_relative_eq!(plan.mass(), value("mass"), max_relative = 1e-10);
                assert_relative_eq!(plan.cost(), value("transport_cost"), max_relative = 1e-10);
                let (rows, _) = plan.marginals();
                for (row, wanted) in rows.iter().zip(wanted["row_mass_first3"].as_array().unwrap()) {
                    assert_relative_eq!(*row, wanted.as_f64().unwrap(), max_relative = 1e-10);
                }
                assert!(plan.certificate().gap() <= 1e-11 * plan.primal_cost());
                checked += 1;
            }
        }
    }
    assert_eq!(checked, 20);
}

#[test]
fn every_pair_of_penalties_has_no_gap() {
    let (x, y, a, b) = small();
    let costs = SquaredEuclidean.matrix(x.view(), y.view()).unwrap();
    for source in KINDS {
        for target in KINDS {
            let b =
                if source == Marginal::Exact && target == Marginal::Exact { b.clone() } else { &b * 1.05 };
            let problem = RelaxedTransport::new(&costs, a.view(), b.view(), source, target).unwrap();
            for reference in [Reference::Product, Reference::Counting, Reference::Uniform] {
                for half_step in [HalfStep::TranslationInvariant, HalfStep::Plain] {
                    let solver = UnbalancedSinkhorn {
                        half_step,
                        reference,
                        ..UnbalancedSinkhorn::new(0.2, within(1e-12))
                    };
                    let plan = solver.solve(&problem).unwrap();
                    let (primal, dual) = (plan.primal_cost(), plan.dual_cost());
                    let case = format!("{source:?} {target:?} {reference:?} {half_step:?} {primal} {dual}");
                    assert!((primal - dual).abs() <= 1e-10 * primal.abs().max(1.0), "{case}");
                    let (rows, columns) = plan.marginals();
                    for (marginal, found, mass) in [(source, &rows, &a), (target, &columns, &b)] {
                        for (s, a) in found.iter().zip(mass) {
                            let met = match marginal {
                                Marginal::Exact => (s - a).abs() < 1e-11,
                                Marginal::Range { low, high } => low * a < s + 1e-11 && *s < high * a + 1e-11,
                                _ => true,
                            };
                            assert!(met, "{case}: {s} where {a} is given");
                        }
                    }
                }
            }
        }
    }
}

/// The small case with target masses 1.3 b.
fn case() -> (Array2<f64>, Array1<f64>, Array1<f64>) {
    let (x, y, a, b) = small();
    (SquaredEuclidean.matrix(x.view(), y.view()).expect("finite points"), a, b * 1.3)
}

fn kl(lambda: f64) -> Marginal {
    Marginal::Kl { lambda }
}

#[test]
fn agrees_with_published_solvers() {
    // POT 0.9.7.post1, `sinkhorn_unbalanced` at ε = 0.3 to its fixed point: mass, cost, and two entries.
    let (costs, a, b) = case();
    for (source, reference, mass, cost, entries) in [
        (kl(1.0), Reference::Product, 0.8826339777214475, 0.6807225030241488, [0.0248489, 0.01759662]),
        (kl(1.0), Reference::Counting, 1.0866641646512476, 0.7773035124701461, [0.03005595, 0.02320381]),
        (Marginal::Exact, Reference::Product, 1.0, 2.7238539762828275, [0.00534675, 0.00011821]),
    ] {
        let problem = RelaxedTransport::new(&costs, a.view(), b.view(), source, kl(4.0)).unwrap();
        let solver = UnbalancedSinkhorn { reference, ..UnbalancedSinkhorn::new(0.3, within(1e-14)) };
        let plan = solver.solve(&problem).unwrap();
        assert_relative_eq!(plan.mass(), mass, max_relative = 1e-12);
        assert_relative_eq!(plan.cost(), cost, max_relative = 1e-12);
        let row = plan.to_matrix().row(0).to_owned();
        assert!((row[0] - entries[0]).abs() < 1e-8 && (row[1] - entries[1]).abs() < 1e-8);
    }
}

#[test]
fn small_epsilon_where_a_stabilised_solver_went_wrong() {
    // POT issue 711: the stabilised form disagrees with the others. POT 0.9.7.post1 at ε = 0.01 and λ = 1: the plain and
    // the translation-invariant form give mass 0.61865054557, the stabilised one 1.07e-10.
    let (costs, a, b) = case();
    let problem = RelaxedTransport::new(&costs, a.view(), b.view(), kl(1.0), kl(1.0)).unwrap();
    for half_step in [HalfStep::TranslationInvariant, HalfStep::Plain] {
        let plan = UnbalancedSinkhorn { half_step, ..UnbalancedSinkhorn::new(0.01, within(1e-13)) }
            .solve(&problem)
            .unwrap();
        assert_relative_eq!(plan.mass(), 0.6186505455703986, max_relative = 1e-10);
        assert_relative_eq!(plan.cost(), 0.3305758673576157, max_relative = 1e-10);
    }
    // And far smaller, against the optimum without entropy.
    let exact = UnbalancedFrankWolfe::new(within(1e-11)).solve(&problem).unwrap();
    let scaling = EpsilonScaling::Geometric { start: 1.0, factor: 0.7, steps: 100 };
    let plan = UnbalancedSinkhorn { scaling, ..UnbalancedSinkhorn::new(1e-4, within(1e-4)) };
    let plan = plan.solve(&problem).unwrap();
    assert_relative_eq!(plan.mass(), exact.mass(), max_relative = 1e-2);
    let (low, high) = problem.bounds(&plan);
    assert!(low <= exact.primal_cost() && exact.dual_cost() <= high && high - low < 1e-3 * high);
}

#[test]
fn a_huge_penalty_is_balanced_transport_at_its_speed() {
    let costs = SquaredEuclidean.matrix(cloud(40, 2, 0.0, 1).view(), cloud(50, 2, 0.4, 2).view()).unwrap();
    let (a, b) = (weights(40, 1), weights(50, 2));
    let plain = Sinkhorn {
        acceleration: Acceleration::None,
        scaling: EpsilonScaling::None,
        ..Sinkhorn::new(0.05, within(1e-10))
    };
    let balanced = plain.solve(&Transport::new(&costs, a.view(), b.view()).unwrap()).unwrap();
    let problem = |lambda| RelaxedTransport::new(&costs, a.view(), b.view(), kl(lambda), kl(lambda)).unwrap();
    let plan = UnbalancedSinkhorn::new(0.05, within(1e-10)).solve(&problem(1e8)).unwrap();
    assert!((plan.to_matrix() - balanced.to_matrix()).iter().all(|e| e.abs() < 1e-8));
    assert!(plan.certificate().iterations <= balanced.certificate().iterations + 5);
    // At λ/ε = 10⁴ the plain form has hardly started, while the other needs what balanced transport needs.
    let problem = problem(500.0);
    let fast = UnbalancedSinkhorn::new(0.05, within(1e-10)).solve(&problem).unwrap();
    let plain =
        UnbalancedSinkhorn { half_step: HalfStep::Plain, ..UnbalancedSinkhorn::new(0.05, within(1e-10)) };
    let slow = UnbalancedSinkhorn { stop: Stop::After { iterations: 400 }, ..plain }.solve(&problem).unwrap();
    assert!(fast.certificate().iterations < 200, "{:?}", fast.certificate());
    assert!(slow.certificate().gap() > 1e4 * fast.certificate().gap());
}

#[test]
fn a_tiny_penalty_leaves_the_mass() {
    let (costs, a, b) = case();
    let problem = RelaxedTransport::new(&costs, a.view(), b.view(), kl(1e-9), kl(1e-9)).unwrap();
    // Without entropy nothing moves; with it, only the reference is left: a b exp(-c/ε).
    let exact = UnbalancedFrankWolfe::new(Stop::After { iterations: 3 }).solve(&problem).unwrap();
    assert!(exact.mass() < 1e-12);
    let plan = UnbalancedSinkhorn::new(0.5, within(1e-13)).solve(&problem).unwrap();
    for ((i, j), &p) in plan.to_matrix().indexed_iter() {
        assert_relative_eq!(p, a[i] * b[j] * (-costs[[i, j]] / 0.5).exp(), max_relative = 1e-6);
    }
}

#[test]
fn hard_numbers_stay_numbers() {
    let costs = SquaredEuclidean.matrix(cloud(20, 3, 0.0, 1).view(), cloud(30, 3, 2.0, 2).view()).unwrap();
    let a = Array1::from_shape_fn(20, |i| if i % 3 == 0 { 0.0 } else { 1e-9 * (1.0 + i as f64) });
    let b = weights(30, 2) * 1e9;
    let constraints =
        [Marginal::Range { low: 0.0, high: 1.0 }, Marginal::Range { low: 0.0, high: f64::INFINITY }];
    let penalties = [kl(1e-6), kl(1.0), kl(1e6), Marginal::Tv { lambda: 3.0 }, Marginal::L2 { lambda: 1e-3 }];
    for source in penalties.into_iter().chain(constraints) {
        for target in penalties.into_iter().chain(constraints) {
            let problem = RelaxedTransport::new(&costs, a.view(), b.view(), source, target).unwrap();
            for epsilon in [1e-12, 1e-3, 1e9] {
                for reference in [Reference::Product, Reference::Counting] {
                    let stop = Stop::After { iterations: 20 };
                    let solver = UnbalancedSinkhorn { reference, ..UnbalancedSinkhorn::new(epsilon, stop) };
                    let plan = match solver.solve(&problem) {
                        Ok(plan) => plan,
                        // Potentials of 10⁵ and more have no digits left at ε = 10⁻¹²: that is said, not guessed.
                        Err(error) => {
                            let far = |m: &Marginal| *m == kl(1e6) || matches!(m, Marginal::L2 { .. });
                            let huge = [source, target].iter().any(far);
                            assert!(huge && epsilon < 1e-11, "{source:?} {target:?} {epsilon} {error}");
                            assert!(
                                error
                                    .to_string()
                                    .starts_with("epsilon is 0.000000000001; it must be larger here")
                            );
                            continue;
                        }
                    };
                    let certificate = plan.certificate();
                    let case = format!("{source:?} {target:?} {epsilon} {reference:?} {certificate:?}");
                    let numbers = [plan.cost(), plan.mass(), certificate.residual, certificate.dual_cost];
                    assert!(numbers.iter().all(|x| x.is_finite()), "{case}");
                    assert!(plan.to_matrix().iter().all(|p| p.is_finite() && *p >= 0.0), "{case}");
                }
            }
        }
    }
}

#[test]
fn points_without_mass_take_no_part() {
    let (costs, mut a, mut b) = case();
    (a[1], b[4]) = (0.0, 0.0);
    let without = |i: usize, n: usize| (0..n).filter(|&k| k != i).collect::<Vec<_>>();
    let (rows, columns) = (without(1, 5), without(4, 7));
    let (axis, other) = (ndarray::Axis(0), ndarray::Axis(1));
    let part = costs.select(axis, &rows).select(other, &columns);
    let (a_part, b_part) = (a.select(axis, &rows), b.select(axis, &columns));
    for reference in [Reference::Product, Reference::Counting] {
        let solver = UnbalancedSinkhorn { reference, ..UnbalancedSinkhorn::new(0.2, within(1e-13)) };
        let solve = |costs: &Array2<f64>, a: &Array1<f64>, b: &Array1<f64>| {
            let problem = RelaxedTransport::new(costs, a.view(), b.view(), kl(1.0), kl(2.0)).unwrap();
            solver.solve(&problem).unwrap().to_matrix()
        };
        let whole = solve(&costs, &a, &b);
        assert_eq!(whole.row(1).sum() + whole.column(4).sum(), 0.0);
        let whole = whole.select(axis, &rows).select(other, &columns);
        assert!((whole - solve(&part, &a_part, &b_part)).iter().all(|e| e.abs() < 1e-12));
    }
}

#[test]
fn forbidden_moves() {
    let inf = f64::INFINITY;
    let costs = array![[0.5, 1.0, inf], [inf, inf, inf], [1.0, 0.2, inf]];
    let (a, b) = (array![0.4, 0.3, 0.3], array![0.5, 0.2, 0.3]);
    for penalty in [kl(1.0), Marginal::Tv { lambda: 1.0 }, Marginal::L2 { lambda: 3.0 }] {
        let problem = RelaxedTransport::new(&costs, a.view(), b.view(), penalty, penalty).unwrap();
        let plan = UnbalancedSinkhorn::new(0.05, within(1e-12)).solve(&problem).unwrap();
        let matrix = plan.to_matrix();
        assert_eq!(matrix.row(1).sum() + matrix.column(2).sum(), 0.0);
        assert!(matrix[[0, 0]] > 0.1 && matrix[[2, 1]] > 0.1);
        assert!((plan.primal_cost() - plan.dual_cost()).abs() < 1e-10, "{:?}", plan.certificate());
    }
    let error = |source, target| {
        let problem = RelaxedTransport::new(&costs, a.view(), b.view(), source, target).unwrap();
        UnbalancedSinkhorn::new(0.05, within(1e-6)).solve(&problem).unwrap_err()
    };
    assert_eq!(error(Marginal::Exact, kl(1.0)), OtError::Infeasible { unplaced: 0.3, row: 1 });
    assert_eq!(error(kl(1.0), Marginal::Exact), OtError::Unreachable { unplaced: 0.3, column: 2 });
    let range = Marginal::Range { low: 0.1, high: 1.0 };
    assert_eq!(error(range, kl(1.0)), OtError::Infeasible { unplaced: 0.3, row: 1 });
}

#[test]
fn potentials_are_gradients() {
    // By the envelope theorem the optimum's derivative in a_i is that of -D*(-f_i), λ (1 - exp(-f_i/λ)), as long as the
    // reference does not depend on a; here against central differences.
    let (costs, a, b) = case();
    let solver =
        UnbalancedSinkhorn { reference: Reference::Counting, ..UnbalancedSinkhorn::new(0.2, within(1e-13)) };
    let value = |a: &Array1<f64>, b: &Array1<f64>| {
        let problem = RelaxedTransport::new(&costs, a.view(), b.view(), kl(0.7), kl(3.0)).unwrap();
        solver.solve(&problem).unwrap()
    };
    let plan = value(&a, &b);
    let h = 1e-5;
    for i in 0..5 {
        let step = |sign: f64| {
            let mut moved = a.clone();
            moved[i] += sign * h;
            value(&moved, &b).dual_cost()
        };
        let wanted = 0.7 * -(-plan.source_potential()[i] / 0.7).exp_m1();
        assert_relative_eq!((step(1.0) - step(-1.0)) / (2.0 * h), wanted, epsilon = 1e-7);
    }
    for j in 0..7 {
        let step = |sign: f64| {
            let mut moved = b.clone();
            moved[j] += sign * h;
            value(&a, &moved).dual_cost()
        };
        let wanted = 3.0 * -(-plan.target_potential()[j] / 3.0).exp_m1();
        assert_relative_eq!((step(1.0) - step(-1.0)) / (2.0 * h), wanted, epsilon = 1e-7);
    }
}

#[test]
fn the_plan_is_a_linear_map() {
    let (costs, a, b) = case();
    let problem = RelaxedTransport::new(&costs, a.view(), b.view(), kl(1.0), kl(2.0)).unwrap();
    let plan = UnbalancedSinkhorn::new(0.1, within(1e-12)).solve(&problem).unwrap();
    let matrix = plan.to_matrix();
    let (x, y) = (cloud(5, 3, 0.0, 1), cloud(7, 2, 0.0, 2));
    let close = |u: &Array2<f64>, v: &Array2<f64>| (u - v).iter().all(|e| e.abs() < 1e-14);
    assert!(close(&plan.push(x.view()), &matrix.t().dot(&x)) && close(&plan.pull(y.view()), &matrix.dot(&y)));
    let (rows, columns) = plan.marginals();
    assert!((&rows - &matrix.sum_axis(ndarray::Axis(1))).iter().all(|e| e.abs() < 1e-15));
    assert!((&columns - &matrix.sum_axis(ndarray::Axis(0))).iter().all(|e| e.abs() < 1e-15));
    assert_relative_eq!(plan.cost(), (&matrix * &costs).sum(), max_relative = 1e-14);
    let divergence: f64 =
        matrix.indexed_iter().map(|((i, j), &p)| p * (p / (a[i] * b[j])).ln() - p + a[i] * b[j]).sum();
    assert_relative_eq!(plan.divergence(), divergence, max_relative = 1e-12);
    let wanted = plan.cost() + 0.1 * divergence + problem.objective(0.0, rows.view(), columns.view());
    assert_relative_eq!(plan.primal_cost(), wanted, max_relative = 1e-13);
    // 20,000 draws: three standard deviations of a share are below 0.011.
    let mut rng = chreode_core::Seed(3).stream("draws", 0);
    let mut counts = Array2::<f64>::zeros((5, 7));
    plan.sample(20_000, &mut rng).into_iter().for_each(|(i, j)| counts[[i, j]] += 1.0 / 20_000.0);
    assert!((counts - &matrix / plan.mass()).iter().all(|e| e.abs() < 0.011));
}

#[test]
fn scaling_changes_no_answer() {
    let costs = SquaredEuclidean.matrix(cloud(60, 2, 0.0, 1).view(), cloud(60, 2, 0.3, 2).view()).unwrap();
    let (a, b) = (weights(60, 1), weights(60, 2) * 2.0);
    let problem = RelaxedTransport::new(&costs, a.view(), b.view(), kl(0.5), kl(5.0)).unwrap();
    let plain = UnbalancedSinkhorn::new(2e-3, within(1e-10));
    let scaling = EpsilonScaling::Geometric { start: 1.0, factor: 0.5, steps: 5 };
    let direct = plain.solve(&problem).unwrap();
    let scaled = UnbalancedSinkhorn { scaling, ..plain }.solve(&problem).unwrap();
    assert_relative_eq!(direct.primal_cost(), scaled.primal_cost(), max_relative = 1e-9);
    assert_relative_eq!(direct.mass(), scaled.mass(), max_relative = 1e-7);
}

#[test]
fn the_bits_do_not_depend_on_the_threads() {
    let costs = SquaredEuclidean.matrix(cloud(300, 2, 0.0, 1).view(), cloud(700, 2, 0.3, 2).view()).unwrap();
    let (a, b) = (weights(300, 1), weights(700, 2) * 1.5);
    let problem =
        RelaxedTransport::new(&costs, a.view(), b.view(), kl(0.5), Marginal::Tv { lambda: 1.0 }).unwrap();
    let on = |threads: usize| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        pool.install(|| {
            let plan = UnbalancedSinkhorn::new(0.05, Stop::After { iterations: 5 }).solve(&problem).unwrap();
            (
                plan.target_potential().to_owned(),
                plan.push(costs.view()),
                plan.primal_cost(),
                plan.dual_cost(),
            )
        })
    };
    assert_eq!(on(1), on(3));
}

#[test]
fn bad_input() {
    let costs = Array2::<f64>::zeros((2, 2));
    let (a, b) = (array![0.5, 0.5], array![1.0, 1.0]);
    let said = |source, target| {
        RelaxedTransport::new(&costs, a.view(), b.view(), source, target).unwrap_err().to_string()
    };
    for lambda in [0.0, -1.0, f64::NAN, f64::INFINITY] {
        assert_eq!(
            said(kl(lambda), kl(1.0)),
            format!(
                "lambda is {lambda}; it must be positive and finite; Marginal::Exact stands for an infinite penalty"
            )
        );
    }
    let range = |low, high| Marginal::Range { low, high };
    assert_eq!(
        said(kl(1.0), range(-0.5, 1.0)),
        "the low end of the range is -0.5; it must be finite and not negative"
    );
    assert_eq!(
        said(kl(1.0), range(0.5, 0.1)),
        "the high end of the range is 0.1; it must be at least the low end"
    );
    assert_eq!(
        said(Marginal::Exact, Marginal::Exact),
        "the source masses sum to 1 and the target masses to 2; normalise them to one total, or relax a marginal"
    );
    assert_eq!(
        said(Marginal::Exact, range(0.8, 1.0)),
        "the source takes a total mass between 1 and 1 and the target between 1.6 and 2; widen a range or relax a side"
    );
    let error =
        RelaxedTransport::new(&costs, array![0.5, -0.1].view(), b.view(), kl(1.0), kl(1.0)).unwrap_err();
    assert_eq!(error, OtError::BadMass { side: "source", index: 1, value: -0.1 });
    let error =
        RelaxedTransport::new(&costs, a.view(), array![0.0, 0.0].view(), kl(1.0), kl(1.0)).unwrap_err();
    assert_eq!(error, OtError::NoMass { side: "target" });
    let problem = RelaxedTransport::new(&costs, a.view(), b.view(), kl(1.0), kl(1.0)).unwrap();
    let error = UnbalancedSinkhorn::new(-1.0, within(1e-6)).solve(&problem).unwrap_err();
    assert_eq!(error.to_string(), "epsilon is -1; it must be positive and finite");
    let bad = array![[0.0, f64::NAN], [0.0, 0.0]];
    let problem = RelaxedTransport::new(&bad, a.view(), b.view(), kl(1.0), kl(1.0)).unwrap();
    let error = UnbalancedSinkhorn::new(1.0, within(1e-6)).solve(&problem).unwrap_err();
    assert!(matches!(error, OtError::BadCost { row: 0, column: 1, .. }));
    let (costs, a, b) = case();
    let problem = RelaxedTransport::new(&costs, a.view(), b.view(), kl(1.0), kl(1.0)).unwrap();
    let stop = Stop::Within { tolerance: 1e-12, max_iterations: 2 };
    let error = UnbalancedSinkhorn::new(0.01, stop).solve(&problem).unwrap_err();
    assert!(matches!(error, OtError::NotConverged { method: "unbalanced sinkhorn", iterations: 2, .. }));
}
