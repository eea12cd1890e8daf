//! Distances along the cells.

use crate::ModelError;
use chreode_core::{Populations, Seed};
use chreode_ot::{Affinity, Graph, HeatKernel, Laplacian};
use ndarray::{Array2, Axis, concatenate};
use rand::seq::index;
use serde::{Deserialize, Serialize};

/// How the distance of two cells is measured along the others.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Geodesic {
    /// The shortest path in the graph of nearest neighbours.
    #[default]
    Graph,
    /// By how much heat passes on that graph: `√(−4t log exp(−tL))`, t the mean squared length of an edge. Smoother, and less
    /// led astray by a single edge across. Cells so far apart that the heat which passes is below rounding have no distance,
    /// and do not count.
    Heat,
}

/// Cells with the distances between them.
#[derive(Clone, Debug)]
pub(super) struct Landmarks {
    pub(super) cells: Array2<f32>,
    /// +∞ between cells that no path joins, or that no heat passes between.
    pub(super) distances: Array2<f32>,
}

/// The most cells between which distances are measured.
const MOST: usize = 1000;

impl Landmarks {
    /// Of at most 1000 cells of all snapshots together, each as often as it is measured.
    ///
    /// # Errors
    /// Fewer cells than neighbours, cells that are not finite.
    pub(super) fn of(
        data: &Populations,
        geodesic: Geodesic,
        neighbours: usize,
        seed: Seed,
    ) -> Result<Self, ModelError> {
        let all: Vec<_> = data.snapshots().iter().map(|snapshot| snapshot.points.view()).collect();
        let all = concatenate(Axis(0), &all).expect("snapshots have the same columns");
        let mut rows =
            index::sample(&mut seed.stream("landmarks", 0), all.nrows(), MOST.min(all.nrows())).into_vec();
        rows.sort_unstable();
        let cells = all.select(Axis(0), &rows);
        let graph = Graph::nearest(cells.view(), neighbours)?;
        let nodes: Vec<usize> = (0..graph.nodes()).collect();
        let distances = match geodesic {
            Geodesic::Graph => graph.distances(&nodes, &nodes)?,
            Geodesic::Heat => {
                let lengths =
                    nodes.iter().flat_map(|&node| graph.neighbours(node)).map(|(_, length)| length * length);
                let (sum, count) =
                    lengths.fold((0.0, 0.0), |(sum, count), square| (sum + square, count + 1.0));
                let time = sum / count;
                let heat = HeatKernel::new(&graph, time, Affinity::InverseSquare, Laplacian::Combinatorial)?;
                let mut distances = heat.costs(&nodes, &nodes)?.mapv(|square| square.max(0.0).sqrt());
                distances.diag_mut().fill(0.0);
                distances
            }
        };
        Ok(Self { cells, distances: distances.mapv(|d| d as f32) })
    }
}
