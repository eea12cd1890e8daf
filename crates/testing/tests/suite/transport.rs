//! The laws of transport on every solver, cost, geometry and plan of chreode-ot, on types a user would write, and on
//! types that are wrong.

use chreode_ot::{
    Assignment, Certificate, Composed, Cosine, CostFunction, Coupling, DensePlan, Euclidean, Geometry, Graph,
    Grid, Keep, Lp, LpPower, NegativeDot, NetworkSimplex, OtError, OtSolver, Permutation, PointCloud, Scaled,
    Sinkhorn, SparsePlan, SquaredEuclidean, Stop, Transport, Unit,
};
use chreode_testing::{
    Masses, TransportCase, cost_laws, coupling_laws, exact_laws, geometry_laws, metric_laws, sampling_laws,
    solver_laws,
};
use ndarray::{Array1, Array2, Axis, array};
use std::panic::{AssertUnwindSafe, catch_unwind};

const TIGHT: Stop = Stop::Within { tolerance: 1e-12, max_iterations: 100_000 };

/// A cost of a user: on a torus of circumference 1, the short way round in each coordinate.
struct Torus;

impl CostFunction for Torus {
    fn cost(&self, x: &[f64], y: &[f64]) -> f64 {
        let around = |x: f64, y: f64| (x - y - (x - y).round()).powi(2);
        x.iter().zip(y).map(|(x, y)| around(*x, *y)).sum::<f64>().sqrt()
    }
}

/// A solver of a user: the textbook form of Sinkhorn's algorithm.
struct Textbook {
    epsilon: f64,
    iterations: usize,
}

impl OtSolver for Textbook {
    type Plan<'g, G: Geometry + ?Sized + 'g> = DensePlan;

    fn solve<'g, G: Geometry + ?Sized>(&self, problem: &Transport<'g, G>) -> Result<DensePlan, OtError> {
        let kernel = Array2::from_shape_fn(problem.shape(), |(i, j)| {
            (-problem.geometry().cost(i, j) / self.epsilon).exp()
        });
        let (mut u, mut v) = (Array1::ones(kernel.nrows()), Array1::ones(kernel.ncols()));
        for _ in 0..self.iterations {
            u = &problem.source() / &kernel.dot(&v);
            v = &problem.target() / &kernel.t().dot(&u);
        }
        let plan = kernel * &u.insert_axis(Axis(1)) * &v;
        DensePlan::new(problem, plan, 1e-9)
    }
}

/// A solver of a user: [`Assignment`] as a solver of uniform problems.
struct ByAssignment;

impl OtSolver for ByAssignment {
    type Plan<'g, G: Geometry + ?Sized + 'g> = Permutation;

    fn solve<'g, G: Geometry + ?Sized>(&self, problem: &Transport<'g, G>) -> Result<Permutation, OtError> {
        let costs = Array2::from_shape_fn(problem.shape(), |(i, j)| problem.geometry().cost(i, j));
        let n = costs.nrows() as f64;
        let mut solver = Assignment::new();
        let plan = solver.solve(costs.view())?;
        Permutation::certified(plan.target.clone(), plan.cost / n, (plan.cost - plan.gap) / n)
    }
}

#[test]
fn network_simplex() {
    solver_laws(&NetworkSimplex::default(), Masses::Any, 1e-12);
    exact_laws(&NetworkSimplex::default(), Masses::Any, 1e-12);
}

#[test]
fn sinkhorn() {
    solver_laws(&Sinkhorn::new(0.1, TIGHT), Masses::Any, 1e-9);
    // At a small ε its plans cost little more than the optimum.
    let near = Sinkhorn::new(2e-3, Stop::Within { tolerance: 1e-8, max_iterations: 1_000_000 });
    let case = TransportCase::random(Masses::Any, [12, 9, 2], 3);
    let cloud = PointCloud::new(case.x.view(), case.y.view(), &SquaredEuclidean).unwrap();
    let problem = Transport::new(&cloud, case.a.view(), case.b.view()).unwrap();
    let exact = NetworkSimplex::default().solve(&problem).unwrap().cost();
    let cost = near.solve(&problem).unwrap().cost();
    assert!(cost > exact - 1e-7 && cost < exact + 2e-3 * 100f64.ln());
}

#[test]
fn assignment() {
    solver_laws(&ByAssignment, Masses::Equal, 1e-12);
    exact_laws(&ByAssignment, Masses::Equal, 1e-12);
}

#[test]
fn a_solver_of_a_user() {
    solver_laws(&Textbook { epsilon: 0.1, iterations: 3000 }, Masses::Any, 1e-8);
}

