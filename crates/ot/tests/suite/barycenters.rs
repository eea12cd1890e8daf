//! Barycenters against reference values and closed forms.

use crate::common;

use approx::assert_relative_eq;
use chreode_ot::{
    CostFunction, DebiasedBarycenter, EntropicBarycenter, FreeSupportBarycenter, NetworkSimplex, OtError,
    OtSolver, Sinkhorn, SquaredEuclidean, Stop, Transport, wasserstein,
};
use common::{cloud, weights};
use ndarray::{Array1, Array2, ArrayView1, array};

fn within(tolerance: f64) -> Stop {
    Stop::Within { tolerance, max_iterations: 20_000 }
}

/// Masses `1.5 + sin(phase + 2.1 i)`, normalised.
fn masses(n: usize, phase: f64) -> Array1<f64> {
    let w = Array1::from_shape_fn(n, |i| 1.5 + (phase + 2.1 * (i + 1) as f64).sin());
    &w / w.sum()
}

/// Points `cos(phase + 1.7 i k + 0.3 i²)`.
fn points(n: usize, phase: f64) -> Array2<f64> {
    Array2::from_shape_fn((n, 2), |(i, k)| {
        let (i, k) = ((i + 1) as f64, (k + 1) as f64);
        (phase + 1.7 * i * k + 0.3 * i * i).cos()
    })
}

/// Squared distances on `n` points `0, 1/n, …`.
fn line(n: usize) -> Array2<f64> {
    Array2::from_shape_fn((n, n), |(i, j)| ((i as f64 - j as f64) / n as f64).powi(2))
}

#[test]
fn fixed_support_agrees_with_pot() {
    let costs = line(30);
    let measures = [masses(30, 0.0), masses(30, 1.0), masses(30, 2.0)];
    let views: Vec<ArrayView1<'_, f64>> = measures.iter().map(|b| b.view()).collect();
    let weights = array![0.2, 0.3, 0.5];
    let at = |a: ArrayView1<'_, f64>| [a[0], a[7], a[15], a[29]];
    // POT 0.9.7.post1, ot.bregman.barycenter(A, M, reg, weights, method='sinkhorn_log', stopThr=1e-13)
    for (epsilon, wanted) in [
        (0.05, [0.023563791293862334, 0.035389125187479595, 0.034211857431675256, 0.026012338852721847]),
        (0.01, [0.024060814788938293, 0.033512540820014675, 0.033301600207679735, 0.029417793679014603]),
    ] {
        let solver = EntropicBarycenter::new(epsilon, within(1e-12));
        let found = solver.solve(&[&costs; 3], &views, weights.view()).unwrap();
        for (x, y) in at(found.masses()).into_iter().zip(wanted) {
            assert_relative_eq!(x, y, max_relative = 1e-9);
        }
        assert!(found.certificate().gap() < 1e-10, "{:?}", found.certificate());
        assert_relative_eq!(found.masses().sum(), 1.0, max_relative = 1e-11);
    }
}

#[test]
fn debiased_agrees_with_pot() {
    let costs = line(30);
    let bump = |c: f64| {
        let p = Array1::from_shape_fn(30, |i| (-(i as f64 / 30.0 - c).powi(2) / 0.02).exp());
        &p / p.sum()
    };
    let measures = [bump(0.3), bump(0.5), bump(0.7)];
    let views: Vec<ArrayView1<'_, f64>> = measures.iter().map(|b| b.view()).collect();
    let solver = DebiasedBarycenter::new(0.02, Stop::After { iterations: 1000 });
    let found = solver.solve(&costs, &views, array![0.2, 0.3, 0.5].view()).unwrap();
    // POT 0.9.7.post1, ot.bregman.barycenter_debiased(A, M, 0.02, method='sinkhorn_log', numItermax=1000). Where
    // almost no mass is, neither has converged then; where it is, both have to some 1e-5.
    assert_relative_eq!(found.masses()[15], 0.11115666141881914, max_relative = 1e-4);
    assert_relative_eq!(found.masses()[7], 0.0005863048283681643, max_relative = 5e-3);
}

