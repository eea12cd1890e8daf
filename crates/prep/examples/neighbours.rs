//! Exact neighbours beside those by HNSW: seconds of each, and the share of neighbours that HNSW finds.
//!
//! ```text
//! cargo run --release -p chreode-prep --features hnsw --example neighbours -- POINTS DIMENSIONS
//! ```

use chreode_core::Seed;
use chreode_prep::{Hnsw, NeighborSearch, nearest_by};
use ndarray::Array2;
use rand_distr::{Distribution, StandardNormal};
use std::time::Instant;

/// Neighbours of each point.
const COUNT: usize = 15;

#[expect(clippy::print_stdout, reason = "a program that reports")]
fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut arguments = std::env::args().skip(1);
    let mut size = || {
        arguments
            .next()
            .ok_or("give the number of points and of dimensions")?
            .parse()
            .map_err(Box::<dyn std::error::Error>::from)
    };
    let (points, dimensions): (usize, usize) = (size()?, size()?);
    let x = clusters(points, dimensions);
    let timed = |search| {
        let start = Instant::now();
        nearest_by(x.view(), COUNT, search).map(|found| (found, start.elapsed().as_secs_f64()))
    };
    let (exact, slow) = timed(NeighborSearch::Exact)?;
    let (found, fast) = timed(NeighborSearch::Hnsw(Hnsw::new(Seed(1))))?;
    let hits: usize =
        (0..points).map(|i| found.of(i).0.iter().filter(|j| exact.of(i).0.contains(j)).count()).sum();
    let recall = hits as f64 / (points * COUNT) as f64;
    println!("{points} x {dimensions}: exact {slow:.2} s, hnsw {fast:.2} s, recall {recall:.4}");
    Ok(())
}

/// Fifty groups whose spread falls from the first dimension to the last, as that of principal components does.
fn clusters(points: usize, dimensions: usize) -> Array2<f32> {
    let draws = |stream: &str, n: usize| {
        let mut rng = Seed(7).stream(stream, 0);
        Array2::from_shape_simple_fn((n, dimensions), || -> f32 { StandardNormal.sample(&mut rng) })
    };
    let centres = draws("centres", 50);
    let mut x = draws("points", points);
    for ((i, j), v) in x.indexed_iter_mut() {
        *v = (*v + 3.0 * centres[[i % 50, j]]) / (1.0 + j as f32).sqrt();
    }
    x
}
