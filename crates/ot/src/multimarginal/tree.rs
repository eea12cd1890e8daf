//! Many marginals, costs on the edges of a tree: messages.

use super::graph::{Edge, other, tour, walk};
use super::plan::TreePlan;
use crate::barycenter::{columns, rows};
use crate::problem::masses;
use crate::simplex::check;
use crate::sinkhorn::exp;
use crate::{Certificate, Geometry, MASS_TOLERANCE, OtError, Stop};
use ndarray::{Array1, ArrayView1};

/// Entropic transport between the measures at the nodes of a tree, under a sum of costs over its edges.
///
/// Minimises `⟨C, P⟩ + ε Σ P (log P - 1)` over tensors P with one axis a node, where `C(x) = Σ_(j,k)
/// c_jk(x_j, x_k)` over the edges, and with the marginals of those nodes that have one: a node may be free.
/// The tensor never exists: sums over it are messages along edges, and an iteration, one walk round the
/// tree, costs two readings of each edge's costs: O(K n²) for K nodes.
///
/// With all marginals given, the plan of an edge is the entropic plan of its two ends, and a chain is their
/// composition. A free node between two measures is where they meet on the way; its marginal is a result.
///
/// The stop rule's residual is the largest L1 change that a node's update makes to its marginal, as a share
/// of the mass.
///
/// I. Haasler, A. Ringh, Y. Chen and J. Karlsson, SIAM J. Control Optim. 59, 2021, doi 10.1137/20M1320195;
/// for chains J.-D. Benamou et al., SIAM J. Sci. Comput. 37, 2015, doi 10.1137/141000439.
/// The same bits for any number of threads.
///
/// ```
/// use chreode_ot::{CostFunction, Coupling, SquaredEuclidean, Stop, TreeTransport};
/// use ndarray::{Array2, array};
///
/// let line = Array2::from_shape_fn((21, 1), |(i, _)| i as f64 / 20.0);
/// let costs = SquaredEuclidean.matrix(line.view(), line.view())?;
/// let start = ndarray::Array1::from_shape_fn(21, |i| if i == 2 { 1.0 } else { 0.0 });
/// let end = ndarray::Array1::from_shape_fn(21, |i| if i == 18 { 1.0 } else { 0.0 });
/// // Three times, the middle one free: mass is half way there.
/// let stop = Stop::Within { tolerance: 1e-12, max_iterations: 100 };
/// let chain = TreeTransport::chain(0.01, stop, &[&costs, &costs]);
/// let plan = chain.solve(&[Some(start.view()), None, Some(end.view())])?;
/// let mean: f64 = plan.marginal(1).iter().enumerate().map(|(i, p)| p * i as f64).sum();
/// assert!((mean - 10.0).abs() < 1e-9);
/// assert_eq!(plan.edge(0).shape(), (21, 21));
/// # Ok::<(), chreode_ot::OtError>(())
/// ```
#[derive(Debug)]
pub struct TreeTransport<'g, G: ?Sized> {
    /// The regularisation ε, in the units of the cost.
    pub epsilon: f64,
    /// When to end.
    pub stop: Stop,
    edges: Vec<Edge<'g, G>>,
}

impl<G: ?Sized> Clone for TreeTransport<'_, G> {
    fn clone(&self) -> Self {
        Self { epsilon: self.epsilon, stop: self.stop, edges: self.edges.clone() }
    }
}

