//! The couplings of a published test set (moscot's), where the data folder is present.
//!
//! `moscot_temporal/moscot_temporal_tests.h5ad`: 250 cells of the reprogramming data of Schiebinger et al. 2019 at the days
//! 10, 10.5 and 11, and in `uns` the couplings that moscot computed with ott and checks against Waddington-OT: squared
//! distances in 50 principal components of each pair of days, divided by their mean; equal masses on both sides; ε = 0.5,
//! λ₁ = 1, λ₂ = 10 (τ = λ/(λ + ε)); the entropy with the counting reference. They are in f32 and were stopped by ott's
//! default threshold after 20 iterations: so they are reproduced after 20 plain iterations, to 1e-6 in L1 as a share of the
//! mass where their digits go that far, and the fixed point is up to 8e-5 of an entry away from them. (moscot's own test
//! allows 1e-6 an entry, of entries of 1e-3 and less.)

use chreode_io::{H5ad, Uns};
use chreode_ot::{
    CostFunction, Coupling, HalfStep, Marginal, Reference, RelaxedSolver, RelaxedTransport, Scaled,
    SquaredEuclidean, Stop, UnbalancedSinkhorn, Unit, WaddingtonOt,
};
use chreode_prep::Pca;
use ndarray::{Array1, Array2, Axis, Ix2};
use std::path::{Path, PathBuf};

#[expect(clippy::print_stdout, reason = "a skipped test says why")]
fn data(file: &str) -> Option<PathBuf> {
    let beside = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data");
    let path = std::env::var_os("CHREODE_DATA").map_or(beside, PathBuf::from).join(file);
    if !path.exists() {
        println!("skipped: no {file} in the data folder; set CHREODE_DATA");
        return None;
    }
    Some(path)
}

#[test]
fn couplings_of_three_days() {
    let Some(path) = data("moscot_temporal/moscot_temporal_tests.h5ad") else { return };
    let data = H5ad::open(&path).unwrap().load().unwrap().data;
    let days = data.obs.column("day").unwrap().numbers().unwrap();
    let x = data.x.unwrap().to_dense();
    let number = |key: &str| match &data.uns[key] {
        Uns::Number(value) => *value,
        Uns::Integer(value) => *value as f64,
        other => panic!("{key} is {other:?}"),
    };
    assert_eq!((number("eps"), number("lam1"), number("lam2")), (0.5, 1.0, 10.0));
    // The L1 distance allowed, as a share of the mass: 1e-6 but for the first coupling, from which the same iteration in
    // NumPy, in f64 throughout, is 5.2e-6 away too (the others: 7.2e-7 and 7.5e-7).
    for (from, to, key, allowed) in [
        (10.0, 10.5, "tmap_10_105", 6e-6),
        (10.5, 11.0, "tmap_105_11", 1e-6),
        (10.0, 11.0, "tmap_10_11", 1e-6),
    ] {
        let Uns::Numbers(wanted) = &data.uns[key] else { panic!("{key} is not an array") };
        let wanted = wanted.view().into_dimensionality::<Ix2>().unwrap();
        let rows = |day: f64| -> Vec<usize> { (0..days.len()).filter(|&i| days[i] == day).collect() };
        let both: Vec<usize> = (0..days.len()).filter(|&i| days[i] == from || days[i] == to).collect();
        let pca = Pca::fit(x.select(Axis(0), &both).view(), 50).unwrap();
        let part = |day: f64| pca.transform(x.select(Axis(0), &rows(day)).view()).unwrap();
        let costs = SquaredEuclidean.matrix(part(from).view(), part(to).view()).unwrap();
        assert_eq!(costs.dim(), wanted.dim());
        let scaled = Scaled::new(&costs, Unit::Mean).unwrap();
        let equal = |n: usize| Array1::from_elem(n, 1.0 / n as f64);
        let (a, b) = (equal(costs.nrows()), equal(costs.ncols()));
        let (source, target) = (Marginal::Kl { lambda: 1.0 }, Marginal::Kl { lambda: 10.0 });
        let problem = RelaxedTransport::new(&scaled, a.view(), b.view(), source, target).unwrap();
        let far = |plan: &Array2<f64>| (plan - &wanted).iter().fold(0.0, |most, e| f64::max(most, e.abs()));

        let published = UnbalancedSinkhorn {
            reference: Reference::Counting,
            half_step: HalfStep::Plain,
            ..UnbalancedSinkhorn::new(0.5, Stop::After { iterations: 20 })
        };
        let plan = published.solve(&problem).unwrap();
        // Entries of 1e-4 and less, in f32, with principal components in f32.
        assert!(far(&plan.to_matrix()) < 2e-8, "{key}: {:e}", far(&plan.to_matrix()));
        let apart = (&plan.to_matrix() - &wanted).iter().map(|e| e.abs()).sum::<f64>() / wanted.sum();
        assert!(apart < allowed, "{key}: {apart:e}");

        let stop = Stop::Within { tolerance: 1e-13, max_iterations: 1000 };
        let exact =
            UnbalancedSinkhorn { reference: Reference::Counting, ..UnbalancedSinkhorn::new(0.5, stop) };
        let plan = exact.solve(&problem).unwrap();
        assert!(far(&plan.to_matrix()) < 5e-8, "{key}: {:e}", far(&plan.to_matrix()));
        assert!((plan.mass() / wanted.sum() - 1.0).abs() < 5e-5);
        assert!(plan.certificate().iterations < 20 && plan.certificate().gap() < 1e-10);

        // Waddington-OT's own problem, with the uniform reference, solved with no growth.
        let wot =
            WaddingtonOt { epsilon: 0.5, lambda_source: 1.0, lambda_target: 10.0, ..WaddingtonOt::new(stop) };
        let growth = wot.solve(&scaled, Array1::<f64>::ones(costs.nrows()).view()).unwrap();
        // moscot's check against wot: the two couplings correlate to 6 decimals.
        let other = growth.plan.to_matrix();
        let centred = |m: &Array2<f64>| m - m.mean().unwrap();
        let (u, v) = (centred(&other), centred(&wanted.to_owned()));
        let correlation = (&u * &v).sum() / ((&u * &u).sum() * (&v * &v).sum()).sqrt();
        assert!((correlation - 1.0).abs() < 1e-6, "{key}: {correlation}");
    }
}