#[test]
fn a_cost_of_a_user_gets_every_solver() {
    let case = TransportCase::random(Masses::Equal, [24, 24, 2], 5);
    cost_laws(&Torus, case.x.view(), case.y.view(), 0.0);
    metric_laws(&Torus, case.x.view(), 1e-12);
    let cloud = PointCloud::new(case.x.view(), case.y.view(), &Torus).unwrap();
    geometry_laws(&cloud);
    let problem = Transport::uniform(&cloud).unwrap();
    let exact = NetworkSimplex::default().solve(&problem).unwrap();
    assert!(exact.gap() < 1e-13);
    coupling_laws(&exact, 1e-13);
    let assigned = ByAssignment.solve(&problem).unwrap();
    assert!((assigned.cost() - exact.cost()).abs() < 1e-13);
    let entropic = Sinkhorn::new(0.01, TIGHT).solve(&problem).unwrap();
    coupling_laws(&entropic, 1e-12);
    assert!(entropic.cost() > exact.cost() && entropic.cost() < exact.cost() + 0.01 * 24f64.ln());
    // Around the torus it is nearer than straight on.
    let straight = Euclidean.matrix(case.x.view(), case.y.view()).unwrap();
    let further = NetworkSimplex::default().solve(&Transport::uniform(&straight).unwrap()).unwrap();
    assert!(exact.cost() < further.cost());
}

#[test]
fn costs() {
    let case = TransportCase::random(Masses::Any, [5, 70, 3], 1);
    let (x, y) = (case.x.view(), case.y.view());
    cost_laws(&SquaredEuclidean, x, y, 0.0);
    cost_laws(&NegativeDot, x, y, 0.0);
    cost_laws(&Cosine, x, y, 0.0);
    cost_laws(&Euclidean, x, y, 0.0);
    metric_laws(&Euclidean, y, 1e-14);
    for p in [1.0, 1.5, 2.0, 2.5, 3.0, 4.0, f64::INFINITY] {
        let lp = Lp::new(p).unwrap();
        cost_laws(&lp, x, y, 0.0);
        metric_laws(&lp, y, 1e-13);
        if p.is_finite() {
            cost_laws(&LpPower::new(p).unwrap(), x, y, 0.0);
        }
    }
}

#[test]
fn geometries() {
    let case = TransportCase::random(Masses::Any, [5, 37, 3], 1);
    let costs = Euclidean.matrix(case.x.view(), case.y.view()).unwrap();
    let cloud = PointCloud::new(case.x.view(), case.y.view(), &Euclidean).unwrap();
    geometry_laws(&costs);
    geometry_laws(&costs.view());
    geometry_laws(&costs.t());
    geometry_laws(&costs.mapv(|c| c as f32).view());
    geometry_laws(&costs.mapv(|c| c as f32).t());
    geometry_laws(&cloud);
    geometry_laws(&Scaled::new(&costs, Unit::Mean).unwrap());
    geometry_laws(&Scaled::new(&cloud, Unit::Median).unwrap());
    geometry_laws(&Grid::regular(&[3, 4, 2], &[1.0, 0.5, 2.0], &SquaredEuclidean).unwrap());
    let graph = Graph::nearest(case.y.view(), 4).unwrap();
    let paths = graph.distances(&[0, 3, 5], &[1, 3, 30, 36]).unwrap();
    geometry_laws(&paths);
    let all: Vec<usize> = (0..37).collect();
    let distance =
        |x: &[f64], y: &[f64]| graph.distances(&[x[0] as usize], &[y[0] as usize]).unwrap()[[0, 0]];
    let numbers = Array2::from_shape_fn((37, 1), |(i, _)| all[i] as f64);
    metric_laws(&distance, numbers.view(), 1e-13);
}

#[test]
fn plans() {
    let case = TransportCase::random(Masses::Any, [9, 13, 2], 2);
    let costs = SquaredEuclidean.matrix(case.x.view(), case.y.view()).unwrap();
    let problem = Transport::new(&costs, case.a.view(), case.b.view()).unwrap();
    let exact = NetworkSimplex::default().solve(&problem).unwrap();
    let entropic = Sinkhorn::new(0.05, TIGHT).solve(&problem).unwrap();
    let dense = DensePlan::new(&problem, entropic.to_matrix(), 1e-9).unwrap();
    let sparse = entropic.sparsify(&costs, Keep::Share(0.95)).unwrap();
    let turned = Permutation::new(vec![3, 0, 1, 2, 8, 7, 6, 4, 5], 0.0).unwrap();
    let composed = Composed::new(&turned, &exact).unwrap();
    fn check(plan: &impl Coupling) {
        coupling_laws(plan, 1e-13);
        for seed in 0..3 {
            sampling_laws(plan, 5000, seed);
        }
    }
    check(&exact);
    check(&entropic);
    check(&dense);
    check(&sparse);
    check(&sparse.clone().restored());
    check(&turned);
    check(&composed);
    check(&&exact);
}

