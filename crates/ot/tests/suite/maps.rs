//! The entropic map, interpolants and path energies.

use crate::common;
use crate::common::differences;

use approx::{assert_abs_diff_eq, assert_relative_eq};
use chreode_core::Seed;
use chreode_ot::{
    CostFunction, Coupling, EntropicMap, Entry, Euclidean, NetworkSimplex, Order, OtError, OtSolver,
    Sinkhorn, SquaredEuclidean, Stop, Transport, displacement, field_energy, path_energy,
    sample_displacement, wasserstein,
};
use common::{cloud, weights};
use differences::slope;
use ndarray::{Array1, Array2, Array3, array, s};

const EPSILON: f64 = 0.2;

fn within(tolerance: f64) -> Stop {
    Stop::Within { tolerance, max_iterations: 10_000 }
}

#[test]
fn the_entropic_map_continues_the_plan() {
    let (x, y, a, b) = (cloud(40, 3, 0.0, 1), cloud(50, 3, 0.5, 2), weights(40, 1), weights(50, 2));
    let costs = Euclidean.matrix(x.view(), y.view()).unwrap();
    let problem = Transport::new(&costs, a.view(), b.view()).unwrap();
    let plan = Sinkhorn::new(EPSILON, within(1e-12)).solve(&problem).unwrap();
    let map =
        EntropicMap::new(&Euclidean, y.view(), Some(b.view()), plan.target_potential(), EPSILON).unwrap();
    let moved = map.apply(x.view()).unwrap();
    assert!((&moved - &plan.barycentric(y.view())).iter().all(|d| d.abs() < 1e-11));
    let f = map.potential(x.view()).unwrap();
    assert!((&f - &plan.source_potential()).iter().all(|d| d.abs() < 1e-11));
}

#[test]
fn it_is_the_gradient_of_the_potential_and_its_derivative_is_symmetric() {
    let (x, y) = (cloud(40, 3, 0.0, 1), cloud(50, 3, 0.5, 2));
    let costs = SquaredEuclidean.matrix(x.view(), y.view()).unwrap();
    let plan = Sinkhorn::new(EPSILON, within(1e-9)).solve(&Transport::uniform(&costs).unwrap()).unwrap();
    let map = EntropicMap::new(&SquaredEuclidean, y.view(), None, plan.target_potential(), EPSILON).unwrap();
    // At points that are not in the source.
    let z = cloud(4, 3, 0.2, 9);
    let moved = map.apply(z.view()).unwrap();
    let v = cloud(4, 3, 0.0, 10);
    let along = map.jvp(z.view(), v.view()).unwrap();
    for ((i, k), &got) in moved.indexed_iter() {
        let at = |h: f64| {
            let mut z = z.clone();
            z[[i, k]] += h;
            map.potential(z.view()).unwrap()[i]
        };
        assert_relative_eq!(got, z[[i, k]] - 0.5 * slope(at, 1e-3), max_relative = 1e-8);
        let at = |h: f64| map.apply((&z + &(&v * h)).view()).unwrap()[[i, k]];
        assert_relative_eq!(along[[i, k]], slope(at, 1e-3), max_relative = 1e-8);
    }
    let w = cloud(4, 3, 0.3, 11);
    let back = map.jvp(z.view(), w.view()).unwrap();
    for i in 0..4 {
        assert_relative_eq!(along.row(i).dot(&w.row(i)), back.row(i).dot(&v.row(i)), max_relative = 1e-11);
        assert!(along.row(i).dot(&v.row(i)) >= 0.0);
    }
}

/// Quantiles of N(mean, sd²) at (k + ½)/n, by bisection on the error function's integral.
fn quantiles(n: usize, mean: f64, sd: f64) -> Array2<f64> {
    // The distribution function by Simpson's rule on the density.
    let cdf = |z: f64| {
        let steps = 200;
        let h = z / steps as f64;
        let density = |t: f64| (-0.5 * t * t).exp() / (2.0 * std::f64::consts::PI).sqrt();
        let inner: f64 =
            (1..steps).map(|k| (if k % 2 == 1 { 4.0 } else { 2.0 }) * density(k as f64 * h)).sum();
        0.5 + h / 3.0 * (density(0.0) + inner + density(z))
    };
    Array2::from_shape_fn((n, 1), |(k, _)| {
        let level = (k as f64 + 0.5) / n as f64;
        let (mut low, mut high) = (-8.0, 8.0);
        for _ in 0..60 {
            let middle = 0.5 * (low + high);
            if cdf(middle) < level { low = middle } else { high = middle }
        }
        mean + sd * 0.5 * (low + high)
    })
}

