//! Counts to principal components.

use crate::timing::Times;
use anyhow::{Context, Result};
use chreode_prep::{
    Binning, Exclusion, GeneMoments, LibrarySizes, Logarithm, Normalized, Pca, PrepError, Select, Selection,
    Solver, SparseRows, TargetSum, Values, dispersions,
};
use ndarray::{Array1, Array2};
use ndarray_npy::{read_npy, write_npy};
use rand::{RngExt, SeedableRng};
use rand_distr::{Distribution, LogNormal, Poisson};
use serde::Serialize;
use std::path::Path;
use std::time::Instant;

/// Components, as in the peer's case.
const COMPONENTS: usize = 50;
/// Timed runs.
const RUNS: usize = 3;

/// What is printed of a case.
#[derive(Serialize)]
pub(crate) struct Report {
    seconds_median: f64,
    seconds_min: f64,
    /// The share of the variance that the components hold.
    variance_ratio_sum: f64,
}

/// Normalises, takes logarithms, chooses all genes by their dispersion, and finds 50 components: `n` cells, `p` genes.
///
/// With a folder the counts are those that `scanpy_prepare.py` left there, and the loadings are written beside them, for
/// the angles between the two spaces.
pub(crate) fn time(n: usize, p: usize, folder: Option<&Path>) -> Result<Report> {
    let counts = match folder.filter(|f| f.join("indptr.npy").is_file()) {
        Some(folder) => read(folder, p)?,
        None => made(n, p)?,
    };
    let mut times = Vec::new();
    let mut last = None;
    for _ in 0..RUNS {
        let start = Instant::now();
        last = Some(pipeline(&counts, p)?);
        times.push(start.elapsed());
    }
    let pca = last.context("no run")?;
    if let Some(folder) = folder {
        write_npy(folder.join("ours.npy"), &Array2::from(pca.loadings.clone()))?;
    }
    let times = Times::new(times);
    Ok(Report {
        seconds_median: times.median(),
        seconds_min: times.least(),
        variance_ratio_sum: pca.variance_ratio.sum(),
    })
}

fn pipeline(counts: &SparseRows, genes: usize) -> Result<Pca, PrepError> {
    let sizes = LibrarySizes::measure(counts, TargetSum::Total(1e4), Exclusion::Nothing)?;
    let scaled = Normalized::new(counts, &sizes, Logarithm::None)?;
    let moments = GeneMoments::measure(&scaled, Values::AsStored)?;
    let chosen = dispersions(&[moments], Binning::Seurat(20), Selection::Top(genes))?;
    let logs = SparseRows::collect(&Normalized::new(counts, &sizes, Logarithm::Natural)?)?;
    let chosen = Select::new(&logs).genes(&chosen.selected)?;
    let pca = Pca::fit_rows(&chosen, COMPONENTS, Solver::Exact)?;
    pca.transform_rows(&chosen)?;
    Ok(pca)
}

fn read(folder: &Path, p: usize) -> Result<SparseRows> {
    let indptr: Array1<i64> = read_npy(folder.join("indptr.npy"))?;
    let indices: Array1<i32> = read_npy(folder.join("indices.npy"))?;
    let data: Array1<f32> = read_npy(folder.join("data.npy"))?;
    let indptr = indptr.iter().map(|&i| usize::try_from(i)).collect::<Result<Vec<_>, _>>()?;
    let indices = indices.iter().map(|&i| u32::try_from(i)).collect::<Result<Vec<_>, _>>()?;
    Ok(SparseRows::new(p, &indptr, &indices, &data.to_vec())?)
}

/// A tenth of the entries, 1 and a Poisson count of twice the library size, as the peer's.
fn made(n: usize, p: usize) -> Result<SparseRows> {
    let mut rng = rand_chacha::ChaCha8Rng::seed_from_u64(8);
    let size = LogNormal::new(0.0, 0.4)?;
    let (mut indptr, mut indices, mut data) = (vec![0], Vec::new(), Vec::new());
    for _ in 0..n {
        let count = Poisson::new(2.0 * size.sample(&mut rng))?;
        for j in 0..p {
            if rng.random::<f32>() < 0.1 {
                indices.push(u32::try_from(j)?);
                data.push(1.0 + count.sample(&mut rng) as f32);
            }
        }
        indptr.push(indices.len());
    }
    Ok(SparseRows::new(p, &indptr, &indices, &data)?)
}
