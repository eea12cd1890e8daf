//! Times one way of reading an `.h5ad` file, for `cargo xtask peers io`: a line of JSON with seconds and peak memory.
//!
//! ```text
//! cargo run --release -p chreode-io --example reading -- FILE whole|annotations|batches|epoch [THREADS]
//! ```

use chreode_core::Seed;
use chreode_io::{Batches, H5ad, IoError, Matrix, shuffled};
use std::num::NonZeroUsize;
use std::path::Path;
use std::time::{Duration, Instant};

type Outcome<T> = Result<T, Box<dyn std::error::Error>>;

/// Rows of a batch.
const BATCH: usize = 512;
/// Batches where not all of an epoch are read.
const FEW: usize = 10;
/// Memory of the batches.
const MEMORY: usize = 48 << 20;

#[expect(clippy::print_stdout, reason = "a program that reports")]
fn main() -> Outcome<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [file, case, rest @ ..] = &arguments[..] else { return Err("give a file and a case".into()) };
    let threads: usize = rest.first().map_or(Ok(1), |text| text.parse())?;
    rayon::ThreadPoolBuilder::new().num_threads(threads).build_global()?;
    let path = Path::new(file);
    let run = || -> Result<f64, IoError> {
        match case.as_str() {
            "whole" => {
                let loaded = H5ad::open(path)?.load()?;
                Ok(loaded.data.x.as_ref().map_or(0.0, first))
            }
            "annotations" => {
                let file = H5ad::open(path)?;
                let (obs, pca) = (file.obs_frame()?, file.obsm("X_pca")?);
                Ok(obs.len() as f64 + f64::from(pca[[0, 0]]))
            }
            _ => batches(path, if case == "epoch" { usize::MAX } else { FEW }),
        }
    };
    let mut seconds = Vec::new();
    let mut check = run()?;
    let begin = Instant::now();
    while seconds.len() < 5 || (begin.elapsed() < Duration::from_secs(1) && seconds.len() < 50) {
        let start = Instant::now();
        check = run()?;
        seconds.push(start.elapsed().as_secs_f64());
    }
    seconds.sort_by(f64::total_cmp);
    let (median, least) = (seconds[seconds.len() / 2], seconds[0]);
    println!(
        "{{\"seconds_median\": {median}, \"seconds_min\": {least}, \"repeats\": {}, \"peak_rss_mb\": {}, \"check\": {check}}}",
        seconds.len(),
        peak()
    );
    Ok(())
}

fn first(x: &Matrix) -> f64 {
    match x {
        Matrix::Csr(csr) => f64::from(csr.data().first().copied().unwrap_or_default()),
        other => f64::from(other.rows(&[0])[[0, 0]]),
    }
}

/// Sums of shuffled batches, so that every value is looked at, as the peer's are.
fn batches(path: &Path, count: usize) -> Result<f64, IoError> {
    let x = H5ad::open(path)?.backed("X")?;
    let mut order = shuffled(x.shape().0, &mut Seed(3).stream("epoch", 0));
    order.truncate(count.saturating_mul(BATCH));
    let size = NonZeroUsize::new(BATCH).expect("a batch has rows");
    Batches::new(x, order, size, MEMORY)
        .map(|batch| {
            Ok(match batch?.values {
                Matrix::Csr(csr) => csr.data().iter().map(|&v| f64::from(v)).sum::<f64>(),
                other => other.to_dense().iter().map(|&v| f64::from(v)).sum(),
            })
        })
        .sum()
}

/// The most memory that the process has had, in MB, where the system says.
fn peak() -> f64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    line.and_then(|text| text.trim().trim_end_matches(" kB").parse::<f64>().ok())
        .map_or(0.0, |kb| kb / 1024.0)
}