#[test]
fn it_tends_to_the_map_between_gaussians() {
    // N(0, 1) to N(1, 2²): x ↦ 1 + 2x without entropy. With it the slope is (√(16 + ε²/4) − ε/2)/2 (the
    // closed form of entropic Gaussians: ½ (D − σ²)/Σ₁ with D² = 4·4 + σ⁴ and σ² = ε/2).
    let (x, y) = (quantiles(400, 0.0, 1.0), quantiles(400, 1.0, 2.0));
    let costs = SquaredEuclidean.matrix(x.view(), y.view()).unwrap();
    let problem = Transport::uniform(&costs).unwrap();
    let at = array![[-1.0], [-0.3], [0.8]];
    let mut errors = Vec::new();
    for epsilon in [2.0, 0.5, 0.1] {
        let plan = Sinkhorn::new(epsilon, within(1e-7)).solve(&problem).unwrap();
        let map =
            EntropicMap::new(&SquaredEuclidean, y.view(), None, plan.target_potential(), epsilon).unwrap();
        let moved = map.apply(at.view()).unwrap();
        let s = 0.5 * epsilon;
        let closed = &at * (0.5 * ((16.0 + s * s).sqrt() - s)) + 1.0;
        // 400 quantiles for a Gaussian: the variance misses 1 by about 1/400.
        assert!((&moved - &closed).iter().all(|d| d.abs() < 0.02));
        errors.push((&moved - &(&at * 2.0 + 1.0)).iter().fold(0.0_f64, |m, d| m.max(d.abs())));
    }
    assert!(errors[2] < errors[1] && errors[1] < errors[0] && errors[2] < 0.05);
}

#[test]
fn the_interpolant_is_a_geodesic() {
    let (x, y, a, b) = (cloud(30, 2, 0.0, 1), cloud(20, 2, 0.7, 2), weights(30, 1), weights(20, 2));
    let costs = SquaredEuclidean.matrix(x.view(), y.view()).unwrap();
    let plan = NetworkSimplex::default().solve(&Transport::new(&costs, a.view(), b.view()).unwrap()).unwrap();
    let whole = plan.primal_cost().sqrt();
    for t in [0.0, 0.25, 0.8] {
        let middle = displacement(plan.entries(), x.view(), y.view(), t).unwrap();
        let from_x = wasserstein(
            x.view(),
            middle.points.view(),
            Some(a.view()),
            Some(middle.masses.view()),
            Order::Two,
        );
        let to_y = wasserstein(
            middle.points.view(),
            y.view(),
            Some(middle.masses.view()),
            Some(b.view()),
            Order::Two,
        );
        assert_abs_diff_eq!(from_x.unwrap().value, t * whole, epsilon = 1e-7);
        assert_abs_diff_eq!(to_y.unwrap().value, (1.0 - t) * whole, epsilon = 1e-7);
    }
    // Samples: pairs of the plan, in proportion.
    let rng = &mut Seed(1).stream("sample", 0);
    let drawn = sample_displacement(&plan, x.view(), y.view(), 0.25, 4000, rng).unwrap();
    let all = displacement(plan.entries(), x.view(), y.view(), 0.25).unwrap();
    assert_relative_eq!(drawn.masses.sum(), 1.0, max_relative = 1e-12);
    let shift = drawn.masses.dot(&drawn.points) - all.masses.dot(&all.points);
    // Four standard errors; the points lie in a square of side 1.
    assert!(shift.iter().all(|d| d.abs() < 4.0 * 0.5 / 4000_f64.sqrt()));
    assert!(drawn.points.rows().into_iter().all(|p| {
        all.points.rows().into_iter().any(|q| p.iter().zip(q).all(|(p, q)| (p - q).abs() < 1e-12))
    }));
}

#[test]
fn the_energy_of_the_interpolant_is_the_cost() {
    let (x, y) = (cloud(25, 3, 0.0, 1), cloud(25, 3, 0.7, 2));
    let costs = SquaredEuclidean.matrix(x.view(), y.view()).unwrap();
    let plan = NetworkSimplex::default().solve(&Transport::uniform(&costs).unwrap()).unwrap();
    let times = array![0.0, 0.2, 0.7, 1.0];
    let steps: Vec<_> =
        times.iter().map(|&t| displacement(plan.entries(), x.view(), y.view(), t).unwrap()).collect();
    let mut paths = Array3::zeros((4, plan.entries().len(), 3));
    for (mut path, step) in paths.outer_iter_mut().zip(&steps) {
        path.assign(&step.points);
    }
    let masses = steps[0].masses.view();
    let energy = path_energy(times.view(), paths.view(), Some(masses)).unwrap();
    assert_relative_eq!(energy, plan.primal_cost(), max_relative = 1e-12);
    // A detour costs more.
    let mut detour = paths.clone();
    detour.slice_mut(s![1, .., 0]).mapv_inplace(|v| v + 0.1);
    assert!(path_energy(times.view(), detour.view(), Some(masses)).unwrap() > energy + 0.01);
    // The field of the path itself.
    let velocity = (&steps[3].points - &steps[0].points).to_owned();
    let along = field_energy(|_, _| velocity.clone(), times.view(), paths.view(), Some(masses)).unwrap();
    assert_relative_eq!(along, energy, max_relative = 1e-12);
}

