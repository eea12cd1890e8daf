//! Undirected graphs with lengths on their edges, and the shortest paths along them.

use super::nearest::nearest;
use crate::OtError;
use chreode_core::Real;
use ndarray::{Array2, ArrayView2};
use rayon::prelude::*;
use std::cmp::Reverse;
use std::collections::BinaryHeap;

/// An undirected graph whose edges have lengths: what geodesic costs are measured along.
///
/// ```
/// use chreode_ot::{Graph, NetworkSimplex, OtSolver, Coupling, Transport};
///
/// // A ring of six nodes: from 0 to 4 it is two steps, not four.
/// let ring = Graph::new(6, (0..6).map(|i| (i, (i + 1) % 6, 1.0)))?;
/// let costs = ring.distances(&[0, 1], &[3, 4])?;
/// assert_eq!(costs, ndarray::array![[3.0, 2.0], [2.0, 3.0]]);
/// let plan = NetworkSimplex::default().solve(&Transport::uniform(&costs)?)?;
/// assert_eq!(plan.cost(), 2.0);
/// # Ok::<(), chreode_ot::OtError>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Graph {
    starts: Vec<usize>,
    edges: Vec<(usize, f64)>,
}

impl Graph {
    /// A graph on the nodes `0..nodes` with edges `(i, j, length)`.
    ///
    /// An edge goes both ways. Of several between two nodes the shortest stays; an edge from a node to itself is no path
    /// to anywhere and is left out.
    ///
    /// # Errors
    /// A node out of range, or a length that is negative or not finite.
    pub fn new(nodes: usize, edges: impl IntoIterator<Item = (usize, usize, f64)>) -> Result<Self, OtError> {
        let mut both = Vec::new();
        for (from, to, length) in edges {
            if let Some(node) = [from, to].into_iter().find(|node| *node >= nodes) {
                return Err(OtError::BadNode { node, nodes });
            }
            if !(length >= 0.0 && length.is_finite()) {
                return Err(OtError::BadEdge { from, to, length });
            }
            if from != to {
                both.extend([(from, to, length), (to, from, length)]);
            }
        }
        both.sort_by(|a, b| (a.0, a.1).cmp(&(b.0, b.1)).then(a.2.total_cmp(&b.2)));
        both.dedup_by_key(|edge| (edge.0, edge.1));
        let starts = (0..=nodes).map(|node| both.partition_point(|edge| edge.0 < node)).collect();
        Ok(Self { starts, edges: both.into_iter().map(|(_, to, length)| (to, length)).collect() })
    }

    /// The graph in which each point (row) is joined to its `k` nearest others, by Euclidean lengths.
    ///
    /// Two points are joined when either is among the nearest of the other; equally near ones count in their order. All
    /// pairs are compared: O(n² d) work, O(n k) memory.
    ///
    /// # Errors
    /// No points, a coordinate that is not finite, or a `k` that is 0 or not below the number of points.
    pub fn nearest<T: Real>(points: ArrayView2<'_, T>, k: usize) -> Result<Self, OtError> {
        let near = nearest(points, k)?;
        let edges = near.into_iter().enumerate();
        Self::new(
            points.nrows(),
            edges.flat_map(|(i, near)| near.into_iter().map(move |(j, length)| (i, j, length))),
        )
    }

    /// The number of nodes.
    pub fn nodes(&self) -> usize {
        self.starts.len() - 1
    }

    /// The neighbours of a node with the lengths of the edges, by number.
    ///
    /// # Panics
    /// If there is no such node.
    pub fn neighbours(&self, node: usize) -> &[(usize, f64)] {
        &self.edges[self.starts[node]..self.starts[node + 1]]
    }

    /// For each node the number of its connected part, from 0 in the order of their first nodes.
    pub fn parts(&self) -> Vec<usize> {
        let mut part = vec![usize::MAX; self.nodes()];
        let mut parts = 0;
        for first in 0..self.nodes() {
            if part[first] != usize::MAX {
                continue;
            }
            part[first] = parts;
            let mut open = vec![first];
            while let Some(node) = open.pop() {
                for &(next, _) in self.neighbours(node) {
                    if part[next] == usize::MAX {
                        part[next] = parts;
                        open.push(next);
                    }
                }
            }
            parts += 1;
        }
        part
    }

    /// Lengths of the shortest paths from each of `sources` to each of `targets`; `+∞` where there is none, which a
    /// solver takes for a forbidden move. Its square is the usual cost of W₂ along a manifold.
    ///
    /// Dijkstra's algorithm (Numer. Math. 1, 1959, doi 10.1007/BF01386390) from each node of the smaller side, until the
    /// other side is reached; in parallel. O(s e log e) work for s of them and e edges.
    ///
    /// # Errors
    /// An empty side, or a node out of range.
    pub fn distances(&self, sources: &[usize], targets: &[usize]) -> Result<Array2<f64>, OtError> {
        for (side, nodes) in [("source", sources), ("target", targets)] {
            if nodes.is_empty() {
                return Err(OtError::Empty { side });
            }
            if let Some(&node) = nodes.iter().find(|node| **node >= self.nodes()) {
                return Err(OtError::BadNode { node, nodes: self.nodes() });
            }
        }
        if targets.len() < sources.len() {
            return Ok(self.distances(targets, sources)?.reversed_axes());
        }
        let mut costs = Array2::zeros((sources.len(), targets.len()));
        let flat = costs.as_slice_mut().expect("a new array is contiguous");
        flat.par_chunks_mut(targets.len()).zip(sources).for_each_init(
            || vec![f64::INFINITY; self.nodes()],
            |reached, (out, &source)| {
                self.dijkstra(source, targets, reached);
                out.iter_mut().zip(targets).for_each(|(out, &target)| *out = reached[target]);
            },
        );
        Ok(costs)
    }

    /// Fills `reached` with the lengths of the shortest paths from `source`, at least for the targets.
    fn dijkstra(&self, source: usize, targets: &[usize], reached: &mut [f64]) {
        reached.fill(f64::INFINITY);
        let mut wanted = vec![false; self.nodes()];
        let mut left = 0;
        for &target in targets {
            left += usize::from(!std::mem::replace(&mut wanted[target], true));
        }
        reached[source] = 0.0;
        // Lengths are not negative, so their bits are ordered as they are.
        let mut open = BinaryHeap::from([Reverse((0_u64, source))]);
        while let Some(Reverse((bits, node))) = open.pop() {
            let length = f64::from_bits(bits);
            if length > reached[node] {
                continue;
            }
            if std::mem::replace(&mut wanted[node], false) {
                left -= 1;
                if left == 0 {
                    return;
                }
            }
            for &(next, step) in self.neighbours(node) {
                let through = length + step;
                if through < reached[next] {
                    reached[next] = through;
                    open.push(Reverse((through.to_bits(), next)));
                }
            }
        }
    }
}
