//! What every solver of the balanced problem must keep, exact or not.

use super::case::{Masses, TransportCase};
use chreode_ot::{CostFunction, Coupling, OtSolver, SquaredEuclidean, Transport};
use ndarray::{Array1, Array2, Axis, concatenate, s};

/// What a law compares.
pub(super) struct Outcome {
    pub(super) matrix: Array2<f64>,
    pub(super) cost: f64,
    pub(super) primal: f64,
    pub(super) dual: f64,
}

/// A plan of the case, held to what every plan of a problem must be.
pub(super) fn solve<S: OtSolver>(
    solver: &S,
    costs: &Array2<f64>,
    a: &Array1<f64>,
    b: &Array1<f64>,
    tolerance: f64,
) -> Outcome {
    let problem = Transport::new(costs, a.view(), b.view()).expect("a valid problem");
    let plan = solver.solve(&problem).expect("a problem that can be solved");
    let matrix = plan.to_matrix();
    let total = a.sum();
    assert_eq!(plan.shape(), costs.dim(), "the plan has another shape than the problem");
    assert!(matrix.iter().all(|p| *p >= 0.0), "an entry of the plan is negative or not a number");
    for (side, sums, masses) in
        [("source", matrix.sum_axis(Axis(1)), a), ("target", matrix.sum_axis(Axis(0)), b)]
    {
        let miss = (&sums - masses).mapv(f64::abs).sum() / total;
        assert!(miss <= tolerance, "the {side} marginal misses the masses by {miss:e}");
    }
    let largest = costs.iter().fold(0.0, |most: f64, c| most.max(c.abs())) * total;
    let paid = (&matrix * costs).sum();
    let cost = plan.cost();
    assert!((cost - paid).abs() <= 1e-12 * largest, "the cost is said to be {cost}, and ⟨C, P⟩ is {paid}");
    let certificate = plan.certificate();
    let (primal, dual) = (certificate.primal_cost, certificate.dual_cost);
    assert!(
        certificate.residual <= tolerance,
        "a residual of {:e} where {tolerance:e} holds",
        certificate.residual
    );
    assert!(primal >= dual - tolerance * largest, "the dual value {dual} is above the primal {primal}");
    assert!(certificate.gap() >= 0.0, "a negative gap");
    Outcome { matrix, cost, primal, dual }
}

/// Holds a solver of `min ⟨C, P⟩ (+ ε KL)` to the laws that its problem has, on random cases: plans are not negative and meet
/// the marginals; the cost is that of the plan and no dual value is above the primal one; and the cost
///
/// - stays when source and target change places (transpose), or points change their order;
/// - stays, and the new points get nothing, when points without mass join ([`Masses::Any`]);
/// - grows by the factor when all masses grow by one;
/// - grows by `⟨a, s⟩ + ⟨b, t⟩` when `s_i + t_j` is added to the costs, as the potentials do.
///
/// `tolerance` bounds the L1 error of the marginals, and the differences of costs as a share of the largest cost.
///
/// # Panics
/// When a law is broken; the message names it.
pub fn solver_laws<S: OtSolver>(solver: &S, masses: Masses, tolerance: f64) {
    for (seed, size) in [[1, 1, 1], [2, 5, 1], [7, 4, 2], [12, 17, 3]].into_iter().enumerate() {
        let case = TransportCase::random(masses, size, seed as u64);
        let costs = SquaredEuclidean.matrix(case.x.view(), case.y.view()).expect("finite points");
        let (n, m) = costs.dim();
        let (a, b) = (&case.a, &case.b);
        let first = solve(solver, &costs, a, b, tolerance);
        let scale = costs.iter().fold(1e-300, |most: f64, c| most.max(*c));
        let same = |what: &str, found: f64, want: f64| {
            let miss = (found - want).abs() / scale;
            assert!(miss <= tolerance, "{what}: {found} where {want} is due, for {n} × {m} points");
        };

        let turned = solve(solver, &costs.t().to_owned(), b, a, tolerance);
        same("source and target in each other's place", turned.cost, first.cost);

        let order = |count: usize| (0..count).map(move |i| (i * 7 + 3) % count);
        let (rows, columns) = (shuffle(order(n), n), shuffle(order(m), m));
        let mixed = costs.select(Axis(0), &rows).select(Axis(1), &columns);
        let (a2, b2) = (a.select(Axis(0), &rows), b.select(Axis(0), &columns));
        same("points in another order", solve(solver, &mixed, &a2, &b2, tolerance).cost, first.cost);

        let shift_rows = Array1::from_shape_fn(n, |i| (i as f64).sin());
        let shift_columns = Array1::from_shape_fn(m, |j| 0.5 * (j as f64).cos());
        let shifted = &costs + &shift_rows.view().insert_axis(Axis(1)) + &shift_columns;
        let moved = solve(solver, &shifted, a, b, tolerance);
        let shift = a.dot(&shift_rows) + b.dot(&shift_columns);
        same("costs shifted by row and column", moved.cost, first.cost + shift);
        same("the primal value of shifted costs", moved.primal, first.primal + shift);
        if first.dual.is_finite() {
            same("the dual value of shifted costs", moved.dual, first.dual + shift);
        }

        if masses == Masses::Any {
            let heavy = solve(solver, &costs, &(a * 7.0), &(b * 7.0), tolerance);
            same("seven times the mass", heavy.cost / 7.0, first.cost);
            without_mass(solver, &costs, a, b, tolerance, |cost| {
                same("points without mass", cost, first.cost)
            });
        }
    }
}

/// Two more points on each side, in the first and the last place, without mass.
fn without_mass<S: OtSolver>(
    solver: &S,
    costs: &Array2<f64>,
    a: &Array1<f64>,
    b: &Array1<f64>,
    tolerance: f64,
    same: impl Fn(f64),
) {
    let (n, m) = costs.dim();
    let mut wide = Array2::from_elem((n + 2, m + 2), 0.01);
    wide.slice_mut(s![1..=n, 1..=m]).assign(costs);
    let zero = Array1::zeros(1);
    let around = |masses: &Array1<f64>| {
        concatenate(Axis(0), &[zero.view(), masses.view(), zero.view()]).expect("vectors of one kind")
    };
    let found = solve(solver, &wide, &around(a), &around(b), tolerance);
    let edges = [s![0, ..], s![n + 1, ..]].map(|edge| found.matrix.slice(edge).sum());
    let sides = [s![.., 0], s![.., m + 1]].map(|edge| found.matrix.slice(edge).sum());
    assert!(edges.iter().chain(&sides).all(|p| *p == 0.0), "a point without mass got some");
    same(found.cost);
}

/// The indices in an order that is a permutation whatever the rule gives.
fn shuffle(order: impl Iterator<Item = usize>, count: usize) -> Vec<usize> {
    let mut keyed: Vec<(usize, usize)> = order.zip(0..count).collect();
    keyed.sort_unstable();
    keyed.into_iter().map(|(_, i)| i).collect()
}
