//! Implicit derivatives of the entropic plan, its potentials and its barycentric map, by central differences.

use crate::common;
use crate::common::differences;

use approx::assert_relative_eq;
use chreode_ot::{
    CostFunction, Cotangent, Coupling, EntropicPlan, Euclidean, ImplicitGradient, OtError, OtSolver,
    Sinkhorn, SquaredEuclidean, Stop, Transport,
};
use common::{cloud, small, weights};
use differences::{Clouds, slope};
use ndarray::{Array1, Array2, array};

const EPSILON: f64 = 1.5;

fn within(tolerance: f64) -> Stop {
    Stop::Within { tolerance, max_iterations: 20_000 }
}

fn implicit() -> ImplicitGradient {
    ImplicitGradient { epsilon: EPSILON, stop: within(1e-11) }
}

/// Masses of a total other than 1.
fn clouds() -> Clouds {
    let (x, y, a, b) = small();
    Clouds { x, y, a: a * 2.0, b: b * 2.0 }
}

/// A number that depends on the plan of `costs`, masses `a` and `b`.
fn of_plan(
    costs: &Array2<f64>,
    a: &Array1<f64>,
    b: &Array1<f64>,
    number: &dyn Fn(&EntropicPlan<'_, Array2<f64>>) -> f64,
) -> f64 {
    let problem = Transport::new(costs, a.view(), b.view()).expect("valid");
    number(&Sinkhorn::new(EPSILON, within(1e-14)).solve(&problem).expect("converges"))
}

/// Checks the derivatives in costs, masses and points of a number with the given cotangent.
fn check(
    cotangent: &dyn for<'c> Fn(&'c Numbers) -> Cotangent<'c>,
    number: &dyn Fn(&EntropicPlan<'_, Array2<f64>>) -> f64,
) {
    let clouds = clouds();
    let numbers = numbers();
    let costs = SquaredEuclidean.matrix(clouds.x.view(), clouds.y.view()).expect("finite");
    let problem = Transport::new(&costs, clouds.a.view(), clouds.b.view()).expect("valid");
    let plan = Sinkhorn::new(EPSILON, within(1e-14)).solve(&problem).expect("converges");
    let potentials = (plan.source_potential(), plan.target_potential());
    let pulled = implicit().solve(&problem, potentials, cotangent(&numbers)).expect("solves");
    assert!(pulled.residual <= 1e-11 && pulled.iterations <= 12);
    let close = |what: &str, k: usize, got: f64, want: f64, size: f64| {
        assert!((got - want).abs() < 1e-7 * size, "{what}[{k}] is {got:e}, not {want:e}");
    };
    let largest = |values: &[f64]| values.iter().fold(0.0_f64, |m, v| m.max(v.abs()));
    let by_cost = pulled.costs();
    let flat = by_cost.as_slice().expect("contiguous");
    for k in 0..flat.len() {
        let at = |h: f64| {
            let mut costs = costs.clone();
            costs.as_slice_mut().expect("contiguous")[k] += h;
            of_plan(&costs, &clouds.a, &clouds.b, number)
        };
        close("costs", k, flat[k], slope(at, 1e-3), largest(flat));
    }
    // Masses must keep equal totals: the target's total follows the source's by itself within the tolerance
    // of `Transport`, so differences go through directions that keep both.
    let directions = |size: usize| (1..size).map(move |k| (k, 0));
    for (k, base) in directions(5) {
        let at = |h: f64| {
            let mut a = clouds.a.clone();
            a[k] += h;
            a[base] -= h;
            of_plan(&costs, &a, &clouds.b, number)
        };
        close(
            "a",
            k,
            pulled.a[k] - pulled.a[base],
            slope(at, 1e-4),
            largest(pulled.a.as_slice().expect("one")),
        );
    }
    for (k, base) in directions(7) {
        let at = |h: f64| {
            let mut b = clouds.b.clone();
            b[k] += h;
            b[base] -= h;
            of_plan(&costs, &clouds.a, &b, number)
        };
        close(
            "b",
            k,
            pulled.b[k] - pulled.b[base],
            slope(at, 1e-4),
            largest(pulled.b.as_slice().expect("one")),
        );
    }
    // And the total of both.
    let at = |h: f64| of_plan(&costs, &(&clouds.a * (1.0 + h)), &(&clouds.b * (1.0 + h)), number);
    let along = pulled.a.dot(&clouds.a) + pulled.b.dot(&clouds.b);
    close("total", 0, along, slope(at, 1e-3), largest(pulled.a.as_slice().expect("one")));
    let (dx, dy) = pulled.points(&SquaredEuclidean, clouds.x.view(), clouds.y.view()).expect("shapes");
    for k in 0..10 {
        let at = |h: f64| {
            let mut x = clouds.x.clone();
            x.as_slice_mut().expect("contiguous")[k] += h;
            let costs = SquaredEuclidean.matrix(x.view(), clouds.y.view()).expect("finite");
            of_plan(&costs, &clouds.a, &clouds.b, number)
        };
        let flat = dx.as_slice().expect("contiguous");
        close("x", k, flat[k], slope(at, 1e-3), largest(flat));
    }
    for k in 0..14 {
        let at = |h: f64| {
            let mut y = clouds.y.clone();
            y.as_slice_mut().expect("contiguous")[k] += h;
            let costs = SquaredEuclidean.matrix(clouds.x.view(), y.view()).expect("finite");
            of_plan(&costs, &clouds.a, &clouds.b, number)
        };
        let flat = dy.as_slice().expect("contiguous");
        close("y", k, flat[k], slope(at, 1e-3), largest(flat));
    }
}

/// Coefficients of the numbers whose derivatives are checked.
struct Numbers {
    plan: Array2<f64>,
    source: Array1<f64>,
    target: Array1<f64>,
    values: Array2<f64>,
    map: Array2<f64>,
}

fn numbers() -> Numbers {
    let source = array![0.3, -0.5, 1.0, 0.2, -0.7];
    let mut target = array![1.0, -0.4, 0.1, 0.6, -0.8, 0.3, 0.0];
    target[6] = source.sum() - target.sum();
    Numbers {
        plan: cloud(5, 7, 0.1, 4),
        source,
        target,
        values: cloud(7, 3, 0.0, 5),
        map: cloud(5, 3, 0.2, 6),
    }
}

#[test]
fn of_the_plan() {
    let plan = numbers().plan;
    check(&|n| Cotangent::Plan(n.plan.view()), &|p| (p.to_matrix() * &plan).sum());
}

#[test]
fn of_the_potentials() {
    let Numbers { source, target, .. } = numbers();
    check(&|n| Cotangent::Potentials { source: n.source.view(), target: n.target.view() }, &|p| {
        source.dot(&p.source_potential()) + target.dot(&p.target_potential())
    });
}

#[test]
fn of_the_barycentric_map() {
    let Numbers { values, map, .. } = numbers();
    check(&|n| Cotangent::Barycentric { values: n.values.view(), map: n.map.view() }, &|p| {
        (p.barycentric(values.view()) * &map).sum()
    });
    // And in the values, at a fixed plan: linear.
    let (clouds, numbers) = (clouds(), numbers());
    let costs = SquaredEuclidean.matrix(clouds.x.view(), clouds.y.view()).unwrap();
    let problem = Transport::new(&costs, clouds.a.view(), clouds.b.view()).unwrap();
    let plan = Sinkhorn::new(EPSILON, within(1e-14)).solve(&problem).unwrap();
    let potentials = (plan.source_potential(), plan.target_potential());
    let cotangent = Cotangent::Barycentric { values: numbers.values.view(), map: numbers.map.view() };
    let direct = implicit().solve(&problem, potentials, cotangent).unwrap().values().unwrap();
    let value = (plan.barycentric(values.view()) * &map).sum();
    assert_relative_eq!((direct * &values).sum(), value, max_relative = 1e-12);
}

#[test]
fn of_the_value_it_is_the_plan() {
    // ⟨C, P⟩ + ε KL has the derivative P in the costs; through the potentials: ⟨a, f⟩ + ⟨b, g⟩.
    let (x, y) = (cloud(40, 3, 0.0, 1), cloud(55, 3, 0.4, 2));
    let (a, b) = (weights(40, 1), weights(55, 2));
    let costs = Euclidean.matrix(x.view(), y.view()).unwrap();
    let problem = Transport::new(&costs, a.view(), b.view()).unwrap();
    let plan = Sinkhorn::new(EPSILON, within(1e-13)).solve(&problem).unwrap();
    let potentials = (plan.source_potential(), plan.target_potential());
    let cotangent = Cotangent::Potentials { source: a.view(), target: b.view() };
    let pulled = implicit().solve(&problem, potentials, cotangent).unwrap();
    let difference = pulled.costs() - plan.to_matrix();
    assert!(difference.iter().all(|d| d.abs() < 1e-12));
}

#[test]
fn does_not_depend_on_the_number_of_threads() {
    let (x, y) = (cloud(150, 3, 0.0, 1), cloud(120, 3, 0.5, 2));
    let costs = SquaredEuclidean.matrix(x.view(), y.view()).unwrap();
    let problem = Transport::uniform(&costs).unwrap();
    let plan = Sinkhorn::new(EPSILON, within(1e-10)).solve(&problem).unwrap();
    let cotangent = cloud(150, 120, 0.0, 7);
    let run = |threads: usize| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        pool.install(|| {
            let potentials = (plan.source_potential(), plan.target_potential());
            let pulled = implicit().solve(&problem, potentials, Cotangent::Plan(cotangent.view())).unwrap();
            (
                pulled.points(&SquaredEuclidean, x.view(), y.view()).unwrap(),
                pulled.a.clone(),
                pulled.b.clone(),
            )
        })
    };
    assert_eq!(run(1), run(3));
}

