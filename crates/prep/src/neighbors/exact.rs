//! Exact nearest neighbours from blocked products.

use super::Nearest;
use super::points::{Points, sort};
use crate::PrepError;
use faer::linalg::matmul::matmul;
use faer::{Accum, Mat, MatRef, Par};
use ndarray::{ArrayView2, Axis};
use rayon::prelude::*;

/// Points whose neighbours one task looks for.
const QUERIES: usize = 64;
/// Points that they are held against at a time.
const OTHERS: usize = 1024;
/// Candidates beyond the neighbours asked for.
const SPARE: usize = 12;

/// The `count` nearest other points of every row of `x`, by Euclidean distance; ties by number. Exact, in time n² d.
///
/// ‖x - y‖² = ‖x‖² + ‖y‖² - 2 x·y from products of blocks in `f32` chooses candidates; their distances are computed again
/// in `f64` from differences. If the rounding of the products could have hidden a nearer point, the row is searched
/// again in `f64`. Points at the same place are neighbours at distance 0.
///
/// # Errors
/// [`PrepError::Fit`] for no neighbours, as many neighbours as points, or a coordinate that is not finite.
pub fn nearest(x: ArrayView2<'_, f32>, count: usize) -> Result<Nearest, PrepError> {
    let places = Points::check(&x, count)?;
    let (n, d) = x.dim();
    // About the mean, so that the products cancel less.
    let mean = x.mean_axis(Axis(0)).expect("there are points");
    let centred: Vec<f32> = x.rows().into_iter().flat_map(|r| (&r - &mean).to_vec()).collect();
    let squares: Vec<f32> = centred.chunks(d.max(1)).map(|r| r.iter().map(|v| v * v).sum()).collect();
    let farthest = squares.iter().copied().fold(0f32, f32::max).sqrt();
    let search = Search { places: &places, centred: &centred, squares: &squares, farthest, n, d, count };
    let found: Vec<Vec<(f64, u32)>> =
        (0..n.div_ceil(QUERIES)).into_par_iter().flat_map_iter(|q| search.block(q * QUERIES)).collect();
    let indices = found.iter().flatten().map(|c| c.1).collect();
    let distances = found.iter().flatten().map(|c| c.0.sqrt()).collect();
    Ok(Nearest::new(count, indices, distances))
}

struct Search<'a> {
    places: &'a Points<'a>,
    centred: &'a [f32],
    squares: &'a [f32],
    farthest: f32,
    n: usize,
    d: usize,
    count: usize,
}

impl Search<'_> {
    /// Squared distance and number of the neighbours of each of the points from `first` on.
    fn block(&self, first: usize) -> Vec<Vec<(f64, u32)>> {
        let queries = QUERIES.min(self.n - first);
        let rows = |from: usize, rows: usize| {
            MatRef::from_row_major_slice(&self.centred[from * self.d..(from + rows) * self.d], rows, self.d)
        };
        let mut kept: Vec<Candidates> = (0..queries).map(|_| Candidates::new(self.count + SPARE)).collect();
        for from in (0..self.n).step_by(OTHERS) {
            let others = OTHERS.min(self.n - from);
            // A column a query: contiguous.
            let mut products = Mat::<f32>::zeros(others, queries);
            let (a, b) = (rows(from, others), rows(first, queries));
            matmul(products.as_mut(), Accum::Replace, a, b.transpose(), 1.0, Par::Seq);
            for (q, kept) in kept.iter_mut().enumerate() {
                let products = products.col_as_slice(q);
                for (i, (product, square)) in products.iter().zip(&self.squares[from..]).enumerate() {
                    // ‖y‖² - 2 x·y: ‖x‖² is the same for all.
                    let score = square - 2.0 * product;
                    if score < kept.worst && from + i != first + q {
                        kept.insert(score, (from + i) as u32);
                    }
                }
            }
        }
        kept.into_iter().enumerate().map(|(q, kept)| self.checked(first + q, &kept)).collect()
    }

    fn checked(&self, query: usize, kept: &Candidates) -> Vec<(f64, u32)> {
        let mut exact: Vec<(f64, u32)> =
            kept.list.iter().map(|c| (self.places.squared(query, c.1), c.1)).collect();
        sort(&mut exact);
        exact.truncate(self.count);
        let own = f64::from(self.squares[query]);
        let reach = own.sqrt() + f64::from(self.farthest);
        let rounding = 4.0 * (self.d as f64 + 8.0) * f64::from(f32::EPSILON) * reach * reach;
        let hidden =
            kept.list.len() == kept.most && exact[self.count - 1].0 >= f64::from(kept.worst) + own - rounding;
        if hidden {
            exact = self.places.all(query, self.count);
        }
        exact
    }
}

/// The lowest scores so far, in order.
struct Candidates {
    most: usize,
    /// The score that a further candidate must be below.
    worst: f32,
    list: Vec<(f32, u32)>,
}

impl Candidates {
    fn new(most: usize) -> Self {
        Self { most, worst: f32::INFINITY, list: Vec::with_capacity(most + 1) }
    }

    fn insert(&mut self, score: f32, index: u32) {
        let place = self.list.partition_point(|c| c.0 <= score);
        self.list.insert(place, (score, index));
        self.list.truncate(self.most);
        if self.list.len() == self.most {
            self.worst = self.list[self.most - 1].0;
        }
    }
}
