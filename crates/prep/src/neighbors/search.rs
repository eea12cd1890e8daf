//! How nearest neighbours are looked for: all pairs, or a graph of small worlds.

use super::{Nearest, nearest};
use crate::PrepError;
use chreode_core::Seed;
use ndarray::ArrayView2;

/// How nearest neighbours are looked for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum NeighborSearch {
    /// Every pair of points, by blocked products: [`nearest`](fn@crate::nearest). Time n² d.
    #[default]
    Exact,
    /// Through a hierarchical graph: about n log n distances, and some neighbours missed. Needs the feature `hnsw`.
    Hnsw(Hnsw),
}

impl NeighborSearch {
    /// Whether this build has it, to be asked before work begins.
    ///
    /// # Errors
    /// [`PrepError::Feature`] if not.
    pub fn check(self) -> Result<(), PrepError> {
        match self {
            Self::Hnsw(_) if cfg!(not(feature = "hnsw")) => {
                Err(PrepError::Feature { what: "a search of nearest neighbours by HNSW", feature: "hnsw" })
            }
            _ => Ok(()),
        }
    }
}

/// A hierarchical navigable small world: each point is linked to near ones, in layers of which each holds a share of
/// the one below, and a search goes from link to link (Malkov & Yashunin 2020, doi:10.1109/TPAMI.2018.2889473).
///
/// Points have 32 links above and up to 64 on the lowest layer. The graph is built by one thread, since the order in
/// which points join decides who is linked; the searches run on all.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Hnsw {
    /// Candidates that are kept while the graph is built (the paper's efConstruction).
    pub building: usize,
    /// Candidates that are kept while a point's neighbours are looked for (the paper's ef); at least the neighbours
    /// asked for and one.
    pub searching: usize,
    /// Decides the layer of each point.
    pub seed: Seed,
}

impl Hnsw {
    /// With 100 candidates each.
    pub fn new(seed: Seed) -> Self {
        Self { building: 100, searching: 100, seed }
    }
}

/// The `count` nearest other points of every row of `x`, by Euclidean distance; ties by number.
///
/// Distances are computed in `f64` whatever the search. The same seed gives the same bits for any number of threads.
///
/// # Errors
/// As [`nearest`](fn@crate::nearest); [`PrepError::Feature`] for [`NeighborSearch::Hnsw`] in a build without the feature
/// `hnsw`; [`PrepError::Parameter`] for no candidates.
pub fn nearest_by(
    x: ArrayView2<'_, f32>,
    count: usize,
    search: NeighborSearch,
) -> Result<Nearest, PrepError> {
    search.check()?;
    match search {
        NeighborSearch::Exact => nearest(x, count),
        #[cfg(feature = "hnsw")]
        NeighborSearch::Hnsw(hnsw) => super::approximate::approximate(x, count, hnsw),
        #[cfg(not(feature = "hnsw"))]
        NeighborSearch::Hnsw(_) => unreachable!("checked above"),
    }
}