#[test]
fn the_energy_of_a_rotation() {
    // A quarter turn in unit time at radius 2: speed π, energy π².
    let energies = |count: usize| {
        let times = Array1::linspace(0.0, 1.0, count);
        let angle = |k: usize| times[k] * std::f64::consts::FRAC_PI_2;
        let paths = Array3::from_shape_fn((count, 1, 2), |(k, _, c)| {
            2.0 * if c == 0 { angle(k).cos() } else { angle(k).sin() }
        });
        let turn = |_: f64, x: ndarray::ArrayView2<'_, f64>| {
            let w = std::f64::consts::FRAC_PI_2;
            Array2::from_shape_fn(x.dim(), |(i, c)| if c == 0 { -w * x[[i, 1]] } else { w * x[[i, 0]] })
        };
        let of_field = field_energy(turn, times.view(), paths.view(), None).unwrap();
        (path_energy(times.view(), paths.view(), None).unwrap(), of_field)
    };
    let exact = std::f64::consts::PI.powi(2);
    let ((coarse, field), (fine, _)) = (energies(11), energies(21));
    assert_relative_eq!(field, exact, max_relative = 1e-13);
    // Chords are shorter; second order.
    assert!(coarse < exact);
    assert_relative_eq!((exact - coarse) / (exact - fine), 4.0, max_relative = 0.01);
}

#[test]
fn bad_input() {
    let (x, y) = (cloud(4, 2, 0.0, 1), cloud(5, 2, 0.0, 2));
    let g = Array1::zeros(5);
    let said = |e: OtError| e.to_string();
    let map = |potential: &Array1<f64>, epsilon: f64| {
        EntropicMap::new(&SquaredEuclidean, y.view(), None, potential.view(), epsilon).map(|_| ())
    };
    assert_eq!(said(map(&g, 0.0).unwrap_err()), "epsilon is 0; it must be positive and finite");
    assert_eq!(
        said(map(&Array1::zeros(4), 1.0).unwrap_err()),
        "the target potential has size 4 where 5 was expected"
    );
    assert_eq!(
        said(map(&(&g + f64::NAN), 1.0).unwrap_err()),
        "the potential of target point 0 is NaN; start from finite potentials, or from none"
    );
    let fence = |x: &[f64], y: &[f64]| if x[0] > 10.0 { f64::INFINITY } else { (x[0] - y[0]).abs() };
    let map = EntropicMap::new(&fence, y.view(), None, g.view(), 1.0).unwrap();
    let error = map.apply(array![[0.0, 0.0], [11.0, 0.0]].view()).unwrap_err();
    assert_eq!(error, OtError::Infeasible { unplaced: 0.5, row: 1 });
    let error = map.apply(array![[0.0, f64::NAN]].view()).unwrap_err();
    assert_eq!(said(error), "the source point 0 has value NaN in column 1; every coordinate must be finite");
    let entries = [Entry { row: 4, column: 0, mass: 1.0 }];
    let error = displacement(&entries, x.view(), y.view(), 0.5).unwrap_err();
    assert_eq!(said(error), "the cloud of the entries' rows has size 4 where 5 was expected");
    let error = displacement(&[], x.view(), y.view(), 0.5).unwrap_err();
    assert_eq!(said(error), "the list of entries has size 0 where 1 was expected");
    let error = displacement(&entries, y.view(), x.view(), f64::NAN).unwrap_err();
    assert_eq!(said(error), "the time is NaN; it must be finite");
    let paths = Array3::<f64>::zeros((2, 3, 1));
    let energy =
        |times: Array1<f64>| path_energy(times.view(), paths.view(), None).map_err(|e| e.to_string());
    assert_eq!(energy(array![0.0]), Err("the number of times is 1; it must be at least 2".to_string()));
    let step = "a step between times is -1; it must be positive and finite: times increase";
    assert_eq!(energy(array![1.0, 0.0]), Err(step.to_string()));
    let three = "the times of the paths has size 2 where 3 was expected";
    assert_eq!(energy(array![0.0, 1.0, 2.0]), Err(three.to_string()));
    let times = array![0.0, 1.0];
    let error = field_energy(|_, _| Array2::zeros((3, 2)), times.view(), paths.view(), None).unwrap_err();
    assert_eq!(said(error), "the columns of the velocities has size 2 where 1 was expected");
    let error = field_energy(|_, _| Array2::from_elem((3, 1), f64::NAN), times.view(), paths.view(), None);
    assert_eq!(said(error.unwrap_err()), "the mean squared velocity is NaN; it must be finite");
}