impl<'g, G: Geometry + ?Sized> TreeTransport<'g, G> {
    /// A tree of `(from, to, costs)`, the rows of the costs being the points of node `from`.
    ///
    /// # Errors
    /// Edges that do not make a tree.
    pub fn new(epsilon: f64, stop: Stop, edges: &[(usize, usize, &'g G)]) -> Result<Self, OtError> {
        let nodes = edges.len() + 1;
        let mut group: Vec<usize> = (0..nodes).collect();
        for (edge, &(from, to, _)) in edges.iter().enumerate() {
            if from >= nodes || to >= nodes || group[from] == group[to] {
                return Err(OtError::NotTree { edge, from, to, nodes });
            }
            let (old, new) = (group[to], group[from]);
            group.iter_mut().filter(|g| **g == old).for_each(|g| *g = new);
        }
        let edges = edges.iter().map(|&(from, to, costs)| Edge { from, to, costs }).collect();
        Ok(Self { epsilon, stop, edges })
    }

    /// The chain of nodes 0, 1, …, K with `costs[k]` from node k to node k + 1: measures over time.
    pub fn chain(epsilon: f64, stop: Stop, costs: &[&'g G]) -> Self {
        let edge = |(from, costs): (usize, &&'g G)| Edge { from, to: from + 1, costs: *costs };
        Self { epsilon, stop, edges: costs.iter().enumerate().map(edge).collect() }
    }

    /// The plan with marginal k where `marginals[k]` is given.
    ///
    /// # Errors
    /// A list of the wrong length, a marginal of the wrong length, masses that are negative, not finite,
    /// all zero or of different totals, no marginal at all, a cost that is NaN or −∞, an ε that is not
    /// positive, mass that no other point may reach, geometries that give one node two sizes, or
    /// [`OtError::NotConverged`] where the stop asks for a tolerance.
    pub fn solve(&self, marginals: &[Option<ArrayView1<'_, f64>>]) -> Result<TreePlan<'g, G>, OtError> {
        let epsilon = self.epsilon;
        if !(epsilon > 0.0 && epsilon.is_finite()) {
            let range = "positive and finite";
            return Err(OtError::BadParameter { name: "epsilon", value: epsilon, range });
        }
        self.stop.check()?;
        let sizes = self.sizes()?;
        let (shares, total) = given(marginals, &sizes)?;
        let walk = walk(&self.edges);
        let zeros = |edge: &Edge<'_, G>| [vec![0.0; sizes[edge.to]], vec![0.0; sizes[edge.from]]];
        let mut messages: Vec<[Vec<f64>; 2]> = self.edges.iter().map(zeros).collect();
        let mut potentials: Vec<Array1<f64>> = sizes.iter().map(|&n| Array1::zeros(n)).collect();
        // All messages towards the root once, so that the first updates know of every node.
        let root = walk[0].node;
        for step in walk.iter().rev() {
            if let Some(edge) = step.along {
                let back = self.message(edge, step.node, &potentials, &messages);
                self.store(edge, step.node, back, &mut messages);
            }
        }
        let mut iterations = 0;
        let residual = loop {
            let mut residual = self.update(root, &shares, &mut potentials, &messages)?;
            for step in tour(&self.edges, root) {
                // Cross the edge, then fit the node that is reached.
                let sent = self.message(step.0, step.1, &potentials, &messages);
                self.store(step.0, step.1, sent, &mut messages);
                let reached = other(&self.edges, step.0, step.1);
                let change = self.update(reached, &shares, &mut potentials, &messages)?;
                residual = f64::max(residual, change);
            }
            iterations += 1;
            match self.stop {
                Stop::Within { tolerance, .. } if residual <= tolerance => break residual,
                Stop::Within { tolerance, max_iterations } if iterations >= max_iterations => {
                    let method = "tree transport";
                    return Err(OtError::NotConverged { method, iterations, residual, tolerance });
                }
                Stop::After { iterations: last } if iterations >= last => break residual,
                _ => {}
            }
        };
        // Messages that agree with the last potentials, in both directions.
        for step in walk.iter().rev() {
            if let Some(edge) = step.along {
                let back = self.message(edge, step.node, &potentials, &messages);
                self.store(edge, step.node, back, &mut messages);
            }
        }
        for step in &walk {
            if let Some(edge) = step.along {
                let parent = other(&self.edges, edge, step.node);
                let down = self.message(edge, parent, &potentials, &messages);
                self.store(edge, parent, down, &mut messages);
            }
        }
        let beliefs: Vec<Vec<f64>> = (0..sizes.len())
            .map(|node| {
                let incoming = self.incoming(node, None, &messages);
                incoming.iter().zip(&potentials[node]).map(|(x, f)| x + f).collect()
            })
            .collect();
        let marginal = |node: usize| beliefs[node].iter().map(|x| exp(x / epsilon)).collect::<Array1<f64>>();
        let mass = marginal(root).sum();
        let (mut held, mut dual) = (0.0, 0.0);
        for (node, share) in shares.iter().enumerate() {
            let Some(share) = share else { continue };
            let found = marginal(node);
            for ((&f, &b), &p) in potentials[node].iter().zip(share).zip(&found) {
                if b > 0.0 {
                    held += p * f;
                    dual += b * f;
                }
            }
        }
        let certificate = Certificate {
            iterations,
            residual,
            primal_cost: total * (held - epsilon * mass),
            dual_cost: total * (dual - epsilon * mass),
        };
        Ok(TreePlan { edges: self.edges.clone(), epsilon, total, beliefs, messages, potentials, certificate })
    }

    /// The number of points of each node.
    fn sizes(&self) -> Result<Vec<usize>, OtError> {
        let mut sizes = vec![0; self.edges.len() + 1];
        for edge in &self.edges {
            check(&edge.costs)?;
            let (n, m) = edge.costs.shape();
            for (node, size) in [(edge.from, n), (edge.to, m)] {
                let wrap = |error| OtError::InMeasure { index: node, error: Box::new(error) };
                if size == 0 {
                    return Err(wrap(OtError::Empty { side: "node's" }));
                }
                if sizes[node] != 0 && sizes[node] != size {
                    let what = "the number of points in the costs of another edge";
                    return Err(wrap(OtError::Shape { what, expected: sizes[node], found: size }));
                }
                sizes[node] = size;
            }
        }
        if self.edges.is_empty() {
            return Err(OtError::Empty { side: "edges'" });
        }
        Ok(sizes)
    }

    /// The sum of the messages into `node`, but for those of one edge.
    fn incoming(&self, node: usize, but: Option<usize>, messages: &[[Vec<f64>; 2]]) -> Vec<f64> {
        let mut sum: Option<Vec<f64>> = None;
        for (index, edge) in self.edges.iter().enumerate() {
            if Some(index) == but || (edge.from != node && edge.to != node) {
                continue;
            }
            let message = &messages[index][usize::from(edge.from == node)];
            match &mut sum {
                None => sum = Some(message.clone()),
                Some(sum) => sum.iter_mut().zip(message).for_each(|(s, m)| *s += m),
            }
        }
        sum.unwrap_or_default()
    }

    /// What `node` sends along `edge`: `ε log Σ exp((f + incoming - c)/ε)`.
    fn message(
        &self,
        edge: usize,
        node: usize,
        potentials: &[Array1<f64>],
        messages: &[[Vec<f64>; 2]],
    ) -> Vec<f64> {
        let mut h = potentials[node].to_vec();
        let incoming = self.incoming(node, Some(edge), messages);
        h.iter_mut().zip(incoming).for_each(|(h, m)| *h += m);
        let Edge { from, costs, .. } = self.edges[edge];
        let soft =
            if from == node { columns(costs, self.epsilon, &h) } else { rows(costs, self.epsilon, &h) };
        soft.into_iter().map(|x| -x).collect()
    }

    fn store(&self, edge: usize, sender: usize, message: Vec<f64>, messages: &mut [[Vec<f64>; 2]]) {
        messages[edge][usize::from(self.edges[edge].to == sender)] = message;
    }

    /// Fits the marginal of a node that has one; returns the L1 change.
    fn update(
        &self,
        node: usize,
        shares: &[Option<Array1<f64>>],
        potentials: &mut [Array1<f64>],
        messages: &[[Vec<f64>; 2]],
    ) -> Result<f64, OtError> {
        let Some(share) = &shares[node] else { return Ok(0.0) };
        let incoming = self.incoming(node, None, messages);
        let mut change = 0.0;
        for (point, ((f, &b), &x)) in potentials[node].iter_mut().zip(share).zip(&incoming).enumerate() {
            if b > 0.0 && x == f64::NEG_INFINITY {
                let error = OtError::Unreachable { unplaced: b, column: point };
                return Err(OtError::InMeasure { index: node, error: Box::new(error) });
            }
            let old = if *f + x > f64::NEG_INFINITY { ((*f + x) / self.epsilon).exp() } else { 0.0 };
            change += (old - b).abs();
            *f = if b > 0.0 { self.epsilon * b.ln() - x } else { f64::NEG_INFINITY };
        }
        Ok(change)
    }
}

/// The marginals of the nodes that have one, of sum 1.
type Shares = Vec<Option<Array1<f64>>>;

/// The given marginals as shares, and their total.
fn given(marginals: &[Option<ArrayView1<'_, f64>>], sizes: &[usize]) -> Result<(Shares, f64), OtError> {
    if marginals.len() != sizes.len() {
        let (expected, found) = (sizes.len(), marginals.len());
        return Err(OtError::Shape { what: "the list of marginals", expected, found });
    }
    let mut total = None;
    let mut shares = Vec::with_capacity(sizes.len());
    for (index, (marginal, &size)) in marginals.iter().zip(sizes).enumerate() {
        let Some(marginal) = marginal else {
            shares.push(None);
            continue;
        };
        let wrap = |error| OtError::InMeasure { index, error: Box::new(error) };
        let b = masses("node's", "the marginal", *marginal, size).map_err(wrap)?;
        let sum = b.sum();
        let first = *total.get_or_insert(sum);
        if (sum - first).abs() > MASS_TOLERANCE * sum.max(first) {
            return Err(wrap(OtError::Unbalanced { source_total: first, target_total: sum }));
        }
        shares.push(Some(b / sum));
    }
    match total {
        Some(total) => Ok((shares, total)),
        None => Err(OtError::NoMass { side: "nodes'" }),
    }
}