#[test]
fn diracs_meet_in_a_gaussian() {
    // For Diracs the objective is Σ a (Σ λ c + ε log a): a ∝ exp(-Σ λ c / ε).
    let costs = line(101);
    let dirac = |at: usize| Array1::from_shape_fn(101, |i| if i == at { 1.0 } else { 0.0 });
    let (left, right) = (dirac(20), dirac(80));
    let (epsilon, lambda) = (0.004, 0.3);
    let found = EntropicBarycenter::new(epsilon, within(1e-13))
        .solve(&[&costs, &costs], &[left.view(), right.view()], array![1.0 - lambda, lambda].view())
        .unwrap();
    let wanted = Array1::from_shape_fn(101, |i| {
        (-((1.0 - lambda) * costs[[i, 20]] + lambda * costs[[i, 80]]) / epsilon).exp()
    });
    let wanted = &wanted / wanted.sum();
    assert!((&found.masses() - &wanted).iter().all(|e| e.abs() < 1e-12));
}

#[test]
fn debiased_keeps_the_width_of_gaussians_and_single_measures() {
    let n = 200;
    let costs = line(n);
    let gauss = |mean: f64| {
        let p = Array1::from_shape_fn(n, |i| (-((i as f64 / n as f64 - mean) / 0.05).powi(2) / 2.0).exp());
        &p / p.sum()
    };
    let variance = |p: ArrayView1<'_, f64>| {
        let mean: f64 = p.iter().enumerate().map(|(i, p)| p * i as f64 / n as f64).sum();
        p.iter().enumerate().map(|(i, p)| p * (i as f64 / n as f64 - mean).powi(2)).sum::<f64>()
    };
    let (left, right) = (gauss(0.35), gauss(0.65));
    let measures = [left.view(), right.view()];
    let even = array![0.5, 0.5];
    let epsilon = 0.004;
    let sharp = DebiasedBarycenter::new(epsilon, within(1e-8)).solve(&costs, &measures, even.view()).unwrap();
    // Janati et al. 2020: the Gaussian at the mean, with the common width. The tails are cut at the ends.
    assert!((&sharp.masses() - &gauss(0.5)).iter().map(|e| e.abs()).sum::<f64>() < 1e-6);
    let blurred =
        EntropicBarycenter::new(epsilon, within(1e-10)).solve(&[&costs; 2], &measures, even.view()).unwrap();
    assert!(variance(blurred.masses()) > 1.3 * variance(sharp.masses()));
    let same = DebiasedBarycenter::new(epsilon, within(1e-8))
        .solve(&costs, &[left.view()], array![1.0].view())
        .unwrap();
    assert!((&same.masses() - &left).iter().map(|e| e.abs()).sum::<f64>() < 1e-6);
}

#[test]
fn measures_may_have_points_of_their_own() {
    let support = points(20, 0.1);
    let clouds = [points(9, 0.5), points(14, 1.0)];
    let costs: Vec<Array2<f64>> =
        clouds.iter().map(|y| SquaredEuclidean.matrix(support.view(), y.view()).unwrap()).collect();
    let measures = [masses(9, 1.0), masses(14, 2.0)];
    let (epsilon, weights) = (0.05, array![2.0, 3.0]);
    let found = EntropicBarycenter::new(epsilon, within(1e-12))
        .solve(&[&costs[0], &costs[1]], &[measures[0].view(), measures[1].view()], weights.view())
        .unwrap();
    // The optimum: each f_k is a gradient of the entropic cost, and they cancel; masses moved between two points
    // by a hair change Σ λ W_ε to second order only.
    let objective = |a: &Array1<f64>| -> f64 {
        (0..2)
            .map(|k| {
                let problem = Transport::new(&costs[k], a.view(), measures[k].view()).unwrap();
                let plan = Sinkhorn::new(epsilon, within(1e-12)).solve(&problem).unwrap();
                let entropy = |p: &Array1<f64>| p.iter().map(|p| p * p.ln()).sum::<f64>();
                // KL(P | a bᵀ) + Σ a log a + Σ b log b = Σ P log P.
                let own = plan.primal_cost() + epsilon * (entropy(a) + entropy(&measures[k]));
                weights[k] / 5.0 * own
            })
            .sum()
    };
    let a = found.masses().to_owned();
    let best = objective(&(&a / a.sum()));
    assert_relative_eq!(best - epsilon, found.certificate().dual_cost, max_relative = 1e-9);
    for (from, to) in [(0, 1), (19, 3)] {
        let h = 0.01 * a[from].min(a[to]);
        let mut moved = a.clone();
        moved[from] -= h;
        moved[to] += h;
        let change = objective(&moved) - best;
        assert!(change > -1e-12 && change < 100.0 * h * 0.01, "{change:e} for {h:e}");
    }
}

