//! What can be done with a plan: groups, entropy, systematic draws, sparse parts, plans in a row, matrices as plans.

use crate::common;

use approx::assert_relative_eq;
use chreode_core::Seed;
use chreode_ot::{
    Composed, CostFunction, Coupling, DensePlan, Entry, Keep, NetworkSimplex, OtError, OtSolver, Permutation,
    Sinkhorn, SparseCoupling, SquaredEuclidean, Stop, Transport,
};
use common::{cloud, small, weights};
use ndarray::{Array1, Array2, Axis, array};

const STOP: Stop = Stop::Within { tolerance: 1e-12, max_iterations: 100_000 };

/// Runs `check` on an exact and an entropic plan of the small case, with the costs.
fn on_both(check: impl Fn(&dyn Fn() -> Array2<f64>, Kind<'_>, &Array2<f64>)) {
    let (x, y, a, b) = small();
    let costs = SquaredEuclidean.matrix(x.view(), y.view()).expect("a valid problem");
    let problem = Transport::new(&costs, a.view(), b.view()).expect("a valid problem");
    let exact = NetworkSimplex::default().solve(&problem).expect("a valid problem");
    check(&|| exact.to_matrix(), Kind::Exact(&exact), &costs);
    let entropic = Sinkhorn::new(1.0, STOP).solve(&problem).expect("a valid problem");
    check(&|| entropic.to_matrix(), Kind::Entropic(&entropic), &costs);
}

enum Kind<'p> {
    Exact(&'p chreode_ot::SparsePlan),
    Entropic(&'p chreode_ot::EntropicPlan<'p, Array2<f64>>),
}

macro_rules! with {
    ($kind:expr, $plan:ident => $body:expr) => {
        match $kind {
            Kind::Exact($plan) => $body,
            Kind::Entropic($plan) => $body,
        }
    };
}

#[test]
fn rows_and_groups() {
    on_both(|matrix, kind, _| {
        let matrix = matrix();
        let (n, m) = matrix.dim();
        for row in 0..n {
            let masses = with!(&kind, plan => plan.masses_from(row));
            assert_relative_eq!(masses, matrix.row(row).to_owned(), epsilon = 1e-16);
            let conditional = with!(&kind, plan => plan.conditional(row)).unwrap();
            assert_relative_eq!(conditional, &masses / masses.sum(), epsilon = 1e-15);
        }
        let set = array![0.0, 1.0, 0.0, 0.0, 1.0];
        let went = with!(&kind, plan => plan.descendants(set.view())).unwrap();
        let want = &matrix.row(1) + &matrix.row(4);
        assert_relative_eq!(went, &want / want.sum(), epsilon = 1e-15);
        let mut set = Array1::zeros(m);
        set[2] = 1.0;
        let came = with!(&kind, plan => plan.ancestors(set.view())).unwrap();
        let column = matrix.column(2).to_owned();
        assert_relative_eq!(came, &column / column.sum(), epsilon = 1e-15);
        assert_eq!(with!(&kind, plan => plan.descendants(Array1::zeros(n).view())), None);
        let fates = with!(&kind, plan => plan.fates(&[0, 0, 2, 0, 2, 0, 2], 3));
        for i in 0..n {
            let share = |js: &[usize]| js.iter().map(|&j| matrix[[i, j]]).sum::<f64>() / matrix.row(i).sum();
            assert_relative_eq!(fates[[i, 0]], share(&[0, 1, 3, 5]), epsilon = 1e-14);
            assert_eq!(fates[[i, 1]], 0.0);
            assert_relative_eq!(fates[[i, 2]], share(&[2, 4, 6]), epsilon = 1e-14);
        }
    });
}

/// More targets than one block of the default matrix holds, for a plan that has nothing but the map.
#[test]
fn matrices_by_blocks() {
    let costs = SquaredEuclidean.matrix(cloud(9, 2, 0.0, 1).view(), cloud(300, 2, 0.3, 2).view()).unwrap();
    let problem = Transport::uniform(&costs).unwrap();
    let plan = NetworkSimplex::default().solve(&problem).unwrap();
    let certain = Composed::new(&plan, Permutation::new((0..300).rev().collect(), 0.0).unwrap()).unwrap();
    let mut turned = plan.to_matrix();
    turned.invert_axis(Axis(1));
    assert_relative_eq!(certain.to_matrix(), turned, epsilon = 1e-17);
}

#[test]
fn entropies() {
    on_both(|matrix, kind, _| {
        let matrix = matrix();
        let h = |masses: Vec<f64>| -> f64 {
            let total: f64 = masses.iter().sum();
            masses.iter().map(|m| m / total).filter(|p| *p > 0.0).map(|p| -p * p.ln()).sum()
        };
        let joint = h(matrix.iter().copied().collect());
        assert_relative_eq!(with!(&kind, plan => plan.entropy()), joint, epsilon = 1e-13);
        let (a, b) = (matrix.sum_axis(Axis(1)), matrix.sum_axis(Axis(0)));
        // By its definition, Σ P log(P / ab).
        let divergence: f64 = matrix
            .indexed_iter()
            .filter(|(_, p)| **p > 0.0)
            .map(|((i, j), p)| p * (p / (a[i] * b[j])).ln())
            .sum();
        assert_relative_eq!(with!(&kind, plan => plan.mutual_information()), divergence, epsilon = 1e-13);
    });
    // A permutation of 4 tells everything; a product nothing. Masses of any total.
    let plan = Permutation::new(vec![2, 0, 3, 1], 0.0).unwrap();
    assert_relative_eq!(plan.entropy(), 4f64.ln(), epsilon = 1e-15);
    assert_relative_eq!(plan.mutual_information(), 4f64.ln(), epsilon = 1e-15);
    let costs = Array2::<f64>::zeros((2, 3));
    let problem = Transport::new(&costs, array![10.0, 20.0].view(), array![5.0, 10.0, 15.0].view()).unwrap();
    let product = array![[10.0 / 6.0, 10.0 / 3.0, 5.0], [10.0 / 3.0, 20.0 / 3.0, 10.0]];
    let plan = DensePlan::new(&problem, product, 1e-12).unwrap();
    assert!(plan.mutual_information() < 1e-14);
}

#[test]
fn systematic_draws_miss_the_expected_number_by_less_than_one() {
    on_both(|matrix, kind, _| {
        let matrix = matrix();
        for (n, seed) in [(1, 0), (7, 1), (100, 2), (10_000, 3)] {
            let mut rng = Seed(seed).stream("systematic", 0);
            let pairs = with!(&kind, plan => plan.sample_systematic(n, &mut rng));
            assert_eq!(pairs.len(), n);
            assert!(pairs.is_sorted());
            let mut counts = Array2::<f64>::zeros(matrix.dim());
            pairs.iter().for_each(|&pair| counts[pair] += 1.0);
            for (&count, &mass) in counts.iter().zip(&matrix) {
                let expected = n as f64 * mass / matrix.sum();
                assert!((count - expected).abs() < 1.0 + 1e-9, "{count} draws where {expected} are expected");
            }
        }
    });
    // The start is random: over many, each pair comes as often as it should.
    let plan = Permutation::new(vec![1, 0, 2], 0.0).unwrap();
    let mut rng = Seed(5).stream("starts", 0);
    let mut first = [0; 3];
    for _ in 0..3000 {
        first[plan.sample_systematic(1, &mut rng)[0].0] += 1;
    }
    assert!(first.iter().all(|count| (900..1100).contains(count)), "{first:?}");
}

#[test]
fn sparse_parts() {
    on_both(|matrix, kind, costs| {
        let matrix = matrix();
        let total = matrix.sum();
        let of = |keep| with!(&kind, plan => plan.sparsify(costs, keep)).unwrap();
        let check = |sparse: &SparseCoupling| {
            let kept = sparse.to_matrix();
            for ((i, j), &mass) in kept.indexed_iter() {
                assert!(mass == 0.0 || (mass - matrix[[i, j]]).abs() < 1e-16);
            }
            assert_relative_eq!(sparse.left_out(), 1.0 - kept.sum() / total, epsilon = 1e-14);
            assert_relative_eq!(sparse.certificate().residual, sparse.left_out(), epsilon = 1e-14);
            assert_relative_eq!(sparse.cost(), (&kept * costs).sum(), epsilon = 1e-14);
            assert_eq!(sparse.certificate().gap(), f64::INFINITY);
        };
        let large = of(Keep::AtLeast(0.05));
        check(&large);
        assert_eq!(large.entries().len(), matrix.iter().filter(|p| **p >= 0.05).count());
        let share = of(Keep::Share(0.9));
        check(&share);
        for i in 0..5 {
            let held: f64 = share.row(i).iter().map(|e| e.mass).sum();
            let least = share.row(i).iter().map(|e| e.mass).fold(f64::INFINITY, f64::min);
            let row = matrix.row(i).sum();
            assert!(held >= 0.9 * row && held - least < 0.9 * row);
            // None that was left out is larger than one that was kept.
            let kept: Vec<usize> = share.row(i).iter().map(|e| e.column).collect();
            assert!((0..7).filter(|j| !kept.contains(j)).all(|j| matrix[[i, j]] <= least + 1e-16));
        }
        let two = of(Keep::Largest(2));
        check(&two);
        assert!((0..5).all(|i| two.row(i).len() <= 2));
        let all = of(Keep::Share(1.0));
        check(&all);
        assert!(all.left_out() < 1e-15);
        // Restored: each source has its mass again.
        let restored = two.restored();
        let (rows, columns) = restored.marginals();
        assert_relative_eq!(rows, matrix.sum_axis(Axis(1)), epsilon = 1e-15);
        assert_relative_eq!(restored.cost(), (&restored.to_matrix() * costs).sum(), epsilon = 1e-14);
        let miss = (&columns - &matrix.sum_axis(Axis(0))).mapv(f64::abs).sum() / total;
        assert_relative_eq!(restored.certificate().residual, miss, epsilon = 1e-14);
    });
}

#[test]
fn what_a_threshold_loses_is_said() {
    let costs = array![[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]];
    let problem = Transport::new(&costs, array![0.6, 0.1, 0.3].view(), array![0.5, 0.5].view()).unwrap();
    let matrix = array![[0.3, 0.3], [0.05, 0.05], [0.15, 0.15]];
    let plan = DensePlan::new(&problem, matrix, 1e-12).unwrap();
    let sparse = plan.sparsify(&costs, Keep::AtLeast(0.1)).unwrap();
    assert_eq!(sparse.lost(), [1]);
    assert_relative_eq!(sparse.left_out(), 0.1, epsilon = 1e-15);
    // Equal masses: the first target stays.
    let one = plan.sparsify(&costs, Keep::Largest(1)).unwrap();
    assert_eq!(one.row(0), [Entry { row: 0, column: 0, mass: 0.3 }]);
    assert_eq!(one.sample_target(1, &mut Seed(1).stream("draw", 0)), Some(0));
    assert_eq!(sparse.sample_target(1, &mut Seed(1).stream("draw", 0)), None);
    let text = |keep| plan.sparsify(&costs, keep).unwrap_err().to_string();
    assert_eq!(
        text(Keep::Share(0.0)),
        "the share of the mass to keep is 0; it must be above 0 and at most 1"
    );
    assert_eq!(text(Keep::AtLeast(-1.0)), "the least mass to keep is -1; it must be finite and not negative");
    assert_eq!(text(Keep::Largest(0)), "the number of entries to keep is 0; it must be at least 1");
    assert_eq!(
        plan.sparsify(&array![[1.0, 2.0]], Keep::Largest(1)).unwrap_err().to_string(),
        "the first side of the geometry has size 1 where 3 was expected"
    );
}

#[test]
fn plans_in_a_row() {
    let (x, y, z) = (cloud(6, 2, 0.0, 1), cloud(9, 2, 0.5, 2), cloud(7, 2, 1.0, 3));
    let (a, b, c) = (weights(6, 1), weights(9, 2), weights(7, 3));
    let first_costs = SquaredEuclidean.matrix(x.view(), y.view()).unwrap();
    let second_costs = SquaredEuclidean.matrix(y.view(), z.view()).unwrap();
    let first =
        NetworkSimplex::default().solve(&Transport::new(&first_costs, a.view(), b.view()).unwrap()).unwrap();
    let problem = Transport::new(&second_costs, b.view(), c.view()).unwrap();
    let second = Sinkhorn::new(0.3, STOP).solve(&problem).unwrap();
    let both = Composed::new(&first, &second).unwrap();
    let scaled = second.to_matrix() / &second.marginals().0.insert_axis(Axis(1));
    let want = first.to_matrix().dot(&scaled);
    assert_relative_eq!(both.to_matrix(), want, epsilon = 1e-15);
    assert_relative_eq!(both.push(x.view()), want.t().dot(&x), epsilon = 1e-15);
    assert_relative_eq!(both.masses_from(3), want.row(3).to_owned(), epsilon = 1e-15);
    let (rows, columns) = both.marginals();
    assert_relative_eq!(rows, a, epsilon = 1e-12);
    assert_relative_eq!(columns, c, epsilon = 1e-11);
    assert_eq!(both.cost(), first.cost() + second.cost());
    let mut counts = Array2::<f64>::zeros((6, 7));
    let draws = 40_000.0;
    both.sample(40_000, &mut Seed(2).stream("paths", 0)).iter().for_each(|&pair| counts[pair] += 1.0 / draws);
    for (found, want) in counts.iter().zip(&want) {
        assert!((found - want).abs() < 5.0 * (want / draws).sqrt() + 1.0 / draws, "{found} {want}");
    }
    // A third step: the composition composes, in either order of brackets.
    let back = Permutation::new(vec![3, 1, 0, 2, 6, 5, 4], 0.0).unwrap();
    let left = Composed::new(Composed::new(&first, &second).unwrap(), &back).unwrap();
    let right = Composed::new(&first, Composed::new(&second, &back).unwrap()).unwrap();
    assert_relative_eq!(left.to_matrix(), right.to_matrix(), epsilon = 1e-15);
}

#[test]
fn plans_that_do_not_meet() {
    let two = Permutation::new(vec![1, 0], 0.0).unwrap();
    let three = Permutation::new(vec![1, 0, 2], 0.0).unwrap();
    assert_eq!(
        Composed::new(&two, &three).unwrap_err().to_string(),
        "the source side of the second plan has size 3 where 2 was expected"
    );
    let costs = array![[0.0], [1.0]];
    let problem = Transport::new(&costs, array![1.0, 0.0].view(), array![1.0].view()).unwrap();
    let one_sided = NetworkSimplex::default().solve(&problem).unwrap();
    assert_eq!(
        Composed::new(&two, &one_sided).unwrap_err().to_string(),
        "middle point 1 receives a mass of 0.5 and the second plan sends none on from it; plan both steps with the same masses in the middle"
    );
}

#[test]
fn matrices_as_plans() {
    let costs = array![[0.0, f64::INFINITY], [1.0, 0.0]];
    let problem = Transport::new(&costs, array![0.3, 0.7].view(), array![0.5, 0.5].view()).unwrap();
    let plan = DensePlan::new(&problem, array![[0.3, 0.0], [0.2, 0.5]], 1e-12).unwrap();
    assert_eq!(plan.cost(), 0.2);
    assert_eq!(plan.certificate().gap(), f64::INFINITY);
    assert_eq!(plan.sample_permutation(&mut Seed(1).stream("rows", 0))[0], (0, 0));
    let text = |matrix, tolerance| DensePlan::new(&problem, matrix, tolerance).unwrap_err().to_string();
    assert_eq!(text(array![[0.3, 0.0]], 1e-12), "the first axis of the plan has size 1 where 2 was expected");
    assert_eq!(
        text(array![[0.3, 0.0], [0.9, -0.2]], 1e-12),
        "the plan has value -0.2 at row 1, column 1; it must be finite and not negative"
    );
    assert_eq!(
        text(array![[0.5, 0.0], [0.0, 0.5]], 1e-3),
        "the source marginal of the plan misses the masses by a share 4.0e-1 of their total where 1e-3 is allowed; check the order of the points, or allow more"
    );
    assert!(matches!(
        DensePlan::new(&problem, array![[0.0, 0.3], [0.6, 0.1]], 1e-3),
        Err(OtError::Marginals { side: "target", .. })
    ));
    assert!(DensePlan::new(&problem, array![[0.3, 0.0], [0.2, 0.5]], f64::NAN).is_err());
}
