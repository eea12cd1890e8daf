//! Approximate nearest neighbours through a hierarchical navigable small world.

use super::points::{Points, sort};
use super::{Hnsw, Nearest};
use crate::PrepError;
use crate::error::require;
use instant_distance::{Builder, Point, Search};
use ndarray::ArrayView2;
use rayon::prelude::*;

/// Distances that are summed beside each other, so that they fit a vector register.
const LANES: usize = 8;

/// A point of the graph.
#[derive(Clone)]
struct Place<'a>(&'a [f32]);

impl Point for Place<'_> {
    /// ‖x - y‖²: the order is that of distances.
    fn distance(&self, other: &Self) -> f32 {
        let (a, rest_a) = self.0.as_chunks::<LANES>();
        let (b, rest_b) = other.0.as_chunks::<LANES>();
        let mut sums = [0f32; LANES];
        for (a, b) in a.iter().zip(b) {
            for lane in 0..LANES {
                let away = a[lane] - b[lane];
                sums[lane] += away * away;
            }
        }
        let rest: f32 = rest_a.iter().zip(rest_b).map(|(a, b)| (a - b) * (a - b)).sum();
        sums.iter().sum::<f32>() + rest
    }
}

/// As [`nearest`](fn@crate::nearest), with neighbours that the graph leads to. A point that it leads to too few from,
/// as happens among many equal points, is held against all others.
pub(super) fn approximate(x: ArrayView2<'_, f32>, count: usize, how: Hnsw) -> Result<Nearest, PrepError> {
    let points = Points::check(&x, count)?;
    require(how.building > 0, "building", how.building as f64, "1 candidate at least")?;
    require(how.searching > 0, "searching", how.searching as f64, "1 candidate at least")?;
    let places: Vec<Place<'_>> = (0..x.nrows()).map(|i| Place(points.of(i))).collect();
    let builder = Builder::default()
        .seed(how.seed.0)
        .ef_construction(how.building)
        .ef_search(how.searching.max(count + 1));
    // Threads would race for the order in which points join.
    let alone = rayon::ThreadPoolBuilder::new().num_threads(1).build().map_err(|error| PrepError::Fit {
        what: "a search of nearest neighbours",
        needed: "a thread of its own".into(),
        got: error.to_string(),
        hint: "raise the limit on threads or look for exact neighbours",
    })?;
    let (graph, ids) = alone.install(|| builder.build_hnsw(places.clone()));
    let mut number = vec![0u32; ids.len()];
    for (i, id) in ids.into_iter().enumerate() {
        number[id.into_inner() as usize] = i as u32;
    }
    let found: Vec<Vec<(f64, u32)>> = places
        .par_iter()
        .enumerate()
        .map_init(Search::default, |search, (i, place)| {
            let others = graph.search(place, search).map(|item| number[item.pid.into_inner() as usize]);
            let mut others: Vec<(f64, u32)> =
                others.filter(|&j| j as usize != i).map(|j| (points.squared(i, j), j)).collect();
            if others.len() < count {
                return points.all(i, count);
            }
            sort(&mut others);
            others.truncate(count);
            others
        })
        .collect();
    let indices = found.iter().flatten().map(|c| c.1).collect();
    let distances = found.iter().flatten().map(|c| c.0.sqrt()).collect();
    Ok(Nearest::new(count, indices, distances))
}