#[test]
fn free_support_agrees_with_pot() {
    let clouds = [points(9, 0.5), points(11, 1.0) + 0.5, points(7, 2.0) - 0.3];
    let measures = [masses(9, 1.0), masses(11, 2.0), masses(7, 3.0)];
    let pairs: Vec<_> = clouds.iter().zip(&measures).map(|(y, b)| (y.view(), b.view())).collect();
    let weights = array![0.2, 0.3, 0.5];
    let even = Array1::from_elem(6, 1.0 / 6.0);
    let start = points(6, 4.0);
    let found = FreeSupportBarycenter::new(NetworkSimplex::default(), within(1e-12))
        .solve(start.view(), even.view(), &pairs, weights.view())
        .unwrap();
    // POT 0.9.7.post1, ot.lp.free_support_barycenter(Y, b, X_init, weights=weights), printed to 8 digits
    let wanted = array![
        [0.65781061, 0.42519353],
        [-0.76200756, 0.49457429],
        [-0.01215296, 0.47462458],
        [-0.79609589, -0.07061227],
        [-0.62388372, -0.56835564],
        [0.47782497, -0.73364228]
    ];
    assert!((&found.points() - &wanted).iter().all(|e| e.abs() < 1e-8), "{}", found.points());
    let objective: f64 = pairs
        .iter()
        .zip(&weights)
        .map(|((y, b), w)| {
            w * wasserstein(found.points(), *y, Some(even.view()), Some(*b), chreode_ot::Order::Two)
                .unwrap()
                .cost
        })
        .sum();
    assert_relative_eq!(objective, 0.6865679936903518, max_relative = 1e-12);
    assert!(found.history().windows(2).all(|v| v[1] <= v[0] + 1e-14), "the objective rose");
}

#[test]
fn on_a_line_the_free_barycenter_is_the_mean_of_quantiles() {
    let n = 40;
    let sorted = |seed: u64, at: f64| {
        let mut x = cloud(n, 1, at, seed).column(0).to_vec();
        x.sort_by(f64::total_cmp);
        Array2::from_shape_vec((n, 1), x).expect("one column")
    };
    let (x, y) = (sorted(1, 0.0), sorted(2, 3.0));
    let even = Array1::from_elem(n, 1.0 / n as f64);
    let start = sorted(3, 9.0);
    let found = FreeSupportBarycenter::new(NetworkSimplex::default(), within(1e-12))
        .solve(
            start.view(),
            even.view(),
            &[(x.view(), even.view()), (y.view(), even.view())],
            array![0.25, 0.75].view(),
        )
        .unwrap();
    let wanted = &x * 0.25 + &y * 0.75;
    assert!((&found.points() - &wanted).iter().all(|e| e.abs() < 1e-12));
    // W₂²(barycenter) = λ (1 - λ) W₂²(x, y).
    let apart = wasserstein(x.view(), y.view(), None, None, chreode_ot::Order::Two).unwrap().cost;
    assert_relative_eq!(*found.history().last().unwrap(), 0.25 * 0.75 * apart, max_relative = 1e-12);
}

#[test]
fn any_solver_makes_the_plans() {
    let (x, y) = (cloud(30, 2, 0.0, 1), cloud(25, 2, 2.0, 2));
    let (a, b) = (weights(30, 3), weights(25, 4));
    let mut own = weights(10, 5);
    own[4] = 0.0;
    let start = cloud(10, 2, 1.0, 6);
    let solver = Sinkhorn::new(0.2, within(1e-10));
    let found = FreeSupportBarycenter::new(solver, within(1e-6))
        .solve(
            start.view(),
            own.view(),
            &[(x.view(), a.view()), (y.view(), b.view())],
            array![1.0, 1.0].view(),
        )
        .unwrap();
    // The mean of the barycenter is the mean of the means.
    let own = &own / own.sum();
    let mean = (x.t().dot(&a) + y.t().dot(&b)) / 2.0;
    assert!((&found.points().t().dot(&own) - &mean).iter().enumerate().all(|(k, e)| {
        // The point without mass stays, and weighs nothing.
        e.abs() < 1e-8 && found.points()[[4, k]] == start[[4, k]]
    }));
}

