//! Transport by kernels that are only applied, against Sinkhorn on the costs that they stand for.

use crate::common;

use approx::assert_relative_eq;
use chreode_core::Seed;
use chreode_ot::{
    Affinity, Coupling, Graph, HeatKernel, Kernel, KernelSinkhorn, Laplacian, OtError, OtSolver, Sinkhorn,
    Stop, Transport,
};
use common::{cloud, weights};
use ndarray::{Array1, Array2, ArrayView2, array, s};

const TIGHT: Stop = Stop::Within { tolerance: 1e-12, max_iterations: 10_000 };

fn heat(time: f64) -> HeatKernel {
    let graph = Graph::nearest(cloud(50, 2, 0.0, 3).view(), 6).expect("a graph with heat");
    HeatKernel::new(&graph, time, Affinity::InverseSquare, Laplacian::Combinatorial)
        .expect("a graph with heat")
}

#[test]
fn geodesic_sinkhorn_is_sinkhorn_with_heat_costs() {
    let heat = heat(0.05);
    // Mass on the first twenty nodes, to the last thirty.
    let (mut a, mut b) = (Array1::zeros(50), Array1::zeros(50));
    a.slice_mut(s![..20]).assign(&(weights(20, 1) * 3.0));
    b.slice_mut(s![20..]).assign(&(weights(30, 2) * 3.0));
    let plan = KernelSinkhorn::new(TIGHT).solve(&heat, a.view(), b.view()).unwrap();
    let nodes: Vec<usize> = (0..50).collect();
    let costs = heat.costs(&nodes, &nodes).unwrap();
    let problem = Transport::new(&costs, a.view(), b.view()).unwrap();
    let same = Sinkhorn::new(heat.epsilon(), TIGHT).solve(&problem).unwrap();
    let matrix = plan.to_matrix();
    assert_relative_eq!(matrix, same.to_matrix(), epsilon = 1e-11);
    assert_relative_eq!(plan.cost(), same.cost(), max_relative = 1e-10);
    let certificate = plan.certificate();
    assert!(certificate.residual <= 1e-12 && certificate.gap() < 1e-10);
    // The objective by its definition, ε Σ (P log(P/K) − P + K).
    let kernel = heat.apply(Array2::eye(50).view());
    let objective: f64 =
        matrix.iter().zip(&kernel).map(|(&p, &k)| if p > 0.0 { p * (p / k).ln() - p + k } else { k }).sum();
    assert_relative_eq!(certificate.primal_cost, heat.epsilon() * objective, max_relative = 1e-10);
    // A linear map, a sampler.
    let x = cloud(50, 3, 0.0, 7);
    assert_relative_eq!(plan.push(x.view()), matrix.t().dot(&x), epsilon = 1e-13);
    assert_relative_eq!(plan.pull(x.view()), matrix.dot(&x), epsilon = 1e-13);
    let pairs = plan.sample_permutation(&mut Seed(1).stream("pairs", 0));
    assert!(pairs.iter().map(|pair| pair.0).eq(0..20) && pairs.iter().all(|pair| pair.1 >= 20));
}

#[test]
fn the_dual_value_is_a_bound_at_any_time() {
    let heat = heat(0.02);
    let (a, b) = (weights(50, 1), weights(50, 2));
    let optimum = KernelSinkhorn::new(TIGHT).solve(&heat, a.view(), b.view()).unwrap().certificate();
    let mut last = f64::NEG_INFINITY;
    for iterations in [1, 2, 4, 8, 16] {
        let stop = Stop::After { iterations };
        let now = KernelSinkhorn::new(stop).solve(&heat, a.view(), b.view()).unwrap().certificate();
        assert_eq!(now.iterations, iterations);
        assert!(now.dual_cost <= optimum.primal_cost + 1e-12 && now.dual_cost >= last - 1e-12);
        last = now.dual_cost;
    }
}

/// A kernel of a user: a matrix, between different numbers of points.
struct Matrix(Array2<f64>);

impl Kernel for Matrix {
    fn shape(&self) -> (usize, usize) {
        self.0.dim()
    }
    fn epsilon(&self) -> f64 {
        0.2
    }
    fn apply(&self, x: ArrayView2<'_, f64>) -> Array2<f64> {
        self.0.dot(&x)
    }
    fn apply_transposed(&self, x: ArrayView2<'_, f64>) -> Array2<f64> {
        self.0.t().dot(&x)
    }
}

#[test]
fn a_kernel_of_a_user() {
    let costs = cloud(8, 11, 0.5, 2);
    let (a, b) = (weights(8, 1), weights(11, 2));
    let kernel = Matrix(costs.mapv(|c| (-c / 0.2_f64).exp()));
    let plan = KernelSinkhorn::new(TIGHT).solve(&kernel, a.view(), b.view()).unwrap();
    let same = Sinkhorn::new(0.2, TIGHT).solve(&Transport::new(&costs, a.view(), b.view()).unwrap()).unwrap();
    assert_relative_eq!(plan.to_matrix(), same.to_matrix(), epsilon = 1e-12);
    assert_relative_eq!(plan.cost(), same.cost(), max_relative = 1e-11);
}

#[test]
fn what_cannot_be_reached_is_an_error() {
    let kernel = Matrix(array![[1.0, 0.0], [0.5, 0.0]]);
    let half = array![0.5, 0.5];
    let solve = |a: &Array1<f64>, stop| {
        KernelSinkhorn::new(stop).solve(&kernel, a.view(), half.view()).map(|p| p.cost())
    };
    assert_eq!(solve(&half, TIGHT), Err(OtError::Unreachable { unplaced: 0.5, column: 1 }));
    assert_eq!(
        solve(&array![1.0], TIGHT),
        Err(OtError::Shape { what: "the source masses", expected: 2, found: 1 })
    );
    let turned = Matrix(array![[1.0, 0.5], [0.0, 0.0]]);
    assert_eq!(
        KernelSinkhorn::new(TIGHT).solve(&turned, half.view(), half.view()).map(|p| p.cost()),
        Err(OtError::Infeasible { unplaced: 0.5, row: 1 })
    );
    let slow = Stop::Within { tolerance: 1e-12, max_iterations: 1 };
    let kernel = Matrix(array![[1.0, 0.5], [0.1, 0.7]]);
    assert!(matches!(
        KernelSinkhorn::new(slow).solve(&kernel, half.view(), array![0.3, 0.7].view()),
        Err(OtError::NotConverged { method: "kernel sinkhorn", iterations: 1, .. })
    ));
}
