//! What Gromov-Wasserstein says of bad input.

use chreode_ot::{
    EntropicGromovWasserstein, GromovLoss, GromovTransport, GromovWasserstein, OtError,
    SemiRelaxedGromovWasserstein, Stop, Structure, UnbalancedGromovWasserstein,
};
use ndarray::{Array2, array};

const STOP: Stop = Stop::Within { tolerance: 1e-9, max_iterations: 100 };

fn pair() -> Structure {
    Structure::matrix(array![[0.0, 1.0], [1.0, 0.0]].view()).expect("square, finite, not negative")
}

#[test]
fn structures() {
    let said = |result: Result<Structure, OtError>| result.unwrap_err().to_string();
    assert_eq!(
        said(Structure::matrix(Array2::<f64>::zeros((2, 3)).view())),
        "the structure has 2 rows and 3 columns; give one row and one column for each point"
    );
    assert_eq!(
        said(Structure::matrix(array![[0.0, 1.0], [-1.0, 0.0]].view())),
        "the structure has value -1 at row 1, column 0; it must be finite and not negative"
    );
    assert!(Structure::kernel(array![[0.0, 1.0], [-1.0, 0.0]].view()).is_ok());
    assert_eq!(
        said(Structure::kernel(array![[0.0, f64::NAN], [1.0, 0.0]].view())),
        "the structure has value NaN at row 0, column 1; it must be finite"
    );
    assert_eq!(
        said(Structure::matrix(Array2::<f64>::zeros((0, 0)).view())),
        "the structure's side has no points; transport needs at least one on each side"
    );
    assert_eq!(
        said(Structure::squared_euclidean(array![[0.0, f64::INFINITY]].view())),
        "the structure's point 0 has value inf in column 1; every coordinate must be finite"
    );
    assert_eq!(
        said(Structure::factored(Array2::zeros((3, 2)), Array2::zeros((3, 1)))),
        "the right factor's second axis has size 1 where 2 was expected"
    );
}

#[test]
fn problems() {
    let (source, target) = (pair(), Structure::matrix(Array2::<f64>::ones((3, 3)).view()).unwrap());
    let (a, b) = (array![0.5, 0.5], array![0.2, 0.3, 0.5]);
    let said = |result: Result<GromovTransport<'_>, OtError>| result.unwrap_err().to_string();
    assert_eq!(
        said(GromovTransport::new(&source, &target, a.view(), a.view())),
        "the target masses has size 2 where 3 was expected"
    );
    assert_eq!(
        said(GromovTransport::new(&source, &target, array![1.5, -0.5].view(), b.view())),
        "the source mass of point 1 is -0.5; masses must be finite and not negative"
    );
    let problem = GromovTransport::new(&source, &target, a.view(), b.view()).unwrap();
    assert_eq!(
        said(problem.clone().fused(Array2::zeros((2, 2)).view(), 0.5)),
        "the second axis of the linear costs has size 2 where 3 was expected"
    );
    assert_eq!(
        said(problem.clone().fused(Array2::zeros((2, 3)).view(), 1.5)),
        "alpha is 1.5; it must be between 0 and 1"
    );
    let mut costs = Array2::zeros((2, 3));
    costs[[1, 2]] = f64::INFINITY;
    assert!(matches!(
        problem.clone().fused(costs.view(), 0.5),
        Err(OtError::BadCost { row: 1, column: 2, .. })
    ));
    let back = GromovTransport::new(&target, &source, b.view(), a.view()).unwrap();
    assert_eq!(
        said(back.with_loss(GromovLoss::KullbackLeibler)),
        "the target structure has value 0 at row 0, column 0; this loss takes its logarithm, so that it must be positive"
    );
}

#[test]
fn solvers() {
    let (source, target) = (pair(), pair());
    let (a, heavy) = (array![0.5, 0.5], array![1.0, 1.0]);
    let problem = GromovTransport::new(&source, &target, a.view(), heavy.view()).unwrap();
    let totals = OtError::Unbalanced { source_total: 1.0, target_total: 2.0 };
    assert_eq!(GromovWasserstein::new(STOP).solve(&problem).unwrap_err(), totals);
    assert_eq!(EntropicGromovWasserstein::new(0.1, STOP).solve(&problem).unwrap_err(), totals);
    assert!(UnbalancedGromovWasserstein::new(0.1, 1.0, STOP).solve(&problem).is_ok());
    assert!(SemiRelaxedGromovWasserstein::new(STOP).solve(&problem).is_ok());
    let problem = GromovTransport::uniform(&source, &target);
    assert_eq!(
        EntropicGromovWasserstein::new(0.0, STOP).solve(&problem).unwrap_err().to_string(),
        "epsilon is 0; it must be positive and finite"
    );
    assert_eq!(
        UnbalancedGromovWasserstein::new(0.1, f64::INFINITY, STOP).solve(&problem).unwrap_err().to_string(),
        "the source's rho is inf; it must be positive and finite"
    );
    let solver = GromovWasserstein::new(STOP);
    let from = |start: Array2<f64>| solver.solve_from(&problem, start.view()).unwrap_err().to_string();
    assert_eq!(
        from(array![[0.5, 0.0], [0.25, 0.25]]),
        "the marginal error of the start is 0.5; it must be at most 1e-5: start from a plan of the marginals, as shares of their totals"
    );
    assert_eq!(
        from(array![[0.75, -0.25], [-0.25, 0.75]]),
        "the start has value -0.25 at row 0, column 1; it must be finite and not negative"
    );
    assert_eq!(from(Array2::zeros((2, 3))), "the second axis of the start has size 3 where 2 was expected");
    let nan = Stop::Within { tolerance: f64::NAN, max_iterations: 3 };
    assert!(matches!(
        GromovWasserstein::new(nan).solve(&problem),
        Err(OtError::BadParameter { name: "the tolerance", .. })
    ));
}

#[test]
fn not_converged() {
    let line = |n: usize, power: f64| {
        let costs = Array2::from_shape_fn((n, n), |(i, j)| (i as f64 - j as f64).abs().powf(power));
        Structure::matrix(costs.view()).unwrap()
    };
    let (source, target) = (line(12, 1.0), line(9, 1.5));
    let problem = GromovTransport::uniform(&source, &target);
    let few = Stop::Within { tolerance: 0.0, max_iterations: 1 };
    let error = EntropicGromovWasserstein::new(0.5, few).solve(&problem).unwrap_err();
    assert!(matches!(
        error,
        OtError::NotConverged { method: "entropic gromov-wasserstein", iterations: 1, .. }
    ));
    let error = UnbalancedGromovWasserstein::new(0.5, 1.0, few).solve(&problem).unwrap_err();
    assert!(matches!(
        error,
        OtError::NotConverged { method: "unbalanced gromov-wasserstein", iterations: 1, .. }
    ));
    let error = GromovWasserstein::new(Stop::Within { tolerance: 0.0, max_iterations: 0 })
        .solve(&problem)
        .unwrap_err();
    assert!(matches!(error, OtError::NotConverged { method: "gromov-wasserstein", iterations: 0, .. }));
    assert_eq!(
        OtError::Diverged { method: "low-rank sinkhorn", iteration: 3 }.to_string(),
        "low-rank sinkhorn left the range of floating point at iteration 3; allow a larger epsilon, smaller steps or costs of moderate size"
    );
}
