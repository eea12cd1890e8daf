//! What every plan must keep as a linear map, and as a sampler.

use chreode_core::Seed;
use chreode_ot::Coupling;
use ndarray::{Array1, Array2, Axis};
use rand::RngExt;

/// Holds a plan to its contract as a linear map, to a relative `exact`: its entries are not negative; `push` and `pull` are
/// adjoint, `⟨Pᵀx, y⟩ = ⟨x, P y⟩`, and those of its matrix; its marginals, rows and barycentres are the matrix's.
///
/// # Panics
/// When a law is broken; the message names it.
pub fn coupling_laws<P: Coupling>(plan: &P, exact: f64) {
    let (n, m) = plan.shape();
    let matrix = plan.to_matrix();
    assert_eq!(matrix.dim(), (n, m), "the matrix has another shape");
    let negative = matrix.indexed_iter().find(|(_, p)| p.is_nan() || **p < 0.0);
    assert_eq!(negative, None, "an entry is negative or not a number");
    let mut rng = Seed(1).stream("coupling laws", 0);
    let mut random = |count| Array2::from_shape_simple_fn((count, 2), || rng.random::<f64>() - 0.5);
    let (x, y) = (random(n), random(m));
    let total = matrix.sum();
    let near = |a: &Array2<f64>, b: &Array2<f64>| {
        a.dim() == b.dim() && a.iter().zip(b).all(|(a, b)| (a - b).abs() <= exact * total)
    };
    let (pushed, pulled) = (plan.push(x.view()), plan.pull(y.view()));
    let (there, back) = ((&pushed * &y).sum(), (&x * &pulled).sum());
    assert!((there - back).abs() <= exact * total, "push and pull are not adjoint: {there} and {back}");
    assert!(near(&pushed, &matrix.t().dot(&x)), "push is not the transposed matrix");
    assert!(near(&pulled, &matrix.dot(&y)), "pull is not the matrix");
    let (rows, columns) = plan.marginals();
    let column = |sums: Array1<f64>| sums.insert_axis(Axis(1));
    assert!(near(&column(rows.clone()), &column(matrix.sum_axis(Axis(1)))), "the source marginal is not P 1");
    assert!(near(&column(columns), &column(matrix.sum_axis(Axis(0)))), "the target marginal is not Pᵀ 1");
    let moved = plan.barycentric(y.view());
    for row in 0..n {
        let masses = plan.masses_from(row);
        assert!(near(&column(masses), &column(matrix.row(row).to_owned())), "row {row} is not the matrix's");
        for k in 0..2 {
            let lost = moved[[row, k]] * rows[row] - pulled[[row, k]];
            assert!(
                rows[row] == 0.0 || lost.abs() <= exact * total,
                "the barycentre of source {row} is not P y / P 1"
            );
        }
    }
    let entropy = plan.entropy();
    assert!(
        (-exact..=((n * m) as f64).ln() + exact).contains(&entropy),
        "an entropy of {entropy} for {n} × {m} entries"
    );
}

/// Holds a plan to its contract as a sampler, over `draws` pairs from the given seed: independent draws have the frequencies
/// of its entries (a χ² test at a level of one in a million), systematic ones miss the expected number by less than one,
/// draws by source take every source with mass once and in order; no pair without mass is drawn; the same seed
/// gives the same pairs.
///
/// # Panics
/// When a law is broken; the message names it.
pub fn sampling_laws<P: Coupling>(plan: &P, draws: usize, seed: u64) {
    let matrix = plan.to_matrix();
    let expected = matrix.mapv(|p| p / matrix.sum() * draws as f64);
    let count = |pairs: &[(usize, usize)]| {
        let mut counts = Array2::<f64>::zeros(matrix.dim());
        pairs.iter().for_each(|&pair| counts[pair] += 1.0);
        counts
    };
    let stream = || Seed(seed).stream("sampling laws", 0);
    let pairs = plan.sample(draws, &mut stream());
    assert_eq!(pairs, plan.sample(draws, &mut stream()), "the same seed gave other pairs");
    assert_eq!(pairs.len(), draws, "not as many pairs as were asked for");
    let counts = count(&pairs);
    let impossible = counts.indexed_iter().find(|(pair, count)| **count > 0.0 && matrix[*pair] == 0.0);
    assert_eq!(impossible, None, "a pair without mass was drawn");
    // Entries that are expected less than five times are one class together.
    let (mut statistic, mut classes, mut rare) = (0.0, 0.0, (0.0, 0.0));
    for (&count, &expected) in counts.iter().zip(&expected) {
        if expected >= 5.0 {
            statistic += (count - expected).powi(2) / expected;
            classes += 1.0;
        } else {
            rare = (rare.0 + count, rare.1 + expected);
        }
    }
    if rare.1 >= 5.0 {
        statistic += (rare.0 - rare.1).powi(2) / rare.1;
        classes += 1.0;
    }
    let bound = chi_square(classes - 1.0);
    assert!(statistic <= bound, "χ² of the draws is {statistic}, above {bound} for {classes} classes");

    let even = plan.sample_systematic(draws, &mut stream());
    assert_eq!(even.len(), draws, "not as many systematic pairs as were asked for");
    for ((pair, &count), &expected) in count(&even).indexed_iter().zip(&expected) {
        let slack = 1.0 + 1e-9 * draws as f64;
        assert!((count - expected).abs() < slack, "{pair:?} was drawn {count} times, not about {expected}");
    }
    let once = plan.sample_permutation(&mut stream());
    let sources: Vec<usize> = once.iter().map(|pair| pair.0).collect();
    let with_mass: Vec<usize> = (0..matrix.nrows()).filter(|&i| matrix.row(i).sum() > 0.0).collect();
    assert_eq!(sources, with_mass, "not every source with mass once and in order");
    assert!(once.iter().all(|&pair| matrix[pair] > 0.0), "a pair without mass was drawn");
}

/// The value that χ² exceeds once in a million (E. B. Wilson, M. M. Hilferty, PNAS 17, 1931, doi 10.1073/pnas.17.12.684).
fn chi_square(degrees: f64) -> f64 {
    const NORMAL: f64 = 4.753_424;
    if degrees <= 0.0 {
        return 1e-9;
    }
    let spread = 2.0 / (9.0 * degrees);
    degrees * (1.0 - spread + NORMAL * spread.sqrt()).powi(3)
}