#[test]
fn threads_do_not_change_the_bits() {
    let costs = line(400);
    let (a, b) = (weights(400, 1), weights(400, 2));
    let run = || {
        let stop = Stop::After { iterations: 5 };
        let even = array![0.5, 0.5];
        let plain = EntropicBarycenter::new(0.01, stop)
            .solve(&[&costs; 2], &[a.view(), b.view()], even.view())
            .unwrap();
        let sharp =
            DebiasedBarycenter::new(0.01, stop).solve(&costs, &[a.view(), b.view()], even.view()).unwrap();
        (plain, sharp.masses().to_owned())
    };
    let pool = |threads| rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
    assert_eq!(pool(1).install(run), pool(3).install(run));
}

#[test]
fn bad_input_is_named() {
    let costs = line(4);
    let (a, b) = (weights(4, 1), array![0.5, f64::NAN, 0.25, 0.25]);
    let solver = EntropicBarycenter::new(0.1, within(1e-9));
    let said = |error: OtError| error.to_string();
    let even = array![0.5, 0.5];
    assert_eq!(
        said(solver.solve(&[&costs; 2], &[a.view(), b.view()], even.view()).unwrap_err()),
        "measure 1: the target mass of point 1 is NaN; masses must be finite and not negative"
    );
    assert_eq!(
        said(solver.solve(&[&costs; 2], &[a.view()], even.view()).unwrap_err()),
        "the list of measures has size 1 where 2 was expected"
    );
    assert_eq!(
        said(solver.solve(&[&costs; 2], &[a.view(), a.view()], array![0.5, -0.5].view()).unwrap_err()),
        "measure 1: the weight is -0.5; it must be finite and not negative"
    );
    assert_eq!(
        said(solver.solve(&[&costs; 2], &[a.view(), a.view()], array![0.0, 0.0].view()).unwrap_err()),
        "the sum of the weights is 0; it must be positive and finite"
    );
    let other = line(5);
    assert_eq!(
        said(solver.solve(&[&costs, &other], &[a.view(), a.view()], even.view()).unwrap_err()),
        "measure 1: the number of the barycenter's points in the costs has size 5 where 4 was expected"
    );
    let tall = Array2::<f64>::zeros((4, 3));
    assert_eq!(
        said(
            DebiasedBarycenter::new(0.1, within(1e-9))
                .solve(&tall, &[a.view()], array![1.0].view())
                .unwrap_err()
        ),
        "the matrix of costs has 4 rows and 3 columns; give one row and one column for each point"
    );
    assert!(matches!(
        EntropicBarycenter::new(0.0, within(1e-9)).solve(&[&costs], &[a.view()], array![1.0].view()),
        Err(OtError::BadParameter { name: "epsilon", .. })
    ));
    assert!(matches!(
        EntropicBarycenter::new(1e-3, Stop::Within { tolerance: 1e-14, max_iterations: 1 }).solve(
            &[&costs; 2],
            &[a.view(), weights(4, 2).view()],
            even.view()
        ),
        Err(OtError::NotConverged { method: "entropic barycenter", iterations: 1, .. })
    ));
    let exact = FreeSupportBarycenter::new(NetworkSimplex::default(), within(1e-9));
    let (flat, deep) = (cloud(4, 2, 0.0, 1), cloud(4, 3, 0.0, 2));
    assert_eq!(
        said(
            exact
                .solve(
                    flat.view(),
                    a.view(),
                    &[(flat.view(), a.view()), (deep.view(), a.view())],
                    even.view()
                )
                .unwrap_err()
        ),
        "measure 1: the source points have 2 columns and the target points 3; give both the same features"
    );
    assert_eq!(
        said(exact.solve(flat.view(), a.view(), &[], array![].view()).unwrap_err()),
        "the measures' side has no points; transport needs at least one on each side"
    );
}
