//! Counts to components on simulated cells, with the seconds of each step.

use chreode_prep::{
    Binning, Exclusion, GeneMoments, LibrarySizes, Logarithm, Normalized, Pca, PrepError, Rows, Select,
    Selection, Solver, SparseRows, TargetSum, Values, check_counts, dispersions,
};
use rand::{RngExt, SeedableRng};
use std::time::Instant;

fn main() -> Result<(), PrepError> {
    let sizes: Vec<usize> = std::env::args().skip(1).filter_map(|a| a.parse().ok()).collect();
    let (n, p, threads) = match sizes[..] {
        [n, p, threads] => (n, p, threads),
        _ => (2000, 500, 1),
    };
    rayon::ThreadPoolBuilder::new().num_threads(threads).build_global().expect("a thread pool");
    let mut rng = rand_chacha::ChaCha8Rng::seed_from_u64(1);
    let (mut indptr, mut indices, mut data) = (vec![0], Vec::new(), Vec::new());
    for _ in 0..n {
        for j in 0..p {
            if rng.random::<f32>() < 0.1 {
                indices.push(j as u32);
                data.push((1.0 - 3.0 * rng.random::<f32>().ln()).floor());
            }
        }
        indptr.push(indices.len());
    }
    let counts = SparseRows::new(p, &indptr, &indices, &data)?;
    let start = Instant::now();
    let mut last = 0.0;
    let mut lap = |what: &str| {
        let now = start.elapsed().as_secs_f64();
        println!("{what:<12} {:.3} s", now - last);
        last = now;
    };
    check_counts(&counts)?;
    lap("check");
    let sizes = LibrarySizes::measure(&counts, TargetSum::Total(1e4), Exclusion::Nothing)?;
    let logs = SparseRows::collect(&Normalized::new(&counts, &sizes, Logarithm::Natural)?)?;
    lap("normalize");
    let moments =
        GeneMoments::measure(&Normalized::new(&counts, &sizes, Logarithm::None)?, Values::AsStored)?;
    let genes = dispersions(&[moments], Binning::Seurat(20), Selection::Top(p))?;
    let chosen = Select::new(&logs).genes(&genes.selected)?;
    lap("genes");
    for (name, solver) in [
        ("exact", Solver::Exact),
        ("randomised", Solver::Randomized { oversample: 10, power: 4, seed: chreode_core::Seed(1) }),
    ] {
        let pca = Pca::fit_rows(&chosen, 50, solver)?;
        lap(name);
        let scores = pca.transform_rows(&chosen)?;
        lap("scores");
        println!("{:?} {:.6} {:.12}", chosen.shape(), pca.variance_ratio.sum(), scores[[0, 0]]);
    }
    Ok(())
}
