//! Entropic unbalanced transport: reference values, gaps, limits, hard inputs.

mod common;

use approx::assert_relative_eq;
use chreode_ot::{
    CostFunction, Coupling, EpsilonScaling, Form, Marginal, OtError, OtSolver, Reference, RelaxedSolver,
    RelaxedTransport, Sinkhorn, SquaredEuclidean, Stop, Transport, UnbalancedSinkhorn,
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
            for form in [Form::TranslationInvariant, Form::Plain] {
                let solver = UnbalancedSinkhorn { form, ..UnbalancedSinkhorn::new(value("eps"), within(1e-13)) };
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
            let b = if source == Marginal::Exact && target == Marginal::Exact { b.clone() } else { &b * 1.05 };
            let problem = RelaxedTransport::new(&costs, a.view(), b.view(), source, target).unwrap();
            for reference in [Reference::Product, Reference::Counting, Reference::Uniform] {
                for form in [Form::TranslationInvariant, Form::Plain] {
                    let solver =
                        UnbalancedSinkhorn { form, reference, ..UnbalancedSinkhorn::new(0.2, within(1e-12)) };
                    let plan = solver.solve(&problem).unwrap();
                    let (primal, dual) = (plan.primal_cost(), plan.dual_cost());
                    let case = format!("{source:?} {target:?} {reference:?} {form:?} {primal} {dual}");
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