/// The message with which a law is broken.
fn broken(law: impl FnOnce()) -> String {
    let caught = catch_unwind(AssertUnwindSafe(law)).expect_err("a wrong type must not pass");
    caught
        .downcast_ref::<String>()
        .cloned()
        .unwrap_or_else(|| caught.downcast_ref::<&str>().expect("panics carry text").to_string())
}

/// What a wrong solver does to a right plan.
#[derive(Clone, Copy)]
enum Fault {
    Marginals,
    Product,
    Dual,
    Cost,
}

struct Wrong(Fault);

struct Lying(SparsePlan, Certificate, f64);

impl Coupling for Lying {
    fn shape(&self) -> (usize, usize) {
        self.0.shape()
    }
    fn push(&self, x: ndarray::ArrayView2<'_, f64>) -> Array2<f64> {
        self.0.push(x)
    }
    fn pull(&self, y: ndarray::ArrayView2<'_, f64>) -> Array2<f64> {
        self.0.pull(y)
    }
    fn cost(&self) -> f64 {
        self.2
    }
    fn certificate(&self) -> Certificate {
        self.1
    }
    fn sample_target<R: rand::Rng + ?Sized>(&self, row: usize, rng: &mut R) -> Option<usize> {
        self.0.sample_target(row, rng)
    }
}

impl OtSolver for Wrong {
    type Plan<'g, G: Geometry + ?Sized + 'g> = Lying;

    fn solve<'g, G: Geometry + ?Sized>(&self, problem: &Transport<'g, G>) -> Result<Lying, OtError> {
        let (n, m) = problem.shape();
        let flat = Array2::<f64>::zeros((n, m));
        let plan = match self.0 {
            Fault::Marginals => NetworkSimplex::default().solve(&Transport::uniform(&flat)?)?,
            Fault::Product => {
                let any = Transport::new(&flat, problem.source(), problem.target())?;
                NetworkSimplex::default().solve(&any)?
            }
            _ => NetworkSimplex::default().solve(problem)?,
        };
        let cost: f64 =
            plan.entries().iter().map(|e| e.mass * problem.geometry().cost(e.row, e.column)).sum();
        let mut certificate = plan.certificate();
        (certificate.primal_cost, certificate.dual_cost) = (cost, f64::NEG_INFINITY);
        if matches!(self.0, Fault::Dual) {
            certificate.dual_cost = 2.0 * cost + 1.0;
        }
        let said = if matches!(self.0, Fault::Cost) { 0.5 * cost } else { cost };
        Ok(Lying(plan, certificate, said))
    }
}

#[test]
fn wrong_solvers_do_not_pass() {
    let said = |fault| broken(|| solver_laws(&Wrong(fault), Masses::Any, 1e-9));
    assert!(said(Fault::Marginals).contains("marginal misses the masses"), "{}", said(Fault::Marginals));
    assert!(said(Fault::Dual).contains("is above the primal"), "{}", said(Fault::Dual));
    assert!(said(Fault::Cost).contains("⟨C, P⟩ is"), "{}", said(Fault::Cost));
    let product = broken(|| exact_laws(&Wrong(Fault::Product), Masses::Any, 1e-9));
    assert!(product.starts_with("mass moved around a cycle makes the plan of cost"), "{product}");
    let entropic = broken(|| exact_laws(&Sinkhorn::new(0.1, TIGHT), Masses::Any, 1e-9));
    assert!(entropic.contains("is not the cost"), "{entropic}");
}

#[test]
fn wrong_costs_and_geometries_do_not_pass() {
    struct Off;
    impl CostFunction for Off {
        fn cost(&self, x: &[f64], y: &[f64]) -> f64 {
            Euclidean.cost(x, y)
        }
        fn row(&self, x: &[f64], columns: &[&[f64]], out: &mut [f64]) {
            SquaredEuclidean.row(x, columns, out);
        }
    }
    let points = array![[0.0, 1.0], [2.0, 0.5], [5.0, 5.0]];
    assert!(
        broken(|| cost_laws(&Off, points.view(), points.view(), 1e-9)).contains("where the cost of (0, 1)")
    );
    let squares = broken(|| metric_laws(&SquaredEuclidean, array![[0.0], [1.0], [2.0]].view(), 1e-9));
    assert!(squares.contains("longer than through 1"), "{squares}");
    struct Late;
    impl Geometry for Late {
        fn shape(&self) -> (usize, usize) {
            (2, 3)
        }
        fn costs<'s>(
            &'s self,
            _: usize,
            columns: std::ops::Range<usize>,
            buffer: &'s mut Vec<f64>,
        ) -> &'s [f64] {
            buffer.clear();
            buffer.extend((0..columns.len()).map(|k| k as f64)); // forgets where the piece starts
            buffer
        }
    }
    assert!(broken(|| geometry_laws(&Late)).contains("differ from the whole row's"));
}
