//! Waddington-OT's couplings and growth, and trajectories through several of them.

use crate::common;

use approx::assert_relative_eq;
use chreode_ot::{
    CostFunction, Coupling, OtError, Scaled, SquaredEuclidean, Stop, Unit, WaddingtonOt, ancestors,
    descendants,
};
use common::{cloud, small};
use ndarray::{Array1, Array2, array};

fn stop() -> Stop {
    Stop::Within { tolerance: 1e-14, max_iterations: 100_000 }
}

#[test]
fn agrees_with_the_published_objective() {
    // A numpy loop over wot's own scalings of its densities (λ₁ 1, λ₂ 50, ε 0.05, cost divided by its median, three
    // solves), iterated to a relative change of 1e-15; the growth rates are for half a unit of time.
    let (x, y, _, _) = small();
    let costs = SquaredEuclidean.matrix(x.view(), y.view()).unwrap();
    let scaled = Scaled::new(&costs, Unit::Median).unwrap();
    assert_relative_eq!(scaled.unit(), 2.059_107_345_212_982, max_relative = 1e-14);
    let rates = array![0.5, 1.0, 2.0, 1.5, 0.8_f64];
    let wot = WaddingtonOt { updates: 3, ..WaddingtonOt::new(stop()) };
    let result = wot.solve(&scaled, rates.mapv(f64::sqrt).view()).unwrap();
    let wanted = [
        [0.5, 1.0, 2.0, 1.5, 0.8].map(f64::sqrt),
        [1.174776334089148, 0.17400398373269613, 1.3664100381786553, 1.675292293981386, 0.7958251887950649],
        [1.3323006458715732, 0.03524290025082103, 1.4044984866458579, 1.6393206450300712, 0.7394342553079775],
        [
            1.4058004557365886,
            0.007563070320814967,
            1.4137267093834356,
            1.5576038223691924,
            0.7333872830046949,
        ],
    ];
    assert_eq!(result.history.len(), 4);
    for (found, wanted) in result.history.iter().zip(wanted) {
        for (found, wanted) in found.iter().zip(wanted) {
            assert_relative_eq!(*found, wanted, max_relative = 1e-11);
        }
    }
    assert_relative_eq!(result.growth()[3], wanted[3][3], max_relative = 1e-11);
    assert_relative_eq!(result.rates(0.5)[3], wanted[3][3] * wanted[3][3], max_relative = 1e-11);
    // wot's map is n P.
    let row = result.plan.to_matrix().row(0).to_owned() * 5.0;
    for (found, wanted) in row.iter().zip([
        0.0016099011149583759,
        0.005301688268864712,
        4.095822650239188e-20,
        7.45691509763789e-11,
        0.007000621144928107,
        0.7099528356197092,
        0.6819354095135591,
    ]) {
        assert_relative_eq!(*found, wanted, max_relative = 1e-10);
    }
    assert!(result.plan.certificate().gap() < 1e-12);
}

#[test]
fn trajectories_are_products_of_the_couplings() {
    let populations = [cloud(6, 2, 0.0, 1), cloud(8, 2, 0.2, 2), cloud(5, 2, 0.5, 3)];
    let costs: Vec<Array2<f64>> = (0..2)
        .map(|k| SquaredEuclidean.matrix(populations[k].view(), populations[k + 1].view()).unwrap())
        .collect();
    let plans: Vec<_> = costs
        .iter()
        .map(|c| {
            let growth = Array1::from_shape_fn(c.nrows(), |i| 0.5 + 0.3 * i as f64);
            WaddingtonOt { updates: 2, ..WaddingtonOt::new(stop()) }.solve(c, growth.view()).unwrap().plan
        })
        .collect();
    let matrices: Vec<Array2<f64>> = plans.iter().map(Coupling::to_matrix).collect();
    let start = array![[1.0, 0.0], [0.0, 2.0], [0.0, 0.0], [0.0, 0.0], [1.0, 0.0], [0.0, 0.0]];
    let forward = descendants(&plans, start.view()).unwrap();
    assert_eq!(forward.len(), 3);
    let whole = matrices[1].t().dot(&matrices[0].t().dot(&start));
    for k in 0..2 {
        assert_relative_eq!(forward[2].column(k).sum(), 1.0, max_relative = 1e-14);
        let wanted = &whole.column(k) / whole.column(k).sum();
        assert!((&forward[2].column(k) - &wanted).iter().all(|e| e.abs() < 1e-13));
    }
    let end = Array2::from_shape_fn((5, 1), |(i, _)| 1.0 + i as f64);
    let backward = ancestors(&plans, end.view()).unwrap();
    let whole = matrices[0].dot(&matrices[1].dot(&end));
    assert!((&backward[2] - &(&whole / whole.sum())).iter().all(|e| e.abs() < 1e-13));
}

#[test]
fn bad_input() {
    let costs = Array2::<f64>::ones((2, 3));
    let said =
        |wot: WaddingtonOt, growth: Array1<f64>| wot.solve(&costs, growth.view()).unwrap_err().to_string();
    let wot = WaddingtonOt::new(stop());
    assert_eq!(
        said(WaddingtonOt { updates: 0, ..wot }, array![1.0, 1.0]),
        "the number of growth updates is 0; it must be at least 1"
    );
    assert_eq!(
        said(wot, array![1.0, -2.0]),
        "the source mass of point 1 is -2; masses must be finite and not negative"
    );
    assert_eq!(said(wot, array![1.0]), "the source masses has size 1 where 2 was expected");
    assert_eq!(
        said(WaddingtonOt { lambda_source: 0.0, ..wot }, array![1.0, 1.0]),
        "lambda is 0; it must be positive and finite; Marginal::Exact stands for an infinite penalty"
    );
    let plan = wot.solve(&costs, array![1.0, 1.0].view()).unwrap().plan;
    let plans = [plan.clone(), plan];
    assert_eq!(
        descendants(&plans, Array2::zeros((2, 1)).view()).unwrap_err().to_string(),
        "the source of the next coupling has size 2 where 3 was expected"
    );
    let none: [chreode_ot::RelaxedPlan; 0] = [];
    assert!(matches!(ancestors(&none, Array2::zeros((2, 1)).view()), Err(OtError::Shape { found: 0, .. })));
    let one = &plans[..1];
    assert!(matches!(descendants(one, Array2::zeros((2, 1)).view()), Err(OtError::NoMass { .. })));
    assert!(matches!(ancestors(one, Array2::zeros((2, 1)).view()), Err(OtError::Shape { expected: 3, .. })));
}