#[test]
fn refuses_bad_input() {
    let clouds = clouds();
    let costs = SquaredEuclidean.matrix(clouds.x.view(), clouds.y.view()).unwrap();
    let problem = Transport::new(&costs, clouds.a.view(), clouds.b.view()).unwrap();
    let (f, g) = (Array1::zeros(5), Array1::zeros(7));
    macro_rules! said {
        ($method:expr, $cotangent:expr) => {
            $method.solve(&problem, (f.view(), g.view()), $cotangent).unwrap_err().to_string()
        };
    }
    let (one, plan) = (Array1::ones(7), Array2::zeros((5, 6)));
    assert_eq!(
        said!(implicit(), Cotangent::Potentials { source: f.view(), target: one.view() }),
        "the sum of the source potential's cotangent minus that of the target's is -7; it must be zero (the potentials are defined up to a constant)"
    );
    assert_eq!(
        said!(implicit(), Cotangent::Plan(plan.view())),
        "the columns of the plan's cotangent has size 6 where 7 was expected"
    );
    assert_eq!(
        said!(implicit(), Cotangent::Barycentric { values: plan.view(), map: plan.view() }),
        "the values of the barycentric map has size 5 where 7 was expected"
    );
    let plan = cloud(5, 7, 0.0, 1);
    assert_eq!(
        said!(ImplicitGradient { epsilon: -1.0, ..implicit() }, Cotangent::Plan(plan.view())),
        "epsilon is -1; it must be positive and finite"
    );
    let stop = Stop::Within { tolerance: 1e-12, max_iterations: 1 };
    let method = ImplicitGradient { stop, ..implicit() };
    let error = method.solve(&problem, (f.view(), g.view()), Cotangent::Plan(plan.view())).unwrap_err();
    assert!(matches!(error, OtError::NotConverged { iterations: 1, .. }));
}
